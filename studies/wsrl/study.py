"""The study behind lesson 07: with and without the offline data, and WSRL with one part removed.

    python studies/wsrl/study.py            # about 25 minutes on one core; resumes
    python studies/wsrl/study.py --table    # only writes the table from what is there

Each arm fine-tunes 6 seeds for 1,500 steps. A row of `results.csv` is one seed of one arm at one
evaluation: return, and Q on logged pairs. The table of intervals goes to `results.md`. Priors
are kept below the results folder, so that arms share them and an interrupted study goes on.
"""

from __future__ import annotations

import argparse
import csv
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rlft.algorithms import Learner, SACConfig
from rlft.data import ReplayBuffer, Transitions, load_dataset
from rlft.evaluate import average_return, drop, final_return, interval
from rlft.evaluate.support import estimate_q
from rlft.finetune import Prior, finetune, pretrain
from rlft.recipes import Handover, Online, Pretraining, Recipe, Warmup, find_recipe
from rlft.results.store import load_prior, results_root, save_prior

HERE = Path(__file__).parent
CSV, TABLE = HERE / "results.csv", HERE / "results.md"
SEEDS, STEPS, EVERY, PAIRS = 6, 1_500, 125, 512
MEDIUM, NEAR = "rlft/maze/detour-medium-v0", "rlft/maze/detour-near-optimal-v0"
SAC = SACConfig(batch_size=64)  # CQL's batches, so that only the loss differs
DECISIONS = """
## What it says

- CQL without its data lets Q on the data's pairs fall, and its return with it. A warm-up alone
  stops that, and so does SAC's loss alone. IQL, which has no penalty, does not slide.
- The critics and the temperature must cross: without either the policy is lost in spite of
  the warm-up. Fresh optimizers alone cost nothing that six seeds can see.
- On the medium data two critics, one update a step or no warm-up do as well over 1,500 steps. On
  the near-optimal data the dip at the switch is smaller with a warm-up, by less than six seeds can
  tell from none.
- The defaults of `wsrl` stay: 500 steps of warm-up are some fifteen episodes, a third of a run.
"""


@dataclass(frozen=True)
class Arm:
    """One line of the study.

    Attributes:
        name: what differs, in words; the key of the csv.
        recipe: how the prior is fine-tuned.
        prior: the name under which the prior is kept.
        pretraining: how that prior is made.
        dataset: what it is made from.
    """

    name: str
    recipe: Recipe
    prior: str
    pretraining: Pretraining
    dataset: str = MEDIUM


def arms() -> list[Arm]:
    """Every arm; what the arms of a block change something of stands first in it."""

    def of(name: str, recipe: str) -> Arm:
        found = find_recipe(recipe)
        assert found.prior is not None, recipe
        ten = "-ten" if recipe.startswith("wsrl") else ""
        return Arm(name, found, found.prior.name + ten, found.prior)

    cql, whole = of("cql", "cql"), of("wsrl", "wsrl")
    wsrl, ten = whole.recipe, whole.pretraining
    learner = wsrl.online.learner

    def without(name: str, **fields: object) -> Arm:
        return replace(whole, name=name, recipe=replace(wsrl, **fields))

    bare = Handover(optimizers=False, target_critics=False, temperature=False)

    narrow = replace(whole, prior="cql-ten-near", dataset=NEAR)
    plain = replace(ten.config.critics, layer_norm=False)
    return [
        cql,
        of("cql, data kept", "cql-retain"),
        replace(cql, name="cql, warm-up", recipe=replace(cql.recipe, warmup=wsrl.warmup)),
        replace(cql, name="cql, then SAC's loss", recipe=replace(cql.recipe, online=Online(SAC))),
        whole,
        without("no warm-up", warmup=Warmup()),
        replace(cql, name="2 critics", recipe=wsrl),
        without("UTD 1", online=Online(learner)),
        without("fresh optimizers", handover=Handover(optimizers=False)),
        without("temperature restarts", handover=Handover(temperature=False)),
        without("only policy and critics", handover=bare),
        of("iql", "iql"),
        of("iql, data kept", "iql-retain"),
        replace(narrow, name="wsrl, near-optimal data"),
        replace(
            narrow,
            name="no warm-up, near-optimal data",
            recipe=replace(wsrl, warmup=Warmup()),
        ),
        of("calql", "calql"),
        of("calql, data kept", "calql-retain"),
        of("wsrl after Cal-QL", "wsrl-calql"),
        without("fresh critics", handover=Handover(critics=False)),
        of("wsrl after IQL", "wsrl-iql"),
        without("no policy delay", online=replace(wsrl.online, policy_delay=1)),
        Arm(
            "no LayerNorm",
            wsrl,
            "cql-ten-plain",
            replace(ten, config=replace(ten.config, critics=plain)),
        ),
    ]


def make_prior(arm: Arm, data: Transitions, folder: Path) -> Prior:
    """Trains the arm's prior, or reads the one that an earlier arm left."""
    path = folder / arm.prior
    if path.exists():
        return load_prior(path)
    asked = arm.pretraining
    prior = pretrain(asked.config, data, seeds=SEEDS, steps=asked.steps, progress=False)
    save_prior(prior, path)
    return prior


def measure(arm: Arm, folder: Path) -> list[dict[str, str]]:
    """Runs one arm: a row for each seed and evaluation."""
    data = load_dataset(arm.dataset)
    prior = make_prior(arm, data, folder)
    pairs = np.random.default_rng(0).choice(len(data), PAIRS, replace=False)
    logged = data.observations[pairs], data.actions[pairs]  # (N, O), (N, A)
    said: list[np.ndarray] = []

    def listen(step: int, learner: Learner, replay: ReplayBuffer) -> None:
        said.append(estimate_q(learner, *logged).mean(1))  # (S,)

    began = time.process_time()
    run = finetune(
        prior, arm.recipe, steps=STEPS, eval_every=EVERY, callbacks=(listen,), progress=False
    )
    spent = time.process_time() - began
    q = np.stack(said, 1)  # (S, P)
    return [
        {
            "arm": arm.name,
            "seed": str(seed),
            "step": str(step),
            "return": f"{run.returns_sampled[seed, point]:.2f}",
            "q_logged": f"{q[seed, point]:.2f}",
            "cpu_seconds": f"{spent:.0f}",
        }
        for seed in range(SEEDS)
        for point, step in enumerate(run.steps)
    ]


def curves(rows: list[dict[str, str]], arm: str, column: str) -> np.ndarray:
    """The values of one arm, (S, P)."""
    values = [float(row[column]) for row in rows if row["arm"] == arm]
    return np.array(values).reshape(SEEDS, -1)


def write_table(rows: list[dict[str, str]]) -> None:
    """Writes the Markdown table."""
    lines = [
        "# Study behind lesson 07",
        "",
        f"Made by `python studies/wsrl/study.py`: `{MEDIUM}` where nothing else is said, "
        f"{SEEDS} seeds, {STEPS:,} steps, mean [95 % bootstrap interval over seeds]. Returns "
        "are those of sampled actions; average is over all steps, drop is the start minus the "
        f"lowest of {STEPS // EVERY} evaluations (of a noisy curve it is never 0), final is the "
        "mean of the last three. Q moved: Q on logged pairs in the end, minus at the switch. CPU "
        "seconds are those of fine-tuning, for all seeds at once. `wsrl` is the whole method; each "
        "arm without a method's name changes one thing of it.",
        "",
        "| arm | start | average | drop | final | Q moved | CPU s |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(row["arm"] for row in rows):
        returns, q = curves(rows, name, "return"), curves(rows, name, "q_logged")
        steps = EVERY * np.arange(returns.shape[1])
        cells = (
            returns[:, 0],
            average_return(steps, returns),
            drop(returns),
            final_return(returns),
            q[:, -1] - q[:, 0],
        )
        seconds = next(row["cpu_seconds"] for row in rows if row["arm"] == name)
        text = " | ".join(f"{interval(values):.1f}" for values in cells)
        lines.append(f"| {name} | {text} | {seconds} |")
    TABLE.write_text("\n".join(lines) + "\n" + DECISIONS)


def main() -> None:
    """Runs the missing arms, in order, and writes the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--table", action="store_true", help="only write the table")
    only_table = parser.parse_args().table
    rows = list(csv.DictReader(CSV.open())) if CSV.exists() else []
    done = {row["arm"] for row in rows}
    folder = results_root() / "wsrl-study"
    for arm in arms():
        if arm.name in done or only_table:
            continue
        print(arm.name, flush=True)
        rows += measure(arm, folder)
        with CSV.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    if rows:
        write_table(rows)


if __name__ == "__main__":
    main()
