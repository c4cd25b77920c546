"""A walk on a line whose values are known by hand, and how it begins in any state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box
from gymnasium.vector import VectorEnv
from numpy.typing import ArrayLike, NDArray

from rlft.data import Transitions
from rlft.envs import AnyStart

LINE, STEP, GAMMA = "probe/Line-v0", 0.25, 0.5
FORWARD, BACK = (1.0,), (-1.0,)


class Line(gym.Env):
    """A point in [-1, 1] moves by up to STEP; each step costs `cost`; it is over at 1."""

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}  # type: ignore[misc]
    observation_space = Box(-1.0, 1.0, (1,), np.float32)
    action_space = Box(-1.0, 1.0, (1,), np.float32)

    def __init__(self, cost: float = 1.0) -> None:
        self.cost = cost
        self.at = np.zeros(1, np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        super().reset(seed=seed)
        self.at = np.array((options or {}).get("state", [-1.0]), np.float32)
        return self.at, {}

    def step(self, action: np.ndarray) -> Any:
        self.at = (self.at + STEP * action).clip(-1.0, 1.0).astype(np.float32)
        return self.at, -self.cost, bool(self.at[0] >= 1.0), False, {}


def true_q(states: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """Return of the action and then full steps forward, (..., 1) and (..., 1) to (...)."""
    after = (states + STEP * actions).clip(-1.0, 1.0)[..., 0]
    steps = 1 + np.ceil((1.0 - after) / STEP)
    return -(1 - GAMMA**steps) / (1 - GAMMA)


@dataclass(frozen=True)
class Strip:
    """The line as eight squares in a row: the first one's middle is -0.875."""

    name: str = "line"
    width: int = 8
    height: int = 1

    def to_observation(self, cells: ArrayLike) -> NDArray[np.float32]:
        return ((np.asarray(cells)[..., :1] - 3.5) / 4).astype(np.float32)

    def to_cells(self, observations: ArrayLike) -> NDArray[np.float64]:
        x = np.asarray(observations, np.float64) * 4 + 3.5
        return np.concatenate([x, np.zeros_like(x)], axis=-1)


class LineStarts(AnyStart):
    """A walk begins anywhere on the line."""

    def covers(self, env_id: str) -> bool:
        return env_id == LINE

    def draw(self, env: VectorEnv, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        return rng.uniform(-1.0, 1.0, (count, 1)).astype(np.float32)

    def plane(self, env: VectorEnv) -> Strip:
        return Strip()


def walks(episodes: int = 6) -> Transitions:
    """Walks from -1 to -0.25 in full steps, and no further."""
    states = np.tile(np.arange(-1.0, -0.25, STEP), episodes)[:, None]  # (N, 1)
    last = np.tile([False, False, True], episodes)
    return Transitions(
        observations=states,
        actions=np.ones_like(states),
        rewards=-np.ones(len(states)),
        next_observations=states + STEP,
        terminations=np.zeros(len(states), bool),
        truncations=last,
        timesteps=np.tile(np.arange(3), episodes),
        name="walks",
        env_id=LINE,
    )
