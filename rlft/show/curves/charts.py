"""Charts of one number per seed, and of estimates against the truth.

Each seed is a dot, the mean a larger one, its 95 % bootstrap interval a bar, and the numbers stand
beside it in words. With one seed there is no bar, and the figure says so.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rlft.core.checks import at_least, shaped
from rlft.evaluate.intervals import curve_interval
from rlft.show.base.figure import add_alt, figure_of, new_axes
from rlft.show.base.labels import decimals_for, head, interval_note, number
from rlft.show.base.style import GREY, REFERENCE_LINE, method_style, styled


@styled()
def plot_errors(
    errors: Mapping[str, np.ndarray],
    *,
    xlabel: str = "Q minus true value (discounted return)",
    reference: float | None = 0.0,
    reference_label: str = "no error",
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """One row per name: a small dot per seed, the mean, its interval, and the numbers in words.

    Not only for errors: any number per seed (IQM, final return, drop) with another `xlabel`.

    Args:
        errors: name to (S,) values, one per seed; the first name stands on top. Names of methods
            ("sac") are drawn in their colour and written as the course writes them.
        xlabel: what the numbers are, with their unit.
        reference: where to draw a vertical line; None for none.
        reference_label: what that line means.
        title: what the figure shows, a sentence.
        ax: where to draw; default: a new figure.

    Raises:
        InputError: nothing to plot, or values that are not one finite number per seed.
    """
    at_least(1, number_of_names=len(errors), hint="Give a name with its values to plot.")
    if ax is None:
        _, ax = new_axes(7.4, 1.4 + 0.42 * len(errors))
    rows = {name: np.atleast_1d(np.asarray(v, dtype=np.float64)) for name, v in errors.items()}
    decimals = decimals_for(list(rows.values()))
    told = []
    for row, (name, values) in enumerate(rows.items()):
        style = method_style(name)
        mean, low, high = (float(v[0]) for v in curve_interval(values[:, None]))
        # Below the bar, in a fixed fan instead of random jitter: same numbers, same figure.
        heights = row + 0.26 + 0.06 * (np.arange(len(values)) % 3 - 1)
        ax.plot(values, heights, ls="", marker="o", ms=4.5, mec="white", mew=0.4, color=style.color)
        ax.plot([low, high], [row, row], ls="-", lw=3, color=style.text_color)
        ax.plot(mean, row, ls="", marker=style.marker, ms=7, color=style.text_color, mec="white")
        words = number(mean, decimals)
        if len(values) > 1:
            words += f" [{number(low, decimals)}, {number(high, decimals)}]"
        ax.annotate(
            words, (1.0, row), (8, 0), xycoords=("axes fraction", "data"), va="center",
            textcoords="offset points", color=style.text_color, annotation_clip=False,
        )  # fmt: skip
        told.append(f"{style.label} {words}.")
    if reference is not None:
        ax.plot([reference] * 2, [len(rows) - 0.4, -0.55], color=GREY, lw=1.2, ls=REFERENCE_LINE,
                zorder=1)  # fmt: skip
        ax.annotate(
            reference_label, (reference, -0.55), (0, 2), textcoords="offset points",
            ha="center", va="bottom", color=GREY, fontsize=9,
        )  # fmt: skip
    ax.set_yticks(range(len(rows)), [method_style(name).label for name in rows])
    # Half a row of room on top for the reference's name.
    ax.set_ylim(len(rows) - 0.4, -1.05 if reference is not None else -0.5)
    ax.margins(x=0.08)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel(xlabel)
    head(ax, title, interval_note(list(rows.values()), "marker", "bar", "dots: seeds"))
    add_alt(ax, f"{title or xlabel}. {' '.join(told)}")
    return figure_of(ax)


@styled()
def plot_scatter(
    truth: np.ndarray,
    estimate: np.ndarray,
    *,
    xlabel: str = "true return (Monte Carlo)",
    ylabel: str = "estimated return",
    title: str | None = None,
    method: str = "wsrl",
    ax: Axes | None = None,
) -> Figure:
    """Estimate against truth with the line of no error, correlation and mean absolute error.

    Args:
        truth: (N,) finite.
        estimate: (N,) finite, in the same unit.
        xlabel: with its unit.
        ylabel: with its unit.
        title: what the figure shows, a sentence.
        method: whose colour the points have.
        ax: where to draw; default: a new figure.

    Raises:
        InputError: fewer than two points, or shapes that differ.
    """
    truth, estimate = (np.asarray(v, dtype=np.float64).ravel() for v in (truth, estimate))
    at_least(2, number_of_truths=len(truth), hint="Give one for each policy.")
    shaped(truth.shape, estimate=estimate, hint="Give one for each true value.")
    if ax is None:
        _, ax = new_axes(5.0, 4.6)
    style = method_style(method)
    ends = np.array([min(truth.min(), estimate.min()), max(truth.max(), estimate.max())])
    ends = ends + np.array([-0.05, 0.05]) * max(float(np.ptp(ends)), 1e-6)
    ax.plot(ends, ends, color=GREY, linewidth=1.2, linestyle=REFERENCE_LINE)
    ax.annotate(
        "no\nerror", (ends[1], ends[1]), (4, 0), textcoords="offset points",
        ha="left", va="top", color=GREY, fontsize=9, annotation_clip=False,
    )  # fmt: skip
    ax.plot(
        truth, estimate, linestyle="", marker="o", markersize=7, alpha=0.75,
        color=style.color, markeredgecolor="white",
    )  # fmt: skip
    ax.set(xlim=ends, ylim=ends, aspect="equal", xlabel=xlabel, ylabel=ylabel)
    error = float(np.abs(estimate - truth).mean())
    # A constant column has no correlation: say so instead of letting NumPy warn.
    varies = min(float(np.ptp(truth)), float(np.ptp(estimate))) > 0
    linked = f"{np.corrcoef(truth, estimate)[0, 1]:.2f}" if varies else "undefined"
    note = f"{len(truth)} points, correlation {linked}, mean absolute error {error:.3g}"
    head(ax, title, note)
    add_alt(ax, f"{title or f'{ylabel.capitalize()} against {xlabel}'}. {note.capitalize()}.")
    return figure_of(ax)
