"""The scripted policies: how good they are, where they go, and that logging is repeatable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rlft.core.errors import InputError
from rlft.envs import Behaviour, Episode, geodesic_actions, geodesic_targets, log_episodes
from rlft.envs.behaviour import behaviour_actions
from rlft.envs.layouts import DETOUR, LAYOUTS, MazeLayout

DETOUR_ID = "rlft/Maze-Detour-v0"
RIGHT = np.array([1.0, 0.0], dtype=np.float32)
NOISY = Behaviour(action_noise=0.4, random_actions=0.1)


def log(behaviour: Behaviour, transitions: int = 1_500, **env_kwargs: Any) -> list[Episode]:
    return log_episodes(
        DETOUR_ID, behaviour, transitions=transitions, seed=0, env_kwargs=env_kwargs
    )


def visited(episodes: list[Episode]) -> set[tuple[int, int]]:
    x, y = DETOUR.cells_at(np.concatenate([e.observations for e in episodes]))
    return set(zip(x.tolist(), y.tolist(), strict=True))


def lengths(episodes: list[Episode]) -> np.ndarray:
    return np.array([len(e) for e in episodes])


def test_best_behaviour_walks_the_detour_or_the_shortcut() -> None:
    around = log(Behaviour(), start_spread=0.0)
    through = log(Behaviour(avoid=False), start_spread=0.0)
    assert set(lengths(through)) == {15}
    assert 22 <= lengths(around).max() <= 32  # 16 cells without cutting a corner are 32 steps
    assert all(e.rewards.sum() == 1 - len(e) for e in around + through)
    assert DETOUR.avoided[0] in visited(through)
    assert DETOUR.avoided[0] not in visited(around)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_best_behaviour_reaches_the_goal_from_everywhere(layout: str) -> None:
    episodes = log(Behaviour(coverage=1.0), 3_000, layout=layout)
    assert all(e.terminations[-1] for e in episodes)


def test_noise_costs_steps() -> None:
    noisy, narrow = log(NOISY, 4_000), log(Behaviour(action_noise=0.1), 4_000)
    assert lengths(noisy).mean() > 1.2 * lengths(narrow).mean()
    assert np.mean([e.terminations[-1] for e in noisy]) > 0.95


def test_lower_quality_costs_steps() -> None:
    best, poor = log(Behaviour(quality=1.0)), log(Behaviour(quality=0.5))
    assert lengths(poor).mean() > 1.5 * lengths(best).mean()


def test_half_the_speed_takes_twice_the_steps_and_the_same_way() -> None:
    fast, slow = log(Behaviour()), log(Behaviour(speed=0.5))
    assert 1.8 < lengths(slow).mean() / lengths(fast).mean() < 2.1
    assert max(np.abs(episode.actions).max() for episode in slow) == 0.5


@pytest.mark.parametrize("quality", [0.0, 0.5])
def test_avoided_cells_are_never_entered_however_random_the_policy(quality: float) -> None:
    behaviour = Behaviour(quality=quality, random_actions=0.5, coverage=1.0)
    episodes = log(behaviour, 20_000)
    assert DETOUR.avoided[0] not in visited(episodes)
    assert {(4, 6), (6, 6)} <= visited(episodes)  # up to both of its sides, though
    free = Behaviour(quality=quality, random_actions=0.5, coverage=1.0, avoid=False)
    assert DETOUR.avoided[0] in visited(log(free, 20_000))


def test_coverage_is_the_share_of_starts_away_from_the_start_cell() -> None:
    def share_away(coverage: float) -> float:
        episodes = log(Behaviour(coverage=coverage), 8_000)
        starts = DETOUR.to_cells([e.observations[0] for e in episodes])
        return float(np.mean(np.abs(starts - DETOUR.start).max(axis=1) > 0.5))

    assert share_away(0.0) == 0.0
    assert 0.35 < share_away(0.5) < 0.65
    assert share_away(1.0) > 0.9


def test_random_actions_replace_the_given_share() -> None:
    observations = np.tile(DETOUR.to_observation(DETOUR.start), (4_000, 1))
    targets = geodesic_targets(DETOUR, avoid=False)
    actions = behaviour_actions(
        DETOUR,
        targets,
        Behaviour(random_actions=0.3, avoid=False),
        observations,
        np.random.default_rng(0),
    )
    replaced = np.abs(actions - RIGHT).max(axis=1) > 1e-6
    assert 0.27 < replaced.mean() < 0.33


def test_quality_zero_is_the_uniform_policy() -> None:
    observations = np.tile(DETOUR.to_observation(DETOUR.start), (4_000, 1))
    targets = geodesic_targets(DETOUR, avoid=False)
    rng = np.random.default_rng(0)
    actions = behaviour_actions(
        DETOUR, targets, Behaviour(quality=0.0, avoid=False), observations, rng
    )
    np.testing.assert_allclose(actions.mean(axis=0), 0.0, atol=0.05)
    np.testing.assert_allclose(actions.std(axis=0), 1 / np.sqrt(3), rtol=0.05)


def test_action_noise_has_the_given_standard_deviation() -> None:
    observations = np.tile(DETOUR.to_observation(DETOUR.start), (4_000, 1))
    targets = geodesic_targets(DETOUR, avoid=False)
    behaviour = Behaviour(action_noise=0.2, avoid=False)
    actions = behaviour_actions(DETOUR, targets, behaviour, observations, np.random.default_rng(0))
    assert 0.19 < actions[:, 1].std() < 0.21  # the component that clipping leaves alone
    assert np.abs(actions).max() <= 1.0


def test_targets_cut_no_corner() -> None:
    #        top row first
    corner = MazeLayout("corner", ("#####", "#..G#", "#.#.#", "#S..#", "#####"))
    targets = geodesic_targets(corner, avoid=True)
    assert targets[1, 1].tolist() in ([1.0, 2.0], [2.0, 1.0])
    assert targets[1, 2].tolist() == [3.0, 1.0]  # not (3, 2), past the wall's corner
    room = MazeLayout("room", ("####", "#.G#", "#S.#", "####"))
    assert geodesic_targets(room, avoid=True)[1, 1].tolist() == [2.0, 2.0]
    assert np.isnan(targets[2, 2]).all()


def test_guide_moves_at_full_speed_toward_the_target_and_stops_on_it() -> None:
    room = MazeLayout("room", ("####", "#.G#", "#S.#", "####"))
    targets = geodesic_targets(room, avoid=True)
    observations = room.to_observation([(1.0, 1.0), (1.0, 1.4), (2.0, 2.0)])
    actions = geodesic_actions(room, targets, observations)
    np.testing.assert_allclose(actions, [[1.0, 1.0], [1.0, 0.6], [0.0, 0.0]], atol=0.05)
    assert actions.dtype == np.float32


def test_episodes_are_whole_and_consistent() -> None:
    episodes = log(NOISY, 2_000, time_limit=35)
    assert 2_000 <= lengths(episodes).sum() < 2_000 + 35
    assert sum(lengths(episodes)[:-1]) < 2_000
    assert {bool(e.truncations[-1]) for e in episodes} == {True, False}
    for e in episodes:
        steps = len(e)
        assert e.observations.shape == (steps + 1, 2)
        assert e.actions.shape == (steps, 2)
        assert {a.dtype for a in (e.observations, e.actions, e.rewards)} == {np.dtype(np.float32)}
        assert not (e.terminations | e.truncations)[:-1].any()
        assert e.terminations[-1] != e.truncations[-1]
        assert e.truncations[-1] == (steps == 35 and not e.terminations[-1])
        moves = np.abs(np.diff(e.observations, axis=0)).max() * DETOUR.half
        assert moves <= 0.5 + 1e-5  # no jump to the next episode's start
        at_goal = np.linalg.norm(DETOUR.to_cells(e.observations[-1]) - DETOUR.goal) <= 0.501
        assert at_goal == e.terminations[-1]


def test_an_episode_stops_at_its_first_end_though_others_of_its_round_go_on() -> None:
    episodes = log(Behaviour(quality=0.3, coverage=1.0), 3_000, layout="umaze")
    assert lengths(episodes).max() > 4 * lengths(episodes).min()
    for e in episodes:
        ends = e.terminations | e.truncations
        assert ends[-1]
        assert not ends[:-1].any()


def test_same_seed_same_bytes_other_seed_other_bytes() -> None:
    def content(seed: int) -> bytes:
        episodes = log_episodes(DETOUR_ID, NOISY, transitions=500, seed=seed)
        return b"".join(e.observations.tobytes() + e.actions.tobytes() for e in episodes)

    assert content(1) == content(1)
    assert content(1) != content(2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Behaviour(speed=0.0), r"speed=0.0.*\(0, 1\]"),
        (lambda: Behaviour(quality=1.1), r"quality=1.1.*\[0, 1\]"),
        (lambda: Behaviour(random_actions=-0.1), r"random_actions=-0.1.*\[0, 1\]"),
        (lambda: Behaviour(coverage=float("nan")), r"coverage=nan.*\[0, 1\]"),
        (lambda: Behaviour(action_noise=-1.0), r"action_noise=-1.0.*\[0, inf\)"),
        (lambda: Behaviour(action_noise=float("inf")), r"action_noise=inf.*\[0, inf\)"),
        (lambda: log(NOISY, 0), "transitions=0.*1 or more"),
        (lambda: log(NOISY, 10, time_limit=None), "time_limit=None.*number of steps.*never end"),
        (
            lambda: log_episodes("Pendulum-v1", NOISY, transitions=10, seed=0),
            "'Pendulum-v1'.*a maze.*Maze-Detour",
        ),
        (
            lambda: log_episodes("rlft/Maze-Detuor-v0", NOISY, transitions=10, seed=0),
            "Did you mean 'rlft/Maze-Detour-v0'",
        ),
    ],
)
def test_bad_input_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
