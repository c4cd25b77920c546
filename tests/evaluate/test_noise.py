"""The noise floor: a case worked by hand, the truth in the long run, and what cannot be known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from rlft.core.errors import InputError
from rlft.evaluate import drop, noise_floor

RNG = np.random.default_rng(0)


def test_two_evaluations_of_two_returns_by_hand() -> None:
    # Returns 0 and -1, each evaluation one episode: the second is lower than the first in a quarter
    # of all cases. The two differ from their mean by 1/2, in truth by sqrt(2) times that.
    floor = noise_floor(np.array([[0.0, -1.0]]), points=2, episodes=1)
    assert floor == pytest.approx(np.sqrt(2) / 4, abs=0.03)


@pytest.mark.parametrize("window", [1, 3])
def test_it_is_the_drop_of_a_policy_that_never_changes(window: int) -> None:
    """Ten episodes of each of 100 policies, against curves of 12 evaluations that are played."""
    level = RNG.normal(-40, 30, (100, 1))  # seeds are unlike, and that is no noise
    played = level + RNG.normal(0, 8, (100, 10))
    truth = drop(RNG.normal(0, 8, (2_000, 12, 10)).mean(axis=2), window).mean()
    assert noise_floor(played, 12, window=window) == pytest.approx(truth, rel=0.1)


def test_a_failure_in_thirty_episodes_is_not_missed_for_want_of_episodes() -> None:
    """Of six seeds with ten episodes each; each by itself would mostly see none."""
    fails = np.where(RNG.random((40, 6, 10)) < 1 / 30, -70.0, 0.0)
    truth = drop(np.where(RNG.random((2_000, 12, 10)) < 1 / 30, -70.0, 0.0).mean(axis=2)).mean()
    found = np.mean([noise_floor(played, 12) for played in fails])
    assert found == pytest.approx(truth, rel=0.25)


def test_more_evaluations_raise_it_and_more_episodes_or_a_window_lower_it() -> None:
    played = RNG.normal(size=(3, 10))
    floor = noise_floor(played, 12)
    assert noise_floor(played, 40) > floor
    assert noise_floor(played, 12, episodes=100) < floor / 2
    assert noise_floor(played, 12, window=3) < floor


def test_it_ignores_a_shift_has_the_returns_unit_and_knows_no_noise_without_spread() -> None:
    played = RNG.normal(size=(3, 10))
    floor = noise_floor(played, 12)
    assert noise_floor(5 * played - 70, 12) == pytest.approx(5 * floor)
    assert noise_floor(played + np.arange(3)[:, None], 12) == pytest.approx(floor)
    assert noise_floor(np.full((2, 10), -7.25), 12) == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: noise_floor(np.zeros(3), 4), r"episode_returns.shape=\(3,\).*\(S, N\)"),
        (lambda: noise_floor(np.zeros((2, 1)), 4), "episodes=1: expected 2 or more.*eval_episodes"),
        (lambda: noise_floor(np.zeros((2, 3)), 1), "points=1: expected 2 or more"),
        (lambda: noise_floor(np.zeros((2, 3)), 4, episodes=0), "episodes=0: expected 1 or more"),
        (lambda: noise_floor(np.zeros((2, 3)), 4, window=4), r"window=4.*\[1, 3\]"),
        (lambda: noise_floor(np.array([[1.0, np.nan]]), 4), r"at \(0, 1\)=nan.*finite"),
    ],
)
def test_errors_name_the_value_and_the_next_step(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
