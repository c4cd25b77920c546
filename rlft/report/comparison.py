"""Runs side by side in tables, each number a mean over seeds with its interval.

What runs from the same priors differ by, seed by seed, comes first: it says more than their means.
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
from rlft.evaluate import Collapse
from rlft.evaluate.intervals import interval
from rlft.evaluate.summary import Curves, summarise
from rlft.report.comparable import Measured, check_measured_alike, differences
from rlft.report.line import BRIEFLY, CURVES, QUANTITIES, Line
from rlft.report.paired import COMPARED, are_paired, find_baseline, paired_differences


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
class Comparison:
    """Runs side by side; see `compare_runs`.

    Attributes:
        lines: one for each run.
        notes: what differs between the runs besides the method.
        baseline: which of the lines the differences are to.
    """

    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    baseline: int = 0

    def tables(self) -> list[Table]:
        """Paired differences, if there are any, then a row for each run in each of three tables.

        The three: origins, behaviour, the learner's own policy.
        """
        paired = any(line.differences for line in self.lines)
        return [*([self.headline()] if paired else []), *self.means()]

    def headline(self) -> Table:
        """What the runs from the baseline's priors differ by from it, curve by curve."""
        control = self.lines[self.baseline]
        confidence = control.summaries["sampled"].start.confidence
        rows = [
            [
                line.recipe,
                line.seeds(),
                BRIEFLY[curve],
                *(str(found[quantity]) for quantity in COMPARED),
                f"{line.summaries[curve].floor()}, {control.summaries[curve].floor()}",
            ]
            for line in self.lines
            for curve, found in (line.differences or {}).items()
        ]
        caption = (
            f"Return minus that of {control.recipe}, seed by seed from the same priors: mean "
            f"[{confidence:.0%} bootstrap interval], and in how many seeds it is up and down"
        )
        head = (f"minus {control.recipe}", "seeds", "return of", *COMPARED, "both noise floors")
        return Table(head, rows, caption=caption)

    def means(self) -> list[Table]:
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
        rule = self.lines[0].summaries["sampled"].collapse
        returns = [
            Table(
                ("recipe", "seeds", *QUANTITIES, "noise floor", *(["collapsed"] if rule else [])),
                [
                    [
                        line.recipe,
                        line.seeds(),
                        *(value.numbers(".1f") for value in line.intervals(curve)),
                        line.summaries[curve].floor(),
                        *([line.summaries[curve].fallen()] if rule else []),
                    ]
                    for line in self.lines
                ],
                caption=f"{meaning}, mean over seeds [{confidence:.0%} bootstrap interval]"
                + (f"; collapsed: {rule}" if rule else ""),
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
        """One row for each run, see `Line.cells`."""
        rows = [line.cells() for line in self.lines]
        return Table(list(rows[0]), [list(map(str, row.values())) for row in rows]).csv()

    def __str__(self) -> str:
        return self.markdown()

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return "".join(table.html() for table in self.tables()) + (notes and f"<ul>{notes}</ul>")


def compare_runs(
    runs: Sequence[TimedRun], *, baseline: str | None = None, collapse: Collapse | None = None
) -> Comparison:
    """Puts the summaries of several runs into one table.

    Args:
        runs: of one environment, evaluated at the same steps in as many episodes.
        baseline: name of the run that those from the same priors are held against, seed by seed;
            None for the first.
        collapse: what counts as collapsed; how many seeds did then stands beside the means.

    Returns:
        Tables, and notes of what differs besides the method: data, priors, random streams.

    Raises:
        InputError: no runs, runs whose numbers cannot be compared, or an unknown baseline.
    """
    at_least(1, number_of_runs=len(runs), hint="Give a run to compare.")
    check_measured_alike(runs)
    place = find_baseline(runs, baseline)
    control = runs[place]
    return Comparison(
        tuple(
            Line(
                recipe=str(run.recipe.name),
                prior=describe_prior(run.prior),
                warmup=run.recipe.warmup.steps,
                summaries={
                    curve: summarise(run, curve=curve, collapse=collapse) for curve in CURVES
                },
                pretraining=run.prior.seconds,
                finetuning=run.seconds,
                moved=None if run.kl is None else interval(run.kl[:, -1]),
                differences=paired_differences(run, control, tuple(CURVES))
                if run is not control and are_paired(run, control)
                else None,
            )
            for run in runs
        ),
        tuple(differences(runs)),
        place,
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
