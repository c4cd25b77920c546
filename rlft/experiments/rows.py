"""The rows of a study: kept as text, read back as numbers, shown as a table.

What was measured of an arm is a list of rows, often one for each seed and evaluation. A cell is
text from the beginning, so that a table made at once and one made from a file are the same.

Letters: S seeds, P evaluation points.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from rlft.core.files import damaged, write_atomically

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


def markdown_table(head: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table in Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*lines, *("| " + " | ".join(cells) + " |" for cells in body)]
