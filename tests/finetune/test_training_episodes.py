"""Training episodes: clocks and returns, counted by hand, seed by seed."""

from __future__ import annotations

import numpy as np
import pytest

from rlft.finetune.training_episodes import Episodes

NONE, BOTH = np.array([False, False]), np.array([True, True])
FIRST = np.array([True, False])


def test_an_episode_is_kept_when_it_ends_and_the_clock_starts_again() -> None:
    episodes = Episodes(2)
    assert episodes.timesteps.tolist() == [0, 0]
    clocks = []
    for step, done in enumerate([NONE, FIRST, NONE, NONE, BOTH, NONE], start=1):
        episodes.record(step, np.array([step, 10.0 * step]), done)
        clocks.append(episodes.timesteps.tolist())
    assert clocks == [[1, 1], [0, 2], [1, 3], [2, 4], [0, 0], [1, 1]]
    assert episodes.steps == [[2, 5], [5]]
    assert episodes.returns == [[3.0, 12.0], [150.0]]
    assert episodes.running.tolist() == [6.0, 60.0]  # of the episodes under way


def test_nothing_is_kept_of_an_episode_that_has_not_ended() -> None:
    episodes = Episodes(3)
    episodes.record(1, np.ones(3), np.zeros(3, bool))
    assert (episodes.steps, episodes.returns) == ([[], [], []], [[], [], []])


def test_an_episode_may_last_one_step() -> None:
    episodes = Episodes(1)
    for step in (1, 2):
        episodes.record(step, np.array([-1.0]), np.array([True]))
    assert (episodes.steps, episodes.returns) == ([[1, 2]], [[-1.0, -1.0]])
    assert episodes.timesteps.tolist() == [0]


def test_returns_add_up_in_double_precision() -> None:
    """Rewards come as float32: 1e8 + 1 would be lost there."""
    episodes = Episodes(1)
    episodes.record(1, np.array([1e8], np.float32), np.array([False]))
    episodes.record(2, np.array([1.0], np.float32), np.array([True]))
    assert episodes.returns[0][0] == pytest.approx(100_000_001.0, abs=0.5)
