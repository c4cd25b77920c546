"""Runs side by side in tables, each number a mean over seeds with its interval.

Two returns are kept apart: that of the rule that acts (the *behaviour*, with a guide's and random
actions: what online learning costs) and that of the learner's own policy (what it leaves behind).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol

from rlft.core.errors import InputError
from rlft.evaluate.intervals import Interval
from rlft.evaluate.summary import Curves, RunSummary, summarise

QUANTITIES = ("start", "lowest", "final", "drop")
# The curves of a run, in the order of the tables, and what they are.
CURVES = {
    "behaviour": "Return of the rule that acts, guide and random actions included",
    "sampled": "Return of the learner's own policy, actions sampled",
}


class TimedRun(Curves, Protocol):
    """What a table needs of a run (see `rlft.finetune`)."""

    @property
    def prior(self) -> Any:
        """Where the run started."""
        ...

    @property
    def seconds(self) -> float:
        """Wall-clock time of fine-tuning."""
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
    """

    recipe: str
    prior: str
    warmup: int
    summaries: dict[str, RunSummary]
    pretraining: float
    finetuning: float

    def intervals(self, curve: str) -> list[Interval]:
        """The quantities of one curve, in the order of `QUANTITIES`."""
        return [getattr(self.summaries[curve], quantity) for quantity in QUANTITIES]


@dataclass(frozen=True)
class Comparison:
    """Runs side by side; see `compare_runs`.

    Attributes:
        lines: one for each run.
    """

    lines: tuple[Line, ...]

    def tables(self) -> dict[str, list[list[str]]]:
        """Three tables by title, each a head and one row of text for each run."""
        confidence = self.lines[0].summaries["sampled"].start.confidence
        origins = [
            [
                line.recipe,
                line.prior,
                f"{line.warmup:,} steps",
                f"{line.pretraining:.0f} s",
                f"{line.finetuning:.0f} s",
            ]
            for line in self.lines
        ]
        tables = {
            "What each run started from, and the time it took": [
                ["recipe", "prior", "warm-up", "pre-training", "fine-tuning"],
                *origins,
            ]
        }
        for curve, meaning in CURVES.items():
            rows = [
                [line.recipe, *(f"{value:.1f}" for value in line.intervals(curve))]
                for line in self.lines
            ]
            title = f"{meaning}, mean over seeds [{confidence:.0%} bootstrap interval]"
            tables[title] = [["recipe", *QUANTITIES], *rows]
        return tables

    def markdown(self) -> str:
        """The tables in Markdown, aligned so that they read as plain text too."""
        return "\n\n".join(f"{title}:\n\n{_aligned(rows)}" for title, rows in self.tables().items())

    def csv(self) -> str:
        """One row for each run, with mean, low and high of each quantity of each curve."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        ends = [
            f"{curve}_{quantity}_{end}"
            for curve in CURVES
            for quantity in QUANTITIES
            for end in ("mean", "low", "high")
        ]
        writer.writerow(
            ["recipe", "prior", "warmup_steps", "seeds", *ends]
            + ["pretraining_seconds", "finetuning_seconds"]
        )
        for line in self.lines:
            values = [value for curve in CURVES for value in line.intervals(curve)]
            numbers = [number for value in values for number in (value.mean, value.low, value.high)]
            writer.writerow(
                [line.recipe, line.prior, line.warmup, values[0].seeds, *numbers]
                + [line.pretraining, line.finetuning]
            )
        return stream.getvalue()

    def __str__(self) -> str:
        return self.markdown()

    def _repr_html_(self) -> str:
        return "".join(_html(title, rows) for title, rows in self.tables().items())


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns are as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [rows[0], ["-" * width for width in widths], *rows[1:]]
    return "\n".join(
        f"| {' | '.join(c.ljust(w) for c, w in zip(line, widths, strict=True))} |" for line in lines
    )


def _html(title: str, rows: Sequence[Sequence[str]]) -> str:
    """A table whose rows begin with the recipe."""
    head, *body = rows
    heads = "".join(f"<th scope='col'>{escape(cell)}</th>" for cell in head)
    lines = "".join(
        f"<tr><th scope='row'>{escape(first)}</th>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in body
    )
    return (
        f"<table><caption>{escape(title)}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"
    )


def compare_runs(runs: Sequence[TimedRun]) -> Comparison:
    """Puts the summaries of several runs into one table.

    Args:
        runs: of the same environment and length.

    Raises:
        InputError: no runs.
    """
    if not runs:
        raise InputError("There is nothing to compare: give at least one run.")
    return Comparison(
        tuple(
            Line(
                recipe=str(run.recipe.name),
                prior=describe_prior(run.prior),
                warmup=run.recipe.warmup.steps,
                summaries={curve: summarise(run, curve=curve) for curve in CURVES},
                pretraining=run.prior.seconds,
                finetuning=run.seconds,
            )
            for run in runs
        )
    )


def describe_prior(prior: Any) -> str:
    """A prior in words: "cql, 10 critics, 4,000 updates"."""
    if prior.steps == 0:
        return "none"
    critics = prior.learner.parts().get("critics")
    count = [] if critics is None else [f"{critics.ensemble} critics"]
    return ", ".join([prior.name, *count, f"{prior.steps:,} updates"])
