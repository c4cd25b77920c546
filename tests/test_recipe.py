"""Recipes: one for each method, all of them data, and every value out of range refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields

import pytest
from small import make_prior, small

from rlft.algorithms import SACConfig
from rlft.encoding import from_json, to_json
from rlft.errors import InputError
from rlft.finetune import (
    RECIPES,
    FrozenActs,
    Handover,
    LearnerActs,
    Online,
    Prior,
    Recipe,
    Warmup,
    find_recipe,
    finetune,
)


@pytest.fixture(scope="module")
def prior() -> Prior:
    return make_prior("cql", seeds=2)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_runs_from_one_prior(name: str, prior: Prior) -> None:
    run = finetune(prior, name, steps=2, eval_every=2, eval_episodes=1, progress=False)
    assert run.recipe is find_recipe(name) is RECIPES[name]
    assert run.returns_sampled.shape == (2, 2)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_data_and_says_where_it_comes_from(name: str) -> None:
    recipe = RECIPES[name]
    assert recipe.name == name
    assert from_json(json.loads(json.dumps(to_json(recipe)))) == recipe
    assert recipe.source.paper and recipe.source.kind in (
        "reproduction",
        "reconstruction",
        "baseline",
    )
    with pytest.raises(FrozenInstanceError):
        recipe.name = "other"  # type: ignore[misc]


def test_titles_tell_recipes_apart() -> None:
    titles = [recipe.title for recipe in RECIPES.values()]
    assert len(set(titles)) == len(titles)
    without_name = [[getattr(r, f.name) for f in fields(Recipe)[2:]] for r in RECIPES.values()]
    assert all(without_name.count(parts) == 1 for parts in without_name)


def test_what_a_recipe_leaves_unsaid_is_plain_online_learning() -> None:
    recipe = Recipe("plain", "plain", Online(SACConfig()))
    assert recipe.handover == Handover(
        policy=True,
        critics=True,
        target_critics=True,
        temperature=True,
        optimizers=True,
        retention="drop",
    )
    assert recipe.warmup == Warmup(steps=0, acting=FrozenActs(), critic_updates=0)
    assert recipe.acting == LearnerActs()
    assert (recipe.online.utd, recipe.online.policy_delay) == (1, 1)
    assert recipe.online.policy_batch == "last"


@pytest.mark.parametrize(("utd", "policy_delay"), [(4, 4), (4, 2), (1, 3), (2, 6)])
def test_ratios_that_divide_are_fine(utd: int, policy_delay: int) -> None:
    Online(small("sac"), utd=utd, policy_delay=policy_delay)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: find_recipe("sca"), r"Unknown recipe 'sca'\. Did you mean 'sac'"),
        (
            lambda: Handover(retention="drp"),  # type: ignore[arg-type]
            r"Unknown retention 'drp'\. Did you mean 'drop'\? Known: append, drop, mix",
        ),
        (lambda: Handover(offline_share=1.5), r"offline_share=1.5: .* must lie in \[0, 1\]; 0.5"),
        (lambda: Handover(offline_share=-0.1), r"offline_share=-0.1: the share of offline"),
        (lambda: Warmup(steps=-1), r"Warmup\(steps=-1, critic_updates=0\): both are counts"),
        (lambda: Warmup(critic_updates=-2), r"critic_updates=-2\): both are counts; give 0 for"),
        (lambda: Online(SACConfig(), utd=0), r"utd=0, policy_delay=1: both count updates and must"),
        (lambda: Online(SACConfig(), policy_delay=0), r"utd=1, policy_delay=0: both count updates"),
        (
            lambda: Online(SACConfig(), utd=4, policy_delay=3),
            r"policy_delay=3 neither divides utd=4 nor is a multiple of it\. Choose, for example",
        ),
        (
            lambda: Online(SACConfig(), policy_batch="al"),  # type: ignore[arg-type]
            r"Unknown policy_batch 'al'\. Did you mean 'all'",
        ),
    ],
)
def test_values_out_of_range_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
