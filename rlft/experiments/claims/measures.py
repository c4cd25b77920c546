"""What claims speak of, as numbers that one arm's seeds have: (S,) of what a run left behind.

Letters: S seeds, P evaluation points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from rlft.core.checks import one_of, refused
from rlft.core.registry import stored
from rlft.evaluate import average_return, drop, final_return, lowest_return

Columns = Mapping[str, np.ndarray]
Quantity = Literal["start", "lowest", "drop", "average", "final", "gain"]
QUANTITIES = ("start", "lowest", "drop", "average", "final", "gain")
Actor = Literal["learner", "whoever acts"]
# Returns, and the discounted ones that Q speaks of, are shown as shares of what a place's can span.
Unit = Literal["return", "discounted return", "its own"]
CURVES = {"learner": "returns_sampled", "whoever acts": "returns_behaviour"}


class Measure(Protocol):
    """One number for each seed of an arm."""

    @property
    def in_words(self) -> str:
        """What it is, for tables."""
        ...

    @property
    def unit(self) -> Unit:
        """In what it is measured."""
        ...

    def of(self, columns: Columns, release: int) -> np.ndarray:
        """The numbers, (S,).

        Args:
            columns: what the run left behind, by name: steps (P,), curves (S, P), metrics.
            release: the step from which the policy may move, after its warm-up.
        """
        ...


def from_step(columns: Columns, name: str, first: int) -> tuple[np.ndarray, np.ndarray]:
    """Steps (P,) and a curve (S, P) from a step on.

    Raises:
        InputError: no evaluation falls on that step.
    """
    steps = columns["steps"]
    if first not in steps:
        hint = "Let the evaluations divide the warm-up."
        raise refused("release", first, f"one of the evaluations {steps.tolist()}", hint)
    kept = steps >= first
    return steps[kept], columns[name][:, kept]


@stored
@dataclass(frozen=True)
class Curve:
    """A quantity of the learning curve, from the release of the policy on unless said otherwise.

    Attributes:
        quantity: "start", "lowest", "drop", "average", "final", the mean of the last three
            evaluations, or "gain", final minus start.
        actor: whose return: the "learner", with sampled actions, or "whoever acts".
        whole: from the switch on: what a warm-up costs counts.
        window: evaluations averaged before the lowest is taken.

    Raises:
        InputError: an unknown quantity or actor.
    """

    quantity: Quantity
    actor: Actor = "learner"
    whole: bool = False
    window: int = 1

    def __post_init__(self) -> None:
        one_of(QUANTITIES, quantity=self.quantity)
        one_of(CURVES, actor=self.actor)

    @property
    def in_words(self) -> str:
        whose = "" if self.actor == "learner" else f" of {self.actor}"
        return f"{self.quantity}{whose}{', from the switch on' * self.whole}"

    @property
    def unit(self) -> Unit:
        return "return"

    def of(self, columns: Columns, release: int) -> np.ndarray:
        steps, returns = from_step(columns, CURVES[self.actor], 0 if self.whole else release)
        start = returns[:, 0]  # (S,)
        made = {
            "start": lambda: start,
            "lowest": lambda: lowest_return(returns, self.window),
            "drop": lambda: drop(returns, self.window),
            "average": lambda: average_return(steps, returns),
            "final": lambda: final_return(returns),
            "gain": lambda: final_return(returns) - start,
        }
        return made[self.quantity]()


@stored
@dataclass(frozen=True)
class Probed:
    """What a probe saw, at one step after the release or how it changed since the switch.

    Attributes:
        column: name of what was seen, as in "q_logged".
        steps: after the release; the last evaluation if None.
        change: minus what it was at the switch.
        minus: name of what else was seen, which is taken off; "" for nothing.
        sign: -1 turns it round: of an error, how far Q is too low.
    """

    column: str
    steps: int | None = None
    change: bool = False
    minus: str = ""
    sign: float = 1.0

    @property
    def in_words(self) -> str:
        when = "at the end" if self.steps is None else f"{self.steps:,} steps after the release"
        name = self.column.replace("_", " ")
        if self.minus:
            name = f"({name} - {self.minus.replace('_', ' ')})"
        return f"{'minus ' * (self.sign < 0)}{name}, {when}{', minus at the switch' * self.change}"

    @property
    def unit(self) -> Unit:
        return "discounted return"

    def of(self, columns: Columns, release: int) -> np.ndarray:
        at = columns["steps"][-1] if self.steps is None else release + self.steps
        values = columns[self.column] - columns.get(self.minus, 0.0)  # (S, P)
        _, seen = from_step({**columns, "seen": values}, "seen", int(at))
        return self.sign * (seen[:, 0] - (values[:, 0] if self.change else 0.0))


def judged(columns: Columns) -> tuple[np.ndarray, np.ndarray]:
    """What the gate's judge said and what whoever acts returned, (S, D), at the D decisions.

    Only where a decision falls on an evaluation: behind it h has moved on, and the estimate is of
    the one before.

    Raises:
        InputError: none does.
    """
    steps, decided = columns["steps"][1:], columns["metrics.decided_at"][0]  # (P - 1,) both
    if not (fresh := decided == steps).any():
        hint = "Let evaluations and decisions fall on the same steps."
        raise refused("decisions", np.unique(decided).tolist(), f"some of {steps.tolist()}", hint)
    return columns["metrics.estimate"][:, fresh], columns["returns_behaviour"][:, 1:][:, fresh]


@stored
@dataclass(frozen=True)
class JudgeError:
    """How far the gate's judge is from the truth: minus the mean of |estimate - return|.

    Over the decisions that fall on an evaluation.
    """

    @property
    def in_words(self) -> str:
        return "minus the judge's mean error"

    @property
    def unit(self) -> Unit:
        return "return"

    def of(self, columns: Columns, release: int) -> np.ndarray:
        said, true = judged(columns)
        return -np.abs(said - true).mean(1)


@stored
@dataclass(frozen=True)
class JudgeFollows:
    """Correlation over a run between the judge's estimate and the true return, in [-1, 1].

    0 for a seed of which one of the two never moved.
    """

    @property
    def in_words(self) -> str:
        return "correlation of judge and truth"

    @property
    def unit(self) -> Unit:
        return "its own"

    def of(self, columns: Columns, release: int) -> np.ndarray:
        one, other = (x - x.mean(1, keepdims=True) for x in judged(columns))  # (S, D) each
        size = np.sqrt((one**2).sum(1) * (other**2).sum(1))  # (S,)
        return np.divide((one * other).sum(1), size, out=np.zeros_like(size), where=size > 0)


@stored
@dataclass(frozen=True)
class GuideLeft:
    """h at the end as a share of h at the beginning, in [0, 1]: how much the guide still walks.

    Attributes:
        start: h at the beginning.
    """

    start: int

    @property
    def in_words(self) -> str:
        return "h at the end, of its start"

    @property
    def unit(self) -> Unit:
        return "its own"

    def of(self, columns: Columns, release: int) -> np.ndarray:
        return columns["metrics.guide_steps"][:, -1] / self.start


@stored
@dataclass(frozen=True)
class Moved:
    """How far the policy is from the prior's at the end, in nats at logged states."""

    @property
    def in_words(self) -> str:
        return "nats from the prior at the end"

    @property
    def unit(self) -> Unit:
        return "its own"

    def of(self, columns: Columns, release: int) -> np.ndarray:
        return columns["kl"][:, -1]
