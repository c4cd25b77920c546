"""From numbers of any type to the types that are stored, without changing what they say.

A float64 column whose values float32 cannot tell apart, a flag of 0.5 or a time step of 1.5 would
become another number in silence. They are named here instead, with their row.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from rlft.core.checks import refused
from rlft.core.errors import InputError
from rlft.data.episodes import ACTION_TOLERANCE, ARRAYS

# A column is lost if rounding moves a value by more than this share of the column's spread: then
# fewer than some hundred different values are left of it.
LOST = 0.01
# What differs less than this, relative to its size, is float64's own rounding of a constant.
CONSTANT = 1e-12
# Nothing in the course is as small as this; float32 has fewer digits further down.
SUBNORMAL = 1e-30


def as_stored(given: Mapping[str, ArrayLike], name: str) -> dict[str, np.ndarray]:
    """Brings the arrays of a dataset to the types in `ARRAYS`.

    Args:
        given: one array for each name in `ARRAYS`, of any type of number.
        name: the dataset's name, for the message.

    Returns:
        The arrays, contiguous; those that had their type already are not copied.

    Raises:
        InputError: what is no number, a flag other than 0 and 1, a time step that is not whole,
            or numbers that float32 cannot hold or tell apart.
    """
    return {field: as_type(field, given[field], dtype, name) for field, dtype in ARRAYS.items()}


def as_type(field: str, values: ArrayLike, dtype: type[np.generic], name: str) -> np.ndarray:
    """One of the arrays, see `as_stored`."""
    raw = _numbers(field, values, name)
    if raw.dtype != dtype and raw.size:
        if dtype is np.bool_:
            hint = (
                f"{field!r} of dataset {name!r} says of each row whether the episode ended there."
            )
            _need(field, raw, (raw == 0) | (raw == 1), "True or False, 1 or 0", hint)
        elif dtype is np.int32:
            hint = f"{field!r} of dataset {name!r} counts the steps within each episode."
            _need(field, raw, raw == np.trunc(raw), "a whole number", hint)
        else:
            _check_precision(field, raw, name)
    with np.errstate(over="ignore"):  # in a NaN's place or an infinite number's, refused later
        return np.ascontiguousarray(raw, dtype=dtype)


def _numbers(field: str, values: ArrayLike, name: str) -> np.ndarray:
    """The values as an array of numbers."""
    hint = f"Give dataset {name!r} one row of numbers for each transition, all of one length."
    try:
        raw = np.asarray(values)
    except ValueError as error:
        raise refused(field, type(values).__name__, "rows of one length", hint) from error
    if raw.dtype.kind not in "biuf":
        raise refused(f"{field}.dtype", str(raw.dtype), "numbers", hint)
    return raw


def _need(field: str, raw: np.ndarray, fine: np.ndarray, expected: str, hint: str) -> None:
    """Raises where a value is not fine, with the first such row."""
    if not fine.all():
        place = tuple(int(i) for i in np.argwhere(~fine)[0])
        raise refused(f"{field} in row {place[0]}", raw[place].item(), expected, hint)


def _check_precision(field: str, raw: np.ndarray, name: str) -> None:
    """Raises where float32 cannot hold a number, or not tell a column's numbers apart."""
    with np.errstate(over="ignore"):
        short = raw.astype(np.float32).astype(np.float64)
    wide = raw.astype(np.float64)
    hint = f"Scale {field!r} of dataset {name!r} down."
    _need(field, raw, np.isfinite(short) | ~np.isfinite(wide), "a number below 3.4e38", hint)
    if raw.ndim > 2 or not np.isfinite(wide).all():
        return  # refused for that
    wide, short = (x.reshape(len(raw), -1) for x in (wide, short))  # (N, columns)
    size, spread = np.abs(wide).max(axis=0), wide.std(axis=0)  # (columns,)
    lost = np.abs(wide - short).max(axis=0) > LOST * spread
    lost &= (spread > CONSTANT * size) & (size > SUBNORMAL)
    if lost.any():
        column = int(np.argmax(lost))
        merged = (np.diff(short[:, column]) == 0) & (np.diff(wide[:, column]) != 0)
        row = int(np.argmax(merged)) if merged.any() else int(np.argmax(wide[:, column]))
        step = float(np.spacing(np.float32(size[column])))
        raise InputError(
            f"{field!r} of dataset {name!r} has in column {column} numbers up to "
            f"{size[column]:.6g} that differ by {spread[column]:.3g} (standard deviation), as in "
            f"row {row}: {wide[row, column]!r}. Networks compute in float32, which at this size "
            f"tells numbers apart that differ by {step:.3g}. Subtract a constant from that column, "
            "here and in the environment, or leave it out."
        )


def normalise_actions(
    actions: np.ndarray, low: ArrayLike, high: ArrayLike, name: str
) -> np.ndarray:
    """Rescales actions (N, A) from the box [low, high] to [-1, 1].

    A dimension without width, such as a joint that is disabled, becomes 0.

    Args:
        actions: float32.
        low: lower bounds, (A,) or one for all.
        high: upper bounds, likewise.
        name: the dataset's name, for the message.

    Returns:
        (N, A) float32; beyond [-1, 1] where an action leaves the box.

    Raises:
        InputError: an action that differs from the only value that its dimension has.
    """
    low, high = (np.asarray(bound, np.float32) for bound in (low, high))
    if actions.ndim != 2 or not all(b.shape in ((), actions.shape[1:]) for b in (low, high)):
        hint = f"Actions of dataset {name!r} and their bounds {low.tolist()} do not fit."
        raise refused("actions.shape", actions.shape, "one row for each transition", hint)
    if (low == -1.0).all() and (high == 1.0).all():  # the very same bytes
        return actions
    width = np.broadcast_to(high - low, actions.shape[1:])  # (A,)
    fixed = width == 0
    off = np.abs(actions - low) > ACTION_TOLERANCE * np.maximum(1.0, np.abs(low))  # (N, A)
    if (off & fixed).any():
        row, dimension = (int(i) for i in np.argwhere(off & fixed)[0])
        raise InputError(
            f"'actions' of dataset {name!r} have {actions[row, dimension].item():g} in dimension "
            f"{dimension} of row {row}, where the action box allows only "
            f"{np.broadcast_to(low, width.shape)[dimension].item():g} (low equals high). Give the "
            "bounds that the recording had."
        )
    scaled = 2.0 * (actions - low) / np.where(fixed, 1.0, width) - 1.0
    return np.where(fixed, 0.0, scaled).astype(np.float32)


def to_units(actions: np.ndarray, low: ArrayLike, high: ArrayLike) -> np.ndarray:
    """Rescales actions (N, A) from [-1, 1] to the box [low, high]: `normalise_actions` backwards.

    Args:
        actions: float32.
        low: lower bounds, (A,) or one for all.
        high: upper bounds, likewise.

    Returns:
        (N, A) in the type of the bounds, never outside of them; the very same array where the box
        is [-1, 1].
    """
    low, high = np.asarray(low), np.asarray(high)
    if (low == -1.0).all() and (high == 1.0).all():
        return actions
    middle, reach = (high / 2 + low / 2).astype(np.float32), (high / 2 - low / 2).astype(np.float32)
    return (middle + actions * reach).astype(low.dtype).clip(low, high)
