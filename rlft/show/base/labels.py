"""The words in a figure: names at the ends of lines, the title, and what the interval is.

A reader should not have to match colours with a list. Where lines end close together the names
are moved apart as little as possible and a thin leader ties each to its line. A short sample of
the line with its marker stands before the name, for two methods of one colour.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnnotationBbox, DrawingArea, HPacker, TextArea
from matplotlib.text import Text
from matplotlib.transforms import ScaledTranslation, blended_transform_factory

from rlft.evaluate.intervals import coverage
from rlft.show.base.figure import figure_of
from rlft.show.base.style import GREY, MethodStyle

POINTS = 1 / 72  # inches in a typographic point
SIZE = 10.0  # of the letters of names, points
LINE = 1.3  # sizes from line to line: letters with their descenders take 1.16, the rest separates
LEADER = 18  # points between the axes and the names: leaders then rise at less than 45 degrees


@dataclass(frozen=True)
class End:
    """The end of one line.

    Attributes:
        x: data coordinate of the line's last point.
        y: data coordinate of the line's last point.
        style: the line's label and look; the text is darkened until it can be read.
    """

    x: float
    y: float
    style: MethodStyle


def spread(positions: np.ndarray, gap: float, low: float, high: float) -> np.ndarray:
    """Moves positions apart until neighbours differ by `gap`, with the least squared movement.

    Subtracting ``gap * rank`` turns "at least gap apart" into "not decreasing", and the nearest
    non-decreasing sequence is found by averaging neighbours that are out of order (isotonic
    regression by pooling adjacent violators).

    Args:
        positions: (M,) in any order.
        gap: least distance between two results, the same unit.
        low: least result.
        high: largest result; ignored where M positions do not fit in between.

    Returns:
        (M,) in the order of `positions`.
    """
    order = np.argsort(positions, kind="stable")
    offsets = gap * np.arange(len(positions))
    blocks: list[tuple[float, int]] = []  # (mean, members) of each run of pooled positions
    for value in positions[order] - offsets:
        mean, members = float(value), 1
        while blocks and blocks[-1][0] > mean:
            before, count = blocks.pop()
            mean = (mean * members + before * count) / (members + count)
            members += count
        blocks.append((mean, members))
    pooled = np.concatenate([np.full(members, mean) for mean, members in blocks] or [np.empty(0)])
    room = max(high - gap * (len(positions) - 1), low)
    result = np.empty(len(positions))
    result[order] = np.clip(pooled, low, room) + offsets
    return result


def label_ends(ax: Axes, ends: Sequence[End]) -> list[Text]:
    """Writes a name to the right of each line, none over another.

    Call it last: it measures the axes, so set the limits and titles before.

    Args:
        ax: axes with linear or logarithmic scales.
        ends: the lines' ends.

    Returns:
        The texts, in the order of `ends`.
    """
    if not ends:
        return []
    fig = figure_of(ax)
    fig.draw_without_rendering()  # the layout settles, so that the axes have their final height
    height = ax.get_window_extent().height / fig.dpi / POINTS  # points
    to_axes = ax.transData - ax.transAxes
    wanted = np.array([to_axes.transform((end.x, end.y))[1] for end in ends]) * height
    size = min(SIZE, height / (LINE * len(ends)))  # many names in a low panel become smaller
    placed = spread(wanted, LINE * size, 0.5 * size, height - 0.5 * size)
    texts = []
    for end, before, after in zip(ends, wanted, placed, strict=True):
        place = blended_transform_factory(ax.transAxes, ax.transData) + ScaledTranslation(
            LEADER * POINTS, (after - before) * POINTS, fig.dpi_scale_trans
        )
        name = TextArea(end.style.label, textprops={"color": end.style.text_color, "size": size})
        box = AnnotationBbox(
            HPacker(children=[_sample(end.style, size), name], align="center", pad=0, sep=4),
            xy=(end.x, end.y),
            xybox=(1.0, end.y),
            boxcoords=place,
            box_alignment=(0.0, 0.5),
            frameon=False,
            pad=0,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": end.style.color,
                "linewidth": 0.8,
                "alpha": 0.7,
                "shrinkA": 0,
                "shrinkB": 5,  # clear of the last marker
                "relpos": (0.0, 0.5),
            },
        )
        ax.add_artist(box)
        texts.append(name.get_children()[0])
    return texts


def fit_ylabel(ax: Axes) -> None:
    """Breaks the name of the y axis into lines if the axes are too low for it. Call it last."""
    label = ax.yaxis.label
    length, room = label.get_window_extent().height, ax.get_window_extent().height
    # A little longer than the axes is no harm: above and below there is a title and a number.
    if length > 1.1 * room:
        label.set_text(textwrap.fill(label.get_text(), int(len(label.get_text()) * room / length)))


def _sample(style: MethodStyle, size: float) -> DrawingArea:
    """A short piece of the line with its marker in the middle, as in a legend."""
    width = 2.6 * size  # long enough for a whole dash-dot
    area = DrawingArea(width, size)
    area.add_artist(
        Line2D(
            [0, width / 2, width], [size / 2] * 3, color=style.color, linestyle=style.line,
            linewidth=1.8, marker=style.marker, markevery=[1], markersize=0.6 * size,
            markeredgecolor="white", markeredgewidth=0.5,
        )
    )  # fmt: skip
    return area


def head(ax: Axes, title: str | None, note: str) -> None:
    """Writes a note small above the axes, and the title above the note."""
    ax.annotate(
        note, (0.0, 1.0), (0, 5), xycoords="axes fraction", textcoords="offset points",
        ha="left", va="bottom", fontsize=9, color=GREY, annotation_clip=False,
    )  # fmt: skip
    if title:
        ax.set_title(title, pad=20)  # one line of 9 points, with air


def interval_note(values: Sequence[np.ndarray], mean: str, bar: str, more: str = "") -> str:
    """Says what is drawn: "line: mean of 8 seeds; band: 95 % bootstrap interval".

    Of 3 seeds it is "band: covers about 75 %", see `coverage`.

    Args:
        values: one array for each line or row, its first axis the seeds.
        mean: what shows the mean.
        bar: what shows the interval.
        more: what else to say.
    """
    counts = sorted({len(v) for v in values})
    if counts[-1] == 1:
        return "one seed only: no interval, no claim"
    seeds = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else f"{counts[0]}"
    fewest = next(count for count in counts if count > 1)
    covers = f"covers about {100 * coverage(fewest):.0f} %"
    what, besides = "95 % bootstrap interval", []
    if counts[0] == 1:
        besides.append(f"no {bar} at 1")
    if coverage(fewest) < 0.95:
        if len(counts) == 1:
            what = covers  # what it is called elsewhere would promise too much
        else:
            besides.append(f"{covers} at {fewest}")
    if besides:
        what += f" ({'; '.join(besides)})"
    tail = f"; {more}" if more else ""
    return f"{mean}: mean of {seeds} seeds; {bar}: {what}{tail}"


def number(value: float, decimals: int | None = None) -> str:
    """A number for the eye: with a true minus sign; 4 significant digits or fixed decimals."""
    text = f"{value:.4g}" if decimals is None else f"{value:.{decimals}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def decimals_for(values: Sequence[np.ndarray]) -> int:
    """Decimals that leave the largest of all finite numbers three significant digits, 0 to 4."""
    largest = max(float(np.abs(v[np.isfinite(v)]).max(initial=0.0)) for v in values)
    return 2 if largest == 0 else int(np.clip(2 - np.floor(np.log10(largest)), 0, 4))
