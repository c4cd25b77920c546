"""The maze as a picture: walls, start, goal and the cells that logged data avoids.

Everything that happens in a maze is drawn over this picture, in cells, x to the right and y up.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle
from matplotlib.patheffects import withStroke

from rlft.envs import GOAL_RADIUS, MazeLayout
from rlft.envs.starts import Plane
from rlft.show.base.figure import CourseFigure, add_alt, figure_of, panels
from rlft.show.base.style import BLACK, WALL, styled

BAR = 1.0  # inches that a colour bar below a maze takes with its numbers and name


@styled()
def plot_maze(layout: MazeLayout, *, ax: Axes | None = None, title: str | None = None) -> Figure:
    """Draws walls, start (S), goal (G, the circle that ends an episode) and avoided cells (dashed).

    The axes are in cells, x to the right and y up, as in `MazeLayout`. A maze that is already
    there is not drawn again.

    Args:
        layout: the maze.
        ax: where to draw; default: a new figure.
        title: what the figure shows.

    Returns:
        The figure.
    """
    if ax is None:
        _, (ax,) = maze_panels([layout])
    draw_maze(ax, layout)
    if title:
        ax.set_title(title)
    add_alt(ax, f"{title + '. ' if title else ''}Maze {layout.name} with start and goal.")
    return figure_of(ax)


def maze_panels(
    layouts: Sequence[Plane], *, columns: int | None = None, extra_height: float = 0.0
) -> tuple[CourseFigure, list[Axes]]:
    """A panel for each maze or other plane, in its proportions.

    Args:
        layouts: one for each panel.
        columns: panels in a row; default: all of them.
        extra_height: inches below each panel, for a colour bar.
    """
    across = min(columns or len(layouts), len(layouts))
    # Three panels then fill a notebook's column (10 inches); one alone is larger.
    width = {1: 4.6, 2: 4.2}.get(across, 3.3)
    sizes = [(plane.width - 2 * _cut(plane), plane.height - 2 * _cut(plane)) for plane in layouts]
    ratio = max(height / width for width, height in sizes)
    fig, axes = panels(
        len(layouts),
        columns=across,
        width=width,
        height=width * ratio + 0.3 + extra_height,
        layout="compressed",
    )
    return fig, axes


def draw_plane(ax: Axes, plane: Plane) -> None:
    """Draws what lies in a plane into axes, if it is a maze, and frames it."""
    if isinstance(plane, MazeLayout):
        draw_maze(ax, plane)
    else:
        _frame(ax, plane)


def draw_maze(ax: Axes, layout: MazeLayout) -> None:
    """Draws walls and marks into axes, without a title or alt text. See `plot_maze`."""
    # The name alone does not say which cells are blocked.
    drawn = f"maze-{layout.name}-{zlib.crc32(''.join(layout.rows).encode()):08x}"
    if ax.get_gid() == drawn:
        return
    ax.set_gid(drawn)
    rows, columns = np.nonzero(layout.walls)
    squares = [Rectangle((x - 0.5, y - 0.5), 1, 1) for y, x in zip(rows, columns, strict=True)]
    # Edges of the same colour close the hairlines that some viewers leave between squares.
    walls = PatchCollection(squares, facecolor=WALL, edgecolor=WALL, linewidth=0.6, zorder=2)
    ax.add_collection(walls)
    for x, y in layout.avoided:
        ax.add_patch(
            Rectangle(
                (x - 0.46, y - 0.46), 0.92, 0.92, fill=False, edgecolor=BLACK,
                linewidth=1.2, linestyle=(0, (3, 2)), zorder=4,
                path_effects=[withStroke(linewidth=2.6, foreground="white")],
            )
        )  # fmt: skip
    for letter, cell, radius in (("S", layout.start, 0.28), ("G", layout.goal, GOAL_RADIUS)):
        ax.add_patch(
            Circle(cell, radius, facecolor="white", edgecolor=BLACK, linewidth=1.2, zorder=4)
        )
        ax.annotate(
            letter, cell, ha="center", va="center_baseline", fontsize=8.5, fontweight="bold",
            zorder=5,
        )  # fmt: skip
    _frame(ax, layout)


def _cut(plane: Plane) -> float:
    """Cells left out at each side: of a maze's border, 0.4 are enough to be seen as a wall."""
    return 0.6 if isinstance(plane, MazeLayout) else 0.0


def _frame(ax: Axes, plane: Plane) -> None:
    """Limits the axes to the plane and hides them."""
    low = _cut(plane) - 0.5
    ax.set_xlim(low, plane.width - 1 - low)
    ax.set_ylim(low, plane.height - 1 - low)
    ax.set_aspect("equal")
    ax.grid(False)
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(False)
