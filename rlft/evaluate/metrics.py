"""Numbers that say how fine-tuning went, each with one exact definition, in plain NumPy.

A learning curve is `returns` (S, P): S seeds, P evaluation points, the first taken at the switch
from offline to online, before any update. J(t) is its value at environment step t, J0 = J(0).

**Beware when comparing with other code.** "Regret" differs between code bases: Cal-QL averages over
*evaluations*, CORL's `eval/regret` over *training* episodes under an evaluation's name (CORL issue
76). Both exist here under their own names: `regret` and `training_regret`. `drop` is about J0 and
says nothing of how long the dip lasts; `time_below_start` says only that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rlft.core.checks import at_least, finite, refused, shaped, within


def smooth(returns: np.ndarray, window: int) -> np.ndarray:
    """Averages every `window` consecutive points: (S, P) to (S, P - window + 1), no padding.

    Raises:
        InputError: if the window is below 1 or longer than the curve.
    """
    returns = np.asarray(returns, dtype=np.float64)
    within(1, returns.shape[1], window=window, hint="Evaluate more often or smooth less.")
    views = np.lib.stride_tricks.sliding_window_view(returns, window, axis=1)  # (S, P-w+1, w)
    return views.mean(axis=2)


def start_return(returns: np.ndarray) -> np.ndarray:
    """J0 (S,): the return at the switch, before any update."""
    return _curve(returns)[:, 0]


def lowest_return(returns: np.ndarray, window: int = 1) -> np.ndarray:
    """The lowest return after the switch, (S,): minimum of the smoothed points 1 to P-1.

    Smoothing takes the points after the switch only, so that J0 cannot hide a short dip.
    """
    return smooth(_curve(returns)[:, 1:], window).min(axis=1)


def drop(returns: np.ndarray, window: int = 1) -> np.ndarray:
    """How far the policy fell below its start: max(0, J0 - lowest smoothed return after it).

    The minimum of a noisy curve is biased downwards, and more so with more evaluation points: a
    policy that never changes has a positive drop, the `noise_floor`. Compare only curves with the
    same number of points and episodes, and smooth with a window of 3 or so.

    Args:
        returns: (S, P), P >= 2.
        window: evaluation points averaged before the minimum is taken, 1 for none.

    Returns:
        (S,) in the unit of the return, >= 0.

    Raises:
        InputError: if the curve is too short, not finite, or the window does not fit.
    """
    return np.maximum(start_return(returns) - lowest_return(returns, window), 0.0)


def time_below_start(
    steps: np.ndarray, returns: np.ndarray, *, tolerance: float = 0.0, share: bool = False
) -> np.ndarray:
    """Environment steps for which J(t) < J0 - tolerance, the curve being linear between points.

    Args:
        steps: (P,) environment steps per seed, strictly increasing.
        returns: (S, P).
        tolerance: >= 0, in the unit of the return. Evaluation noise makes any curve spend time
            just below its start: a tolerance of one standard error of J0 removes that.
        share: True divides by the length of the whole curve.

    Returns:
        (S,) environment steps in [0, steps[-1] - steps[0]], or a share in [0, 1].

    Raises:
        InputError: if steps and returns do not fit together or tolerance is negative.
    """
    times, curve = _timed(steps, returns)
    at_least(0, tolerance=tolerance, hint="It is in units of the return.")
    above = curve - (curve[:, :1] - tolerance)  # (S, P)
    left, right = above[:, :-1], above[:, 1:]  # (S, P-1)
    deficit = np.maximum(-left, 0.0) + np.maximum(-right, 0.0)
    total = np.abs(left) + np.abs(right)
    # A straight segment from above to below spends deficit / total of its length below zero.
    fraction = np.divide(deficit, total, out=np.zeros_like(total), where=total > 0)
    below = fraction @ np.diff(times)  # (S,)
    return below / (times[-1] - times[0]) if share else below


def average_return(steps: np.ndarray, returns: np.ndarray) -> np.ndarray:
    """Mean of J over environment steps, (S,): trapezoids, divided by the length of the curve."""
    times, curve = _timed(steps, returns)
    return np.trapezoid(curve, times, axis=1) / (times[-1] - times[0])


def regret(steps: np.ndarray, returns: np.ndarray, best: float) -> np.ndarray:
    """Average shortfall against the best known return: mean over environment steps of best - J.

    Not clipped: a curve above `best` earns negative regret.

    Args:
        steps: (P,) environment steps, strictly increasing.
        returns: (S, P) evaluation returns.
        best: the best known return, in the same unit.

    Returns:
        (S,) in the unit of the return.

    Source: Cal-QL (arXiv 2303.05479), cumulative regret over evaluations, there with best = 1.
    """
    return best - average_return(steps, returns)


def training_regret(episode_returns: Sequence[np.ndarray], best: float) -> np.ndarray:
    """Average shortfall of the *training* episodes: mean over them of best - return.

    It counts what exploration cost, and weights a short episode like a long one. This is what CORL
    logs as `eval/regret`.

    Args:
        episode_returns: S arrays, each the returns of that seed's training episodes.
        best: the best known return.

    Returns:
        (S,) in the unit of the return; NaN for a seed that finished no episode.
    """
    return np.array([best - np.mean(r) if len(r) else np.nan for r in episode_returns])


def final_return(returns: np.ndarray, last: int = 3) -> np.ndarray:
    """Mean over the last `last` evaluation points, (S,). Averaging 3 cuts the noise by 1.7.

    Raises:
        InputError: if `last` is below 1 or the curve has fewer points.
    """
    curve = _curve(returns)
    within(1, curve.shape[1], last=last, hint="The curve has no more evaluation points.")
    return curve[:, -last:].mean(axis=1)


def normalise(returns: np.ndarray, low: float, high: float) -> np.ndarray:
    """(R - low) / (high - low): 0 for the low reference, 1 for the high one. Not times 100.

    Args:
        returns: any shape.
        low: for example the return of uniformly random actions.
        high: the best known return, above `low`.

    Raises:
        InputError: if high is not above low.
    """
    if not high > low:
        raise refused("high", high, f"more than low={low}", "Swap them if they are interchanged.")
    return (np.asarray(returns, dtype=np.float64) - low) / (high - low)


def _curve(returns: np.ndarray) -> np.ndarray:
    """Checks a learning curve and returns it as (S, P) float64."""
    curve = np.asarray(returns, dtype=np.float64)
    shaped(("S", "P"), returns=curve, hint="Give a row of evaluation points for each seed.")
    at_least(1, seeds=curve.shape[0], hint="Give the curve of one seed or more.")
    at_least(
        2,
        points=curve.shape[1],
        hint="There is none after the switch: evaluate during fine-tuning (eval_every < steps).",
    )
    finite(returns=curve, hint="Look at that seed's training for the first NaN.")
    return curve


def _timed(steps: np.ndarray, returns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Checks that steps belong to the curve and returns both as float64."""
    curve = _curve(returns)
    times = np.asarray(steps, dtype=np.float64)
    shaped((curve.shape[1],), steps=times, hint="Give one step per evaluation point.")
    if not (np.diff(times) > 0).all():
        raise refused("steps", times.tolist(), "strictly increasing steps", "Sort the points.")
    return times, curve
