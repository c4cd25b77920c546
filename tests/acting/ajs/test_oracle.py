"""The gate that is told the truth: exact values of h, evaluation by evaluation."""

from __future__ import annotations

import numpy as np
import pytest
from schedule_fakes import LIMIT, make_context

from rlft.acting import Oracle
from rlft.core.errors import InputError


def h_after(rule: Oracle, returns: list[list[float]]) -> list[list[int]]:
    """h of all seeds after each evaluation."""
    horizon = rule.start(make_context(seeds=len(returns[0])))
    values = []
    for step, row in enumerate(returns):
        horizon.after_evaluation(step, np.array(row))
        values.append(horizon.proposed.tolist())
    return values


def test_h_falls_where_the_return_is_no_lower_than_at_the_switch() -> None:
    returns = [[-10.0, -20.0], [-12.0, -22.1], [-12.1, -22.0], [-5.0, -99.0]]
    assert h_after(Oracle(step=4), returns) == [
        [LIMIT, LIMIT],  # the first one is what must be reached
        [LIMIT - 4, LIMIT],  # exactly the tolerance of 2 below; h never rises above its start
        [LIMIT, LIMIT - 4],
        [LIMIT - 4, LIMIT],
    ]


def test_h_ends_at_zero_and_may_be_told_not_to_grow() -> None:
    rule = Oracle(start_at=5, step=4, tolerance=0, may_grow=False)
    assert h_after(rule, [[0.0], [0.0], [-1.0], [1.0], [1.0]]) == [[5], [1], [1], [0], [0]]


def test_only_evaluations_move_it() -> None:
    horizon = Oracle(start_at=5).start(make_context())
    for step in range(1, 500):
        horizon.after_step(step)
    assert horizon.proposed.tolist() == [5, 5, 5]


def test_it_decides_as_seldom_as_the_judge_that_it_is_compared_with() -> None:
    horizon = Oracle(start_at=9, step=4, check_every=200).start(make_context(seeds=1))
    h = []
    for step in (0, 150, 250, 300, 449, 450):  # the first evaluation at least 200 steps later
        horizon.after_evaluation(step, np.array([0.0]))
        h.append(int(horizon.proposed[0]))
    assert h == [9, 9, 5, 5, 5, 1]


@pytest.mark.parametrize(
    "fields", [{"step": 0}, {"check_every": 0}, {"tolerance": -1.0}, {"start_at": -1}]
)
def test_values_outside_their_range_are_refused(fields: dict[str, float]) -> None:
    (name,) = fields
    with pytest.raises(InputError, match=rf"Oracle\({name}="):
        Oracle(**fields)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="beyond the episode"):
        Oracle(start_at=LIMIT + 1).start(make_context())
