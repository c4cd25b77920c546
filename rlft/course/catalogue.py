"""Every exercise and quiz of the course, found by its id.

Each package in `lessons/` is a lesson. Its `quiz.py` holds the questions, each other file an
exercise; a file without either (a fake that exercises are tried on) is not looked at.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from types import ModuleType

from rlft.core.checks import one_of
from rlft.core.errors import InputError
from rlft.course import lessons
from rlft.course.exercise import Exercise
from rlft.course.question import Question


@cache
def all_exercises() -> dict[str, Exercise]:
    """Exercise id to exercise, in the course's order."""
    found = [module.EXERCISE for module in _modules() if hasattr(module, "EXERCISE")]
    exercises = {exercise.id: exercise for exercise in sorted(found, key=lambda one: one.id)}
    if len(exercises) < len(found):
        ids = sorted(exercise.id for exercise in found)
        raise InputError(f"Two exercises have one id: {ids}. Give each a number of its own.")
    return exercises


@cache
def all_quizzes() -> dict[str, tuple[Question, ...]]:
    """Lesson, as in ``"03"``, to its questions."""
    found = [module for module in _modules() if hasattr(module, "QUIZ")]
    # The digits stand in the name of the package, as in `l03_fitted_q_evaluation`.
    return {module.__name__.split(".")[-2][1:3]: module.QUIZ for module in found}


def find_exercise(exercise_id: str) -> Exercise:
    """The exercise of an id such as ``"03-2"``.

    Raises:
        InputError: there is none.
    """
    exercises, key = all_exercises(), str(exercise_id)
    one_of(exercises, exercise=key, hint="The id stands in its heading.")
    return exercises[key]


def find_quiz(lesson: str) -> tuple[Question, ...]:
    """The questions of a lesson such as ``"03"``.

    Raises:
        InputError: there are none.
    """
    quizzes = all_quizzes()
    one_of(quizzes, quiz=lesson, hint="Quizzes have their lesson's two digits.")
    return quizzes[lesson]


def _modules() -> Iterator[ModuleType]:
    """The files of all lessons, by name."""
    for lesson in sorted(module.name for module in pkgutil.iter_modules(lessons.__path__)):
        package = importlib.import_module(f"{lessons.__name__}.{lesson}")
        for name in sorted(module.name for module in pkgutil.iter_modules(package.__path__)):
            yield importlib.import_module(f"{package.__name__}.{name}")
