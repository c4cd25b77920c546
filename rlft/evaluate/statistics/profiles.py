"""Performance profiles: which share of the runs scores above a level, for every level.

All runs in one line. Where the profile of one method lies above another's everywhere, it is better
by any statistic; a flat piece between two steps shows two kinds of runs, which no mean does.

Letters: S seeds, K tasks, P levels, R resamples.
"""

from __future__ import annotations

import numpy as np

from rlft.core.checks import at_least, finite, shaped
from rlft.evaluate.intervals import RESAMPLES, expanded_tail
from rlft.evaluate.statistics.bootstrap import drawn_shares
from rlft.evaluate.statistics.scores import Scores, score_matrix


def performance_profile(
    scores: Scores, levels: np.ndarray, *, confidence: float = 0.95, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The share of runs whose score is above each level, with a pointwise interval.

    Args:
        scores: (S,) of one task, {task: (S,)} with as many seeds for each, or (S, K); in one unit.
        levels: (P,) the paper's tau, in the unit of the scores.
        confidence: in (0, 1), at each level by itself: of 20 levels expect one to be missed.
        seed: of the resampling, which draws seeds within each task.

    Returns:
        share, low, high: each (P,) in [0, 1]; with S = 1, low and high are NaN. Where all runs are
        above a level, or none, the interval is a point: no resample can say otherwise.

    Raises:
        InputError: scores that `score_matrix` refuses, levels that are not P finite numbers, or a
            confidence outside (0, 1).

    Source: Agarwal et al. (arXiv 2108.13264), section 4.2, equation 1 (run-score distribution).
    """
    matrix = score_matrix(scores)  # (S, K)
    seeds, tasks = matrix.shape
    taus = np.asarray(levels, dtype=np.float64)
    hint = "As in np.linspace(0, 1, 101)."
    shaped(("P",), levels=taus, hint=hint)
    at_least(1, number_of_levels=len(taus), hint=hint)
    finite(levels=taus, hint=hint)
    above = (matrix[:, :, None] > taus).astype(np.float64)  # (S, K, P)
    share = above.mean(axis=(0, 1))  # (P,)
    tail = expanded_tail(seeds, confidence, tasks)
    if seeds == 1:
        return share, np.full_like(share, np.nan), np.full_like(share, np.nan)
    weights = drawn_shares(seeds, tasks, np.random.default_rng(seed))  # (R, K, S)
    drawn = np.zeros((RESAMPLES, len(taus)))  # (R, P)
    for task in range(tasks):
        drawn += weights[:, task] @ above[:, task] / tasks
    low, high = np.quantile(drawn, [tail, 1.0 - tail], axis=0)  # (P,) each
    return share, np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)  # rounding stays inside
