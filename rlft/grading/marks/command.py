"""`python -m rlft grade submissions/ --out grades.csv`: the command line of those who teach."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import tyro
from tqdm import tqdm

from rlft.core.checks import at_least, finite
from rlft.core.errors import InputError
from rlft.course.catalogue import all_exercises
from rlft.data import list_datasets
from rlft.grading.marks.classroom import Grading, grade_class
from rlft.grading.marks.hidden import NOTHING, read_hidden
from rlft.grading.marks.submissions import Submission, find_submissions
from rlft.grading.marks.table import Row
from rlft.grading.walls.limits import Limits
from rlft.grading.walls.sandbox import Level, make_sandbox

FEWEST_MB = 600  # Python with PyTorch and the course has 300 before a notebook does anything
MOST_LISTED = 5


@dataclass(frozen=True)
class Grade:
    """Grade the notebooks of a class into a table, each in a sandbox.

    What is in the table already and has not changed is kept, so the same command continues after
    an interruption.

    Attributes:
        submissions: folder with STUDENT/NN_name.ipynb, STUDENT/ASSIGNMENT/NN_name.ipynb or
            STUDENT__NN_name.ipynb, where NN is the lesson's number.
        out: the table, a CSV file.
        hidden: a JSON file of further cases that notebooks do not see.
        lessons: to grade, as in 03 05; by default all of which there is a notebook.
        workers: notebooks at a time; each takes a core.
        seconds: of computing for each notebook; with waiting it may take four times as long.
        memory_mb: memory of each notebook, in 10^6 bytes.
        again: grade everything anew.
        sandbox: a certain one instead of the strongest that this machine has.
    """

    submissions: tyro.conf.Positional[Path]
    out: Path = Path("grades.csv")
    hidden: Path | None = None
    lessons: tuple[str, ...] = ()
    workers: int = 2
    seconds: float = 300.0
    memory_mb: int = 2000
    again: bool = False
    sandbox: Level | None = None

    def run(self) -> None:
        """Grades, with a progress bar, and prints a summary.

        Raises:
            InputError: the folder, the hidden cases, the table or an option cannot be used.
            KeyboardInterrupt: the person interrupted.
        """
        self._check()
        exercises = all_exercises()
        lessons = {exercise.lesson for exercise in exercises.values()}
        found = find_submissions(self.submissions, lessons, self.lessons or None)
        hidden = read_hidden(self.hidden, exercises) if self.hidden else NOTHING
        closed = [self.submissions, self.out.absolute().parent]
        closed += [self.hidden.absolute().parent] if self.hidden else []
        sandbox = make_sandbox(closed, self.sandbox)
        limits = Limits(seconds=self.seconds, memory_mb=self.memory_mb)
        print(sandbox.told())
        for note in _notes(found.left_out):
            print(f"Note: {note}")
        grading = Grading(exercises, sandbox, limits, hidden)
        rows: list[Row] = []
        with tqdm(total=len(found.submissions), unit="notebook", file=sys.stderr) as bar:

            def done(submission: Submission, its: Sequence[Row]) -> None:
                rows.extend(its)
                bar.set_postfix_str(f"{submission.student} {its[0].seconds:.1f} s", refresh=False)
                bar.update()

            try:
                grade_class(
                    grading,
                    found.submissions,
                    self.out,
                    workers=self.workers,
                    again=self.again,
                    done=done,
                )
            except KeyboardInterrupt:
                bar.close()
                rest = len(found.submissions) - bar.n
                print(
                    f"{rest} of {len(found.submissions)} notebooks are left; the others are in "
                    f"{str(self.out)!r}. The same command{' without --again' * self.again} goes on."
                )
                raise
        print("\n".join(summary(rows)))
        print(f"Grades: {self.out}")

    def _check(self) -> None:
        hint = "Give the option another number."
        at_least(1, workers=self.workers, seconds=self.seconds, hint=hint)
        at_least(FEWEST_MB, memory_mb=self.memory_mb, hint=hint)
        finite(seconds=self.seconds, hint=hint)
        if self.out.is_dir():
            raise InputError(f"--out is the folder {str(self.out)!r}; name a file in it.")


def summary(rows: Iterable[Row]) -> list[str]:
    """Lines on a graded class: how many, the mean of each exercise, and the time.

    Args:
        rows: of all students and exercises.
    """
    by_exercise: dict[str, list[Row]] = defaultdict(list)
    notebooks: dict[tuple[str, str], Row] = {}
    for row in rows:
        by_exercise[row.exercise].append(row)
        notebooks[row.student_id, row.assignment] = row
    students = {row.student_id for row in notebooks.values()}
    lines = [f"{len(students)} students, {len(notebooks)} notebooks"]
    for exercise, its in sorted(by_exercise.items()):
        passed = sum(row.status == "passed" for row in its)
        share = mean(row.score / row.max_score for row in its)
        lines.append(
            f"  {exercise}  mean score {share * its[0].max_score:.1f} of {its[0].max_score}, "
            f"passed by {passed} of {len(its)}"
        )
    ran = [row for row in notebooks.values() if row.status != "missing"]
    if ran:
        slowest = max(ran, key=lambda row: row.seconds)
        lines.append(
            f"Seconds for each notebook: mean {mean(row.seconds for row in ran):.1f}, "
            f"largest {slowest.seconds:.1f} ({slowest.student_id}, {slowest.assignment})"
        )
    return lines


def _notes(left_out: Sequence[Path]) -> list[str]:
    """What a teacher should know before grading."""
    notes = []
    if left_out:
        names = ", ".join(repr(str(path)) for path in left_out[:MOST_LISTED])
        more = f" and {len(left_out) - MOST_LISTED} more" if len(left_out) > MOST_LISTED else ""
        notes.append(f"not graded, as no wanted lesson's number begins the name: {names}{more}.")
    absent = [entry.name for entry in list_datasets() if entry.is_own and not entry.is_local]
    if absent:
        notes.append(
            f"{len(absent)} of the course's datasets are not on this machine, and notebooks cannot "
            "make them in the sandbox. Run `python -m rlft data` first."
        )
    return notes
