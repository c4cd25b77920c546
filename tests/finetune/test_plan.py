"""How long a run is and how it is made: what is refused, and how one plan is made from another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rlft.core.errors import InputError
from rlft.finetune import RunPlan


def test_another_plan_differs_in_what_is_given_and_in_nothing_else() -> None:
    plan = RunPlan(steps=10, eval_every=5, eval_episodes=2, seed=3, device="cuda", progress=False)
    assert plan.but(seed=0, steps=20, device=None) == replace(plan, seed=0, steps=20)
    assert plan.but(progress=True).progress and plan.but() == plan


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, r"^steps=0: expected 1 or more\. A run takes a step and is evaluated at"),
        ({"eval_every": 0}, r"^eval_every=0: expected 1 or more\. A run takes a step"),
        ({"eval_episodes": -1}, r"^eval_episodes=-1: expected 1 or more\. A run takes a step"),
        ({"seed": -1}, r"^seed=-1: expected 0 or more\. Each number from 0 on has random"),
    ],
)
def test_numbers_that_are_too_small_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        RunPlan(**changes)
    with pytest.raises(InputError, match=message):
        RunPlan().but(**changes)
