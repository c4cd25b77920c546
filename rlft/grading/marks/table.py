"""The table of grades: a CSV file with a row for each student and exercise.

nbgrader's users know `assignment`, `timestamp`, `student_id`, `score` and `max_score`; they mean
the same here, for one exercise instead of a whole assignment.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from rlft.core.errors import InputError
from rlft.core.files import PACKAGE, write_atomically
from rlft.core.table import Table

Status = Literal[
    "passed",  # every case, the hidden ones too
    "partial",  # some cases
    "failed",  # no case
    "not started",  # the stub, or no such function at all
    "missing",  # no notebook was handed in
    "unreadable",  # the file is no notebook
    "timeout",  # the notebook took too long and was stopped
    "memory",  # it used too much memory and was stopped
    "processes",  # it started too many processes and was stopped
    "broken",  # it ended its own process, or wrote into the grader's channel
]
# These depend on the limits too: with larger ones such a notebook is graded again.
LIMITED = ("timeout", "memory", "processes")
LONGEST = 600  # characters of a message
# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Row:
    """One student's exercise.

    Attributes:
        assignment: name of the lesson's notebook, see `submissions.Found`.
        student_id: who.
        exercise: its id.
        score: cases that passed, public and hidden.
        max_score: number of cases.
        status: see `Status`.
        message: what was wrong, for the student to read.
        seconds: that the whole notebook took, the same in all of its rows.
        timestamp: when the notebook's file was last changed, in UTC.
        digest: of the notebook, the hidden cases and the course, to find what has changed.
    """

    assignment: str
    student_id: str
    exercise: str
    score: int
    max_score: int
    status: Status
    message: str
    seconds: float
    timestamp: str
    digest: str


COLUMNS = tuple(field.name for field in fields(Row))
Key = tuple[str, str]  # student and exercise


def write_table(path: Path, rows: Iterable[Row]) -> None:
    """Writes all rows, ordered by student and exercise; completely or not at all.

    Raises:
        InputError: the file cannot be written.
    """
    ordered = sorted(rows, key=lambda row: (row.student_id, row.exercise))
    table = Table(COLUMNS, [[_guarded(value) for value in astuple(row)] for row in ordered])
    # Names of files may hold bytes that are no text; they come back as they are.
    content = table.csv().encode("utf-8", "surrogateescape")
    try:
        write_atomically(path, lambda temporary: temporary.write_bytes(content))
    except InputError as error:
        raise InputError(
            f"The grades cannot be written to {str(path)!r} ({error.__cause__ or error}). Name "
            "another file with --out, or close it if a spreadsheet has it open."
        ) from error


def read_table(path: Path) -> dict[Key, Row]:
    """Reads what `write_table` wrote, student and exercise to row; nothing if there is no file.

    Raises:
        InputError: it is another file, or a spreadsheet has changed it beyond recognition.
    """
    if not path.exists():
        return {}
    try:
        text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
        reader = csv.DictReader(io.StringIO(text))
        if set(reader.fieldnames or ()) != set(COLUMNS):
            raise ValueError("its columns are others")
        rows = [_row(entry) for entry in reader]
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(
            f"{str(path)!r} is no table of grades that can be continued: {error}. Name another "
            "file with --out, or remove this one."
        ) from error
    return {(row.student_id, row.exercise): row for row in rows}


def digest_of(notebook: bytes, hidden: Any, limits: Any, status: Status) -> str:
    """What a row depends on; with the limits only where they decided.

    Args:
        notebook: digest of the file.
        hidden: the file's hidden cases of the lesson, as JSON.
        limits: of time and memory, as JSON.
        status: the row's.
    """
    parts = [notebook.hex(), hidden, _course(), limits if status in LIMITED else None]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:20]


def tidied(message: str) -> str:
    """A message in one line, without what a terminal or a file could choke on."""
    text = message.encode("utf-8", "replace").decode()
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 4] + " ..."


@cache
def _course() -> str:
    """Digest of the course's code: a mended exercise, or function below it, counts anew."""
    whole = hashlib.sha256()
    for file in sorted(PACKAGE.rglob("*.py")):
        whole.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0")
        whole.update(file.read_bytes())
    return whole.hexdigest()


def _guarded(value: object) -> str:
    """A cell; text that a spreadsheet would compute gets an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else str(value)


def _row(entry: dict[str, Any]) -> Row:
    """Raises ValueError for a row that is not one of ours."""
    text: dict[str, Any] = {name: entry[name] or "" for name in COLUMNS}
    for name, value in text.items():
        if value.startswith("'") and value[1:].startswith(FORMULA):
            text[name] = value[1:]
    if not re.fullmatch(r"\d\d-\d", text["exercise"]):
        raise ValueError(f"{text['exercise']!r} is no exercise; did a spreadsheet make it a date?")
    if text["status"] not in get_args(Status):
        raise ValueError(f"{text['status']!r} is no status")
    numbers: dict[str, Any] = {key: int(float(text[key])) for key in ("score", "max_score")}
    return Row(**{**text, **numbers, "seconds": float(text["seconds"])})
