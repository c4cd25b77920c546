"""The course's own environment: a point that moves through a maze, alone or many at once.

Both forms follow Gymnasium's interface and differ in nothing else: the moves, rewards and ends are
`rlft.envs.dynamics`'. The goal terminates; the time limit truncates, inside of the environment.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike, NDArray

from rlft.core.checks import at_least
from rlft.envs.dynamics import TIME_LIMIT, Maze, MazeOptions
from rlft.envs.geometry import Cell, MazeLayout


class MazeEnv(gym.Env):
    """The maze with one point; the options are those of `MazeOptions`.

    ``reset(options={"state": (2,)})`` starts at a given observation.

    Raises:
        InputError: an option, a state or an action that cannot be used.
    """

    metadata: dict[str, Any] = {"render_modes": [], "resets_to_state": True}  # noqa: RUF012

    def __init__(
        self,
        *,
        layout: str | MazeLayout = "detour",
        reward: str = "step_cost",
        action_noise: float = 0.0,
        start_spread: float = 0.25,
        blocked_cells: Iterable[Cell] = (),
        time_limit: int | None = TIME_LIMIT,
    ) -> None:
        self.options = MazeOptions(
            layout=layout,
            reward=reward,
            action_noise=action_noise,
            start_spread=start_spread,
            blocked_cells=tuple(blocked_cells),
            time_limit=time_limit,
        )
        self.maze = Maze(self.options, 1)
        self.layout = self.maze.layout
        self.observation_space = self.maze.observation_space
        self.action_space = self.maze.action_space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Starts an episode; see `gymnasium.Env.reset` and the class."""
        super().reset(seed=seed)
        given = (options or {}).get("state")
        if given is None:
            states = self.maze.starts(self.np_random)
        else:
            states = self.maze.check_states(np.asarray(given)[None])
        self.maze.place(states, np.ones(1, bool))
        return self.maze.positions[0].copy(), {}

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Moves the point; see `gymnasium.Env.step`."""
        step = self.maze.step(np.asarray(action)[None], self.np_random)
        return (
            step.observations[0],
            float(step.rewards[0]),
            bool(step.terminations[0]),
            bool(step.truncations[0]),
            {},
        )


class MazeVectorEnv(VectorEnv):
    """The maze with N points, which starts a new episode in the step that ends the old one.

    The options are those of `MazeOptions`. Where ``info["_final_obs"]`` (N,) is True, the row of
    ``info["final_obs"]`` (N, 2) is the last observation of the episode that just ended; the
    returned observation is already the first one of the next episode (SAME_STEP).

    ``reset(options={"state": (N, 2)})`` starts at given observations.

    Raises:
        InputError: num_envs < 1, or an option, a state or an action that cannot be used.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "render_modes": [],
        "autoreset_mode": AutoresetMode.SAME_STEP,
        "resets_to_state": True,
    }

    def __init__(
        self,
        num_envs: int = 1,
        *,
        layout: str | MazeLayout = "detour",
        reward: str = "step_cost",
        action_noise: float = 0.0,
        start_spread: float = 0.25,
        blocked_cells: Iterable[Cell] = (),
        time_limit: int | None = TIME_LIMIT,
    ) -> None:
        at_least(1, num_envs=num_envs, hint="Use 1 for a single one.")
        self.num_envs = num_envs
        self.options = MazeOptions(
            layout=layout,
            reward=reward,
            action_noise=action_noise,
            start_spread=start_spread,
            blocked_cells=tuple(blocked_cells),
            time_limit=time_limit,
        )
        self.maze = Maze(self.options, num_envs)
        self.layout = self.maze.layout
        self.single_observation_space = self.maze.observation_space
        self.single_action_space = self.maze.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Starts an episode in every sub-environment; see `gymnasium.vector.VectorEnv.reset`."""
        super().reset(seed=seed)
        given = (options or {}).get("state")
        if given is None:
            states = self.maze.starts(self.np_random)
        else:
            states = self.maze.check_states(given)
        self.maze.place(states, np.ones(self.num_envs, bool))
        return self.maze.positions.copy(), {}

    def step(
        self, actions: ArrayLike
    ) -> tuple[
        NDArray[np.float32],
        NDArray[np.float32],
        NDArray[np.bool_],
        NDArray[np.bool_],
        dict[str, Any],
    ]:
        """Moves all points; see `gymnasium.vector.VectorEnv.step` and the class."""
        step = self.maze.step(actions, self.np_random)
        starts = self.maze.starts(self.np_random)
        done = step.terminations | step.truncations
        info: dict[str, Any] = {}
        if done.any():
            self.maze.place(starts, done)
            info = {"final_obs": step.observations, "_final_obs": done}
        return self.maze.positions.copy(), step.rewards, step.terminations, step.truncations, info
