"""Logs of any origin as the arrays of `Transitions`: column names, ends, next observations.

D4RL's dictionaries have `terminals`, `timeouts` and, mostly, no `next_observations`. What they
leave open is filled in here, and what cannot be filled in is left out.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rlft.core.checks import shaped
from rlft.core.errors import InputError, unknown
from rlft.data.convert import as_type
from rlft.data.episodes import ARRAYS, MATRICES, timesteps_of

# D4RL's names for two columns of ours.
OTHER_NAMES = {"terminals": "terminations", "timeouts": "truncations"}
NUMBERS = (*MATRICES, "rewards")
NEEDED = ("observations", "actions", "rewards", "terminations")
# Columns of D4RL that say something beside the transitions, as in "infos/qpos".
BESIDE = ("infos", "metadata")


def read_columns(given: Mapping[str, ArrayLike], name: str) -> dict[str, Any]:
    """The columns of a log as the arrays in `ARRAYS`, see `Transitions.from_arrays`.

    Args:
        given: the log; N rows each, episodes one after the other.
        name: the dataset's name, for messages.

    Returns:
        One array for each name in `ARRAYS`, of the types that the log has.

    Raises:
        InputError: a column that is unknown, missing, there twice, or of another length.
    """
    columns = _named(given, name)
    flags = {
        field: as_type(field, columns[field], np.bool_, name).copy()
        for field in ("terminations", "truncations")
    }
    terminations, truncations = flags["terminations"], flags["truncations"]  # (N,) each
    if len(terminations):
        truncations[-1] |= not terminations[-1]  # where the log stops, the task goes on
    ends = terminations | truncations
    arrays = {**columns, **flags}
    arrays.setdefault("timesteps", timesteps_of(ends))
    return arrays if "next_observations" in columns else _without_unknown_ends(arrays)


def _named(given: Mapping[str, ArrayLike], name: str) -> dict[str, np.ndarray]:
    """The columns under our names, those of one number a row with one axis."""
    columns: dict[str, np.ndarray] = {}
    for key, values in given.items():
        field = OTHER_NAMES.get(key, key)
        if key.partition("/")[0] in BESIDE:
            continue
        if field == "dones":
            raise InputError(
                f"'dones' of dataset {name!r} does not say why an episode ended. Give "
                "terminations (the task ended: nothing follows) and truncations (the clock ended: "
                "the value goes on) instead."
            )
        if field not in ARRAYS:
            raise unknown("column", key, {*ARRAYS, *OTHER_NAMES}, "Leave out what is none.")
        if field in columns:
            twice = [k for k in given if OTHER_NAMES.get(k, k) == field]
            raise InputError(f"Dataset {name!r} has {field} twice, as {twice}. Give one of them.")
        columns[field] = _column(field, values)
    missing = [field for field in NEEDED if field not in columns]
    if missing:
        raise InputError(
            f"Dataset {name!r} has no {' and no '.join(missing)}, only {sorted(given)}. "
            f"These are needed: {', '.join(NEEDED)}; D4RL's names will do."
        )
    rows = len(columns["rewards"])
    columns.setdefault("truncations", np.zeros(rows, bool))
    hint = f"Give each column of dataset {name!r} one row for each transition."
    for field, array in columns.items():
        expected = (rows, "size") if field in MATRICES else (rows,)
        shaped(expected, **{field: array}, hint=hint, of="from_arrays")
    return columns


def _column(field: str, values: ArrayLike) -> np.ndarray:
    """A column as an array; (N, 1) becomes (N,) where there is one number for each row."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(f"{field!r} has rows of different lengths ({error}).") from error
    single = field not in ("observations", "actions", "next_observations")
    return array[:, 0] if single and array.ndim == 2 and array.shape[1] == 1 else array


def _without_unknown_ends(arrays: dict[str, Any]) -> dict[str, Any]:
    """Adds next observations: each row's is the observation of the row after it.

    After a termination nothing follows, and the row's own observation stands there. What followed
    a truncation was not logged, so that row is left out and the episode is cut one step earlier, as
    in D4RL's own `qlearning_dataset`.
    """
    observations, ends = arrays["observations"], arrays["terminations"] | arrays["truncations"]
    after = np.concatenate([observations[1:], observations[-1:]])  # (N, O)
    after = np.where(arrays["terminations"][:, None], observations, after)
    unknown_end = arrays["truncations"] & ~arrays["terminations"]  # (N,)
    before = np.flatnonzero(unknown_end[1:] & ~ends[:-1])  # the rows before, of the same episode
    truncations = arrays["truncations"].copy()
    truncations[before] = True
    complete = {**arrays, "truncations": truncations, "next_observations": after}
    return {field: array[~unknown_end] for field, array in complete.items()}


def without_broken(arrays: dict[str, Any], name: str) -> dict[str, Any]:
    """Leaves out the episodes that hold a NaN or an infinite number, and warns of how many."""
    numbers = [np.asarray(arrays[f], float).reshape(len(arrays[f]), -1) for f in NUMBERS]
    fine = np.isfinite(np.concatenate(numbers, axis=1)).all(axis=1)  # (N,)
    ends = arrays["terminations"] | arrays["truncations"]
    episode = np.cumsum(ends) - ends  # (N,)
    broken = np.unique(episode[~fine])
    if broken.size:
        told = ", ".join(map(str, broken[:5])) + (", ..." if broken.size > 5 else "")
        warnings.warn(
            f"Left out of dataset {name!r}: {broken.size:,} of {episode[-1] + 1:,} episodes with "
            f"numbers that are not finite, {told}.",
            stacklevel=3,
        )
    kept = ~np.isin(episode, broken)
    return {field: np.asarray(array)[kept] for field, array in arrays.items()}
