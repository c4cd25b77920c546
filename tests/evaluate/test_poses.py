"""Where limbs are: positions that physics gives, not pixels."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from rlft.core.errors import InputError
from rlft.data import load_behaviour
from rlft.evaluate.poses import record_poses

POLE, HOPPER = "InvertedPendulum-v5", "Hopper-v5"


def still(_: np.ndarray) -> np.ndarray:
    return np.zeros(1, np.float32)


def test_the_pole_is_where_its_angle_puts_it() -> None:
    seen = []

    def push(observation: np.ndarray) -> np.ndarray:
        seen.append(observation)
        return np.full(1, 0.3, np.float32)

    poses = record_poses(push, POLE, steps=4, seed=3, mode=False)
    assert poses.limbs.shape == (4, 2, 2, 2) and poses.radii.shape == (2,)
    # The observation is the cart's place and the pole's angle. The pole is drawn 0.6 m long, and by
    # 0.001 m to the side at its tip.
    place, angle = np.array(seen)[:, :2].T  # (T,)
    tip, foot = poses.limbs[:, 1, 0], poses.limbs[:, 1, 1]  # (T, 2)
    np.testing.assert_allclose(np.linalg.norm(tip - foot, axis=1), 0.6, atol=1e-5)
    np.testing.assert_allclose(np.arctan2(*(tip - foot).T), angle + 0.001 / 0.6, atol=1e-5)
    np.testing.assert_allclose(foot[:, 0], place, atol=1e-6)


def test_what_stands_still_is_no_limb() -> None:
    geometries = gym.make(POLE).unwrapped.model.ngeom  # type: ignore[attr-defined]
    poses = record_poses(still, POLE, steps=1)
    assert (geometries, len(poses.radii)) == (3, 2)  # the rail is the third


def test_an_episode_ends_as_its_environment_says() -> None:
    fallen = record_poses(load_behaviour("inverted-pendulum", "untrained"), POLE)
    assert fallen.terminated and not fallen.truncated and len(fallen) < 100
    assert fallen.limbs.shape[0] == len(fallen) == len(fallen.rewards)
    whole = record_poses(load_behaviour("inverted-pendulum", "best"), POLE, steps=2_000)
    assert whole.truncated and not whole.terminated and len(whole) == 1_000
    begun = record_poses(load_behaviour("inverted-pendulum", "best"), POLE, steps=7)
    assert not (begun.truncated or begun.terminated) and len(begun) == 7


def test_the_same_call_plays_the_same_episode() -> None:
    policy = load_behaviour("hopper", "best")
    first, again, other = (
        record_poses(policy, HOPPER, steps=20, seed=seed, mode=False) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.limbs, again.limbs)
    assert np.abs(first.limbs - other.limbs).max() > 1e-3


def test_the_most_likely_action_is_taken_where_there_is_one() -> None:
    policy = load_behaviour("hopper", "best")
    by_default, mode, sampled = (
        record_poses(policy, HOPPER, steps=9, mode=mode).limbs for mode in (None, True, False)
    )
    np.testing.assert_array_equal(by_default, mode)
    assert np.abs(by_default - sampled).max() > 1e-6


def test_a_maze_has_no_limbs_and_a_film_has_a_frame() -> None:
    with pytest.raises(InputError, match=r"env_id='rlft/Maze-Detour-v0'.*MuJoCo.*animate_episode"):
        record_poses(lambda _: np.zeros(2), "rlft/Maze-Detour-v0", mode=False)
    with pytest.raises(InputError, match="steps=0"):
        record_poses(still, POLE, steps=0)
