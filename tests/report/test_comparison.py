"""Runs side by side: the table's numbers are the summaries', and the figure shows behaviour."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from drawn import assert_readable
from maze_fakes import DETOUR
from small import make_prior, make_recipe

from rlft.core.errors import InputError
from rlft.evaluate import Collapse, drop, final_return, interval, noise_floor, summarise
from rlft.finetune import Prior
from rlft.recipes import Recipe, Warmup
from rlft.report.comparison import compare_runs, describe_prior
from rlft.report.paired import difference
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
        env_id=DETOUR,
        env_kwargs={},
        seed=0,
        steps=STEPS,
        switch_returns={"sampled": sampled[:, :5]},
        returns_sampled=sampled,
        returns_mode=sampled + 5,
        returns_behaviour=sampled - 20,
        seconds=34.0,
        kl=np.full((seeds, len(STEPS)), 0.25) if wait else None,
    )


def test_the_tables_hold_the_summaries_of_both_curves(prior: Prior) -> None:
    runs = [a_run(prior), a_run(prior, "wsrl", wait=1_500)]
    _, origins, behaviour, policy = compare_runs(runs).tables()
    assert origins.rows == [
        ["sac", "cql, 2 critics, 3 updates", "0 steps", "-", "12 s", "34 s"],
        ["wsrl", "cql, 2 critics, 3 updates", "1,500 steps", "0.25 [0.25, 0.25]", "12 s", "34 s"],
    ]
    for table, curve in ((behaviour, "behaviour"), (policy, "sampled")):
        heads = ("recipe", "seeds", "start", "lowest", "final", "drop", "noise floor")
        assert table.header == heads
        for row, run in zip(table.rows, runs, strict=True):
            told = summarise(run, curve=curve)
            numbers = [v.numbers(".1f") for v in (told.start, told.lowest, told.final, told.drop)]
            floor = f"{told.noise_floor:.1f}" if told.noise_floor else "-"
            assert row == [run.recipe.name, "4: covers about 88 %", *numbers, floor]
        assert ("-" in row) == (curve == "behaviour")  # whose episodes this run has not kept
    assert behaviour.rows[0] != policy.rows[0]


def test_each_run_says_how_many_seeds_it_has(prior: Prior) -> None:
    runs = [a_run(prior, seeds=count) for count in (1, 3, 6)]
    *_, policy = compare_runs(runs).tables()
    assert [row[1] for row in policy.rows] == ["1 seed", "3: covers about 75 %", "6"]


def test_as_text_every_column_is_as_wide_as_its_widest_cell(prior: Prior) -> None:
    text = str(compare_runs([a_run(prior), a_run(prior, "porl-bc", wait=7)]))
    assert "Return of the rule that acts, guide and random actions included, mean over" in text
    assert "[95% bootstrap interval]:\n\n| recipe " in text
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(blocks) == 4
    for block in blocks:
        assert len({len(line) for line in block}) == 1
        assert set(block[1]) == {"|", "-", " "}


def test_the_first_lines_are_what_runs_from_one_prior_differ_by_seed_by_seed(prior: Prior) -> None:
    sac, wsrl, rlpd = a_run(prior), a_run(prior, "wsrl", wait=7), a_run(prior, "rlpd")
    wsrl.returns_sampled = sac.returns_sampled + np.array([[3.0], [4.0], [5.0], [-1.0]])
    wsrl.returns_sampled[:, 0] = sac.returns_sampled[:, 0]
    rlpd.prior = replace(prior, name="none", steps=0)
    found = compare_runs([sac, wsrl, rlpd])
    table = found.tables()[0]
    quantities = ("lowest", "final", "drop")
    assert table.header == ("minus sac", "seeds", "return of", *quantities, "both noise floors")
    assert [row[:3] for row in table.rows] == [
        ["wsrl", "4: covers about 88 %", "the rule that acts"],
        ["wsrl", "4: covers about 88 %", "its own policy"],
    ]  # and not rlpd, which has no prior in common with it
    lowest, final, fall, floors = table.rows[1][3:]
    gap = interval(np.array([3.0, 4.0, 5.0, -1.0]))
    assert final == f"{gap.numbers('.1f')}, 3 up, 1 down"
    assert lowest == final and fall.startswith("-2.8 [") and fall.endswith(", 1 up, 3 down")
    own, theirs = (noise_floor(r.switch_returns["sampled"], len(STEPS)) for r in (wsrl, sac))
    assert floors == f"{own:.1f}, {theirs:.1f}"
    assert str(found).startswith("Return minus that of sac, seed by seed from the same priors")


def test_another_baseline_turns_the_differences_round(prior: Prior) -> None:
    runs = [a_run(prior), a_run(prior, "wsrl")]
    there, back = (compare_runs(runs, baseline=name).lines for name in ("sac", "wsrl"))
    assert there[0].differences is None and back[1].differences is None
    assert there[1].differences is not None and back[0].differences is not None
    one, other = (d["behaviour"]["final"] for d in (there[1].differences, back[0].differences))
    assert one.interval.mean == pytest.approx(-other.interval.mean)
    assert (one.up, one.down) == (other.down, other.up)
    with pytest.raises(InputError, match=r"baseline 'wrl'.*'wsrl'"):
        compare_runs(runs, baseline="wrl")


def test_what_has_other_priors_or_random_streams_is_not_paired(prior: Prior) -> None:
    one = a_run(prior)
    trained = replace(make_prior("cql", seeds=4, steps=5), name="cql", steps=5)
    for other in (a_run(trained), but(a_run(prior), seed=3)):
        assert len(compare_runs([one, other]).tables()) == 3


def test_seeds_that_are_alike_stand_on_neither_side() -> None:
    found = difference(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 5.0]))
    assert str(found) == "-0.3 [-2.0, 1.0], 1 up, 1 down"


def test_two_runs_of_one_name_keep_their_own_differences(prior: Prior) -> None:
    runs = [a_run(prior) for _ in range(3)]
    _, two, three = csv.DictReader(io.StringIO(compare_runs(runs).csv()))
    gaps = [final_return(run.returns_sampled) - final_return(runs[0].returns_sampled)
            for run in runs[1:]]  # fmt: skip
    for row, gap in zip((two, three), gaps, strict=True):
        assert float(row["sampled_final_difference_mean"]) == pytest.approx(gap.mean())
        assert int(row["sampled_final_difference_up"]) == (gap > 0).sum()
        assert int(row["sampled_final_difference_down"]) == (gap < 0).sum()


def test_how_many_seeds_collapsed_stands_beside_the_means_where_a_floor_is_given(
    prior: Prior,
) -> None:
    run, rule = a_run(prior), Collapse(-100)
    run.returns_sampled = np.full((4, len(STEPS)), -20.0)
    run.returns_sampled[1, 3] = -90.0
    table = compare_runs([run], collapse=rule).tables()[-1]
    assert table.header[-1] == "collapsed" and table.rows[0][-1] == "1 of 4 [5 %, 70 %]"
    assert table.caption.endswith("collapsed: drop > 50% of what lies between start and -100")
    (row,) = csv.DictReader(io.StringIO(compare_runs([run], collapse=rule).csv()))
    assert row["sampled_collapsed"] == "1" and row["sampled_final_difference_up"] == ""
    assert "collapsed" not in compare_runs([run]).tables()[-1].header
    told = str(summarise(run, collapse=rule))
    assert "collapsed         1 of 4 [5 %, 70 %]" in told and "collapsed" not in str(summarise(run))


def test_the_csv_has_mean_and_both_ends_of_each_interval(prior: Prior) -> None:
    run = a_run(prior, wait=7)
    (row,) = csv.DictReader(io.StringIO(compare_runs([run]).csv()))
    assert (row["recipe"], row["seeds"], row["warmup_steps"]) == ("sac", "4", "7")
    assert row["prior"] == "cql, 2 critics, 3 updates"
    fall = float(row["behaviour_drop_mean"])
    assert fall == pytest.approx(drop(run.returns_behaviour).mean())
    assert float(row["behaviour_drop_low"]) < fall < float(row["behaviour_drop_high"])
    floor = noise_floor(run.switch_returns["sampled"], len(STEPS))
    assert float(row["sampled_noise_floor"]) == pytest.approx(floor)
    assert row["behaviour_noise_floor"] == ""
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


def but(run: Any, **changes: Any) -> Any:
    return SimpleNamespace(**vars(run) | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"env_id": "rlft/Maze-UMaze-v0"},
            r"Detour-v0 for 'sac', rlft/Maze-UMaze-v0 for 'sac'; returns have no common unit",
        ),
        ({"env_kwargs": {"reward": "sparse"}}, r"Detour-v0 for .*, .* {'reward': 'sparse'} for"),
        (
            {"steps": STEPS * 2},
            r"9 evaluations, every 100 steps up to 800, for 'sac', .*200 steps.* one RunPlan\(",
        ),
        ({"steps": STEPS[:4], "returns_sampled": np.zeros((4, 4))}, "9 eval.*4 evaluations"),
        (
            {"switch_returns": {"sampled": np.zeros((4, 10))}},
            r"5 episodes for each evaluation for 'sac', 10 .*larger by noise alone.*eval_episodes",
        ),
    ],
)
def test_runs_whose_numbers_have_another_meaning_are_refused(
    changes: dict[str, Any], message: str, prior: Prior
) -> None:
    one = a_run(prior)
    with pytest.raises(InputError, match=message):
        compare_runs([one, a_run(prior, "wsrl"), but(one, **changes)])


def test_options_that_went_through_a_file_are_the_same_options(prior: Prior) -> None:
    one, other = a_run(prior), a_run(prior)
    one.env_kwargs, other.env_kwargs = {"a": [1, 2], "b": "x"}, {"b": "x", "a": (1, 2)}
    other.switch_returns = {}  # an older version kept none
    assert len(compare_runs([one, other]).lines) == 2


def test_what_else_differs_is_said_beside_the_tables(prior: Prior) -> None:
    """Numbers of one kind, but not the method's difference alone."""
    one = a_run(prior)
    assert compare_runs([one, a_run(prior, "wsrl", wait=7)]).notes == ()
    again = replace(prior, learner=make_prior("cql", seeds=4).learner)  # the same, read from a file
    torch.rand(1, generator=again.learner.generator)  # as measuring a prior does
    assert compare_runs([one, a_run(again)]).notes == ()
    nothing = replace(make_prior("bc", seeds=4), name="none", steps=0)
    assert compare_runs([one, a_run(nothing)]).notes == ()
    trained = replace(make_prior("cql", seeds=4, steps=5), name="cql", steps=5)
    (note,) = compare_runs([one, a_run(trained)]).notes
    assert "do not start from one prior" in note
    other_data = replace(prior.data, name="other", rewards=prior.data.rewards - 1)
    data, _ = compare_runs([one, a_run(replace(trained, data=other_data), "wsrl")]).notes
    assert re.search(r"different data: sac small \(\w{8}\), wsrl other \(\w{8}\)\.", data)
    streams = compare_runs([one, but(a_run(prior, "<b>"), seed=3)])
    assert "(seed: sac 0, <b> 3)" in str(streams) and "not paired" in str(streams)
    assert "<ul><li>Their random streams" in streams._repr_html_()
    assert "sac 0, &lt;b&gt; 3" in streams._repr_html_()


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


def test_the_figure_refuses_runs_of_two_environments(prior: Prior) -> None:
    one = a_run(prior)
    with pytest.raises(InputError, match="no common unit"):
        plot_comparison([one, but(one, env_id="rlft/Maze-UMaze-v0")])


def test_without_a_warm_up_nothing_is_said_of_rings(prior: Prior) -> None:
    figure = plot_comparison([a_run(prior)])
    assert figure.axes[0].get_xlabel() == "environment steps since the switch"
    assert "warm-up" not in figure.alt  # type: ignore[attr-defined]


def test_runs_of_other_seeds_are_no_pair() -> None:
    with pytest.raises(InputError, match="seed by seed"):
        difference(np.zeros(3), np.zeros(4))
