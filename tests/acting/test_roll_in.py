"""The rules that draw h: their distributions, and whose random numbers they use."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from schedule_fakes import LIMIT, make_context

from rlft.acting.horizon import Schedule
from rlft.acting.roll_in import Geometric, Random
from rlft.core.errors import InputError

EPISODES = 2_000


def drawn(schedule: Schedule, episodes: int = EPISODES, **changes: int | None) -> np.ndarray:
    """h of the first episodes of three seeds, (3, episodes)."""
    horizon = schedule.start(make_context(**changes))
    values = []
    for _ in range(episodes):
        values.append(horizon.current.copy())
        horizon.begin_episodes(np.ones(3, bool))
    return np.stack(values, 1)


def test_random_is_uniform_from_0_to_the_time_limit() -> None:
    values = drawn(Random())
    share = np.bincount(values.ravel(), minlength=LIMIT + 1) / values.size
    assert len(share) == LIMIT + 1
    # Six standard errors of a share of 1/11 among 6,000.
    assert np.abs(share - 1 / 11).max() < 6 * np.sqrt(10 / 121 / values.size)


def test_random_up_to_a_given_h() -> None:
    assert set(drawn(Random(up_to=3), 200).ravel()) == {0, 1, 2, 3}
    assert set(drawn(Random(up_to=0), 20).ravel()) == {0}


def test_geometric_rolls_in_as_often_and_as_long_as_it_says() -> None:
    values = drawn(Geometric(0.7, 0.9), time_limit=None)
    rolls_in = values > 0
    # Six standard errors; the length is geometric with mean 10 and variance 90.
    assert abs(rolls_in.mean() - 0.7) < 6 * np.sqrt(0.21 / values.size)
    lengths = values[rolls_in]
    assert abs(lengths.mean() - 10) < 6 * np.sqrt(90 / lengths.size)
    assert abs((lengths == 1).mean() - 0.1) < 6 * np.sqrt(0.09 / lengths.size)


def test_geometric_is_cut_off_at_the_time_limit() -> None:
    values = drawn(Geometric(1.0, 0.98))
    assert values.min() >= 1 and values.max() == LIMIT
    # 0.98 ** 9 of the roll-ins last ten steps or more.
    assert abs((values == LIMIT).mean() - 0.98**9) < 6 * np.sqrt(0.14 / values.size)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [(Geometric(0.0, 0.9), 0), (Geometric(1.0, 0.0), 1), (Geometric(1.0, 1.0), LIMIT)],
)
def test_geometric_at_the_borders(schedule: Geometric, expected: int) -> None:
    assert set(drawn(schedule, 50).ravel()) == {expected}


@pytest.mark.parametrize("schedule", [Random(), Geometric(0.5, 0.7)])
def test_draws_repeat_with_the_seed_and_differ_between_seeds(schedule: Schedule) -> None:
    values = drawn(schedule, 50)
    assert np.array_equal(values, drawn(schedule, 50))
    assert not np.array_equal(values, drawn(schedule, 50, seed=1))
    assert len({tuple(row) for row in values.tolist()}) == 3


@pytest.mark.parametrize("schedule", [Random(), Geometric(0.5, 0.7)])
def test_a_seeds_draws_do_not_depend_on_when_others_begin(schedule: Schedule) -> None:
    horizon = schedule.start(make_context())
    together = drawn(schedule, 20)
    alone = []
    for _ in range(20):
        alone.append(int(horizon.current[1]))
        horizon.begin_episodes(np.array([False, True, False]))
    assert alone == together[1].tolist()


def test_h_is_drawn_for_an_episode_and_not_within_it() -> None:
    horizon = Random().start(make_context())
    first, others = horizon.current.copy(), horizon.proposed.copy()
    for step in range(1, 5):
        horizon.after_step(step)
    assert np.array_equal(horizon.current, first)
    horizon.begin_episodes(np.array([True, False, False]))
    assert horizon.current.tolist() == [others[0], first[1], first[2]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Random(up_to=-1), r"up_to=-1.*0 or more"),
        (lambda: Random(up_to=11).start(make_context()), r"h=11 is beyond the episode"),
        (lambda: Random().start(make_context(time_limit=None)), r"declares no time limit"),
        (lambda: Geometric(roll_in_probability=1.1), r"roll_in_probability=1.1.*\[0, 1\]"),
        (lambda: Geometric(continue_probability=-0.1), r"continue_probability=-0.1.*\[0, 1\]"),
        (lambda: Geometric(1.0, 1.0).start(make_context(time_limit=None)), r"no time limit"),
    ],
)
def test_bad_input_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
