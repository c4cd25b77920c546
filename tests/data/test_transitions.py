"""A dataset in memory: statistics worked by hand, and one test for each thing that can be wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlft.core.errors import InputError
from rlft.data import Transitions
from rlft.data.episodes import ARRAYS, MATRICES, discounted_sums, timesteps_of


def make(lengths: list[int], terminated: list[bool], seed: int = 0) -> Transitions:
    """Episodes of the given lengths; each terminates or, if not, truncates."""
    random = np.random.default_rng(seed)
    rows = sum(lengths)
    last = np.cumsum(lengths) - 1
    terminations, truncations = np.zeros(rows, bool), np.zeros(rows, bool)
    terminations[last], truncations[last] = terminated, np.logical_not(terminated)
    observations, reached = random.normal(size=(2, rows, 3))
    inside = np.flatnonzero(~(terminations | truncations))
    reached[inside] = observations[inside + 1]
    return Transitions(
        observations=observations,
        actions=random.uniform(-1, 1, (rows, 2)),
        rewards=random.normal(size=rows),
        next_observations=reached,
        terminations=terminations,
        truncations=truncations,
        timesteps=timesteps_of(terminations | truncations),
        name="test/three-v0",
        env_id="Test-v0",
    )


@pytest.fixture
def data() -> Transitions:
    """Three episodes of 3, 1 and 2 rows; the second one truncates."""
    return replace(
        make([3, 1, 2], [True, False, True]), rewards=np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    )


def test_shapes_and_types(data: Transitions) -> None:
    assert (len(data), data.observation_size, data.action_size) == (6, 3, 2)
    for field, dtype in ARRAYS.items():
        assert getattr(data, field).dtype == dtype, field


def test_episodes_worked_by_hand(data: Transitions) -> None:
    np.testing.assert_array_equal(data.timesteps, [0, 1, 2, 0, 0, 1])
    np.testing.assert_array_equal(data.episode_starts, [0, 3, 4])
    np.testing.assert_array_equal(data.episode_lengths(), [3, 1, 2])
    np.testing.assert_array_equal(data.episode_returns(), [7, 8, 48])
    assert data.reward_range == (1.0, 32.0)


def test_returns_to_go_worked_by_hand(data: Transitions) -> None:
    # A truncated episode (row 3) is summed as far as it was seen, like a terminated one.
    expected = [1 + 0.5 * 2 + 0.25 * 4, 2 + 0.5 * 4, 4, 8, 16 + 0.5 * 32, 32]
    np.testing.assert_allclose(data.returns_to_go(0.5), expected)
    assert data.returns_to_go(0.5).dtype == np.float32


@settings(max_examples=30, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=5),
    gamma=st.floats(0, 1),
    seed=st.integers(0, 9),
)
def test_returns_to_go_obey_their_recursion(lengths: list[int], gamma: float, seed: int) -> None:
    data = make(lengths, [True] * len(lengths), seed)
    returns = data.returns_to_go(gamma).astype(np.float64)
    next_returns = np.append(returns[1:], 0.0) * ~data.terminations
    np.testing.assert_allclose(returns, data.rewards + gamma * next_returns, atol=1e-5)


def test_undiscounted_returns_to_go_start_at_the_episode_return(data: Transitions) -> None:
    starts = data.returns_to_go(1.0)[data.episode_starts]
    np.testing.assert_allclose(starts, data.episode_returns())


@pytest.mark.parametrize("gamma", [-0.1, 1.5, float("nan")])
def test_a_discount_outside_its_range_is_named(gamma: float) -> None:
    with pytest.raises(InputError, match=rf"gamma={gamma}.*\[0, 1\].*0.98"):
        discounted_sums(np.ones(2), np.array([False, True]), gamma)


def test_the_digest_depends_on_every_array(data: Transitions) -> None:
    assert data.digest == replace(data).digest
    digests = {data.digest}
    digests.add(replace(data, observations=data.observations + 1).digest)
    digests.add(replace(data, actions=data.actions / 2).digest)
    digests.add(replace(data, rewards=data.rewards + 1).digest)
    digests.add(replace(data, next_observations=data.next_observations + 1).digest)
    digests.add(replace(data, terminations=data.truncations, truncations=data.terminations).digest)
    assert len(digests) == 6


def test_the_digest_ignores_the_name(data: Transitions) -> None:
    assert data.digest == replace(data, name="another/name-v1").digest


def test_select_episodes_keeps_whole_episodes_in_the_order_given(data: Transitions) -> None:
    chosen = data.select_episodes([2, 0])
    np.testing.assert_array_equal(chosen.rewards, [16, 32, 1, 2, 4])
    np.testing.assert_array_equal(chosen.observations, data.observations[[4, 5, 0, 1, 2]])
    np.testing.assert_array_equal(chosen.timesteps, [0, 1, 0, 1, 2])
    assert chosen.name == data.name


@pytest.mark.parametrize("wrong", [3, -1])
def test_select_episodes_names_one_that_does_not_exist(data: Transitions, wrong: int) -> None:
    with pytest.raises(InputError, match=rf"no episode {wrong}.*three-v0.*0 to 2"):
        data.select_episodes([0, wrong])


def test_select_episodes_of_nothing_is_an_error(data: Transitions) -> None:
    with pytest.raises(InputError, match="Give at least one episode number"):
        data.select_episodes([])


def test_repr_shows_shapes_and_returns(data: Transitions) -> None:
    text = repr(data)
    for part in ("test/three-v0", "6 transitions", "3 episodes", "(6, 3)", "(6, 2)", "Test-v0"):
        assert part in text
    assert "return 21.0 ± 23.4 (std), from 7.0 to 48.0" in text
    assert "2 terminated, 1 truncated" in text
    assert "rewards 1 to 32" in text


@pytest.mark.filterwarnings("error")
def test_one_episode_has_statistics_without_a_spread() -> None:
    data = make([4], [True])
    assert data.episode_returns().shape == (1,)
    assert "1 episode," in repr(data)
    assert "no spread" in repr(data)
    assert "nan" not in repr(data)


def test_actions_within_rounding_are_clipped(data: Transitions) -> None:
    actions = data.actions.copy()
    actions[1, 0] = 1.00005
    assert replace(data, actions=actions).actions.max() == 1.0


def test_actions_outside_the_box_are_named_with_row_and_size(data: Transitions) -> None:
    actions = data.actions.copy()
    actions[[4, 5], 1] = [-1.5, 1.2]
    with pytest.raises(InputError, match=r"reaches 1\.5.*row 4, 2 of 6.*clip_actions"):
        replace(data, actions=actions)


@pytest.mark.parametrize("field", ["observations", "actions", "rewards", "next_observations"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_named_with_their_row(
    data: Transitions, field: str, bad: float
) -> None:
    array = getattr(data, field).copy()
    array[2:4] = bad
    with pytest.raises(InputError, match=rf"{field} at \(?2.*={bad}.*finite.*three-v0"):
        replace(data, **{field: array})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"actions": np.zeros((5, 2))}, r"actions.shape=\(5, 2\).*\(6, size\).*one row"),
        ({"observations": np.zeros((6, 1, 3))}, r"observations.shape=\(6, 1, 3\).*\(6, size\)"),
        ({"actions": np.zeros(6)}, r"actions.shape=\(6,\).*\(6, size\).*flat"),
        ({"rewards": np.zeros((6, 1))}, r"rewards.shape=\(6, 1\).*\(6,\)"),
        ({"next_observations": np.zeros((6, 2))}, r"next_.*shape=\(6, 2\).*\(6, 3\)"),
        ({"observations": np.zeros((6, 0))}, "observation_size=0.*1 or more"),
        ({field: np.zeros((0, 1) if field in MATRICES else 0) for field in ARRAYS}, "=0.*empty"),
        ({"terminations": np.zeros(6, bool)}, "last row.*neither.*Set"),
        ({"timesteps": np.array([0, 1, 2, 1, 0, 1])}, "'timesteps'.*1 in row 3, expected 0"),
    ],
)
def test_arrays_that_do_not_fit_are_named_with_their_dataset(
    data: Transitions, changes: dict[str, np.ndarray], message: str
) -> None:
    with pytest.raises(InputError, match=message) as error:
        replace(data, **changes)
    assert "test/three-v0" in str(error.value)


def test_the_arrays_of_a_caller_are_not_changed() -> None:
    actions = np.full((1, 1), 1.00005, np.float32)
    one = np.zeros((1, 1), np.float32)
    Transitions(one, actions, one[0], one, np.array([True]), np.array([False]), np.array([0]))
    assert actions[0, 0] > 1.0


# --- the floor of Cal-QL -------------------------------------------------------------------


def worst_case(data: Transitions, gamma: float, smallest: float) -> list[float]:
    """The floor by its meaning: play what was seen, then the smallest reward 20,000 times."""
    floors = []
    for row in range(len(data)):
        end = row + int(np.argmax((data.terminations | data.truncations)[row:]))
        rewards = data.rewards[row : end + 1].astype(np.float64).tolist()
        if not data.terminations[end]:
            rewards += [min(smallest, 0.0)] * 20_000
        floors.append(float(np.sum(rewards * gamma ** np.arange(len(rewards)))))
    return floors


@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.98])
@pytest.mark.parametrize("smallest", [None, -7.0, 3.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_floor_adds_the_worst_that_can_follow(
    data: Transitions, gamma: float, smallest: float | None, sign: int
) -> None:
    priced = replace(data, rewards=sign * data.rewards)
    floor = priced.return_floor(gamma, smallest)
    least = priced.reward_range[0] if smallest is None else smallest
    assert floor.dtype == np.float32 and floor.shape == (len(data),)
    np.testing.assert_allclose(floor, worst_case(priced, gamma, least), rtol=1e-5, atol=1e-5)


def test_a_task_that_was_not_solved_has_cal_qls_own_floor(data: Transitions) -> None:
    """r / (1 - gamma) in every row of an episode of equal costs; the plain sum where it ended."""
    priced = replace(data, rewards=-np.ones(len(data), np.float32))
    floor, cut = (
        priced.return_floor(0.98),
        np.repeat(
            np.logical_or.reduceat(data.truncations, data.episode_starts), data.episode_lengths()
        ),
    )
    assert cut.any() and not cut.all()
    np.testing.assert_allclose(floor[cut], -50.0, rtol=1e-5)
    np.testing.assert_array_equal(floor[~cut], priced.returns_to_go(0.98)[~cut])
    undiscounted = priced.return_floor(1.0)
    assert (undiscounted[cut] == -np.inf).all() and (undiscounted[~cut] > -np.inf).all()


def test_a_floor_says_something_where_nine_tenths_of_the_future_were_seen() -> None:
    """At gamma 0.8 it takes eleven steps: 0.8^11 = 0.09, and 0.8^10 = 0.11."""
    cut, ended = make([20], [False]), make([20], [True])
    assert cut.floor_share(0.8) == 0.5
    assert ended.floor_share(0.8) == 1.0
    assert cut.floor_share(1.0) == 0.0


# --- numbers that would become others in silence ------------------------------------------------


@pytest.mark.parametrize(
    ("field", "values", "message"),
    [
        ("terminations", [0, 0, 2, 0, 0, 1], "terminations in row 2=2.*True or False"),
        ("truncations", [0, 0, 0, np.nan, 0, 0], "truncations in row 3=nan.*True or False"),
        ("truncations", [0, 0, 0, 0.5, 0, 0], "truncations in row 3=0.5.*True or False"),
        ("terminations", ["False"] * 6, "terminations.dtype='<U5'.*numbers"),
        ("timesteps", [0, 1, 2, 0, 0.5, 1], "timesteps in row 4=0.5.*a whole number"),
        ("rewards", [None] * 6, "rewards.dtype='object'.*numbers"),
        ("rewards", [0, 0, 0, 1e39, 0, 0], r"rewards in row 3=1e\+39.*below 3.4e38"),
        ("observations", [[0.0], [1.0, 2.0]] * 3, "observations='list'.*rows of one length"),
    ],
)
def test_what_is_no_number_of_its_kind_is_named(
    data: Transitions, field: str, values: list[object], message: str
) -> None:
    with pytest.raises(InputError, match=message) as error:
        replace(data, **{field: values})
    assert "test/three-v0" in str(error.value)


def test_flags_of_0_and_1_of_any_type_are_flags(data: Transitions) -> None:
    for dtype in (np.uint8, np.int64, np.float64):
        ended = data.terminations.astype(dtype)
        assert replace(data, terminations=ended).digest == data.digest


def clock(start: float, step: float, count: int = 6) -> np.ndarray:
    return np.column_stack([np.zeros(count), start + step * np.arange(count)])


@pytest.mark.parametrize(
    ("start", "step", "fine"),
    [
        (1.7e9, 0.05, False),  # seconds since 1970: float32 counts them in steps of 128
        (1.7e9, 5e4, True),
        (1000.0, 0.05, True),
        (1000.0, 1e-5, False),
        (0.1, 1e-16, True),  # a constant, with float64's own rounding
        (0.0, 1e-46, True),  # nothing, in any unit
        (0.0, 0.0, True),
    ],
)
def test_a_column_that_float32_cannot_tell_apart_is_named(
    start: float, step: float, fine: bool
) -> None:
    observations = clock(start, step, 7)
    columns = (np.zeros((6, 1)), np.zeros(6))
    ends = np.array([0, 0, 0, 0, 0, 1], bool)

    def made() -> Transitions:
        return Transitions(
            observations[:-1], *columns, observations[1:], ends, ~ends & ends, np.arange(6)
        )

    if fine:
        assert len(made()) == 6
    else:
        with pytest.raises(InputError, match=r"'observations'.*column 1.*row \d.*float32.*Subtr"):
            made()


# --- rows that do not go on where the last one led to -------------------------------------------


def walk(lengths: list[int], terminated: bool = False) -> dict[str, np.ndarray]:
    """Episodes on a line with steps of 1, each 100 from the one before it."""
    steps = np.concatenate([np.arange(n) for n in lengths])
    number = np.repeat(np.arange(len(lengths)), lengths)
    ends = np.append(np.diff(number) > 0, True)
    at = (100.0 * number + steps)[:, None]
    return {
        "observations": at,
        "actions": np.zeros((len(at), 1)),
        "rewards": np.zeros(len(at)),
        "next_observations": at + 1,
        "terminations": ends & terminated,
        "truncations": ends & (not terminated),
        "timesteps": steps,
    }


@pytest.mark.filterwarnings("error")
def test_episodes_without_breaks_warn_of_nothing() -> None:
    for rows in (walk([3, 4]), walk([3, 4], terminated=True), walk([1, 1, 1])):
        Transitions(**rows)
    noisy = walk([3, 4])
    noisy["next_observations"] = noisy["next_observations"] + 1e-3  # the sensor, read twice
    Transitions(**noisy)


def test_two_episodes_whose_boundary_nobody_flagged_are_named() -> None:
    rows = walk([3, 3])
    rows["truncations"][2] = False
    rows["timesteps"] = np.arange(6)
    with pytest.warns(UserWarning, match=r"jumps within an episode, first after row 2, 1 times"):
        Transitions(**rows)


def test_a_lost_row_is_named() -> None:
    rows = {field: np.delete(array, 4, axis=0) for field, array in walk([8]).items()}
    with pytest.warns(UserWarning, match="first after row 3"):
        Transitions(**{**rows, "timesteps": np.arange(7)})


@pytest.mark.parametrize("terminated", [True, False])
def test_a_last_observation_taken_after_the_reset_is_named(terminated: bool) -> None:
    rows = walk([3, 3, 3], terminated)
    rows["next_observations"][[2, 5]] = rows["observations"][[3, 6]]
    with pytest.warns(UserWarning, match=r"in row 2, and 2 times, the first.*next episode"):
        Transitions(**rows)


@pytest.mark.filterwarnings("error")
def test_an_episode_that_goes_on_from_the_last_one_is_fine() -> None:
    rows = walk([6])
    rows["truncations"][2] = True  # cut by the clock; the walker was not put back
    Transitions(**{**rows, "timesteps": np.array([0, 1, 2] * 2)})
