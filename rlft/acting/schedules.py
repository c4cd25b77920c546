"""Rules that choose h, the steps before the hand-off, without chance and without value estimates.

`Fixed` never moves it, `Linear` moves it with the clock, `Stepped` with what evaluations return
(JSRL's curriculum). The rules that draw h are in `roll_in.py`; the package `ajs` has the one that
estimates.

Letters: S seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rlft.acting.horizon import Horizon, ScheduleContext, longest
from rlft.core.checks import at_least, within
from rlft.core.errors import InputError
from rlft.core.registry import stored


@stored
@dataclass(frozen=True)
class Fixed:
    """The same h for the whole run; 0: the explorer acts alone.

    Attributes:
        steps: h, 0 or more; None for the whole episode.

    Raises:
        InputError: a negative number.
    """

    steps: int | None = 0

    def __post_init__(self) -> None:
        at_least(0, steps=self.steps, hint="Give 0 for no guide.", of="Fixed")

    def start(self, context: ScheduleContext) -> Horizon:
        """h, everywhere and always."""
        return Horizon(np.full(context.seeds, longest(self.steps, context)))


@stored
@dataclass(frozen=True)
class Linear:
    """h falls on a straight line, whatever happens: the fixed baseline of the AJS paper.

    The paper does not say over how many steps its baseline falls, so the length is an option. After
    n environment steps h = start_at - floor((start_at - end) n / steps), never below the line.

    Attributes:
        start_at: h at the beginning, 0 or more; None for the whole episode.
        end: h in the end, from 0 to `start_at`.
        share: share of the run, in (0, 1], after which h has arrived. By default half of it, so
            that the other half shows the explorer alone.
        steps: the same in environment steps per seed, 1 or more, and then `share` is not used; it
            may be longer than the run, which then ends with the guide still walking.

    Raises:
        InputError: a value outside its range, or an `end` above the start.
    """

    start_at: int | None = None
    end: int = 0
    share: float = 0.5
    steps: int | None = None

    def __post_init__(self) -> None:
        at_least(0, start_at=self.start_at, end=self.end, hint="Give 0 for no guide.", of="Linear")
        if self.start_at is not None:
            self._check_fall(self.start_at)
        hint = "Or give steps=... in environment steps."
        within(0, 1, without=(0,), share=self.share, hint=hint, of="Linear")
        hint = "Use Fixed(...) for an h that does not move."
        at_least(1, steps=self.steps, hint=hint, of="Linear")

    def _check_fall(self, start: int) -> None:
        if self.end > start:
            raise InputError(
                f"Linear: h would rise from {start} to end={self.end}. Give an end of {start} or "
                "less."
            )

    def start(self, context: ScheduleContext) -> Horizon:
        """Begins the fall."""
        start = longest(self.start_at, context)
        self._check_fall(start)
        over = self.steps or max(round(self.share * context.steps), 1)
        return _Falling(context.seeds, start, self.end, over)


class _Falling(Horizon):
    """h from `start` to `end` over a number of environment steps."""

    def __init__(self, seeds: int, start: int, end: int, over: int) -> None:
        super().__init__(np.full(seeds, start))
        self.start, self.end, self.over = start, end, over

    def after_step(self, step: int) -> None:
        """Moves all seeds down the line."""
        gone = min(step, self.over)
        self.proposed[:] = self.start - (self.start - self.end) * gone // self.over


@stored
@dataclass(frozen=True)
class Stepped:
    """JSRL's curriculum: the next smaller h as soon as guide and explorer do well enough together.

    At every evaluation a seed's moving mean M of its last returns is compared with its best one, B:
    it advances one stage when M >= B - tolerance |B|, and then B = max(B, M). The first moving mean
    only sets B. There is no way back.

    Two public code bases differ. `steventango/jumpstart-rl` is the rule above with window 1 and
    tolerance 0. `jsrl-CORL` has 10 even stages, window 5 and tolerance 0.05, and another rule: its
    first full window advances at once; B is the mean at the last advance, so B may fall; the
    threshold is B - tolerance B, which lies *above* B where returns are negative.

    The defaults are jsrl-CORL's stages and tolerance, with window 1: a course run has some sixteen
    evaluations, and a window of five would be a third of it.

    Attributes:
        stages: the values of h, decreasing, 0 or more; None for even stages from the time limit to
            0.
        count: number of even stages, 2 or more; used when `stages` is None.
        tolerance: share of |B| that M may stay below B, 0 or more.
        window: evaluations in a moving mean, 1 or more.

    Raises:
        InputError: a value outside its range, or stages that do not decrease.
    """

    stages: tuple[int, ...] | None = None
    count: int = 10
    tolerance: float = 0.05
    window: int = 1

    def __post_init__(self) -> None:
        if self.stages is not None:
            _check_stages(self.stages)
        at_least(2, count=self.count, hint="Use 10 stages.", of="Stepped")
        at_least(0, tolerance=self.tolerance, hint="Use 0.05, or 0 to allow nothing.", of="Stepped")
        at_least(1, window=self.window, hint="Use 1 for no averaging.", of="Stepped")

    def start(self, context: ScheduleContext) -> Horizon:
        """Begins with the first stage."""
        stages = self.stages
        if stages is None:
            even = np.linspace(longest(None, context), 0, self.count).round()
            stages = tuple(int(h) for h in even)
            _check_stages(stages)
        longest(stages[0], context)
        return _Curriculum(context.seeds, stages, self.tolerance, self.window)


def _check_stages(stages: tuple[int, ...]) -> None:
    """Raises InputError unless the stages decrease and none is negative."""
    if not stages or stages[-1] < 0 or any(a <= b for a, b in pairwise(stages)):
        raise InputError(
            f"Stepped: the stages {stages} must be numbers of steps that decrease, the last one 0 "
            "or more, for example (60, 40, 20, 0). If you gave count=..., lower it."
        )


class _Curriculum(Horizon):
    """The stage of each seed, moved by evaluations."""

    def __init__(self, seeds: int, stages: tuple[int, ...], tolerance: float, window: int) -> None:
        super().__init__(np.full(seeds, stages[0]))
        self.stages = np.array(stages)
        self.tolerance, self.window = tolerance, window
        self.stage = np.zeros(seeds, np.int64)  # (S,)
        self.best = np.full(seeds, -np.inf)  # (S,)
        self.returns: list[np.ndarray] = []

    def after_evaluation(self, step: int, returns: np.ndarray) -> None:
        """Advances the seeds whose moving mean is good enough."""
        self.returns = [*self.returns, np.asarray(returns, np.float64)][-self.window :]
        if len(self.returns) < self.window:
            return
        mean = np.mean(self.returns, axis=0)  # (S,)
        # -inf marks the first mean, and -inf minus a share of it is not a number.
        first = np.isinf(self.best)  # (S,)
        best = np.where(first, mean, self.best)  # (S,)
        advances = ~first & (mean >= best - self.tolerance * np.abs(best))  # (S,)
        self.stage = np.minimum(self.stage + advances, len(self.stages) - 1)
        self.best = np.maximum(best, mean)
        self.proposed[:] = self.stages[self.stage]
