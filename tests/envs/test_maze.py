"""The maze: how it moves, pays and ends, and that its single and vector form are the same."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from hypothesis import given, settings
from hypothesis import strategies as st

from rlft.core.errors import InputError
from rlft.envs import LAYOUTS, MAZES, STEP_SIZE, MazeEnv, MazeLayout, MazeVectorEnv, maze_step
from rlft.envs.dynamics import Maze, MazeOptions
from rlft.envs.layouts import DETOUR

RIGHT = np.array([1.0, 0.0], dtype=np.float32)
CORRIDOR = MazeLayout("corridor", ("######", "#S..G#", "######"))


def walk_right(env: MazeEnv) -> tuple[list[float], bool, bool]:
    rewards: list[float] = []
    while True:
        _, reward, terminated, truncated, _ = env.step(RIGHT)
        rewards.append(reward)
        if terminated or truncated:
            return rewards, terminated, truncated


def test_full_speed_covers_half_a_cell() -> None:
    start = DETOUR.to_observation([DETOUR.start])
    moved, reached = maze_step(DETOUR, start, np.array([[1.0, -0.5]], dtype=np.float32))
    np.testing.assert_allclose(DETOUR.to_cells(moved - start), [[5.5, 3.75]], atol=1e-5)
    assert moved.dtype == np.float32
    assert not reached.any()


def test_actions_are_clipped() -> None:
    start = DETOUR.to_observation([DETOUR.start])
    wild = maze_step(DETOUR, start, np.array([[7.0, -9.0]], dtype=np.float32))[0]
    full = maze_step(DETOUR, start, np.array([[1.0, -1.0]], dtype=np.float32))[0]
    np.testing.assert_array_equal(wild, full)


def test_a_wall_stops_one_axis_and_leaves_the_other() -> None:
    at_wall = CORRIDOR.to_observation([(2.0, 1.4)])
    moved, _ = maze_step(CORRIDOR, at_wall, np.array([[1.0, 1.0]], dtype=np.float32))
    np.testing.assert_allclose(CORRIDOR.to_cells(moved), [[2.5, 1.4]], atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(LAYOUTS)),
    seed=st.integers(0, 10_000),
    step_size=st.floats(0.01, 0.99),
)
def test_no_move_ever_enters_a_wall(name: str, seed: int, step_size: float) -> None:
    layout, rng = LAYOUTS[name], np.random.default_rng(seed)
    cells = layout.free_cells[rng.integers(len(layout.free_cells), size=32)]
    positions = layout.to_observation(cells + rng.uniform(-0.49, 0.49, cells.shape))
    for _ in range(40):
        actions = rng.choice([-1.0, 0.3, 1.0], cells.shape).astype(np.float32)
        before = positions.copy()
        moved, _ = maze_step(layout, positions, actions, step_size=step_size)
        np.testing.assert_array_equal(positions, before)  # the input is left alone
        assert not layout.in_wall(moved).any()
        assert np.abs(moved - positions).max() <= step_size / layout.half + 1e-6
        positions = moved


@pytest.mark.parametrize(("reward", "total"), [("step_cost", -14.0), ("sparse", 1.0)])
def test_shortest_way_takes_15_steps(reward: str, total: float) -> None:
    env = MazeEnv(reward=reward, start_spread=0.0)
    env.reset(seed=0)
    rewards, terminated, truncated = walk_right(env)
    assert (len(rewards), terminated, truncated) == (15, True, False)
    assert sum(rewards) == total
    assert rewards[-1] == rewards[0] + 1  # both conventions pay one more at the goal


def test_a_step_costs_what_is_still_to_be_walked() -> None:
    env = MazeEnv(reward="distance", start_spread=0.0)
    env.reset(seed=0)
    rewards, terminated, _ = walk_right(env)
    # Two steps for each of the 8 cells, the first of which ends across the border; the farthest
    # cell is 13 away.
    away = [-round(13 * reward, 4) for reward in rewards]
    assert away == [7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0] and terminated


def test_a_closed_shortcut_changes_the_distance() -> None:
    free, closed = (MazeEnv(reward="distance", blocked_cells=cells) for cells in ((), [(5, 6)]))
    start = free.reset(seed=0)[0]
    closed.reset(seed=0, options={"state": start})
    stay = np.zeros(2)
    assert closed.step(stay)[1] < free.step(stay)[1] < 0


def test_blocked_cell_closes_the_shortcut_and_time_runs_out() -> None:
    env = MazeEnv(blocked_cells=[(5, 6)], start_spread=0.0, time_limit=40)
    env.reset(seed=0)
    rewards, terminated, truncated = walk_right(env)
    assert (len(rewards), terminated, truncated) == (40, False, True)


def test_reaching_the_goal_at_the_time_limit_is_a_termination() -> None:
    env = MazeEnv(start_spread=0.0, time_limit=15)
    env.reset(seed=0)
    assert walk_right(env)[1:] == (True, False)


def test_no_time_limit_never_truncates() -> None:
    env = MazeVectorEnv(3, time_limit=None)
    env.reset(seed=0)
    for _ in range(400):
        *_, truncations, info = env.step(np.zeros((3, 2)))
        assert not truncations.any()
        assert info == {}


def test_starts_spread_around_the_start_cell() -> None:
    env = MazeVectorEnv(2000, start_spread=0.2)
    offset = DETOUR.to_cells(env.reset(seed=3)[0]) - DETOUR.start
    assert np.abs(offset).max() <= 0.2 + 1e-5
    np.testing.assert_allclose(offset.std(axis=0), 0.2 / np.sqrt(3), rtol=0.05)  # uniform
    again = MazeVectorEnv(2000, start_spread=0.2)
    np.testing.assert_array_equal(env.reset(seed=3)[0], again.reset(seed=3)[0])


def test_action_noise_has_the_given_standard_deviation() -> None:
    env = MazeVectorEnv(4000, action_noise=0.2, start_spread=0.0)
    before, _ = env.reset(seed=0)
    after, *_ = env.step(np.zeros((4000, 2)))
    noise = (after - before) * DETOUR.half / STEP_SIZE
    np.testing.assert_allclose(noise.std(axis=0), 0.2, rtol=0.05)


def test_what_one_point_does_leaves_the_others_draws_alone() -> None:
    """Seeds run side by side: a seed that ends early must not change its neighbour's numbers."""
    stay, go = np.zeros((2, 2)), np.array([[0.0, 0.0], [1.0, 0.0]])
    first, second = (MazeVectorEnv(2, action_noise=0.1, time_limit=50) for _ in range(2))
    first.reset(seed=0)
    second.reset(seed=0)
    for _ in range(120):
        quiet, loud = first.step(stay)[0], second.step(go)[0]
        np.testing.assert_array_equal(quiet[0], loud[0])
    assert not np.array_equal(quiet[1], loud[1])


@pytest.mark.parametrize("reward", ["step_cost", "sparse", "distance"])
@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_vector_and_single_form_agree(layout: str, reward: str) -> None:
    count = 5
    vector = MazeVectorEnv(count, layout=layout, reward=reward, time_limit=37)
    singles = [MazeEnv(layout=layout, reward=reward, time_limit=37) for _ in range(count)]
    observations, _ = vector.reset(seed=1)
    for env, start in zip(singles, observations, strict=True):
        env.reset(seed=0, options={"state": start})
    rng, drift = np.random.default_rng(2), np.zeros((count, 2))
    ends = 0
    for _ in range(500):
        drift = 0.9 * drift + rng.normal(0.0, 0.5, (count, 2))  # wanders far enough to end
        observations, rewards, terminations, truncations, info = vector.step(drift)
        for i, env in enumerate(singles):
            seen, reward_i, terminated, truncated, _ = env.step(drift[i])
            assert (reward_i, terminated, truncated) == (
                rewards[i],
                terminations[i],
                truncations[i],
            )
            if terminated or truncated:
                ends += 1
                assert info["_final_obs"][i]
                np.testing.assert_array_equal(seen, info["final_obs"][i])
                env.reset(options={"state": observations[i]})
            else:
                assert "final_obs" not in info or not info["_final_obs"][i]
                np.testing.assert_array_equal(seen, observations[i])
    assert ends > 20


def test_final_observation_is_the_goal_and_the_next_episode_has_begun() -> None:
    env = MazeVectorEnv(2, layout=CORRIDOR, start_spread=0.1)
    assert env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    goal, start = (CORRIDOR.to_observation(cell) for cell in (CORRIDOR.goal, CORRIDOR.start))
    near = CORRIDOR.to_observation((3.4, 1.0))
    env.reset(seed=0, options={"state": np.stack([near, start])})
    observations, rewards, terminations, truncations, info = env.step(np.tile(RIGHT, (2, 1)))
    assert terminations.tolist() == info["_final_obs"].tolist() == [True, False]
    assert not truncations.any()
    assert rewards.tolist() == [0.0, -1.0]
    assert np.abs(info["final_obs"][0] - goal).max() * CORRIDOR.half <= 0.5
    assert np.abs(observations[0] - start).max() * CORRIDOR.half <= 0.1 + 1e-5
    np.testing.assert_array_equal(info["final_obs"][1], observations[1])


def test_step_counters_start_anew_with_each_episode() -> None:
    env = MazeVectorEnv(1, time_limit=10)
    env.reset(seed=0)
    cuts = [bool(env.step(np.zeros((1, 2)))[3][0]) for _ in range(30)]
    assert [i for i, cut in enumerate(cuts) if cut] == [9, 19, 29]


def test_results_are_not_views_of_the_state() -> None:
    env = MazeVectorEnv(2)
    observations, _ = env.reset(seed=0)
    observations[:] = 7.0
    observations, *_ = env.step(np.zeros((2, 2)))
    assert np.abs(observations).max() <= 1.0
    observations[:] = 7.0
    assert np.abs(env.step(np.zeros((2, 2)))[0]).max() <= 1.0


def test_any_observation_can_be_restored_exactly() -> None:
    env, other = MazeVectorEnv(64, time_limit=None), MazeVectorEnv(64, time_limit=None)
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(300):
        seen, *_ = env.step(rng.choice([-1.0, 0.0, 1.0], (64, 2)))
    restored, _ = other.reset(seed=1, options={"state": seen})
    np.testing.assert_array_equal(restored, seen)
    actions = rng.uniform(-1.0, 1.0, (64, 2))
    np.testing.assert_array_equal(env.step(actions)[1], other.step(actions)[1])
    np.testing.assert_array_equal(env.maze.positions, other.maze.positions)


def reset(state: Any) -> None:
    MazeVectorEnv(2).reset(options={"state": state})


def step(actions: Any) -> None:
    env = MazeVectorEnv(2)
    env.reset(seed=0)
    env.step(actions)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: reset(np.zeros((2, 2))), r"row 0 is \[0.0, 0.0\].*wall of maze 'detour'"),
        (lambda: reset(np.full((2, 2), 5.0)), "wall of maze 'detour' or outside.*free"),
        (lambda: reset(np.full((2, 2), np.nan)), r"row 0 is \[nan, nan\]"),
        (lambda: reset(np.zeros(2)), r"state.shape=\(2,\).*\(2, 2\).*each env"),
        (lambda: MazeEnv().reset(options={"state": np.zeros(2)}), "wall of maze 'detour'"),
        (  # the middle of this maze is free
            lambda: MazeVectorEnv(1, layout=CORRIDOR).reset(options={"state": [[np.nan, 0.0]]}),
            r"row 0 is \[nan, 0.0\]",
        ),
        (lambda: step(np.zeros((3, 2))), r"actions.shape=\(3, 2\).*\(2, 2\).*each env"),
        (lambda: step([[0, 0], [np.nan, 0]]), r"actions at \(1, 0\)=nan.*finite.*policy"),
        (lambda: MazeVectorEnv(0), "num_envs=0.*1 or more"),
    ],
)
def test_bad_input_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layout": "detuor"}, "'detuor'.*'detour'"),
        ({"reward": "dense"}, "'dense'.*distance, sparse, step_cost"),
        ({"action_noise": -0.1}, r"action_noise=-0.1.*\[0, inf\)"),
        ({"start_spread": 0.5}, r"start_spread=0.5.*\[0, 0.5\).*start cell"),
        ({"time_limit": 0}, "time_limit=0.*1 or more.*None"),
        ({"blocked_cells": [(1, 6)]}, r"\(1, 6\) is the start"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    for make in (lambda: MazeEnv(**options), lambda: MazeVectorEnv(2, **options)):
        with pytest.raises(InputError, match=message):
            make()


def test_options_are_immutable_and_keep_the_walled_maze() -> None:
    options = MazeOptions(blocked_cells=((5, 6),))
    assert options.maze.walls[6, 5]
    assert Maze(options, 1).layout == options.maze
    with pytest.raises(AttributeError):
        options.reward = "sparse"  # type: ignore[misc]


@pytest.mark.parametrize("env_id", MAZES)
def test_gymnasium_finds_no_fault(env_id: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gym.make(env_id)
        check_env(env.unwrapped)
        vector = gym.make_vec(env_id, num_envs=3)
    assert isinstance(vector, MazeVectorEnv)
    assert vector.observation_space.contains(vector.reset(seed=0)[0])
    assert isinstance(env.spec.to_json(), str)  # a dataset can name its environment
