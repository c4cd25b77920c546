"""The figure of performance profiles: its lines and bands, its names, its words."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import assert_readable
from matplotlib.collections import PolyCollection

from rlft.core.errors import InputError
from rlft.evaluate import performance_profile
from rlft.show import METHOD_STYLES, panels, plot_profiles

RNG = np.random.default_rng(0)
SCORES = {"sac": RNG.normal(0.3, 0.2, (6, 3)), "wsrl": RNG.normal(0.7, 0.1, (6, 3))}  # (S, K)
LEVELS = np.linspace(-0.2, 1.2, 29)


def test_each_line_is_a_profile_in_its_methods_look_with_its_band():
    fig = plot_profiles(SCORES, levels=LEVELS)
    (ax,) = fig.axes
    lines = {str(line.get_label()): line for line in ax.get_lines()}
    bands = [c for c in ax.collections if isinstance(c, PolyCollection)]
    for (name, scores), band in zip(SCORES.items(), bands, strict=True):
        style = METHOD_STYLES[name]
        share, low, high = performance_profile(scores, LEVELS)
        line = lines[style.label]
        assert line.get_ydata() == pytest.approx(share)
        assert line.get_color() == style.color
        (path,) = band.get_paths()
        assert {round(y, 6) for y in path.vertices[:, 1]} >= {round(y, 6) for y in (*low, *high)}


def test_names_stand_at_the_lines_ends_and_the_words_say_the_middle():
    fig = plot_profiles(SCORES, xlabel="normalised return τ", title="Who gets how far?")
    shown = assert_readable(fig)
    assert "SAC" in shown and "WSRL" in shown and "share of runs with a score above τ" in shown
    assert "line: 6 seeds × 3 tasks; band: 95 % bootstrap interval at each level" in shown
    middle = f"{np.median(SCORES['wsrl']):.4g}"
    assert f"WSRL {middle}." in fig.alt and fig.alt.startswith("Who gets how far?. ")


def test_by_default_every_line_begins_at_all_runs_and_ends_at_none():
    fig = plot_profiles({**SCORES, "mine": {"a": np.full(4, 2.0), "b": np.arange(4.0)}})
    (ax,) = fig.axes
    for line in ax.get_lines():
        if not str(line.get_label()).startswith("_"):
            assert (line.get_ydata()[0], line.get_ydata()[-1]) == (1.0, 0.0)
    assert "line: 4–6 seeds × 2–3 tasks" in assert_readable(fig)


def test_the_upper_name_is_that_of_the_better_middle_run():
    for scores in (SCORES, dict(reversed(SCORES.items()))):
        fig = plot_profiles(scores)
        fig.canvas.draw()
        boxes = {
            child.get_text(): child.get_window_extent().y0
            for child in fig.findobj(lambda artist: hasattr(artist, "get_text"))
            if child.get_text() in ("SAC", "WSRL")
        }
        assert boxes["WSRL"] > boxes["SAC"]


def test_few_seeds_promise_less_and_one_nothing():
    _, axes = panels(2, columns=1, width=7)
    plot_profiles({"sac": SCORES["sac"][:3, 0]}, ax=axes[0])
    fig = plot_profiles({"sac": SCORES["sac"][:1]}, ax=axes[1])
    shown = assert_readable(fig)
    assert "line: 3 seeds; band: covers about 75 % at each level" in shown
    assert "line: 3 tasks; one seed only: no band, no claim" in shown


def test_nothing_to_plot():
    with pytest.raises(InputError, match=r"methods=0.*Give a method"):
        plot_profiles({})
    with pytest.raises(InputError, match="finite"):
        plot_profiles({"sac": np.array([np.nan])})
