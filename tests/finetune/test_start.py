"""The call that fine-tunes: what its arguments become, and what is refused before a run starts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from maze_fakes import DETOUR
from small import MAZE_DATA, make_prior, make_recipe, pendulum_data, same_state
from test_loop import SEEDS, run

from rlft.core.errors import InputError
from rlft.finetune import Prior, RunPlan, finetune
from rlft.finetune.start import check_length, environment_of
from rlft.recipes import Recipe, Warmup, find_recipe

LARGE = "rlft/Maze-Large-v0"
PLAN = RunPlan(steps=6, eval_every=3, eval_episodes=1, seed=2, progress=False)


@pytest.fixture(scope="module")
def prior() -> Prior:
    return make_prior("sac", seeds=SEEDS)


def test_a_plan_and_its_fields_by_name_are_one_run(
    prior: Prior, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = finetune(prior, make_recipe(), plan=PLAN)
    parts = finetune(
        prior,
        make_recipe(),
        steps=6,
        eval_every=3,
        eval_episodes=1,
        seed=2,
        device="cpu",
        progress=False,
    )
    assert whole.seed == 2 and whole.steps.tolist() == parts.steps.tolist() == [0, 3, 6]
    np.testing.assert_array_equal(whole.returns_sampled, parts.returns_sampled)
    assert same_state(whole.learner.state_dict(), parts.learner.state_dict())
    assert capsys.readouterr().err == ""


def test_what_is_given_by_name_replaces_the_plans_own(prior: Prior) -> None:
    result = finetune(prior, make_recipe(), plan=PLAN, steps=4, seed=0)  # 0 is given, not missing
    assert (result.seed, result.steps.tolist()) == (0, [0, 3, 4])


def test_a_name_stands_for_a_recipe(prior: Prior) -> None:
    assert run(prior, "sac", steps=128).recipe is find_recipe("sac")


def test_seeds_may_be_named_when_they_are_the_priors(prior: Prior) -> None:
    assert run(prior, seeds=SEEDS).seeds == SEEDS


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"recipe": "sca"}, r"Unknown recipe 'sca'\. Did you mean 'sac'"),
        ({"steps": 0}, r"steps=0: expected 1 or more\. A run takes a step"),
        ({"eval_every": 0}, r"eval_every=0: expected 1 or more\. A run .* is evaluated at least"),
        ({"eval_episodes": 0}, r"eval_episodes=0: expected 1 or more"),
        ({"seed": -1}, r"seed=-1: expected 0 or more"),
        (
            {"seeds": 4},
            r"seeds=4, but the prior was trained with 3 seeds and each run goes on from its own\. "
            r"Leave `seeds` out, or pre-train with seeds=4",
        ),
        ({"env_id": "CartPole-v1"}, r"action space Discrete\(2\); expected continuous actions"),
        ({"env_id": "rlft/Maze-Detuor-v0"}, r"Did you mean 'rlft/Maze-Detour-v0'"),
        (
            {"env_id": "Pendulum-v1"},
            r"'Pendulum-v1' has observations of size 3 and actions of size 1, but the prior was "
            r"trained on 2 and 2 from 'small'\. Use the data's own environment 'rlft/Maze-Detour",
        ),
        ({"env_kwargs": {"time_limt": 7}}, r"Unknown option of .* 'time_limt'.*'time_limit'"),
        ({"device": "cdua"}, r"The device 'cdua' cannot be used here"),
        (
            {"recipe": make_recipe(warmup=Warmup(steps=6))},
            r"The warm-up of recipe 'test' takes 6 steps, the whole run only 6: no policy would",
        ),
    ],
)
def test_bad_arguments_are_refused(changes: dict[str, Any], message: str, prior: Prior) -> None:
    with pytest.raises(InputError, match=message):
        run(prior, **changes)


# --- the warm-up and the environment ----------------------------------------------------------


@pytest.mark.parametrize(("warmup", "steps"), [(0, 1), (9, 10), (1, 2)])
def test_a_warm_up_shorter_than_the_run_is_fine(warmup: int, steps: int) -> None:
    check_length(make_recipe(warmup=Warmup(steps=warmup)), RunPlan(steps=steps))


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
        check_length(recipe, RunPlan(steps=steps))


def test_a_run_that_ends_before_its_first_update_is_refused() -> None:
    recipe = make_recipe(learning_starts=7)
    check_length(recipe, RunPlan(steps=7))
    with pytest.raises(InputError, match=r"'test' updates nothing.* 7 transitions.* only 6 steps"):
        check_length(recipe, RunPlan(steps=6))


def test_the_environment_is_the_datas_own_with_its_options(prior: Prior) -> None:
    assert environment_of(prior) == (DETOUR, {})
    short = replace(prior, data=replace(MAZE_DATA, env_kwargs=(("time_limit", 7),)))
    assert environment_of(short) == (DETOUR, {"time_limit": 7})
    assert environment_of(short, DETOUR) == (DETOUR, {"time_limit": 7})
    assert environment_of(short, env_kwargs={}) == (DETOUR, {})
    assert environment_of(short, LARGE) == (LARGE, {})  # another maze: its own options
    assert environment_of(short, LARGE, {"time_limit": 9}) == (LARGE, {"time_limit": 9})


def test_data_without_an_environment_asks_for_one(prior: Prior) -> None:
    homeless = replace(prior, data=replace(MAZE_DATA, env_id=""))
    with pytest.raises(
        InputError, match=r"The data 'small' does not say which environment.*\(prior, recipe, env_"
    ):
        environment_of(homeless)
    assert environment_of(homeless, DETOUR) == (DETOUR, {})


def test_sizes_must_be_those_of_any_prior() -> None:
    pendulum = make_prior("sac", data=pendulum_data(), steps=1)
    with pytest.raises(InputError, match=r"size 2 and actions of size 2, .* on 3 and 1 from 'pend"):
        environment_of(pendulum, DETOUR)
    assert environment_of(pendulum) == ("Pendulum-v1", {})
