"""The way to the goal: for every cell the neighbour to walk to, for every position the action.

It is what the scripted policies follow before they are made worse on purpose. Distances are
`MazeLayout.distances`; here they become directions that cut no corner into a wall.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlft.envs.geometry import NEIGHBOURS, MazeLayout

DIAGONALS = ((1, 1), (1, -1), (-1, 1), (-1, -1))
"""Steps to the four cells that share a corner."""


def geodesic_targets(layout: MazeLayout, *, avoid: bool) -> NDArray[np.float64]:
    """For every cell the centre of the neighbouring cell to walk to.

    Of the eight neighbours the one with the smallest geodesic distance to the goal; a diagonal one
    only if the two cells beside it are free as well, so the straight line from anywhere in the
    cell touches no wall.

    Args:
        layout: the maze.
        avoid: whether the cells marked ``x`` are walked around.

    Returns:
        (H, W, 2) positions (x, y) in cells, indexed ``[y, x]``; NaN in walls.
    """
    closed = set(layout.avoided) if avoid else set()
    distance = layout.distances(closed)  # (H, W)
    targets = np.full((*distance.shape, 2), np.nan)
    for x, y in layout.free_cells.tolist():
        best = distance[y, x] + 1 if (x, y) in closed else distance[y, x]
        targets[y, x] = (x, y)
        for dx, dy in NEIGHBOURS + DIAGONALS:
            crossed = {(x + dx, y + dy), (x, y + dy), (x + dx, y)} - {(x, y)}
            clear = not any(layout.walls[cy, cx] for cx, cy in crossed) and not crossed & closed
            if clear and distance[y + dy, x + dx] < best:
                best = distance[y + dy, x + dx]
                targets[y, x] = (x + dx, y + dy)
    return targets


def geodesic_actions(
    layout: MazeLayout, targets: NDArray[np.float64], observations: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The noise-free action at each observation: full speed toward the cell's target.

    Args:
        layout: the maze.
        targets: (H, W, 2) from `geodesic_targets`.
        observations: (N, 2), none in a wall.

    Returns:
        (N, 2) float32; the larger component has size 1, as each axis has its own speed limit.
    """
    x, y = layout.cells_at(observations)  # (N,)
    offset = targets[y, x] - layout.to_cells(observations)  # (N, 2)
    longest = np.abs(offset).max(axis=1, keepdims=True)
    return (offset / np.maximum(longest, 1e-6)).astype(np.float32)  # 1e-6: at the target itself
