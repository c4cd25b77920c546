"""How many seeds collapsed, with the interval of a share.

Fine-tuning from a prior often has two ends: seeds that keep most of what they could do, and seeds
that lose it. The mean then lies where no seed does, and its interval is as wide as the gap. How
many seeds collapsed says it in one number.

Letters: S seeds, P evaluation points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from rlft.core.checks import at_least, refused, within
from rlft.evaluate.metrics import drop, start_return


@dataclass(frozen=True)
class Share:
    """So many of so many seeds, and the interval of the probability behind it.

    The interval is Wilson's. Clopper and Pearson's never covers less than it promises, and pays
    with width: of 10 seeds it covers 98 % where 95 were promised, averaged over all probabilities.
    Wilson's covers 95 on that average, stays within [0, 1], and says something of 0 of S as well;
    at a few probabilities it covers less, 84 % at worst with 10 seeds.

    Source: Brown, Cai, DasGupta, "Interval Estimation for a Binomial Proportion" (Statistical
    Science 16(2), 2001), which advises it for 40 values or fewer.

    Attributes:
        count: of the seeds, those that did, in [0, seeds].
        seeds: S >= 1.
        confidence: in (0, 1).

    Raises:
        InputError: a number outside of its range.
    """

    count: int
    seeds: int
    confidence: float = 0.95

    def __post_init__(self) -> None:
        at_least(1, seeds=self.seeds, hint="Of no seeds there is no share.")
        within(0, self.seeds, count=self.count, hint="Count seeds, of those that there are.")
        within(0, 1, without=(0, 1), confidence=self.confidence, hint="0.95 is usual.")

    @property
    def share(self) -> float:
        """In [0, 1]."""
        return self.count / self.seeds

    @property
    def low(self) -> float:
        """Lower end of the interval, in [0, 1]."""
        return self._ends()[0]

    @property
    def high(self) -> float:
        """Upper end of the interval, in [0, 1]."""
        return self._ends()[1]

    def _ends(self) -> tuple[float, float]:
        test = stats.binomtest(self.count, self.seeds)
        ends = test.proportion_ci(self.confidence, method="wilson")
        return float(ends.low), float(ends.high)

    def __str__(self) -> str:
        """As in "2 of 10 [6 %, 51 %]"."""
        return f"{self.count} of {self.seeds} [{100 * self.low:.0f} %, {100 * self.high:.0f} %]"


@dataclass(frozen=True)
class Collapse:
    """The rule of what counts as collapsed: losing more than a share of what there was to lose.

    What a seed has to lose lies between its start and the floor, the return of a policy that can
    nothing: in a maze that of never arriving, elsewhere that of random actions, or 0.

    Attributes:
        floor: in the unit of the return.
        share: in [0, 1): the drop must be larger than this share of start - floor.

    Raises:
        InputError: a share outside [0, 1), or a floor that is not finite.
    """

    floor: float
    share: float = 0.5

    def __post_init__(self) -> None:
        if not np.isfinite(self.floor):
            hint = "Give the return of a policy that can nothing."
            raise refused("floor", self.floor, "a finite number", hint, of="Collapse")
        within(0, 1, without=(1,), share=self.share, of="Collapse", hint="0.5 is half of it.")

    def collapsed(self, returns: np.ndarray, window: int = 1) -> np.ndarray:
        """Which seeds collapsed at some time, also those that recovered.

        A seed that starts at the floor or below has nothing to lose, and does not.

        Args:
            returns: (S, P), P >= 2, the first at the switch.
            window: evaluation points averaged before the lowest is taken, see `metrics.drop`.

        Returns:
            (S,) bool.

        Raises:
            InputError: a curve that `metrics.drop` refuses.
        """
        to_lose = start_return(returns) - self.floor  # (S,)
        return (to_lose > 0) & (drop(returns, window) > self.share * to_lose)

    def __str__(self) -> str:
        return f"drop > {self.share:.0%} of what lies between start and {self.floor:g}"


def collapsed_share(
    returns: np.ndarray, rule: Collapse, *, window: int = 1, confidence: float = 0.95
) -> Share:
    """How many seeds collapsed, as in "2 of 10 [6 %, 51 %]".

    Args:
        returns: (S, P), P >= 2, the first at the switch.
        rule: what counts as collapsed.
        window: evaluation points averaged before the lowest is taken, see `metrics.drop`.
        confidence: of the interval, in (0, 1).

    Raises:
        InputError: a curve that `metrics.drop` refuses, or a confidence outside (0, 1).
    """
    fell = rule.collapsed(returns, window)  # (S,)
    return Share(int(fell.sum()), len(fell), confidence)
