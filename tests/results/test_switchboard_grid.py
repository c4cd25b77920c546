"""The recorded grid: every combination answers, effects are paired, and a cell can be made anew."""

from __future__ import annotations

import csv
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from small import make_prior, make_recipe

import rlft
from rlft.core.errors import InputError
from rlft.core.files import PACKAGE
from rlft.evaluate import Collapse, evaluate
from rlft.recipes import Handover, Ticks, Warmup
from rlft.recipes.switchboard import (
    AFTER,
    DATASET,
    EVERY,
    PRIOR,
    TICKS,
    combinations,
    recipe_of,
    release_of,
    ticked,
)
from rlft.results import read_switchboard
from rlft.results.switchboard import (
    MARGIN,
    MEASURES,
    RECORD,
    Grid,
    Outcome,
    grid_of,
    long_way,
    outcome_of,
    share,
)

GRID = read_switchboard()
ENV = "rlft/Maze-Detour-v0"
Rows = list[dict[str, str]]


def rows_of(path: Path = RECORD) -> Rows:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# --- the record -----------------------------------------------------------------------------------


def test_every_setting_of_the_ticks_answers() -> None:
    for values in product((False, True), repeat=len(TICKS)):
        one = GRID.outcome(Ticks(*values))
        assert one.returns.shape == (10, 1 + AFTER // EVERY)
        assert np.isfinite(one.returns).all() and np.isfinite(one.moved).all()
        assert (one.returns <= 0).all() and (one.returns >= -100).all()
    assert GRID.steps.tolist() == list(range(0, AFTER + 1, EVERY))
    assert GRID.returns.keys() == GRID.moved.keys() == set(combinations())


def test_the_library_has_the_record_of_the_study_and_it_is_small() -> None:
    assert RECORD.read_bytes() == (PACKAGE.parent / "studies/switchboard/results.csv").read_bytes()
    assert RECORD.is_relative_to(PACKAGE) and RECORD.stat().st_size < 300_000


def test_all_policies_that_cross_are_the_same_at_the_switch() -> None:
    for ticks in combinations():
        if ticks.policy:
            assert (GRID.outcome(ticks).returns[:, 0] == GRID.prior).all()
    assert (GRID.outcome(Ticks()).returns[:, 0] < -90).all()


def test_a_cell_that_is_made_anew_is_the_recorded_one() -> None:
    """The naive start, from the same ten priors.

    On another machine sums are rounded otherwise and single seeds may end elsewhere, so the means
    are compared; ten seeds that fall do so anywhere.
    """
    ticks = ticked(["policy", "critics"])
    data = rlft.load_dataset(DATASET)
    prior = rlft.pretrain(PRIOR.config, data, seeds=GRID.seeds, steps=PRIOR.steps, progress=False)
    recipe = recipe_of(ticks)
    steps = release_of(recipe) + 2 * EVERY
    made = outcome_of(rlft.finetune(prior, recipe, steps=steps, eval_every=EVERY, progress=False))
    known = GRID.outcome(ticks)
    assert made.prior.mean() == pytest.approx(known.prior.mean(), abs=1.5)
    fell = known.returns[:, 1:3].min(1)
    assert made.returns[:, 1:].min(1).mean() == pytest.approx(fell.mean(), abs=12)


# --- what is made of it ---------------------------------------------------------------------------


def fake_rows(value: Callable[[Ticks, int], float], moved: float = 1.5, seeds: int = 3) -> Rows:
    """A record in which the return after the release is a function of ticks and seed."""
    return [
        {
            **{name: str(int(getattr(ticks, name))) for name in TICKS},
            "seed": str(seed),
            "0": "-30" if ticks.policy else "-100",
            **{step: f"{value(ticks, seed)}" for step in ("64", "128", "192")},
            "moved": str(moved),
        }
        for ticks in combinations()
        for seed in range(seeds)
    ]


def fake(value: Callable[[Ticks, int], float]) -> Grid:
    return grid_of(fake_rows(value))


def test_an_effect_is_the_mean_of_differences_seed_by_seed() -> None:
    grid = fake(lambda ticks, seed: -50.0 + (seed + 4) * ticks.data - 3 * ticks.warmup)
    np.testing.assert_allclose(grid.effect("data", "lowest"), [4, 5, 6])
    np.testing.assert_allclose(grid.effect("warmup", "final"), [-3, -3, -3])
    np.testing.assert_allclose(grid.effect("temperature"), 0, atol=1e-12)


def test_settings_in_which_a_tick_changes_nothing_do_not_count() -> None:
    grid = fake(lambda ticks, seed: -50.0 + 8 * ticks.target_critics)
    np.testing.assert_allclose(grid.effect("target_critics", "lowest"), 8)
    # Of the settings of the critics' targets half are ticked: critics bring those along.
    np.testing.assert_allclose(grid.effect("critics", "lowest"), 4)


def test_effects_are_taken_where_the_policy_crosses_and_its_own_over_all() -> None:
    grid = fake(lambda ticks, seed: -40.0 + 6 * ticks.fill if ticks.policy else -100.0)
    np.testing.assert_allclose(grid.effect("fill", "lowest"), 6)
    np.testing.assert_allclose(grid.effect("policy", "lowest"), 63)


def test_an_effect_may_be_that_of_a_small_board() -> None:
    grid = fake(lambda ticks, seed: -50.0 + 8 * (ticks.data and not ticks.fill))
    np.testing.assert_allclose(grid.effect("data", "lowest"), 4)
    np.testing.assert_allclose(grid.effect("data", "lowest", free=["data", "warmup"]), 8)
    filled = ticked(["policy", "fill"])
    np.testing.assert_allclose(grid.effect("data", "lowest", free=["data"], others=filled), 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("data", "lowst"), "Unknown measure 'lowst'"),
        (("date",), "Unknown tick 'date'"),
    ],
)
def test_effects_that_there_are_not(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        GRID.effect(*arguments)
    with pytest.raises(InputError, match="changes nothing while 'critics' is not ticked"):
        GRID.effect("target_critics", free=["target_critics"])
    with pytest.raises(InputError, match="Unknown tick 'x'"):
        GRID.effect("data", free=["x"])


def outcome(returns: list[list[float]], prior: list[float]) -> Outcome:
    values = np.array(returns)
    steps = np.arange(values.shape[1]) * 64
    return Outcome(steps, values, np.array(prior), np.zeros(len(values)), ENV)


def test_the_numbers_of_an_outcome_by_hand() -> None:
    one = outcome([[-30, -70, -50, -30, -30], [-100, -100, -40, -10, -10]], [-30, -30])
    means = [(-30 / 2 - 70 - 50 - 30 - 30 / 2) / 4, (-100 / 2 - 100 - 40 - 10 - 10 / 2) / 4]
    np.testing.assert_allclose(one.change, np.array(means) + 30)
    np.testing.assert_allclose(one.lowest, [-70, -100])
    np.testing.assert_allclose(one.drop, [40, 70])
    np.testing.assert_allclose(one.final, [-110 / 3, -20])
    # The floor is -100, so that 35 is half of what there is to lose.
    assert one.fell.tolist() == [True, True]
    kept = outcome([[-30, -65, -30], [-30, -65.5, -30]], [-30, -30])
    assert kept.fell.tolist() == [False, True]
    assert Collapse(-100.0).share == 0.5
    assert str(share(kept.fell)) == "1 of 2 [9 %, 91 %]"


def test_the_short_way_is_found_above_the_long_one() -> None:
    bar = long_way(ENV) + MARGIN
    assert -27 < long_way(ENV) < -26
    ends = [[-30, bar + d, bar + d, bar + d] for d in (-0.1, 0.1)]
    assert outcome(ends, [-30, -30]).found.tolist() == [False, True]
    found = outcome(ends, [-30, -30])
    for name, measure in MEASURES.items():
        np.testing.assert_array_equal(measure(found), getattr(found, name))


def test_a_run_of_ones_own_has_the_same_form() -> None:
    prior = make_prior("sac", seeds=2)
    recipe = make_recipe(warmup=Warmup(4))
    run = rlft.finetune(prior, recipe, steps=8, eval_every=2, eval_episodes=2, progress=False)
    mine = outcome_of(run)
    assert mine.steps.tolist() == [0, 2, 4]
    np.testing.assert_array_equal(mine.returns, run.returns_sampled[:, [0, 3, 4]])
    np.testing.assert_array_equal(mine.prior, run.returns_sampled[:, 0])
    np.testing.assert_array_equal(mine.moved, run.kl[:, -1])
    fresh = make_recipe(handover=Handover(policy=False, critics=False, optimizers=()))
    other = outcome_of(rlft.finetune(prior, fresh, steps=4, eval_every=2, progress=False))
    returns = evaluate(prior.learner.policy, run.env_id, mode=False).mean_returns
    np.testing.assert_array_equal(other.prior, returns)
    late = rlft.finetune(prior, recipe, steps=5, eval_every=5, eval_episodes=1, progress=False)
    with pytest.raises(InputError, match=r"from 9 on\. Give steps=109"):
        outcome_of(rlft.Run(**{**vars(late), "recipe": make_recipe(warmup=Warmup(9))}))


# --- bad records ----------------------------------------------------------------------------------


def write(path: Path, rows: Rows) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_record_with_a_hole_says_which(tmp_path: Path) -> None:
    rows = fake_rows(lambda ticks, seed: -50.0)
    with pytest.raises(InputError, match=r"1 combinations.*the first: nothing\. Make them with"):
        read_switchboard(write(tmp_path / "a.csv", rows[3:]))
    with pytest.raises(InputError, match="240 combinations"):
        grid_of([])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows: rows[5].update({"64": "much"}),
        lambda rows: [row.pop("moved") for row in rows],
        lambda rows: rows.pop(),
        lambda rows: rows[0].update({"policy": "yes"}),
    ],
)
def test_a_damaged_record_is_named(tmp_path: Path, spoil: Callable[[Rows], object]) -> None:
    rows = fake_rows(lambda ticks, seed: -50.0)
    spoil(rows)
    with pytest.raises(InputError, match=r"grid\.csv' is damaged"):
        read_switchboard(write(tmp_path / "grid.csv", rows))


def test_a_record_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv' is missing"):
        read_switchboard(tmp_path / "none.csv")
