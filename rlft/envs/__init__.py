"""Environments: the point mazes of the course, and any continuous Gymnasium environment.

Importing this package registers the mazes with Gymnasium, in single and in vector form.
"""

from __future__ import annotations

from gymnasium.envs.registration import register, registry

from rlft.envs.behaviour import Behaviour, Episode, log_episodes
from rlft.envs.dynamics import (
    GOAL_RADIUS,
    STEP_SIZE,
    TIME_LIMIT,
    MazeOptions,
    at_goal,
    maze_step,
)
from rlft.envs.geodesic import geodesic_actions, geodesic_targets
from rlft.envs.layouts import LAYOUTS, MazeLayout, find_layout
from rlft.envs.maze import MazeEnv, MazeVectorEnv
from rlft.envs.spec import MAZE_VECTOR_ENTRY_POINT, TimeLimit, is_maze, time_limit_of
from rlft.envs.starts import AnyStart, maze_layout, random_positions
from rlft.envs.vectorise import (
    NormalisedVectorEnv,
    env_boxes,
    env_shape,
    make_vec,
    true_next_observations,
)

MAZES: dict[str, dict[str, str]] = {
    "rlft/Maze-Detour-v0": {"layout": "detour", "reward": "step_cost"},
    "rlft/Maze-UMaze-v0": {"layout": "umaze", "reward": "step_cost"},
    "rlft/Maze-Medium-v0": {"layout": "medium", "reward": "step_cost"},
    "rlft/Maze-Large-v0": {"layout": "large", "reward": "step_cost"},
    "rlft/Maze-Sparse-v0": {"layout": "detour", "reward": "sparse"},
    "rlft/Maze-Dense-v0": {"layout": "detour", "reward": "distance"},
}
"""The registered mazes and the options that they stand for."""

for _id, _options in MAZES.items():
    if _id not in registry:
        register(
            _id,
            entry_point="rlft.envs.maze:MazeEnv",
            vector_entry_point=MAZE_VECTOR_ENTRY_POINT,
            kwargs=dict(_options),
        )

__all__ = [
    "GOAL_RADIUS",
    "LAYOUTS",
    "MAZES",
    "STEP_SIZE",
    "TIME_LIMIT",
    "AnyStart",
    "Behaviour",
    "Episode",
    "MazeEnv",
    "MazeLayout",
    "MazeOptions",
    "MazeVectorEnv",
    "NormalisedVectorEnv",
    "TimeLimit",
    "at_goal",
    "env_boxes",
    "env_shape",
    "find_layout",
    "geodesic_actions",
    "geodesic_targets",
    "is_maze",
    "log_episodes",
    "make_vec",
    "maze_layout",
    "maze_step",
    "random_positions",
    "true_next_observations",
    "time_limit_of",
]
