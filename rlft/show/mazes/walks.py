"""What policies do in the maze: where they point, where they go, and what was logged.

Arrows show the most likely action, visits count how often a place was entered, paths show whole
episodes. All can be drawn over a map of `rlft.show.mazes.maps` by handing them its axes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rlft.core.checks import at_least, refused, within
from rlft.data import Transitions
from rlft.envs import MazeLayout
from rlft.envs.dynamics import at_goal
from rlft.envs.starts import Plane, plane_of
from rlft.evaluate.rollout import ActingPolicy, device_of
from rlft.show.base.figure import CourseFigure, add_alt, figure_of, panels
from rlft.show.base.labels import number
from rlft.show.base.style import BLACK, GREY, REFERENCE_LINE, VALUES, VERMILLION, styled, styles_for
from rlft.show.mazes.maze import BAR, draw_maze, draw_plane, maze_panels


@styled()
def plot_policy_arrows(
    policy: ActingPolicy,
    layout: MazeLayout,
    *,
    seed: int | None = None,
    per_cell: int = 2,
    ax: Axes | None = None,
    title: str | None = None,
) -> Figure:
    """An arrow along the most likely action at every free place.

    A full action on both axes gives an arrow as long as the grid is wide. The mean over seeds is
    short where the seeds disagree.

    Args:
        policy: S policies.
        layout: the maze.
        seed: which seed in 0 ... S-1; None for the mean of all seeds' actions.
        per_cell: arrows along each cell's side, >= 1.
        ax: where to draw; default: a new figure.
        title: what the figure shows.

    Returns:
        The figure.

    Raises:
        InputError: a seed that does not exist.
    """
    within(0, policy.seeds - 1, seed=seed, hint="None shows the mean of all seeds.")
    if ax is None:
        _, (ax,) = maze_panels([layout])
    inner = (np.arange(per_cell) + 0.5) / per_cell - 0.5
    offsets = np.stack(np.meshgrid(inner, inner), axis=-1).reshape(-1, 2)  # (per_cell^2, 2)
    places = (layout.free_cells[:, None] + offsets).reshape(-1, 2)  # (N, 2) cells
    observations = layout.to_observation(places)
    open_places = ~at_goal(layout, observations)
    places, observations = places[open_places], observations[open_places]
    with torch.no_grad():
        states = torch.as_tensor(observations, device=device_of(policy))
        actions = policy.mode(states.expand(policy.seeds, *states.shape)).cpu().numpy()  # (S, N, 2)
    arrows = actions.mean(axis=0) if seed is None else actions[seed]  # (N, 2)
    draw_maze(ax, layout)
    ax.quiver(
        places[:, 0], places[:, 1], arrows[:, 0], arrows[:, 1], pivot="middle", angles="xy",
        scale_units="xy", scale=1.5 * per_cell, width=0.006, headwidth=3.6, headlength=4,
        headaxislength=3.6, color=BLACK, edgecolor="white", linewidth=0.4, zorder=3,
    )  # fmt: skip
    if title:
        ax.set_title(title)
    whose = f"mean of {policy.seeds} seeds" if seed is None else f"seed {seed}"
    add_alt(ax, f"{title + ': ' if title else ''}arrows of the most likely action, {whose}.")
    return figure_of(ax)


@styled()
def plot_visits(
    observations: np.ndarray,
    layout: MazeLayout,
    *,
    resolution: int = 4,
    most: int | None = None,
    ax: Axes | None = None,
    title: str | None = None,
) -> Figure:
    """How often each square was visited, on a logarithmic scale; white for never.

    Args:
        observations: (..., 2) states of any number of episodes.
        layout: the maze.
        resolution: squares along each cell's side, >= 1.
        most: visits at the top of the colour scale, to compare figures; default: the largest.
        ax: where to draw; default: a new figure.
        title: what the figure shows.

    Returns:
        The figure.

    Raises:
        InputError: observations that are not pairs.
    """
    observations = np.asarray(observations)
    if observations.ndim < 1 or observations.shape[-1] != 2:
        hint = "Give positions in a maze."
        raise refused("observations.shape", observations.shape, "(..., 2)", hint)
    if ax is None:
        _, (ax,) = maze_panels([layout], extra_height=BAR)
    x, y = layout.to_cells(observations.reshape(-1, 2)).T
    edges = [
        np.linspace(-0.5, size - 0.5, size * resolution + 1)
        for size in (layout.height, layout.width)
    ]
    counts, _, _ = np.histogram2d(y, x, bins=edges)  # (H, W)
    norm = LogNorm(1, max(most or counts.max(), 2), clip=True)
    ax.imshow(
        np.ma.masked_equal(counts, 0), cmap=VALUES, norm=norm, origin="lower",
        extent=(-0.5, layout.width - 0.5, -0.5, layout.height - 0.5), interpolation="nearest",
        zorder=1,
    )  # fmt: skip
    draw_maze(ax, layout)
    bar = figure_of(ax).colorbar(
        ScalarMappable(norm, VALUES), ax=ax, location="bottom", aspect=22, pad=0.03, shrink=0.9
    )
    bar.set_label("visits per square\nlog scale; white: none", fontsize=9.5)
    if title:
        ax.set_title(title)
    free = np.kron(~layout.walls, np.ones((resolution, resolution), dtype=bool))
    share = (counts[free] > 0).mean()
    add_alt(ax, f"{title + ': ' if title else ''}{len(x):,} states in {share:.0%} of the squares.")
    return figure_of(ax)


@styled()
def plot_paths(
    paths: Mapping[str, Sequence[np.ndarray]],
    layout: MazeLayout,
    *,
    ax: Axes | None = None,
    title: str | None = None,
) -> Figure:
    """Episodes as lines, one colour for each name: who walked where.

    To show who acts along one episode, hand over the guide's and the explorer's parts of it as two
    names.

    Args:
        paths: name to observations of (T + 1, 2) each. Names of methods are drawn in their style.
        layout: the maze.
        ax: where to draw; default: a new figure.
        title: what the figure shows.

    Returns:
        The figure.

    Raises:
        InputError: no names, or too many without a colour of their own.
    """
    at_least(1, number_of_names=len(paths), hint="Give a name with its paths to plot.")
    if ax is None:
        _, (ax,) = maze_panels([layout], extra_height=0.3)
    draw_maze(ax, layout)
    styles = styles_for(list(paths))
    for (_, episodes), style in zip(paths.items(), styles, strict=True):
        # Many paths on top of each other: thin and see-through, so that the common ones stand out.
        alpha = 0.9 if len(episodes) < 5 else 0.35
        for number_, episode in enumerate(episodes):
            cells = layout.to_cells(episode)
            ax.plot(
                cells[:, 0], cells[:, 1], color=style.color, linestyle=style.line, linewidth=1.6,
                alpha=alpha, zorder=3, label=style.label if number_ == 0 else None,
            )  # fmt: skip
            ax.plot(*cells[-1], ls="", marker=style.marker, ms=5, color=style.color, zorder=3.5)
    legend = ax.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=3, fontsize=9.5, handlelength=2.4
    )
    for line in legend.get_lines():
        line.set_alpha(1.0)
    if title:
        ax.set_title(title)
    told = ", ".join(
        f"{len(episodes)} of {style.label}"
        for episodes, style in zip(paths.values(), styles, strict=True)
    )
    add_alt(ax, f"{title + ': ' if title else ''}paths through maze {layout.name}: {told}.")
    return figure_of(ax)


@styled()
def plot_dataset(
    data: Transitions, *, episodes: int = 60, title: str | None = None
) -> CourseFigure:
    """A logged dataset at a glance: its paths through the states and the returns of its episodes.

    A path has the colour of its return in the histogram, light for a good one.
    Where states do not lie in a plane, the lengths of the episodes take the place of the paths.

    Args:
        data: the dataset.
        episodes: paths drawn, spread evenly over the data.
        title: what the figure shows; default: the dataset's name.

    Returns:
        The figure.
    """
    returns = data.episode_returns()  # (K,)
    colours = ScalarMappable(
        Normalize(returns.min(), max(returns.max(), returns.min() + 1)), VALUES
    )
    plane = plane_of(data.env_id, dict(data.env_kwargs)) if data.env_id else None
    fig, (left, right) = panels(2, width=4.4, height=3.7)
    if plane is None:
        _histogram(left, data.episode_lengths().astype(np.float64), "length of an episode (steps)")
    else:
        _draw_logged(left, data, plane, episodes, colours)
    _histogram(right, returns, "return of an episode (undiscounted)", colours)
    fig.suptitle(title or data.name, x=0.01, ha="left", fontweight="bold", fontsize=12)
    fig.alt = (
        f"{title or data.name}: {len(data):,} transitions in {len(returns)} episodes with returns "
        f"from {number(returns.min())} to {number(returns.max())}, "
        f"{number(returns.mean())} on average."
    )
    return fig


def _draw_logged(
    ax: Axes,
    data: Transitions,
    plane: Plane,
    episodes: int,
    colours: ScalarMappable,
) -> None:
    """Paths of some episodes, coloured by their return, the best on top."""
    returns = data.episode_returns()  # (K,)
    chosen = np.unique(np.linspace(0, len(returns) - 1, episodes).round().astype(int))
    chosen = chosen[np.argsort(returns[chosen], kind="stable")]
    lengths = data.episode_lengths()
    paths = []
    for k in chosen:
        rows = slice(data.episode_starts[k], data.episode_starts[k] + lengths[k])
        seen = np.concatenate([data.observations[rows], data.next_observations[rows][-1:]])
        paths.append(plane.to_cells(seen))  # (T + 1, 2)
    draw_plane(ax, plane)
    shades = colours.to_rgba(returns[chosen])
    ax.add_collection(LineCollection(paths, colors=shades, linewidths=1.1, zorder=3))
    ax.set_title(f"{len(chosen)} of {len(returns)} episodes", fontsize=10.5, fontweight="normal")


def _histogram(
    ax: Axes, values: np.ndarray, xlabel: str, colours: ScalarMappable | None = None
) -> None:
    """Distribution of one number per episode with its mean named."""
    low, high = float(values.min()), float(values.max())
    if (values == values.round()).all():
        # Whole numbers in bars of whole width: else some bars collect two values and some none.
        step = max(1.0, np.ceil((high - low) / 25))
        edges = np.arange(low - 0.5, high + step, step)
    else:
        edges = np.linspace(low, high, 26)
    counts, edges = np.histogram(values, edges)
    middles = (edges[:-1] + edges[1:]) / 2
    shades = GREY if colours is None else [tuple(c) for c in colours.to_rgba(middles)]
    ax.bar(middles, counts, width=np.diff(edges), color=shades, edgecolor="white", linewidth=0.8)
    mean = float(values.mean())
    ax.axvline(mean, color=VERMILLION, linewidth=1.8, linestyle=REFERENCE_LINE)
    ax.set_title(f"mean {number(mean, 1)} (dashed line)", fontsize=10.5, fontweight="normal")
    ax.set(xlabel=xlabel, ylabel="episodes")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(6, integer=True))
    ax.grid(axis="x", visible=False)
