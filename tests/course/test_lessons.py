"""Every exercise: right answers pass however they are written, each known mistake gets its hint."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import time
from collections.abc import Callable, Iterator
from types import ModuleType

import numpy as np
import pytest
import torch

from rlft.course import lessons
from rlft.course.catalogue import all_exercises
from rlft.course.check.judge import judge
from rlft.course.check.observe import observe_case
from rlft.course.check.values import copied
from rlft.course.exercise import Exercise

EXERCISES = list(all_exercises().values())
LESSONS = {module.name[1:3]: module.name for module in pkgutil.iter_modules(lessons.__path__)}
# `answers` has a file for each exercise, as the lessons have.
ANSWERS: dict[str, ModuleType] = {
    exercise.id: importlib.import_module(f"answers.{LESSONS[exercise.lesson]}.{exercise.name}")
    for exercise in EXERCISES
}
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)


def right_answers() -> Iterator[object]:
    for exercise in EXERCISES:
        for answer in (exercise.reference, *ANSWERS[exercise.id].RIGHT):
            yield pytest.param(exercise, answer, id=f"{exercise.id}-{answer.__name__}")


def wrong_answers() -> Iterator[object]:
    """The wrong answers of the exercise itself, and others with the same idea."""
    for exercise in EXERCISES:
        for known in exercise.misconceptions:
            for answer in [known.wrong, *ANSWERS[exercise.id].WRONG.get(known.name, [])]:
                name = f"{exercise.id}-{known.name}-{answer.__name__}"
                yield pytest.param(exercise, known.name, answer, id=name)


@pytest.mark.parametrize(("exercise", "answer"), list(right_answers()))
def test_the_reference_and_answers_that_are_written_differently_pass(
    exercise: Exercise, answer: Callable
) -> None:
    verdict = judge(exercise, answer)
    assert verdict.status == "passed", verdict.failure
    assert verdict.passed == tuple(case.name for case in exercise.cases)


@each_exercise
def test_there_are_enough_answers_and_none_is_the_reference(exercise: Exercise) -> None:
    answers = ANSWERS[exercise.id]
    assert len(answers.RIGHT) >= 3
    sources = [inspect.getsource(answer) for answer in (exercise.reference, *answers.RIGHT)]
    bodies = [source.split(":", 1)[1].strip() for source in sources]
    assert len(set(bodies)) == len(bodies)
    # Each mistake is also written in another way than in the exercise's own file.
    assert set(answers.WRONG) == {known.name for known in exercise.misconceptions}
    assert all(answers.WRONG.values())


@pytest.mark.parametrize(("exercise", "name", "answer"), list(wrong_answers()))
def test_each_mistake_fails_with_its_own_hint(
    exercise: Exercise, name: str, answer: Callable
) -> None:
    verdict = judge(exercise, answer)
    assert verdict.status == "failed"
    assert verdict.misconception == name
    assert verdict.hint == next(m.hint for m in exercise.misconceptions if m.name == name)
    assert verdict.failure is not None


@each_exercise
def test_an_answer_that_ignores_its_inputs_fails(exercise: Exercise) -> None:
    for case in exercise.cases:
        fixed = observe_case(exercise.reference, case, 60.0).value

        def constant(*args: object, fixed: object = fixed, **kwargs: object) -> object:
            return fixed

        assert judge(exercise, constant).status == "failed", f"the value of {case.name!r} passes"


@each_exercise
def test_no_hint_is_said_twice_or_too_long_to_be_read(exercise: Exercise) -> None:
    assert len(set(exercise.hints)) == 3
    hints = [known.hint for known in exercise.misconceptions]
    assert len(set(hints)) == len(hints)
    assert all(20 < len(text) < 500 for text in (*exercise.hints, *hints))


@each_exercise
def test_strange_answers_fail_and_never_raise(exercise: Exercise) -> None:
    def raises(*args: object, **kwargs: object) -> object:
        raise KeyError("lost")

    def leaves(*args: object, **kwargs: object) -> object:
        raise SystemExit(1)

    strange = (
        raises,
        leaves,
        lambda *args, **kwargs: None,
        lambda *args, **kwargs: [],
        lambda *args, **kwargs: "0.5",
        lambda *args, **kwargs: torch.zeros(7, 7, 7),
        3,
        None,
        exercise,
    )
    for answer in strange:
        verdict = judge(exercise, answer)
        assert verdict.status == "failed", answer
        assert verdict.failure is not None


@each_exercise
def test_an_endless_answer_is_stopped(exercise: Exercise) -> None:
    def endless(*args: object, **kwargs: object) -> None:
        while True:
            time.sleep(0)

    verdict = judge(dataclasses.replace(exercise, seconds=0.2), endless)
    assert verdict.status == "failed"
    assert "never ends" in verdict.failure.problem


@each_exercise
def test_a_right_answer_that_changes_its_inputs_fails(exercise: Exercise) -> None:
    def spoils(*args: object, **kwargs: object) -> object:
        value = copied(exercise.reference(*args, **kwargs))
        for given in (*args, *kwargs.values()):
            if isinstance(given, torch.Tensor) and given.is_floating_point():
                given.data.add_(1)
            elif isinstance(given, np.ndarray) and given.dtype.kind == "f":
                given += 1
            elif isinstance(given, torch.Tensor | np.ndarray):
                given[...] = 1 - given if given.ndim else given
        return value

    takes_data = any(
        isinstance(given, torch.Tensor | np.ndarray)
        for case in exercise.cases
        for given in case.arguments.values()
    )
    if takes_data:  # the others are given numbers, or parts that note what is done to them
        assert judge(exercise, spoils).status == "failed"


def test_the_course_has_enough_exercises() -> None:
    assert len(EXERCISES) >= 25


def test_a_file_is_called_by_what_its_exercise_asks_for() -> None:
    for exercise in EXERCISES:
        package = f"rlft.course.lessons.{LESSONS[exercise.lesson]}"
        assert importlib.import_module(f"{package}.{exercise.name}").EXERCISE is exercise
