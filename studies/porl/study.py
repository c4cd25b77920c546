"""The study behind lesson 06: how long to pre-sample, and how much epsilon.

    python studies/porl/study.py            # about 10 minutes on one core; resumes
    python studies/porl/study.py --table    # only writes the table from the recorded rows

Each arm starts from the same six cloned policies, pre-samples T steps with epsilon, and fine-tunes
for 300 steps, within which a critic that is not ready has ruined the policy. A row of
`results.csv` is one arm; `results.md` shows them as they are.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
from frozen_mode import FrozenMode

from rlft.acting import EpsilonGreedy, FrozenActs
from rlft.algorithms import BCConfig, Learner
from rlft.data import ReplayBuffer
from rlft.envs import MazeLayout
from rlft.envs.starts import maze_layout
from rlft.evaluate import drop, final_return, interval, q_error
from rlft.experiments.arm import Arm
from rlft.experiments.rows import Row, table_of_rows
from rlft.experiments.study import Study, run_study
from rlft.finetune import RunPlan
from rlft.recipes import Pretraining, find_recipe

SEEDS, CLONING, AFTER, EVERY = 6, 2_000, 300, 50
MEDIUM, NEAR = "rlft/maze/detour-medium-v0", "rlft/maze/detour-near-optimal-v0"
SQUARES = 4  # along each side of a cell, as in the course's pictures of visits


def arm(
    name: str,
    steps: int = 500,
    epsilon: float = 0.2,
    temperature: float = 0.1,
    sampled: bool = True,
    dataset: str = NEAR,
) -> Arm:
    """PORL from a cloned policy with these numbers.

    Args:
        name: what differs from the default.
        steps: T, the length of the pre-sampling.
        epsilon: share of random actions meanwhile.
        temperature: the one that SAC starts from.
        sampled: whether the frozen policy samples its actions.
        dataset: what the policy was cloned from.
    """
    porl = find_recipe("porl-bc")
    learner = replace(porl.online.learner, initial_temperature=temperature)
    acting = EpsilonGreedy(epsilon, FrozenActs() if sampled else FrozenMode())
    labels = {
        "data": dataset.split("/")[-1].removesuffix("-v0"),
        "T": str(steps),
        "epsilon": f"{epsilon:g}",
        "temperature": f"{temperature:g}",
        "policy's noise": "on" if sampled else "off",
    }
    return Arm(
        name=name,
        dataset=dataset,
        recipe=replace(
            porl,
            online=replace(porl.online, learner=learner),
            warmup=replace(porl.warmup, steps=steps, acting=acting),
            prior=Pretraining("bc", BCConfig(), CLONING),
        ),
        seeds=SEEDS,
        plan=RunPlan(steps + AFTER, EVERY),
        labels=labels,
    )


# T, epsilon and temperature one at a time, noisy data, and the policy's own noise.
ARMS = (
    *(arm(f"T {steps:,}", steps) for steps in (0, 100, 250, 500, 1_000)),
    *(arm(f"epsilon {epsilon:g}", epsilon=epsilon) for epsilon in (0.0, 0.1, 0.5)),
    arm("T 0, temperature 1", 0, temperature=1.0),
    arm("temperature 1", temperature=1.0),
    arm("T 0, medium data", 0, dataset=MEDIUM),
    arm("epsilon 0, medium data", epsilon=0.0, dataset=MEDIUM),
    arm("medium data", dataset=MEDIUM),
    arm("epsilon 0, policy's noise off", epsilon=0.0, sampled=False),
    arm("policy's noise off", sampled=False),
)


def squares(replay: ReplayBuffer, steps: int, layout: MazeLayout) -> np.ndarray:
    """Different squares of the maze that each seed was in, (S,)."""
    states = replay.recent(steps).observations.numpy()  # (S, T, O)
    fine = np.floor((layout.to_cells(states) + 0.5) * SQUARES)  # (S, T, O)
    return np.array([len(np.unique(seed, axis=0)) for seed in fine], dtype=float)


def measure(arm: Arm, folder: Path) -> list[Row]:
    """One row: the curve after the pre-sampling, what it saw, and Q when the policy is released."""
    prior, waiting = arm.prior(folder), arm.recipe.warmup.steps
    layout = maze_layout(prior.data.env_id)
    assert layout is not None, "the study plays in a maze"
    ready: list[Learner] = []
    seen: list[np.ndarray] = []

    def keep(step: int, learner: Learner, replay: ReplayBuffer) -> None:
        if step == waiting:
            ready.append(copy.deepcopy(learner))
            seen.append(squares(replay, step, layout))

    run = arm.run(prior, keep)
    after = run.steps >= waiting
    curve = run.returns_sampled[:, after]  # (S, P): from the first step of the policy on
    meanwhile = run.returns_behaviour[:, ~after]  # (S, P'): the frozen policy with its epsilon
    error = q_error(ready[0], prior.data, prior.data.env_id)
    cells = {
        "start": interval(curve[:, 0]),
        "while pre-sampling": interval(meanwhile.mean(1)) if waiting else None,
        "drop": interval(drop(curve)),
        "final": interval(final_return(curve)),
        "squares seen": interval(seen[0]),
        "Q error on data": interval(error.in_support),
        "Q error off data": interval(error.out_of_support),
        "Q error, unseen states": interval(error.unseen_states),
    }
    text = {name: "-" if value is None else f"{value:.1f}" for name, value in cells.items()}
    return [{**text, "seconds": f"{run.seconds:.0f}"}]


STUDY = Study(
    name="porl",
    title="Pre-sampling: how long, and how random",
    about=f"Made by `python studies/porl/study.py`: {SEEDS} seeds, a policy cloned with "
    f"{CLONING:,} updates, T steps of pre-sampling with 8 critic updates each, then {AFTER} "
    f"steps of fine-tuning, evaluated every {EVERY}; mean [95 % bootstrap interval over "
    "seeds]. drop and final are of the policy's sampled actions after the pre-sampling. Q "
    "errors are Q minus Monte-Carlo truth when the policy is released, at pairs of the "
    "*logged* data, at the same states with rare actions, and at states that were never "
    f"logged. squares seen: of side 1/{SQUARES} cell, visited while pre-sampling. T = 0 is "
    "the random critic. policy's noise: whether the frozen policy samples its actions while it "
    "pre-samples, or takes the most likely ones. seconds: on a machine with other work, "
    "for orientation only.",
    arms=ARMS,
    notice="Recorded when an online run still updated from its first step on, on one transition "
    "many times. Made again, the numbers differ.",
    measure=measure,
    table=table_of_rows,
    conclusions="""
## What was decided

- The temperature starts at 0.1, for PORL and for the random critic alike. From 1, pre-sampling
  saves little; from 0.1, random critics still lose everything, so this is no favour to PORL.
- T = 500: past 250 steps the drop no longer changes by more than the intervals.
- epsilon = 0.2, on the strength of the noisy data only. On the narrow data it widens what is seen,
  most of all where the policy's own noise is off, but six seeds show no gain in the drop.
""",
)

if __name__ == "__main__":
    run_study(STUDY, __file__)
