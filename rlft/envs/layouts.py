"""The maps of the point maze.

One of our own, the detour, in which logged data does not know the short way; and the three that
D4RL made known. Add a map here, or pass a `MazeLayout` of your own to an environment.
"""

from __future__ import annotations

from rlft.core.checks import one_of
from rlft.envs.geometry import Cell, MazeLayout

__all__ = ["DETOUR", "LARGE", "LAYOUTS", "MEDIUM", "UMAZE", "Cell", "MazeLayout", "find_layout"]

DETOUR = MazeLayout(
    "detour",
    (
        "###########",
        "#..#####..#",
        "#S...x...G#",
        "#..#####..#",
        "#..#####..#",
        "#..#####..#",
        "#.........#",
        "#.........#",
        "###########",
    ),
)
"""Start and goal are 8 cells apart in a straight corridor. Logged data never crosses its middle
cell and so only knows the way round, which is 16 cells long."""

# D4RL's maze2d layouts (Fu et al. 2020, "D4RL: Datasets for Deep Data-Driven Reinforcement
# Learning", section 5) with the goals of their v1 environments. D4RL starts anywhere; the start
# cells here are the course's choice, as far from the goal as the maze allows or nearly so.
UMAZE = MazeLayout(
    "umaze",
    (
        "#####",
        "#G..#",
        "###.#",
        "#S..#",
        "#####",
    ),
)
MEDIUM = MazeLayout(
    "medium",
    (
        "########",
        "#S.##..#",
        "#..#...#",
        "##...###",
        "#..#...#",
        "#.#..#.#",
        "#...#.G#",
        "########",
    ),
)
LARGE = MazeLayout(
    "large",
    (
        "############",
        "#S...#.....#",
        "#.##.#.#.#.#",
        "#......#...#",
        "#.####.###.#",
        "#..#.#.....#",
        "##.#.#.#.###",
        "#..#...#.G.#",
        "############",
    ),
)

LAYOUTS: dict[str, MazeLayout] = {m.name: m for m in (DETOUR, UMAZE, MEDIUM, LARGE)}
"""All layouts by name."""


def find_layout(layout: str | MazeLayout) -> MazeLayout:
    """Returns the layout of that name; a layout is returned as it is.

    Raises:
        InputError: no layout has that name.
    """
    if isinstance(layout, MazeLayout):
        return layout
    one_of(LAYOUTS, layout=layout, hint="Or pass a rlft.envs.MazeLayout.")
    return LAYOUTS[layout]
