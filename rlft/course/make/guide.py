"""Writes the instructor guide's tables: what each lesson takes, and what its checks recognise.

Run it with `make readme`. Minutes come from notebooks/timings.json and the headings of exercises,
misconceptions from the exercises themselves, so that the guide cannot drift away from either.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from rlft.core.files import PACKAGE
from rlft.core.table import Table
from rlft.course.catalogue import all_exercises
from rlft.course.exercise import Exercise
from rlft.course.make.exercises import TIME
from rlft.course.make.readme import first_cell, updated, used_by

ROOT = PACKAGE.parent
GUIDE = ROOT / "docs" / "instructor_guide.md"


def timings_table(root: Path = ROOT) -> str:
    """A row for each lesson: minutes of the lesson, of its solutions, and of writing them.

    Raises:
        InputError: a lesson or a solution has never been measured.
    """
    measured = json.loads((root / "notebooks" / "timings.json").read_text())
    rows = []
    for lesson in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        solution = root / "solutions" / lesson.name
        minutes = ["", ""]
        for column, path in enumerate((lesson, solution)):
            if path.exists():
                used = used_by(path.relative_to(root).as_posix(), measured)
                minutes[column] = f"{used['wall_seconds'] / 60:.1f} min"
        announced = _announced(solution)
        count = (f"{len(announced)}", f"{sum(announced)} min") if announced else ("none", "")
        rows.append((first_cell(lesson)[0], *minutes, *count))
    head = ("lesson", "lesson runs in", "solutions run in", "exercises", "to write them")
    return f"{Table(head, rows, align='lrrrr').markdown()}\n\nMeasured on {measured['machine']}."


def misconceptions_list(exercises: Iterable[Exercise]) -> str:
    """Each exercise with the mistakes that its check recognises, and the hint for each."""
    lines = []
    for exercise in exercises:
        lines += ["", f"**{exercise.id} · {exercise.title}** (`{exercise.name}`)", ""]
        lines += [f"- *{known.name}*: {known.hint}" for known in exercise.misconceptions]
    return "\n".join(lines).strip()


def whole(guide: str) -> str:
    """The guide's text with both tables as they should be."""
    guide = updated(guide, "timings", timings_table())
    return updated(guide, "misconceptions", misconceptions_list(all_exercises().values()))


def _announced(solution: Path) -> list[int]:
    """The minutes in the headings of a notebook's exercises."""
    if not solution.exists():
        return []
    cells = json.loads(solution.read_text(encoding="utf-8"))["cells"]
    found = [TIME.search("".join(cell["source"])) for cell in cells]
    return [int(match["minutes"]) for match in found if match]
