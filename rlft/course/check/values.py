"""Values as learners meet them: copied, compared with what was expected, and shown in a line."""

from __future__ import annotations

import copy
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

RELATIVE, ABSOLUTE = 1e-4, 1e-5  # float32 in another order of operations stays well within
LONGEST = 400  # characters of one shown value


def copied(value: Any) -> Any:
    """A copy that shares nothing with the value; random generators start where it stands."""
    if isinstance(value, Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad)
    if isinstance(value, torch.Generator):
        return torch.Generator(value.device).set_state(value.get_state())
    if isinstance(value, Mapping):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(copied(item) for item in value)
    if isinstance(value, list):
        return [copied(item) for item in value]
    return copy.deepcopy(value)


def difference(expected: Any, got: Any) -> str | None:
    """Says how a value differs from the expected one, its kind and shape before its numbers.

    Single numbers may be of any type, a tensor of no dimension included; elsewhere a tensor is not
    an array, and an array not a list. Floats are equal within `RELATIVE` and `ABSOLUTE`, NaN equals
    NaN. Integers and floats are not told apart.

    Returns:
        A clause such as ``"the shape is (3,), expected (2, 3)"``, or None where both are equal.
    """
    if _is_number(expected) and _is_number(got):
        return _numbers_differ(np.asarray(_plain(expected)), np.asarray(_plain(got)))
    kinds = (Tensor, np.ndarray, Mapping, tuple, list)
    if any(isinstance(expected, kind) and not isinstance(got, kind) for kind in kinds):
        return f"it is {described(got)}, expected {described(expected)}"
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        return _mappings_differ(expected, got)
    if isinstance(expected, tuple | list):
        return _sequences_differ(expected, got)
    if isinstance(expected, Tensor | np.ndarray):
        return _numbers_differ(_plain(expected), _plain(got))
    if type(expected) is not type(got) and not isinstance(got, type(expected)):
        return f"it is {described(got)}, expected {described(expected)}"
    return None if expected == got else f"it is {shown(got)}, expected {shown(expected)}"


def described(value: Any) -> str:
    """What kind of thing a value is, in words: ``"a tensor of shape (2, 3)"``."""
    if value is None:
        return "None"
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, bool | np.bool_):
        return f"the truth value {value}"
    if isinstance(value, numbers.Number | np.number):
        return f"the number {shown(value)}"
    if isinstance(value, Mapping):
        return f"a dictionary with {', '.join(map(repr, value)) or 'nothing in it'}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    article = "an" if type(value).__name__[0] in "aeiouAEIOU" else "a"
    return f"{article} {type(value).__name__}"


def shown(value: Any) -> str:
    """A value in one line, its shape first, numbers to four digits."""
    if isinstance(value, Tensor | np.ndarray):
        array = _plain(value)
        if array.ndim == 0:
            return _number(array)
        flat = np.array2string(
            array,
            separator=", ",
            threshold=24,
            max_line_width=10**6,
            formatter={"all": _number},
        )
        return _cut(f"{array.shape} {' '.join(flat.split())}")
    if isinstance(value, float | np.floating):
        return _number(value)
    if isinstance(value, Mapping):
        return _cut("{" + ", ".join(f"{k}: {shown(v)}" for k, v in value.items()) + "}")
    if isinstance(value, tuple | list):
        inside = ", ".join(shown(item) for item in value)
        return _cut(f"({inside})" if isinstance(value, tuple) else f"[{inside}]")
    if isinstance(value, torch.Generator):
        return "a random generator"
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    try:
        return _cut(repr(value))
    except Exception:
        return f"<{type(value).__name__} that cannot be shown>"


def _is_number(value: Any) -> bool:
    if isinstance(value, Tensor | np.ndarray):
        return value.ndim == 0
    return isinstance(value, numbers.Number | np.number | np.bool_)


def _plain(value: Any) -> np.ndarray:
    """A NumPy array of anything with numbers in it."""
    if isinstance(value, Tensor):
        value = value.detach().cpu()
        return (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    return np.asarray(value)


def _numbers_differ(expected: np.ndarray, got: np.ndarray) -> str | None:
    if expected.shape != got.shape:
        return f"the shape is {got.shape}, expected {expected.shape}"
    if got.dtype == object or got.dtype.kind in "US":
        return "it does not hold numbers"
    close = np.isclose(got, expected, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
    if close.all():
        return None
    if np.isnan(got).any() and not np.isnan(expected).any():
        return f"NaN stands in {int(np.isnan(got).sum())} of {got.size} places"
    if got.size == 1:
        return f"the value is {_number(got.ravel()[0])}, expected {_number(expected.ravel()[0])}"
    first = tuple(int(i) for i in np.argwhere(~close)[0])
    place = ", ".join(map(str, first))
    return (
        f"{int((~close).sum())} of {got.size} numbers are off, first at [{place}]: "
        f"{_number(got[first])}, expected {_number(expected[first])}"
    )


def _mappings_differ(expected: Mapping, got: Mapping) -> str | None:
    if set(expected) != set(got):
        return f"its keys are {sorted(map(str, got))}, expected {sorted(map(str, expected))}"
    return _first_difference({repr(key): (expected[key], got[key]) for key in expected})


def _sequences_differ(expected: Any, got: Any) -> str | None:
    if len(expected) != len(got):
        return f"its length is {len(got)}, expected {len(expected)}"
    return _first_difference(
        {str(i): pair for i, pair in enumerate(zip(expected, got, strict=True))}
    )


def _first_difference(pairs: Mapping[str, tuple[Any, Any]]) -> str | None:
    for key, (expected, got) in pairs.items():
        if found := difference(expected, got):
            return f"at [{key}] {found}"
    return None


def _number(value: Any) -> str:
    """Four digits, and no negative zero."""
    number = value.item() if isinstance(value, np.ndarray | np.generic) else value
    if isinstance(number, float):
        return f"{number + 0.0:.4g}"
    return str(number)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 4] + " ..."
