"""The gate with true returns in place of estimates: is a shortfall of AJS the fault of its judge?

Letters: S seeds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rlft.acting.ajs.rule import moved
from rlft.acting.horizon import Horizon, ScheduleContext, longest
from rlft.core.checks import at_least
from rlft.core.registry import stored


@stored
@dataclass(frozen=True)
class Oracle:
    """AJS's rule with the truth: it decides at evaluations, from what was rolled out there.

    The reference is the first evaluation, at the switch. No method: whoever deploys a policy has no
    rollouts that cost nothing. It is the control arm of `Automatic`, whose estimate it replaces.

    Attributes:
        start_at: h at the beginning, 0 or more; None for the whole episode.
        step: steps by which h moves, 1 or more.
        check_every: environment steps between two decisions, 1 or more; those of the judge that it
            is compared with. It waits for the next evaluation, so 1 decides at each.
        tolerance: what may be missing, in units of return, 0 or more.
        may_grow: whether h grows by `step`, up to its start, when the return is too low.

    Raises:
        InputError: a value outside its range.
    """

    start_at: int | None = None
    step: int = 4
    check_every: int = 1
    tolerance: float = 2.0
    may_grow: bool = True

    def __post_init__(self) -> None:
        hint = "Start from the defaults, Oracle()."
        at_least(0, start_at=self.start_at, tolerance=self.tolerance, hint=hint, of="Oracle")
        at_least(1, step=self.step, check_every=self.check_every, hint=hint, of="Oracle")

    def start(self, context: ScheduleContext) -> Horizon:
        """Begins with the longest h."""
        return _TrueGate(self, context.seeds, longest(self.start_at, context))


class _TrueGate(Horizon):
    """h of each seed, lowered where the return of guide and explorer is high enough."""

    def __init__(self, rule: Oracle, seeds: int, start: int) -> None:
        super().__init__(np.full(seeds, start))
        self.rule, self.start = rule, start
        self.reference: np.ndarray | None = None  # (S,)
        self.decided = 0  # the step of the last decision

    def after_evaluation(self, step: int, returns: np.ndarray) -> None:
        """Lowers h where the gate opens; where it does not, h stays or grows."""
        if self.reference is None:
            self.reference, self.decided = returns.copy(), step
        if step - self.decided < self.rule.check_every:
            return
        self.decided = step
        opens = returns >= self.reference - self.rule.tolerance  # (S,)
        self.proposed[:] = moved(
            self.proposed, opens, self.rule.step, self.start, self.rule.may_grow
        )
