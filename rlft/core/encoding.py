"""Configurations as JSON and back, and a stable key made of them.

A dataclass becomes its fields plus the name of its type, so that a stored recipe is readable,
comparable with `diff`, and comes back as the very object it was. Only the library's own types are
made again from a file: a file cannot name any other code to run.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from rlft.core.errors import InputError

TYPE = "__type__"
# Digits of a key in hexadecimal: 80 bits, so that 10^9 different keys collide with odds 10^-6.
KEY_DIGITS = 20


@runtime_checkable
class Digested(Protocol):
    """Data that is not stored itself, only its name and the digest of its content (a dataset)."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...


def to_json(value: object) -> Any:
    """Turns a value into dictionaries, lists, strings and numbers.

    Args:
        value: a dataclass, mapping with string keys, tuple, list, NumPy number, string, number,
            bool or None, nested as you like. A dataset becomes its name and digest.

    Returns:
        What `json.dumps` takes. A tuple becomes a list.

    Raises:
        InputError: for any other type.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Digested):
        return {"dataset": value.name, "digest": value.digest}
    if is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        own = {f.name: to_json(getattr(value, f.name)) for f in fields(value) if f.init}
        return {TYPE: f"{kind.__module__}.{kind.__qualname__}", **own}
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    raise InputError(
        f"A value of type {type(value).__name__} cannot be stored as JSON: {value!r}. Use frozen "
        "dataclasses, tuples, strings and numbers in configurations."
    )


def from_json(value: Any) -> Any:
    """Makes again what `to_json` was given. Lists come back as tuples.

    Raises:
        InputError: if a type is not the library's, no longer exists, or has other fields now.
    """
    if isinstance(value, list):
        return tuple(from_json(item) for item in value)
    if not isinstance(value, dict):
        return value
    content = {key: from_json(item) for key, item in value.items() if key != TYPE}
    if TYPE not in value:
        return content
    kind = _find_type(value[TYPE])
    expected = {f.name for f in fields(kind) if f.init}
    if unexpected := content.keys() - expected:
        raise InputError(
            f"A stored {value[TYPE]} has the fields {sorted(unexpected)}, which this version of "
            f"rlft does not know; it has {sorted(expected)}. Use the version that wrote it."
        )
    try:
        return kind(**content)
    except TypeError as error:
        raise InputError(
            f"A stored {value[TYPE]} lacks fields ({error}). Use the version that wrote it."
        ) from error


def _find_type(name: str) -> type:
    module, _, attribute = name.rpartition(".")
    if module.split(".")[0] == "rlft":
        try:
            kind = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError):
            kind = None
        if isinstance(kind, type) and is_dataclass(kind):
            return kind
    raise InputError(
        f"A stored value has the type {name!r}, which is no configuration of this version of rlft. "
        "Use the version that wrote it, or make the result again."
    )


def cache_key(*values: object) -> str:
    """A short key that is equal for equal values, in any process and on any machine.

    Args:
        *values: whatever `to_json` takes: configurations, a dataset, numbers of steps.

    Returns:
        20 hexadecimal digits.

    Raises:
        InputError: for a value that cannot be stored as JSON.
    """
    text = json.dumps([to_json(value) for value in values], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_DIGITS]
