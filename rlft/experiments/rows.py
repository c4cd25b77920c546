"""The rows of a study: kept as text, read back as numbers, paired by seed, shown as a table.

What was measured of an arm is a list of rows, often one for each seed and evaluation. A cell is
text from the beginning, so that a table made at once and one made from a file are the same.

Letters: S seeds, P evaluation points.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from rlft.core.checks import refused, shaped
from rlft.core.files import damaged, write_atomically
from rlft.evaluate.intervals import Interval, interval

Row = dict[str, str]
# The rows of each arm that is there, by its name.
Results = dict[str, list[Row]]


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Writes rows of the same columns, whole or not at all.

    Raises:
        InputError: if the folder cannot be written to.
    """

    def write(temporary: Path) -> None:
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else [])
            writer.writeheader()
            writer.writerows(rows)

    write_atomically(path, write)


def read_rows(path: Path) -> list[Row]:
    """Reads what `write_rows` wrote.

    Raises:
        InputError: if the file is missing; the message names it.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise damaged(path, error) from error


def by_seed(rows: Iterable[Row], column: str) -> dict[str, np.ndarray]:
    """The numbers in a column for each seed, (P,) in the order of the rows; empty cells are NaN."""
    values: dict[str, list[float]] = {}
    for row in rows:
        values.setdefault(row["seed"], []).append(float(row[column] or "nan"))
    return {seed: np.array(own) for seed, own in values.items()}


def curves(rows: Iterable[Row], column: str) -> np.ndarray:
    """The numbers in a column of one arm, (S, P)."""
    return np.stack(list(by_seed(rows, column).values()))


def paired(
    rows: Sequence[Row],
    control: Sequence[Row],
    column: str,
    quantity: Callable[[np.ndarray], np.ndarray],
) -> Interval:
    """How far an arm is above another one, seed by seed.

    Seeds that started from the same prior have their luck in common: the interval of their
    differences is much narrower than the two arms' own intervals let one think.

    Args:
        rows: of the arm.
        control: of the arm that it is compared with.
        column: what is compared.
        quantity: what is made of the curves, as `final_return`: (S, P) to (S,).

    Returns:
        The mean of the differences and its interval.

    Raises:
        InputError: if the two arms do not have the same seeds and as many evaluations.
    """
    ours, theirs = by_seed(rows, column), by_seed(control, column)
    if ours.keys() != theirs.keys():
        raise refused(
            "seeds",
            sorted(ours),
            f"those of the other arm, {sorted(theirs)}",
            "Differences are taken seed by seed: make both arms with the same seeds.",
        )
    one, other = (np.stack([curve[seed] for seed in ours]) for curve in (ours, theirs))  # (S, P)
    hint = "A drop grows with the evaluations: make both arms with one RunPlan."
    shaped(other.shape, curves=one, hint=hint)
    return interval(quantity(one) - quantity(other))


def markdown_table(head: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table in Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*lines, *("| " + " | ".join(cells) + " |" for cells in body)]


def table_of_rows(results: Results) -> list[str]:
    """The rows as they are, where each holds all that is said of an arm."""
    rows = [row for rows in results.values() for row in rows]
    return markdown_table(list(rows[0]), [list(row.values()) for row in rows]) if rows else []
