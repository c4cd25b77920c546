"""Scores of several tasks, and one number for all of them: mean, median, IQM, optimality gap.

Scores must have one unit to be put together: normalise the returns of each environment first
(`rlft.evaluate.normalise`), so that 0 is the low reference and 1 the high one.

Letters: S seeds, K tasks. Source: Agarwal et al., "Deep Reinforcement Learning at the Edge of the
Statistical Precipice" (arXiv 2108.13264), section 4; definitions are those of its code, rliable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
from scipy import stats

from rlft.core.checks import at_least, finite, refused, shaped

# One task (S,), or several by name, or as a matrix (S, K).
Scores: TypeAlias = np.ndarray | Mapping[str, np.ndarray]
# (..., S, K) to (...), so that thousands of resamples are one call.
Statistic: TypeAlias = Callable[[np.ndarray], np.ndarray]

TRIM = 0.25  # of either end: what is left lies between the quartiles


def score_matrix(scores: Scores) -> np.ndarray:
    """Scores as one matrix.

    Args:
        scores: (S,) of one task, {task: (S,)} with as many seeds for each, or (S, K); finite.

    Returns:
        (S, K) float64.

    Raises:
        InputError: no task or seed, another shape, tasks with unlike numbers of seeds, or a score
            that is not finite.
    """
    if isinstance(scores, Mapping):
        at_least(1, number_of_tasks=len(scores), hint="Give the scores of one task or more.")
        columns = {task: np.asarray(own, dtype=np.float64) for task, own in scores.items()}
        for task, own in columns.items():
            if own.ndim != 1:
                hint = "Give one score per seed."
                raise refused(f"scores[{task!r}].shape", own.shape, "(S,)", hint)
        seeds = {task: len(own) for task, own in columns.items()}
        if len(set(seeds.values())) > 1:
            hint = "A task with more seeds would count for more: take the same seeds of all."
            raise refused("seeds", seeds, "as many for each task", hint)
        matrix = np.stack(list(columns.values()), axis=1)
    else:
        matrix = np.asarray(scores, dtype=np.float64)
        matrix = matrix[:, None] if matrix.ndim == 1 else matrix
        shaped(("S", "K"), scores=matrix, hint="Give one score per seed, a column for each task.")
        at_least(1, number_of_tasks=matrix.shape[1], hint="Give the scores of one task or more.")
    at_least(1, seeds=len(matrix), hint="Give the scores of one seed or more.")
    hint = "A run that diverged has failed: give it a failure's score, or leave it out and say so."
    finite(scores=matrix, hint=hint)
    return matrix


def _mean(values: np.ndarray) -> np.ndarray:
    return values.mean(axis=(-2, -1))


def _median(values: np.ndarray) -> np.ndarray:
    return np.median(values.mean(axis=-2), axis=-1)


def _iqm(values: np.ndarray) -> np.ndarray:
    flat = values.reshape(*values.shape[:-2], -1)  # (..., S * K)
    return stats.trim_mean(flat, TRIM, axis=-1)


def _optimality_gap(values: np.ndarray) -> np.ndarray:
    return 1.0 - np.minimum(values, 1.0).mean(axis=(-2, -1))


STATISTICS: dict[str, Statistic] = {
    "mean": _mean,
    "median": _median,
    "iqm": _iqm,
    "optimality gap": _optimality_gap,
}
"""By name: mean of all scores; median over tasks of their means; interquartile mean; and how far
scores are below 1 on average, those above 1 counting as 1 (of returns that were normalised)."""


def iqm(scores: Scores) -> float:
    """The interquartile mean: of all scores, seeds and tasks together, the mean of the middle half.

    A single seed or task that is far off moves it little, and it uses more of the scores than the
    median. That is also what it hides: **when fewer than a quarter of the runs collapse it does not
    show them.** Where seeds collapse or do not, say how many did beside it (`collapsed_share`).

    Args:
        scores: (S,) of one task, {task: (S,)} with as many seeds for each, or (S, K); in one unit.

    Returns:
        In the unit of the scores; `rlft.evaluate.task_interval` adds its interval.

    Raises:
        InputError: see `score_matrix`.

    Source: Agarwal et al. (arXiv 2108.13264), section 4.3: ``scipy.stats.trim_mean(scores, 0.25)``.
    """
    return float(_iqm(score_matrix(scores)))
