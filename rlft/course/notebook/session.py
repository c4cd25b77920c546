"""What a learner calls in a notebook: `check`, `hint`, `working`, `quiz` and `progress`.

An exercise that stops the notebook teaches nothing, so wrong input is shown and not raised; only
`working` needs an exercise that exists, as it gives something back. With the environment variable
RLFT_STRICT=1, as when solutions are tested, a check that does not pass is an error.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rlft.core.errors import InputError
from rlft.course.catalogue import all_exercises, find_exercise, find_quiz
from rlft.course.check.judge import judge
from rlft.course.exercise import HINTS, Answer
from rlft.course.notebook.messages import show_message
from rlft.course.notebook.overview import overview_html, overview_text
from rlft.course.notebook.progress import (
    Progress,
    merge,
    own_progress,
    progress_file,
    read_progress,
    write_progress,
)
from rlft.course.notebook.quiz import show_quiz
from rlft.course.notebook.verdict import headline, to_html, to_text
from rlft.course.question import reply_to


@dataclass
class Session:
    """What was checked since the kernel started.

    Attributes:
        answers: exercise id to every object that was checked, the latest last.
        working: exercise id to the learner's object if its latest check passed.
    """

    answers: dict[str, list[Any]] = field(default_factory=dict)
    working: dict[str, Answer] = field(default_factory=dict)


SESSION = Session()


def check(exercise_id: str, answer: Answer) -> None:
    """Tries your answer on the exercise's cases and shows what came out.

    Shows the cases that pass, the first one that does not with its inputs, what was expected and
    what came, and a hint.

    Args:
        exercise_id: as in the exercise's heading, for example ``"03-2"``.
        answer: your function itself, without brackets.

    Raises:
        AssertionError: only where RLFT_STRICT=1 is set, if the answer does not pass.
    """
    with _gently() as problems:
        exercise = find_exercise(exercise_id)
        SESSION.answers.setdefault(exercise.id, []).append(answer)
        verdict = judge(exercise, answer)
        if verdict.status == "passed":
            SESSION.working[exercise.id] = answer
        else:
            SESSION.working.pop(exercise.id, None)
        show_message(to_text(verdict), to_html(verdict))
        if verdict.status != "not started":
            _keep(lambda own: own.checked(exercise.id, passed=verdict.status == "passed"))
        if verdict.status != "passed":
            problems.append(headline(verdict))
    if problems and os.environ.get("RLFT_STRICT") == "1":
        raise AssertionError(problems[0])


def hint(exercise_id: str) -> None:
    """Shows the next of the exercise's three hints, below those that you have seen.

    Args:
        exercise_id: as in the exercise's heading.
    """
    with _gently():
        exercise = find_exercise(exercise_id)
        number = _keep(lambda own: own.hinted(exercise.id)) or 1
        lines = [
            f"Hint {i} of {HINTS} for {exercise.id}: {exercise.hints[i - 1]}"
            for i in range(1, number + 1)
        ]
        if number == HINTS:
            lines.append("These are all. The folder `solutions` has an answer with its reasons.")
        show_message("\n".join(lines))


def working(exercise_id: str) -> Answer:
    """A version of the exercise's function that works: yours if it passed, or the reference.

    Says which one it is. Run your check first: what passed in an earlier kernel is not known here.

    Args:
        exercise_id: as in the exercise's heading.

    Returns:
        A function.

    Raises:
        InputError: there is no such exercise; without it, the next cell could not go on.
    """
    exercise = find_exercise(exercise_id)
    own = SESSION.working.get(exercise.id)
    if own is None:
        show_message(
            f"Exercise {exercise.id}: your `{exercise.name}` has not passed here yet, so this uses "
            "the reference."
        )
        return exercise.reference
    show_message(f"Exercise {exercise.id}: this uses your own `{exercise.name}`.")
    return own


def quiz(lesson: str, answers: str | None = None) -> None:
    """Shows the three questions of a lesson; a button answers at once and says why.

    Args:
        lesson: its two digits, for example ``"03"``.
        answers: for places without buttons, a letter for each question, as in ``"bca"``; ``-``
            leaves one out.
    """

    def keep(number: int) -> None:
        _keep(lambda own: own.answered(lesson, number))

    with _gently():
        questions = find_quiz(lesson)
        if answers is None:
            show_quiz(questions, lesson, keep)
            return
        text, right = reply_to(questions, answers)
        for number in right:
            keep(number)
        show_message(text)


def progress(*, save: str | Path | None = None, load: str | Path | None = None) -> None:
    """Shows what you have done, and carries it to another machine.

    It is kept in a file of yours on this machine. On Binder that is gone with the session: save it,
    download it, and load it next time.

    Args:
        save: a file to write it to.
        load: a file that was saved; what it holds is added to what is known here.
    """
    with _gently():
        own = own_progress()
        if load is not None:
            own = merge(own, read_progress(Path(load)))
            write_progress(own, progress_file())
        if save is not None:
            write_progress(own, Path(save))
        exercises = all_exercises().values()
        show_message(overview_text(own, exercises), overview_html(own, exercises))


@contextmanager
def _gently() -> Iterator[list[str]]:
    """In the block, a wrong input is shown and not raised; the list then holds it."""
    problems: list[str] = []
    try:
        yield problems
    except InputError as error:
        show_message(f"✗ {error}")
        problems.append(str(error))


def _keep(change: Callable[[Progress], int | None]) -> int | None:
    """Changes the user's progress; that it cannot be kept is a pity, and no reason to stop.

    Returns:
        What the change returns; None if the progress could not be read.
    """
    result = None
    try:
        own = own_progress()
        result = change(own)
        write_progress(own, progress_file())
    except InputError as error:
        show_message(f"Your progress is not kept: {error}")
    return result
