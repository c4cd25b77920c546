"""The picture of `python -m rlft compare`: methods side by side, from the switch on.

What is drawn is the return of the rule that acts, guide and random actions included: what each
method costs while it learns. A ring marks where a warm-up ends and policies begin to change.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from rlft.finetune import Run
from rlft.show.base.figure import add_alt
from rlft.show.base.style import styled
from rlft.show.curves.runs import STEPS, return_curves
from rlft.show.curves.series import plot_series

RING = 13  # points across: clear around the largest marker


@styled()
def plot_comparison(
    runs: Sequence[Run], *, best: float | None = None, title: str | None = None
) -> Figure:
    """Behaviour returns of several runs against environment steps since the switch.

    Args:
        runs: one line each, in the same environment.
        best: the best possible return, drawn as a horizontal line.
        title: what the figure shows, a sentence.

    Returns:
        The figure, with alt text.

    Raises:
        InputError: no runs, or runs of different environments.
    """
    curves = return_curves(runs, "behaviour")
    waits = [run.recipe.warmup.steps for run in runs]
    figure = plot_series(
        curves,
        xlabel=f"{STEPS}\n(ring: a warm-up ends)" if any(waits) else STEPS,
        ylabel="return (undiscounted, of the rule that acts)",
        switch=True,
        reference=None if best is None else ("best possible", best),
        title=title,
    )
    (ax,) = figure.axes
    for curve, wait in zip(curves, waits, strict=True):
        if wait:
            height = float(np.interp(wait, curve.x, curve.values.mean(axis=0)))
            ax.plot(
                [wait], [height], linestyle="", marker="o", markersize=RING, zorder=4,
                markerfacecolor="none", markeredgecolor=curve.style.color, markeredgewidth=1.8,
            )  # fmt: skip
            add_alt(ax, f"The warm-up of {curve.style.label} ends at {wait:,}.")
    return figure
