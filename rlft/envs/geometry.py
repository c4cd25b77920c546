"""A maze drawn in text, and the geometry that the rest of the course needs of it.

Cells are unit squares: the centre of the cell in column ``x`` and in row ``y``, counted *from the
bottom*, has the position ``(x, y)``. So x grows to the right and y upwards, as in a plot. The
observation is that position, moved so that the middle of the maze is (0, 0) and divided by half
of the longer side, hence in [-1, 1] in every layout.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlft.core.errors import InputError

Cell = tuple[int, int]
"""A cell as (x, y): column from the left, row from the bottom."""

NEIGHBOURS: tuple[Cell, ...] = ((1, 0), (-1, 0), (0, 1), (0, -1))
"""Steps to the four cells that share a side, in the order that settles ties."""


@dataclass(frozen=True)
class MazeLayout:
    """A maze drawn in text.

    Attributes:
        name: what the layout is called.
        rows: H strings of W characters, top row first. ``#`` wall, ``.`` free, ``S`` start,
            ``G`` goal, ``x`` free for everybody, but avoided by the policies that log data.

    Raises:
        InputError: rows of different lengths, an unknown character, not exactly one S and one G,
            an open border, or a goal that cannot be reached from the start.
    """

    name: str
    rows: tuple[str, ...]

    def __post_init__(self) -> None:
        where = f"Maze layout {self.name!r}"
        widths = {len(row) for row in self.rows}
        if len(self.rows) < 3 or len(widths) != 1 or min(widths) < 3:
            raise InputError(
                f"{where} has {len(self.rows)} rows of lengths {sorted(widths)}; expected at "
                "least 3 rows of one length, at least 3. Pad the rows with '#'."
            )
        text = "".join(self.rows)
        if strange := sorted(set(text) - set("#.SGx")):
            raise InputError(f"{where} contains {strange}; expected only '#', '.', 'S', 'G', 'x'.")
        for mark in "SG":
            if text.count(mark) != 1:
                raise InputError(
                    f"{where} has {text.count(mark)} cells {mark!r}; expected exactly one."
                )
        border = self.rows[0] + self.rows[-1] + "".join(row[0] + row[-1] for row in self.rows)
        if set(border) != {"#"}:
            raise InputError(f"{where} has an open border; surround it with '#' on all four sides.")
        if not np.isfinite(self.distances()[self.start[1], self.start[0]]):
            raise InputError(
                f"{where} has no way from S {self.start} to G {self.goal}; open a wall between."
            )

    @property
    def width(self) -> int:
        """Number of columns W."""
        return len(self.rows[0])

    @property
    def height(self) -> int:
        """Number of rows H."""
        return len(self.rows)

    @property
    def half(self) -> float:
        """Half of the longer side in cells: one unit of observation."""
        return max(self.width, self.height) / 2

    @cached_property
    def centre(self) -> NDArray[np.float64]:
        """Position (2,) of the middle of the maze in cells; it is observation (0, 0)."""
        return np.array([(self.width - 1) / 2, (self.height - 1) / 2])

    @cached_property
    def walls(self) -> NDArray[np.bool_]:
        """(H, W) bool, True for a wall, indexed ``[y, x]``: row 0 is the *bottom* row."""
        walls = np.array([[mark == "#" for mark in row] for row in self.rows[::-1]])
        walls.setflags(write=False)
        return walls

    @cached_property
    def start(self) -> Cell:
        """The start cell (x, y)."""
        return self._cells_marked("S")[0]

    @cached_property
    def goal(self) -> Cell:
        """The goal cell (x, y)."""
        return self._cells_marked("G")[0]

    @cached_property
    def avoided(self) -> tuple[Cell, ...]:
        """The cells (x, y) marked ``x``: free, but avoided by the policies that log data."""
        return tuple(self._cells_marked("x"))

    @cached_property
    def avoided_mask(self) -> NDArray[np.bool_]:
        """(H, W) bool, True for the cells marked ``x``, indexed ``[y, x]``."""
        mask = np.array([[mark == "x" for mark in row] for row in self.rows[::-1]])
        mask.setflags(write=False)
        return mask

    @cached_property
    def free_cells(self) -> NDArray[np.int64]:
        """(F, 2) all cells (x, y) that are not walls, bottom row first."""
        y, x = np.nonzero(~self.walls)
        return np.stack([x, y], axis=1)

    def _cells_marked(self, mark: str) -> list[Cell]:
        return [
            (x, y)
            for y, row in enumerate(reversed(self.rows))
            for x, found in enumerate(row)
            if found == mark
        ]

    def to_observation(self, cells: ArrayLike) -> NDArray[np.float32]:
        """Turns positions in cells (..., 2) into observations (..., 2) in [-1, 1], float32."""
        return ((np.asarray(cells) - self.centre) / self.half).astype(np.float32)

    def to_cells(self, observations: ArrayLike) -> NDArray[np.float64]:
        """Turns observations (..., 2) in [-1, 1] into positions (..., 2) in cells, float64."""
        return np.asarray(observations, dtype=np.float64) * self.half + self.centre

    def cells_at(
        self, observations: NDArray[np.float32]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Returns the cells in which observations (..., 2) lie, as columns x and rows y (...).

        Whatever lies outside of the maze counts as the nearest cell of the border, which is wall.
        Every question about cells must be answered here: computed in another precision, a position
        on the edge between two cells could land on the other side.
        """
        # Truncation can stand in for floor: the two differ below 0 only, hence outside.
        x = (observations[..., 0] * self.half + self.width / 2).astype(np.intp)
        y = (observations[..., 1] * self.half + self.height / 2).astype(np.intp)
        return x.clip(0, self.width - 1), y.clip(0, self.height - 1)

    def in_wall(self, observations: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Tells which observations (..., 2) lie in a wall or outside of the maze: (...) bool."""
        x, y = self.cells_at(observations)
        return self.walls[y, x]

    def distances(self, avoid: Iterable[Cell] = ()) -> NDArray[np.float64]:
        """Geodesic distance to the goal: cells walked through shared sides (breadth first).

        Args:
            avoid: cells (x, y) that a path may not enter. They still get a distance of their own,
                one more than their best neighbour, so that somebody who stands there can leave.

        Returns:
            (H, W) float64 in cells, indexed ``[y, x]``; inf in walls and where no path leads.
        """
        closed = set(avoid)
        distance = np.full(self.walls.shape, np.inf)
        distance[self.goal[1], self.goal[0]] = 0.0
        queue = deque([self.goal])
        while queue:
            x, y = queue.popleft()
            for dx, dy in NEIGHBOURS:
                cell = (x + dx, y + dy)
                new = not self.walls[cell[1], cell[0]] and np.isinf(distance[cell[1], cell[0]])
                if new:
                    distance[cell[1], cell[0]] = distance[y, x] + 1
                    if cell not in closed:
                        queue.append(cell)
        return distance

    def with_walls(self, cells: Iterable[Cell]) -> MazeLayout:
        """Returns a copy in which the given cells (x, y) are walls.

        Raises:
            InputError: a cell outside of the maze, the start or the goal, or a goal that can no
                longer be reached.
        """
        rows = [list(row) for row in self.rows]
        for x, y in cells:
            if not (0 <= x < self.width and 0 <= y < self.height):
                raise InputError(
                    f"Blocked cell {(x, y)} is outside of maze {self.name!r}; expected (x, y) with "
                    f"x in 0..{self.width - 1} from the left and y in 0..{self.height - 1} from "
                    "the bottom."
                )
            if (x, y) in (self.start, self.goal):
                raise InputError(
                    f"Blocked cell {(x, y)} is the start or the goal of maze {self.name!r}; "
                    "choose another free cell."
                )
            rows[self.height - 1 - y][x] = "#"
        return replace(self, rows=tuple("".join(row) for row in rows))
