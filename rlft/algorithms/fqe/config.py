"""What fitted Q evaluation is asked, and what it answers: its configuration and its estimate.

Two questions matter most. Does Q see the clock, as a policy does that hands over at step h? And
does the return end at the time limit, as an episode's does, or is it endless and discounted?

Letters: S seeds, E ensemble members.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from torch import Tensor

from rlft.algorithms.returns import check_discount
from rlft.core.checks import at_least, one_of, refused, within
from rlft.core.registry import stored
from rlft.nets.stacked import CriticConfig


@stored
@dataclass(frozen=True)
class FQEConfig:
    """Fitted Q evaluation.

    Attributes:
        critics: Q ensemble. Each member bootstraps from its own target, so that the members are
            separate fits; the estimate is their mean.
        gamma: discount per step, in [0, 1); 1 is allowed with `finite_horizon`.
        batch_size: transitions per seed and update.
        lr: Adam's step size.
        target: the targets follow the critics at each update ("soft") or are copied from them now
            and then ("hard", as in d3rlpy).
        polyak: share of the way that soft targets move at each update, in (0, 1]. The value of a
            walk of 50 steps needs some 50 rounds of targets, and nothing chases these targets as a
            policy would: so ten times the learners' 0.03, with which the error after 300 updates
            is 18 instead of 5 (studies/fqe/results.md).
        hard_every: updates between two hard copies.
        clip: keep targets inside the range of returns that the rewards seen so far allow.
        time_aware: Q(s, a, t / T) instead of Q(s, a), for policies that look at the clock.
        finite_horizon: the return ends at the time limit, so the value there is 0. With gamma = 1
            it is the plain return of an episode. Without, a truncated episode goes on in principle.

    Raises:
        InputError: a value outside its range, or a finite horizon without a clock.
    """

    critics: CriticConfig = CriticConfig()
    gamma: float = 0.98
    batch_size: int = 128
    lr: float = 1e-3
    target: Literal["soft", "hard"] = "soft"
    polyak: float = 0.3
    hard_every: int = 20
    clip: bool = True
    time_aware: bool = False
    finite_horizon: bool = False

    def __post_init__(self) -> None:
        one_of(("soft", "hard"), target=self.target)
        within(0, 1, without=(0,), polyak=self.polyak, hint="Targets must move.")
        at_least(1, hard_every=self.hard_every, hint="Targets must move.")
        if self.finite_horizon and not self.time_aware:
            raise refused(
                "time_aware",
                self.time_aware,
                "True with finite_horizon=True",
                "How much return is left before the time limit depends on the step, which Q(s, a) "
                "does not see.",
            )
        check_discount(self.gamma, self.finite_horizon)


class Estimate(NamedTuple):
    """What fitted Q evaluation says about S policies, in units of return.

    Attributes:
        mean: (S,), mean over initial states and ensemble members.
        spread: (S,), standard deviation over the ensemble members of their means; 0 for E = 1.
            Members share the data, so the spread misses what the data does not show.
    """

    mean: Tensor
    spread: Tensor
