"""Another value for a field of a recipe, by its dotted name, such as "online.learner.batch_size".

The names are those that `rlft.diff_recipes` prints. A value comes from a TOML file, so it is held
against the field's type here: a learning rate "3e-4" in quotes would else fail hours later.
"""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass, replace
from typing import Any, Literal, TypeVar

from rlft.core.checks import refused
from rlft.core.errors import InputError, unknown

Part = TypeVar("Part")

# What a TOML file, which has no null, says for None.
NONE = "none"


def with_field(part: Part, path: str, value: object) -> Part:
    """A copy of a recipe, or of a part of one, with another value for one field.

    Args:
        part: a frozen dataclass of frozen dataclasses.
        path: names of fields, with dots between them.
        value: a bool, number or string, a list for a tuple, "none" for None.

    Raises:
        InputError: there is no such field, it has fields of its own, the value is of another type
            than the field, or the recipe refuses it; the message has the whole path.
    """
    try:
        return _replaced(part, path.split("."), path, value)
    except InputError as error:
        if path in str(error):
            raise
        raise InputError(f"{path} = {value!r}: {error}") from error


def _replaced(part: Any, names: list[str], path: str, value: object) -> Any:
    """`part` with the field at the end of `names` replaced."""
    name, *rest = names
    known = [f.name for f in fields(part) if f.init]
    if name not in known:
        raise unknown(f"field of {type(part).__name__}", name, known, f"It stands in {path!r}.")
    current = getattr(part, name)
    if rest:
        if not is_dataclass(current):
            what = "none" if current is None else repr(current)
            hint = f"Here {name!r} is {what}, which has no fields. Leave it out for this recipe."
            raise refused("field", path, "a field that the recipe has", hint)
        return replace(part, **{name: _replaced(current, rest, path, value)})
    if is_dataclass(current):
        inner = ", ".join(f"{path}.{f.name}" for f in fields(current) if f.init)
        hint = f"{path!r} has fields of its own: {inner or 'none'}. For another kind of part, write"
        raise refused(path, value, "no value", f"{hint} a recipe of your own, my.py:MINE.")
    kind = typing.get_type_hints(type(part)).get(name, object)
    return replace(part, **{name: _converted(value, kind, path)})


def _converted(value: object, kind: Any, path: str) -> Any:
    """The value as the field's type has it."""
    fitting = [result for one in _choices(kind) if (result := _as(value, one)) is not _NO]
    if not fitting:
        words = " or ".join(_words(one) for one in _choices(kind))
        raise refused(path, value, words, "Write it so in the file; TOML's strings have quotes.")
    return fitting[0]


_NO = object()


def _choices(kind: Any) -> tuple[Any, ...]:
    """The members of a union, or the type itself."""
    is_union = typing.get_origin(kind) in (typing.Union, types.UnionType)
    return typing.get_args(kind) if is_union else (kind,)


def _as(value: Any, kind: Any) -> Any:
    """The value as one type has it, `_NO` if it is of another."""
    origin = typing.get_origin(kind)
    if kind is type(None):
        return None if value == NONE else _NO
    if origin is Literal:
        return value if value in typing.get_args(kind) else _NO
    if kind is float and type(value) is int:
        return float(value)
    if kind in (bool, int, float, str):
        return value if type(value) is kind else _NO
    if kind is tuple or origin is tuple:
        inner = (typing.get_args(kind) or (object,))[0]
        items = [_as(item, inner) for item in value] if isinstance(value, list) else [_NO]
        return _NO if _NO in items else tuple(items)
    return value if kind is object else _NO


def _words(kind: Any) -> str:
    """A type as a person would say it."""
    if kind is type(None):
        return f'"{NONE}"'
    if typing.get_origin(kind) is Literal:
        return " or ".join(f'"{choice}"' for choice in typing.get_args(kind))
    if typing.get_origin(kind) is tuple:
        return "a list"
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}
    return names.get(kind, getattr(kind, "__name__", str(kind)))
