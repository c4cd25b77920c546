"""From one notebook to marks: what its answers do in each case, judged against the reference."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rlft.course.check.judge import Verdict, conclude
from rlft.course.check.observe import Observation, same
from rlft.course.exercise import Exercise
from rlft.grading.marks.hidden import Hidden, HiddenCase
from rlft.grading.marks.table import Status
from rlft.grading.process.wire import WireError, decode_observation, encode
from rlft.grading.walls.limits import Ended

Ask = Callable[[dict[str, Any]], dict[str, Any]]
NOT_RUN = Observation("not run")
ENOUGH = ("not started", "too slow")  # after these, the other cases would only take as long again
MOST_NAMED = 3  # hidden cases in a message
# The reference runs in the grader, and PyTorch's random numbers are those of the whole process.
JUDGING = threading.Lock()


@dataclass(frozen=True)
class Mark:
    """What one exercise gets: `score` of `most` cases passed, see `table.Row`."""

    score: int
    most: int
    status: Status
    message: str


@dataclass
class _Tried:
    """One version of an answer, and what it did."""

    public: list[Observation] = field(default_factory=list)
    hidden: list[Observation] = field(default_factory=list)


def mark_all(
    exercises: Sequence[Exercise], hidden: Hidden, status: Status, message: str
) -> dict[str, Mark]:
    """Marks for a notebook none of whose answers were tried."""
    counts = {e.id: len(e.cases) + len(hidden.cases.get(e.id, ())) for e in exercises}
    return {key: Mark(0, most, status, message) for key, most in counts.items()}


def mark_notebook(
    ask: Ask,
    notebook: str,
    exercises: Sequence[Exercise],
    hidden: Hidden,
) -> dict[str, Mark]:
    """Has a notebook run and marks its exercises.

    What was tried before the notebook was ended still counts.

    Args:
        ask: sends a message to the notebook's process and gives its answer; may raise `Ended`.
        notebook: name of its file there.
        exercises: to look for.
        hidden: their hidden cases.

    Returns:
        Exercise id to mark.
    """
    try:
        ran = ask({"notebook": notebook, "exercises": [exercise.id for exercise in exercises]})
    except Ended as error:
        return mark_all(exercises, hidden, error.status, error.message)
    if "unreadable" in ran:
        return mark_all(exercises, hidden, "unreadable", str(ran["unreadable"]))
    tried = {one.id: [_Tried() for _ in range(_count(ran, one.id))] for one in exercises}
    ended = None
    try:
        _try_all(ask, exercises, hidden, tried)
    except Ended as error:
        ended = error
    marks = {}
    with JUDGING:
        for exercise in exercises:
            cases = hidden.cases.get(exercise.id, ())
            try:
                mark = _mark(exercise, cases, tried[exercise.id], ran, ended)
            except Exception as error:  # values of a form that nobody has thought of
                problem = f"What it returned cannot be judged ({type(error).__name__})."
                mark = Mark(0, len(exercise.cases) + len(cases), "broken", problem)
            marks[exercise.id] = mark
    return marks


def _try_all(
    ask: Ask,
    exercises: Sequence[Exercise],
    hidden: Hidden,
    tried: Mapping[str, Sequence[_Tried]],
) -> None:
    """Tries all answers on all cases. Hidden ones come last, when nothing follows any more whose
    outcome is told in detail: so no answer can pass on what it saw of them.
    """
    for exercise in exercises:
        for number, one in enumerate(tried[exercise.id]):
            for case in exercise.cases:
                request = _request(exercise, number, case.name, {})
                one.public.append(_observed(ask, request, one.public))
    for exercise in exercises:
        for number, one in enumerate(tried[exercise.id]):
            for case in hidden.cases.get(exercise.id, ()):
                request = _request(exercise, number, case.like, case.given)
                one.hidden.append(_observed(ask, request, [*one.public, *one.hidden]))


def _request(exercise: Exercise, answer: int, like: str, given: Mapping[str, Any]) -> Any:
    arguments = encode(dict(given))
    return {"exercise": exercise.id, "answer": answer, "like": like, "arguments": arguments}


def _observed(ask: Ask, request: Any, before: Sequence[Observation]) -> Observation:
    if before and before[-1].kind in (*ENOUGH, "not run"):
        return NOT_RUN
    try:
        return decode_observation(ask(request))
    except WireError as error:
        raise Ended("broken", f"its process sent {error}") from error


def _mark(
    exercise: Exercise,
    hidden: Sequence[HiddenCase],
    tried: Sequence[_Tried],
    ran: Mapping[str, Any],
    ended: Ended | None,
) -> Mark:
    """The mark of the best version, the latest of equal ones."""
    most = len(exercise.cases) + len(hidden)
    if not tried:
        return _without_answer(exercise, most, ran)
    marks = [_mark_one(exercise, hidden, one, ended) for one in tried]
    best = max(marks, key=lambda mark: mark.score)
    notes = [best.message]
    if len(tried) > 1:
        notes.append(
            f"The notebook has {len(tried)} versions of `{exercise.name}`; the best counts."
        )
    if best.status != "passed" and (error := _first_error(exercise, ran)):
        notes.append(f"Also: {error}.")
    return Mark(best.score, most, best.status, " ".join(filter(None, notes)))


def _mark_one(
    exercise: Exercise, hidden: Sequence[HiddenCase], one: _Tried, ended: Ended | None
) -> Mark:
    unfinished = len(one.public) < len(exercise.cases) or len(one.hidden) < len(hidden)
    public = one.public + [NOT_RUN] * (len(exercise.cases) - len(one.public))
    verdict = conclude(exercise, exercise.cases, public)
    wrong = [
        case.case.name
        for i, case in enumerate(hidden)
        if i >= len(one.hidden) or not same(one.hidden[i], case.expected)
    ]
    most = len(exercise.cases) + len(hidden)
    score = len(verdict.passed) + len(hidden) - len(wrong)
    if score == most:
        return Mark(score, most, "passed", "")
    if ended and unfinished:
        return Mark(score, most, ended.status, f"It was ended while it was tried: {ended.message}.")
    if verdict.status == "not started":
        return Mark(0, most, "not started", "The function is still to be written.")
    status: Status = "partial" if score else "failed"
    return Mark(score, most, status, " ".join(filter(None, (_told(verdict), _named(wrong)))))


def _told(verdict: Verdict) -> str:
    """The first public case that failed, and its hint."""
    if verdict.failure is None:
        return ""
    told = f"Case {verdict.failure.case!r}: {verdict.failure.problem}."
    return f"{told} Hint: {verdict.hint}" if verdict.hint else told


def _named(wrong: Sequence[str]) -> str:
    """Hidden cases that failed: their names and nothing more."""
    if not wrong:
        return ""
    rest = f" and {len(wrong) - MOST_NAMED} more" if len(wrong) > MOST_NAMED else ""
    return f"Hidden cases that fail: {', '.join(map(repr, wrong[:MOST_NAMED]))}{rest}."


def _without_answer(exercise: Exercise, most: int, ran: Mapping[str, Any]) -> Mark:
    foreign = ran.get("foreign")
    if isinstance(foreign, list) and exercise.id in foreign:
        message = f"`{exercise.name}` was not written in the notebook, only imported."
        return Mark(0, most, "failed", message)
    message = f"The notebook defines no `{exercise.name}`."
    error = _first_error(exercise, ran)
    own = error and error == _first_error(exercise, ran, others=False)
    status: Status = "failed" if own else "not started"
    return Mark(0, most, status, f"{message} Also: {error}." if error else message)


def _first_error(exercise: Exercise, ran: Mapping[str, Any], *, others: bool = True) -> str:
    """The first error of a cell that names the exercise's function, or else of any cell."""
    errors = ran.get("errors")
    if not isinstance(errors, dict):
        return ""
    return str(errors.get(exercise.id) or (others and errors.get("")) or "")[:300]


def _count(ran: Mapping[str, Any], exercise: str) -> int:
    """Number of versions of an answer, as the notebook's process says."""
    answers = ran.get("answers")
    count = answers.get(exercise) if isinstance(answers, dict) else 0
    return min(count, 4) if type(count) is int and count > 0 else 0
