"""The arguments of a run: what is filled in, and every one that is refused before it starts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from maze_fakes import DETOUR
from small import MAZE_DATA, make_prior, make_recipe, pendulum_data

from rlft.core.errors import InputError
from rlft.finetune import Prior
from rlft.finetune.plan import Plan, check_sizes, make_plan
from rlft.recipes import Warmup, find_recipe

LARGE = "rlft/Maze-Large-v0"


@pytest.fixture(scope="module")
def prior() -> Prior:
    return make_prior("sac", steps=1)


def plan(prior: Prior, **changes: Any) -> Plan:
    arguments = {
        "recipe": make_recipe(),
        "steps": 10,
        "env_id": None,
        "env_kwargs": None,
        "seeds": None,
        "eval_every": 5,
        "eval_episodes": 2,
        **changes,
    }
    return make_plan(prior, **arguments)


def test_a_plan_keeps_what_it_is_given(prior: Prior) -> None:
    recipe = make_recipe()
    given = plan(prior, recipe=recipe, env_id=LARGE, env_kwargs={"time_limit": 9}, seeds=3)
    assert given == Plan(recipe, 10, LARGE, {"time_limit": 9}, 5, 2)
    assert given.recipe is recipe


def test_a_name_stands_for_a_recipe(prior: Prior) -> None:
    assert plan(prior, recipe="sac").recipe is find_recipe("sac")


def test_the_environment_is_the_datas_own_with_its_options(prior: Prior) -> None:
    assert plan(prior).env_id == DETOUR
    short = replace(prior, data=replace(MAZE_DATA, env_kwargs=(("time_limit", 7),)))
    assert plan(short).env_kwargs == {"time_limit": 7}
    assert plan(short, env_id=DETOUR).env_kwargs == {"time_limit": 7}
    assert plan(short, env_kwargs={}).env_kwargs == {}
    assert plan(short, env_id=LARGE).env_kwargs == {}  # another maze: its own options


@pytest.mark.parametrize(("warmup", "steps"), [(0, 1), (9, 10), (1, 2)])
def test_a_warm_up_shorter_than_the_run_is_fine(warmup: int, steps: int, prior: Prior) -> None:
    recipe = make_recipe(warmup=Warmup(steps=warmup))
    assert plan(prior, recipe=recipe, steps=steps).steps == steps


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"recipe": "sca"}, r"Unknown recipe 'sca'\. Did you mean 'sac'"),
        (
            {"steps": 0},
            r"steps=0, eval_every=5, eval_episodes=2: each counts something that must happen at "
            r"least once; give 1 or more",
        ),
        ({"eval_every": 0}, r"eval_every=0, eval_episodes=2: each counts"),
        ({"eval_episodes": -1}, r"eval_episodes=-1: each counts"),
        (
            {"recipe": make_recipe(warmup=Warmup(steps=5_000)), "steps": 5_000},
            r"The warm-up of recipe 'test' takes 5,000 steps, the whole run only 5,000: no policy "
            r"would ever learn\. Give steps=10000 or more, or a shorter warm-up: "
            r"replace\(recipe, warmup=replace\(",
        ),
        (
            {"recipe": make_recipe(warmup=Warmup(steps=11))},
            r"takes 11 steps, the whole run only 10: .* Give steps=22 or more",
        ),
        ({"recipe": "porl"}, r"The warm-up of recipe 'porl' takes 500 steps, .* only 10: no"),
        (
            {"seeds": 4},
            r"seeds=4, but the prior was trained with 3 seeds and each run goes on from its own\. "
            r"Leave `seeds` out, or pre-train with seeds=4",
        ),
        ({"env_id": "CartPole-v1"}, r"action space Discrete\(2\); expected continuous actions"),
        ({"env_id": "rlft/Maze-Detuor-v0"}, r"Did you mean 'rlft/Maze-Detour-v0'"),
        ({"env_kwargs": {"time_limt": 7}}, r"Unknown option of .* 'time_limt'.*'time_limit'"),
    ],
)
def test_bad_arguments_are_refused(changes: dict[str, Any], message: str, prior: Prior) -> None:
    with pytest.raises(InputError, match=message):
        plan(prior, **changes)


def test_data_without_an_environment_asks_for_one(prior: Prior) -> None:
    homeless = replace(prior, data=replace(MAZE_DATA, env_id=""))
    with pytest.raises(
        InputError, match=r"The data 'small' does not say which environment.*\(prior, recipe, env_"
    ):
        plan(homeless)
    assert plan(homeless, env_id=DETOUR).env_id == DETOUR


def test_sizes_must_be_the_priors(prior: Prior) -> None:
    check_sizes(prior, DETOUR, None)
    with pytest.raises(
        InputError,
        match=r"'Pendulum-v1' has observations of size 3 and actions of size 1, but the prior was "
        r"trained on 2 and 2 from 'small'\. Use the data's own environment 'rlft/Maze-Detour-v0'",
    ):
        plan(prior, env_id="Pendulum-v1")
    pendulum = make_prior("sac", data=pendulum_data(), steps=1)
    with pytest.raises(InputError, match=r"size 2 and actions of size 2, .* on 3 and 1 from 'pend"):
        plan(pendulum, env_id=DETOUR)
