"""Pictures of the switchboard: one combination beside another one, and what each tick does.

Letters: S seeds, P evaluation points.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rlft.recipes.switchboard import TICKS, Ticks
from rlft.results.switchboard import POLICY, Grid, Outcome, share
from rlft.show.base.figure import CourseFigure, add_alt, new_figure
from rlft.show.base.style import (
    BLACK,
    BLUE,
    DASH_DOT,
    DASHED,
    DOTTED,
    GREY,
    REFERENCE_LINE,
    MethodStyle,
    method_style,
    styled,
)
from rlft.show.curves.charts import plot_errors
from rlft.show.curves.series import Curve, plot_series, tell

XLABEL = "environment steps since the policy may move"
YLABEL = "return (undiscounted, actions sampled)"
# The same axis for every combination: what changes is then the curve. An episode that never arrives
# returns -100, the shortest way about -15.
RANGE = (-104.0, -10.0)
ACROSS = 5  # panels in a row, of a notebook's column


@styled()
def plot_outcomes(
    outcomes: Mapping[str, Outcome], *, title: str | None = None, ax: Axes | None = None
) -> Figure:
    """Curves of combinations from the release on; the first with each of its seeds, thin.

    Seeds that fall and seeds that stay have a mean where none of them is, so the seeds are shown.

    Args:
        outcomes: name to outcome: first the one that is looked at, then what stands beside it.
        title: what the figure shows.
        ax: where to draw; default: a new figure.

    Returns:
        The figure, with alt text.
    """
    looks = _looks(list(outcomes))
    curves = [Curve(o.steps, o.returns, s) for o, s in zip(outcomes.values(), looks, strict=True)]
    first = next(iter(outcomes.values()))
    prior = float(first.prior.mean())
    figure = plot_series(
        curves, xlabel=XLABEL, ylabel=YLABEL, reference=("prior", prior), title=title, ax=ax
    )
    axes = ax or figure.axes[0]
    axes.plot(
        first.steps, first.returns.T, color=looks[0].color, ls="-", lw=0.7, alpha=0.45, zorder=1.5
    )
    axes.set_ylim(*RANGE)
    return figure


@styled()
def plot_effects(
    grid: Grid,
    ticks: Sequence[str] = tuple(TICKS),
    *,
    others: Ticks = POLICY,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """What each tick does to the return, one row for each, with every seed as a dot.

    Args:
        grid: the recorded combinations.
        ticks: those that are shown, and over whose settings the means are taken.
        others: where all others stand.
        title: what the figure shows.
        ax: where to draw; default: a new figure.

    Returns:
        The figure, with alt text.

    Raises:
        InputError: see `Grid.effect`.
    """
    effects = {TICKS[tick]: grid.effect(tick, free=ticks, others=others) for tick in ticks}
    return plot_errors(
        effects,
        xlabel="return over the steps since the release, ticked minus not",
        reference_label="no effect",
        title=title,
        ax=ax,
    )


@styled()
def plot_switchboard(
    grid: Grid,
    named: Mapping[str, Ticks],
    ticks: Sequence[str] = tuple(TICKS),
    *,
    others: Ticks = POLICY,
) -> CourseFigure:
    """The switchboard on paper: the effect of each tick, and the curves of some combinations.

    Args:
        grid: the recorded combinations.
        named: name to combination, for the curves.
        ticks: as in `plot_effects`.
        others: as there.

    Returns:
        The figure, with alt text.

    Raises:
        InputError: see `Grid.effect`.
    """
    rows = 1.4 + 0.42 * len(ticks)  # inches, as `plot_errors` takes
    across = min(len(named), ACROSS)
    down = -(-len(named) // across)
    figure = new_figure(9.6, rows + 2.1 * down)
    halves = figure.add_gridspec(2, 1, height_ratios=(rows, 2.1 * down))
    above, below = (figure.add_subfigure(halves[i]) for i in (0, 1))
    plot_effects(grid, ticks, others=others, title="What each tick does", ax=above.subplots())
    panels = below.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    for number, ax in enumerate(panels.flat):
        if number < len(named):
            name, chosen = list(named.items())[number]
            _panel(ax, name, grid.outcome(chosen), number % across == 0)
        else:
            ax.remove()
    below.supxlabel(f"{XLABEL}; thick: mean, thin: each seed, dashed: the prior", fontsize=9.5)
    return figure


def _panel(ax: Axes, name: str, outcome: Outcome, first: bool) -> None:
    """One combination among others: its mean, its seeds, and where the prior was."""
    look = replace(method_style("sac"), label=name)
    curve = Curve(outcome.steps, outcome.returns, look)
    ax.plot(curve.x, curve.values.T, color=look.color, ls="-", lw=0.7, alpha=0.45)
    ax.plot(curve.x, curve.values.mean(0), color=look.color, ls="-", marker=look.marker, ms=4)
    ax.axhline(float(outcome.prior.mean()), color=GREY, lw=1.2, ls=REFERENCE_LINE, zorder=1)
    ax.set_title(textwrap.fill(name, 22), fontsize=10, fontweight="normal")
    ax.set_ylim(*RANGE)
    ax.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    if first:
        ax.set_ylabel("return")
    add_alt(ax, f"{tell(curve)} {share(outcome.fell)} seeds fall.")


def _looks(names: Sequence[str]) -> list[MethodStyle]:
    """The first as SAC, which all combinations go on with; the others in black and grey."""
    beside = [
        MethodStyle("", GREY, DASHED, "d"),
        MethodStyle("", BLACK, DOTTED, "s"),
        MethodStyle("", BLUE, DASH_DOT, "^"),
    ]
    looks = [method_style("sac"), *beside][: len(names)]
    return [replace(look, label=name) for look, name in zip(looks, names, strict=True)]
