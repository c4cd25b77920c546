"""Runs side by side: the table's numbers are the summaries', and the figure shows behaviour."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from drawn import assert_readable
from small import make_prior, make_recipe

from rlft.core.errors import InputError
from rlft.evaluate import drop, final_return, summarise
from rlft.finetune import Prior
from rlft.recipes import Recipe, Warmup
from rlft.report.comparison import compare_runs, describe_prior
from rlft.show.curves.comparison import plot_comparison

STEPS = np.arange(0, 900, 100)
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def prior() -> Prior:
    return replace(make_prior("cql", seeds=4), name="cql", seconds=12.0)


def a_run(prior: Prior, name: str = "sac", wait: int = 0, seeds: int = 4) -> Any:
    sampled = RNG.normal(-50, 10, (seeds, len(STEPS)))
    recipe: Recipe = replace(make_recipe(warmup=Warmup(wait)), name=name)
    return SimpleNamespace(
        recipe=recipe,
        prior=prior,
        steps=STEPS,
        returns_sampled=sampled,
        returns_mode=sampled + 5,
        returns_behaviour=sampled - 20,
        seconds=34.0,
    )


def test_the_tables_hold_the_summaries_of_both_curves(prior: Prior) -> None:
    runs = [a_run(prior), a_run(prior, "wsrl", wait=1_500)]
    origins, behaviour, policy = compare_runs(runs).tables()
    assert origins.rows == [
        ["sac", "cql, 2 critics, 3 updates", "0 steps", "12 s", "34 s"],
        ["wsrl", "cql, 2 critics, 3 updates", "1,500 steps", "12 s", "34 s"],
    ]
    for table, curve in ((behaviour, "behaviour"), (policy, "sampled")):
        assert table.header == ("recipe", "start", "lowest", "final", "drop")
        for row, run in zip(table.rows, runs, strict=True):
            told = summarise(run, curve=curve)
            numbers = (told.start, told.lowest, told.final, told.drop)
            assert row == [run.recipe.name, *(f"{number:.1f}" for number in numbers)]
    assert behaviour.rows[0] != policy.rows[0]


def test_as_text_every_column_is_as_wide_as_its_widest_cell(prior: Prior) -> None:
    text = str(compare_runs([a_run(prior), a_run(prior, "porl-bc", wait=7)]))
    assert "Return of the rule that acts, guide and random actions included, mean over" in text
    assert "[95% bootstrap interval]:\n\n| recipe " in text
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(blocks) == 3
    for block in blocks:
        assert len({len(line) for line in block}) == 1
        assert set(block[1]) == {"|", "-", " "}


def test_the_csv_has_mean_and_both_ends_of_each_interval(prior: Prior) -> None:
    run = a_run(prior, wait=7)
    (row,) = csv.DictReader(io.StringIO(compare_runs([run]).csv()))
    assert (row["recipe"], row["seeds"], row["warmup_steps"]) == ("sac", "4", "7")
    assert row["prior"] == "cql, 2 critics, 3 updates"
    fall = float(row["behaviour_drop_mean"])
    assert fall == pytest.approx(drop(run.returns_behaviour).mean())
    assert float(row["behaviour_drop_low"]) < fall < float(row["behaviour_drop_high"])
    final = final_return(run.returns_sampled, 3).mean()
    assert float(row["sampled_final_mean"]) == pytest.approx(final)
    assert (row["pretraining_seconds"], row["finetuning_seconds"]) == ("12.0", "34.0")


def test_as_html_the_tables_have_captions_and_heads(prior: Prior) -> None:
    html = compare_runs([a_run(prior, "<sac>")])._repr_html_()
    assert html.count("<caption>") == html.count("<table>") == 3
    assert html.count("scope='row'") == html.count(">&lt;sac&gt;</th>") == 3


def test_a_prior_in_words(prior: Prior) -> None:
    assert describe_prior(replace(prior, steps=4_000)) == "cql, 2 critics, 4,000 updates"
    assert describe_prior(replace(make_prior("bc"), name="bc")) == "bc, 3 updates"
    assert describe_prior(replace(prior, steps=0)) == "none"


def test_no_runs() -> None:
    with pytest.raises(InputError, match=r"runs=0.*1 or more.*run to compare"):
        compare_runs([])
    with pytest.raises(InputError, match=r"runs=0.*1 or more.*run to plot"):
        plot_comparison([])


def test_the_figure_shows_behaviour_and_where_warm_ups_end(prior: Prior) -> None:
    runs = [a_run(prior), a_run(prior, "wsrl", wait=250), a_run(prior, "porl", wait=500)]
    figure = plot_comparison(runs, best=-15, title="Side by side")
    (ax,) = figure.axes
    drawn = {str(line.get_label()): line for line in ax.get_lines()}
    assert np.asarray(drawn["SAC"].get_ydata()) == pytest.approx(
        runs[0].returns_behaviour.mean(axis=0)
    )
    rings = [line for line in ax.get_lines() if line.get_markerfacecolor() == "none"]
    mean = runs[1].returns_behaviour.mean(axis=0)
    assert [(ring.get_xdata()[0], ring.get_markeredgecolor()) for ring in rings] == [  # type: ignore[index]
        (250, drawn["WSRL"].get_color()),
        (500, drawn["PORL"].get_color()),
    ]
    assert np.asarray(rings[0].get_ydata()) == pytest.approx([(mean[2] + mean[3]) / 2])
    shown = assert_readable(figure)
    assert "(ring: a warm-up ends)" in shown
    assert "The warm-up of WSRL ends at 250." in figure.alt  # type: ignore[attr-defined]
    assert "SAC starts at" in figure.alt  # type: ignore[attr-defined]


def test_without_a_warm_up_nothing_is_said_of_rings(prior: Prior) -> None:
    figure = plot_comparison([a_run(prior)])
    assert figure.axes[0].get_xlabel() == "environment steps since the switch"
    assert "warm-up" not in figure.alt  # type: ignore[attr-defined]
