"""Data and environment speak of the same thing, or the difference is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import minari
import numpy as np
import pytest
from contract_fakes import ENDLESS, TRACK, Forgetful, buffer, record, registered
from gymnasium.spaces import Box
from line_fakes import LINE, Line, LineStarts
from maze_fakes import DETOUR
from small import make_prior, make_recipe

import rlft
from rlft.core.encoding import from_json, to_json
from rlft.core.errors import InputError
from rlft.data import Transitions, load_dataset
from rlft.envs import make_vec, time_limit_of
from rlft.finetune import finetune

NAME = "course/track-v0"
pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning:minari"),
    pytest.mark.filterwarnings("ignore:.*precision lowered:UserWarning"),
]


@pytest.fixture(autouse=True)
def track(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    with registered():
        yield


def again(data: Transitions, steps: int = 5) -> np.ndarray:
    """The first logged actions sent to the environment that the data ask for: the observations."""
    env = make_vec(data.env_id, 1, env_kwargs=dict(data.env_kwargs))
    env.reset(seed=0)
    return np.concatenate([env.step(action[None])[0] for action in data.actions[:steps]])


def store(space: Box, *actions: Any, env: Any = TRACK, **options: Any) -> None:
    """One recorded episode with these actions; observations as the track has them."""
    taken = np.array(actions, space.dtype).reshape(len(actions), -1)
    x = np.concatenate([[0.0], taken[:, 0].astype(np.float64).cumsum()])
    seen = np.column_stack([x, np.arange(len(x))]).astype(np.float32)
    nothing = [False] * len(actions)
    one = buffer(seen, taken, np.ones(len(actions)), nothing, [*nothing[1:], True])
    spaces = {"action_space": space, "observation_space": Box(-1e6, 1e6, (2,), np.float32)}
    minari.create_dataset_from_buffers(NAME, [one, one], env=env, **{**spaces, **options})


# --- the environment is made from the whole specification ---------------------------------------


@pytest.mark.parametrize("steps", [30, 4])
def test_the_time_limit_is_the_recordings(steps: int) -> None:
    record(gym.make(TRACK, max_episode_steps=steps), NAME)
    data = load_dataset(NAME)
    assert data.env_kwargs == (("max_episode_steps", steps),)
    assert time_limit_of(data.env_id, dict(data.env_kwargs)) == steps
    run = finetune(
        make_prior(data=data, steps=1),
        make_recipe(),
        steps=steps,
        eval_every=steps,
        eval_episodes=1,
        progress=False,
    )
    assert [each[0] for each in run.episode_steps] == [steps] * 3
    assert set(data.episode_lengths()) == {steps}


def test_a_recording_without_a_limit_has_none_online() -> None:
    store(Box(-1, 1, (1,), np.float32), 0.5, env=gym.make(TRACK, max_episode_steps=-1))
    data = load_dataset(NAME)
    assert time_limit_of(data.env_id, dict(data.env_kwargs)) is None


def test_a_recording_as_registered_needs_no_options() -> None:
    record(gym.make(TRACK), NAME)
    assert load_dataset(NAME).env_kwargs == ()


def test_wrappers_of_the_recording_are_put_around_the_environment_again() -> None:
    env = gym.wrappers.TimeAwareObservation(gym.make(TRACK, low=-2.0, high=4.0))
    record(gym.wrappers.FlattenObservation(env), NAME)
    data = load_dataset(NAME)
    options: dict[str, Any] = dict(data.env_kwargs)
    names = [wrapper[0] for wrapper in options.pop("additional_wrappers")]
    assert names == ["TimeAwareObservation", "FlattenObservation"]
    assert options == {"low": -2.0, "high": 4.0}
    assert data.observation_size == 3  # and the clock
    assert from_json(to_json(dict(data.env_kwargs))) == dict(data.env_kwargs)  # as a run stores it
    np.testing.assert_allclose(again(data), data.next_observations[:5], atol=1e-6)


def test_wrappers_that_only_look_on_are_left_out() -> None:
    record(gym.wrappers.RecordEpisodeStatistics(gym.make(TRACK)), NAME)
    assert load_dataset(NAME).env_kwargs == ()


@pytest.mark.parametrize(
    ("wrapper", "message"),
    [
        (gym.wrappers.NormalizeObservation, "NormalizeObservation.*statistics of the recording"),
        (gym.wrappers.NormalizeReward, "NormalizeReward.*statistics of the recording"),
        (Forgetful, "Forgetful.*did not store its arguments"),
    ],
)
def test_a_wrapper_that_cannot_be_made_again_is_refused(wrapper: Any, message: str) -> None:
    record(wrapper(gym.make(TRACK)), NAME)
    with pytest.raises(InputError, match=rf"'{NAME}'.*{message}.*env_id"):
        load_dataset(NAME)
    assert load_dataset(NAME, env_id=ENDLESS).env_kwargs == ()  # the advice can be followed


# --- boxes ---------------------------------------------------------------------------------------


def test_another_action_box_than_the_environments_is_refused() -> None:
    store(Box(-2, 2, (1,), np.float32), 0.5, -0.5, 1.0)
    with pytest.raises(InputError, match=r"actions.*low is -2 in dimension 0.*it is -1.*from_arr"):
        load_dataset(NAME)


def test_another_observation_box_is_refused_where_both_have_bounds() -> None:
    store(Box(-1, 1, (1,), np.float32), 0.5, observation_space=Box(-9, 9, (2,), np.float32))
    with pytest.raises(InputError, match=r"observations.*low is -9 in dimension 0.*-1e\+06"):
        load_dataset(NAME)


def test_an_observation_box_without_bounds_says_nothing() -> None:
    free = Box(-np.inf, np.inf, (2,), np.float32)
    store(Box(-1, 1, (1,), np.float32), 0.5, observation_space=free)
    assert len(load_dataset(NAME)) == 2


def test_an_action_dimension_without_width_is_zero_in_the_data_and_fixed_online() -> None:
    low, high = [-1.0, 0.25], [3.0, 0.25]
    env = gym.make(TRACK, low=low, high=high)
    store(env.action_space, [1.0, 0.25], [3.0, 0.25], env=env)  # type: ignore[arg-type]
    data = load_dataset(NAME)
    np.testing.assert_array_equal(data.actions[:2], [[0.0, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(again(data, 2)[:, 0], [1.0, 4.0])


def test_an_action_off_the_only_value_of_its_dimension_is_named() -> None:
    low, high = [-1.0, 0.25], [3.0, 0.25]
    env = gym.make(TRACK, low=low, high=high)
    store(env.action_space, [1.0, 0.25], [3.0, 0.5], env=env)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"0\.5 in dimension 1 of row 1.*only 0\.25"):
        load_dataset(NAME)


def test_actions_of_whole_numbers_are_refused_in_data_and_environment() -> None:
    whole = gym.make(TRACK, low=-2, high=2, kind="int32")
    store(Box(-2, 2, (1,), np.int32), 1, -1, env=whole)
    with pytest.raises(InputError, match=r"whole numbers.*continuous"):
        load_dataset(NAME)
    with pytest.raises(InputError, match=r"whole numbers.*continuous.*rounds"):
        make_vec(TRACK, 1, env_kwargs={"low": -2, "high": 2, "kind": "int32"})


# --- a few steps made again ----------------------------------------------------------------------


def line_rows(**changes: Any) -> dict[str, np.ndarray]:
    """Two episodes of two steps on the line, from -1 and from 0."""
    rows = {
        "observations": np.array([[-1.0], [-0.75], [0.0], [0.25]]),
        "actions": np.array([[1.0], [1.0], [1.0], [-1.0]]),
        "rewards": -np.ones(4),
        "next_observations": np.array([[-0.75], [-0.5], [0.25], [0.0]]),
        "terminations": np.zeros(4, bool),
        "truncations": np.array([0, 1, 0, 1]),
    }
    return {**rows, **changes}


@pytest.fixture
def line() -> Iterator[None]:
    gym.register(LINE, entry_point=Line, max_episode_steps=2)
    rlft.register(LineStarts())
    yield
    del gym.registry[LINE]


@pytest.mark.usefixtures("line")
def test_logged_steps_that_the_environment_repeats_are_fine() -> None:
    assert len(Transitions.from_arrays(line_rows(), env_id=LINE)) == 4


@pytest.mark.usefixtures("line")
@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        (
            {"rewards": np.array([-1, -1, -1, -2.0])},
            {},
            "Row 3 .*1 of 4 .*reward -2.*reward -1",
        ),
        ({}, {"cost": 2.0}, "Row 0 .*'cost': 2.0.*4 of 4 rows"),
        ({"actions": np.array([[1.0], [1.0], [0.5], [-1.0]])}, {}, "Row 2 .*0.25.*0.125"),
        ({"terminations": np.array([0, 1, 0, 0])}, {}, "Row 1 .*, terminated;.*not terminated"),
    ],
)
def test_a_step_that_the_environment_answers_otherwise_is_named(
    changes: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Transitions.from_arrays(line_rows(**changes), env_id=LINE, env_kwargs=options)


def test_an_environment_that_draws_lots_is_not_held_to_its_answers() -> None:
    data = rlft.log_episodes(DETOUR, rlft.Behaviour(), transitions=40, seed=0)
    noisy = {"action_noise": 0.3}
    columns = {
        "observations": np.concatenate([e.observations[:-1] for e in data]),
        "next_observations": np.concatenate([e.observations[1:] for e in data]),
        **{
            field: np.concatenate([getattr(e, field) for e in data])
            for field in ("actions", "rewards", "terminations", "truncations")
        },
    }
    assert len(Transitions.from_arrays(columns, env_id=DETOUR)) >= 40
    reached = columns.pop("next_observations")
    assert len(Transitions.from_arrays(columns, env_id=DETOUR)) >= 40  # whatever the ends say
    columns["next_observations"] = reached
    assert Transitions.from_arrays(columns, env_id=DETOUR, env_kwargs=noisy).env_kwargs
    with pytest.raises(InputError, match=r"Row 0 .*does not fit"):
        Transitions.from_arrays(columns, env_id=DETOUR, env_kwargs={"reward": "sparse"})
