"""What a person has done, as a table: a line for each exercise."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from rlft.core.table import Table
from rlft.course.exercise import Exercise
from rlft.course.notebook.progress import Done, Progress


def overview_text(progress: Progress, exercises: Iterable[Exercise]) -> str:
    """The table for a terminal."""
    table = _table(progress, exercises)
    return f"{_summary(progress, len(table.rows))}\n{table.text()}"


def overview_html(progress: Progress, exercises: Iterable[Exercise]) -> str:
    """The table for a notebook."""
    table = _table(progress, exercises)
    return f"<div><b>{escape(_summary(progress, len(table.rows)))}</b>{table.html()}</div>"


def _table(progress: Progress, exercises: Iterable[Exercise]) -> Table:
    rows = []
    for exercise in exercises:
        done = progress.exercises.get(exercise.id, Done())
        sign = "✓" if done.passed else "·" if done.attempts else "○"
        counts = (str(done.attempts or ""), str(done.hints or ""))
        rows.append((f"{sign} {exercise.id}", exercise.title, *counts))
    return Table(("exercise", "title", "attempts", "hints"), rows)


def _summary(progress: Progress, total: int) -> str:
    passed = sum(bool(done.passed) for done in progress.exercises.values())
    right = sum(len(numbers) for numbers in progress.quizzes.values())
    return f"{passed} of {total} exercises passed; {right} quiz questions answered right"
