"""How long a run is, and whether recipe and environment fit the prior: all that is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from maze_fakes import DETOUR
from small import MAZE_DATA, make_prior, make_recipe, pendulum_data

from rlft.core.errors import InputError
from rlft.finetune import Prior, RunPlan
from rlft.finetune.plan import check_warmup, environment_of
from rlft.recipes import Recipe, Warmup, find_recipe

LARGE = "rlft/Maze-Large-v0"


@pytest.fixture(scope="module")
def prior() -> Prior:
    return make_prior("sac", steps=1)


# --- how long and how ----------------------------------------------------------------------------


def test_another_plan_differs_in_what_is_given_and_in_nothing_else() -> None:
    plan = RunPlan(steps=10, eval_every=5, eval_episodes=2, seed=3, device="cuda", progress=False)
    assert plan.but(seed=0, steps=20, device=None) == replace(plan, seed=0, steps=20)
    assert plan.but(progress=True).progress and plan.but() == plan


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, r"^steps=0: expected 1 or more\. A run takes a step and is evaluated at"),
        ({"eval_every": 0}, r"^eval_every=0: expected 1 or more\. A run takes a step"),
        ({"eval_episodes": -1}, r"^eval_episodes=-1: expected 1 or more\. A run takes a step"),
        ({"seed": -1}, r"^seed=-1: expected 0 or more\. Each whole number from 0 on has random"),
    ],
)
def test_numbers_that_are_too_small_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        RunPlan(**changes)
    with pytest.raises(InputError, match=message):
        RunPlan().but(**changes)


@pytest.mark.parametrize(("warmup", "steps"), [(0, 1), (9, 10), (1, 2)])
def test_a_warm_up_shorter_than_the_run_is_fine(warmup: int, steps: int) -> None:
    check_warmup(make_recipe(warmup=Warmup(steps=warmup)), RunPlan(steps=steps))


@pytest.mark.parametrize(
    ("recipe", "steps", "message"),
    [
        (
            make_recipe(warmup=Warmup(steps=5_000)),
            5_000,
            r"The warm-up of recipe 'test' takes 5,000 steps, the whole run only 5,000: no policy "
            r"would ever learn\. Give steps=10000 or more, or a shorter warm-up: "
            r"replace\(recipe, warmup=replace\(",
        ),
        (
            make_recipe(warmup=Warmup(steps=11)),
            10,
            r"takes 11 steps, the whole run only 10: .* Give steps=22 or more",
        ),
        (
            find_recipe("porl"),
            10,
            r"The warm-up of recipe 'porl' takes 500 steps, .* only 10: no",
        ),
    ],
)
def test_a_warm_up_as_long_as_the_run_is_refused(recipe: Recipe, steps: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_warmup(recipe, RunPlan(steps=steps))


# --- where ---------------------------------------------------------------------------------------


def test_the_environment_is_the_datas_own_with_its_options(prior: Prior) -> None:
    assert environment_of(prior) == (DETOUR, {})
    short = replace(prior, data=replace(MAZE_DATA, env_kwargs=(("time_limit", 7),)))
    assert environment_of(short) == (DETOUR, {"time_limit": 7})
    assert environment_of(short, DETOUR) == (DETOUR, {"time_limit": 7})
    assert environment_of(short, env_kwargs={}) == (DETOUR, {})
    assert environment_of(short, LARGE) == (LARGE, {})  # another maze: its own options
    assert environment_of(short, LARGE, {"time_limit": 9}) == (LARGE, {"time_limit": 9})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"env_id": "CartPole-v1"}, r"action space Discrete\(2\); expected continuous actions"),
        ({"env_id": "rlft/Maze-Detuor-v0"}, r"Did you mean 'rlft/Maze-Detour-v0'"),
        ({"env_kwargs": {"time_limt": 7}}, r"Unknown option of .* 'time_limt'.*'time_limit'"),
    ],
)
def test_environments_and_options_that_do_not_exist_are_refused(
    changes: dict[str, Any], message: str, prior: Prior
) -> None:
    with pytest.raises(InputError, match=message):
        environment_of(prior, **changes)


def test_data_without_an_environment_asks_for_one(prior: Prior) -> None:
    homeless = replace(prior, data=replace(MAZE_DATA, env_id=""))
    with pytest.raises(
        InputError, match=r"The data 'small' does not say which environment.*\(prior, recipe, env_"
    ):
        environment_of(homeless)
    assert environment_of(homeless, DETOUR) == (DETOUR, {})


def test_sizes_must_be_the_priors(prior: Prior) -> None:
    with pytest.raises(
        InputError,
        match=r"'Pendulum-v1' has observations of size 3 and actions of size 1, but the prior was "
        r"trained on 2 and 2 from 'small'\. Use the data's own environment 'rlft/Maze-Detour-v0'",
    ):
        environment_of(prior, "Pendulum-v1")
    pendulum = make_prior("sac", data=pendulum_data(), steps=1)
    with pytest.raises(InputError, match=r"size 2 and actions of size 2, .* on 3 and 1 from 'pend"):
        environment_of(pendulum, DETOUR)
