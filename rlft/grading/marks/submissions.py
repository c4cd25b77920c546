"""Finding the notebooks of a class in a folder.

Three layouts, also mixed; NN are the two digits of the lesson, the rest of a name is free:

    submissions/STUDENT/NN_name.ipynb              a folder for each student
    submissions/STUDENT/ASSIGNMENT/NN_name.ipynb   as nbgrader collects them
    submissions/STUDENT__NN_name.ipynb             all in one folder, as many platforms hand out

In the last one a single underscore, ``STUDENT_NN_name.ipynb``, is understood where only one place
in the name can be the lesson. Every folder right in `submissions` is a student, with or without
notebooks in it. Names that begin with a dot are left out, and so is what a Mac adds to archives.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlft.core.checks import one_of
from rlft.core.errors import InputError

STARTS_WITH_LESSON = re.compile(r"(?P<lesson>\d\d)(?!\d)")
AFTER_TWO = re.compile(r"(?P<student>.+)__(?P<lesson>\d\d)(?!\d)")
AFTER_ONE = re.compile(r"_(?=(?P<lesson>\d\d)(?!\d))")
LAYOUTS = (
    "STUDENT/NN_name.ipynb, STUDENT/ASSIGNMENT/NN_name.ipynb or STUDENT__NN_name.ipynb, where NN "
    "is the lesson's number"
)


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one lesson.

    Attributes:
        student: id, the name of the student's folder or what stands before the lesson.
        lesson: its two digits.
        assignment: its name in the table, see `Found`.
        path: the notebook; None if there is none.
        refused: why the file must not be opened, "" if it may be.
    """

    student: str
    lesson: str
    assignment: str
    path: Path | None
    refused: str = ""


@dataclass(frozen=True)
class Found:
    """Everything in the folder.

    Attributes:
        submissions: one for each student and lesson, ordered by both. A lesson is called as its
            nbgrader folders are, if all of them have one name, and ``lesson_NN`` otherwise.
        left_out: notebooks whose lesson is not known or not wanted.
    """

    submissions: tuple[Submission, ...]
    left_out: tuple[Path, ...]


@dataclass(frozen=True)
class _File:
    student: str
    lesson: str
    folder: str  # nbgrader's assignment, "" in the other layouts
    path: Path


def find_submissions(
    folder: Path, known: Collection[str], wanted: Sequence[str] | None = None
) -> Found:
    """Looks for every student's notebooks.

    Args:
        folder: of the class.
        known: lessons that have exercises.
        wanted: lessons to grade; None for all of which there is a notebook.

    Returns:
        A submission for every student and every one of those lessons.

    Raises:
        InputError: no such folder; no notebook in it; an unknown lesson; a file name with several
            possible lessons; two notebooks of one student for one lesson.
    """
    if not folder.is_dir():
        raise InputError(f"The folder {str(folder)!r} does not exist: name that of the class.")
    for lesson in wanted or ():
        one_of(known, lesson=lesson, hint="Only these have exercises.")
    files, left_out = _sorted_out(folder, known)
    students = {file.student for file in files} | {p.name for p in _entries(folder) if p.is_dir()}
    if not files:
        raise InputError(
            f"The folder {str(folder)!r} has no notebook of a lesson. Expected {LAYOUTS}."
        )
    _refuse_doubles(files, folder)
    lessons = sorted(set(wanted) if wanted else {file.lesson for file in files})
    by_place = {(file.student, file.lesson): file for file in files}
    submissions = []
    for lesson in lessons:
        folders = {file.folder for file in files if file.lesson == lesson}
        name = folders.pop() if len(folders) == 1 and folders != {""} else f"lesson_{lesson}"
        for student in sorted(students):
            file = by_place.pop((student, lesson), None)
            path, refused = (file.path, _refusal(file.path, folder)) if file else (None, "")
            submissions.append(Submission(student, lesson, name, path, refused))
    submissions.sort(key=lambda one: (one.student, one.lesson))
    left_out += [file.path for file in by_place.values()]
    return Found(tuple(submissions), tuple(sorted(left_out)))


def _sorted_out(folder: Path, known: Collection[str]) -> tuple[list[_File], list[Path]]:
    """The notebooks with a lesson, and those without."""
    files, left_out = [], []
    for path in _entries(folder):
        if not path.is_dir():
            if path.suffix != ".ipynb":
                continue
            student, lesson = _from_flat_name(path, known)
            if student and lesson in known:
                files.append(_File(student, lesson, "", path))
            else:
                left_out.append(path)
            continue
        for notebook, assignment in _notebooks_of(path):
            found = STARTS_WITH_LESSON.match(notebook.name)
            if found and found["lesson"] in known:
                files.append(_File(path.name, found["lesson"], assignment, notebook))
            else:
                left_out.append(notebook)
    return files, left_out


def _entries(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if not p.name.startswith((".", "__MACOSX")))


def _notebooks_of(student: Path) -> Iterator[tuple[Path, str]]:
    """A student's notebooks, each with the name of the nbgrader folder that it lies in."""
    if student.is_symlink():
        return
    for path in _entries(student):
        if path.suffix == ".ipynb":
            yield path, ""
        elif path.is_dir() and not path.is_symlink():
            yield from ((inner, path.name) for inner in _entries(path) if inner.suffix == ".ipynb")


def _from_flat_name(path: Path, known: Collection[str]) -> tuple[str, str]:
    """Student and lesson of a name such as ``ana__03_values.ipynb``; ("", "") if it has none."""
    if found := AFTER_TWO.match(path.stem):
        return found["student"], found["lesson"]
    places = [m for m in AFTER_ONE.finditer(path.stem) if m.start() > 0 and m["lesson"] in known]
    if len(places) > 1:
        raise InputError(
            f"The lesson of {path.name!r} could be any of {[m['lesson'] for m in places]}. "
            "Put two underscores between the student and the lesson: STUDENT__NN_name.ipynb."
        )
    return (path.stem[: places[0].start()], places[0]["lesson"]) if places else ("", "")


def _refuse_doubles(files: Sequence[_File], folder: Path) -> None:
    """Grading does not guess which of two notebooks counts."""
    places = defaultdict(list)
    for file in files:
        places[file.student, file.lesson].append(str(file.path.relative_to(folder)))
    if doubles := [names for names in places.values() if len(names) > 1]:
        listed = "; ".join(" and ".join(names) for names in doubles)
        raise InputError(f"Several notebooks for one student and lesson: {listed}. Keep one each.")


def _refusal(path: Path, folder: Path) -> str:
    """Why a file must not be opened: it may be a link to the teacher's own files, or a device."""
    real = path.resolve()
    if not real.is_relative_to(folder.resolve()):
        return "it is a link out of the folder of submissions"
    return "" if real.is_file() else "it is no regular file"
