"""A track without an end of its own, and recordings of it as Minari datasets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import gymnasium as gym
import minari
import numpy as np
from gymnasium.spaces import Box
from minari.data_collector import EpisodeBuffer

TRACK = "contract/Track-v0"  # registered with episodes of 10 steps
ENDLESS = "contract/Endless-v0"


class Track(gym.Env):
    """x moves by the action, and says so when it is not in the box; the observation is (x, t)."""

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}  # type: ignore[misc]

    def __init__(
        self, low: Any = -1.0, high: Any = 1.0, kind: str = "float32", reach: float = 1e6
    ) -> None:
        bounds = (np.atleast_1d(np.asarray(bound, kind)) for bound in (low, high))
        self.action_space = Box(*bounds, dtype=np.dtype(kind).type)
        self.observation_space = Box(-reach, reach, (2,), np.float32)

    def _seen(self) -> np.ndarray:
        return np.array([self.x, self.t], np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        super().reset(seed=seed)
        self.x, self.t = 0.0, 0
        return self._seen(), {}

    def step(self, action: np.ndarray) -> Any:
        assert self.action_space.contains(action), f"{action!r} is not in {self.action_space}"
        self.x += float(action[0])
        self.t += 1
        return self._seen(), 1.0, False, False, {}


class Forgetful(gym.ObservationWrapper):
    """A wrapper that does not store its arguments."""

    def observation(self, observation: np.ndarray) -> np.ndarray:
        return 2 * observation


@contextmanager
def registered() -> Iterator[None]:
    """Registers both tracks for a while."""
    gym.register(TRACK, entry_point="contract_fakes:Track", max_episode_steps=10)
    gym.register(ENDLESS, entry_point="contract_fakes:Track")
    try:
        yield
    finally:
        for name in (TRACK, ENDLESS):
            del gym.registry[name]


def record(env: gym.Env, name: str, episodes: int = 3, **options: Any) -> None:
    """Stores episodes of random actions."""
    env.action_space.seed(0)
    buffers = []
    for seed in range(episodes):
        seen, rows, over = [env.reset(seed=seed)[0]], [], False
        while not over:
            action = env.action_space.sample()
            observation, reward, terminated, truncated, _ = env.step(action)
            seen.append(observation)
            rows.append((action, float(reward), bool(terminated), bool(truncated)))
            over = terminated or truncated
        actions, rewards, ended, cut = zip(*rows, strict=True)
        buffers.append(buffer(np.array(seen), np.array(actions), rewards, ended, cut))
    minari.create_dataset_from_buffers(name, buffers, env=env, data_format="hdf5", **options)


def buffer(seen: Any, actions: Any, rewards: Any, ended: Any, cut: Any) -> EpisodeBuffer:
    return EpisodeBuffer(
        observations=seen,
        actions=actions,
        rewards=list(rewards),
        terminations=list(ended),
        truncations=list(cut),
        infos={},
    )
