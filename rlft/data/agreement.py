"""Whether data and environment speak of the same thing: sizes, boxes, and a few steps made again.

What is trained on the data acts in the environment. There the same number has to mean the same
observation and the same action, or what was learned is worth nothing, without any error.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box

from rlft.core.errors import InputError
from rlft.envs import env_boxes, make_vec, true_next_observations
from rlft.envs.starts import starts_of

if TYPE_CHECKING:
    from rlft.data.transitions import Transitions

REPLAYED = 16  # rows: a rule that differs shows in most of them, and they take a millisecond
# What float32 arithmetic in another order leaves, and a reset that rounds the state.
CLOSE = 1e-3


def check_environment(data: Transitions, boxes: tuple[Box, Box] | None, *, replay: bool) -> None:
    """Raises unless the environment of the data exists and fits them.

    Args:
        data: with the environment and its options.
        boxes: of the recorded observations and actions, in the environment's units; None where
            only their sizes are known.
        replay: also make some logged steps again, where the environment begins in any state.

    Raises:
        InputError: no environment or one that cannot be made, other sizes, other boxes, or logged
            steps that it answers otherwise.
    """
    if not data.env_id:
        raise InputError(
            f"Dataset {data.name!r} does not say which environment it was logged in. Name it: "
            f"load_dataset({data.name!r}, env_id=...)."
        )
    try:
        there = env_boxes(data.env_id, dict(data.env_kwargs))
    except (InputError, gym.error.Error) as error:
        raise InputError(
            f"Dataset {data.name!r} belongs to the environment {data.env_id!r}, which cannot be "
            f"made here: {error} Install the package that has it, or name another one with env_id."
        ) from error
    sizes = tuple(box.shape[0] for box in there)
    expected = (data.observation_size, data.action_size)
    if sizes != expected:
        raise InputError(
            f"Dataset {data.name!r} has observation and action sizes {expected}, but its "
            f"environment {data.env_id!r} has {sizes}. Name the right one with env_id."
        )
    for kind, here, its in zip(("observations", "actions"), boxes or (), there, strict=False):
        _check_box(data, kind, here, its)
    if replay:
        _replay(data)


def _check_box(data: Transitions, kind: str, here: Box, there: Box) -> None:
    """Raises where both boxes have a bound, and not the same one."""
    for side in ("low", "high"):
        ours, theirs = (getattr(box, side).astype(np.float64) for box in (here, there))  # (size,)
        known = np.isfinite(ours) & np.isfinite(theirs)
        known &= np.maximum(np.abs(ours), np.abs(theirs)) < np.finfo(np.float32).max
        differ = known & ~np.isclose(ours, theirs, rtol=1e-5, atol=1e-6)
        if differ.any():
            dimension = int(np.argmax(differ))
            raise InputError(
                f"The {kind} of dataset {data.name!r} were recorded in a box whose {side} is "
                f"{ours[dimension]:g} in dimension {dimension}; in its environment "
                f"{data.env_id!r} it is {theirs[dimension]:g}. The same number would mean "
                f"something else online. Name the environment of the recording with env_id; or, "
                "if only the recorded box is wrong, give the rows to rlft.Transitions.from_arrays, "
                "which scales actions by the environment's box."
            )


def _replay(data: Transitions) -> None:
    """Raises where the environment answers some logged steps otherwise than the data say."""
    starts = starts_of(data.env_id)
    if starts is None:
        return
    options = dict(data.env_kwargs)
    rows = np.unique(np.linspace(0, len(data) - 1, REPLAYED).astype(int))
    with closing(make_vec(data.env_id, 1, env_kwargs=options)) as env:
        rows = rows[starts.can_begin(env, data.observations[rows])]
    if rows.size == 0:
        return
    answers, over = [], data.terminations[rows]  # over: (R,)
    for seed in (0, 1):  # an environment that draws lots answers itself otherwise, too
        with closing(make_vec(data.env_id, len(rows), time_limit=None, env_kwargs=options)) as env:
            starts.begin(env, data.observations[rows], seed)
            seen, rewards, ended, _, info = env.step(data.actions[rows])
            reached = true_next_observations(seen, info)
            # What stands after the end of a task is of no use, and often not logged.
            reached = np.where(over[:, None], data.next_observations[rows], reached)
            answers.append(np.column_stack([reached, rewards, ended]))
    logged = np.column_stack([data.next_observations[rows], data.rewards[rows], over])  # (R, O + 2)
    scale = CLOSE * np.maximum(1.0, np.abs(logged))
    repeats = (np.abs(answers[0] - answers[1]) <= scale).all(axis=1)  # (R,)
    wrong = repeats & ~(np.abs(answers[0] - logged) <= scale).all(axis=1)
    if repeats.all() and wrong.any():
        first = int(np.argmax(wrong))
        shown = [
            f"next observation {np.round(row[:-2], 4).tolist()}, reward {row[-2]:.4g}, "
            f"{'terminated' if row[-1] else 'not terminated'}"
            for row in (logged[first], answers[0][first])
        ]
        raise InputError(
            f"Row {int(rows[first])} of dataset {data.name!r} does not fit its environment "
            f"{data.env_id!r} with the options {options}, {int(wrong.sum())} of {len(rows)} rows "
            f"that were tried: logged was {shown[0]}; the environment answers {shown[1]}. Name the "
            "environment and the options of the recording, or correct the columns."
        )
