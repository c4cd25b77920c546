"""The study behind lesson 06: how long to pre-sample, and how much epsilon.

    python studies/porl/study.py            # about 10 minutes on one core; resumes
    python studies/porl/study.py --table    # only writes the table from what is there

Each row starts from the same six cloned policies, pre-samples T steps with epsilon, and fine-tunes
for 300 steps, within which a critic that is not ready has ruined the policy. Rows go to
`results.csv` as they finish, the table to `results.md`.
"""

from __future__ import annotations

import argparse
import copy
import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from rlft.acting import EpsilonGreedy, FrozenActs
from rlft.acting.rules import ActContext
from rlft.algorithms import Learner
from rlft.data import ReplayBuffer, load_dataset
from rlft.envs import MazeLayout
from rlft.envs.starts import maze_layout
from rlft.evaluate import drop, final_return, interval, q_error
from rlft.finetune import Prior, finetune, pretrain
from rlft.recipes import Recipe, Warmup, find_recipe

HERE = Path(__file__).parent
CSV, TABLE = HERE / "results.csv", HERE / "results.md"
SEEDS, CLONING, AFTER, EVERY = 6, 2_000, 300, 50
MEDIUM, NEAR = "rlft/maze/detour-medium-v0", "rlft/maze/detour-near-optimal-v0"
SQUARES = 4  # along each side of a cell, as in the course's pictures of visits

DECISIONS = """
## What was decided

- The temperature starts at 0.1, for PORL and for the random critic alike. From 1, pre-sampling
  saves little; from 0.1, random critics still lose everything, so this is no favour to PORL.
- T = 500: past 250 steps the drop no longer changes by more than the intervals.
- epsilon = 0.2, on the strength of the noisy data only. On the narrow data it widens what is seen,
  most of all where the policy's own noise is off, but six seeds show no gain in the drop.
"""


@dataclass(frozen=True)
class FrozenMode(FrozenActs):
    """The pre-trained policy without its own noise: what only epsilon then explores."""

    @torch.no_grad()
    def act(self, context: ActContext) -> Tensor:
        """The most likely action."""
        return context.policies.frozen.mode(context.observations)


@dataclass(frozen=True)
class Row:
    """One row of the study.

    Attributes:
        steps: T, environment steps of pre-sampling; 0 leaves the critics random.
        epsilon: share of uniform actions meanwhile.
        temperature: SAC's alpha at the switch.
        sampled: whether the frozen policy acts with its own noise, or with its most likely actions.
        dataset: what the policy was cloned from.
    """

    steps: int = 500
    epsilon: float = 0.2
    temperature: float = 0.1
    sampled: bool = True
    dataset: str = NEAR

    @property
    def key(self) -> dict[str, str]:
        """The first cells of the row."""
        return {
            "data": self.dataset.split("/")[-1].removesuffix("-v0"),
            "T": str(self.steps),
            "epsilon": f"{self.epsilon:g}",
            "temperature": f"{self.temperature:g}",
            "policy's noise": "on" if self.sampled else "off",
        }

    @property
    def recipe(self) -> Recipe:
        """PORL from a cloned policy with this row's numbers."""
        recipe = find_recipe("porl-bc")
        learner = replace(recipe.online.learner, initial_temperature=self.temperature)
        acting = EpsilonGreedy(self.epsilon, FrozenActs() if self.sampled else FrozenMode())
        warmup = Warmup(self.steps, acting, recipe.warmup.critic_updates)
        return replace(recipe, online=replace(recipe.online, learner=learner), warmup=warmup)


def rows() -> list[Row]:
    """T, epsilon and temperature one at a time, noisy data, and the policy's own noise."""
    return [
        *(Row(steps=steps) for steps in (0, 100, 250, 500, 1_000)),
        *(Row(epsilon=epsilon) for epsilon in (0.0, 0.1, 0.5)),
        Row(steps=0, temperature=1.0),
        Row(temperature=1.0),
        Row(steps=0, dataset=MEDIUM),
        *(Row(epsilon=epsilon, dataset=MEDIUM) for epsilon in (0.0, 0.2)),
        *(Row(epsilon=epsilon, sampled=False) for epsilon in (0.0, 0.2)),
    ]


def squares(replay: ReplayBuffer, steps: int, layout: MazeLayout) -> np.ndarray:
    """Different squares of the maze that each seed was in, (S,)."""
    states = replay.recent(steps).observations.numpy()  # (S, T, O)
    fine = np.floor((layout.to_cells(states) + 0.5) * SQUARES)  # (S, T, O)
    return np.array([len(np.unique(seed, axis=0)) for seed in fine], dtype=float)


def measure(row: Row, prior: Prior) -> dict[str, str]:
    """Runs one row and returns its cells."""
    layout = maze_layout(prior.data.env_id)
    assert layout is not None, "the study plays in a maze"
    ready: list[Learner] = []
    seen: list[np.ndarray] = []

    def keep(step: int, learner: Learner, replay: ReplayBuffer) -> None:
        if step == row.steps:
            ready.append(copy.deepcopy(learner))
            seen.append(squares(replay, step, layout))

    run = finetune(prior, row.recipe, steps=row.steps + AFTER, eval_every=EVERY, callbacks=(keep,))
    after = run.steps >= row.steps
    curve = run.returns_sampled[:, after]  # (S, P): from the first step of the policy on
    meanwhile = run.returns_behaviour[:, ~after]  # (S, P'): the frozen policy with its epsilon
    error = q_error(ready[0], prior.data, prior.data.env_id)
    cells = {
        "start": interval(curve[:, 0]),
        "while pre-sampling": interval(meanwhile.mean(1)) if row.steps else None,
        "drop": interval(drop(curve)),
        "final": interval(final_return(curve)),
        "squares seen": interval(seen[0]),
        "Q error on data": interval(error.in_support),
        "Q error off data": interval(error.out_of_support),
        "Q error, unseen states": interval(error.unseen_states),
    }
    text = {name: "-" if value is None else f"{value:.1f}" for name, value in cells.items()}
    return {**row.key, **text, "seconds": f"{run.seconds:.0f}"}


def write_table(results: list[dict[str, str]]) -> None:
    """Writes the Markdown table."""
    names = list(results[0])
    lines = [
        "# Pre-sampling: how long, and how random",
        "",
        f"Made by `python studies/porl/study.py`: {SEEDS} seeds, a policy cloned with "
        f"{CLONING:,} updates, T steps of pre-sampling with 8 critic updates each, then {AFTER} "
        f"steps of fine-tuning, evaluated every {EVERY}; mean [95 % bootstrap interval over "
        "seeds]. drop and final are of the policy's sampled actions after the pre-sampling. Q "
        "errors are Q minus Monte-Carlo truth when the policy is released, at pairs of the "
        "*logged* data, at the same states with rare actions, and at states that were never "
        f"logged. squares seen: of side 1/{SQUARES} cell, visited while pre-sampling. T = 0 is "
        "the random critic. policy's noise: whether the frozen policy samples its actions while it "
        "pre-samples, or takes the most likely ones. seconds: on a machine with other work, "
        "for orientation only.",
        "",
        "| " + " | ".join(names) + " |",
        "|" + "---|" * len(names),
        *("| " + " | ".join(result[name] for name in names) + " |" for result in results),
        "",
    ]
    TABLE.write_text("\n".join(lines) + DECISIONS)


def main() -> None:
    """Runs the missing rows, in order, and writes the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--table", action="store_true", help="only write the table")
    only_table = parser.parse_args().table
    results = list(csv.DictReader(CSV.open())) if CSV.exists() else []
    done = [{name: result[name] for name in Row().key} for result in results]
    priors: dict[str, Prior] = {}
    for row in rows():
        if row.key in done or only_table:
            continue
        if row.dataset not in priors:
            data = load_dataset(row.dataset)
            priors[row.dataset] = pretrain("bc", data, seeds=SEEDS, steps=CLONING)
        print(row.key, flush=True)
        results.append(measure(row, priors[row.dataset]))
        with CSV.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(results[0]))
            writer.writeheader()
            writer.writerows(results)
    if results:
        write_table(results)


if __name__ == "__main__":
    main()
