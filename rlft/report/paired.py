"""Runs minus a baseline, seed by seed, where both started from the same priors.

Most of what makes seeds differ is their prior. Two methods that start from the same ones have that
luck in common, and in the differences it is gone: their interval is narrower than the methods' own
let one think, often by half. So it is the first thing to look at.

Letters: S seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from rlft.core.checks import one_of, shaped
from rlft.evaluate.intervals import Interval, interval
from rlft.evaluate.summary import Curves, returns_of
from rlft.report.comparable import Measured, same_prior

# The start is not among them: from one prior its difference is evaluation noise.
COMPARED = ("lowest", "final", "drop")


@dataclass(frozen=True)
class Difference:
    """One number of a run minus that of the baseline.

    Attributes:
        interval: mean over seeds of the differences, in the unit of the return.
        up: of the seeds, those where the run has more.
        down: those where it has less; what is missing to S has the same.
    """

    interval: Interval
    up: int
    down: int

    def __str__(self) -> str:
        """As in "-12.3 [-20.1, -4.0], 1 up, 5 down"."""
        return f"{self.interval.numbers('.1f')}, {self.up} up, {self.down} down"


# Of each curve, by quantity.
Differences: TypeAlias = Mapping[str, Mapping[str, Difference]]


def difference(ours: np.ndarray, theirs: np.ndarray) -> Difference:
    """The paired difference of one number per seed, (S,) each.

    Raises:
        InputError: one has more seeds than the other.
    """
    hint = "Differences are taken seed by seed: make both runs with the same seeds."
    shaped(np.shape(ours), theirs=np.asarray(theirs), hint=hint)
    gap = np.asarray(ours) - np.asarray(theirs)
    return Difference(interval(gap), int((gap > 0).sum()), int((gap < 0).sum()))


def find_baseline(runs: Sequence[Measured], name: str | None) -> int:
    """Where the run of that name stands; the first of all without one.

    Raises:
        InputError: no run has that name.
    """
    names = [str(run.recipe.name) for run in runs]
    one_of(names, baseline=name)
    return 0 if name is None else names.index(name)


def are_paired(one: Measured, other: Measured) -> bool:
    """Whether seed by seed two runs have their prior and their random streams in common.

    Runs from nothing share no prior: what makes their seeds differ comes later.
    """
    return (
        one.prior.steps > 0
        and other.prior.steps > 0
        and one.seed == other.seed
        and len(one.returns_sampled) == len(other.returns_sampled)  # S
        and same_prior(one.prior, other.prior)
    )


def paired_differences(run: Curves, baseline: Curves, curves: Sequence[str]) -> Differences:
    """A run minus the baseline, quantity by quantity, of each of the curves."""
    found: dict[str, dict[str, Difference]] = {}
    for curve in curves:
        ours, theirs = (returns_of(getattr(one, f"returns_{curve}")) for one in (run, baseline))
        found[curve] = {name: difference(ours[name], theirs[name]) for name in COMPARED}
    return found
