"""`python -m rlft course build`: the command line of those who write the course."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from rlft.course.build import build
from rlft.course.catalogue import all_exercises


@dataclass(frozen=True)
class Course:
    """Write exercises/ from solutions/, the one source of both.

    Attributes:
        action: what to do; there is one thing yet.
        solutions: folder of the sources.
        exercises: folder of what is made.
    """

    action: tyro.conf.Positional[Literal["build"]]
    solutions: Path = Path("solutions")
    exercises: Path = Path("exercises")

    def run(self) -> None:
        """Builds, and prints what changed."""
        changed = build(self.solutions, self.exercises, all_exercises())
        for path in changed:
            print(f"wrote {path}")
        print(f"{len(changed)} notebooks changed")
