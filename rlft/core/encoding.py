"""Configurations as JSON and back, and a stable key made of them.

A dataclass becomes its fields plus the short name that its type is registered under, so that a
stored recipe is readable, comparable with `diff`, and comes back as the very object it was. Only
registered types are made again from a file: a file cannot name any other code to run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from rlft.core.errors import InputError
from rlft.core.former_names import current_fields, current_name
from rlft.core.registry import KINDS, TYPES

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
        InputError: for any other type, and for a dataclass that is not registered.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Digested):
        return {"dataset": value.name, "digest": value.digest}
    if is_dataclass(value) and not isinstance(value, type):
        name = TYPES.key_of(type(value))
        if name is None:
            raise InputError(_unregistered(type(value)))
        own = {f.name: to_json(getattr(value, f.name)) for f in fields(value) if f.init}
        return {TYPE: name, **own}
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
    if TYPE not in value:
        return {key: from_json(item) for key, item in value.items()}
    name = current_name(value[TYPE])
    if name not in TYPES:
        raise InputError(
            f"A stored value has the type {value[TYPE]!r}, which is not registered. If it is your "
            "own, import the file or run the cell that calls rlft.register for it, and load again; "
            "else use the version of rlft that wrote it, or make the result again."
        )
    fields_of = {key: item for key, item in value.items() if key != TYPE}
    content = {key: from_json(item) for key, item in current_fields(name, fields_of).items()}
    kind = TYPES[name]
    expected = {f.name for f in fields(kind) if f.init}
    if unexpected := content.keys() - expected:
        raise InputError(
            f"A stored {name} has the fields {sorted(unexpected)}, which this version of "
            f"rlft does not know; it has {sorted(expected)}. Use the version that wrote it."
        )
    try:
        return kind(**content)
    except TypeError as error:
        raise InputError(
            f"A stored {name} lacks fields ({error}). Use the version that wrote it."
        ) from error


def brought_up_to_date(value: Any) -> Any:
    """Stored JSON of any version as today's would be written, for comparing.

    Types and fields have the names of today, and fields that came later what such a version did.
    """
    if isinstance(value, list):
        return [brought_up_to_date(item) for item in value]
    if not isinstance(value, dict):
        return value
    content = {key: brought_up_to_date(item) for key, item in value.items()}
    if TYPE not in value:
        return content
    name = current_name(value[TYPE])
    own = fields(TYPES[name]) if name in TYPES else ()
    later = {f.name: to_json(f.default) for f in own if f.init and f.default is not MISSING}
    return {**later, **current_fields(name, content), TYPE: name}


def _unregistered(kind: type) -> str:
    """What to say of a dataclass without a name."""
    again = " again, after its cell was run anew," if kind.__name__ in TYPES else ""
    return (
        f"{kind.__name__} cannot be stored under a name: it is not registered{again}. Call "
        f"rlft.register({kind.__name__}) below its definition, make the value anew, and go on; "
        "what you have is still in memory."
    )


def cache_key(*values: object) -> str:
    """A short key that is equal for equal values, in any process and on any machine.

    Args:
        *values: whatever `to_json` takes: configurations, a dataset, numbers of steps. Of what
            was registered from outside the source counts too.

    Returns:
        20 hexadecimal digits.

    Raises:
        InputError: for a value that cannot be stored as JSON.
    """
    content = [to_json(value) for value in values]
    said = set(_strings(content))
    sources = [
        [kind.kind, name, source]
        for kind in KINDS
        for name, source in sorted(kind.outside.items())
        if name in said and source
    ]
    text = json.dumps([content, sources], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_DIGITS]


def _strings(value: Any) -> Iterator[str]:
    """Every string in JSON: whatever is registered is called by its name there."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
