"""Learning curves of runs, from the switch on.

Every curve is a mean over seeds with a shaded 95 % bootstrap interval; the x axis counts
environment steps since the switch from offline to online. All functions return a `CourseFigure`;
with `ax` they draw into the given axes and return the figure that these belong to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rlft.core.checks import at_least, one_of, shaped
from rlft.core.errors import unknown
from rlft.finetune import Run
from rlft.report.comparable import check_environments
from rlft.show.base.figure import CourseFigure, panels
from rlft.show.base.labels import interval_note, number
from rlft.show.base.style import GREY, REFERENCE_LINE, styled, styles_for
from rlft.show.curves.series import Curve, draw_curve, mark_switch, plot_series, tell

Mode = Literal["sampled", "mode", "behaviour"]
ACTIONS: Mapping[str, str] = {
    "sampled": "actions sampled",
    "mode": "most likely action",
    "behaviour": "as the agent acts",
}
STEPS = "environment steps since the switch"


def plot_curves(
    runs: Sequence[Run],
    *,
    mode: Mode = "sampled",
    labels: Sequence[str] | None = None,
    best: float | None = None,
    marks: Mapping[str, float] | None = None,
    title: str | None = None,
    show_seeds: bool = False,
    ax: Axes | None = None,
) -> Figure:
    """Learning curves: return against environment steps since the switch.

    Args:
        runs: one line each.
        mode: "sampled" for the return of sampled actions (what SAC does), "mode" for that of the
            most likely action (what papers report), "behaviour" for the rule that acts, with its
            guide and its random actions.
        labels: names at the lines' ends; default: the recipes' names in the course.
        best: the best possible return, drawn as a horizontal line.
        marks: steps to mark with a vertical line and a name, as ``{"end of warm-up": 1500}``.
        title: what the figure shows, a sentence.
        show_seeds: also draw each seed's own curve, thin.
        ax: where to draw; default: a new figure.

    Returns:
        The figure.

    Raises:
        InputError: no runs, runs of different environments, an unknown mode, or as many labels as
            runs are not given.
    """
    return plot_series(
        return_curves(runs, mode, labels),
        xlabel=STEPS,
        ylabel=f"return (undiscounted, {ACTIONS[mode]})",
        switch=True,
        reference=None if best is None else ("best possible", best),
        marks=marks,
        title=title,
        show_seeds=show_seeds,
        ax=ax,
    )


def plot_metric(
    runs: Sequence[Run],
    metric: str,
    *,
    ylabel: str,
    labels: Sequence[str] | None = None,
    reference: tuple[str, float] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Any other quantity that runs record, against environment steps since the switch.

    Args:
        runs: one line each.
        metric: a key of ``run.metrics``.
        ylabel: what the quantity is, with its unit.
        labels: names at the lines' ends.
        reference: name and value of a horizontal line.
        title: what the figure shows, a sentence.
        ax: where to draw; default: a new figure.

    Returns:
        The figure.

    Raises:
        InputError: no runs, or a run that did not record the metric.
    """
    for run in runs:
        if metric not in run.metrics:
            raise unknown(f"metric of run {run.recipe.name!r}:", metric, run.metrics)
    curves = _curves_of([(run, run.metrics["step"], run.metrics[metric]) for run in runs], labels)
    return plot_series(
        curves, xlabel=STEPS, ylabel=ylabel, switch=True, reference=reference, title=title, ax=ax
    )


@styled()
def plot_each(
    runs: Sequence[Run],
    *,
    mode: Mode = "sampled",
    labels: Sequence[str] | None = None,
    best: float | None = None,
    columns: int = 4,
    title: str | None = None,
) -> CourseFigure:
    """Many runs, one panel for each: its own curve in colour, the means of all others in grey.

    More than about six curves with intervals cannot be told apart in one panel.

    Args:
        runs: one panel each.
        mode: see `plot_curves`.
        labels: names of the panels; default: the recipes' names in the course.
        best: the best possible return, drawn as a horizontal line.
        columns: panels in a row.
        title: what the figure shows, a sentence.

    Returns:
        The figure.

    Raises:
        InputError: see `plot_curves`.
    """
    curves = return_curves(runs, mode, labels)
    fig, axes = panels(len(curves), columns=columns, width=2.6, height=2.2, share=True)
    for number_, (ax, curve) in enumerate(zip(axes, curves, strict=True)):
        for other in curves:
            if other is not curve:
                ax.plot(other.x, other.values.mean(axis=0), color="#C8C8C8", lw=0.9, ls="-")
        draw_curve(ax, curve, 0.0, show_seeds=False)
        ax.set_title(curve.style.label, color=curve.style.text_color, fontsize=10.5)
        ax.xaxis.set_major_locator(MaxNLocator(3))
        mark_switch(ax)
        if best is not None:
            ax.axhline(best, color=GREY, linewidth=1.2, linestyle=REFERENCE_LINE, zorder=1)
        # Inner panels share their neighbours' numbers; the last ones of a column need their own.
        last, first = number_ + columns >= len(curves), number_ % columns == 0
        ax.tick_params(labelbottom=last, labelleft=first)
    if title:
        fig.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
    note = interval_note([curve.values for curve in curves], "line", "band")
    lines = "" if best is None else f"; dashed line: best possible, {number(best)}"
    fig.supxlabel(f"{STEPS}\n{note}; grey: the other methods{lines}", fontsize=9.5)
    fig.supylabel(f"return (undiscounted, {ACTIONS[mode]})", fontsize=9.5)
    fig.alt = f"{title or 'Learning curves'}. {' '.join(tell(curve) for curve in curves)}"
    return fig


def return_curves(
    runs: Sequence[Run], mode: Mode, labels: Sequence[str] | None = None
) -> list[Curve]:
    """The runs' returns for one kind of action, in one environment."""
    one_of(ACTIONS, mode=mode)
    check_environments(runs)
    return _curves_of([(run, run.steps, getattr(run, f"returns_{mode}")) for run in runs], labels)


def _curves_of(
    series: Sequence[tuple[Run, np.ndarray, np.ndarray]], labels: Sequence[str] | None
) -> list[Curve]:
    """Curves from (run, x, values), each with its method's style."""
    at_least(1, number_of_runs=len(series), hint="Give a run to plot.")
    styles = styles_for([run.recipe.name for run, _, _ in series])
    names = labels if labels is not None else [style.label for style in styles]
    shaped((len(series),), labels=np.asarray(names), hint="Give one for each run.")
    return [
        Curve(np.asarray(x), np.asarray(values), replace(style, label=name))
        for (_, x, values), style, name in zip(series, styles, names, strict=True)
    ]
