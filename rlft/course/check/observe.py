"""Trying an answer on cases: what came out, or what went wrong. Nothing that it does gets through.

Kept apart from the judgement (`judge`), so that grading can observe in one process and judge in
another.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from rlft.core.files import PACKAGE
from rlft.course.check.time_limit import run_limited
from rlft.course.check.values import copied, difference, shown
from rlft.course.exercise import Answer, Case, Exercise

Kind = Literal["value", "not started", "raised", "too slow", "changed its input", "not run"]


@dataclass(frozen=True)
class Observation:
    """What an answer did in one case.

    Attributes:
        kind: ``"value"`` if it returned something and left its arguments alone.
        value: what was observed; None for the other kinds but ``"changed its input"``.
        problem: the other kinds in words, for example the error and the line that raised it.
        error: name of the exception's type, "" if there was none.
    """

    kind: Kind
    value: Any = None
    problem: str = ""
    error: str = ""


def observe(
    exercise: Exercise, answer: Answer, cases: Sequence[Case] | None = None
) -> list[Observation]:
    """Tries an answer on cases, in order, and never raises.

    After a case that has not been started or is too slow, the others are not run: they would only
    take as long again.

    Args:
        exercise: whose time limit and cases are used.
        answer: anything; what cannot be called is a problem like others.
        cases: other cases than the exercise's own.

    Returns:
        An observation for each case.
    """
    chosen = exercise.cases if cases is None else cases
    if problem := _unusable(exercise, answer):
        return [Observation("raised", problem=problem)] + [Observation("not run")] * (
            len(chosen) - 1
        )
    seen: list[Observation] = []
    for case in chosen:
        if seen and seen[-1].kind in ("not started", "too slow", "not run"):
            seen.append(Observation("not run"))
        else:
            seen.append(observe_case(answer, case, exercise.seconds))
    return seen


def observe_case(answer: Answer, case: Case, seconds: float) -> Observation:
    """Tries an answer on one case, within the time limit."""
    arguments = copied(dict(case.arguments))
    try:
        with torch.random.fork_rng(devices=[]):  # the notebook's random numbers go on as before
            torch.manual_seed(0)
            value = run_limited(lambda: case.observe(answer, arguments), seconds)
            value = copied(value)  # later calls must not change it
    except NotImplementedError:
        return Observation("not started", problem="it is still to be written")
    except TimeoutError:
        return Observation(
            "too slow",
            problem=f"it was stopped after {seconds:g} seconds; is there a loop that never ends?",
        )
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Observation("raised", problem=_told(error), error=type(error).__name__)
    for name, before in case.arguments.items():
        if changed := _changed(before, arguments.get(name)):
            return Observation(
                "changed its input",
                value,
                f"it changed its argument `{name}` ({changed}); a caller would not expect that. "
                "Work on new tensors: operations that end in an underscore, `+=` and assignments "
                "to an index change the old one",
            )
    return Observation("value", value)


def same(one: Observation, other: Observation) -> bool:
    """Whether two answers did the same in a case."""
    if one.kind != other.kind or one.error != other.error:
        return False
    return difference(one.value, other.value) is None


def _changed(before: Any, after: Any) -> str | None:
    """How an argument differs from what it was; only data is looked at, not live objects."""
    if isinstance(before, torch.Tensor | list | dict) or type(before).__name__ == "ndarray":
        return difference(before, after)
    return None


def _unusable(exercise: Exercise, answer: Any) -> str:
    """Why an answer cannot be tried at all, or ""."""
    if not callable(answer):
        return (
            f"it is {shown(answer)}, not a function. Give the function itself, without brackets "
            f"behind its name: `{exercise.name}`"
        )
    try:
        expected = list(inspect.signature(exercise.reference).parameters)
        inspect.signature(answer).bind(**dict.fromkeys(expected))
    except TypeError:
        own = list(inspect.signature(answer).parameters)
        return f"its parameters are ({', '.join(own)}), expected ({', '.join(expected)})"
    except ValueError:  # a built-in function without a signature
        return ""
    return ""


def _told(error: BaseException) -> str:
    """An exception in a line: type, message, and the line of the answer that it came from."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(str(PACKAGE)) and "site-packages" not in frame.filename
    ]
    place = f", in line {frames[-1].lineno}" if frames else ""
    if frames and frames[-1].line:
        place += f": `{frames[-1].line}`"
    message = str(error).splitlines()[0] if str(error) else ""
    return f"it raised {type(error).__name__}: {message}"[:300] + place[:200]
