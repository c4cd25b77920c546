"""Rollouts: returns and values known by hand, one episode per sub-environment, every error."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from maze_fakes import DETOUR, LAYOUT, LEFT, RIGHT, STEPS_TO_GOAL, UP, Constant, step_costs

from rlft.core.errors import InputError
from rlft.evaluate import Evaluator, evaluate, monte_carlo_q, rollout, steps_that_count, truth

CENTRED = {"start_spread": 0.0}


def test_each_sub_environment_plays_exactly_one_episode() -> None:
    """Seed 0 could finish five episodes in the time seed 1 needs for one."""
    result = evaluate(Constant(RIGHT, LEFT), DETOUR, episodes=3, mode=True, env_kwargs=CENTRED)
    np.testing.assert_array_equal(result.lengths, [[STEPS_TO_GOAL] * 3, [100] * 3])
    # The step that reaches the goal costs nothing.
    np.testing.assert_array_equal(result.returns, [[1.0 - STEPS_TO_GOAL] * 3, [-100.0] * 3])
    np.testing.assert_array_equal(result.terminated, [[True] * 3, [False] * 3])
    np.testing.assert_array_equal(result.mean_returns, [-14.0, -100.0])
    np.testing.assert_array_equal(result.termination_share, [1.0, 0.0])


def test_discounted_returns() -> None:
    result = evaluate(Constant(RIGHT), DETOUR, episodes=1, mode=True, gamma=0.9, env_kwargs=CENTRED)
    assert result.returns[0, 0] == pytest.approx(step_costs(STEPS_TO_GOAL, 0.9))


def test_mode_and_sampled_actions_are_told_apart() -> None:
    policy = Constant(RIGHT, noise=1.0)
    mode, sampled = (evaluate(policy, DETOUR, mode=mode).mean_returns[0] for mode in (True, False))
    assert mode > -16
    assert sampled < mode - 10


def test_same_seed_same_result_other_seed_other_result() -> None:
    policy = Constant(RIGHT, RIGHT, noise=0.5)
    first, again, other = (evaluate(policy, DETOUR, mode=False, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.returns, again.returns)
    assert not np.array_equal(first.returns, other.returns)
    assert not np.array_equal(first.returns[0], first.returns[1])


def test_evaluator_can_be_used_again() -> None:
    policy = Constant(RIGHT, LEFT)
    with Evaluator(DETOUR, seeds=2, episodes=4) as evaluator:
        first = evaluator(policy, mode=True, seed=3)
        again = evaluator(policy, mode=True, seed=3)
    np.testing.assert_array_equal(first.returns, again.returns)
    np.testing.assert_array_equal(
        first.returns, evaluate(policy, DETOUR, episodes=4, mode=True, seed=3).returns
    )


def test_any_continuous_environment_can_be_evaluated() -> None:
    class Still(Constant):
        def mode(self, observations: torch.Tensor) -> torch.Tensor:
            return torch.zeros(*observations.shape[:2], 1)

    result = evaluate(Still(RIGHT, RIGHT), "Pendulum-v1", episodes=2, mode=True)
    assert (result.lengths == 200).all() and not result.terminated.any()
    assert (result.returns < 0).all()


def test_horizon_is_the_first_negligible_step() -> None:
    assert steps_that_count(0.98) == 342
    assert 0.98**342 < 1e-3 <= 0.98**341


def cells(*positions: tuple[float, float]) -> np.ndarray:
    return LAYOUT.to_observation(np.array(positions))


ROW = LAYOUT.start[1]


def test_monte_carlo_q_of_a_straight_walk() -> None:
    states = cells((1.25, ROW), (5.25, ROW), (8.3, ROW))
    # One step back, then right; one step right; from 8.3 one step enters the goal's rim at 8.5.
    actions = np.array([LEFT, RIGHT, RIGHT])
    q = monte_carlo_q(Constant(RIGHT, LEFT), DETOUR, states, actions, gamma=0.98, mode=True)
    # Seed 0: from 1.25 to 0.75 and on to 8.5 takes 1 + 16 steps; from 5.25 to 8.5 takes 7.
    np.testing.assert_allclose(q[0], step_costs(np.array([17, 7, 1])), rtol=1e-4)
    # Seed 1 goes left for ever, save where the given action enters the goal. No time limit: the
    # default one of 100 steps would give -43.4.
    endless = -(1 - 0.98**342) / 0.02
    np.testing.assert_allclose(q[1], [endless, endless, 0.0], rtol=1e-4)


def test_monte_carlo_q_uses_the_given_action_first_and_only_first() -> None:
    half_up = np.array([(0.0, 0.5)])  # a whole step up would end beside the corridor
    up = monte_carlo_q(Constant(RIGHT), DETOUR, cells((1, ROW)), half_up, gamma=0.98, mode=True)
    right = monte_carlo_q(
        Constant(RIGHT), DETOUR, cells((1, ROW)), np.array([RIGHT]), gamma=0.98, mode=True
    )
    assert right[0, 0] == pytest.approx(step_costs(STEPS_TO_GOAL), rel=1e-4)
    # One step up, and 0.25 above the middle the goal's rim is at 9 - sqrt(0.5^2 - 0.25^2) = 8.567:
    # 16 steps right.
    assert up[0, 0] == pytest.approx(step_costs(17), rel=1e-4)


def test_states_and_actions_may_differ_by_seed() -> None:
    states = np.stack([cells((5.25, ROW)), cells((8.3, ROW))])  # (S, 1, 2)
    actions = np.array([[RIGHT], [RIGHT]])
    q = monte_carlo_q(Constant(RIGHT, RIGHT), DETOUR, states, actions, gamma=0.98, mode=True)
    np.testing.assert_allclose(q, [[step_costs(7)], [0.0]], rtol=1e-4)


def test_horizon_cuts_the_sum() -> None:
    q = monte_carlo_q(
        Constant(LEFT), DETOUR, cells((1, ROW)), np.array([LEFT]), gamma=1.0, steps=7, mode=True
    )
    assert q[0, 0] == -7.0


def test_chunks_give_what_one_batch_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    states = cells(*((x, ROW) for x in np.linspace(1.0, 8.0, 11)))
    actions = np.tile(UP, (11, 1))
    policy = Constant(RIGHT, LEFT, UP)
    whole = monte_carlo_q(policy, DETOUR, states, actions, gamma=0.9, mode=True, rollouts=2)
    monkeypatch.setattr(truth, "CHUNK_ROWS", 12)
    parts = monte_carlo_q(policy, DETOUR, states, actions, gamma=0.9, mode=True, rollouts=2)
    np.testing.assert_array_equal(whole, parts)
    # Nothing is random here, so that two rollouts are as good as one, state by state.
    once = monte_carlo_q(policy, DETOUR, states, actions, gamma=0.9, mode=True)
    np.testing.assert_array_equal(whole, once)
    assert len(np.unique(once[0])) > 3


def test_rollouts_are_averaged() -> None:
    policy, states = Constant(RIGHT, noise=1.0), np.repeat(cells((1, ROW)), 60, axis=0)
    actions = np.tile(RIGHT, (60, 1))
    one, many = (
        monte_carlo_q(policy, DETOUR, states, actions, gamma=0.98, rollouts=r, steps=60).std()
        for r in (1, 16)
    )
    assert many < one / 2
    assert one > 0.1


def test_the_seed_also_governs_the_noise_of_the_environment() -> None:
    states, actions = np.repeat(cells((1, ROW)), 20, axis=0), np.tile(RIGHT, (20, 1))
    noisy = {"action_noise": 0.5}
    first, again, other = (
        monte_carlo_q(
            Constant(RIGHT),
            DETOUR,
            states,
            actions,
            gamma=0.98,
            mode=True,
            seed=s,
            env_kwargs=noisy,
        )
        for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_environment_options_reach_the_rollouts_but_their_time_limit_does_not() -> None:
    options = {"reward": "sparse", "time_limit": 3}
    q = monte_carlo_q(
        Constant(RIGHT),
        DETOUR,
        cells((5.25, ROW)),
        np.array([RIGHT]),
        gamma=0.98,
        mode=True,
        env_kwargs=options,
    )
    assert q[0, 0] == pytest.approx(0.98**6, rel=1e-4)


def measured(states=cells((1, ROW)), actions=np.array([RIGHT]), env_id=DETOUR, **more):  # noqa: B008
    return monte_carlo_q(Constant(RIGHT), env_id, states, actions, gamma=0.98, mode=True, **more)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Evaluator(DETOUR, seeds=2, episodes=0), r"episodes=0.*1 or more"),
        (lambda: Evaluator(DETOUR, seeds=0), r"seeds=0.*1 or more"),
        (
            lambda: Evaluator(DETOUR, seeds=2)(Constant(RIGHT), mode=True),
            r"seeds=1: expected .* 2\. Build .*seeds=1",
        ),
        (lambda: steps_that_count(1.0), r"gamma=1.0.*\(0, 1\).*steps="),
        (
            lambda: measured(actions=np.array([RIGHT] * 2)),
            r"actions.shape=\(1, 2, 2\).*1, A.*per state",
        ),
        (lambda: measured(states=np.zeros(2)), r"states.shape=\(2,\).*\(1, N, O\).*\(N, size\)"),
        (lambda: measured(states=np.zeros((0, 2))), r"states=0.*1 or more"),
        (lambda: measured(actions=np.zeros((2, 1, 2))), r"actions.shape=\(2, 1, 2\).*\(1, 1, A\)"),
        (lambda: measured(rollouts=0), r"rollouts=0.*1 or more"),
        (lambda: measured(steps=0), r"steps=0.*1 or more"),
        (
            lambda: measured(np.zeros((1, 3)), np.zeros((1, 1)), "Pendulum-v1"),
            r"'Pendulum-v1'.*in any state.*rlft/Maze-\*-v0.*register",
        ),
        (lambda: measured(cells((0, 0))), r"in a wall of maze 'detour'"),
    ],
)
def test_errors_name_the_value_and_the_next_step(call, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


def test_an_episode_that_never_ends_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "LONGEST_EPISODE", 200)
    with pytest.raises(InputError, match=r"2 of 4 episodes .* 200 steps.*time_limit"):
        evaluate(
            Constant(RIGHT, LEFT),
            DETOUR,
            episodes=2,
            mode=True,
            env_kwargs={"time_limit": None},
        )
