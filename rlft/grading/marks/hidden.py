"""Hidden cases: a JSON file that only the grader reads.

    {"03-1": [{"name": "a long episode", "like": "the first step", "arguments": {"limit": 50}}]}

Each case is like a public one (by default the exercise's first): it is observed in the same way,
takes over the arguments that it does not name, and gives those that it names the same type. What is
expected is not in the file, the reference says it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rlft.core.checks import one_of, refused
from rlft.core.errors import InputError
from rlft.course.check.judge import PATIENCE
from rlft.course.check.observe import Observation, observe_case
from rlft.course.check.values import described
from rlft.course.exercise import Case, Exercise

FIELDS = {"name", "like", "arguments"}
AS_PUBLIC = "Write it as in the public case, or leave it out to take that one's."


@dataclass(frozen=True)
class HiddenCase:
    """A case that submissions do not know.

    Attributes:
        case: the whole case.
        like: name of the public case that it is made from.
        given: the arguments that differ from that one's.
        expected: what the reference does.
    """

    case: Case
    like: str
    given: Mapping[str, Any]
    expected: Observation


@dataclass(frozen=True)
class Hidden:
    """All of a file.

    Attributes:
        cases: exercise id to its hidden cases.
        content: exercise id to what the file says, to notice changes.
    """

    cases: Mapping[str, tuple[HiddenCase, ...]]
    content: Mapping[str, Any]


NOTHING = Hidden({}, {})


def read_hidden(path: Path, exercises: Mapping[str, Exercise]) -> Hidden:
    """Reads and tries out hidden cases.

    Args:
        path: the file.
        exercises: exercise id to exercise, the whole catalogue.

    Returns:
        The cases, with what the reference says to them.

    Raises:
        InputError: the file cannot be read; an exercise, public case or argument that does not
            exist; an argument of another kind than the public one; a case that the reference fails
            on. Names the place.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"The hidden cases {str(path)!r} cannot be read: {error}. Name another file."
        ) from error
    if not isinstance(content, dict):
        raise InputError(
            f"{str(path)!r}: expected a mapping of exercise ids, as in {{'03-1': []}}."
        )
    cases = {}
    for exercise_id, listed in content.items():
        one_of(exercises, exercise=exercise_id, hint=f"It stands in {str(path)!r}.")
        if not isinstance(listed, list):
            raise InputError(f"Hidden cases of {exercise_id}: expected a list, as in [{{...}}].")
        exercise = exercises[exercise_id]
        made = [_case(entry, exercise, number) for number, entry in enumerate(listed, start=1)]
        names = [one.case.name for one in made] + [case.name for case in exercise.cases]
        if len(set(names)) < len(names):
            raise InputError(
                f"Hidden cases of {exercise_id}: a name stands twice, or is that of a public case, "
                f"in {names}. Rename it."
            )
        cases[exercise_id] = tuple(made)
    return Hidden(cases, content)


def _case(entry: Any, exercise: Exercise, number: int) -> HiddenCase:
    where = f"Hidden case {number} of {exercise.id}"
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise InputError(f"{where}: expected a mapping with a 'name' and 'arguments'.")
    where = f"Hidden case {entry['name']!r} of {exercise.id}"
    for key in entry:
        one_of(FIELDS, entry=key, hint=f"See {where}.")
    public = {case.name: case for case in exercise.cases}
    name = entry.get("like", exercise.cases[0].name)
    one_of(public, like=name, hint=f"See {where}.")
    like, arguments = public[name], entry.get("arguments", {})
    if not isinstance(arguments, dict) or not arguments:
        raise InputError(f"{where}: expected 'arguments', a mapping with one at least.")
    given = {}
    for key, value in arguments.items():
        one_of(like.arguments, argument=key, hint=f"See {where}.")
        given[key] = _typed(value, like.arguments[key], f"{where}, argument {key!r}")
    case = Case(entry["name"], {**like.arguments, **given}, like.observe)
    expected = observe_case(exercise.reference, case, PATIENCE)
    if expected.kind != "value":
        raise InputError(
            f"{where}: the reference fails on it, {expected.problem}. Do the shapes of its "
            "arguments fit together?"
        )
    return HiddenCase(case, name, given, expected)


def _typed(value: Any, like: Any, where: str) -> Any:
    """A value of the file as the type of the public argument.

    Raises:
        InputError: it has another kind or number of axes, or that type cannot stand in JSON.
    """
    if isinstance(like, Tensor | np.ndarray | np.generic):
        return _array(value, like, where)
    if isinstance(like, Mapping):
        if not isinstance(value, dict) or value.keys() != {str(key) for key in like}:
            raise refused(where, value, f"a mapping with the keys {list(like)}", AS_PUBLIC)
        return {key: _typed(value[str(key)], like[key], f"{where}[{key!r}]") for key in like}
    if isinstance(like, tuple | list) and type(like) in (tuple, list):
        if not isinstance(value, list) or not like:
            raise refused(where, value, "a list", AS_PUBLIC)
        # A longer list goes on as the public one ends.
        parts = [
            _typed(item, like[min(i, len(like) - 1)], f"{where}[{i}]")
            for i, item in enumerate(value)
        ]
        return type(like)(parts)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(like, float) and number:
        return float(value)
    if like is not None and type(value) is type(like) and isinstance(like, bool | int | str):
        return value
    if isinstance(like, bool | int | float | str):
        raise refused(where, value, f"{type(like).__name__} such as {like!r}", AS_PUBLIC)
    raise InputError(
        f"{where}: {described(like)} cannot stand in such a file. Leave it out, then the public "
        "case's is taken."
    )


def _array(value: Any, like: Any, where: str) -> Any:
    form = f"numbers in the form of {described(like)}"
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise refused(where, value, form, "Its rows have different lengths.") from error
    if array.ndim != len(like.shape) or (array.dtype.kind not in "bif" and array.size):
        raise refused(where, value, form, AS_PUBLIC)
    if isinstance(like, Tensor):
        whole = not like.is_floating_point() and not like.is_complex()
    else:
        whole = like.dtype.kind in "biu"
    if whole and array.dtype.kind == "f" and (array != np.floor(array)).any():
        raise refused(where, value, form, "Write whole numbers, without fractions.")
    if isinstance(like, Tensor):
        return torch.tensor(array).to(like.dtype).requires_grad_(like.requires_grad)
    made = array.astype(like.dtype)
    return made[()] if isinstance(like, np.generic) else made
