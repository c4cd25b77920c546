"""What a person has done, in one small file of their own that can be carried to another machine."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from rlft.core.errors import InputError
from rlft.core.files import write_atomically
from rlft.course.exercise import HINTS

FORMAT = 1


@dataclass(frozen=True)
class Done:
    """How far one exercise is.

    Attributes:
        attempts: checks of something that was written, passed or not.
        hints: hints that were shown, 0 to 3.
        passed: when it was first passed, in UTC, "" if it was not.
    """

    attempts: int = 0
    hints: int = 0
    passed: str = ""


@dataclass
class Progress:
    """Everything that one person has done.

    Attributes:
        exercises: exercise id to how far it is.
        quizzes: lesson to the numbers of the questions that were answered right.
    """

    exercises: dict[str, Done] = field(default_factory=dict)
    quizzes: dict[str, list[int]] = field(default_factory=dict)

    def checked(self, exercise: str, *, passed: bool) -> None:
        """Counts an attempt."""
        old = self.exercises.get(exercise, Done())
        now = datetime.now(UTC).isoformat(timespec="seconds") if passed else ""
        self.exercises[exercise] = replace(old, attempts=old.attempts + 1, passed=old.passed or now)

    def hinted(self, exercise: str) -> int:
        """Counts a hint; returns its number, from 1, which stops at the last one."""
        old = self.exercises.get(exercise, Done())
        number = min(old.hints + 1, HINTS)
        self.exercises[exercise] = replace(old, hints=number)
        return number

    def answered(self, lesson: str, question: int) -> None:
        """Keeps that a question of a quiz was answered right."""
        self.quizzes[lesson] = sorted({*self.quizzes.get(lesson, []), question})


def progress_file() -> Path:
    """The file: RLFT_PROGRESS, or one in the folder that the system has for a user's data."""
    given = os.environ.get("RLFT_PROGRESS")
    if given:
        return Path(given)
    return Path(platformdirs.user_data_dir("rlft", appauthor=False)) / "progress.json"


def read_progress(path: Path) -> Progress:
    """Reads a file.

    Raises:
        InputError: it does not exist, or is not such a file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r}")
        return Progress(
            {str(key): Done(**value) for key, value in content["exercises"].items()},
            {str(key): [int(i) for i in value] for key, value in content["quizzes"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{str(path)!r} is not a file of progress ({error}). Expected one that "
            "`rlft.progress(save=...)` wrote."
        ) from error


def write_progress(progress: Progress, path: Path) -> None:
    """Writes a file, completely or not at all.

    Raises:
        InputError: the folder cannot be written to.
    """
    content = {"format": FORMAT, **asdict(progress)}
    text = json.dumps(content, indent=1, sort_keys=True) + "\n"
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def own_progress() -> Progress:
    """The user's progress; a file that cannot be read is put aside, not overwritten.

    Raises:
        InputError: it cannot be put aside either.
    """
    path = progress_file()
    if not os.path.exists(path):  # unlike the method of Path, it never raises
        return Progress()
    aside = path.with_suffix(".unreadable.json")
    try:
        return read_progress(path)
    except InputError:
        try:
            path.replace(aside)
        except OSError as error:
            raise InputError(f"{str(path)!r} can be neither read nor moved: {error}.") from error
        print(f"Your progress could not be read and starts afresh; the old file is {aside}")
        return Progress()


def merge(one: Progress, other: Progress) -> Progress:
    """What was done in either: the more attempts and hints, the earlier pass."""
    merged = Progress(dict(one.exercises), {key: list(v) for key, v in one.quizzes.items()})
    for key, theirs in other.exercises.items():
        ours = merged.exercises.get(key, Done())
        passes = [when for when in (ours.passed, theirs.passed) if when]
        merged.exercises[key] = Done(
            max(ours.attempts, theirs.attempts),
            max(ours.hints, theirs.hints),
            min(passes, default=""),
        )
    for lesson, numbers in other.quizzes.items():
        for number in numbers:
            merged.answered(lesson, number)
    return merged
