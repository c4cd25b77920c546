"""What a person has done, as a table: a line for each exercise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from rlft.course.exercise import Exercise
from rlft.course.notebook.progress import Done, Progress

HEADER = ("", "exercise", "title", "attempts", "hints")


def overview_text(progress: Progress, exercises: Iterable[Exercise]) -> str:
    """The table for a terminal."""
    rows = [HEADER, *_rows(progress, exercises)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADER))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join([_summary(progress, len(rows) - 1), *lines])


def overview_html(progress: Progress, exercises: Iterable[Exercise]) -> str:
    """The table for a notebook."""
    rows = _rows(progress, exercises)
    head = "".join(f'<th style="text-align:left">{name}</th>' for name in HEADER)
    body = "".join(
        "<tr>" + "".join(f'<td style="text-align:left">{escape(c)}</td>' for c in row) + "</tr>"
        for row in rows
    )
    summary = escape(_summary(progress, len(rows)))
    return f"<div><b>{summary}</b><table><tr>{head}</tr>{body}</table></div>"


def _rows(progress: Progress, exercises: Iterable[Exercise]) -> list[Sequence[str]]:
    rows = []
    for exercise in exercises:
        done = progress.exercises.get(exercise.id, Done())
        sign = "✓" if done.passed else "·" if done.attempts else "○"
        counts = (str(done.attempts or ""), str(done.hints or ""))
        rows.append((sign, exercise.id, exercise.title, *counts))
    return rows


def _summary(progress: Progress, total: int) -> str:
    passed = sum(bool(done.passed) for done in progress.exercises.values())
    right = sum(len(numbers) for numbers in progress.quizzes.values())
    return f"{passed} of {total} exercises passed; {right} quiz questions answered right"
