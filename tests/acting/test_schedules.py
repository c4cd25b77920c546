"""The rules without chance: exact values of h, step by step and evaluation by evaluation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from schedule_fakes import LIMIT, make_context

from rlft.acting.horizon import Horizon
from rlft.acting.schedules import Fixed, Linear, Stepped
from rlft.core.errors import InputError


def h_after(horizon: Horizon, steps: int) -> list[int]:
    """h of seed 0 after each of the steps, proposed."""
    values = []
    for step in range(1, steps + 1):
        horizon.after_step(step)
        values.append(int(horizon.proposed[0]))
    return values


# --- Fixed ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("steps", "expected"), [(0, 0), (3, 3), (LIMIT, LIMIT), (None, LIMIT)])
def test_fixed_never_moves(steps: int | None, expected: int) -> None:
    horizon = Fixed(steps).start(make_context())
    horizon.after_step(1)
    horizon.after_evaluation(1, np.array([9.0, 9.0, 9.0]))
    horizon.begin_episodes(np.array([True, True, False]))
    assert horizon.current.tolist() == horizon.proposed.tolist() == [expected] * 3


# --- Linear --------------------------------------------------------------------------------


def test_linear_is_on_or_just_above_the_line_and_stays_at_the_end() -> None:
    horizon = Linear(start_at=10, end=4, steps=4).start(make_context())
    assert horizon.current.tolist() == [10, 10, 10]
    # The line: 8.5, 7, 5.5, 4, 4.
    assert h_after(horizon, 5) == [9, 7, 6, 4, 4]


def test_linear_begins_at_the_time_limit_and_takes_half_of_the_run() -> None:
    values = h_after(Linear().start(make_context(steps=40)), 40)
    assert values[:4] == [10, 9, 9, 8]  # falls by 10 in 20 steps
    assert values[17:21] == [1, 1, 0, 0]
    assert values[-1] == 0


def test_linear_over_a_share_of_the_run() -> None:
    assert h_after(Linear(share=1.0).start(make_context(steps=10)), 10) == list(range(9, -1, -1))


def test_linear_may_be_slower_than_the_run() -> None:
    assert h_after(Linear(steps=100).start(make_context(steps=50)), 50)[-1] == 5


def test_linear_that_is_level() -> None:
    assert h_after(Linear(start_at=3, end=3).start(make_context()), 3) == [3, 3, 3]


# --- Stepped -------------------------------------------------------------------------------


def evaluate(horizon: Horizon, returns: list[list[float]]) -> list[list[int]]:
    """h of all seeds after each evaluation; one list of returns for each evaluation."""
    values = []
    for n, row in enumerate(returns):
        horizon.after_evaluation(n, np.array(row))
        values.append(horizon.proposed.tolist())
    return values


def test_stepped_against_returns_worked_out_by_hand() -> None:
    horizon = Stepped(stages=(9, 6, 3, 0), tolerance=0.1).start(make_context(seeds=1))
    returns = [-50.0, -55.1, -55.0, -40.0, -44.1, -44.0, -90.0, -1.0]
    # The first only sets the best. 10 % below -50 is -55; below -40 it is -44. Then the last stage.
    expected = [9, 9, 6, 3, 3, 0, 0, 0]
    assert evaluate(horizon, [[r] for r in returns]) == [[h] for h in expected]


def test_stepped_keeps_the_best_mean_and_not_the_last() -> None:
    horizon = Stepped(stages=(9, 6, 3, 0), tolerance=0.5).start(make_context(seeds=1))
    # 6 is within 50 % of 10 and advances, but the best stays 10: 4.9 does not.
    assert evaluate(horizon, [[10.0], [6.0], [4.9], [5.0]]) == [[9], [6], [6], [3]]


def test_stepped_is_per_seed() -> None:
    horizon = Stepped(stages=(8, 4, 0), tolerance=0.0).start(make_context())
    returns = [[1.0, 1.0, -1.0], [1.0, 0.9, -2.0], [2.0, 1.5, -1.0]]
    assert evaluate(horizon, returns) == [[8, 8, 8], [4, 8, 8], [0, 4, 4]]


def test_stepped_waits_for_a_full_window_and_averages_over_it() -> None:
    horizon = Stepped(stages=(6, 3, 0), tolerance=0.0, window=3).start(make_context(seeds=1))
    # Means from the third on: 1, 2, 2, 1: the first only sets the best.
    returns = [[0.0], [0.0], [3.0], [3.0], [0.0], [0.0]]
    assert evaluate(horizon, returns) == [[6], [6], [6], [3], [0], [0]]


def test_stepped_moves_only_between_episodes() -> None:
    horizon = Stepped(stages=(6, 3)).start(make_context())
    evaluate(horizon, [[1.0] * 3, [1.0] * 3])
    assert horizon.current.tolist() == [6, 6, 6]
    horizon.begin_episodes(np.array([False, False, True]))
    assert horizon.current.tolist() == [6, 6, 3]


def test_stepped_makes_even_stages_from_the_time_limit() -> None:
    horizon = Stepped(count=4).start(make_context())
    assert evaluate(horizon, [[1.0] * 3] * 5) == [[h] * 3 for h in (10, 7, 3, 0, 0)]


# --- bad input -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Fixed(-1), r"Fixed\(steps=-1\).*0 or more"),
        (lambda: Linear(start_at=-1), r"start_at=-1.*0 or more"),
        (lambda: Linear(end=-2), r"end=-2.*0 or more"),
        (lambda: Linear(start_at=3, end=4), "rise from 3.*end=4.*3 or less"),
        (lambda: Linear(end=LIMIT + 1).start(make_context()), "rise from 10.*end=11"),
        (lambda: Linear(start_at=11).start(make_context()), r"h=11 is beyond the episode"),
        (lambda: Linear().start(make_context(time_limit=None)), r"declares no time limit"),
        (lambda: Linear(share=0.0), r"share=0.0.*\(0, 1\]"),
        (lambda: Linear(share=1.5), r"share=1.5.*\(0, 1\]"),
        (lambda: Linear(steps=0), r"steps=0.*1 or more.*Fixed"),
        (lambda: Stepped(stages=(5, 5, 0)), r"\(5, 5, 0\).*decrease"),
        (lambda: Stepped(stages=(0, 5)), r"\(0, 5\).*decrease"),
        (lambda: Stepped(stages=(5, -1)), r"\(5, -1\).*0 or more"),
        (lambda: Stepped(stages=()), r"\(\).*decrease"),
        (lambda: Stepped(stages=(11, 0)).start(make_context()), r"h=11 is beyond the episode"),
        (lambda: Stepped().start(make_context(time_limit=None)), r"declares no time limit"),
        (lambda: Stepped(count=12).start(make_context()), r"decrease.*count=..., lower it"),
        (lambda: Stepped(count=1), "count=1.*2 or more"),
        (lambda: Stepped(tolerance=-0.1), r"tolerance=-0.1.*0 or more"),
        (lambda: Stepped(window=0), "window=0.*1 or more"),
    ],
)
def test_bad_input_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
