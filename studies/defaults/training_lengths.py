"""How long lessons train: InAC's return and a judge's reference, by the number of updates.

    python studies/defaults/training_lengths.py    # two minutes on one core

Prints the lines of `training_lengths.md`, which lessons 02 and 05 and the claims of AJS rest on.
"""

from __future__ import annotations

import numpy as np

import rlft
from rlft.algorithms import Learner
from rlft.algorithms.fqe.offline import fit_fqe, initial_states
from rlft.evaluate import evaluate, interval
from rlft.experiments.rows import markdown_table
from rlft.nets.timed import Stationary

SEEDS, EVERY, LAST = 12, 500, 3_000
NEAR = "rlft/maze/detour-near-optimal-v0"
DATA = (NEAR, "rlft/maze/detour-medium-v0")
GUIDE_UPDATES, STARTS = 2_000, 64  # of the lessons' guide; states at which a reference is read


def returns(dataset: str) -> dict[int, np.ndarray]:
    """InAC's return of sampled actions after so many updates, (S,) each."""
    data, found = rlft.load_dataset(dataset), {}

    def look(update: int, learner: Learner) -> None:
        result = evaluate(learner.policy, data.env_id, mode=False, episodes=20)
        found[update] = result.mean_returns

    rlft.pretrain(
        "inac", data, seeds=SEEDS, steps=LAST, log_every=EVERY, callback=look, progress=False
    )
    return found


def references() -> dict[int, np.ndarray]:
    """What AJS's reference says of a guide on near-optimal data, by its own updates, (S,) each."""
    data, rule = rlft.load_dataset(NEAR), rlft.find_recipe("ajs").acting.schedule
    prior = rlft.pretrain("inac", data, seeds=SEEDS, steps=GUIDE_UPDATES, progress=False)
    guide, starts = Stationary(prior.learner.policy), initial_states(data)[:STARTS]
    lengths = (500, 1_000, 1_500, 2_000)
    fits = {n: fit_fqe(guide, data, config=rule.fqe, steps=n, progress=False) for n in lengths}
    return {n: fit.estimate(starts, guide).mean.numpy() for n, fit in fits.items()}


def table(title: str, found: dict[int, np.ndarray]) -> list[str]:
    """Each value, and how far the last one is above it, seed by seed."""
    last = found[max(found)]
    body = [
        [f"{n:,}", f"{interval(values):.1f}", f"{interval(last - values):.1f}",
         f"{np.abs(last - values).max():.1f}"]
        for n, values in found.items()
    ]  # fmt: skip
    head = ["updates", "value", "last minus this", "at most, of one seed"]
    return ["", f"## {title}", "", *markdown_table(head, body)]


if __name__ == "__main__":
    print("# How long lessons train")
    print("\nMade by `python studies/defaults/training_lengths.py`:", end=" ")
    print(f"{SEEDS} seeds, mean [95 % bootstrap interval].")
    for name in DATA:
        print("\n".join(table(f"Return of InAC on `{name}`", returns(name))))
    print("\n".join(table(f"Estimate of AJS's reference on `{NEAR}`", references())))
