from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from drawn import assert_readable
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import PolyCollection

from rlft.core.errors import InputError
from rlft.evaluate import curve_interval, task_interval
from rlft.show import (
    METHOD_STYLES,
    Curve,
    panels,
    plot_curves,
    plot_each,
    plot_errors,
    plot_metric,
    plot_ranking,
    plot_scatter,
    plot_series,
    sequence_styles,
)
from rlft.show.base.labels import interval_note, number, spread

METHODS = [name for name in METHOD_STYLES if name != "data"]


def fake_run(name: str = "sac", seeds: int = 4, last: float = -30.0, points: int = 9):
    """A run that dips to -150 and ends at `last`, with seeds 0, 1, 2, ... apart."""
    steps = np.linspace(0, 4_000, points).astype(int)
    mean = np.interp(steps, [0, 1_000, 4_000], [-50.0, -150.0, last])
    sampled = mean + np.arange(seeds)[:, None] - (seeds - 1) / 2  # (S, P)
    return SimpleNamespace(
        recipe=SimpleNamespace(name=name, title=name),
        env_id="rlft/Maze-Detour-v0",
        env_kwargs={},
        steps=steps,
        returns_sampled=sampled,
        returns_mode=sampled + 5,
        returns_behaviour=sampled - 3,
        metrics={"step": steps[::2], "h": sampled[:, ::2] / -5},
    )


def mean_line(ax, label: str):
    (line,) = [line for line in ax.get_lines() if line.get_label() == label]
    return line


# Names at the lines' ends


@given(
    st.lists(st.floats(-500, 800), min_size=1, max_size=20),
    st.floats(1, 30),
)
def test_spread_keeps_the_gap_the_order_and_the_bounds(positions, gap):
    wanted = np.array(positions)
    placed = spread(wanted, gap, 0.0, 1_000.0)
    assert (np.diff(np.sort(placed)) >= gap - 1e-6).all()
    assert (np.diff(placed[np.argsort(wanted, kind="stable")]) > 0).all()
    assert placed.min() >= 0
    assert placed.max() <= 1_000 + 1e-6


def test_spread_moves_as_little_as_possible():
    apart = np.array([50.0, 10.0, 90.0])
    assert spread(apart, 20, 0, 100) == pytest.approx(apart)
    # Two that collide move by half of what is missing each, the third not at all.
    assert spread(np.array([40.0, 44.0, 80.0]), 10, 0, 100) == pytest.approx([37, 47, 80])


def test_spread_overflows_upwards_rather_than_overlap():
    assert spread(np.zeros(4), 10, 0, 20) == pytest.approx([0, 10, 20, 30])


def test_many_names_beside_a_low_panel_become_smaller():
    fig, (ax,) = panels(1, width=5, height=3)
    plot_curves([fake_run(name) for name in METHODS], ax=ax)
    assert_readable(fig)


# Learning curves


@pytest.mark.parametrize("last", [-30.0, -149.0])
def test_all_methods_in_one_figure_have_names_that_do_not_collide(last):
    runs = [fake_run(name, last=last - 0.01 * i) for i, name in enumerate(METHODS)]
    fig = plot_curves(runs, best=-30, title="All methods")
    shown = assert_readable(fig)
    assert all(METHOD_STYLES[name].label in shown for name in METHODS)


def test_a_curve_is_the_mean_with_its_interval_named():
    run = fake_run(seeds=5)
    fig = plot_curves([run])
    ax = fig.axes[0]
    mean, low, high = curve_interval(run.returns_sampled)
    line = mean_line(ax, "SAC")
    assert line.get_ydata() == pytest.approx(mean)
    assert line.get_color() == METHOD_STYLES["sac"].color
    (band,) = [c for c in ax.collections if isinstance(c, PolyCollection)]
    (corners,) = [path.vertices for path in band.get_paths()]
    assert {round(y, 6) for y in corners[:, 1]} == {round(y, 6) for y in (*low, *high)}
    assert "line: mean of 5 seeds; band: 95 % bootstrap interval" in assert_readable(fig)


def test_the_switch_is_marked_at_zero():
    fig = plot_curves([fake_run()])
    shown = assert_readable(fig).split(" | ")
    assert "0\nswitch" in shown
    assert "1,000" in shown
    assert "environment steps since the switch" in shown
    assert any(list(line.get_xdata()) == [0, 0] for line in fig.axes[0].get_lines())


def test_one_seed_has_no_interval_and_says_so():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fig = plot_curves([fake_run(seeds=1)])
        assert "one seed only: no interval, no claim" in assert_readable(fig)
        mixed = assert_readable(plot_curves([fake_run(seeds=1), fake_run("wsrl", seeds=3)]))
        assert "1 to 3 seeds; band: 95 % bootstrap interval (no band at 1; covers" in mixed


def test_the_kind_of_action_is_chosen_and_named():
    run = fake_run()
    sampled, mode = plot_curves([run]), plot_curves([run], mode="mode")
    assert mean_line(mode.axes[0], "SAC").get_ydata() == pytest.approx(run.returns_mode.mean(0))
    assert sampled.axes[0].get_ylabel() == "return (undiscounted, actions sampled)"
    assert mode.axes[0].get_ylabel() == "return (undiscounted, most likely action)"
    whole = plot_curves([run], mode="behaviour").axes[0]
    assert mean_line(whole, "SAC").get_ydata() == pytest.approx(run.returns_behaviour.mean(0))
    assert whole.get_ylabel() == "return (undiscounted, as the agent acts)"


def test_best_labels_and_marks_are_written():
    fig = plot_curves(
        [fake_run("wsrl"), fake_run("wsrl", last=-40)],
        labels=["with warm-up", "without"],
        best=-29.5,
        marks={"end of warm-up": 1_500},
        title="Warm-up helps",
    )
    shown = assert_readable(fig)
    for text in ("with warm-up", "without", "best possible: −29.5", "end of warm-up", "Warm-up"):
        assert text in shown


def test_each_seed_can_be_shown():
    run = fake_run(seeds=3)
    plain = len(plot_curves([run]).axes[0].get_lines())
    assert len(plot_curves([run], show_seeds=True).axes[0].get_lines()) == plain + 3


def test_curves_that_end_early_are_labelled_too():
    short = fake_run("wsrl", points=9)
    short.steps = short.steps // 4
    fig = plot_curves([fake_run(), short])
    assert_readable(fig)
    assert fig.axes[0].get_xlim()[1] > 4_000


def test_the_alt_text_tells_the_numbers():
    alt = plot_curves([fake_run()], title="The collapse").alt
    assert alt.startswith("The collapse. Return (undiscounted, actions sampled) against")
    assert "SAC starts at −50, is lowest at 1,000 (−150) and ends at −30." in alt


def test_axes_can_be_given():
    fig, axes = panels(2, width=4.5)
    assert plot_curves([fake_run()], ax=axes[0], title="left") is fig
    plot_curves([fake_run("wsrl")], ax=axes[1], title="right")
    assert_readable(fig)


def test_each_run_has_its_panel():
    runs = [fake_run(name) for name in METHODS[:5]]
    fig = plot_each(runs, best=-30, columns=3, title="Five methods")
    assert len(fig.axes) == 5
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["BC", "CQL", "Cal-QL", "IQL", "InAC"]
    assert_readable(fig)
    assert "InAC starts at −50" in fig.alt
    assert len({ax.get_ylim() for ax in fig.axes}) == 1


def test_other_metrics_have_their_own_steps():
    run = fake_run("ajs")
    run.metrics["step"] = run.metrics["step"] + 500  # recorded after the first updates
    fig = plot_metric([run], "h", ylabel="guide horizon h (steps)", reference=("none", 0))
    line = mean_line(fig.axes[0], "AJS")
    assert list(line.get_xdata()) == list(run.metrics["step"])
    assert "0\nswitch" in assert_readable(fig)


def test_series_take_any_values_and_check_their_shape():
    styles = sequence_styles(["T = 0", "T = 500"])
    x, values = np.arange(3), np.array([[1.0, 2, 3], [2, 3, 4]])
    fig = plot_series(
        [Curve(x, values * k, s) for k, s in enumerate(styles)], xlabel="a", ylabel="b"
    )
    assert "0\nswitch" not in assert_readable(fig)


# Charts


def test_errors_are_shown_as_dots_interval_and_words():
    values = np.array([1.0, 2.0, 3.0, 3.0, 3.5])
    fig = plot_errors({"sac": values, "ours": values - 10}, title="Who is wrong?")
    ax = fig.axes[0]
    shown = assert_readable(fig)
    _, (low,), (high,) = curve_interval(values[:, None])
    bars = [line for line in ax.get_lines() if line.get_linewidth() == 3]
    assert list(bars[0].get_xdata()) == pytest.approx([low, high])
    dots = [line for line in ax.get_lines() if len(line.get_xdata()) == 5]
    assert sorted(dots[0].get_xdata()) == list(values)
    assert f"2.50 [{low:.2f}, {high:.2f}]" in shown
    assert "bar: 95 % bootstrap interval; dots: seeds" in shown
    assert "no error" in shown
    assert [label.get_text() for label in ax.get_yticklabels()] == ["SAC", "ours"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first name stands on top


@pytest.mark.parametrize(
    ("seeds", "note"),
    [
        ((5, 5), "mean of 5 seeds; bar: 95 % bootstrap interval"),
        ((3, 3), "mean of 3 seeds; bar: covers about 75 %"),
        ((2, 8), "of 2 to 8 seeds; bar: 95 % bootstrap interval (covers about 50 % at 2)"),
        ((1, 8), "of 1 to 8 seeds; bar: 95 % bootstrap interval (no bar at 1)"),
        ((1, 4), "interval (no bar at 1; covers about 88 % at 4)"),
        ((1, 1), "one seed only: no interval, no claim"),
    ],
)
def test_a_note_does_not_promise_more_than_few_seeds_can_hold(seeds, note):
    assert interval_note([np.zeros(count) for count in seeds], "bar", "bar").endswith(note)


def test_errors_of_one_seed_and_without_reference():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fig = plot_errors({"sac": np.array([2.0])}, reference=None)
        shown = assert_readable(fig)
    assert "no claim" in shown
    assert "[" not in shown


def test_a_ranking_has_the_highest_on_top_with_its_interval_in_words():
    rng = np.random.default_rng(0)
    scores = {
        name: {"one": middle + rng.normal(0, 0.1, 6), "other": middle + rng.normal(0, 0.2, 6)}
        for name, middle in (("sac", -0.2), ("wsrl", 0.9), ("iql", 0.5))
    }
    ranked = {name: task_interval(own) for name, own in scores.items()}
    fig = plot_ranking(ranked, xlabel="score", reference=1.0, reference_label="best known")
    ax = fig.axes[0]
    shown = assert_readable(fig)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["WSRL", "IQL", "SAC"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    bars = [line for line in ax.get_lines() if line.get_linewidth() == 3]
    assert list(bars[0].get_xdata()) == [ranked["wsrl"].low, ranked["wsrl"].high]
    assert f"{ranked['iql'].numbers('.2f')}" in shown and "best known" in shown
    assert "marker: IQM of 6 seeds × 2 tasks; bar: 95 % bootstrap interval" in shown
    assert fig.alt.index("WSRL") < fig.alt.index("IQL") < fig.alt.index("SAC")
    given = plot_ranking(ranked, xlabel="score", order=False, digits=1)
    names = [label.get_text() for label in given.axes[0].get_yticklabels()]
    assert names == ["SAC", "WSRL", "IQL"]
    one = plot_ranking({"sac": task_interval(np.array([1.0]))}, xlabel="score")
    assert "one seed only: no bar, no claim" in assert_readable(one)


def test_a_scatter_names_its_agreement():
    truth = np.array([-100.0, -60.0, -30.0])
    fig = plot_scatter(truth, truth + 5, title="FQE is a little optimistic")
    assert "3 points, correlation 1.00, mean absolute error 5" in assert_readable(fig)
    assert fig.axes[0].get_xlim() == fig.axes[0].get_ylim()


def test_a_constant_estimate_has_no_correlation():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "correlation undefined" in plot_scatter(np.arange(3), np.ones(3)).alt


def elsewhere():
    return SimpleNamespace(**vars(fake_run("wsrl")) | {"env_kwargs": {"reward": "sparse"}})


FLAT = Curve(np.arange(3), np.zeros(3), sequence_styles(["T = 0"])[0])


@pytest.mark.parametrize(
    ("plot", "words"),
    [
        (lambda: plot_curves([]), "runs=0.*1 or more.*to plot"),
        *(
            (lambda plot=plot: plot([fake_run(), elsewhere()]), r"Detour-v0 for 'sac', .*'sparse'}")
            for plot in (plot_curves, plot_each)
        ),
        (
            lambda: plot_curves([fake_run()] * 2, labels=["one"]),
            r"labels.*\(1,\).*\(2,\).*each run",
        ),
        (lambda: plot_curves([fake_run()], mode="modes"), "mode 'modes'.*'mode'"),
        (lambda: plot_metric([fake_run("ajs")], "g", ylabel=""), "'ajs': 'g'.*Known: h, step"),
        (lambda: plot_series([FLAT], xlabel="", ylabel=""), r"\(3,\).*\(S, 3\).*'T = 0'"),
        (lambda: plot_series([], xlabel="", ylabel=""), "curves=0.*1 or more.*to plot"),
        (lambda: plot_errors({}), "names=0.*1 or more.*to plot"),
        (lambda: plot_ranking({}, xlabel="score"), "names=0.*1 or more.*to plot"),
        (lambda: plot_errors({"sac": np.array([1.0, np.nan])}), r"\(1, 0\)=nan.*finite"),
        (lambda: plot_scatter(np.arange(3), np.arange(2)), r"estimate.*\(2,\).*\(3,\).*each true"),
        (lambda: plot_scatter(np.arange(1), np.arange(1)), "truths=1.*2 or more.*policy"),
    ],
)
def test_what_cannot_be_drawn(plot, words):
    with pytest.raises(InputError, match=words):
        plot()


def test_numbers_have_a_true_minus_sign():
    assert number(-49.26) == "−49.26"
    assert number(-0.5, 2) == "−0.50"
