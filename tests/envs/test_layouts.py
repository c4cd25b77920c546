"""The maps and their geometry: conventions, distances, and layouts that must be refused."""

from __future__ import annotations

import numpy as np
import pytest

from rlft.core.errors import InputError
from rlft.envs.layouts import DETOUR, LAYOUTS, MazeLayout, find_layout


def test_detour_is_8_cells_straight_and_16_around() -> None:
    (sx, sy), (gx, gy) = DETOUR.start, DETOUR.goal
    assert (DETOUR.height, DETOUR.width) == (9, 11)
    assert (gx - sx, gy - sy) == (8, 0)
    assert DETOUR.avoided == (((sx + gx) // 2, sy),)
    assert DETOUR.distances()[sy, sx] == 8
    assert DETOUR.distances(DETOUR.avoided)[sy, sx] == 16


def test_avoided_cells_have_a_distance_but_nothing_passes_through_them() -> None:
    ((x, y),) = DETOUR.avoided
    distance = DETOUR.distances(DETOUR.avoided)
    assert distance[y, x] == 4  # the goal's side is 3 cells from the goal
    assert distance[y, x - 1] == 2 + 4 + 6 + 4 + 1  # back out, down, across, up, to the goal


def test_axes_point_right_and_up() -> None:
    layout = MazeLayout("corner", ("#####", "#..G#", "#S..#", "#####"))
    assert layout.start == (1, 1)
    assert layout.goal == (3, 2)
    assert layout.to_observation(layout.goal)[1] > layout.to_observation(layout.start)[1]
    assert not layout.walls[2, 3]
    assert layout.walls[3, 3]


def test_observation_is_centred_and_scaled_by_the_longer_side() -> None:
    corner = DETOUR.to_observation((DETOUR.width - 0.5, DETOUR.height - 0.5))
    np.testing.assert_allclose(corner, [1.0, 9 / 11], rtol=1e-6)
    np.testing.assert_array_equal(DETOUR.to_observation((5, 4)), [0.0, 0.0])
    assert corner.dtype == np.float32


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda m: m.name)
def test_observations_and_cells_are_inverse(layout: MazeLayout) -> None:
    observations = layout.to_observation(layout.free_cells)
    np.testing.assert_allclose(layout.to_cells(observations), layout.free_cells, atol=1e-5)
    np.testing.assert_array_equal(np.stack(layout.cells_at(observations), 1), layout.free_cells)
    assert not layout.in_wall(observations).any()
    walls = np.argwhere(layout.walls)[:, ::-1]
    assert layout.in_wall(layout.to_observation(walls)).all()
    assert len(walls) + len(layout.free_cells) == layout.width * layout.height


def test_outside_of_the_maze_counts_as_wall() -> None:
    far = np.array([[-3, 0], [3, 0], [0, -3], [0, 3], [-1.05, 0]], dtype=np.float32)
    assert DETOUR.in_wall(far).all()


def test_with_walls_closes_cells() -> None:
    ((x, y),) = DETOUR.avoided
    closed = DETOUR.with_walls([(x, y)])
    assert closed.walls[y, x]
    assert not DETOUR.walls[y, x]
    assert closed.distances()[closed.start[1], closed.start[0]] == 16


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([(11, 0)], r"\(11, 0\) is outside.*'detour'.*0\.\.10"),
        ([DETOUR.start], "start or the goal.*'detour'.*another"),
        ([(1, 5), (2, 5), (5, 6)], r"no way.*\(1, 6\).*\(9, 6\)"),
    ],
)
def test_with_walls_refuses(cells: list[tuple[int, int]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        DETOUR.with_walls(cells)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("####", "#SG#"), r"2 rows.*\[4\].*at least 3"),
        (("####", "#SG#", "###"), r"lengths \[3, 4\].*Pad the rows"),
        (("#####", "#S?G#", "#####"), r"\['\?'\].*expected only"),
        (("#####", "#S.S#", "#.G.#", "#####"), "2 cells 'S'.*exactly one"),
        (("####", "#S.#", "####"), "0 cells 'G'.*exactly one"),
        (("####", "#SG.", "####"), "open border.*'#'"),
        (("#####", "#S#G#", "#####"), r"no way.*\(1, 1\).*\(3, 1\)"),
    ],
)
def test_impossible_layouts_are_refused(rows: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        MazeLayout("mine", rows)


def test_find_layout_by_name_or_as_it_is() -> None:
    assert find_layout("detour") is DETOUR
    assert find_layout(DETOUR) is DETOUR
    with pytest.raises(InputError, match=r"'detuor'.*'detour'.*MazeLayout"):
        find_layout("detuor")
