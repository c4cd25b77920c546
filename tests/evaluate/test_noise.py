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
    assert floor == pytest.approx([np.sqrt(2) / 4], abs=0.05)


@pytest.mark.parametrize("window", [1, 3])
def test_it_is_the_drop_of_a_policy_that_never_changes(window: int) -> None:
    """Ten episodes of each of 200 policies, against curves of 12 evaluations that are played."""
    played = RNG.normal(-40, 8, (200, 10))
    curves = RNG.normal(-40, 8, (2_000, 12, 10)).mean(axis=2)
    truth = drop(curves, window).mean()
    assert noise_floor(played, 12, window=window).mean() == pytest.approx(truth, rel=0.05)


def test_more_evaluations_raise_it_and_more_episodes_or_a_window_lower_it() -> None:
    played = RNG.normal(size=(3, 10))
    floor = noise_floor(played, 12)
    assert (noise_floor(played, 40) > floor).all()
    assert (noise_floor(played, 12, episodes=100) < floor / 2).all()
    assert (noise_floor(played, 12, window=3) < floor).all()


def test_it_ignores_a_shift_has_the_returns_unit_and_knows_no_noise_without_spread() -> None:
    played = RNG.normal(size=(3, 10))
    floor = noise_floor(played, 12)
    np.testing.assert_allclose(noise_floor(5 * played - 70, 12), 5 * floor)
    np.testing.assert_array_equal(noise_floor(np.full((2, 10), -7.3), 12), [0.0, 0.0])
    np.testing.assert_array_equal(noise_floor(played[:1], 12), floor[:1])  # seeds do not mix


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
