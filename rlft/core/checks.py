"""One wording for each kind of bad value: what was given, what was expected, what to do next.

Values are given by name, so that the message names what the person wrote:

    at_least(1, steps=steps, eval_every=eval_every, hint="Give 1 or more.")

raises "steps=0: expected 1 or more. Give 1 or more." for `steps=0`. What is None is left to its
default and not checked.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from numbers import Real
from typing import Any, TypeGuard

import numpy as np

from rlft.core.errors import InputError, unknown


def at_least(least: float, *, hint: str, of: str = "", **values: float | None) -> None:
    """Refuses numbers below a bound, and whatever is no number.

    Args:
        least: the smallest number that will do.
        hint: what to do next, a sentence or more.
        of: what the values belong to, as in ``"Stepped"``; the message then says "Stepped(...)".
        **values: by name; None is not checked.

    Raises:
        InputError: names the first that is too small.
    """
    for name, value in values.items():
        if value is not None and not (_is_number(value) and value >= least):
            raise refused(name, value, f"{least:g} or more", hint, of)


def positive(*, hint: str, of: str = "", **values: float | None) -> None:
    """Refuses zero, negative numbers, and whatever is no number; arguments as in `at_least`."""
    for name, value in values.items():
        if value is not None and not (_is_number(value) and value > 0):
            raise refused(name, value, "a number above 0", hint, of)


def within(
    low: float,
    high: float,
    *,
    hint: str,
    of: str = "",
    without: Collection[float] = (),
    **values: float | None,
) -> None:
    """Refuses numbers outside of an interval.

    Args:
        low: its lower end.
        high: its upper end.
        hint: what to do next.
        of: what the values belong to.
        without: ends that do not belong to it: ``without=(1,)`` makes [0, 1) of 0 and 1.
        **values: by name; None is not checked.

    Raises:
        InputError: names the first that is outside.
    """
    for name, value in values.items():
        inside = _is_number(value) and low <= value <= high and value not in without
        if value is not None and not inside:
            left = "(" if low in without else "["
            right = ")" if high in without else "]"
            raise refused(name, value, f"a number in {left}{low:g}, {high:g}{right}", hint, of)


def one_of(choices: Iterable[str], *, hint: str = "", **values: str | None) -> None:
    """Refuses names that are none of the choices; the message has near ones.

    Args:
        choices: the names there are.
        hint: what else to do.
        **values: by name; None is not checked.

    Raises:
        InputError: names the first that is unknown.
    """
    known = list(choices)
    for name, value in values.items():
        if value is not None and value not in known:
            raise unknown(name, str(value), known, hint)


def finite(*, hint: str, of: str = "", **values: Any) -> None:
    """Refuses arrays with a NaN or an infinite number; arguments as in `at_least`.

    Raises:
        InputError: names the array, its first bad number and where it stands.
    """
    for name, value in values.items():
        array = np.asarray(value)
        good = np.isfinite(array)
        if not good.all():
            place = tuple(int(i) for i in np.argwhere(~good)[0])
            where = f" at {place[0] if len(place) == 1 else place}" if place else ""
            raise refused(f"{name}{where}", array[place].item(), "finite numbers", hint, of)


def shaped(expected: tuple[int | str, ...], *, hint: str, of: str = "", **values: Any) -> None:
    """Refuses arrays and tensors of another shape.

    Args:
        expected: a length for each axis; a letter, as in ``(6, "B", 2)``, where any will do.
        hint: what to do next.
        of: what the values belong to.
        **values: by name; None is not checked.

    Raises:
        InputError: names the array, its shape and the one that was expected.
    """
    for name, value in values.items():
        if value is None:
            continue
        shape = tuple(value.shape)
        if shape == expected:  # the usual case; environments ask at every step
            continue
        fits = len(shape) == len(expected) and all(
            isinstance(wanted, str) or wanted == length
            for wanted, length in zip(expected, shape, strict=True)
        )
        if not fits:
            wanted = f"({', '.join(map(str, expected))}{',' if len(expected) == 1 else ''})"
            raise refused(f"{name}.shape", shape, wanted, hint, of)


def refused(name: str, value: object, expected: str, hint: str, of: str = "") -> InputError:
    """The error for a bad value, to be raised by the caller: for what no check above covers.

    Args:
        name: of the value.
        value: what was given.
        expected: what would do, as in ``"a number above 0"``.
        hint: what to do next, a sentence or more.
        of: what the value belongs to.
    """
    given = f"{name}={value!r}"
    return InputError(f"{f'{of}({given})' if of else given}: expected {expected}. {hint}".rstrip())


def _is_number(value: object) -> TypeGuard[float]:
    """Whether it is a number other than NaN; True and False are none."""
    # int and float first: they are found at once, and learners ask at every update
    return (
        isinstance(value, (int, float, Real))
        and not isinstance(value, bool)
        and not math.isnan(value)
    )
