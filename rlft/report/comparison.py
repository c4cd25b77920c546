"""Runs side by side in tables, each number a mean over seeds with its interval.

Two returns are kept apart: that of the rule that acts (the *behaviour*, with a guide's and random
actions: what online learning costs) and that of the learner's own policy (what it leaves behind).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol

import numpy as np

from rlft.algorithms import Learner
from rlft.core.checks import at_least
from rlft.core.table import Table
from rlft.evaluate.intervals import Interval, few_seeds, interval
from rlft.evaluate.summary import Curves, RunSummary, summarise
from rlft.report.comparable import Measured, check_measured_alike, differences

QUANTITIES = ("start", "lowest", "final", "drop")
# The curves of a run, in the order of the tables, and what they are.
CURVES = {
    "behaviour": "Return of the rule that acts, guide and random actions included",
    "sampled": "Return of the learner's own policy, actions sampled",
}


class TimedRun(Curves, Measured, Protocol):
    """What a table needs of a run (see `rlft.finetune`)."""

    @property
    def seconds(self) -> float:
        """Wall-clock time of fine-tuning."""
        ...

    @property
    def kl(self) -> np.ndarray | None:
        """How far the policy is from the prior's, (S, P), in nats."""
        ...


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
    """

    recipe: str
    prior: str
    warmup: int
    summaries: dict[str, RunSummary]
    pretraining: float
    finetuning: float
    moved: Interval | None = None

    def intervals(self, curve: str) -> list[Interval]:
        """The quantities of one curve, in the order of `QUANTITIES`."""
        return [getattr(self.summaries[curve], quantity) for quantity in QUANTITIES]

    def seeds(self) -> str:
        """Their number, and what an interval of so few is worth."""
        start = self.summaries["sampled"].start
        few = few_seeds(start.seeds, start.confidence)
        return few.replace(" seeds", "") if few else str(start.seeds)


@dataclass(frozen=True)
class Comparison:
    """Runs side by side; see `compare_runs`.

    Attributes:
        lines: one for each run.
        notes: what differs between the runs besides the method.
    """

    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()

    def tables(self) -> list[Table]:
        """Three tables with a row for each run: origins, behaviour, the learner's own policy."""
        confidence = self.lines[0].summaries["sampled"].start.confidence
        origins = [
            [
                line.recipe,
                line.prior,
                f"{line.warmup:,} steps",
                "-" if line.moved is None else line.moved.numbers(".3g"),
                f"{line.pretraining:.0f} s",
                f"{line.finetuning:.0f} s",
            ]
            for line in self.lines
        ]
        returns = [
            Table(
                ("recipe", "seeds", *QUANTITIES, "noise floor"),
                [
                    [
                        line.recipe,
                        line.seeds(),
                        *(value.numbers(".1f") for value in line.intervals(curve)),
                        line.summaries[curve].floor(),
                    ]
                    for line in self.lines
                ],
                caption=f"{meaning}, mean over seeds [{confidence:.0%} bootstrap interval]",
            )
            for curve, meaning in CURVES.items()
        ]
        head = ("recipe", "prior", "warm-up", "policy moved", "pre-training", "fine-tuning")
        caption = (
            "What each run started from, how far its policy went from the prior's (KL divergence "
            "in nats, at logged states), and the time it took"
        )
        return [Table(head, origins, caption=caption), *returns]

    def markdown(self) -> str:
        """The tables in Markdown, aligned so that they read as plain text too, and the notes."""
        tables = [f"{table.caption}:\n\n{table.markdown()}" for table in self.tables()]
        notes = ["\n".join(f"- {note}" for note in self.notes)] if self.notes else []
        return "\n\n".join([*tables, *notes])

    def csv(self) -> str:
        """One row for each run, with mean, low and high of each quantity of each curve."""
        ends = [
            f"{curve}_{quantity}_{end}"
            for curve in CURVES
            for quantity in QUANTITIES
            for end in ("mean", "low", "high")
        ]
        floors = [f"{curve}_noise_floor" for curve in CURVES]
        head = ["recipe", "prior", "warmup_steps", "seeds", *ends, *floors]
        rows = []
        for line in self.lines:
            values = [value for curve in CURVES for value in line.intervals(curve)]
            numbers = [number for value in values for number in (value.mean, value.low, value.high)]
            known = [line.summaries[curve].noise_floor for curve in CURVES]
            row = [line.recipe, line.prior, line.warmup, values[0].seeds, *numbers]
            row += ["" if floor is None else floor for floor in known]
            rows.append([str(cell) for cell in (*row, line.pretraining, line.finetuning)])
        return Table([*head, "pretraining_seconds", "finetuning_seconds"], rows).csv()

    def __str__(self) -> str:
        return self.markdown()

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return "".join(table.html() for table in self.tables()) + (notes and f"<ul>{notes}</ul>")


def compare_runs(runs: Sequence[TimedRun]) -> Comparison:
    """Puts the summaries of several runs into one table.

    Args:
        runs: of one environment, evaluated at the same steps in as many episodes.

    Returns:
        Tables, and notes of what differs besides the method: data, priors, random streams.

    Raises:
        InputError: no runs, or runs whose numbers cannot be compared.
    """
    at_least(1, number_of_runs=len(runs), hint="Give a run to compare.")
    check_measured_alike(runs)
    return Comparison(
        tuple(
            Line(
                recipe=str(run.recipe.name),
                prior=describe_prior(run.prior),
                warmup=run.recipe.warmup.steps,
                summaries={curve: summarise(run, curve=curve) for curve in CURVES},
                pretraining=run.prior.seconds,
                finetuning=run.seconds,
                moved=None if run.kl is None else interval(run.kl[:, -1]),
            )
            for run in runs
        ),
        tuple(differences(runs)),
    )


def describe_prior(prior: Any) -> str:
    """A prior in words: "cql, 10 critics, 4,000 updates"."""
    if prior.steps == 0:
        return "none"
    return describe_training(prior.name, prior.learner, prior.steps)


def describe_training(name: str, learner: Learner, steps: int) -> str:
    """What was or will be trained, in words."""
    critics = learner.parts().get("critics")
    count = [] if critics is None else [f"{critics.ensemble} critics"]
    return ", ".join([name, *count, f"{steps:,} updates"])
