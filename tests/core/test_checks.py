"""Checks: what passes, what is refused, and what a message names."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from rlft.core.checks import at_least, finite, one_of, positive, shaped, within
from rlft.core.errors import InputError

DO = "Do this."


@pytest.mark.parametrize("value", [1, 1.0, 7, np.int64(1), np.float32(2.5), math.inf, None])
def test_numbers_from_the_bound_on_pass(value: Any) -> None:
    at_least(1, steps=value, hint=DO)


@pytest.mark.parametrize("value", [0, 0.99, -3, math.nan, "3", True, [3]])
def test_smaller_numbers_and_what_is_none_are_refused(value: Any) -> None:
    with pytest.raises(InputError) as error:
        at_least(1, other=5, steps=value, hint=DO)
    assert str(error.value) == f"steps={value!r}: expected 1 or more. Do this."


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (lambda: positive(rate=0, hint=DO), "rate=0: expected a number above 0. Do this."),
        (
            lambda: at_least(1, count=0, of="Stepped", hint=DO),
            "Stepped(count=0): expected 1 or more. Do this.",
        ),
        (lambda: within(0, 1, share=1.5, hint=DO), "share=1.5: expected a number in [0, 1]. Do"),
        (
            lambda: within(0, 1, gamma=1, without=(1,), hint=DO),
            "gamma=1: expected a number in [0, 1)",
        ),
        (lambda: within(0, 1, share=math.nan, hint=DO), "share=nan: expected a number in [0, 1]"),
        (lambda: within(0, 1, share="x", hint=DO), "share='x': expected a number in [0, 1]"),
        (lambda: one_of(("min", "mean"), objective="men"), "Unknown objective 'men'. Did you mean"),
        (
            lambda: finite(rewards=np.array([0.0, np.nan]), hint=DO),
            "rewards at 1=nan: expected finite numbers. Do this.",
        ),
        (
            lambda: finite(q=np.array([[0.0, 1.0], [-np.inf, 1.0]]), hint=DO),
            "q at (1, 0)=-inf: expected finite numbers.",
        ),
        (
            lambda: shaped((2, "B"), q=torch.zeros(3, 4), hint=DO),
            "q.shape=(3, 4): expected (2, B). Do this.",
        ),
        (lambda: shaped((2,), q=np.zeros((2, 1)), hint=DO), "q.shape=(2, 1): expected (2,)."),
    ],
)
def test_a_message_names_value_expectation_and_next_step(
    check: Callable[[], None], message: str
) -> None:
    with pytest.raises(InputError) as error:
        check()
    assert str(error.value).startswith(message)


def test_what_fits_passes() -> None:
    positive(rate=1e-9, other=None, hint=DO)
    within(0, 1, a=0, b=1, c=0.5, d=None, hint=DO)
    within(0, 1, gamma=0, without=(1,), hint=DO)
    one_of(("min", "mean"), objective="min", other=None)
    finite(q=torch.zeros(2), r=np.zeros((0, 3)), hint=DO)
    shaped((2, "B"), q=torch.zeros(2, 0), r=None, hint=DO)
