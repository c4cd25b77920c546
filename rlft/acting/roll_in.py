"""Rules that draw a new h for each episode: JSRL's random one and ExPLORe's roll-in.

Each seed has a random stream of its own, so that what one seed draws does not depend on when the
episodes of another end.

Letters: S seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rlft.acting.horizon import Horizon, ScheduleContext, longest
from rlft.core.checks import at_least, within
from rlft.core.registry import stored


@stored
@dataclass(frozen=True)
class Random:
    """A new h for each episode, uniform on 0, 1, ..., `up_to` (the paper's JSRL-Random).

    Attributes:
        up_to: the largest h, 0 or more; None for the whole episode.

    Raises:
        InputError: a negative number.
    """

    up_to: int | None = None

    def __post_init__(self) -> None:
        at_least(0, up_to=self.up_to, hint="Give 0 for no guide.", of="Random")

    def start(self, context: ScheduleContext) -> Horizon:
        """Draws the first episodes' h."""
        up_to = longest(self.up_to, context)
        return _Drawn(context, lambda stream: int(stream.integers(up_to + 1)))


@stored
@dataclass(frozen=True)
class Geometric:
    """ExPLORe's roll-in: some episodes begin with the guide, which may stop after any of its steps.

    With the roll-in probability the guide takes the first step of an episode; after each of its
    steps it goes on with the second probability. So h is 0, or geometric with mean
    1 / (1 - continue_probability), cut off at the time limit. In the public code the second number
    is the discount, 0.99, and the first 0.9 (AntMaze) or 0.5 (Adroit).

    Attributes:
        roll_in_probability: in [0, 1].
        continue_probability: in [0, 1]; the default is the course's discount, as in that code: 50
            steps on average.

    Raises:
        InputError: a probability outside [0, 1].
    """

    roll_in_probability: float = 0.9
    continue_probability: float = 0.98

    def __post_init__(self) -> None:
        within(
            0,
            1,
            roll_in_probability=self.roll_in_probability,
            continue_probability=self.continue_probability,
            hint="Use ExPLORe's 0.9 to roll in, 0.99 to continue.",
            of="Geometric",
        )

    def start(self, context: ScheduleContext) -> Horizon:
        """Draws the first episodes' h."""
        endless = self.continue_probability == 1
        limit = longest(None, context) if endless else context.time_limit

        def draw(stream: np.random.Generator) -> int:
            rolls_in = stream.random() < self.roll_in_probability
            if not rolls_in:
                return 0
            if endless:
                assert limit is not None
                return limit
            steps = int(stream.geometric(1 - self.continue_probability))
            return steps if limit is None else min(steps, limit)

        return _Drawn(context, draw)


class _Drawn(Horizon):
    """A new h for each episode, from each seed's own stream."""

    def __init__(
        self, context: ScheduleContext, draw: Callable[[np.random.Generator], int]
    ) -> None:
        roots = np.random.SeedSequence(context.seed).spawn(context.seeds)
        self.streams = [np.random.default_rng(root) for root in roots]
        self.draw = draw
        super().__init__(np.zeros(context.seeds))
        for h in (self.current, self.proposed):  # for the first episodes, and for those after them
            h[:] = [draw(stream) for stream in self.streams]

    def begin_episodes(self, begins: np.ndarray) -> None:
        """Brings the drawn h into force and draws the next."""
        super().begin_episodes(begins)
        for s in np.flatnonzero(begins):
            self.proposed[s] = self.draw(self.streams[s])
