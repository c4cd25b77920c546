"""Recording data of one's own: what is logged, in what order, and that nothing half-made stays."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import minari
import numpy as np
import pytest
import torch
from gymnasium import spaces

import rlft
from rlft.core.errors import InputError
from rlft.data import folder, record, recording
from rlft.data.convert import normalise_actions, to_units
from rlft.data.datasets import load_dataset
from rlft.data.logged import log_policy
from rlft.nets import JumpStartPolicy, PolicyConfig, make_policy
from rlft.nets.policies import POLICIES

NAME = "mine/record/test-v0"
PENDULUM = "Pendulum-v1"
SHORT = {"max_episode_steps": 7}


class Countdown(gym.Env):
    """An episode of as many steps as its start says, 1 to 9, of which it then terminates.

    The observation is (steps of this episode, steps left); the action's box is [2, 6].
    """

    observation_space = spaces.Box(-100.0, 100.0, (2,), np.float32)
    action_space = spaces.Box(2.0, 6.0, (1,), np.float32)

    def __init__(self, never: bool = False, broken: bool = False) -> None:
        self.never, self.broken = never, broken

    def _seen(self) -> np.ndarray:
        return np.array([self.length, self.left], np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        self.length = self.left = int(self.np_random.integers(1, 10))
        return self._seen(), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict]:
        self.left -= 1
        reward = float("nan") if self.broken and self.left == 1 else float(action[0])
        return self._seen(), reward, self.left == 0 and not self.never, False, {}


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    gym.register("Countdown-v0", entry_point="test_own_recordings:Countdown", max_episode_steps=8)
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    yield tmp_path / "datasets"  # type: ignore[misc]
    del gym.registry["Countdown-v0"]


def policy_of(kind: str = "squashed-gaussian", seeds: int = 3, weights: int = 1) -> Any:
    config = PolicyConfig(kind=kind, hidden=(8,))
    return make_policy(config, seeds, 3, 1, torch.Generator().manual_seed(weights))


def half(observation: np.ndarray) -> np.ndarray:
    return np.array([0.5])


def recorded(policy: Any = half, env_id: str = PENDULUM, **options: Any) -> rlft.Transitions:
    known = {"name": NAME, "transitions": 40, "env_kwargs": SHORT, "progress": False}
    return record(policy, env_id, **{**known, **options})


# --- what is recorded ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(POLICIES))
def test_policies_of_each_kind_are_recorded_and_read_again(kind: str) -> None:
    data = recorded(policy_of(kind))
    assert (data.name, data.env_id) == (NAME, PENDULUM)
    assert data.env_kwargs == (("max_episode_steps", 7),)
    assert len(data) == 42 and data.truncations.sum() == 6 and not data.terminations.any()
    assert np.abs(data.actions).max() <= 1.0 and len(np.unique(data.actions)) > 20
    again = load_dataset(NAME)
    assert again.digest == data.digest
    rlft.Transitions(**{f: getattr(data, f) for f in rlft.data.transitions.ARRAYS})


def test_minari_has_the_actions_in_the_environments_own_units() -> None:
    data = recorded(lambda _: np.array([1.5]), description="a constant torque")
    np.testing.assert_allclose(data.actions, 0.75)
    dataset = minari.load_dataset(NAME)
    np.testing.assert_allclose(dataset[0].actions, 1.5)
    assert dataset.action_space == gym.make(PENDULUM).action_space
    assert dataset.storage.metadata["description"] == "a constant torque"
    env = dataset.recover_environment()
    assert env.spec is not None and env.spec.max_episode_steps == 7
    # The recorded action is the one that was taken: from a logged state it leads to the next one.
    env.reset(seed=0)
    cos, sin, speed = data.observations[3]
    env.unwrapped.state = np.array([np.arctan2(sin, cos), speed])  # type: ignore[attr-defined]
    seen, reward, *_ = env.step(dataset[0].actions[3])
    np.testing.assert_allclose(seen, data.next_observations[3], atol=1e-5)
    assert reward == pytest.approx(data.rewards[3], abs=1e-5)


def test_terminations_and_truncations_stay_apart_and_the_last_episode_is_whole() -> None:
    data = recorded(lambda _: [3.0], "Countdown-v0", env_kwargs=None, transitions=300)
    lengths = data.episode_lengths()
    assert 300 <= len(data) < 308 and set(lengths) == set(range(1, 9))
    starts = data.observations[data.episode_starts]
    wanted = starts[:, 0]  # the episode's own length, cut off by the clock after 8 steps
    np.testing.assert_array_equal(lengths, np.minimum(wanted, 8))
    last = np.cumsum(lengths) - 1
    np.testing.assert_array_equal(data.terminations[last], wanted <= 8)
    # Gymnasium's clock also rings at the step that ends the task by itself: both are then true.
    np.testing.assert_array_equal(data.truncations[last], wanted >= 8)
    assert data.terminations.sum() + data.truncations.sum() == len(lengths) + (wanted == 8).sum()
    # The observation after the last step is the true one, not the next episode's first.
    np.testing.assert_array_equal(data.next_observations[last][:, 1], np.maximum(wanted - 8, 0))


def test_short_episodes_are_not_favoured() -> None:
    episodes = log_policy(lambda _: [3.0], "Countdown-v0", transitions=20_000, seed=0)
    shares = np.bincount([int(e.observations[0, 0]) for e in episodes])[1:] / len(episodes)
    # 9 lengths of equal odds, some 4,000 episodes: a share is known to 0.005.
    np.testing.assert_allclose(shares, 1 / 9, atol=0.02)


def test_the_same_call_gives_the_same_bytes_and_another_seed_others() -> None:
    first = recorded(policy_of())
    assert recorded(policy_of(), replace=True).digest == first.digest
    other = recorded(policy_of(), seed=1, replace=True)
    starts = [data.observations[data.episode_starts] for data in (first, other)]
    # Copies are seeded by neighbouring numbers: no start may come again under the next seed.
    assert not {tuple(row) for row in starts[0]} & {tuple(row) for row in starts[1]}


def test_one_seed_of_a_stack_acts() -> None:
    policy = policy_of(seeds=3)
    for seed in (0, 2):
        data = recorded(policy, of_seed=seed, mode=True, replace=True)
        seen = torch.from_numpy(data.observations).expand(3, -1, -1)
        with torch.no_grad():
            expected = policy.mode(seen)  # (3, N, 1)
        np.testing.assert_allclose(data.actions, expected[seed], atol=1e-5)
        assert np.abs(data.actions - expected[1].numpy()).max() > 1e-3


def test_a_policy_that_looks_at_the_clock_acts_by_the_step_of_its_episode() -> None:
    guide, explorer = (policy_of(seeds=1, weights=number) for number in (1, 2))
    data = recorded(JumpStartPolicy(guide, explorer, torch.tensor([2.0]), mode=True))
    for walks, policy in ((True, guide), (False, explorer)):
        rows = (data.timesteps < 2) == walks
        with torch.no_grad():
            expected = policy.mode(torch.from_numpy(data.observations[None, rows]))[0]
        np.testing.assert_allclose(data.actions[rows], expected, atol=1e-5)


def test_noise_makes_a_share_of_the_actions_uniform() -> None:
    plain = recorded(half, transitions=700)
    assert len(np.unique(plain.actions)) == 1
    some = recorded(half, transitions=700, random_actions=0.3, replace=True)
    assert 0.2 < (some.actions != plain.actions[0]).mean() < 0.4
    noisy = recorded(half, transitions=700, action_noise=0.1, replace=True)
    assert noisy.actions.std() == pytest.approx(0.1, abs=0.02)
    assert noisy.actions.mean() == pytest.approx(0.25, abs=0.02)


def test_the_mazes_are_recorded_too() -> None:
    data = recorded(lambda o: -o, "rlft/Maze-UMaze-v0", env_kwargs={"time_limit": 9})
    assert len(data) >= 40 and data.env_kwargs == (("time_limit", 9),)
    np.testing.assert_allclose(data.actions, -data.observations)


@pytest.mark.parametrize(("low", "high"), [(-2.0, 2.0), (-0.4, 0.4), (1.0, 4.0), (-1.0, 1.0)])
def test_units_there_and_back(low: float, high: float) -> None:
    actions = np.linspace(-1, 1, 33, dtype=np.float32)[:, None]
    box = spaces.Box(low, high, (1,), np.float32)
    there = to_units(actions, box.low, box.high)
    assert there.dtype == np.float32 and there.min() == box.low and there.max() == box.high
    np.testing.assert_allclose(normalise_actions(there, low, high, "x"), actions, atol=1e-6)
    assert (there is actions) == (low == -1.0)


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "rlft/mine-v0"}, r"name='rlft/mine-v0': expected a name that does not begin"),
        ({"name": "no version"}, r"name='no version': expected a Minari id. Ids end in a version"),
        ({"transitions": 0}, r"transitions=0: expected 1 or more"),
        ({"transitions": 2.5}, r"transitions=2.5: expected a whole number"),
        ({"seed": -1}, r"seed=-1: expected 0 or more"),
        ({"action_noise": -0.1}, r"action_noise=-0.1: expected a number in \[0"),
        ({"random_actions": 1.5}, r"random_actions=1.5: expected a number in \[0, 1\]"),
        ({"policy": 3}, r"policy=3: expected a policy, or a function.*learner.policy"),
        ({"mode": True}, r"expected False, 0 for a function"),
        ({"policy": policy_of(), "of_seed": 3}, r"of_seed=3: expected one of the policy's 3 seeds"),
        ({"policy": lambda _: [5.0]}, r"chose the action \[5.0\], outside.*from \[-2.0\] to \[2"),
        ({"policy": lambda _: [1.0, 1.0]}, r"policy\(observation\).*expected 1 finite numbers"),
        ({"policy": lambda _: [np.nan]}, r"expected 1 finite numbers.*asked at the observation"),
        ({"policy": lambda _: "left"}, r"policy\(observation\)='left': expected 1 finite"),
        ({"env_id": "Pendulum-v9"}, r"Unknown environment id 'Pendulum-v9'"),
        ({"env_id": "CartPole-v1"}, r"'CartPole-v1' has the action space Discrete"),
        ({"env_kwargs": {"max_episode_steps": -1}}, r"time limit=None: expected a number of steps"),
        ({"env_kwargs": {"gravity": 1}}, r"Environment 'Pendulum-v1' with the options"),
    ],
)
def test_bad_input_is_named_and_leaves_nothing(
    options: dict[str, Any], message: str, root: Path
) -> None:
    with pytest.raises(InputError, match=message):
        recorded(**options)
    assert not root.exists() or list(root.iterdir()) == []


def test_actions_outside_of_the_box_are_clipped_when_asked() -> None:
    np.testing.assert_array_equal(recorded(lambda _: [5.0], clip_actions=True).actions, 1.0)


def test_a_name_that_is_taken_is_kept_unless_told_otherwise() -> None:
    first = recorded()
    with pytest.raises(InputError, match=f"There is a dataset '{NAME}'.*replace=True"):
        recorded(lambda _: [1.0])
    assert load_dataset(NAME).digest == first.digest
    assert recorded(lambda _: [1.0], replace=True).digest != first.digest
    assert set(load_dataset(NAME).actions.ravel()) == {0.5}


@pytest.mark.parametrize("moment", ["acting", "writing", "reading"])
def test_an_interruption_leaves_the_old_dataset_or_none(
    moment: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = recorded()

    def stop(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    names = {"writing": "write_dataset", "reading": "load_dataset"}
    policy: Callable[..., Any] = stop if moment == "acting" else half
    with monkeypatch.context() as patch:
        if moment in names:
            patch.setattr(recording, names[moment], stop)
        for name, replace in ((NAME, True), ("mine/record/other-v0", False)):
            with pytest.raises(KeyboardInterrupt):
                recorded(policy, name=name, replace=replace)
    assert load_dataset(NAME).digest == first.digest
    assert folder.local_names() == [NAME]
    assert [path.name for path in root.iterdir()] == ["mine"]
    assert os.environ["MINARI_DATASETS_PATH"] == str(root)


@pytest.mark.filterwarnings("ignore:.*NaN value")
def test_rewards_that_are_no_numbers_are_refused_before_anything_is_written(root: Path) -> None:
    with pytest.raises(InputError, match="rewards"):
        recorded(lambda _: [3.0], "Countdown-v0", env_kwargs={"broken": True})
    assert list(root.iterdir()) == []
