"""What the data doctor finds in logs with one thing wrong each, and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from contract_fakes import TRACK, registered
from drawn import assert_readable
from maze_fakes import logged

from rlft.core.errors import InputError
from rlft.data import Findings, Transitions, inspect
from rlft.show import plot_inspection

pytestmark = pytest.mark.filterwarnings("ignore:Dataset 'track'")


@pytest.fixture(autouse=True)
def track() -> Iterator[None]:
    with registered():
        yield


def walks(*starts: float, steps: int = 5) -> dict[str, np.ndarray]:
    """Episodes on the track with random actions, cut off by the clock; observations are (x, t)."""
    actions = np.random.default_rng(0).uniform(-0.9, 0.9, (len(starts), steps))
    x = np.array(starts)[:, None] + np.concatenate(
        [np.zeros((len(starts), 1)), actions.cumsum(axis=1)], axis=1
    )  # (K, T + 1)
    seen = np.stack([x, np.broadcast_to(np.arange(steps + 1.0), x.shape)], axis=-1)
    cut = np.zeros(actions.shape, bool)
    cut[:, -1] = True
    return {
        "observations": seen[:, :-1].reshape(-1, 2),
        "actions": actions.reshape(-1, 1),
        "rewards": actions.reshape(-1),
        "next_observations": seen[:, 1:].reshape(-1, 2),
        "terminations": np.zeros(cut.size, bool),
        "truncations": cut.reshape(-1),
    }


def found(rows: dict[str, np.ndarray], **options: Any) -> Findings:
    return inspect(Transitions.from_arrays(rows, name="track", env_id=TRACK, **options))


def test_a_sound_log_has_nothing_to_leave_out() -> None:
    log = found(walks(0.0, 10.0, 20.0))
    assert log.time_limit == 10
    for field in ("jumps", "taken_after_reset", "copied_rows", "copied_episodes", "too_long"):
        assert getattr(log, field).size == 0, field
    assert log.cut_early.size == log.constant.size == log.unused.size == 0
    assert log.without_bad_episodes().digest == log.data.digest
    for part in (
        "track: 15 rows in 3 episodes",
        "5 to 5 steps (limit 10)",
        "0 terminated, 3 truncated\n",
        "each row leads to the next",
        "of earlier rows: 0\n",
        "15 different values\n",
        "no episode",
    ):
        assert part in repr(log)


def test_episodes_that_were_glued_together_are_found_and_left_out() -> None:
    rows = walks(0.0, 10.0, 20.0)
    rows["truncations"][9] = False  # the end of the second episode
    log = found(rows)
    assert log.jumps.tolist() == [9]
    assert log.bad_episodes.tolist() == [1]
    assert "rows that do not lead to the next: 1 (9)" in repr(log)
    assert "episodes: 1 (1). Go on with inspect(data).without_bad_episodes()" in repr(log)
    assert log.without_bad_episodes().observations[0, 0] == 0.0
    assert len(log.without_bad_episodes()) == 5


def test_a_lost_row_belongs_to_the_episode_that_it_is_missing_in() -> None:
    rows = {field: np.delete(column, 6, axis=0) for field, column in walks(0.0, 10.0).items()}
    log = found(rows)
    assert (log.jumps.tolist(), log.bad_episodes.tolist()) == ([5], [1])  # its first row


def test_last_observations_taken_after_the_reset_are_found() -> None:
    rows = walks(0.0, 10.0, 20.0)
    rows["next_observations"][[4, 9]] = rows["observations"][[5, 10]]
    log = found(rows)
    assert log.taken_after_reset.tolist() == [4, 9]
    assert log.bad_episodes.tolist() == [0, 1]
    assert "last observations taken after the reset: 2 (4, 9)" in repr(log)


def test_copies_of_rows_and_of_episodes_are_found_and_the_first_stays() -> None:
    rows = walks(0.0, 10.0, 20.0)
    rows = {field: np.concatenate([v, v[5:10]]) for field, v in rows.items()}
    log = found(rows)
    assert log.copied_rows.tolist() == [15, 16, 17, 18, 19]
    assert log.copied_episodes.tolist() == log.bad_episodes.tolist() == [3]
    assert log.without_bad_episodes().digest == found(walks(0.0, 10.0, 20.0)).data.digest
    assert "of earlier rows: 5; whole episodes: 1 (3)" in repr(log)


def test_episodes_beyond_the_limit_and_those_cut_early_are_found() -> None:
    rows = walks(0.0, 10.0, 20.0)
    rows["truncations"][11] = True  # two steps and three
    log = found(rows, env_kwargs={"max_episode_steps": 4})
    assert log.too_long.tolist() == log.bad_episodes.tolist() == [0, 1]
    assert log.cut_early.tolist() == [2, 3]
    assert "(limit 4)" in repr(log) and "too long: 2 (0, 1)" in repr(log)
    assert "cut earlier than others: 2 (2, 3)" in repr(log)


def test_if_every_episode_is_bad_the_cause_lies_elsewhere() -> None:
    with pytest.raises(InputError, match=r"Every episode of dataset 'track'.*recorded or read"):
        found(walks(0.0, 10.0), env_kwargs={"max_episode_steps": 4}).without_bad_episodes()


def test_coverage_borders_and_columns_that_never_change() -> None:
    rows = walks(0.0, 10.0)
    count = len(rows["rewards"])
    rows["actions"] = np.column_stack([np.linspace(-1, 1, count), np.full(count, 0.5)])
    rows["observations"] = np.column_stack([rows["observations"], np.ones(count)])
    rows["next_observations"] = np.column_stack([rows["next_observations"], np.ones(count)])
    rows["rewards"] = np.ones(count)
    log = inspect(Transitions.from_arrays(rows, name="track"))
    assert log.time_limit is None and "no time limit is known" in repr(log)
    np.testing.assert_allclose(log.saturation, [0.2, 0.0])  # the two ends of ten
    np.testing.assert_allclose(log.action_coverage, [0.5, 0.05])  # ten of twenty parts, and one
    assert log.unused.tolist() == [1] and "dimensions that never change: 1 (1)" in repr(log)
    assert log.constant.tolist() == [2] and "columns that never change: 1 (2)" in repr(log)
    assert log.coverage[1] == 0.25  # five time steps
    assert "1 to 1, 1 different values: nothing can be learned" in repr(log)


def test_the_range_is_the_environments_where_it_has_bounds() -> None:
    data = logged(200)  # the maze's box is [-1, 1]; the way leads along the top of it
    assert (inspect(data).coverage < 1).any()
    one = data.select_episodes([0])
    x = one.observations[:, 0]
    assert inspect(one).coverage[0] <= (x.max() - x.min()) / 2 + 0.1


def test_an_environment_that_is_not_here_is_no_error() -> None:
    data = Transitions.from_arrays(walks(0.0, 10.0), name="track")
    log = inspect(Transitions(**{**vars(data), "env_id": "Elsewhere-v0"}))
    assert log.time_limit is None


@pytest.mark.parametrize("limit", [4, 10, 500])
def test_the_figure_shows_the_bad_episodes_apart(limit: int) -> None:
    rows = walks(0.0, 10.0, 20.0)
    rows["truncations"][11] = True
    log = found(rows, env_kwargs={"max_episode_steps": limit})
    figure = plot_inspection(log, title="Three walks")
    shown = assert_readable(figure)
    bad = sum(p.get_height() for p in figure.axes[0].patches if p.get_hatch())
    assert bad == log.bad_episodes.size == (2 if limit == 4 else 0)
    assert ("orange: leave out" in shown) == bool(bad)
    assert ("dashed: the time limit" in shown) == (limit < 500)
    assert figure.alt.startswith("Three walks: 4 episodes of 2 to 5 steps")
