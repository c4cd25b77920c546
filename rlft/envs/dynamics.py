"""How the maze moves: one NumPy function for any number of points, and what can be chosen.

The single and the vector environment both run on `Maze`, so they agree bit for bit. The state *is*
the observation (float32, two numbers): any logged observation can be handed back to ``reset`` and
continues exactly there, which is what makes the true value of a state measurable by rollouts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import ArrayLike, NDArray

from rlft.core.checks import at_least, finite, one_of, shaped, within
from rlft.core.errors import InputError
from rlft.envs.geometry import Cell, MazeLayout
from rlft.envs.layouts import find_layout

STEP_SIZE = 0.5
"""Cells per step and axis at full action. Less than a cell, so that no step jumps over a wall. Not
less than half of one: the detour's two ways then take 15 and 27 steps, both well inside the horizon
of 50 that gamma 0.98 has, and one action changes Q by enough to be learned quickly."""

TIME_LIMIT = 100
"""Steps after which an episode is truncated: three to four times the 24 to 28 that the longest ways
of the course take, so that only a policy that has lost its way runs into it."""

GOAL_RADIUS = 0.5
"""Cells. The circle inscribed in the goal's cell: whoever is inside has entered the cell."""

REWARDS = {"step_cost": (-1.0, 0.0), "sparse": (0.0, 1.0), "distance": (-1.0, 0.0)}
"""Reward of (an ordinary step at the most, the step that reaches the goal), by convention.
Discounted, all prefer the shorter way; but an unseen value near 0 is pessimistic under "sparse" and
optimistic under the others, where all values are negative. Under "distance" a step costs less the
nearer it ends to the goal, so that what was walked well stays earned, whatever comes after."""


def maze_step(
    layout: MazeLayout,
    positions: NDArray[np.float32],
    actions: NDArray[np.float32],
    *,
    step_size: float = STEP_SIZE,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Moves N points by one step.

    The x part of the move is made first, then the y part; a part that would end in a wall is left
    out, so a point that runs into a wall at an angle slides along it.

    Args:
        layout: the maze.
        positions: (N, 2) observations, in [-1, 1], none of them in a wall.
        actions: (N, 2) velocities; clipped to [-1, 1], where 1 is ``step_size``.
        step_size: cells per step and axis at full action, in (0, 1).

    Returns:
        The next positions (N, 2) float32, and whether each is at the goal, (N,) bool.
    """
    scale = np.float32(step_size / layout.half)
    target = positions + actions.clip(-1.0, 1.0).astype(np.float32) * scale  # (N, 2)
    moved = positions.copy()
    for axis in (0, 1):
        moved[:, axis] = target[:, axis]
        blocked = layout.in_wall(moved)  # (N,)
        moved[blocked, axis] = positions[blocked, axis]
    return moved, at_goal(layout, moved)


def at_goal(layout: MazeLayout, positions: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tells which positions (N, 2), given as observations, are within the goal's radius: (N,)."""
    offset = positions - layout.to_observation(layout.goal)  # (N, 2)
    return offset[:, 0] ** 2 + offset[:, 1] ** 2 <= (GOAL_RADIUS / layout.half) ** 2


def check_actions(actions: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Returns actions as a float32 array of the shape (N, A).

    Raises:
        InputError: another shape, or NaN or infinite entries.
    """
    array = np.asarray(actions, dtype=np.float32)
    shaped(shape, actions=array, hint="Give one row for each environment.")
    finite(actions=array, hint="Look at the weights of the policy that chose them.")
    return array


@dataclass(frozen=True)
class MazeOptions:
    """What can be chosen about a maze environment.

    Attributes:
        layout: name of a layout, or a layout of your own.
        reward: ``"step_cost"`` (-1 per step, 0 for the step that reaches the goal), ``"sparse"``
            (+1 for the step that reaches the goal, 0 else), or ``"distance"`` (minus the distance
            to the goal of the cell where the step ends, in parts of the maze's longest one).
        action_noise: standard deviation of Gaussian noise that the environment adds to every
            action, in units of the action; >= 0.
        start_spread: half of the side of the square around the start cell's centre from which
            episodes start uniformly, in cells; in [0, 0.5), so that they start in the start cell.
        blocked_cells: cells (x, y) that become walls.
        time_limit: steps after which an episode is truncated, >= 1; None for never.

    Raises:
        InputError: a value outside of its range.
    """

    layout: str | MazeLayout = "detour"
    reward: str = "step_cost"
    action_noise: float = 0.0
    start_spread: float = 0.25
    blocked_cells: Iterable[Cell] = ()
    time_limit: int | None = TIME_LIMIT
    maze: MazeLayout = field(init=False, repr=False)
    """The layout with the blocked cells walled."""

    def __post_init__(self) -> None:
        one_of(REWARDS, reward=self.reward)
        within(0, np.inf, without=(np.inf,), action_noise=self.action_noise, hint="Use 0 for none.")
        hint = "Use 0 to start at the centre of the start cell."
        within(0, 0.5, without=(0.5,), start_spread=self.start_spread, hint=hint)
        at_least(1, time_limit=self.time_limit, hint="Or give None for no limit.")
        maze = find_layout(self.layout).with_walls(self.blocked_cells)
        object.__setattr__(self, "maze", maze)


class Transition(NamedTuple):
    """What one step of N points brought: true next observations (N, 2), and (N,) each."""

    observations: NDArray[np.float32]
    rewards: NDArray[np.float32]
    terminations: NDArray[np.bool_]
    truncations: NDArray[np.bool_]


class Maze:
    """N points in one maze: positions, step counters, and the random draws.

    Every draw is made for all N points, needed or not. So what one point does never shifts the
    random numbers of another, and seeds that run side by side stay independent.

    Args:
        options: what the maze is like.
        num_envs: N.
    """

    def __init__(self, options: MazeOptions, num_envs: int) -> None:
        self.options = options
        self.layout = options.maze
        self.observation_space = Box(-1.0, 1.0, (2,), np.float32)
        self.action_space = Box(-1.0, 1.0, (2,), np.float32)
        self.positions = np.tile(self.layout.to_observation(self.layout.start), (num_envs, 1))
        self.counters = np.zeros(num_envs, np.int32)
        ordinary, self.final = REWARDS[options.reward]
        self.rewards = np.full(self.layout.walls.shape, ordinary, np.float32)  # (H, W), by cell
        if options.reward == "distance":
            away = self.layout.distances()  # (H, W), infinite in walls
            self.rewards *= (away / away[np.isfinite(away)].max()).astype(np.float32)

    def starts(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Draws a start for each of the N points: (N, 2) observations."""
        jitter = rng.uniform(-1.0, 1.0, self.positions.shape) * self.options.start_spread
        return self.layout.to_observation(self.layout.start + jitter)

    def place(self, states: NDArray[np.float32], mask: NDArray[np.bool_]) -> None:
        """Puts the points of the mask (N,) at ``states`` (N, 2) with their step counters at 0."""
        self.positions[mask] = states[mask]
        self.counters[mask] = 0

    def check_states(self, states: ArrayLike) -> NDArray[np.float32]:
        """Returns given start states as a (N, 2) float32 array.

        Raises:
            InputError: another shape, or a state in a wall or outside of the maze.
        """
        array = np.asarray(states, dtype=np.float32)
        hint = "Give one observation (x, y) for each environment."
        shaped(self.positions.shape, state=array, hint=hint)
        known = np.isfinite(array)  # (N, 2)
        unusable = ~known.all(axis=1) | self.layout.in_wall(np.where(known, array, 0.0))
        if unusable.any():
            row = int(unusable.argmax())
            raise InputError(
                f"options['state'] row {row} is {array[row].tolist()}, which is in a wall of maze "
                f"{self.layout.name!r} or outside of it; expected an observation of a free "
                "position, for example layout.to_observation(layout.free_cells)."
            )
        return array

    def step(self, actions: ArrayLike, rng: np.random.Generator) -> Transition:
        """Moves all N points by one step; starts no new episode.

        Raises:
            InputError: actions of another shape, or with NaN or infinite entries.
        """
        moves = check_actions(actions, self.positions.shape)  # (N, 2)
        if self.options.action_noise > 0:
            noise = rng.standard_normal(moves.shape, dtype=np.float32)
            moves = (moves + noise * self.options.action_noise).astype(np.float32)
        self.positions, reached = maze_step(self.layout, self.positions, moves)
        self.counters += 1
        x, y = self.layout.cells_at(self.positions)  # (N,)
        rewards = np.where(reached, np.float32(self.final), self.rewards[y, x])
        limit = self.options.time_limit
        late = np.zeros_like(reached) if limit is None else (self.counters >= limit) & ~reached
        return Transition(self.positions.copy(), rewards, reached, late)
