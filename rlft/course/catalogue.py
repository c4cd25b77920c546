"""Every exercise and quiz of the course, found by its id.

Each file in `exercises/` holds one exercise, each file in `quizzes/` one lesson's questions.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

import rlft.course.exercises as exercise_files
import rlft.course.quizzes as quiz_files
from rlft.core.errors import InputError, unknown
from rlft.course.exercise import Exercise

if TYPE_CHECKING:  # importing it would bring matplotlib, which grading and building do not need
    from rlft.show.quiz import Question


@cache
def all_exercises() -> dict[str, Exercise]:
    """Exercise id to exercise, in the course's order."""
    found = [_value(module, "EXERCISE") for module in _modules(exercise_files)]
    return {exercise.id: exercise for exercise in sorted(found, key=lambda one: one.id)}


@cache
def all_quizzes() -> dict[str, tuple[Question, ...]]:
    """Lesson, as in ``"03"``, to its questions."""
    return {module.__name__[-2:]: _value(module, "QUIZ") for module in _modules(quiz_files)}


def find_exercise(exercise_id: str) -> Exercise:
    """The exercise of an id such as ``"03-2"``.

    Raises:
        InputError: there is none.
    """
    exercises, key = all_exercises(), str(exercise_id)
    if key not in exercises:
        raise unknown("exercise", key, exercises, "The id stands in its heading.")
    return exercises[key]


def find_quiz(lesson: str) -> tuple[Question, ...]:
    """The questions of a lesson such as ``"03"``.

    Raises:
        InputError: there are none.
    """
    quizzes = all_quizzes()
    if lesson not in quizzes:
        raise unknown("quiz", str(lesson), quizzes, "Quizzes have their lesson's two digits.")
    return quizzes[lesson]


def _modules(package: ModuleType) -> list[Any]:
    """The modules of a package, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


def _value(module: ModuleType, name: str) -> Any:
    """What a file of the course defines."""
    if not hasattr(module, name):
        raise InputError(f"{module.__file__} defines no {name}: write it, or move the file away.")
    return getattr(module, name)
