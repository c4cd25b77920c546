"""Performance profiles: the share of runs above each level of a score, a line for each method."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from rlft.core.checks import at_least
from rlft.evaluate.intervals import coverage
from rlft.evaluate.statistics import Scores, performance_profile
from rlft.evaluate.statistics.scores import score_matrix
from rlft.show.base.figure import add_alt, figure_of, new_axes
from rlft.show.base.labels import End, fit_ylabel, head, label_ends, number
from rlft.show.base.style import styled, styles_for

LEVELS = 201  # a line as smooth as the screen shows it


@styled()
def plot_profiles(
    scores: Mapping[str, Scores],
    *,
    levels: np.ndarray | None = None,
    xlabel: str = "score τ",
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Which share of the runs scores above each level, with a pointwise 95 % bootstrap band.

    Read along a level it says how many runs get there, read across at one half it says what the
    middle run gets. A line that lies above another one everywhere is better by any statistic; two
    that cross are not to be ranked by one number.

    Args:
        scores: name to the scores of a method, as `rlft.evaluate.performance_profile` takes them:
            (S,) of one task, {task: (S,)}, or (S, K). Methods keep their colour.
        levels: (P,) increasing; default: from the lowest to the highest of all scores.
        xlabel: what the score is, with its unit.
        title: what the figure shows, a sentence.
        ax: where to draw; default: a new figure.

    Raises:
        InputError: nothing to plot, or scores that `performance_profile` refuses.

    Source: Agarwal et al. (arXiv 2108.13264), section 4.2.
    """
    at_least(1, number_of_methods=len(scores), hint="Give a method with its scores to plot.")
    matrices = {name: score_matrix(own) for name, own in scores.items()}  # (S, K) each
    if levels is None:
        lowest = min(float(own.min()) for own in matrices.values())
        highest = max(float(own.max()) for own in matrices.values())
        room = 0.02 * (highest - lowest) or 1.0  # so that a line begins at all runs, above none
        levels = np.linspace(lowest - room, highest + room, LEVELS)
    if ax is None:
        _, ax = new_axes(7.4, 4.0)
    ends, told = [], []
    for place, (style, matrix) in enumerate(
        zip(styles_for(list(matrices)), matrices.values(), strict=True)
    ):
        share, low, high = performance_profile(matrix, levels)  # (P,) each
        ax.fill_between(levels, low, high, color=style.color, alpha=0.2, linewidth=0)
        for edge in (low, high):  # where bands overlap, their edges still tell them apart
            ax.plot(levels, edge, color=style.color, linewidth=0.6, alpha=0.6, linestyle="-")
        every = max(1, len(levels) // 8)
        begin = int(place / len(matrices) * every)  # markers must not hide each other
        ax.plot(
            levels, share, color=style.color, linestyle=style.line, marker=style.marker, zorder=3,
            markevery=(begin, every), markeredgecolor="white", markeredgewidth=0.6, markersize=7,
            label=style.label,
        )  # fmt: skip
        middle = float(np.median(matrix))
        ends.append((middle, End(float(levels[-1]), float(share[-1]), style)))
        told.append(f"{style.label} {number(middle)}")
    ax.set_xlim(float(levels[0]), float(levels[-1]))
    ax.set_ylim(-0.03, 1.03)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.set_xlabel(xlabel)
    ax.set_ylabel("share of runs with a score above τ")
    head(ax, title, _note(list(matrices.values())))
    # All lines end at none of the runs: the names stand in the order of the middle runs.
    label_ends(ax, [end for _, end in sorted(ends, key=lambda pair: pair[0])])
    fit_ylabel(ax)
    add_alt(
        ax,
        f"{f'{title}. ' if title else ''}Share of runs above each level of {xlabel}. Half of the "
        f"runs score above: {', '.join(told)}.",
    )
    return figure_of(ax)


def _note(matrices: list[np.ndarray]) -> str:
    """What the lines and bands are, and of how many runs."""
    seeds, tasks = (sorted({matrix.shape[axis] for matrix in matrices}) for axis in (0, 1))
    told = [
        f"{'–'.join(map(str, (counts[0], counts[-1]) if len(counts) > 1 else counts))} {what}"
        for counts, what in ((seeds, "seeds"), (tasks, "tasks"))
        if counts != [1]
    ]
    lines = f"line: {' × '.join(told) or 'one run'}"
    if seeds[-1] == 1:
        return f"{lines}; one seed only: no band, no claim"
    covers = min(coverage(len(own), tasks=own.shape[1]) for own in matrices if len(own) > 1)
    what = "95 % bootstrap interval" if covers == 0.95 else f"covers about {100 * covers:.0f} %"
    return f"{lines}; band: {what} at each level"
