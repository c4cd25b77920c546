"""Who can begin in any state: the mazes, whose layout says which states there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rlft.envs.dynamics import at_goal
from rlft.envs.geometry import MazeLayout
from rlft.envs.maze import MazeVectorEnv
from rlft.envs.vectorise import make_vec


def maze_layout(env_id: str, env_kwargs: Mapping[str, Any] | None = None) -> MazeLayout | None:
    """The layout of a maze, blocked cells included; None if the environment is no maze."""
    env = make_vec(env_id, 1, env_kwargs=env_kwargs)
    env.close()
    return env.layout if isinstance(env, MazeVectorEnv) else None


def random_positions(layout: MazeLayout, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draws observations uniformly over the free area outside the goal, (M, 2), M <= count."""
    cells = layout.free_cells[rng.integers(len(layout.free_cells), size=count)]  # (count, 2)
    # Not quite to a cell's edge: rounding must not put a point into the wall beyond it.
    positions = layout.to_observation(cells + rng.uniform(-0.499, 0.499, cells.shape))
    return positions[~at_goal(layout, positions)]
