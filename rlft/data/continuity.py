"""Whether each row goes on where the row before it led to, within an episode and at its end.

Two mistakes of recordings are found here. A row that begins elsewhere than the one before it led to
is a lost row, or the start of an episode that nobody flagged. A last observation that is the first
one of the next episode was taken after the environment had been reset.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np

# As a share of a column's range: what two roundings, or two readings of a sensor, differ by.
SAME = 1e-4


def jumps(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Rows (J,) whose next observation is not the observation of the row after it.

    Rows at the end of an episode are none: the row after them belongs to another one.

    Args:
        arrays: of a dataset, in the types and shapes that `Transitions` has.
    """
    inside = ~(arrays["terminations"] | arrays["truncations"])[:-1]  # (N - 1,)
    return np.flatnonzero(inside & ~_goes_on(arrays))


def taken_after_reset(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Rows (J,) whose next observation is the first one of the next episode.

    Where an episode goes on from where the last one was cut off, that is how it should be. So they
    count only if the change at one of them is larger than any change within an episode.

    Args:
        arrays: as in `jumps`.
    """
    ends = (arrays["terminations"] | arrays["truncations"])[:-1]  # (N - 1,)
    change = np.abs(arrays["next_observations"] - arrays["observations"])[:-1]  # (N - 1, O)
    if ends.all() or not ends.any():
        return np.zeros(0, np.int64)
    largest = change[~ends].max(axis=0)  # (O,)
    suspects = ends & _goes_on(arrays)
    leaps = (change > 1.5 * largest + _tolerance(arrays["observations"])).any(axis=1)
    return np.flatnonzero(suspects if (suspects & leaps).any() else np.zeros_like(suspects))


def warn_of_breaks(arrays: Mapping[str, np.ndarray], name: str) -> None:
    """Warns of both mistakes with their first row: the rows are usable, their order is not."""
    rows = jumps(arrays)
    if rows.size:
        warnings.warn(
            f"Dataset {name!r} jumps within an episode, first after row {int(rows[0])}, "
            f"{rows.size:,} times: next_observations there is not observations of the row after "
            "it. A row is missing or an episode's end is not flagged, so time steps and returns "
            "are wrong. Set truncations there, or leave the episodes out: see rlft.inspect(data).",
            stacklevel=4,
        )
    rows = taken_after_reset(arrays)
    if rows.size:
        warnings.warn(
            f"Dataset {name!r} has in row {int(rows[0])}, and {rows.size:,} times, the first "
            "observation of the next episode as next observation: it was taken after the reset. "
            "Record the true last one (Gymnasium's info['final_obs']), or give from_arrays no "
            "next_observations, which then leaves those rows out.",
            stacklevel=4,
        )


def _goes_on(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Whether each row but the last leads to the observation of the row after it, (N - 1,)."""
    reached, found = arrays["next_observations"][:-1], arrays["observations"][1:]  # (N - 1, O)
    apart = np.abs(reached - found) > _tolerance(arrays["observations"])  # (N - 1, O)
    return ~np.asarray(apart.any(axis=1))


def _tolerance(observations: np.ndarray) -> np.ndarray:
    """What counts as the same number in each column of (N, O): (O,)."""
    spread = np.ptp(observations, axis=0)
    rounding = 4 * np.finfo(np.float32).eps * np.abs(observations).max(axis=0)
    return np.maximum(SAME * spread, rounding)
