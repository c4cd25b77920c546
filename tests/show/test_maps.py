from __future__ import annotations

import numpy as np
import pytest
import torch
from drawn import assert_readable
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.colors import LogNorm
from matplotlib.patches import Circle
from matplotlib.quiver import Quiver

from rlft.core.errors import InputError
from rlft.data import Transitions
from rlft.envs import LAYOUTS, MazeLayout
from rlft.evaluate import ValueMap
from rlft.show import (
    panels,
    plot_dataset,
    plot_map,
    plot_maps,
    plot_maze,
    plot_paths,
    plot_policy_arrows,
    plot_visits,
    shared_scale,
)

# 5 x 4 cells, so that exchanged axes show; the goal is at (3, 2), top right.
LAYOUT = MazeLayout("tiny", ("#####", "#.xG#", "#S..#", "#####"))


def fake_map(offset: float = 2.0, seeds: int = 3) -> ValueMap:
    """Truth -10 x, error `offset` plus the seed's number; data in the bottom row of cells only."""
    x, y = np.arange(5.0), np.arange(4.0)
    inside = ~LAYOUT.walls
    inside[2, 3] = False
    truth = np.where(inside, np.broadcast_to(-10 * x, (4, 5)), np.nan)
    truth = np.stack([truth] * seeds)  # (S, 4, 5)
    q = truth + offset + np.arange(seeds)[:, None, None]
    support = np.zeros((4, 5), dtype=int)
    support[1, 1:4] = (1, 10, 100)
    return ValueMap(LAYOUT, x, y, q, truth, support, inside, 0.98)


def shown_image(ax) -> np.ma.MaskedArray:
    (image,) = ax.get_images()
    assert image.origin == "lower"
    assert image.get_extent() == [-0.5, 4.5, -0.5, 3.5]
    return image.get_array()


def test_a_maze_shows_walls_start_goal_and_avoided_cells():
    fig = plot_maze(LAYOUT, title="Tiny")
    assert "S" in assert_readable(fig).split(" | ")
    ax = fig.axes[0]
    (walls,) = [c for c in ax.collections if isinstance(c, PatchCollection)]
    centres = {tuple((p.vertices[:4].mean(axis=0)).round(6)) for p in walls.get_paths()}
    assert centres == {(x, y) for y in range(4) for x in range(5) if LAYOUT.walls[y, x]}
    circles = {p.center: p.radius for p in ax.patches if isinstance(p, Circle)}
    assert set(circles) == {(1, 1), (3, 2)}
    assert circles[3, 2] == 0.5  # the radius that ends an episode
    (avoided,) = [p for p in ax.patches if not isinstance(p, Circle)]
    assert avoided.get_center() == pytest.approx((2, 2))
    assert fig.alt == "Tiny. Maze tiny with start and goal."


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_can_be_drawn(name):
    fig = plot_maze(LAYOUTS[name])
    assert_readable(fig)


def test_a_map_shows_the_mean_over_seeds_or_one_seed():
    value_map = fake_map()
    mean = shown_image(plot_map(value_map, "error").axes[0])
    assert mean[1, 1:4].tolist() == pytest.approx([3.0] * 3)
    assert mean.mask[0].all()  # walls have no value
    second = shown_image(plot_map(value_map, "error", seed=1).axes[0])
    assert second[1, 1] == pytest.approx(3.0)
    first = shown_image(plot_map(value_map, "q", seed=0).axes[0])
    assert first[1, 1:4].tolist() == pytest.approx([-8, -18, -28])
    assert shown_image(plot_map(value_map, "truth").axes[0])[2, 1] == pytest.approx(-10)


def test_errors_are_centred_at_zero():
    for offset in (30.0, -30.0):
        (image,) = plot_map(fake_map(offset), "error").axes[0].get_images()
        assert image.norm.vmin == -image.norm.vmax
        assert image.norm(0.0) == pytest.approx(0.5)
        assert (image.norm(image.get_array()[1, 1]) > 0.5) == (offset > 0)


def test_no_error_at_all_is_white():
    image = plot_map(fake_map(0.0, seeds=1), "error").axes[0].get_images()[0]
    assert image.cmap(image.norm(image.get_array()[1, 1]))[:3] == pytest.approx((1, 1, 1), abs=0.02)


def test_coverage_is_logarithmic_and_white_where_there_is_none():
    fig = plot_map(fake_map(), "support")
    image = fig.axes[0].get_images()[0]
    assert isinstance(image.norm, LogNorm)
    assert image.get_array()[1, 1:4].tolist() == [1, 10, 100]
    assert image.get_array().mask[2].all()
    assert "white: none" in assert_readable(fig)
    assert fig.alt == "data: the data covers 60% of the free squares."


def test_places_without_data_are_dotted():
    ax = plot_map(fake_map(), "q").axes[0]
    dots = {tuple(point) for line in ax.get_lines() for point in line.get_xydata()}
    assert dots == {(1, 2), (2, 2)}


def test_maps_side_by_side_share_their_scale():
    maps = [fake_map(2.0), fake_map(-20.0)]
    fig = plot_maps(maps, ["SAC", "CQL"], "error", title="Two learners")
    shown = assert_readable(fig)
    images = [ax.get_images()[0] for ax in fig.axes[:2]]
    assert images[0].norm is images[1].norm
    assert images[0].norm.vmax == pytest.approx(19, abs=1)
    assert len(fig.axes) == 3  # one colour bar
    assert "pessimistic" in shown
    assert "Q minus truth: 3.0 on average where there is data, 3.0 on average where" in fig.alt


def test_a_grid_of_maps_has_a_row_for_each_learner():
    maps = [fake_map(2.0), fake_map(-20.0)]
    fig = plot_maps(maps, ["SAC", "CQL"], ("q", "truth", "error", "support"))
    assert_readable(fig)
    axes = [ax for ax in fig.axes if ax.get_images()]
    assert len(axes) == 8
    assert [ax.get_ylabel() for ax in axes[::4]] == ["SAC", "CQL"]
    norms = [ax.get_images()[0].norm for ax in axes]
    assert norms[0] is norms[1] is norms[4] is norms[5]
    assert norms[2] is norms[6] is not norms[0]
    assert norms[3] is norms[7]


def test_frames_of_a_slider_can_share_their_scale():
    maps = [fake_map(2.0), fake_map(-20.0)]
    scale = shared_scale(maps, "q")
    assert scale.vmin < -40
    assert scale.vmax > -10
    assert shared_scale(maps, "truth").vmin == scale.vmin
    figs = [plot_map(m, "q", scale=scale) for m in maps]
    assert all(fig.axes[0].get_images()[0].norm is scale for fig in figs)
    grid = plot_maps(maps, ["a", "b"], "q", scales={"q": scale})
    assert grid.axes[0].get_images()[0].norm is scale


# What policies do


class Pointing:
    """Seed 0 goes right, seed 1 goes up."""

    seeds = 2

    def mode(self, obs: torch.Tensor) -> torch.Tensor:
        actions = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        return actions[:, None].expand(2, obs.shape[1], 2)


def arrows(fig) -> Quiver:
    (quiver,) = [c for c in fig.axes[0].collections if isinstance(c, Quiver)]
    return quiver


def test_arrows_follow_one_seed_or_the_mean():
    first = arrows(plot_policy_arrows(Pointing(), LAYOUT, seed=0, per_cell=1))
    assert set(zip(first.U, first.V, strict=True)) == {(1, 0)}
    mean = arrows(plot_policy_arrows(Pointing(), LAYOUT, per_cell=1))
    assert set(zip(mean.U, mean.V, strict=True)) == {(0.5, 0.5)}
    # Every free cell but the goal, where nobody acts.
    assert set(zip(mean.X, mean.Y, strict=True)) == {(1, 1), (2, 1), (3, 1), (1, 2), (2, 2)}
    finer = arrows(plot_policy_arrows(Pointing(), LAYOUT, per_cell=2))
    assert finer.N == 5 * 4


def test_arrows_can_lie_on_a_map():
    fig = plot_map(fake_map(), "q", title="Q")
    assert plot_policy_arrows(Pointing(), LAYOUT, ax=fig.axes[0]) is fig
    assert "mean of 2 seeds" in fig.alt
    assert_readable(fig)


def test_visits_are_counted_where_they_were():
    visited = LAYOUT.to_observation([[(1, 1), (1, 1), (3, 1)], [(1, 1), (2, 1), (3, 1)]])
    fig = plot_visits(visited, LAYOUT, resolution=1, title="Visits")
    counts = shown_image(fig.axes[0])
    assert counts[1, 1:4].tolist() == [3, 1, 2]
    assert counts.count() == 3
    assert_readable(fig)
    assert fig.alt == "Visits: 6 states in 50% of the squares."
    top = plot_visits(visited, LAYOUT, most=100).axes[0].get_images()[0].norm.vmax
    assert top == 100


def test_nobody_visited_anything():
    fig = plot_visits(np.zeros((0, 2)), LAYOUT)
    assert "0 states in 0%" in fig.alt


def test_paths_have_the_colour_of_their_method():
    path = LAYOUT.to_observation([(1, 1), (2, 1), (3, 2)])
    fig = plot_paths({"inac": [path], "sac": [path, path]}, LAYOUT, title="Who walks where")
    assert "SAC" in assert_readable(fig)
    lines = [line for line in fig.axes[0].get_lines() if len(line.get_xdata()) == 3]
    assert len(lines) == 3
    assert lines[0].get_xydata() == pytest.approx(np.array([(1, 1), (2, 1), (3, 2)]), abs=1e-6)
    assert lines[0].get_color() != lines[1].get_color() == lines[2].get_color()
    assert "1 of InAC, 2 of SAC" in fig.alt


@pytest.mark.parametrize(
    ("plot", "words"),
    [
        (lambda: shared_scale([], "q"), "maps=0.*1 or more"),
        (lambda: plot_map(fake_map(), "err"), "map 'err'.*Known: error, q, support, truth"),
        (lambda: plot_map(fake_map(), "q", seed=3), r"seed=3.*\[0, 2\].*None"),
        (lambda: plot_maps([fake_map()], ["a", "b"]), r"labels.*\(2,\).*\(1,\).*each map"),
        (lambda: plot_maps([], []), "maps=0.*1 or more"),
        (lambda: plot_policy_arrows(Pointing(), LAYOUT, seed=2), r"seed=2.*\[0, 1\].*None"),
        (lambda: plot_visits(np.zeros(3), LAYOUT), r"\(3,\).*\(\.\.\., 2\).*maze"),
        (lambda: plot_paths({}, LAYOUT), "names=0.*1 or more.*to plot"),
    ],
)
def test_what_cannot_be_drawn(plot, words):
    with pytest.raises(InputError, match=words):
        plot()


def dataset(env_id: str, size: int) -> Transitions:
    """Two episodes of 3 and 5 steps, reward -1 a step."""
    ends = np.array([0, 0, 1, 0, 0, 0, 0, 1], dtype=bool)
    start = LAYOUTS["detour"].to_observation([LAYOUTS["detour"].start])
    states = np.tile(start, 8)[:, :size].repeat(8, axis=0) if size == 2 else np.zeros((8, size))
    return Transitions(
        observations=states,
        actions=np.zeros((8, 2)),
        rewards=-np.ones(8),
        next_observations=states,
        terminations=np.zeros(8, dtype=bool),
        truncations=ends,
        timesteps=np.array([0, 1, 2, 0, 1, 2, 3, 4]),
        name="two-episodes",
        env_id=env_id,
    )


def test_a_dataset_shows_paths_and_returns():
    fig = plot_dataset(dataset("rlft/Maze-Detour-v0", 2))
    shown = assert_readable(fig)
    (paths,) = [c for c in fig.axes[0].collections if isinstance(c, LineCollection)]
    assert [len(path.vertices) for path in paths.get_paths()] == [6, 4]  # the best on top
    heights = {round(p.get_x() + 0.5): p.get_height() for p in fig.axes[1].patches}
    assert heights == {-5: 1, -4: 0, -3: 1}
    assert "2 of 2 episodes" in shown
    assert "mean −4.0 (dashed line)" in shown
    assert fig.alt == (
        "two-episodes: 8 transitions in 2 episodes with returns from −5 to −3, −4 on average."
    )


@pytest.mark.parametrize("env_id", ["Pendulum-v1", ""])
def test_a_dataset_from_elsewhere_shows_lengths_instead(env_id):
    fig = plot_dataset(dataset(env_id, 3), title="Elsewhere")
    assert "length of an episode (steps)" in assert_readable(fig)


def test_a_dataset_with_equal_returns():
    data = dataset("", 3).select_episodes([0])
    assert_readable(plot_dataset(data))


def test_a_maze_is_drawn_once():
    fig = plot_maze(LAYOUT)
    before = len(fig.axes[0].get_children())
    plot_maze(LAYOUT, ax=fig.axes[0])
    assert len(fig.axes[0].get_children()) == before


def test_several_mazes_share_a_figure():
    fig, axes = panels(2, width=4)
    plot_maze(LAYOUT, ax=axes[0])
    plot_visits(LAYOUT.to_observation([(1, 1)]), LAYOUT, ax=axes[1])
    assert_readable(fig)
