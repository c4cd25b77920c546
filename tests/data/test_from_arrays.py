"""Logs of any origin: D4RL's dictionary, our names, and what is missing or wrong in them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from contract_fakes import TRACK, registered

from rlft.core.errors import InputError
from rlft.data import Transitions


@pytest.fixture(autouse=True)
def track() -> Iterator[None]:
    with registered():
        yield


def log(**changes: Any) -> dict[str, Any]:
    """D4RL's layout: an episode of 3 steps that terminates, one of 3 cut off, one of 2 running."""
    rows = {
        "observations": np.array(
            [[0, 0], [1, 1], [2, 2], [5, 0], [6, 1], [7, 2], [9, 0], [9, 1.0]]
        ),
        "actions": np.linspace(-1, 1, 8)[:, None],
        "rewards": np.arange(8.0),
        "terminals": np.array([0, 0, 1, 0, 0, 0, 0, 0]),
        "timeouts": np.array([0, 0, 0, 0, 0, 1, 0, 0]),
    }
    return {k: v for k, v in {**rows, **changes}.items() if v is not None}


def test_without_next_observations_a_cut_episode_loses_its_last_row() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = Transitions.from_arrays(log(), name="mine")
    # Rows 5 and 7 are gone: nobody knows where they led to.
    assert data.rewards.tolist() == [0, 1, 2, 3, 4, 6]
    assert data.next_observations[:, 0].tolist() == [1, 2, 2, 6, 7, 9]  # row 2: nothing follows it
    assert np.flatnonzero(data.terminations).tolist() == [2]
    assert np.flatnonzero(data.truncations).tolist() == [4, 5]
    assert data.timesteps.tolist() == [0, 1, 2, 0, 1, 0]
    assert (data.name, data.env_id) == ("mine", "")


def test_an_episode_of_one_cut_row_is_left_out() -> None:
    cut = np.array([0, 0, 0, 1, 0, 1, 0, 0])
    data = Transitions.from_arrays(log(timeouts=cut))
    assert data.rewards.tolist() == [0, 1, 2, 4, 6]
    assert data.timesteps.tolist() == [0, 1, 2, 0, 0]
    assert np.flatnonzero(data.truncations).tolist() == [3, 4]  # row 2 still terminates only


def test_with_next_observations_every_row_stays() -> None:
    reached = np.array([[1, 1], [2, 2], [3, 3], [6, 1], [7, 2], [8, 3], [9, 1], [9, 2.0]])
    data = Transitions.from_arrays(log(next_observations=reached))
    assert data.rewards.tolist() == list(range(8))
    np.testing.assert_array_equal(data.next_observations, reached)
    assert np.flatnonzero(data.truncations).tolist() == [5, 7]


def test_our_names_columns_of_one_number_and_what_lies_beside() -> None:
    ours = log(terminals=None, timeouts=None, terminations=log()["terminals"][:, None])
    ours |= {"infos/qpos": np.zeros(3), "metadata/algorithm": "x", "rewards": np.arange(8)[:, None]}
    data = Transitions.from_arrays({**ours, "truncations": log()["timeouts"].astype(float)})
    assert data.digest == Transitions.from_arrays(log()).digest


def test_actions_are_scaled_by_the_environments_box_or_the_given_one() -> None:
    raw = np.linspace(-2, 4, 8)[:, None]
    options = {"low": -2.0, "high": 4.0, "max_episode_steps": 3}
    data = Transitions.from_arrays(log(actions=raw), env_id=TRACK, env_kwargs=options)
    expected = np.linspace(-1, 1, 8)[[0, 1, 2, 3, 4, 6]]
    np.testing.assert_allclose(data.actions[:, 0], expected, atol=1e-6)
    assert data.env_kwargs == tuple(options.items())
    given = Transitions.from_arrays(log(actions=raw), action_bounds=([-2.0], [4.0]))
    np.testing.assert_array_equal(given.actions, data.actions)
    plain = Transitions.from_arrays(log(), env_id=TRACK, action_bounds=(-1, 1))
    np.testing.assert_array_equal(plain.actions, Transitions.from_arrays(log()).actions)


def test_actions_beyond_the_bounds_are_an_error_or_clipped() -> None:
    wide = log(actions=1.5 * log()["actions"])
    with pytest.raises(InputError, match=r"\|a\| reaches 1\.5"):
        Transitions.from_arrays(wide)
    assert Transitions.from_arrays(wide, clip_actions=True).actions.min() == -1.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rewards": None}, "no rewards, only.*needed: observations, actions, rewards"),
        ({"terminals": None}, "no terminations.*D4RL's names will do"),
        ({"reward": np.zeros(8)}, "Unknown column 'reward'. Did you mean 'rewards'"),
        ({"dones": np.zeros(8)}, "'dones'.*why an episode ended.*truncations"),
        ({"truncations": np.zeros(8)}, r"truncations twice, as \['timeouts', 'truncations'\]"),
        ({"actions": np.zeros((7, 1))}, r"actions.shape=\(7, 1\).*\(8, size\).*one row"),
        ({"actions": np.zeros(8)}, r"actions.shape=\(8,\).*one row"),
        ({"observations": [[0.0], [0.0, 1.0]] * 4}, "'observations' has rows of different length"),
        ({"terminals": np.array([0, 0, 2, 0, 0, 0, 0, 0])}, "terminations in row 2=2.*True or F"),
        ({"timesteps": np.arange(8)}, "'timesteps'.*3 in row 3, expected 0"),
        ({"observations": np.zeros((8, 3))}, r"sizes \(3, 1\).*has \(2, 1\)"),
    ],
)
def test_what_is_missing_or_wrong_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Transitions.from_arrays(log(**changes), name="mine", env_id=TRACK)


def test_the_columns_of_a_caller_are_not_changed() -> None:
    given = log(terminals=np.zeros(8, bool), timeouts=np.zeros(8, bool))
    Transitions.from_arrays(given)
    assert not given["timeouts"].any()


@pytest.mark.parametrize("field", ["observations", "actions", "rewards"])
def test_episodes_with_numbers_that_are_not_finite_are_an_error_or_left_out(field: str) -> None:
    values = log()[field].astype(float)
    values[4] = np.nan
    with pytest.raises(InputError, match=rf"{field}.*nan"):
        Transitions.from_arrays(log(**{field: values}))
    with pytest.warns(UserWarning, match=r"'mine': 1 of 3 episodes.*not finite, 1\."):
        data = Transitions.from_arrays(log(**{field: values}), name="mine", skip_broken=True)
    assert data.rewards.tolist() == [0, 1, 2, 6]
    assert data.timesteps.tolist() == [0, 1, 2, 0]


@pytest.mark.filterwarnings("error")
def test_nothing_is_left_out_of_a_log_without_such_numbers() -> None:
    whole = Transitions.from_arrays(log(), skip_broken=True)
    assert whole.digest == Transitions.from_arrays(log()).digest
