"""Our statistics against rliable's, the code of the paper that they come from."""

from __future__ import annotations

import numpy as np
import pytest

from rlft.evaluate import (
    STATISTICS,
    performance_profile,
    probability_of_improvement,
    task_interval,
)
from rlft.evaluate.intervals import expanded_tail

WITHOUT = "the [statistics-check] extra is not installed: pip install -e .[statistics-check]"
metrics = pytest.importorskip("rliable.metrics", reason=WITHOUT, exc_type=ImportError)
library = pytest.importorskip("rliable.library", reason=WITHOUT, exc_type=ImportError)

RNG = np.random.default_rng(0)
OURS, THEIRS = RNG.normal(0.6, 0.3, (10, 5)), RNG.normal(0.5, 0.4, (8, 5))  # (S, K)
THEIR_NAMES = {
    "mean": "aggregate_mean",
    "median": "aggregate_median",
    "iqm": "aggregate_iqm",
    "optimality gap": "aggregate_optimality_gap",
}
# Two bootstraps with other random numbers: ends of intervals of width 0.2 agree to this.
TOLERANCE = 0.012


@pytest.mark.parametrize("name", STATISTICS)
def test_statistics_and_their_intervals_agree(name: str) -> None:
    theirs = getattr(metrics, THEIR_NAMES[name])
    ours = task_interval(OURS, name)  # type: ignore[arg-type]
    assert ours.estimate == pytest.approx(theirs(OURS), abs=1e-12)
    # Ours is widened for few seeds: ask rliable for the same percentiles.
    confidence = 1 - 2 * expanded_tail(len(OURS), 0.95, OURS.shape[1])
    _, ends = library.get_interval_estimates(
        {"ours": OURS},
        lambda scores: np.array([theirs(scores)]),
        reps=5_000,
        confidence_interval_size=confidence,
    )
    assert [ours.low, ours.high] == pytest.approx(ends["ours"][:, 0], abs=TOLERANCE)


def test_the_probability_of_improvement_agrees() -> None:
    ours = probability_of_improvement(OURS, THEIRS)
    points, ends = library.get_interval_estimates(
        {"pair": (OURS, THEIRS)},
        lambda x, y: np.array([metrics.probability_of_improvement(x, y)]),
        reps=2_000,
    )
    assert ours.estimate == pytest.approx(points["pair"][0], abs=1e-12)
    assert [ours.low, ours.high] == pytest.approx(ends["pair"][:, 0], abs=0.02)


def test_performance_profiles_agree() -> None:
    levels = np.linspace(0, 1, 11)
    share, low, high = performance_profile(OURS, levels)
    points, ends = library.create_performance_profile({"ours": OURS}, levels, reps=2_000)
    assert share == pytest.approx(points["ours"], abs=1e-12)
    # Steps of 1 / 50: a percentile may fall on either side of one.
    assert low == pytest.approx(ends["ours"][0], abs=0.021)
    assert high == pytest.approx(ends["ours"][1], abs=0.021)
