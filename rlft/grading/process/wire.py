"""Values and messages between grader and runner, as lines of JSON.

JSON and not pickle: a pickle from a submission could run any code in the grader. Everything that
is read is checked, and a line is short enough that even the worst one fits into memory.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, cast, get_args

import numpy as np
import torch
from torch import Tensor

from rlft.course.check.observe import Kind, Observation
from rlft.course.check.values import shown

# Bytes of a line. Python's lists are up to 20 times as large as their JSON: 80 MB at the worst.
LONGEST_LINE = 4_000_000
LARGEST_ARRAY = 1_000_000  # bytes; the values of exercises have some hundred
LONGEST_TEXT = 2_000  # characters
DEEPEST = 12  # lists in lists
DTYPES = [
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]
KINDS = frozenset(get_args(Kind))


class WireError(ValueError):
    """A message that does not have the form that it should have."""


class Unsent:
    """Stands for a value that cannot be sent. Equal to nothing."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]


def pack(message: Mapping[str, Any]) -> bytes:
    """A message as one line."""
    return json.dumps(message).encode() + b"\n"


def unpack(line: bytes) -> dict[str, Any]:
    """The message of one line.

    Raises:
        WireError: it is no JSON, or no mapping.
    """
    try:
        message = json.loads(line)
    except (ValueError, RecursionError, MemoryError) as error:
        raise WireError("a message that is no JSON") from error
    if not isinstance(message, dict):
        raise WireError("a message of another form")
    return message


def encode(value: Any, depth: int = 0) -> Any:
    """A value as JSON: numbers, texts, tensors and arrays, in mappings, tuples and lists.

    Anything else, and what is too large, becomes a description, which comes out as an `Unsent`.
    """
    if value is None or isinstance(value, bool):
        return value
    if type(value) is float or (type(value) is int and abs(value) < 2**63):
        return value
    if type(value) is str and len(value) <= LONGEST_TEXT:
        return value
    if isinstance(value, Tensor | np.ndarray | np.generic):
        return _encode_array(value)
    if depth < DEEPEST:
        if isinstance(value, Mapping) and all(isinstance(key, str | int) for key in value):
            items = [[key, encode(item, depth + 1)] for key, item in value.items()]
            return {"is": "dict", "items": items}
        for kind in (tuple, list):
            if isinstance(value, kind):
                items = [encode(item, depth + 1) for item in cast(list, value)]
                return {"is": kind.__name__, "items": items}
    return _described(value)


def decode(content: Any, depth: int = 0) -> Any:
    """The value that `encode` was given.

    Raises:
        WireError: the content has another form.
    """
    if content is None or isinstance(content, bool | int | float):
        return content
    if isinstance(content, str):
        return content[: LONGEST_TEXT + 1]
    if not isinstance(content, dict) or depth > DEEPEST:
        raise WireError("a value of another form")
    kind = content.get("is")
    if kind in ("tensor", "array", "scalar"):
        return _decode_array(content)
    if kind == "unsent":
        name, text = str(content.get("type"))[:50], str(content.get("text"))[:LONGEST_TEXT]
        return type(name if name.isidentifier() else "object", (Unsent,), {})(text)
    items = content.get("items")
    if not isinstance(items, list):
        raise WireError("a value without items")
    if kind == "dict":
        try:
            return {key: decode(item, depth + 1) for key, item in items}
        except (TypeError, ValueError) as error:
            raise WireError("a mapping of another form") from error
    if kind in ("tuple", "list"):
        parts = [decode(item, depth + 1) for item in items]
        return tuple(parts) if kind == "tuple" else parts
    raise WireError("a value of an unknown kind")


def encode_observation(seen: Observation) -> dict[str, Any]:
    """What an answer did, as JSON."""
    value = encode(seen.value)
    if len(json.dumps(value)) > LONGEST_LINE // 2:
        value = _described(seen.value)
    problem, error = seen.problem[:LONGEST_TEXT], seen.error[:LONGEST_TEXT]
    return {"kind": seen.kind, "value": value, "problem": problem, "error": error}


def decode_observation(content: Any) -> Observation:
    """What `encode_observation` was given.

    Raises:
        WireError: the content has another form.
    """
    if not isinstance(content, dict):
        raise WireError("an observation of another form")
    kind, problem, error = (content.get(name) for name in ("kind", "problem", "error"))
    if not (isinstance(kind, str) and isinstance(problem, str) and isinstance(error, str)):
        raise WireError("an observation without texts")
    if kind not in KINDS:
        raise WireError("an observation of an unknown kind")
    value = decode(content.get("value"))
    return Observation(cast(Kind, kind), value, problem[:LONGEST_TEXT], error[:LONGEST_TEXT])


def _encode_array(value: Tensor | np.ndarray | np.generic) -> dict[str, Any]:
    kind = "tensor" if isinstance(value, Tensor) else "array"
    kind = "scalar" if isinstance(value, np.generic) else kind
    try:
        array, dtype = _as_numpy(value)
    except (RuntimeError, TypeError, ValueError):  # of a kind that has no plain memory
        return _described(value)
    if array.dtype.name not in DTYPES or array.nbytes > LARGEST_ARRAY:
        return _described(value)
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    content = {"is": kind, "dtype": dtype, "shape": list(array.shape), "data": data}
    if isinstance(value, Tensor) and value.requires_grad:
        content["grad"] = True
    return content


def _as_numpy(value: Tensor | np.ndarray | np.generic) -> tuple[np.ndarray, str]:
    """The numbers, and the dtype's name, which NumPy does not have for bfloat16."""
    if isinstance(value, Tensor):
        plain = value.detach().cpu()
        if plain.dtype == torch.bfloat16:
            return plain.float().numpy(), "bfloat16"
        value = plain.resolve_conj().resolve_neg().numpy()
    array = np.asarray(value)
    return array.astype(array.dtype.newbyteorder("=")), array.dtype.name


def _decode_array(content: dict[str, Any]) -> Any:
    dtype, shape, data = content.get("dtype"), content.get("shape"), content.get("data")
    stored = "float32" if dtype == "bfloat16" else dtype
    if (
        stored not in DTYPES
        or not isinstance(data, str)
        or not isinstance(shape, list)
        or len(shape) > DEEPEST
        or not all(type(size) is int and 0 <= size <= LARGEST_ARRAY for size in shape)
    ):
        raise WireError("an array of another form")
    try:
        raw = base64.b64decode(data, validate=True)
        array = np.frombuffer(bytearray(raw), dtype=stored).reshape(shape)
    except ValueError as error:
        raise WireError("an array whose size does not fit") from error
    if content["is"] == "scalar":
        return array.reshape(-1)[0] if array.size == 1 else array
    if content["is"] == "array":
        return array
    tensor = torch.from_numpy(array)
    tensor = tensor.to(torch.bfloat16) if dtype == "bfloat16" else tensor
    grad = content.get("grad") is True and (tensor.is_floating_point() or tensor.is_complex())
    return tensor.requires_grad_(grad)


def _described(value: Any) -> dict[str, Any]:
    try:
        text = shown(value)
    except Exception:  # a submission's object may do anything when it is looked at
        text = "it cannot be shown"
    return {"is": "unsent", "type": type(value).__name__, "text": text[:LONGEST_TEXT]}
