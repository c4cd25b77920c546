"""The switchboard's ticks: what has no effect is left out, and what a combination stands for."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pytest
from small import MAZE_DATA

from rlft.algorithms import make_learner
from rlft.core.errors import InputError
from rlft.core.files import PACKAGE
from rlft.finetune.handover import hand_over
from rlft.finetune.pretrain import Prior, untrained
from rlft.recipes import Ticks, find_recipe
from rlft.recipes.switchboard import (
    AFTER,
    EVERY,
    FILL,
    NAMED,
    PARENTS,
    PRIOR,
    TICKS,
    UPDATES,
    WAITS,
    WARMUP,
    combinations,
    recipe_of,
    release_of,
    ticked,
)

EVERY_SETTING = [Ticks(*values) for values in product((False, True), repeat=len(TICKS))]
COMBINATIONS = list(combinations())


def test_combinations_are_those_that_differ() -> None:
    assert len(set(COMBINATIONS)) == len(COMBINATIONS)
    assert {ticks.canonical for ticks in EVERY_SETTING} == set(COMBINATIONS)
    assert all(ticks.canonical == ticks for ticks in COMBINATIONS)
    # policy (no, yes, with Adam) x critics (no, or with any of two) x temperature and three more
    assert len(COMBINATIONS) == 3 * (1 + 2 * 2) * 2**4
    recipes = {recipe_of(ticks) for ticks in COMBINATIONS}
    assert len({replace(recipe, title="") for recipe in recipes}) == len(COMBINATIONS)


def test_settings_that_cannot_differ_are_one_recipe() -> None:
    for ticks in EVERY_SETTING:
        assert recipe_of(ticks) == recipe_of(ticks.canonical)
    assert ticked(["target_critics", "critic_optimizer", "policy_optimizer"]).canonical == Ticks()
    assert ticked(["critics", "target_critics", "policy_optimizer"]).canonical == ticked(
        ["critics", "target_critics"]
    )


@pytest.fixture(scope="module")
def prior() -> Prior:
    """An InAC prior before its first update, which has all the parts."""
    learner = make_learner(PRIOR.config, 2, 2, 1)
    return replace(untrained(MAZE_DATA, seeds=1), name=PRIOR.name, learner=learner)


def test_what_is_ticked_crosses_and_nothing_else(prior: Prior) -> None:
    """Also that InAC has no optimizer of the temperature, for which there is no tick."""
    crosses = {"policy", "critics", "target_critics"}
    for ticks in COMBINATIONS:
        _, record = hand_over(prior, recipe_of(ticks))
        assert set(record.parts) & crosses == {name for name in crosses if getattr(ticks, name)}
        adam = {"policy": ticks.policy_optimizer, "critics": ticks.critic_optimizer}
        assert set(record.optimizers) == {name for name, crossed in adam.items() if crossed}
        assert ("starts at 0.1" in record.temperature) == ticks.temperature
        assert ("starts at 1" in record.temperature) != ticks.temperature


def test_the_data_and_what_comes_first() -> None:
    for ticks in COMBINATIONS:
        recipe = recipe_of(ticks)
        assert recipe.handover.retention == ("mix" if ticks.data else "drop")
        assert recipe.online.learning_starts == (FILL if ticks.fill else WAITS)
        assert bool(recipe.warmup.critic_updates) == ticks.warmup
        learned = release_of(recipe) - recipe.online.learning_starts
        assert learned == (WARMUP if ticks.warmup else 0)
        assert release_of(recipe) % EVERY == AFTER % EVERY == 0


def test_policy_and_critics_alone_are_the_naive_start_of_lesson_02() -> None:
    naive, ours = find_recipe("sac"), recipe_of(NAMED["the naive start"])
    assert ours.handover == naive.handover and ours.warmup == naive.warmup
    assert replace(ours.online, learning_starts=None) == naive.online
    assert ours.online.learning_starts == naive.online.learner.batch_size == WAITS


def test_the_named_ones_hand_over_what_their_methods_do() -> None:
    assert all(ticks == ticks.canonical for ticks in NAMED.values())
    for name in ("wsrl", "porl"):
        ours, theirs = recipe_of(NAMED[f"{name.upper()}'s handover"]), find_recipe(name)
        for field in ("policy", "critics", "temperature", "retention"):
            assert getattr(ours.handover, field) == getattr(theirs.handover, field)
        crosses = {tick for tick in theirs.handover.optimizers if getattr(theirs.handover, tick)}
        assert set(ours.handover.optimizers) == crosses - {"temperature"}
        assert bool(ours.warmup.critic_updates) == bool(theirs.warmup.critic_updates)


def test_the_page_says_what_the_ticks_do() -> None:
    page = (PACKAGE.parent / "docs" / "switchboard.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE))
    assert list(rows) == list(TICKS)
    assert f"walks {FILL} rows" in rows["fill"] and f"begin at {WAITS} rows" in rows["fill"]
    assert f"for {WARMUP} steps, two updates" in rows["warmup"] and UPDATES == 2
    assert f"temperature of {PRIOR.config.temperature}" in rows["temperature"]
    assert f"leaves {len(COMBINATIONS)} of {len(EVERY_SETTING)}" in page


def test_ticks_in_words() -> None:
    assert str(Ticks()) == "nothing"
    assert str(ticked(["fill", "policy_optimizer", "policy"])) == (
        "policy, policy's optimizer, replay fill"
    )
    assert set(PARENTS) | set(PARENTS.values()) <= set(TICKS)


def test_an_unknown_tick_is_refused() -> None:
    with pytest.raises(InputError, match="Unknown tick 'optimizer'"):
        ticked(["optimizer"])
