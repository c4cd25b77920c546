"""Measures how long a class of 40 takes to grade: ``python benchmarks/grade_class.py``.

The class is made of the solution of one lesson: half of it right, the others stubs, notebooks whose
first answer has a syntax error, and notebooks that lack their first exercise. Each is graded as
`python -m rlft grade` does it, with two workers. Writes `grade_class.md`; wall seconds are those of
the machine at that moment, so measure on a quiet one.
"""

from __future__ import annotations

import copy
import json
import os
import platform
import statistics
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import tyro

from rlft.course.catalogue import all_exercises
from rlft.course.make.exercises import strip
from rlft.grading.marks.command import Grade
from rlft.grading.marks.table import read_table
from rlft.grading.walls.sandbox import Level, available_levels

HERE = Path(__file__).resolve().parent
KINDS = ("right", "right", "stub", "syntax error", "right", "right", "stub", "exercise missing")


@dataclass(frozen=True)
class Options:
    """What to measure."""

    lesson: str = "07"
    """Whose notebook is handed in."""
    students: int = 40
    """Size of the class."""
    workers: int = 2
    """Notebooks at a time."""
    sandbox: Level | None = None
    """A certain sandbox, not the strongest."""


def hand_in(source: Path, folder: Path, students: int) -> dict[str, str]:
    """Writes the notebooks of a class; returns what each student's is like."""
    solution = json.loads(source.read_text(encoding="utf-8"))
    stub = strip(solution, source.name, all_exercises())
    broken, shorter = copy.deepcopy(solution), copy.deepcopy(solution)
    answers = [
        i for i, c in enumerate(solution["cells"]) if "BEGIN SOLUTION" in "".join(c["source"])
    ]
    first = next(i for i in answers if solution["cells"][i]["cell_type"] == "code")
    broken["cells"][first]["source"].append("\nreturn (")
    del shorter["cells"][first]
    contents = {
        "right": solution,
        "stub": stub,
        "syntax error": broken,
        "exercise missing": shorter,
    }
    made = {}
    for number in range(students):
        student, kind = f"student_{number:02}", KINDS[number % len(KINDS)]
        (folder / student).mkdir(parents=True)
        (folder / student / source.name).write_text(json.dumps(contents[kind]), encoding="utf-8")
        made[student] = kind
    return made


def main(options: Options) -> None:
    (source,) = (HERE.parent / "solutions").glob(f"{options.lesson}_*.ipynb")
    level = options.sandbox or available_levels()[0]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "grades" / "grades.csv"
        kinds = hand_in(source, Path(folder) / "submissions", options.students)
        load, begin = os.getloadavg()[0], time.monotonic()
        Grade(Path(folder) / "submissions", out=out, workers=options.workers, sandbox=level).run()
        whole = time.monotonic() - begin
        seconds = {student: row.seconds for (student, _), row in read_table(out).items()}
        passed = {student for (student, _), row in read_table(out).items() if row.score}
    by_kind: dict[str, list[float]] = defaultdict(list)
    for student, taken in seconds.items():
        by_kind[kinds[student]].append(taken)
    assert passed == {student for student, kind in kinds.items() if kind != "stub"}
    lines = [
        "# How long does a class take to grade?",
        "",
        f"Made by `python benchmarks/grade_class.py --lesson {options.lesson}`: {options.students} "
        f"submissions of `{source.name}`, {options.workers} workers, sandbox {level}, on "
        f"{os.cpu_count()} cores ({platform.machine()}, Python {platform.python_version()}). The "
        f"machine's load before: {load:.1f}.",
        "",
        f"The class: {whole:.0f} s, {whole / options.students:.1f} s for each submission.",
        "",
        "| notebooks | number | median, s | largest, s |",
        "|---|---|---|---|",
    ]
    for kind, taken in [("all", list(seconds.values())), *sorted(by_kind.items())]:
        middle = statistics.median(taken)
        lines.append(f"| {kind} | {len(taken)} | {middle:.1f} | {max(taken):.1f} |")
    (HERE / "grade_class.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main(tyro.cli(Options))
