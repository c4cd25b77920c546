"""What an id stands for: modules that register, time limits, and actions at the box's border."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from contract_fakes import ENDLESS, TRACK, registered
from maze_fakes import DETOUR
from small import make_prior, make_recipe, pendulum_data

from rlft.core.errors import InputError
from rlft.data import Transitions
from rlft.data.transitions import options_of
from rlft.envs import env_shape, make_vec, time_limit_of
from rlft.envs.spec import bare_id, find_spec, with_time_limit
from rlft.envs.starts import starts_of
from rlft.evaluate import evaluate, rollout
from rlft.finetune import finetune


@pytest.fixture(autouse=True)
def track() -> Iterator[None]:
    with registered():
        yield


class Still:
    """Does nothing, with one seed."""

    seeds = 1

    def mode(self, observations: torch.Tensor) -> torch.Tensor:
        return torch.zeros(*observations.shape[:2], 1)

    sample = mode  # type: ignore[assignment]


# --- ids with a module ---------------------------------------------------------------------------


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module that registers an environment when it is imported, not yet imported."""
    (tmp_path / "somebodys_envs.py").write_text(
        "import gymnasium as gym\n"
        "gym.register('somebody/Track-v0', entry_point='contract_fakes:Track', "
        "max_episode_steps=7)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "somebodys_envs"
    gym.registry.pop("somebody/Track-v0", None)
    sys.modules.pop("somebodys_envs", None)


def test_an_id_with_a_module_imports_it(module: str) -> None:
    env_id = f"{module}:somebody/Track-v0"
    assert "somebody/Track-v0" not in gym.registry
    assert env_shape(env_id) == (2, 1)
    assert find_spec(env_id).id == bare_id(env_id) == "somebody/Track-v0"
    assert time_limit_of(env_id) == 7
    assert starts_of(env_id) is None
    assert evaluate(Still(), env_id, episodes=1, mode=True).lengths.item() == 7


def test_the_data_of_an_environment_are_its_own_with_and_without_the_module() -> None:
    one = np.zeros((1, 1))
    data = Transitions(
        one, one, one[0], one, [False], [True], [0], env_id=f"m:{TRACK}", env_kwargs=(("low", -2),)
    )  # type: ignore[arg-type]
    assert options_of(data, TRACK, None) == {"low": -2}
    assert options_of(data, ENDLESS, None) == {}


def test_a_maze_is_a_maze_behind_its_module() -> None:
    assert starts_of(f"rlft.envs:{DETOUR}") is not None


@pytest.mark.parametrize(
    ("env_id", "message"),
    [
        ("nobodys_envs:X-v0", "module 'nobodys_envs' .*'nobodys_envs:X-v0'.*Install"),
        ("rlft.envs:rlft/Maze-Detur-v0", "Did you mean 'rlft/Maze-Detour-v0'"),
        ("Nobody-v0", "'module:Id-v0' imports it"),
    ],
)
def test_a_module_or_id_that_is_not_there_is_named(env_id: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_spec(env_id)


# --- time limits ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("env_id", "options", "limit"),
    [
        (TRACK, {}, 10),
        (TRACK, {"max_episode_steps": 20}, 20),
        (TRACK, {"max_episode_steps": np.int64(20)}, 20),
        (TRACK, {"max_episode_steps": None}, 10),
        (TRACK, {"max_episode_steps": -1}, None),
        (ENDLESS, {}, None),
        (ENDLESS, {"max_episode_steps": 20}, 20),
        (DETOUR, {}, 100),
        (DETOUR, {"time_limit": 7}, 7),
        (DETOUR, {"max_episode_steps": 7}, 7),
        (DETOUR, {"max_episode_steps": 200}, 100),  # as in Gymnasium: on top of its own
        (DETOUR, {"max_episode_steps": -1}, 100),
        (DETOUR, {"time_limit": None, "max_episode_steps": 7}, 7),
        (DETOUR, {"time_limit": None}, None),
    ],
)
def test_the_declared_limit_is_the_one_that_cuts(
    env_id: str, options: dict[str, Any], limit: int | None
) -> None:
    assert time_limit_of(env_id, options) == limit
    env = make_vec(env_id, 1, env_kwargs=options)
    env.reset(seed=0)
    still = np.zeros(env.action_space.shape or ())
    cuts = [bool(env.step(still)[3][0]) for _ in range(210)]
    assert (cuts.index(True) + 1 if True in cuts else None) == limit


@pytest.mark.parametrize("env_id", [TRACK, ENDLESS, DETOUR])
@pytest.mark.parametrize("limit", [5, None])
def test_a_limit_can_be_put_into_the_options(env_id: str, limit: int | None) -> None:
    options = with_time_limit(env_id, {"max_episode_steps": 3}, limit)
    assert time_limit_of(env_id, options) == limit
    assert with_time_limit(env_id, {"a": 1}, "default") == {"a": 1}


def test_an_endless_environment_is_evaluated_with_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    for options in ({"time_limit": 20}, {"env_kwargs": {"max_episode_steps": 20}}):
        result = evaluate(Still(), ENDLESS, episodes=2, mode=True, **options)  # type: ignore[arg-type]
        assert result.lengths.tolist() == [[20, 20]]
        assert result.returns.tolist() == [[20.0, 20.0]]
    monkeypatch.setattr(rollout, "LONGEST_EPISODE", 50)
    with pytest.raises(InputError, match=r"50 steps.*time_limit=1000.*'max_episode_steps': 1000"):
        evaluate(Still(), ENDLESS, episodes=2, mode=True)


@pytest.mark.parametrize("limit", [5, "default"])
def test_fine_tuning_takes_a_limit(limit: Any) -> None:
    prior = make_prior(data=pendulum_data(), seeds=2, steps=1)
    run = finetune(
        prior,
        make_recipe(),
        steps=12,
        eval_every=12,
        eval_episodes=1,
        time_limit=limit,
        progress=False,
    )
    ends = [5, 10] if limit == 5 else []  # Pendulum's own is 200
    assert [each.tolist() for each in run.episode_steps] == [ends, ends]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time_limit": 0}, "time_limit=0.*1 or more.*None for no limit"),
        ({"time_limit": True}, "time_limit=True.*1 or more"),
        ({"env_kwargs": {"max_episode_steps": 0}}, "max_episode_steps=0.*1 or more.*-1 for no"),
        ({"env_kwargs": {"max_episode_steps": 2.5}}, "max_episode_steps=2.5.*whole number"),
    ],
)
def test_limits_that_are_none_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluate(Still(), TRACK, mode=True, **options)


# --- the border of the box -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_border_actions_stay_in_the_box(kind: str) -> None:
    rng = np.random.default_rng(0)
    left = 0
    for _ in range(60):  # the environment says so when an action is outside
        low, high = rng.uniform(-3, 0), rng.uniform(0.01, 3)
        if kind == "float32":
            low, high = float(np.float32(low)), float(np.float32(high))
        middle, reach = np.float32(high / 2 + low / 2), np.float32(high / 2 - low / 2)
        left += bool(middle + reach > high or middle - reach < low)
        env = make_vec(TRACK, 1, env_kwargs={"low": low, "high": high, "kind": kind})
        env.reset(seed=0)
        up, down = (float(env.step([[border]])[0][0, 0]) for border in (1.0, -1.0))
        assert up == pytest.approx(high, rel=1e-6)
        assert down == pytest.approx(high + low, abs=1e-6)
    assert left > 5  # else this would test nothing


def test_a_box_as_large_as_float32_has_a_middle() -> None:
    env = make_vec(TRACK, 1, env_kwargs={"low": -3e38, "high": 3e38})
    env.reset(seed=0)
    assert env.step([[0.5]])[0][0, 0] == pytest.approx(1.5e38)
