"""An environment of somebody's own has a known truth once it is said how it begins in any state."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from line_fakes import BACK, FORWARD, GAMMA, LINE, Line, LineStarts, true_q, walks
from maze_fakes import DETOUR, LAYOUT, Constant, FakeConfig
from torch import Tensor

from rlft.algorithms import SACConfig, make_learner
from rlft.core.errors import InputError
from rlft.core.registry import register
from rlft.envs import AnyStart, make_vec
from rlft.envs.starts import STARTS, maze_layout, plane_of, starts_of
from rlft.evaluate import monte_carlo_q, q_error, value_map
from rlft.nets.policies import PolicyConfig
from rlft.nets.stacked import CriticConfig
from rlft.report import switch_report
from rlft.show import plot_dataset, plot_map

ENDLESS = -(1 - GAMMA**10) / (1 - GAMMA)  # 10 steps: then 0.5^10 is below a thousandth
SMALL = SACConfig(PolicyConfig(hidden=(8,)), CriticConfig(hidden=(8,)), gamma=GAMMA)


@pytest.fixture(autouse=True)
def line() -> Iterator[None]:
    """The line, with a time limit that no truth may see."""
    gym.register(LINE, Line, max_episode_steps=3)
    yield
    del gym.registry[LINE]


@pytest.fixture
def known() -> None:
    register(LineStarts())


class OffAhead:
    """Its Q is the truth of walking forward, and 2 more where the walks never went."""

    def __init__(self) -> None:
        self.seeds, self.config, self.policy = 1, FakeConfig(GAMMA), Constant(FORWARD)

    def value(self, observations: Tensor, actions: Tensor) -> Tensor:
        states = observations.numpy()
        return torch.as_tensor(true_q(states, actions.numpy()) + 2.0 * (states[..., 0] > -0.25))


def test_the_truth_of_a_line_is_what_is_worked_by_hand(known: None) -> None:
    states = np.array([[0.0], [0.5], [0.75]])
    actions = np.array([[1.0], [-1.0], [0.5]])
    q = monte_carlo_q(Constant(FORWARD, BACK), LINE, states, actions, gamma=GAMMA, mode=True)
    # Forward: 4 steps; one back to 0.25 and 3 forward; half a step to 0.875 and one more.
    np.testing.assert_allclose(q[0], [-1.875, -1.875, -1.5])
    np.testing.assert_allclose(q[1], [ENDLESS] * 3)  # back for ever
    double = monte_carlo_q(
        Constant(FORWARD), LINE, states, actions, gamma=GAMMA, env_kwargs={"cost": 2.0}
    )
    np.testing.assert_allclose(double, [[-3.75, -3.75, -3.0]])


def test_the_error_of_q_is_found_where_it_was_put(known: None) -> None:
    error = q_error(OffAhead(), walks(), LINE, n=50)
    assert error.pairs == (18, 50, 50)
    np.testing.assert_allclose(error.in_support, 0.0, atol=1e-6)
    np.testing.assert_allclose(error.out_of_support, 0.0, atol=1e-6)
    np.testing.assert_allclose(error.unseen_states, 2.0, atol=1e-6)


def test_a_line_has_a_map_of_one_row(known: None) -> None:
    found = value_map(OffAhead(), LINE, data=walks(), resolution=1)
    expected = -(1 - GAMMA ** np.arange(8.0, 0.0, -1.0)) / (1 - GAMMA)  # 8 steps to 1
    np.testing.assert_allclose(found.truth, expected[None, None])
    np.testing.assert_allclose(found.error[0, 0], [0, 0, 0, 2, 2, 2, 2, 2], atol=1e-6)
    assert found.support.tolist() == [[6, 6, 6, 0, 0, 0, 0, 0]]
    assert found.inside.all() and "line" in repr(found)
    axes = plot_map(found, "truth").axes[0]
    (image,) = axes.get_images()
    np.testing.assert_allclose(image.get_array()[0], expected)
    assert (axes.get_xlim(), axes.get_ylim()) == ((-0.5, 7.5), (-0.5, 0.5))
    assert not axes.patches  # neither walls nor marks


def test_logged_walks_are_drawn_where_they_went(known: None) -> None:
    (paths,) = plot_dataset(walks()).axes[0].collections
    assert paths.get_paths()[0].vertices.tolist() == [[-0.5, 0], [0.5, 0], [1.5, 0], [2.5, 0]]


def test_the_report_about_the_switch_measures_there_too(known: None) -> None:
    learner = make_learner(SMALL, 1, 1, seeds=2)
    report = switch_report(
        SimpleNamespace(learner=learner), learner, LINE, walks(), episodes=1, pairs=4
    )
    assert report.q_in_support is not None and report.q_unseen_states is not None
    assert "4/4/4 pairs" in report.q_note


def test_without_a_word_on_its_starts_nothing_is_known() -> None:
    assert starts_of(LINE) is None and plane_of(LINE) is None and maze_layout(LINE) is None
    for call in (
        lambda: monte_carlo_q(Constant(FORWARD), LINE, [[0.0]], [[1.0]], gamma=GAMMA),  # type: ignore[arg-type]
        lambda: q_error(OffAhead(), walks(), LINE),
        lambda: value_map(OffAhead(), LINE, data=walks()),
    ):
        with pytest.raises(InputError, match=rf"env_id='{LINE}': .* in any state.*rlft\.register"):
            call()


class PendulumStarts(AnyStart):
    """A way to begin from outside, for an environment whose reset takes no state."""

    def covers(self, env_id: str) -> bool:
        return env_id == "Pendulum-v1"

    def begin(self, env: Any, states: np.ndarray, seed: int) -> np.ndarray:
        env.reset(seed=seed)
        for copy, (x, y, speed) in zip(env.copies, states, strict=True):
            copy.unwrapped.state = np.array([np.arctan2(y, x), speed])
        return states

    def draw(self, env: Any, count: int, rng: np.random.Generator) -> np.ndarray:
        raise NotImplementedError


class Unchanged(PendulumStarts):
    """Forgets to put the copies anywhere."""

    def begin(self, env: Any, states: np.ndarray, seed: int) -> np.ndarray:
        return AnyStart.begin(self, env, states, seed)


def pendulum_q() -> np.ndarray:
    """Values of no torque, upright and hanging."""
    states, actions = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]), np.zeros((2, 1))
    return monte_carlo_q(Constant((0.0,)), "Pendulum-v1", states, actions, gamma=0.5, steps=5)


def test_an_environment_of_others_can_be_put_into_any_state_from_outside() -> None:
    register(PendulumStarts(), "pendulum")
    # At rest it stays where it is; hanging costs pi squared a step.
    np.testing.assert_allclose(pendulum_q(), [[0.0, -(np.pi**2) * (2 - 0.5**4)]], rtol=1e-4)
    with pytest.raises(InputError, match=r"'Pendulum-v1': expected .* states lie in a plane"):
        value_map(SimpleNamespace(config=FakeConfig()), "Pendulum-v1", data=walks())


def test_episodes_that_begin_elsewhere_are_refused() -> None:
    register(Unchanged(), "pendulum")
    with pytest.raises(InputError, match=r"Pendulum-v1.*began elsewhere.*Unchanged\.begin must"):
        pendulum_q()


def test_what_is_registered_is_an_object_and_the_mazes_stay() -> None:
    with pytest.raises(InputError, match=r"cannot be registered.*an AnyStart"):
        register(LineStarts)
    with pytest.raises(InputError, match="a start in any state named 'mazes' in the library"):
        register(LineStarts(), "mazes")
    assert register(LineStarts()) is STARTS["LineStarts"]
    assert starts_of(DETOUR) is STARTS["mazes"] and maze_layout(DETOUR) == LAYOUT
    blocked = maze_layout(DETOUR, {"blocked_cells": (LAYOUT.avoided[0],)})
    assert blocked is not None and blocked != LAYOUT


def test_drawn_states_of_a_maze_can_be_begun_in(rng: np.random.Generator) -> None:
    starts, env = STARTS["mazes"], make_vec(DETOUR, 1)
    drawn = starts.draw(env, 500, rng)
    assert 400 < len(drawn) < 500  # those at the goal are left out
    assert starts.can_begin(env, drawn).all()
    nowhere = LAYOUT.to_observation([(0, 0), LAYOUT.goal, (99, 99)])  # wall, goal, outside
    assert not starts.can_begin(env, nowhere).any()


def test_every_copy_gets_a_state_of_its_own() -> None:
    env = make_vec(LINE, 3)
    states = np.array([[-0.5], [0.0], [0.5]], np.float32)
    begun, _ = env.reset(seed=0, options={"state": states})
    assert begun.dtype == np.float32 and begun.tolist() == states.tolist()
    assert env.step(np.ones((3, 1)))[0].tolist() == [[-0.25], [0.25], [0.75]]
    with pytest.raises(InputError, match=r"state\.shape=\(2, 1\): expected \(3, 1\)\..*each copy"):
        env.reset(options={"state": states[:2]})


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
