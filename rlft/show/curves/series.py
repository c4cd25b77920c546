"""Lines over an x axis, each the mean over seeds with its interval: the stuff of learning curves.

The interval is shaded and named, and names stand at the lines' ends. With one seed there is no
interval, and the figure says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from rlft.core.checks import at_least, shaped
from rlft.evaluate.intervals import curve_interval
from rlft.show.base.figure import add_alt, figure_of, new_axes
from rlft.show.base.labels import (
    LINE,
    POINTS,
    End,
    fit_ylabel,
    head,
    interval_note,
    label_ends,
    number,
)
from rlft.show.base.style import GREY, REFERENCE_LINE, MethodStyle, styled


@dataclass(frozen=True)
class Curve:
    """One line with its interval.

    Attributes:
        x: (P,) increasing.
        values: (S, P), finite.
        style: label, colour, line and marker.
    """

    x: np.ndarray
    values: np.ndarray
    style: MethodStyle


@styled()
def plot_series(
    curves: Sequence[Curve],
    *,
    xlabel: str,
    ylabel: str,
    switch: bool = False,
    reference: tuple[str, float] | None = None,
    marks: Mapping[str, float] | None = None,
    title: str | None = None,
    show_seeds: bool = False,
    ax: Axes | None = None,
) -> Figure:
    """Lines with intervals: the general form of `plot_curves`.

    Args:
        curves: one line each.
        xlabel: with its unit.
        ylabel: with its unit.
        switch: whether x counts from the switch, which is then marked at 0.
        reference: name and value of a horizontal line.
        marks: names and x of vertical lines.
        title: what the figure shows, a sentence.
        show_seeds: also draw each seed's own line, thin.
        ax: where to draw; default: a new figure.

    Raises:
        InputError: no curves, or values that do not fit x.
    """
    at_least(1, number_of_curves=len(curves), hint="Give a curve to plot.")
    if ax is None:
        # Room for a name of 10 points at the end of every line, and 1.3 inches for all around.
        names = len(curves) + (reference is not None)
        _, ax = new_axes(7.4, max(4.0, names * LINE * 10 * POINTS + 1.3))
    ends = []
    for number_, curve in enumerate(curves):
        mean = draw_curve(ax, curve, number_ / len(curves), show_seeds)
        ends.append(End(float(curve.x[-1]), float(mean[-1]), curve.style))
    right = max(float(curve.x[-1]) for curve in curves)
    left = min(float(curve.x[0]) for curve in curves)
    if switch:
        left = min(left, 0.0)  # training metrics begin after the switch, which must be seen
    ax.set_xlim(left - 0.02 * (right - left), right + 0.01 * (right - left))
    # Marks have a row of their own below the numbers, where "switch" stands if there is one.
    ax.set_xlabel(xlabel, labelpad=1 if switch or not marks else 15)
    ax.set_ylabel(ylabel)
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10], integer=switch))
    if switch:
        mark_switch(ax)
    if reference is not None:
        name, value = reference
        look = MethodStyle(f"{name}: {number(value)}", GREY, REFERENCE_LINE, "")
        ax.axhline(value, color=GREY, linewidth=1.2, linestyle=REFERENCE_LINE, zorder=1)
        ends.append(End(right, value, look))
    for name, place in (marks or {}).items():
        # A dotted line that runs down past the axis to its name, in the row of "switch".
        ax.axvline(place, color=GREY, linewidth=1.2, linestyle=(0, (1, 2)), zorder=1)
        ax.annotate(
            f"\N{UPWARDS ARROW} {name}", (place, 0.0), (-4, -20), ha="left", va="top", color=GREY,
            xycoords=("data", "axes fraction"), textcoords="offset points", annotation_clip=False,
        )  # fmt: skip
    head(ax, title, interval_note([curve.values for curve in curves], "line", "band"))
    label_ends(ax, ends)
    fit_ylabel(ax)
    told = " ".join(tell(curve) for curve in curves)
    add_alt(ax, f"{f'{title}. ' if title else ''}{ylabel.capitalize()} against {xlabel}. {told}")
    return figure_of(ax)


def tell(curve: Curve) -> str:
    """The curve in words, for the alt text."""
    mean = curve.values.mean(axis=0)
    lowest = int(mean.argmin())
    return (
        f"{curve.style.label} starts at {number(mean[0])}, is lowest at {curve.x[lowest]:,.0f} "
        f"({number(mean[lowest])}) and ends at {number(mean[-1])}."
    )


def draw_curve(ax: Axes, curve: Curve, phase: float, show_seeds: bool) -> np.ndarray:
    """Draws one line with band and markers; returns the mean (P,)."""
    hint = f"Give {curve.style.label!r} a value per seed at each x."
    shaped(("S", *curve.x.shape), values=curve.values, hint=hint)
    mean, low, high = curve_interval(curve.values)
    style = curve.style
    if show_seeds:
        ax.plot(curve.x, curve.values.T, color=style.color, ls="-", lw=0.7, alpha=0.5, zorder=1.5)
    ax.fill_between(curve.x, low, high, color=style.color, alpha=0.2, linewidth=0)
    for edge in (low, high):
        # Where bands overlap, their edges still tell them apart.
        ax.plot(curve.x, edge, color=style.color, linewidth=0.6, alpha=0.6, linestyle="-")
    # About six markers on each line, shifted from line to line so that they do not hide each other.
    every = max(1, len(curve.x) // 6)
    ax.plot(
        curve.x, mean, color=style.color, linestyle=style.line, marker=style.marker, zorder=3,
        markevery=(int(phase * every), every), markeredgecolor="white", markeredgewidth=0.6,
        markersize=7, label=style.label,
    )  # fmt: skip
    return mean


def mark_switch(ax: Axes) -> None:
    """Marks x = 0 as the switch, in the tick's label: there it can cover nothing."""
    ax.axvline(0, color="#333333", linewidth=1.4, zorder=1)
    ax.xaxis.set_major_formatter(
        FuncFormatter(lambda x, _: "0\nswitch" if abs(x) < 1e-9 else f"{x:,.0f}")
    )
