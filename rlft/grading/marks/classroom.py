"""Grading a class: several notebooks at a time, each kept in the table as soon as it is done."""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rlft.core.errors import InputError
from rlft.course.exercise import Exercise
from rlft.grading.marks.hidden import NOTHING, Hidden
from rlft.grading.marks.marking import Mark, mark_all, mark_notebook
from rlft.grading.marks.submissions import Submission
from rlft.grading.marks.table import Key, Row, digest_of, read_table, tidied, write_table
from rlft.grading.process.child import Child, Interrupted, scratch_folder
from rlft.grading.walls.limits import Limits
from rlft.grading.walls.sandbox import Sandbox

LARGEST_MB = 400  # of a notebook's file; reading takes a few times as much memory
NOTEBOOK = "notebook.ipynb"  # its name in the scratch folder, whatever the student called it


@dataclass(frozen=True)
class Grading:
    """Everything that decides on marks.

    Attributes:
        exercises: exercise id to exercise, the whole catalogue.
        sandbox: where notebooks run.
        limits: of each of them.
        hidden: cases that they do not know.
        stop: set to end all of them at once.
    """

    exercises: Mapping[str, Exercise]
    sandbox: Sandbox
    limits: Limits = Limits()
    hidden: Hidden = NOTHING
    stop: threading.Event = field(default_factory=threading.Event)

    def of_lesson(self, lesson: str) -> list[Exercise]:
        """The exercises of a lesson."""
        return [exercise for exercise in self.exercises.values() if exercise.lesson == lesson]


def grade_class(
    grading: Grading,
    submissions: Sequence[Submission],
    out: Path,
    *,
    workers: int = 2,
    again: bool = False,
    done: Callable[[Submission, Sequence[Row]], object] = lambda submission, rows: None,
) -> dict[Key, Row]:
    """Grades what has changed since the table was written, and keeps the rest.

    Rows of other lessons, and of students who are not in the folder, stay in the table.

    Args:
        grading: how.
        submissions: what.
        out: the table; written after each notebook, so that an interrupted class can be continued.
        workers: notebooks at a time.
        again: grade everything anew.
        done: called after each submission, those that are kept first.

    Returns:
        Student and exercise to row, of these submissions.

    Raises:
        InputError: the table cannot be read or written; no process can be started.
        KeyboardInterrupt: the person interrupted; what is graded is in the table.
    """
    table = read_table(out)
    own: dict[Key, Row] = {}
    left = []
    for submission in submissions:
        kept = None if again else _kept(grading, submission, table)
        if kept is None:
            left.append(submission)
        else:
            _keep(kept, own, table)
            done(submission, kept)
    write_table(out, table.values())  # also shows at once whether it can be written
    with ThreadPoolExecutor(workers) as pool:
        running: dict[Future[list[Row]], Submission] = {
            pool.submit(grade_submission, grading, submission): submission for submission in left
        }
        try:
            while running:
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    submission = running.pop(future)
                    rows = future.result()
                    _keep(rows, own, table)
                    write_table(out, table.values())
                    done(submission, rows)
        except BaseException:
            grading.stop.set()
            pool.shutdown(cancel_futures=True)
            for future in running:  # done at the same moment
                if not future.cancelled() and future.exception() is None:
                    _keep(future.result(), own, table)
            write_table(out, table.values())
            raise
    return own


def grade_submission(grading: Grading, submission: Submission) -> list[Row]:
    """Runs and judges one notebook.

    Returns:
        A row for each exercise of its lesson.

    Raises:
        Interrupted: grading was interrupted.
        InputError: no process can be started.
    """
    started = time.monotonic()
    if grading.stop.is_set():
        raise Interrupted
    exercises = grading.of_lesson(submission.lesson)
    notebook, timestamp = b"", ""
    problem = _problem(submission)
    if submission.path is None:
        marks = mark_all(exercises, grading.hidden, "missing", problem)
    elif problem:
        marks = mark_all(exercises, grading.hidden, "unreadable", problem)
    else:
        notebook, timestamp = _digest(submission.path), _changed(submission.path)
        marks = _mark(grading, submission.path, exercises)
    seconds = round(time.monotonic() - started, 2)
    return [
        Row(
            assignment=submission.assignment,
            student_id=submission.student,
            exercise=key,
            score=mark.score,
            max_score=mark.most,
            status=mark.status,
            message=tidied(mark.message),
            seconds=seconds,
            timestamp=timestamp,
            digest=_row_digest(grading, submission, notebook, mark.status),
        )
        for key, mark in marks.items()
    ]


def _mark(grading: Grading, path: Path, exercises: Sequence[Exercise]) -> dict[str, Mark]:
    """Marks of a file that can be opened."""
    with (
        scratch_folder() as scratch,
        Child(grading.sandbox, scratch, grading.limits, grading.stop) as child,
    ):
        shutil.copyfile(path, scratch / "work" / NOTEBOOK)
        child.start_clock()
        return mark_notebook(child.ask, NOTEBOOK, exercises, grading.hidden)


def _problem(submission: Submission) -> str:
    """Why a submission is not run, "" if it is."""
    if submission.path is None:
        return "No notebook was handed in."
    if submission.refused:
        return f"The file was not opened: {submission.refused}."
    try:
        size = submission.path.stat().st_size / 1e6
        with submission.path.open("rb"):
            pass
    except OSError as error:
        return f"The file cannot be read: {error.strerror}."
    if size > LARGEST_MB:
        return f"The file has {size:.0f} MB, more than {LARGEST_MB}: clear its outputs."
    return ""


def _kept(grading: Grading, submission: Submission, table: Mapping[Key, Row]) -> list[Row] | None:
    """The rows that the table has, if nothing has changed on which they depend."""
    exercises = grading.of_lesson(submission.lesson)
    rows = [table.get((submission.student, exercise.id)) for exercise in exercises]
    path = submission.path
    notebook = _digest(path) if path and not _problem(submission) else b""
    for row in rows:
        if row is None or row.assignment != submission.assignment:
            return None
        if row.digest != _row_digest(grading, submission, notebook, row.status):
            return None
    return [row for row in rows if row is not None]


def _row_digest(grading: Grading, submission: Submission, notebook: bytes, status: Any) -> str:
    ids = [exercise.id for exercise in grading.of_lesson(submission.lesson)]
    hidden = {key: grading.hidden.content.get(key) for key in ids}
    reason = notebook or _problem(submission).encode()
    return digest_of(reason, hidden, asdict(grading.limits), status)


def _keep(rows: Sequence[Row], own: dict[Key, Row], table: dict[Key, Row]) -> None:
    new = {(row.student_id, row.exercise): row for row in rows}
    own.update(new)
    table.update(new)


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be read any more: {error.strerror}.") from error


def _changed(path: Path) -> str:
    """When a file was last changed; of a copy it may be when it was copied."""
    when = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return when.strftime("%Y-%m-%d %H:%M:%S %Z")
