"""Means with a 95 % interval over seeds, by the bootstrap.

The interval is the *expanded* percentile bootstrap: resample seeds with replacement, take the mean,
read off percentiles that are widened for small samples. On normal values, plain percentiles that
promise 95 % hold the truth 85 % of the time with 6 seeds and 91 % with 10; these 94 and 95 %. With
3 or 4 seeds no bootstrap keeps its promise (74 and 87 %), since it never looks beyond the values.
Source: T. Hesterberg, "What Teachers Should Know About the Bootstrap" (arXiv 1411.5279).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from rlft.core.checks import at_least, finite, shaped, within

# Percentiles out to 0.1 % (5 seeds) rest on some 10 resamples each; 0.01 s for a single number.
RESAMPLES = 10_000


@dataclass(frozen=True)
class Interval:
    """A mean and the interval that holds the true mean with the stated confidence.

    Attributes:
        mean: of the values.
        low: lower end; NaN if there was one value only, since one seed says nothing of the spread.
        high: upper end; NaN likewise.
        seeds: number of values.
        confidence: in (0, 1).
    """

    mean: float
    low: float
    high: float
    seeds: int
    confidence: float = 0.95

    def __str__(self) -> str:
        return f"{self:.3g}"

    def __format__(self, spec: str) -> str:
        """Formats the three numbers alike: ``f"{interval:.1f}"`` gives ``-49.0 [-52.1, -46.3]``."""
        mean, low, high = (format(v, spec or ".3g") for v in (self.mean, self.low, self.high))
        return f"{mean} (1 seed)" if self.seeds == 1 else f"{mean} [{low}, {high}]"

    def excludes(self, value: float) -> bool:
        """Whether `value` lies outside; False when there is no interval (one seed)."""
        return bool(value < self.low or value > self.high)


def curve_interval(
    values: np.ndarray, confidence: float = 0.95, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and interval over seeds at each point of a curve.

    Args:
        values: (S, P) float, finite.
        confidence: in (0, 1).
        seed: of the resampling. Same seed, same interval.

    Returns:
        mean, low, high: each (P,) float64. With S = 1, low and high are NaN. If all seeds agree at
        a point, low = mean = high there.

    Raises:
        InputError: if the shape is not (S, P), S is 0, a value is not finite, or confidence lies
            outside (0, 1).
    """
    values = np.asarray(values, dtype=np.float64)
    shaped(("S", "P"), values=values, hint="Give a row of points for each seed.")
    at_least(1, seeds=len(values), hint="Give the values of one seed or more.")
    finite(values=values, hint="Leave that seed out and say so, or find the NaN in training.")
    count = values.shape[0]
    tail = expanded_tail(count, confidence)
    # Everything relative to the first seed: seeds that agree then leave exactly zero, no rounding.
    first, relative = values[0], values - values[0]  # (P,), (S, P)
    mean = first + relative.mean(axis=0)  # (P,)
    if count == 1:
        nothing = np.full_like(mean, np.nan)
        return mean, nothing, nothing.copy()
    rng = np.random.default_rng(seed)
    # How often each seed is drawn in a resample, so that a resampled mean is one matrix product.
    shares = rng.multinomial(count, np.full(count, 1.0 / count), size=RESAMPLES) / count  # (R, S)
    low, high = np.quantile(shares @ relative, [tail, 1.0 - tail], axis=0)  # (P,) each
    return mean, first + low, first + high


def interval(values: np.ndarray, confidence: float = 0.95, seed: int = 0) -> Interval:
    """Mean and interval of one number per seed, (S,). See `curve_interval`.

    For two methods that started from the same S priors, take the interval of the S differences:
    ``interval(a - b)`` is paired and much narrower than two separate intervals.
    """
    values = np.asarray(values, dtype=np.float64)
    shaped(("S",), values=values, hint="Give one number per seed.")
    mean, low, high = curve_interval(values[:, None], confidence, seed)
    return Interval(float(mean[0]), float(low[0]), float(high[0]), len(values), confidence)


def expanded_tail(count: int, confidence: float) -> float:
    """Probability left out at either end so that small samples keep their promise.

    Phi(-sqrt(n / (n - 1)) * t), with t the quantile of Student's distribution at n - 1 degrees of
    freedom: the bootstrap of a mean then has the width of the t interval, keeping its skewness.
    (n, 95 %): 3 gives almost 0, which is the whole range of the values, 6 gives 0.0024, 10 gives
    0.0086, and infinity gives the plain 0.025.

    Args:
        count: n >= 1 values; 1 gives 0.
        confidence: in (0, 1).

    Raises:
        InputError: if confidence lies outside (0, 1).
    """
    within(0, 1, without=(0, 1), confidence=confidence, hint="0.95 is usual.")
    if count < 2:
        return 0.0
    quantile = stats.t.ppf(0.5 + confidence / 2, count - 1)
    return float(stats.norm.cdf(-np.sqrt(count / (count - 1)) * quantile))
