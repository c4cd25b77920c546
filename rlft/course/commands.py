"""`python -m rlft course build` and `tables`: the command line of those who write the course."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from rlft.course.catalogue import all_exercises
from rlft.course.make import differences, guide, readme
from rlft.course.make.exercises import build


@dataclass(frozen=True)
class Course:
    """Write what is made from something else: exercises from solutions, tables from measurements.

    Attributes:
        action: "build" writes exercises/ from solutions/, the one source of both; "tables" writes
            the tables of the README, the instructor guide and the page on the authors' code.
        solutions: folder of the sources.
        exercises: folder of what is made.
    """

    action: tyro.conf.Positional[Literal["build", "tables"]]
    solutions: Path = Path("solutions")
    exercises: Path = Path("exercises")

    def run(self) -> None:
        """Writes, and prints what was written."""
        if self.action == "tables":
            for path, whole in (
                (readme.README, readme.whole),
                (guide.GUIDE, guide.whole),
                (differences.PAGE, differences.whole),
            ):
                path.write_text(whole(path.read_text(encoding="utf-8")), encoding="utf-8")
                print(f"wrote {path}")
            return
        changed = build(self.solutions, self.exercises, all_exercises())
        for path in changed:
            print(f"wrote {path}")
        print(f"{len(changed)} notebooks changed")
