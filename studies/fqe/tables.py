"""The tables of `study.py`: correlations, errors, and what a gate would have noticed.

Letters: H hand-offs.
"""

from __future__ import annotations

import itertools

import numpy as np
from judge import STAY
from scipy import stats

from rlft.experiments.rows import Row, markdown_table

RESAMPLES = 2_000  # of the policies, for the intervals
TOLERANCE = 0.1  # share of the guide's value that may be missing; AJS's gate has about that here


def numbers(rows: list[Row], column: str) -> np.ndarray:
    return np.array([float(row[column]) for row in rows])


def correlation(x: np.ndarray, y: np.ndarray, ranks: bool) -> str:
    """Pearson's or Spearman's coefficient with its 95 % percentile bootstrap over the policies."""

    def one(rows: np.ndarray) -> float:
        a, b = x[rows], y[rows]
        if ranks:
            a, b = stats.rankdata(a), stats.rankdata(b)
        return float(np.corrcoef(a, b)[0, 1])

    rng = np.random.default_rng(0)
    draws = rng.integers(len(x), size=(RESAMPLES, len(x)))
    with np.errstate(invalid="ignore"):  # a resample of one policy alone has no correlation
        low, high = np.nanquantile([one(rows) for rows in draws], [0.025, 0.975])
    return f"{one(np.arange(len(x))):.2f} [{low:.2f}, {high:.2f}]"


def measures(rows: list[Row]) -> list[str]:
    """The cells: number, range of truth, both correlations, mean absolute error, bias."""
    estimate, truth = numbers(rows, "estimate"), numbers(rows, "truth")
    return [
        str(len(rows)),
        f"{truth.min():.0f} to {truth.max():.0f}",
        correlation(estimate, truth, ranks=False),
        correlation(estimate, truth, ranks=True),
        f"{np.abs(estimate - truth).mean():.1f}",
        f"{(estimate - truth).mean():+.1f}",
        f"{numbers(rows, 'spread').mean():.1f}",
    ]


QUALITY = ["policies", "truth", "Pearson", "Spearman", "MAE", "bias", "spread"]
GROUPS = {
    "all": (*STAY, "CQL", "SAC"),
    "stay with the data: BC, InAC, noisy ones": STAY,
    "leave the data: CQL, SAC": ("CQL", "SAC"),
}


def values_of(rows: list[Row], column: str) -> list[str]:
    """The different values of a column, in the order in which they first come."""
    return list(dict.fromkeys(row[column] for row in rows))


def policies_table(rows: list[Row]) -> list[str]:
    """One line for each dataset, group of policies and estimator."""
    rows = [row for row in rows if row["part"] not in ("settings", "hand-off")]
    body = []
    for part, group, name in itertools.product(
        values_of(rows, "part"), GROUPS, values_of(rows, "estimator")
    ):
        chosen = [
            row
            for row in rows
            if (row["part"], row["estimator"]) == (part, name) and row["family"] in GROUPS[group]
        ]
        body.append([part, group, name, *measures(chosen)])
    return markdown_table(["data", "group", "estimator", *QUALITY], body)


def settings_table(rows: list[Row]) -> list[str]:
    """One line for each setting and number of updates."""
    rows = [row for row in rows if row["part"] == "settings"]
    body = []
    for name, step in itertools.product(values_of(rows, "estimator"), values_of(rows, "updates")):
        chosen = [r for r in rows if (r["estimator"], r["updates"]) == (name, step)]
        body.append([name, step, *measures(chosen)])
    return markdown_table(["setting", "updates", *QUALITY], body)


def noticed(values: np.ndarray, reference: np.ndarray, truth: np.ndarray) -> list[str]:
    """Bad hand-offs that are noticed, and good ones that are called bad, of how many.

    Bad is what misses the value of the whole walk with the guide by more than a tenth.

    Args:
        values: (H, seeds) estimates.
        reference: (seeds,) the guide's estimate from logged data alone, as the gate of AJS has it.
        truth: (H, seeds), the last row without any hand-off.
    """
    bad = truth < truth[-1] - TOLERANCE * np.abs(truth[-1])
    called = values < reference - TOLERANCE * np.abs(reference)
    return [f"{(bad & called).sum()} of {bad.sum()}", f"{(~bad & called).sum()} of {(~bad).sum()}"]


def hand_off_table(rows: list[Row]) -> list[str]:
    """One line of truths for each estimator, and one of estimates for each source of data."""
    rows = [row for row in rows if row["part"] == "hand-off"]
    steps = values_of(rows, "h")
    body = []
    for name in values_of(rows, "estimator"):
        own = [row for row in rows if row["estimator"] == name]
        by_source = {s: [r for r in own if r["source"] == s] for s in values_of(own, "source")}
        shape = (len(steps), -1)
        truth = numbers(by_source["logged"], "truth").reshape(shape)
        reference = numbers(by_source["logged"], "estimate").reshape(shape)[-1]
        body.append([name, "truth", *map(pair, truth), "", "", "", ""])
        for source, chosen in by_source.items():
            values = numbers(chosen, "estimate").reshape(shape)
            quality = [*measures(chosen)[3:5], *noticed(values, reference, truth)]
            body.append([name, source, *map(pair, values), *quality])
    head = ["estimator", "data", *(f"h = {h}" for h in steps)]
    return markdown_table([*head, "Spearman", "MAE", "bad noticed", "false alarms"], body)


def pair(values: np.ndarray) -> str:
    return " / ".join(f"{value:.0f}" for value in values)
