"""Metrics of a learning curve: cases worked by hand, invariances, and every error message."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from rlft.core.errors import InputError
from rlft.evaluate import metrics, noise_floor, summarise
from rlft.evaluate.intervals import (
    Interval,
    coverage,
    curve_interval,
    expanded_tail,
    few_seeds,
    interval,
)

# Two seeds: one falls from -50 to -150 and climbs to -30, one only climbs.
STEPS = np.array([0, 100, 200, 400])
CURVES = np.array([[-50.0, -150.0, -70.0, -30.0], [-50.0, -40.0, -30.0, -20.0]])

curves = hnp.arrays(np.float64, (3, 6), elements=st.floats(-200, 100))


def test_drop_is_start_minus_the_lowest_later_point() -> None:
    np.testing.assert_array_equal(metrics.drop(CURVES), [100.0, 0.0])


def test_smoothed_drop_averages_points_after_the_switch_only() -> None:
    # Windows of two after the switch: (-150 - 70) / 2 = -110 and (-70 - 30) / 2 = -50. A window
    # that held the start would give (-50 - 150) / 2 = -100.
    np.testing.assert_array_equal(metrics.lowest_return(CURVES, 2), [-110.0, -35.0])
    np.testing.assert_array_equal(metrics.drop(CURVES, 2), [60.0, 0.0])


@given(curves, st.floats(-100, 100))
def test_drop_is_not_negative_and_ignores_a_shift(returns: np.ndarray, shift: float) -> None:
    drops = metrics.drop(returns)
    assert (drops >= 0).all()
    np.testing.assert_allclose(metrics.drop(returns + shift), drops, atol=1e-9)


@given(curves)
def test_smoothing_never_deepens_the_lowest_return(returns: np.ndarray) -> None:
    lowest = [metrics.lowest_return(returns, w) for w in (1, 2, 4)]
    assert (lowest[1] >= lowest[0] - 1e-9).all()
    assert (lowest[2] >= lowest[1] - 1e-9).all()


def test_smooth_is_a_plain_moving_average() -> None:
    np.testing.assert_allclose(
        metrics.smooth(np.array([[1.0, 3.0, 8.0, 0.0]]), 3), [[4.0, 11.0 / 3.0]]
    )


def test_time_below_start_interpolates_the_crossing() -> None:
    # Seed 0 is below -50 from step 0 to 200 and then until it climbs past -50, half-way from -70
    # to -30: step 300. Seed 1 never is.
    np.testing.assert_allclose(metrics.time_below_start(STEPS, CURVES), [300.0, 0.0])
    np.testing.assert_allclose(
        metrics.time_below_start(STEPS, CURVES, share=True), [300 / 400, 0.0]
    )


def test_time_below_start_with_tolerance_starts_when_the_tolerance_is_used_up() -> None:
    # Tolerance 10: below -60 from step 10 (a tenth of the way to -150) to step 250.
    np.testing.assert_allclose(
        metrics.time_below_start(STEPS, CURVES, tolerance=10.0), [240.0, 0.0]
    )


def test_a_constant_curve_spends_no_time_below_its_start() -> None:
    flat = np.full((1, 3), -7.0)
    assert metrics.time_below_start(np.arange(3), flat)[0] == 0.0


def test_regret_is_the_trapezoid_mean_of_the_shortfall() -> None:
    # Seed 1: -50 -40 -30 -20 at 0 100 200 400: (-45 * 100 - 35 * 100 - 25 * 200) / 400 = -32.5.
    assert metrics.average_return(STEPS, CURVES)[1] == pytest.approx(-32.5)
    assert metrics.regret(STEPS, CURVES, best=-20.0)[1] == pytest.approx(12.5)
    assert metrics.regret(STEPS, np.full((1, 4), -3.0), best=-3.0)[0] == 0.0


def test_training_regret_counts_episodes_and_not_evaluations() -> None:
    result = metrics.training_regret([np.array([0.0, 1.0, 1.0, 0.0]), np.array([])], best=1.0)
    assert result[0] == 0.5
    assert np.isnan(result[1])


def test_final_return_and_start_return() -> None:
    np.testing.assert_array_equal(metrics.final_return(CURVES, last=2), [-50.0, -25.0])
    np.testing.assert_array_equal(metrics.start_return(CURVES), [-50.0, -50.0])


def test_normalise_maps_the_references_to_zero_and_one() -> None:
    np.testing.assert_allclose(
        metrics.normalise(np.array([-150.0, -30.0, -90.0]), -150.0, -30.0), [0.0, 1.0, 0.5]
    )


def test_interval_agrees_with_scipys_percentile_bootstrap_at_the_expanded_level() -> None:
    values = np.random.default_rng(3).normal(-40.0, 8.0, size=10)
    own = interval(values)
    level = 1 - 2 * expanded_tail(10, 0.95)
    theirs = stats.bootstrap(
        (values,), np.mean, confidence_level=level, method="percentile", n_resamples=40_000, rng=1
    ).confidence_interval
    assert own.mean == pytest.approx(values.mean())
    assert own.low == pytest.approx(theirs.low, abs=0.4)
    assert own.high == pytest.approx(theirs.high, abs=0.4)


def test_interval_of_few_seeds_covers_the_truth_as_promised() -> None:
    """Plain percentiles cover 85 % here, which this test rejects."""
    values = np.random.default_rng(0).normal(size=(6, 2_000))
    _, low, high = curve_interval(values)
    assert ((low < 0) & (high > 0)).mean() == pytest.approx(0.94, abs=0.02)


@pytest.mark.parametrize(("seeds", "covers"), [(2, 0.5), (3, 0.75), (4, 0.875)])
def test_an_interval_of_few_seeds_covers_what_is_said_where_it_is_printed(
    seeds: int, covers: float
) -> None:
    values = np.random.default_rng(seeds).normal(size=(seeds, 2_000))
    _, low, high = curve_interval(values)
    held = ((low <= 0) & (high >= 0)).mean()
    assert coverage(seeds) == covers == pytest.approx(held, abs=0.03)
    told = f"{seeds} seeds: covers about {100 * covers:.0f} %"
    assert f"{interval(values[:, 0]):.1f}".endswith(f"] ({told})")
    assert few_seeds(seeds) == told


def test_intervals_that_keep_their_promise_are_printed_without_a_word() -> None:
    assert coverage(5) == coverage(6) == 0.95 and few_seeds(5) == ""
    assert f"{interval(np.arange(5.0)):.0f}".endswith("]")
    # Less is promised and kept with fewer seeds, more needs more of them.
    assert few_seeds(4, 0.8) == "" and few_seeds(6, 0.99) == "6 seeds: covers about 97 %"


def test_where_seeds_collapse_or_do_not_t_is_wider_and_covers_no_more() -> None:
    """Why there is no t interval for few seeds, see `rlft.evaluate.intervals`."""
    rng = np.random.default_rng(0)
    falls = np.where(rng.random((3, 4_000)) < 1 / 3, -70.0, 0.0) + rng.normal(0, 3, (3, 4_000))
    mean, low, high = curve_interval(falls)
    half = stats.t.ppf(0.975, 2) * falls.std(axis=0, ddof=1) / np.sqrt(3)
    ours, theirs = (low <= -70 / 3) & (high >= -70 / 3), np.abs(mean + 70 / 3) <= half
    assert ours.mean() == pytest.approx(theirs.mean(), abs=0.01)
    assert 2 * half.mean() > 2.5 * (high - low).mean()


def test_expanded_tail_approaches_the_plain_percentile() -> None:
    assert expanded_tail(100_000, 0.95) == pytest.approx(0.025, abs=1e-4)
    # By hand for 10: t = 2.2622, times sqrt(10 / 9) = 2.3845, Phi(-2.3845) = 0.00855.
    assert expanded_tail(10, 0.95) == pytest.approx(0.00855, abs=1e-5)


def test_interval_is_reproducible_and_curves_use_the_same_resamples() -> None:
    values = np.random.default_rng(1).normal(size=(8, 3))
    mean, low, high = curve_interval(values, seed=5)
    for point in range(3):
        one = interval(values[:, point], seed=5)
        assert (one.mean, one.low, one.high) == pytest.approx(
            (mean[point], low[point], high[point])
        )
    assert interval(values[:, 0], seed=6).low != low[0]


def test_one_seed_has_no_interval_and_says_so() -> None:
    one = interval(np.array([-31.0]))
    assert np.isnan(one.low) and np.isnan(one.high)
    assert f"{one:.1f}" == "-31.0 (1 seed)" and one.numbers(".1f") == "-31.0"
    assert not one.excludes(0.0)


def test_seeds_that_agree_give_zero_width_without_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same = interval(np.full(7, 0.1))
        one = interval(np.array([2.0]))
    assert same.low == same.mean == same.high
    assert one.mean == 2.0


def test_interval_formats_all_three_numbers_alike() -> None:
    shown = Interval(-49.04, -52.11, -46.35, seeds=6)
    assert f"{shown:.1f}" == "-49.0 [-52.1, -46.4]"
    assert str(shown) == "-49 [-52.1, -46.4]"
    assert shown.excludes(0.0) and not shown.excludes(-50.0)


@dataclass(frozen=True)
class FakeRecipe:
    name: str = "wsrl"


@dataclass(frozen=True)
class FakeRun:
    recipe: FakeRecipe
    steps: np.ndarray
    returns_mode: np.ndarray
    returns_sampled: np.ndarray
    returns_behaviour: np.ndarray
    switch_returns: Mapping[str, np.ndarray] = field(default_factory=dict)


RUN = FakeRun(FakeRecipe(), STEPS, CURVES + 5.0, CURVES, CURVES - 3.0)


def test_summary_gathers_the_metrics_of_the_chosen_curve() -> None:
    summary = summarise(RUN, best=-20.0, last=1)
    assert summary.start.mean == -50.0
    assert summary.lowest.mean == (-150.0 - 40.0) / 2
    assert summary.final.mean == -25.0
    assert summary.drop.mean == 50.0
    assert summary.time_below_start.mean == pytest.approx(0.375)
    assert summary.regret.mean == pytest.approx(metrics.regret(STEPS, CURVES, -20.0).mean())
    assert summarise(RUN, curve="mode").start.mean == -45.0
    behaviour = summarise(RUN, curve="behaviour")
    assert (behaviour.curve, behaviour.start.mean) == ("behaviour", -53.0)


def test_summary_prints_what_its_numbers_mean() -> None:
    text, html = str(summarise(RUN, best=-20.0)), summarise(RUN)._repr_html_()
    assert "wsrl: sampled actions, mean over 2 seeds [95% bootstrap interval]" in text
    assert "interval] (2 seeds: covers about 50 %)" in text
    assert "mean of -20.0 (given) - return" in text
    assert "mean of 3 evaluations, the last" in text
    assert "lowest evaluation after the switch" in text
    assert "time below start" in text and "38% [0%, 75%]" in text
    # The best mean point of this run is its last, (-30 - 20) / 2.
    assert "mean of -25.0 (this run&#x27;s own best) - return" in html
    assert html.startswith("<table><caption>") and html.count("<tr>") == 7


def test_a_summary_has_the_noise_floor_beside_the_drop_where_episodes_are_known() -> None:
    assert summarise(RUN).noise_floor is None
    assert "noise floor       -  " in str(summarise(RUN))
    episodes = np.array([[-40.0, -60.0], [-50.0, -50.0]])
    noisy = replace(RUN, switch_returns={"sampled": episodes, "behaviour": episodes[:, :1]})
    floor = noise_floor(episodes, 4)
    assert summarise(noisy).noise_floor == floor > 0
    assert summarise(noisy, window=2).noise_floor == noise_floor(episodes, 4, window=2)
    assert summarise(noisy, curve="mode").noise_floor is None
    assert summarise(noisy, curve="behaviour").noise_floor is None  # one episode only
    assert f"noise floor       {floor:.1f}  " in str(summarise(noisy))


def test_summary_of_a_short_curve_uses_all_points_after_the_switch() -> None:
    short = FakeRun(FakeRecipe(), STEPS[:2], *[CURVES[:, :2]] * 3)
    summary = summarise(short)
    assert summary.last == 1
    assert summary.final.mean == -95.0
    assert "evaluation, the last" in str(summary)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.drop(CURVES[:, :1]), r"points=1.*2 or more.*eval_every"),
        (lambda: metrics.drop(CURVES[:0]), r"seeds=0.*1 or more"),
        (lambda: metrics.drop(CURVES[0]), r"returns.shape=\(4,\).*\(S, P\)"),
        (lambda: metrics.drop(np.where(CURVES == -70, np.nan, CURVES)), r"returns at \(0, 2\)=nan"),
        (lambda: metrics.drop(CURVES, 4), r"window=4.*\[1, 3\].*smooth less"),
        (lambda: metrics.drop(CURVES, 0), r"window=0"),
        (lambda: metrics.final_return(CURVES, last=5), r"last=5.*\[1, 4\]"),
        (lambda: metrics.regret(STEPS[:3], CURVES, 0.0), r"steps.shape=\(3,\).*\(4,\).*one step"),
        (lambda: metrics.regret(STEPS[::-1], CURVES, 0.0), r"steps=\[.*increasing.*Sort"),
        (lambda: metrics.time_below_start(STEPS, CURVES, tolerance=-1), r"tolerance=-1.*0 or more"),
        (lambda: metrics.normalise(CURVES, 1.0, 1.0), r"high=1.0.*more than low=1.0"),
        (lambda: interval(CURVES), r"values.shape=\(2, 4\).*\(S,\).*per seed"),
        (lambda: interval(np.array([])), r"seeds=0.*1 or more"),
        (lambda: curve_interval(np.zeros(3)), r"values.shape=\(3,\).*\(S, P\)"),
        (lambda: interval(np.array([1.0, np.inf])), r"values at \(1, 0\)=inf.*finite"),
        (lambda: interval(CURVES[0], confidence=95), r"confidence=95.*\(0, 1\).*0.95"),
        (lambda: summarise(RUN, curve="modal"), r"curve 'modal'.*'mode'"),
    ],
)
def test_errors_name_the_value_and_the_next_step(call, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
