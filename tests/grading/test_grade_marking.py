"""Marks from what a notebook's process says, which here is a function of the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from grading_fakes import CATALOGUE, EXERCISE, PUBLIC, SECRET, write_hidden

from rlft.course.catalogue import all_exercises
from rlft.course.check.observe import Observation, observe, observe_case, same
from rlft.course.check.values import difference
from rlft.course.exercise import Case, Exercise
from rlft.grading.marks.hidden import Hidden, read_hidden
from rlft.grading.marks.marking import Mark, mark_notebook
from rlft.grading.process.wire import (
    LARGEST_ARRAY,
    LONGEST_LINE,
    WireError,
    decode,
    decode_observation,
    encode,
    encode_observation,
    pack,
    unpack,
)
from rlft.grading.walls.limits import Ended

TRUNCATION = next(m for m in EXERCISE.misconceptions if m.name.startswith("treats truncation"))


@pytest.fixture
def hidden(tmp_path: Path) -> Hidden:
    return read_hidden(write_hidden(tmp_path), CATALOGUE)


class Process:
    """Does what the runner does, without walls or a notebook."""

    def __init__(self, *answers: Any, ran: dict[str, Any] | None = None) -> None:
        self.answers, self.asked = answers, []
        self.ran = {"answers": {EXERCISE.id: len(answers)}, "foreign": [], "errors": {}}
        self.ran |= ran or {}

    def __call__(self, message: dict[str, Any]) -> dict[str, Any]:
        message = unpack(pack(message))
        if "notebook" in message:
            return self.ran
        self.asked.append((message["answer"], bool(message["arguments"]["items"])))
        like = next(case for case in EXERCISE.cases if case.name == message["like"])
        case = Case("", {**like.arguments, **decode(message["arguments"])}, like.observe)
        seen = observe(EXERCISE, self.answers[message["answer"]], [case])[0]
        return unpack(pack(encode_observation(seen)))


def mark(ask: Callable, hidden: Hidden) -> Mark:
    return mark_notebook(ask, "file", [EXERCISE], hidden)[EXERCISE.id]


def test_right_answers_get_all_cases(hidden: Hidden) -> None:
    assert mark(Process(EXERCISE.reference), hidden) == Mark(PUBLIC + 2, PUBLIC + 2, "passed", "")


def test_a_known_mistake_gets_its_hint_and_hidden_cases_only_their_names(hidden: Hidden) -> None:
    made = mark(Process(TRUNCATION.wrong), hidden)
    assert (made.score, made.status) == (PUBLIC - 1, "partial")
    assert TRUNCATION.hint in made.message
    assert made.message.endswith("Hidden cases that fail: 'cut off by the clock'.")


def test_nothing_of_a_hidden_case_comes_back(hidden: Hidden) -> None:
    seen = []

    def tells(rewards: Any, **rest: Any) -> Any:
        seen.append(rewards)
        raise ValueError(f"I saw {seen}")

    process = Process(tells, tells)
    made = mark(process, hidden)
    assert made.status == "failed" and made.score == 0
    assert str(SECRET) in str(seen) and str(SECRET) not in made.message
    # Whatever an answer remembers, nothing follows in which it could tell.
    kinds = [is_hidden for _, is_hidden in process.asked]
    assert kinds == sorted(kinds) and sum(kinds) == 4


def test_the_best_of_several_versions_counts(hidden: Hidden) -> None:
    made = mark(Process(TRUNCATION.wrong, EXERCISE.reference, lambda: None), hidden)
    assert made.status == "passed"
    assert made.message == "The notebook has 3 versions of `td_target`; the best counts."


def test_a_stub_is_asked_once(hidden: Hidden) -> None:
    def stub(rewards: Any, terminations: Any, truncations: Any, next_values: Any, gamma: Any):
        raise NotImplementedError

    process = Process(stub)
    assert mark(process, hidden).status == "not started"
    assert len(process.asked) == 1


def test_without_an_answer_the_reason_is_told(hidden: Hidden) -> None:
    error = "code cell 2 raised SyntaxError: invalid syntax"
    of_other_cell = mark(Process(ran={"errors": {"": error}}), hidden)
    assert of_other_cell.status == "not started" and error in of_other_cell.message
    of_own_cell = mark(Process(ran={"errors": {"": "x", EXERCISE.id: error}}), hidden)
    assert of_own_cell.status == "failed" and error in of_own_cell.message
    imported = mark(Process(ran={"foreign": [EXERCISE.id]}), hidden)
    assert imported.status == "failed" and "only imported" in imported.message


def test_what_was_tried_before_the_end_counts(hidden: Hidden) -> None:
    process = Process(EXERCISE.reference)

    def ends(message: dict[str, Any]) -> dict[str, Any]:
        if len(process.asked) == 3:
            raise Ended("timeout", "it took more than 4 seconds")
        return process(message)

    made = mark(ends, hidden)
    assert (made.score, made.status) == (3, "timeout")
    assert "4 seconds" in made.message


@pytest.mark.parametrize(
    "ran",
    [
        {"answers": {"01-1": -1}},
        {"answers": {"01-1": 1e9}},
        {"answers": {"01-1": True}},
        {"answers": [1]},
        {"answers": None, "errors": 3, "foreign": "01-1"},
        {"errors": {"": {"a": [1]}}, "answers": {}},
    ],
)
def test_strange_reports_are_no_answers(hidden: Hidden, ran: dict[str, Any]) -> None:
    assert mark(Process(ran=ran), hidden).score == 0


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"kind": "passed", "value": None, "problem": "", "error": ""},
        {"kind": ["value"], "value": None, "problem": "", "error": ""},
        {"kind": "value", "value": {"is": "tensor"}, "problem": "", "error": ""},
        {"kind": "value", "value": None, "problem": 1, "error": ""},
        {"kind": "value", "value": {"is": "list", "items": 3}, "problem": "", "error": ""},
    ],
)
def test_strange_replies_end_the_notebook(hidden: Hidden, reply: dict[str, Any]) -> None:
    process = Process(EXERCISE.reference)
    made = mark(lambda m: process.ran if "notebook" in m else reply, hidden)
    assert (made.status, made.score) == ("broken", 0)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -3,
        0.5,
        float("nan"),
        float("-inf"),
        "text",
        (1, [2.0, None], "b"),
        {"a": torch.arange(3), 2: np.array([[1.5]])},
        torch.tensor(2.0),
        torch.zeros(0, 3),
        torch.tensor([1.0, -torch.inf], requires_grad=True),
        torch.tensor([1.5], dtype=torch.bfloat16),
        torch.tensor([[True], [False]]),
        np.float32(2.5),
        np.bool_(True),
        np.array([1, 2], dtype=">i4"),
        np.array([1 + 2j]),
    ],
    ids=repr,
)
def test_values_arrive_as_they_were(value: Any) -> None:
    arrived = decode(unpack(pack({"value": encode(value)}))["value"])
    assert difference(value, arrived) is None
    assert type(arrived) is type(value)
    if isinstance(value, torch.Tensor):
        assert (arrived.dtype, arrived.requires_grad) == (value.dtype, value.requires_grad)


class AlwaysEqual:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "value",
    [
        AlwaysEqual(),
        print,
        torch.zeros(LARGEST_ARRAY),
        np.array(["a"]),
        np.array([object()]),
        10**400,
        "x" * 10_000,
        [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]],
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_values_arrive_as_a_description_that_equals_nothing(value: Any) -> None:
    line = pack({"value": encode(value)})
    assert len(line) < LONGEST_LINE
    arrived = decode(unpack(line)["value"])
    for expected in (1.0, "x", torch.zeros(1), None, arrived):
        assert difference(expected, arrived) is not None
    assert difference(torch.zeros(1), [AlwaysEqual()]) is not None


def test_a_value_of_many_large_parts_is_described_too() -> None:
    many = [torch.zeros(LARGEST_ARRAY // 8) for _ in range(20)]
    content = encode_observation(Observation("value", many))
    assert len(pack(content)) < LONGEST_LINE
    assert difference(many, decode_observation(content).value) is not None


@pytest.mark.parametrize(
    "line",
    [b"", b"\xff\xfe\n", b"[" * 200_000, b"[1]\n", b'"text"\n', b'{"a": 1}{\n', b"1" * 5000],
    ids=range(7),
)
def test_lines_that_are_no_messages_are_refused(line: bytes) -> None:
    with pytest.raises(WireError):
        unpack(line)


@pytest.mark.parametrize(
    "content",
    [
        [1],
        {"is": "set", "items": []},
        {"is": "dict", "items": [[["unhashable"], 1]]},
        {"is": "dict", "items": [[1, 2, 3]]},
        {"is": "tensor", "dtype": "object", "shape": [1], "data": ""},
        {"is": "tensor", "dtype": "float32", "shape": [2], "data": "AAAA"},
        {"is": "tensor", "dtype": "float32", "shape": [-1], "data": "AAAAAA=="},
        {"is": "array", "dtype": "float32", "shape": [10**12], "data": ""},
        {"is": "array", "dtype": "float32", "shape": 1, "data": "?"},
        {"is": "array", "dtype": ["float32"], "shape": [], "data": ""},
    ],
)
def test_content_of_another_form_is_refused(content: Any) -> None:
    with pytest.raises(WireError):
        decode(content)


@pytest.mark.parametrize("exercise", all_exercises().values(), ids=lambda exercise: exercise.id)
def test_what_every_exercise_observes_can_be_sent(exercise: Exercise) -> None:
    # Otherwise right answers would fail when graded, and only then.
    for case in exercise.cases:
        seen = observe_case(exercise.reference, case, 60.0)
        arrived = decode_observation(unpack(pack(encode_observation(seen))))
        assert same(seen, arrived), (case.name, arrived)
