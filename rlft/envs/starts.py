"""Who can begin in any state: the mazes, and whatever `rlft.register` adds.

Where an episode can begin in any state, the true value of every action is known: begin there, act,
follow the policy, add up. Errors of Q, maps of Q and the report about the switch ask here.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any, Protocol, runtime_checkable

import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import ArrayLike, NDArray

from rlft.core.checks import refused
from rlft.core.errors import InputError
from rlft.core.registry import Registry
from rlft.envs.dynamics import at_goal
from rlft.envs.geometry import MazeLayout
from rlft.envs.maze import MazeVectorEnv
from rlft.envs.spec import find_spec, is_maze
from rlft.envs.vectorise import make_vec


class Plane(Protocol):
    """How states lie in a picture of unit squares, whose centres have whole numbers; row 0 is low.

    A `MazeLayout` is one. A state of one dimension makes a picture of height 1.
    """

    @property
    def name(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...

    def to_observation(self, cells: ArrayLike) -> NDArray[np.float32]:
        """The states (..., O) at positions x, y in the picture (..., 2)."""
        ...

    def to_cells(self, observations: ArrayLike) -> NDArray[np.float64]:
        """The positions x, y in the picture (..., 2) of states (..., O)."""
        ...


@runtime_checkable
class AnyStart(Protocol):
    """How environments of one kind begin in any state; an object of a subclass is registered.

        class LineStarts(AnyStart):
            def covers(self, env_id):
                return env_id == "my/Line-v0"

            def draw(self, env, count, rng):
                return rng.uniform(-1, 1, (count, 1)).astype(np.float32)

        rlft.register(LineStarts())

    `begin` is needed too, unless the environment's ``reset`` takes ``options={"state": (O,)}``, and
    `plane` for maps. All `env` are what `make_vec` returns, with N copies.
    """

    def covers(self, env_id: str) -> bool:
        """Whether it is this environment that begins so."""
        ...

    def begin(self, env: VectorEnv, states: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
        """Begins an episode in each of the states (N, O); returns the observations (N, O)."""
        return env.reset(seed=seed, options={"state": states})[0]

    def draw(self, env: VectorEnv, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Draws states (M, O) that an episode can begin in, over all there are; M <= count."""
        ...

    def can_begin(self, env: VectorEnv, states: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Whether an episode can begin in each of the states (M, O) and is not over yet: (M,)."""
        return np.ones(len(states), bool)

    def plane(self, env: VectorEnv) -> Plane | None:
        """How the states lie in a picture; None where no map can be drawn."""
        return None


class MazeStarts(AnyStart):
    """The mazes: every free position outside of the goal."""

    def covers(self, env_id: str) -> bool:
        return is_maze(env_id)

    def draw(self, env: VectorEnv, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        return random_positions(self.plane(env), count, rng)

    def can_begin(self, env: VectorEnv, states: NDArray[np.float32]) -> NDArray[np.bool_]:
        layout = self.plane(env)
        return ~layout.in_wall(states) & ~at_goal(layout, states)

    def plane(self, env: VectorEnv) -> MazeLayout:
        assert isinstance(env, MazeVectorEnv)
        return env.layout


STARTS: Registry[AnyStart] = Registry(
    "start in any state",
    lambda value: isinstance(value, AnyStart) and not isinstance(value, type),
    lambda value: type(value).__name__,
)
"""Who can begin in any state."""
STARTS.add("mazes", MazeStarts())


def starts_of(env_id: str) -> AnyStart | None:
    """How an environment begins in any state; None if it cannot. Raises as `find_spec`."""
    registered = find_spec(env_id).id  # without the module of "module:Id-v0"
    return next((starts for starts in STARTS.values() if starts.covers(registered)), None)


def need_starts(env_id: str) -> AnyStart:
    """How an environment begins in any state.

    Raises:
        InputError: it cannot, or there is no such environment.
    """
    starts = starts_of(env_id)
    if starts is None:
        raise unstartable(env_id, "an environment that begins in any state")
    return starts


def unstartable(env_id: str, expected: str) -> InputError:
    """The error for an environment whose true values are not known, to be raised by the caller."""
    hint = (
        "Use one of the mazes, rlft/Maze-*-v0, or say how yours begins: "
        "rlft.register(...) of an rlft.envs.AnyStart."
    )
    return refused("env_id", env_id, expected, hint)


def plane_of(env_id: str, env_kwargs: Mapping[str, Any] | None = None) -> Plane | None:
    """How an environment's states lie in a picture; None if they do not. Raises as `make_vec`."""
    starts = starts_of(env_id)
    if starts is None:
        return None
    with closing(make_vec(env_id, 1, env_kwargs=env_kwargs)) as env:
        return starts.plane(env)


def maze_layout(env_id: str, env_kwargs: Mapping[str, Any] | None = None) -> MazeLayout | None:
    """The layout of a maze, blocked cells included; None if the environment is no maze."""
    plane = plane_of(env_id, env_kwargs)
    return plane if isinstance(plane, MazeLayout) else None


def random_positions(layout: MazeLayout, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draws observations uniformly over the free area outside the goal, (M, 2), M <= count."""
    cells = layout.free_cells[rng.integers(len(layout.free_cells), size=count)]  # (count, 2)
    # Not quite to a cell's edge: rounding must not put a point into the wall beyond it.
    positions = layout.to_observation(cells + rng.uniform(-0.499, 0.499, cells.shape))
    return positions[~at_goal(layout, positions)]
