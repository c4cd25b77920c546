"""Recipes: one for each method, all of them data, and every value out of range refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace
from functools import cache

import numpy as np
import pytest
from small import SHORT_DATA, cut, make_prior, narrow, same_state, small

from rlft.acting import FrozenActs, JumpStart, LearnerActs
from rlft.algorithms import SACConfig
from rlft.core.encoding import from_json, to_json
from rlft.core.errors import InputError
from rlft.core.streams import Role, stream
from rlft.finetune import Prior, Run, finetune, hand_over, pretrain, untrained
from rlft.recipes import RECIPES, Handover, Online, Pretraining, Recipe, Warmup, find_recipe


@pytest.fixture(scope="module")
def prior() -> Prior:
    return make_prior("cql", data=SHORT_DATA, seeds=2)


@cache
def prior_of(name: str) -> Prior:
    """What a recipe's authors start from, with narrow networks and two updates."""
    pretraining = RECIPES[name].prior
    if pretraining is None:
        return untrained(SHORT_DATA, seeds=2)
    config = narrow(pretraining.config)
    return pretrain(config, SHORT_DATA, seeds=2, steps=2, progress=False)


def two_steps(prior: Prior, recipe: Recipe) -> Run:
    """One step of warm-up, where there is one, and at least one step with an update."""
    run = finetune(
        prior,
        cut(recipe),
        steps=2,
        env_kwargs={"time_limit": 10},  # short evaluations
        eval_every=1,
        eval_episodes=1,
        progress=False,
    )
    learning = 2 - min(recipe.warmup.steps, 1)
    warm = (2 - learning) * recipe.warmup.critic_updates
    assert run.learner.updates == warm + learning * recipe.online.utd
    assert run.returns_sampled.shape == run.returns_behaviour.shape == (2, 3)
    assert np.isfinite(run.metrics["policy_loss"][:, -1]).all()
    before, _ = hand_over(prior, cut(recipe), seed=stream(0, Role.LEARNER))
    for part in ("policy", "critics"):
        states = (learner.parts()[part].state_dict() for learner in (before, run.learner))
        assert not same_state(*states), part
    assert (run.guide is None) is (recipe.guide is None)
    if run.guide is not None and recipe.guide is not None:
        assert run.guide.updates == learning * recipe.guide.utd
    return run


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_runs_from_one_prior(name: str, prior: Prior) -> None:
    assert find_recipe(name) is RECIPES[name]
    assert two_steps(prior, RECIPES[name]).recipe == cut(RECIPES[name])


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_runs_from_the_prior_of_its_authors(name: str) -> None:
    run = two_steps(prior_of(name), RECIPES[name])
    handover = RECIPES[name].handover
    crossed = run.handover.parts
    assert ("policy" in crossed, "critics" in crossed) == (handover.policy, handover.critics)


def test_a_recipe_that_is_cut_differs_in_the_length_of_its_phases_only() -> None:
    for name in RECIPES:
        whole, short = RECIPES[name], cut(RECIPES[name])
        assert short.online == replace(whole.online, learning_starts=0)
        assert (short.handover, short.guide) == (whole.handover, whole.guide)
        assert short.warmup.acting == whole.warmup.acting
        assert (short.warmup.steps == 0) is (whole.warmup.steps == 0)
        assert type(short.acting.schedule) is type(whole.acting.schedule)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_data_and_says_where_it_comes_from(name: str) -> None:
    recipe = RECIPES[name]
    assert recipe.name == name
    assert from_json(json.loads(json.dumps(to_json(recipe)))) == recipe
    assert recipe.source.paper and recipe.source.kind in (
        "course scale of a reproduction",
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
        optimizers=("policy", "critics", "temperature"),
        retention="drop",
    )
    assert recipe.warmup == Warmup(steps=0, acting=FrozenActs(), critic_updates=0)
    assert recipe.acting == LearnerActs()
    assert (recipe.guide, recipe.prior, recipe.preset) == (None, None, "course")
    assert (recipe.online.utd, recipe.online.policy_delay) == (1, 1)
    assert recipe.online.policy_batch == "last"
    assert recipe.online.learning_starts is None


@pytest.mark.parametrize(("utd", "policy_delay"), [(4, 4), (4, 2), (1, 3), (2, 6)])
def test_ratios_that_divide_are_fine(utd: int, policy_delay: int) -> None:
    Online(small("sac"), utd=utd, policy_delay=policy_delay)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: find_recipe("sca"), "recipe 'sca'.*'sac'"),
        (lambda: find_recipe("sac", "curse"), "preset 'curse'.*'course'.*paper"),
        (lambda: find_recipe("sca", "paper"), "recipe 'sca'.*'sac'"),
        (lambda: Recipe("a", "b", Online(SACConfig()), preset="papr"), "preset 'papr'.*'paper'"),  # type: ignore[arg-type]
        (lambda: Pretraining("bc", small("bc"), 0), "steps=0.*1 or more.*gradient updates"),
        (lambda: Handover(retention="drp"), "retention 'drp'.*'drop'.*append, drop, mix"),  # type: ignore[arg-type]
        (lambda: Handover(offline_share=1.5), r"offline_share=1.5.*\[0, 1\].*0.5"),
        (lambda: Handover(offline_share=-0.1), r"offline_share=-0.1.*\[0, 1\]"),
        (lambda: Warmup(steps=-1), "steps=-1.*0 or more"),
        (lambda: Warmup(critic_updates=-2), "critic_updates=-2.*0 or more"),
        (lambda: Warmup(steps=5, acting=JumpStart()), "acting=JumpStart.*one policy.*FrozenActs"),
        (lambda: Online(SACConfig(), utd=0), "utd=0.*1 or more"),
        (lambda: Online(SACConfig(), policy_delay=0), "policy_delay=0.*1 or more"),
        (lambda: Online(SACConfig(), utd=4, policy_delay=3), "delay=3.*utd=4.*policy_delay = utd"),
        (lambda: Online(SACConfig(), policy_rows="own"), "policy_rows 'own'.*all, explorer"),  # type: ignore[arg-type]
        (lambda: Online(SACConfig(), policy_batch="al"), "policy_batch 'al'.*'all'"),  # type: ignore[arg-type]
    ],
)
def test_values_out_of_range_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
