"""The call that fine-tunes: what its arguments become, and what is refused before a run starts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from maze_fakes import DETOUR
from small import MAZE_DATA, make_prior, make_recipe, same_state
from test_loop import SEEDS, run

from rlft.core.errors import InputError
from rlft.finetune import Prior, RunPlan, finetune
from rlft.recipes import Warmup, find_recipe

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
    assert run(prior, "sac", steps=1).recipe is find_recipe("sac")


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


def test_data_without_an_environment_asks_for_one(prior: Prior) -> None:
    homeless = replace(prior, data=replace(MAZE_DATA, env_id=""))
    with pytest.raises(InputError, match=r"'small' does not say which environment.*env_id="):
        run(homeless)
    assert run(homeless, env_id=DETOUR).env_id == DETOUR
