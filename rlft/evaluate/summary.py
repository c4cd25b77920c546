"""The summary of a run: start, lowest, final, drop, time below the start, regret, with intervals.

The definitions are those of `rlft.evaluate.metrics`; here they are only gathered and printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import indent
from typing import Any, Protocol

import numpy as np

from rlft.core.checks import one_of
from rlft.core.table import Table
from rlft.evaluate import metrics
from rlft.evaluate.intervals import Interval, few_seeds, interval
from rlft.evaluate.noise import noise_floor
from rlft.evaluate.statistics.collapse import Collapse, Share, collapsed_share


class Curves(Protocol):
    """What a summary needs of a run (see `rlft.finetune`)."""

    @property
    def recipe(self) -> Any:
        """The recipe; its `name` heads the summary."""
        ...

    @property
    def steps(self) -> np.ndarray:
        """(P,) environment steps per seed, 0 at the switch."""
        ...

    @property
    def returns_mode(self) -> np.ndarray:
        """(S, P) return of the most likely action."""
        ...

    @property
    def returns_sampled(self) -> np.ndarray:
        """(S, P) return of sampled actions."""
        ...

    @property
    def switch_returns(self) -> Mapping[str, np.ndarray]:
        """Of each curve the returns of single episodes at the switch, (S, K), where kept."""
        ...

    @property
    def returns_behaviour(self) -> np.ndarray:
        """(S, P) return of the rule that acts."""
        ...


@dataclass(frozen=True)
class RunSummary:
    """The numbers of one run, each a mean over seeds with its interval.

    Returns, `drop` and `regret` are in the unit of the undiscounted return.

    Attributes:
        name: of the recipe.
        curve: "sampled", "mode" or "behaviour": what the curve was measured with.
        seeds: S.
        start: return at the switch.
        lowest: lowest smoothed return after the switch.
        final: mean over the last evaluation points.
        drop: start minus lowest, at least 0.
        noise_floor: the drop that a policy which never changes would have by evaluation noise
            alone; None where its episodes at the switch are not known.
        time_below_start: share of environment steps in [0, 1] spent below the start.
        regret: average shortfall against `best`.
        best: the return that regret is measured against.
        best_is_given: False if `best` is only the highest point of this run's own mean curve.
        window: evaluation points averaged for `lowest` and `drop`.
        last: evaluation points averaged for `final`.
        collapse: the rule of what counts as collapsed; None for none.
        collapsed: how many seeds did, by that rule.
    """

    name: str
    curve: str
    seeds: int
    start: Interval
    lowest: Interval
    final: Interval
    drop: Interval
    noise_floor: float | None
    time_below_start: Interval
    regret: Interval
    best: float
    best_is_given: bool
    window: int
    last: int
    collapse: Collapse | None = None
    collapsed: Share | None = None

    def rows(self) -> list[tuple[str, str, str]]:
        """(quantity, value with interval, meaning) for a table."""
        source = "given" if self.best_is_given else "this run's own best"
        values = (
            ("start", self.start, "return at the switch"),
            ("lowest", self.lowest, f"lowest {_mean_of(self.window)} after the switch"),
            ("final", self.final, f"{_mean_of(self.last)}, the last"),
            ("drop", self.drop, "start - lowest, at least 0"),
            ("time below start", self.time_below_start, "share of environment steps"),
            ("regret", self.regret, f"mean of {self.best:.1f} ({source}) - return"),
        )
        share = self.time_below_start
        rows = [
            (name, value.numbers(".0%" if value is share else ".1f"), meaning)
            for name, value, meaning in values
        ]
        beside = [("noise floor", self.floor(), "drop of a policy that never changes")]
        if self.collapse is not None:
            beside.append(("collapsed", self.fallen(), str(self.collapse)))
        return [*rows[:4], *beside, *rows[4:]]  # beside the drop

    def fallen(self) -> str:
        """How many seeds collapsed, in a cell of a table; "-" where no rule was given."""
        return "-" if self.collapsed is None else str(self.collapsed)

    def floor(self) -> str:
        """The noise floor in a cell of a table; "-" where it is not known."""
        return "-" if self.noise_floor is None else f"{self.noise_floor:.1f}"

    def title(self) -> str:
        """One line that says what the numbers are."""
        few = few_seeds(self.seeds, self.start.confidence)
        return (
            f"{self.name}: {self.curve} actions, mean over {self.seeds} seeds "
            f"[{self.start.confidence:.0%} bootstrap interval]{f' ({few})' if few else ''}"
        )

    def __str__(self) -> str:
        return f"{self.title()}\n{indent(Table((), self.rows()).text(), '  ')}"

    def _repr_html_(self) -> str:
        return Table((), self.rows(), caption=self.title()).html()


def summarise(
    run: Curves,
    *,
    best: float | None = None,
    curve: str = "sampled",
    window: int = 1,
    last: int = 3,
    tolerance: float = 0.0,
    collapse: Collapse | None = None,
    confidence: float = 0.95,
) -> RunSummary:
    """Computes the summary of a run.

    Args:
        run: with `recipe.name`, `steps` (P,), and `returns_sampled`, `returns_mode`,
            `returns_behaviour` (S, P).
        best: best known return, for the regret. Without it the highest point of the run's own mean
            curve is taken, and regrets of different runs must not be compared.
        curve: "sampled" or "mode" actions of the learner's policy, or "behaviour": what online
            training experiences, with a guide and random actions.
        window: see `metrics.drop`.
        last: see `metrics.final_return`; a shorter curve uses all its points after the switch.
        tolerance: see `metrics.time_below_start`.
        collapse: what counts as collapsed; how many seeds did then stands beside the drop.
        confidence: of the intervals.

    Raises:
        InputError: if `curve` is unknown, or the curve has fewer than two points.
    """
    curves = {
        "sampled": run.returns_sampled,
        "mode": run.returns_mode,
        "behaviour": run.returns_behaviour,
    }
    one_of(curves, curve=curve)
    returns, steps = np.asarray(curves[curve], dtype=np.float64), np.asarray(run.steps)
    top = float(returns.mean(axis=0).max()) if best is None else best
    values = {
        **returns_of(returns, window=window, last=last),
        "time_below_start": metrics.time_below_start(
            steps, returns, tolerance=tolerance, share=True
        ),
        "regret": metrics.regret(steps, returns, top),
    }
    intervals = {name: interval(v, confidence) for name, v in values.items()}  # v: (S,)
    episodes = run.switch_returns.get(curve, np.empty((0, 0)))  # (S, K)
    floor = None
    if episodes.shape[1] > 1:  # older runs kept none, and of one alone the noise is not known
        floor = noise_floor(episodes, returns.shape[1], window=window)
    return RunSummary(
        name=str(run.recipe.name),
        curve=curve,
        seeds=len(returns),
        **intervals,
        noise_floor=floor,
        best=top,
        best_is_given=best is not None,
        window=window,
        last=min(last, returns.shape[1] - 1),
        collapse=collapse,
        collapsed=collapse
        and collapsed_share(returns, collapse, window=window, confidence=confidence),
    )


def returns_of(returns: np.ndarray, *, window: int = 1, last: int = 3) -> dict[str, np.ndarray]:
    """Start, lowest, final and drop of each seed, by name.

    Args:
        returns: (S, P), P >= 2.
        window: see `metrics.drop`.
        last: see `metrics.final_return`; a shorter curve uses all its points after the switch.

    Returns:
        Four of (S,), in the unit of the return.

    Raises:
        InputError: as `metrics.drop`.
    """
    return {
        "start": metrics.start_return(returns),
        "lowest": metrics.lowest_return(returns, window),
        "final": metrics.final_return(returns, min(last, returns.shape[1] - 1)),
        "drop": metrics.drop(returns, window),
    }


def _mean_of(count: int) -> str:
    return "evaluation" if count == 1 else f"mean of {count} evaluations"
