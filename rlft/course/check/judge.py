"""From what an answer did to what its author reads: passed cases, the first failure, a hint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rlft.course.check.observe import Observation, observe, observe_case, same
from rlft.course.check.values import described, difference, shown
from rlft.course.exercise import Answer, Case, Exercise, Misconception

Status = Literal["passed", "failed", "not started"]

CONSTANT = (
    "Your answer is the same in every case, so it does not depend on what it is given. Which "
    "arguments have you not used yet?"
)
PATIENCE = 60.0  # seconds for a case of the reference: it is right, however busy the machine is
NOTHING = "Your function gives None back: is the `return` missing?"


@dataclass(frozen=True)
class Failure:
    """The first case that went wrong, ready to be read.

    Attributes:
        case: its name.
        inputs: parameter and value, one pair for each argument.
        expected: the right value.
        got: the answer's value, or "" where there is none.
        problem: what is wrong, a clause.
    """

    case: str
    inputs: tuple[tuple[str, str], ...]
    expected: str
    got: str
    problem: str


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes:
        exercise: its id.
        title: its title.
        status: ``"not started"`` for a stub.
        passed: names of the cases that passed.
        total: number of cases.
        failure: the first one that did not pass.
        misconception: name of the recognised mistake, "" if none was.
        hint: one hint, "" if there is nothing to say.
    """

    exercise: str
    title: str
    status: Status
    passed: tuple[str, ...]
    total: int
    failure: Failure | None = None
    misconception: str = ""
    hint: str = ""


def judge(exercise: Exercise, answer: Answer) -> Verdict:
    """Tries an answer on the exercise's own cases and judges it; never raises.

    Args:
        exercise: what was asked.
        answer: the learner's object.
    """
    return conclude(exercise, exercise.cases, observe(exercise, answer))


def conclude(
    exercise: Exercise, cases: Sequence[Case], observations: Sequence[Observation]
) -> Verdict:
    """Judges what was observed.

    Args:
        exercise: what was asked.
        cases: that the answer was tried on.
        observations: one for each case.
    """
    expected = [observe_case(exercise.reference, case, PATIENCE) for case in cases]
    right = [same(seen, true) for seen, true in zip(observations, expected, strict=True)]
    passed = tuple(case.name for case, ok in zip(cases, right, strict=True) if ok)
    if all(right):
        return Verdict(exercise.id, exercise.title, "passed", passed, len(cases))
    if observations[0].kind == "not started":
        return Verdict(exercise.id, exercise.title, "not started", passed, len(cases))
    first = right.index(False)
    seen, true = observations[first], expected[first]
    problem = seen.problem or difference(true.value, seen.value) or "it differs"
    failure = Failure(
        case=cases[first].name,
        inputs=tuple((name, shown(value)) for name, value in cases[first].arguments.items()),
        expected=shown(true.value),
        got=shown(seen.value) if seen.kind in ("value", "changed its input") else "",
        problem=problem,
    )
    known = recognise(exercise, cases, observations, right)
    return Verdict(
        exercise=exercise.id,
        title=exercise.title,
        status="failed",
        passed=passed,
        total=len(cases),
        failure=failure,
        misconception=known.name if known else "",
        hint=known.hint if known else _general_hint(observations, expected),
    )


def recognise(
    exercise: Exercise,
    cases: Sequence[Case],
    observations: Sequence[Observation],
    right: Sequence[bool],
) -> Misconception | None:
    """The mistake that does what the answer does, in every case if there is one.

    Else one that does the same in the first wrong case and in all that the answer passes: agreement
    in a single case can be an accident, and its hint would mislead.

    Args:
        exercise: whose misconceptions are looked through, in order.
        cases: that the answer was tried on.
        observations: one for each case.
        right: which of them agree with the reference.

    Returns:
        None if the answer's mistake is not a known one.
    """
    fine = [i for i, ok in enumerate(right) if ok]
    for somewhere in (range(len(cases)), [*fine, list(right).index(False)]):
        for known in exercise.misconceptions:
            does = [observe_case(known.wrong, cases[i], exercise.seconds) for i in somewhere]
            if all(same(observations[i], seen) for i, seen in zip(somewhere, does, strict=True)):
                return known
    return None


def _general_hint(observations: Sequence[Observation], expected: Sequence[Observation]) -> str:
    """What to say about a mistake that is not known."""
    values = [seen for seen in observations if seen.kind == "value"]
    if not values:
        return ""
    if values[0].value is None and expected[0].value is not None:
        return NOTHING
    varied = any(not same(true, expected[0]) for true in expected[1:])
    # Of another kind or shape, that is the first thing to mend.
    kind = described(values[0].value) == described(expected[0].value)
    if kind and len(values) == len(expected) and varied and all(same(v, values[0]) for v in values):
        return CONSTANT
    return ""
