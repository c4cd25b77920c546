"""A claim of a paper as a value: the sentence, where it is tried, and the rule that decides.

All of it is fixed before a run is recorded: the record keeps a key of each of its places, and is
stale there as soon as it differs. A place says what its returns are measured in, so that one
smallest effect of interest means the same everywhere: a tenth of what lies between never arriving
and the best known return.

Letters: S seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from rlft.core.checks import refused
from rlft.core.errors import unknown
from rlft.core.registry import stored
from rlft.evaluate.intervals import Interval, few_seeds, interval
from rlft.experiments.claims.measures import Columns, Measure, Unit
from rlft.experiments.probes import Probe
from rlft.experiments.told import Edit
from rlft.recipes import Recipe

Verdict = Literal["reproduced", "unclear", "not reproduced"]
# From the weakest on: what rests on several parts is worth what the weakest of them is.
VERDICTS: tuple[Verdict, ...] = ("not reproduced", "unclear", "reproduced")
# A tenth of a place's range, in the maze 8 of 78 steps: what a user would notice.
SMALLEST = 0.1


@stored
@dataclass(frozen=True)
class Place:
    """Where a claim is tried.

    Attributes:
        name: in words, for tables.
        dataset: what priors learn from; its environment is where they are fine-tuned.
        low: return of never arriving, or of random actions.
        high: the best known return.
        spans: of discounted returns, from never arriving for ever to the best; what errors of Q
            are measured in. 0 where nothing is said of Q.

    Raises:
        InputError: if high is not above low.
    """

    name: str
    dataset: str
    low: float
    high: float
    spans: float = 0.0

    def __post_init__(self) -> None:
        if not self.high > self.low:
            raise refused("high", self.high, f"more than low={self.low}", "Swap them.", of="Place")

    @property
    def range(self) -> float:
        """What a return is measured in, > 0."""
        return self.high - self.low

    def one(self, unit: Unit) -> float:
        """What counts as 1 of a unit, > 0.

        Raises:
            InputError: the place says nothing of discounted returns.
        """
        if unit == "discounted return" and not self.spans:
            hint = "Give the place what discounted returns span."
            raise refused("spans", self.spans, "more than 0 to measure Q", hint, of="Place")
        return {"return": self.range, "discounted return": self.spans, "its own": 1.0}[unit]


@stored
@dataclass(frozen=True)
class Arm:
    """What one line of a trial runs.

    Attributes:
        name: in words; no two arms of a trial share it.
        recipe: with the prior that it starts from.
        steps: online, its warm-up included.
        every: steps between two evaluations.
        probes: what else is measured.
        edit: what is done to the prior first; None for nothing.
    """

    name: str
    recipe: Recipe
    steps: int
    every: int
    probes: tuple[Probe, ...] = ()
    edit: Edit | None = None


@stored
@dataclass(frozen=True)
class Contrast:
    """What must come out: a number of one arm, or how far it is above another arm's, seed by seed.

    Reproduced if the whole interval lies above `above`; not reproduced if all of it lies below
    `smallest`, so that the effect of interest is excluded; unclear else, and wherever there are too
    few seeds for an interval that keeps its promise. An effect that is surely there and surely too
    small to matter is not reproduced.

    Attributes:
        sentence: what is claimed, in words.
        measure: of what.
        arm: whose.
        minus: whose is taken off; None for nothing.
        above: where the interval must lie, 0 for an effect; the negative margin for "as good as".
        smallest: effect of interest, at least `above`.
        control: shown beside the claim without a part in its verdict: what would make the claim
            true for a wrong reason.

    Raises:
        InputError: if `smallest` is below `above`.
    """

    sentence: str
    measure: Measure
    arm: str
    minus: str | None = None
    above: float = 0.0
    smallest: float = SMALLEST
    control: bool = False

    def __post_init__(self) -> None:
        if self.smallest < self.above:
            hint = "For 'as good as' give both the same negative margin."
            raise refused("smallest", self.smallest, f"{self.above} or more", hint, of="Contrast")

    def verdict(self, found: Interval) -> Verdict:
        """What an interval, in the contrast's unit, says."""
        if few_seeds(found.seeds, found.confidence):
            return "unclear"
        if found.high < self.smallest:
            return "not reproduced"
        return "reproduced" if found.low > self.above else "unclear"


def as_good(
    sentence: str, measure: Measure, arm: str, minus: str, margin: float = SMALLEST / 2
) -> Contrast:
    """The contrast that one arm is at most a margin below another."""
    return Contrast(sentence, measure, arm, minus, above=-margin, smallest=-margin)


@dataclass(frozen=True)
class Finding:
    """What a trial found for one of its contrasts.

    Attributes:
        contrast: the question.
        values: (S,) differences, in the contrast's unit.
        found: their mean and interval.
        verdict: of the rule.
    """

    contrast: Contrast
    values: np.ndarray
    found: Interval
    verdict: Verdict


@stored
@dataclass(frozen=True)
class Trial:
    """A claim at one place.

    Attributes:
        place: where.
        arms: what runs, side by side from the same priors.
        contrasts: what must come out, all of them, apart from the controls.
        seeds: S of each arm, unless asked for others: 20 where seeds collapse or do not.
        why: why the effect should, or should not, show here; "" for nothing to say.

    Raises:
        InputError: two arms of one name, or a contrast of an arm that is not there.
    """

    place: Place
    arms: tuple[Arm, ...]
    contrasts: tuple[Contrast, ...]
    seeds: int = 20
    why: str = ""

    def __post_init__(self) -> None:
        names = [arm.name for arm in self.arms]
        if len(set(names)) < len(names):
            raise refused("arms", names, "a name for each of its own", "Rename one.", of="Trial")
        for contrast in self.contrasts:
            for name in (contrast.arm, contrast.minus):
                if name is not None and name not in names:
                    raise unknown("arm", name, dict.fromkeys(names))

    def find(self, results: dict[str, Columns]) -> list[Finding]:
        """What came out.

        Args:
            results: what the runs of each arm left behind, by the arm's name, all seeds together
                in one order.
        """
        release = {arm.name: arm.recipe.warmup.steps for arm in self.arms}
        findings = []
        for contrast in self.contrasts:
            values = contrast.measure.of(results[contrast.arm], release[contrast.arm])  # (S,)
            if contrast.minus is not None:
                values = values - contrast.measure.of(
                    results[contrast.minus], release[contrast.minus]
                )
            values = values / self.place.one(contrast.measure.unit)
            found = interval(values)
            findings.append(Finding(contrast, values, found, contrast.verdict(found)))
        return findings


@stored
@dataclass(frozen=True)
class Claim:
    """A claim of a paper.

    Attributes:
        id: as in "A1".
        sentence: what the paper says, in one sentence.
        source: the paper, and where.
        trials: where it is tried; one or more.
        note: what a reader must know of how it was put on trial; "" for nothing.
    """

    id: str
    sentence: str
    source: str
    trials: tuple[Trial, ...]
    note: str = ""

    def trial(self, place: str) -> Trial:
        """The trial at a place.

        Raises:
            InputError: there is none.
        """
        places = {trial.place.name: trial for trial in self.trials}
        if place not in places:
            raise unknown("place", place, places)
        return places[place]


def weakest(verdicts: list[Verdict]) -> Verdict:
    """What is left of several verdicts when all must hold."""
    return VERDICTS[min(VERDICTS.index(verdict) for verdict in verdicts)]


def at_place(findings: list[Finding]) -> Verdict:
    """The verdict of a trial: of its weakest contrast, controls left out."""
    return weakest([finding.verdict for finding in findings if not finding.contrast.control])


def over_places(verdicts: list[Verdict]) -> str:
    """The verdict over places, in words."""
    if len(set(verdicts)) == 1:
        return verdicts[0]
    if {"reproduced", "not reproduced"} <= set(verdicts):
        return "depends on the place"
    return "unclear in part"
