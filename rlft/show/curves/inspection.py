"""What `rlft.inspect` found in a log, drawn: lengths, returns, borders, gaps."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from rlft.data import Findings
from rlft.show.base.figure import CourseFigure, panels
from rlft.show.base.labels import number
from rlft.show.base.style import BLACK, BLUE, FAINT, REFERENCE_LINE, VERMILLION, styled

BARS = 25


@styled()
def plot_inspection(found: Findings, *, title: str | None = None) -> CourseFigure:
    """A log at a glance, with its bad episodes apart.

    Args:
        found: from `rlft.inspect`.
        title: what the figure shows; default: the dataset's name.

    Returns:
        The figure.
    """
    data, bad = found.data, found.bad_episodes
    fig, (first, second, third, fourth) = panels(4, columns=2, width=4.4, height=2.7)
    for ax, values, xlabel in (
        (first, data.episode_lengths(), "length of an episode (steps)"),
        (second, data.episode_returns(), "return of an episode (undiscounted)"),
    ):
        _good_and_bad(ax, values.astype(np.float64), bad, xlabel)
    if found.time_limit is not None and found.time_limit <= 2 * data.episode_lengths().max():
        first.axvline(found.time_limit, color=BLACK, linewidth=1.4, linestyle=REFERENCE_LINE)
        first.set_title("dashed: the time limit", fontsize=10.5, fontweight="normal")
    if bad.size:
        second.set_title("orange: leave out", fontsize=10.5, fontweight="normal")
    _shares(third, 100 * found.saturation, "action", "at the border (% of the rows)")
    _shares(fourth, 100 * found.coverage, "observation", "of its range has rows (%)")
    fig.suptitle(title or data.name, x=0.01, ha="left", fontweight="bold", fontsize=12)
    lengths, returns = data.episode_lengths(), data.episode_returns()
    fig.alt = (
        f"{title or data.name}: {len(lengths):,} episodes of {lengths.min()} to {lengths.max()} "
        f"steps with returns from {number(returns.min())} to {number(returns.max())}, "
        f"{bad.size:,} of them to be left out. Actions stand at their border in "
        f"{100 * found.saturation.max():.0f} % of the rows at most; observations fill "
        f"{100 * found.coverage.min():.0f} % of their range at least."
    )
    return fig


def _good_and_bad(ax: Axes, values: np.ndarray, bad: np.ndarray, xlabel: str) -> None:
    """Distribution of one number per episode (K,), with the bad episodes on top."""
    edges = np.linspace(values.min() - 0.5, values.max() + 0.5, BARS + 1)
    good, worse = (np.histogram(v, edges)[0] for v in (np.delete(values, bad), values[bad]))
    bars = {"width": np.diff(edges), "align": "edge", "edgecolor": "white", "linewidth": 0.8}
    ax.bar(edges[:-1], good, color=BLUE, **bars)
    ax.bar(edges[:-1], worse, bottom=good, color=VERMILLION, hatch="///", **bars)
    ax.set(xlabel=xlabel, ylabel="episodes")
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.grid(axis="x", visible=False)


def _shares(ax: Axes, shares: np.ndarray, what: str, xlabel: str) -> None:
    """A bar for each column, of 100 %."""
    rows = np.arange(len(shares))
    ax.barh(rows, np.full(len(shares), 100.0), color=FAINT)
    ax.barh(rows, shares, color=BLUE)
    ax.set(xlabel=xlabel, ylabel=what, xlim=(0, 100))
    step = -(-len(shares) // 10)  # ten names fit
    ax.set_yticks(rows[::step])
    ax.set_ylim(len(shares) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
