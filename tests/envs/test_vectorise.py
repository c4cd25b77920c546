"""Any continuous environment as the learners see it: scaled actions, float32, true last states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, Space
from gymnasium.vector import AutoresetMode, VectorEnv

from rlft.core.errors import InputError
from rlft.envs import (
    MAZES,
    MazeVectorEnv,
    env_shape,
    is_maze,
    make_vec,
    time_limit_of,
    true_next_observations,
)


class Odd(gym.Env):
    """A probe that reports the action it was given, with spaces as a test wants them."""

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}  # type: ignore[misc]

    def __init__(self, action: Space, seen: Space | None = None) -> None:
        self.action_space = action
        self.observation_space = seen or Box(-np.inf, np.inf, (3,), np.float64)
        self.clock = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        self.clock = 0
        return np.zeros(3), {}

    def step(self, action: np.ndarray) -> Any:
        self.clock += 1
        return np.array([*action, self.clock]), 0.1, False, False, {}


SKEWED = Box(np.array([-2.0, 0.0]), np.array([2.0, 10.0]), dtype=np.float64)
UNBOUNDED = Box(-np.inf, np.inf, (2,), np.float32)


@pytest.fixture(autouse=True)
def probes() -> Iterator[None]:
    spaces = {
        "Skewed": {"action": SKEWED},
        "Discrete": {"action": Discrete(3)},
        "Unbounded": {"action": UNBOUNDED},
        "Matrix": {"action": Box(-1, 1, (2, 2), np.float32)},
        "Image": {"action": SKEWED, "seen": Box(0, 255, (8, 8), np.uint8)},
        "Dict": {"action": SKEWED, "seen": Dict({"goal": Box(-1, 1, (2,), np.float32)})},
    }
    for name, kwargs in spaces.items():
        gym.register(
            f"probe/{name}-v0",
            entry_point=Odd,
            max_episode_steps=4,
            kwargs=kwargs,
            disable_env_checker=True,
        )
    yield
    for name in spaces:
        del gym.registry[f"probe/{name}-v0"]


def test_actions_are_rescaled_and_clipped_to_the_box() -> None:
    env = make_vec("probe/Skewed-v0", 3)
    observations, _ = env.reset(seed=0)
    assert observations.dtype == np.float32
    actions = np.array([[-1.0, 1.0], [0.5, 0.0], [9.0, -9.0]])
    observations, rewards, *_ = env.step(actions)
    np.testing.assert_allclose(observations[:, :2], [[-2, 10], [1, 5], [2, 0]])
    assert observations.dtype == rewards.dtype == np.float32
    assert env.single_action_space == Box(-1.0, 1.0, (2,), np.float32)
    assert env.action_space.shape == (3, 2)
    assert env.observation_space.contains(observations)


def test_a_box_of_minus_one_to_one_passes_actions_unchanged() -> None:
    gym.register("probe/Plain-v0", entry_point=Odd, disable_env_checker=True)
    try:
        env = make_vec("probe/Plain-v0", 1, env_kwargs={"action": Box(-1.0, 1.0, (2,), np.float32)})
        env.reset(seed=0)
        action = np.array([[0.1, -0.7]], dtype=np.float32)
        np.testing.assert_array_equal(env.step(action)[0][:, :2], action)
    finally:
        del gym.registry["probe/Plain-v0"]


def test_same_step_resets_and_the_true_last_observation() -> None:
    env = make_vec("probe/Skewed-v0", 2)
    assert env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    env.reset(seed=0)
    clocks = []
    for _ in range(9):
        observations, _, terminations, truncations, info = env.step(np.zeros((2, 2)))
        true = true_next_observations(observations, info)
        assert true.dtype == np.float32
        clocks.append(true[0, 2])
        assert not terminations.any()
        if truncations[0]:
            assert observations[0, 2] == 0.0  # already the next episode
            assert info["final_obs"].shape == (2, 3)
    assert clocks == [1, 2, 3, 4, 1, 2, 3, 4, 1]


def test_next_observations_replaces_only_the_rows_that_ended() -> None:
    seen = np.arange(6, dtype=np.float32).reshape(3, 2)
    info = {"final_obs": -seen - 1, "_final_obs": np.array([False, True, False])}
    assert true_next_observations(seen, info).tolist() == [[0, 1], [-3, -4], [4, 5]]
    assert true_next_observations(seen, {}) is seen


@pytest.mark.parametrize("env_id", ["probe/Skewed-v0", "rlft/Maze-Detour-v0"])
@pytest.mark.parametrize(("limit", "first_cut"), [(7, 7), (None, None)])
def test_time_limit_can_be_changed_or_taken_away(
    env_id: str, limit: int | None, first_cut: int | None
) -> None:
    env = make_vec(env_id, 1, time_limit=limit)
    env.reset(seed=0)
    cuts = [bool(env.step(np.zeros((1, 2)))[3][0]) for _ in range(200)]
    assert (cuts.index(True) + 1 if True in cuts else None) == first_cut


def test_mazes_are_made_as_registered_with_the_given_options() -> None:
    env = make_vec("rlft/Maze-Sparse-v0", 4, env_kwargs={"start_spread": 0.0})
    assert isinstance(env, MazeVectorEnv)
    assert env.spec is not None and env.spec.id == "rlft/Maze-Sparse-v0"
    assert env.options.reward == "sparse"
    start, _ = env.reset(seed=0)
    assert (start == start[0]).all()
    other = make_vec("rlft/Maze-Detour-v0", 1, env_kwargs={"layout": "umaze"})
    assert isinstance(other, MazeVectorEnv)
    assert other.layout.name == "umaze"
    layouts = {name: make_vec(name, 1).layout.name for name in MAZES}  # type: ignore[attr-defined]
    assert list(layouts.values()) == ["detour", "umaze", "medium", "large", "detour", "detour"]


def test_same_seed_same_episodes() -> None:
    def run(seed: int) -> np.ndarray:
        env = make_vec("Pendulum-v1", 2)
        return np.stack([env.reset(seed=seed)[0], env.step(np.ones((2, 1)))[0]])

    np.testing.assert_array_equal(run(3), run(3))
    assert not np.array_equal(run(3), run(4))


def test_shapes_and_time_limits() -> None:
    assert env_shape("Pendulum-v1") == (3, 1)
    assert env_shape("rlft/Maze-Detour-v0") == (2, 2)
    assert time_limit_of("Pendulum-v1") == 200
    assert time_limit_of("rlft/Maze-Large-v0") == 100
    assert time_limit_of("rlft/Maze-Large-v0", {"time_limit": None}) is None
    assert is_maze("rlft/Maze-UMaze-v0")
    assert not is_maze("Pendulum-v1")


@pytest.mark.parametrize(
    ("env_id", "message"),
    [
        ("Pendulm-v1", "'Pendulm-v1'.*'Pendulum-v1'"),
        ("Maze-Detour-v0", "Did you mean 'rlft/Maze-Detour-v0'"),
        ("probe/Discrete-v0", r"Discrete\(3\).*continuous.*another"),
        ("probe/Unbounded-v0", "one dimension.*finite bounds.*Wrap"),
        ("probe/Matrix-v0", "one dimension.*finite bounds.*Wrap"),
        ("probe/Image-v0", r"Box\(0, 255.*one-dimensional.*FlattenObservation"),
        ("probe/Dict-v0", "Dict.*one-dimensional.*FlattenObservation"),
    ],
)
def test_unusable_environments_are_refused(env_id: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_vec(env_id, 2)


def pendulum(num_envs: int = 2, **options: Any) -> VectorEnv:
    env = make_vec("Pendulum-v1", num_envs, **options)
    env.reset(seed=0)
    return env


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pendulum(0), "num_envs=0.*1 or more"),
        (lambda: pendulum(time_limit=0), "time_limit=0.*1 or more.*None"),
        (lambda: pendulum(time_limit=2.5), "time_limit=2.5.*whole number.*None"),
        (lambda: pendulum(time_limit="defualt"), "time_limit='defualt'.*1 or more.*'default'"),
        (lambda: pendulum(env_kwargs={"gravty": 1.0}), "'gravty': 1.0.*could not be made"),
        (
            lambda: make_vec("rlft/Maze-Detour-v0", 1, env_kwargs={"time_limt": 3}),
            "'time_limt'.*'time_limit'",
        ),
        (lambda: pendulum().step(np.full((2, 1), np.nan)), r"actions at \(0, 0\)=nan.*finite"),
        (lambda: pendulum().step(np.zeros((2, 2))), r"actions.shape=\(2, 2\).*\(2, 1\)"),
    ],
)
def test_bad_arguments_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
