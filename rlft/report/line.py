"""One run in a comparison: its summaries, and what it differs by from the baseline."""

from __future__ import annotations

from dataclasses import dataclass

from rlft.evaluate.intervals import Interval, few_seeds
from rlft.evaluate.summary import RunSummary
from rlft.report.paired import COMPARED, Differences

QUANTITIES = ("start", "lowest", "final", "drop")
# The curves of a run, in the order of the tables, and what they are.
CURVES = {
    "behaviour": "Return of the rule that acts, guide and random actions included",
    "sampled": "Return of the learner's own policy, actions sampled",
}
BRIEFLY = {"behaviour": "the rule that acts", "sampled": "its own policy"}


@dataclass(frozen=True)
class Line:
    """One run in the table.

    Attributes:
        recipe: its name.
        prior: what it started from, in words.
        warmup: environment steps per seed before the first update of a policy.
        summaries: of each curve of `CURVES`.
        pretraining: seconds that making its prior took; shared by all runs from that prior.
        finetuning: seconds of the run.
        moved: how far the policy went from the prior's, in nats at logged states; None if unknown.
        differences: of each curve and quantity to the baseline, seed by seed; None if unpaired.
    """

    recipe: str
    prior: str
    warmup: int
    summaries: dict[str, RunSummary]
    pretraining: float
    finetuning: float
    moved: Interval | None = None
    differences: Differences | None = None

    def intervals(self, curve: str) -> list[Interval]:
        """The quantities of one curve, in the order of `QUANTITIES`."""
        return [getattr(self.summaries[curve], quantity) for quantity in QUANTITIES]

    def seeds(self) -> str:
        """Their number, and what an interval of so few is worth."""
        start = self.summaries["sampled"].start
        few = few_seeds(start.seeds, start.confidence)
        return few.replace(" seeds", "") if few else str(start.seeds)

    def cells(self) -> dict[str, object]:
        """The row of a file, by column; "" for what is not known.

        Mean, low and high of each quantity of each curve, then the noise floors, the differences to
        the baseline, in how many seeds each is up and down, and how many seeds collapsed.
        """
        ends = ("mean", "low", "high")
        found: dict[str, object] = {
            "recipe": self.recipe,
            "prior": self.prior,
            "warmup_steps": self.warmup,
            "seeds": self.summaries["sampled"].seeds,
        }
        for curve in CURVES:
            for quantity, value in zip(QUANTITIES, self.intervals(curve), strict=True):
                found |= {f"{curve}_{quantity}_{end}": getattr(value, end) for end in ends}
        for curve in CURVES:
            floor = self.summaries[curve].noise_floor
            found[f"{curve}_noise_floor"] = "" if floor is None else floor
        for curve in CURVES:
            for quantity in COMPARED:
                gap = self.differences[curve][quantity] if self.differences else None
                column = f"{curve}_{quantity}_difference"
                found |= {f"{column}_{e}": getattr(gap.interval, e) if gap else "" for e in ends}
                found |= {f"{column}_{n}": getattr(gap, n) if gap else "" for n in ("up", "down")}
        for curve in CURVES:
            share = self.summaries[curve].collapsed
            found[f"{curve}_collapsed"] = "" if share is None else share.count
        return found | {
            "pretraining_seconds": self.pretraining,
            "finetuning_seconds": self.finetuning,
        }
