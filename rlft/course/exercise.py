"""What an exercise is: a function to write, cases to try it on, and the mistakes that people make.

A misconception is kept as code, the wrong function itself. A check recognises it by what it does:
an answer that gives the wrong function's values has the wrong function's idea, however it is
written. So a hint needs no reading of the learner's source, and each one can be tested.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rlft.core.checks import at_least, refused
from rlft.core.errors import InputError

Answer = Callable[..., Any]
Observe = Callable[[Answer, dict[str, Any]], Any]
HINTS = 3  # of every exercise: what to look at, how to go on, nearly the answer


def call(answer: Answer, arguments: dict[str, Any]) -> Any:
    """Observes what the answer returns, the usual thing to compare."""
    return answer(**arguments)


@dataclass(frozen=True)
class Case:
    """One thing that an answer is tried on.

    Attributes:
        name: what is special here, as in ``"one episode terminates"``.
        arguments: parameter name to value. Small, so that a person can compute the answer. Tensors
            and arrays are copied for each call, and an answer that changes them is told so.
        observe: what is compared, given the answer and its arguments: by default what it returns.
            Others call it several times, or look at a gradient.
    """

    name: str
    arguments: Mapping[str, Any]
    observe: Observe = call


@dataclass(frozen=True)
class Misconception:
    """A known mistake.

    Attributes:
        name: the idea in a few words, as in ``"treats truncation as termination"``.
        wrong: the function as somebody with this idea would write it.
        hint: what to think about; it does not give the answer away.
    """

    name: str
    wrong: Answer
    hint: str


@dataclass(frozen=True)
class Exercise:
    """A function for the learner to write.

    Attributes:
        id: lesson and number, as in ``"03-2"``.
        name: of the function.
        title: the exercise in a few words.
        reference: the right answer; its docstring is the task's contract.
        cases: at least two, with different answers. The first is the simplest.
        misconceptions: at least three, each of which differs from the reference in some case.
        hints: three, each one telling more.
        seconds: a case that computes longer is stopped, see `limits`.

    Raises:
        InputError: an id of another form, too few cases, misconceptions or hints, or two of one
            name.
    """

    id: str
    name: str
    title: str
    reference: Answer
    cases: tuple[Case, ...]
    misconceptions: tuple[Misconception, ...]
    hints: tuple[str, str, str]
    seconds: float = field(default=5.0, kw_only=True)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\d\d-\d", self.id):
            raise refused("id", self.id, "lesson and number", "Write it as in '03-2'.", "Exercise")
        hint = f"Write more for exercise {self.id}."
        at_least(2, cases=len(self.cases), hint=hint)
        at_least(3, misconceptions=len(self.misconceptions), hint=hint)
        at_least(HINTS, hints=len(self.hints), hint=hint)
        for parts in (self.cases, self.misconceptions):
            names = [part.name for part in parts]
            if len(set(names)) < len(names):
                raise InputError(f"Exercise {self.id} uses a name twice in {names}. Rename one.")

    @property
    def lesson(self) -> str:
        """The lesson's two digits."""
        return self.id[:2]
