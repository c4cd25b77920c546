"""Values, errors and coverage as colours over the maze.

A state of the maze is a point, so Q, its true value, the difference and the data can be seen. Maps
that are compared share one colour scale. Errors are centred at white: blue is pessimistic,
vermillion optimistic. Dots cover the squares in which the data has no transition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.figure import Figure

from rlft.core.checks import at_least, one_of, shaped, within
from rlft.evaluate.value_map import ValueMap
from rlft.show.base.figure import CourseFigure, add_alt, figure_of
from rlft.show.base.labels import number
from rlft.show.base.style import BLACK, ERRORS, VALUES, styled
from rlft.show.mazes.maze import BAR, draw_plane, maze_panels

What = Literal["q", "truth", "error", "support"]
MEANINGS: dict[str, tuple[str, str]] = {
    "q": ("Q, learned", "value (discounted return)"),
    "truth": ("true value", "value (discounted return)"),
    "error": ("Q minus truth", "error of Q (discounted return)"),
    "support": ("data", "logged transitions per square"),
}
"""Panel title and name of the scale of each map."""

# Share of points left out at either end of a colour scale: one diverged point must not turn the
# rest of the map into one colour. The colour bar then ends in an arrow.
OUTLIERS = 0.01


@styled()
def plot_map(
    value_map: ValueMap,
    what: What = "q",
    *,
    seed: int | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    scale: Normalize | None = None,
) -> Figure:
    """One map over the maze with its colour bar.

    Args:
        value_map: from `rlft.evaluate.value_map`.
        what: "q" the learner's value, "truth" the Monte-Carlo value of the same actions, "error"
            their difference (positive is optimistic), "support" the number of logged transitions.
        seed: which seed in 0 ... S-1; None for the mean over seeds.
        ax: where to draw; default: a new figure.
        title: default: what the map shows.
        scale: from `shared_scale`, to compare several figures; default: this map's own.

    Returns:
        The figure.

    Raises:
        InputError: an unknown kind of map or a seed that does not exist.
    """
    values = map_values(value_map, what, seed)
    if ax is None:
        _, (ax,) = maze_panels([value_map.layout], extra_height=BAR)
    norm = scale or scale_for([values], what)
    draw_map(ax, value_map, what, values, norm)
    ax.set_title(title or MEANINGS[what][0])
    _colour_bar([ax], what, norm, [values])
    add_alt(ax, f"{title or MEANINGS[what][0]}: {_tell(value_map, what, values)}")
    return figure_of(ax)


@styled()
def plot_maps(
    value_maps: Sequence[ValueMap],
    labels: Sequence[str],
    what: What | Sequence[What] = "error",
    *,
    seed: int | None = None,
    title: str | None = None,
    scales: Mapping[What, Normalize] | None = None,
) -> CourseFigure:
    """Several maps with shared colour scales.

    With one kind of map the learners stand side by side. With several, each learner is a row and
    each kind a column; Q and truth share one scale.

    Args:
        value_maps: one for each learner.
        labels: the learners' names.
        what: one kind of map, or several, as in ``("q", "truth", "error")``. See `plot_map`.
        seed: which seed; None for the mean over seeds.
        title: what the figure shows, a sentence.
        scales: by kind of map, from `shared_scale`, to compare several figures (the frames of a
            slider); default: of the maps in this figure.

    Returns:
        The figure.

    Raises:
        InputError: no maps, labels that do not fit, or see `plot_map`.
    """
    at_least(1, number_of_maps=len(value_maps), hint="Give a map to plot.")
    shaped((len(value_maps),), labels=np.asarray(labels), hint="Give one for each map.")
    kinds: list[What] = [what] if isinstance(what, str) else list(what)
    one_kind = len(kinds) == 1
    columns = len(value_maps) if one_kind else len(kinds)
    rows = 1 if one_kind else len(value_maps)
    layouts = [m.layout for m in value_maps for _ in kinds]
    fig, axes = maze_panels(layouts, columns=columns, extra_height=BAR / rows)
    cells: list[tuple[ValueMap, str, What]] = [
        (m, label, kind) for m, label in zip(value_maps, labels, strict=True) for kind in kinds
    ]
    values = [map_values(m, kind, seed) for m, _, kind in cells]
    for scale_name in dict.fromkeys(MEANINGS[kind][1] for kind in kinds):
        shown = [i for i, cell in enumerate(cells) if MEANINGS[cell[2]][1] == scale_name]
        shared, kind = [values[i] for i in shown], cells[shown[0]][2]
        norm = (scales or {}).get(kind) or scale_for(shared, kind)
        for i in shown:
            draw_map(axes[i], cells[i][0], cells[i][2], values[i], norm)
        _colour_bar([axes[i] for i in shown], kind, norm, shared)
    for i, (ax, (value_map, label, kind)) in enumerate(zip(axes, cells, strict=True)):
        meaning = MEANINGS[kind][0]
        if one_kind:
            ax.set_title(label, fontsize=11)
        elif i < columns:
            ax.set_title(meaning, fontsize=11)
        if not one_kind and i % columns == 0:
            ax.set_ylabel(label, fontsize=11, fontweight="bold")
        fig.alt = f"{fig.alt} {label}, {meaning}: {_tell(value_map, kind, values[i])}".strip()
    if title:
        fig.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        fig.alt = f"{title}. {fig.alt}"
    return fig


def map_values(value_map: ValueMap, what: What, seed: int | None) -> np.ndarray:
    """The (H, W) numbers of a map: of one seed, or the mean over seeds; NaN outside.

    Raises:
        InputError: an unknown kind of map or a seed that does not exist.
    """
    one_of(MEANINGS, map=what)
    if what == "support":
        return np.where(value_map.inside, value_map.support, np.nan).astype(np.float64)
    values = {"q": value_map.q, "truth": value_map.truth, "error": value_map.error}[what]
    if seed is None:
        return values.mean(axis=0)
    within(0, len(values) - 1, seed=seed, hint="None shows the mean of all seeds.")
    return values[seed]


def shared_scale(
    value_maps: Sequence[ValueMap], what: What, *, seed: int | None = None
) -> Normalize:
    """The colour scale for maps in several figures, such as the frames of a slider.

    Args:
        value_maps: all maps that will be shown.
        what: see `plot_map`. "q" and "truth" have one scale, which covers both.
        seed: as it will be given to the figures.

    Raises:
        InputError: no maps, or see `plot_map`.
    """
    at_least(1, number_of_maps=len(value_maps), hint="Give the maps that will be shown.")
    kinds: tuple[What, ...] = ("q", "truth") if what in ("q", "truth") else (what,)
    return scale_for([map_values(m, kind, seed) for m in value_maps for kind in kinds], what)


def scale_for(values: Sequence[np.ndarray], what: What) -> Normalize:
    """One colour scale for several maps of a kind: errors centred at 0, counts logarithmic."""
    pooled = np.concatenate([v[np.isfinite(v)] for v in values])
    if what == "support":
        return LogNorm(1, max(float(pooled.max(initial=1.0)), 2.0))
    low, high = np.quantile(pooled, [OUTLIERS, 1 - OUTLIERS]) if len(pooled) else (0.0, 0.0)
    if what == "error":
        # Never so narrow that rounding looks like an error.
        largest = max(abs(low), abs(high), 1e-3)
        return Normalize(-largest, largest)
    return Normalize(low, max(high, low + 1e-3))


def draw_map(
    ax: Axes, value_map: ValueMap, what: What, values: np.ndarray, norm: Normalize
) -> None:
    """Draws one map and what lies in its plane into axes, without title or colour bar."""
    plane = value_map.layout
    extent = (-0.5, plane.width - 0.5, -0.5, plane.height - 0.5)
    shown = np.ma.masked_invalid(values)
    if what == "support":
        shown = np.ma.masked_equal(shown, 0)
    ax.imshow(
        shown, cmap=_colours(what), norm=norm, extent=extent, origin="lower",
        interpolation="nearest", zorder=1,
    )  # fmt: skip
    if what != "support":
        unseen = value_map.inside & (value_map.support == 0)  # (H, W)
        rows, columns = np.nonzero(unseen)
        ax.plot(
            value_map.x[columns], value_map.y[rows], ls="", marker=".", ms=2.6, color=BLACK,
            mec="white", mew=0.3, zorder=1.5,
        )  # fmt: skip
    draw_plane(ax, plane)


def _colours(what: What) -> Colormap:
    return ERRORS if what == "error" else VALUES


def _colour_bar(
    axes: Sequence[Axes], what: What, norm: Normalize, values: Sequence[np.ndarray]
) -> None:
    """One colour bar below the axes, with arrows where values lie beyond it."""
    finite = np.concatenate([v[np.isfinite(v)] for v in values])
    assert norm.vmin is not None and norm.vmax is not None
    below = what != "support" and bool((finite < norm.vmin).any())
    above = bool((finite > norm.vmax).any())
    extend = {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[below, above]
    bar = figure_of(axes[0]).colorbar(
        ScalarMappable(norm, _colours(what)), ax=list(axes), location="bottom", extend=extend,
        aspect=30 if len(axes) > 1 else 22, pad=0.03, shrink=0.9,
    )  # fmt: skip
    note = "log scale; white: none" if what == "support" else "dots: no data there"
    bar.set_label(f"{MEANINGS[what][1]}\n{note}", fontsize=9.5)
    if what == "error":
        for x, side, word in ((0.0, "left", "pessimistic"), (1.0, "right", "optimistic")):
            bar.ax.annotate(
                word, (x, 1.0), (0, 2), xycoords="axes fraction", textcoords="offset points",
                ha=side, va="bottom", fontsize=8.5,
            )  # fmt: skip
    bar.outline.set_linewidth(0.6)


def _tell(value_map: ValueMap, what: What, values: np.ndarray) -> str:
    """A map in words, for the alt text."""
    if what == "support":
        share = (value_map.support[value_map.inside] > 0).mean()
        return f"the data covers {share:.0%} of the free squares."
    seen = value_map.inside & (value_map.support > 0)
    unseen = value_map.inside & (value_map.support == 0)
    parts = [
        f"{number(float(values[mask].mean()), 1)} on average {where}"
        for mask, where in ((seen, "where there is data"), (unseen, "where there is none"))
        if mask.any()
    ]
    return f"{', '.join(parts)}."
