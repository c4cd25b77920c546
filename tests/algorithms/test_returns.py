"""Which returns are possible: steps left, units and clipping, worked by hand."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rlft.algorithms.returns import PossibleReturns
from rlft.core.errors import InputError

CLOCK = torch.tensor([[0, 1, 3]])


def test_steps_left_worked_by_hand() -> None:
    assert PossibleReturns(1.0, time_limit=4).steps_left(CLOCK).tolist() == [[4, 3, 1]]
    assert PossibleReturns(0.5, time_limit=4).steps_left(CLOCK).tolist() == [[1.875, 1.75, 1]]
    assert PossibleReturns(0.5).steps_left(CLOCK).tolist() == [[2, 2, 2]]
    assert PossibleReturns(0.0, time_limit=4).steps_left(CLOCK).tolist() == [[1, 1, 1]]


@given(gamma=st.floats(0, 1), limit=st.integers(1, 200), step=st.integers(0, 199))
def test_steps_left_is_the_discounted_number_of_steps(gamma: float, limit: int, step: int) -> None:
    step = min(step, limit - 1)
    found = PossibleReturns(gamma, time_limit=limit).steps_left(torch.tensor([[step]])).item()
    assert found == pytest.approx(sum(gamma**k for k in range(limit - step)), rel=2e-3)


@pytest.mark.parametrize(
    ("reward_range", "unit"), [((-3.0, 1.0), 3.0), ((-1.0, 2.0), 2.0), ((0.0, 0.0), 1.0), (None, 1)]
)
def test_unit_is_the_largest_reward_for_all_steps(
    reward_range: tuple[float, float] | None, unit: float
) -> None:
    returns = PossibleReturns(1.0, reward_range, 4)
    assert returns.unit(CLOCK).tolist() == [[4 * unit, 3 * unit, unit]]


@pytest.mark.parametrize(
    ("reward_range", "low", "high"),
    [
        ((-1.0, 0.0), [-4, -3, -1], [0, 0, 0]),
        ((-2.0, -1.0), [-8, -6, -2], [-1, -1, -1]),  # an episode of one step costs 1 at least
        ((0.5, 1.0), [0.5, 0.5, 0.5], [4, 3, 1]),
        ((-1.0, 2.0), [-4, -3, -1], [8, 6, 2]),
    ],
)
def test_returns_are_clipped_to_what_one_to_all_rewards_allow(
    reward_range: tuple[float, float], low: list[float], high: list[float]
) -> None:
    returns = PossibleReturns(1.0, reward_range, 4)
    rewards = [torch.tensor([reward]) for reward in reward_range]  # (S,) each
    far = torch.tensor([-100.0, 100.0]).view(1, 2, 1).expand(1, 2, 3)  # (S, E, B)
    assert returns.clip(far, CLOCK, *rewards).tolist() == [[low, high]]
    inside = torch.full((1, 2, 3), sum(reward_range) / 2)
    assert torch.equal(returns.clip(inside, CLOCK, *rewards), inside)


@pytest.mark.parametrize(
    ("gamma", "limit"), [(1.0, None), (1.1, None), (-0.1, None), (1.1, 4), (-0.1, 4)]
)
def test_a_discount_out_of_range_is_named(gamma: float, limit: int | None) -> None:
    end = r"\)" if limit is None else r"\]"
    with pytest.raises(InputError, match=rf"gamma={gamma}: .*\[0, 1{end}.*finite_horizon=True"):
        PossibleReturns(gamma, time_limit=limit)


def test_a_reward_range_out_of_order_is_named() -> None:
    with pytest.raises(
        InputError, match=r"reward_range=\(1.0, -1.0\): .*smallest.*data.reward_range"
    ):
        PossibleReturns(0.9, (1.0, -1.0))
