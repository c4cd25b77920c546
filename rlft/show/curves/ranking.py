"""Methods in the order of a statistic, each with its interval: how sure a ranking is.

Where two bars overlap, a look at them does not rank the two; the paired difference may.
"""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rlft.core.checks import at_least
from rlft.evaluate.intervals import Interval, few_seeds
from rlft.show.base.figure import add_alt, figure_of, new_axes
from rlft.show.base.labels import head
from rlft.show.base.style import GREY, REFERENCE_LINE, styled, styles_for


@styled()
def plot_ranking(
    intervals: Mapping[str, Interval],
    *,
    xlabel: str,
    reference: float | None = None,
    reference_label: str = "",
    digits: int = 2,
    order: bool = True,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """A row for each name, the highest on top: the estimate, its interval, and both in words.

    For statistics of several tasks, which have no single number for a seed; `plot_errors` draws
    those that have.

    Args:
        intervals: name to interval, as `rlft.evaluate.task_interval` gives it. Names of methods
            ("sac") are drawn in their colour and written as the course writes them.
        xlabel: what the numbers are, with their unit.
        reference: where to draw a vertical line; None for none.
        reference_label: what that line means.
        digits: of the numbers in words, after the point.
        order: whether the highest goes on top; else they stay as they are given.
        title: what the figure shows, a sentence.
        ax: where to draw; default: a new figure.

    Raises:
        InputError: nothing to plot.
    """
    at_least(1, number_of_names=len(intervals), hint="Give a name with its interval to plot.")
    names = sorted(intervals, key=lambda n: -intervals[n].estimate) if order else list(intervals)
    if ax is None:
        _, ax = new_axes(7.4, 1.3 + 0.32 * len(names))
    rows = [intervals[name] for name in names]
    styles, told = styles_for(names), []
    for place, (row, style) in enumerate(zip(rows, styles, strict=True)):
        ax.plot([row.low, row.high], [place, place], ls="-", lw=3, color=style.text_color)
        ax.plot(row.estimate, place, ls="", marker=style.marker, ms=8, color=style.text_color,
                mec="white")  # fmt: skip
        words = row.numbers(f".{digits}f").replace("-", "\N{MINUS SIGN}")
        ax.annotate(
            words, (1.0, place), (8, 0), xycoords=("axes fraction", "data"), va="center",
            textcoords="offset points", color=style.text_color, annotation_clip=False,
        )  # fmt: skip
        told.append(f"{style.label} {words}.")
    top = -0.6
    if reference is not None:
        ax.plot([reference] * 2, [len(names) - 0.4, top], color=GREY, lw=1.2, ls=REFERENCE_LINE,
                zorder=1)  # fmt: skip
        ax.annotate(
            reference_label, (reference, top), (0, 2), textcoords="offset points", ha="center",
            va="bottom", color=GREY, fontsize=9,
        )  # fmt: skip
        top -= 0.8  # a row of room for the reference's name
    ax.set_yticks(range(len(names)), [style.label for style in styles])
    ax.set_ylim(len(names) - 0.4, top)
    ax.margins(x=0.06)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel(xlabel)
    note = _note(rows)
    head(ax, title, note)
    add_alt(ax, f"{title or xlabel}. {note.capitalize()}. {' '.join(told)}")
    return figure_of(ax)


def _note(rows: list[Interval]) -> str:
    """What marker and bar are, and of how many runs."""
    first = rows[0]
    runs = f"{first.seeds} seeds" + (f" × {first.tasks} tasks" if first.tasks > 1 else "")
    of = first.of.upper() if first.of == "iqm" else first.of
    if first.seeds == 1:
        return f"marker: {of}; one seed only: no bar, no claim"
    covers = few_seeds(first.seeds, first.confidence, first.tasks)
    promised = f"{100 * first.confidence:.0f} % bootstrap interval"
    return f"marker: {of} of {runs}; bar: {covers or promised}"
