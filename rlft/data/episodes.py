"""The rules of flat arrays of episodes: their types, their episode boundaries, their checks.

Rows are transitions, episodes lie one after the other, and an episode ends at the row that carries
a termination or a truncation. `check_arrays` names the first thing that is wrong with its row.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rlft.core.checks import at_least, finite, shaped, within
from rlft.core.errors import InputError

# Every array of a dataset with the type it is stored in; the order is the order of the digest.
ARRAYS: dict[str, type[np.generic]] = {
    "observations": np.float32,
    "actions": np.float32,
    "rewards": np.float32,
    "next_observations": np.float32,
    "terminations": np.bool_,
    "truncations": np.bool_,
    "timesteps": np.int32,
}

# The arrays with two axes; the others have one number for each row.
MATRICES = ("observations", "actions", "next_observations")

# float32 arithmetic on an action box of any size leaves errors of about 1e-6 around the bounds;
# an action further out than this was not rounded, it was never clipped.
ACTION_TOLERANCE = 1e-4


def discounted_sums(rewards: np.ndarray, ends: np.ndarray, gamma: float) -> np.ndarray:
    """Return-to-go of every row: G_t = r_t + gamma G_{t+1}, and G_T = r_T at an episode's end.

    Args:
        rewards: (N,) rewards, episodes one after the other.
        ends: (N,) bool, true at the last row of each episode.
        gamma: discount for one step, in [0, 1].

    Returns:
        (N,) float32, summed in float64.

    Raises:
        InputError: gamma outside [0, 1].
    """
    check_gamma(gamma)
    sums = []
    after = 0.0
    # Plain floats: a recursion cannot be vectorised, and a million rows take 0.2 s this way.
    for reward, end in zip(rewards[::-1].tolist(), ends[::-1].tolist(), strict=True):
        after = reward + (0.0 if end else gamma * after)
        sums.append(after)
    return np.array(sums[::-1], dtype=np.float32)


def unseen_shares(ends: np.ndarray, terminations: np.ndarray, gamma: float) -> np.ndarray:
    """How much of its discounted future each row's episode does not show.

    Args:
        ends: (N,) bool, true at the last row of each episode.
        terminations: (N,) bool, true where the task ended: nothing comes after.
        gamma: discount for one step, in [0, 1].

    Returns:
        (N,) float64: gamma^n where the clock cut the episode off n rows later, the row itself
        included; 0 where the task ended.
    """
    check_gamma(gamma)
    last = np.flatnonzero(ends)  # (K,)
    of_row = last[np.searchsorted(last, np.arange(len(ends)))]  # (N,), its episode's last row
    steps = of_row - np.arange(len(ends)) + 1
    return np.where(terminations[of_row], 0.0, float(gamma) ** steps)


def return_floors(
    rewards: np.ndarray,
    ends: np.ndarray,
    terminations: np.ndarray,
    gamma: float,
    smallest: float,
) -> np.ndarray:
    """What each row's behaviour earns at least: the floor of Cal-QL.

    The seen rewards, and for what the clock cut off the worst that can follow, the smallest reward
    for ever: gamma^n smallest / (1 - gamma). In an episode of nothing but that reward it is
    smallest / (1 - gamma) in every row, as in Cal-QL's code for a sparse task that was not solved.

    Args:
        rewards: (N,) rewards, episodes one after the other.
        ends: (N,) bool, true at the last row of each episode.
        terminations: (N,) bool, true where the task ended.
        gamma: discount for one step, in [0, 1].
        smallest: the smallest reward of one step that the environment can give. Above 0 it counts
            as 0: the task may end at once.

    Returns:
        (N,) float32; -inf where rewards are negative and gamma is 1, as the rest has no bound.
    """
    floors = discounted_sums(rewards, ends, gamma)  # (N,), of what was seen
    least = min(smallest, 0.0)
    if least < 0:
        unseen = unseen_shares(ends, terminations, gamma)  # (N,)
        cut = unseen > 0
        floors[cut] += unseen[cut] * (least / (1 - gamma) if gamma < 1 else -np.inf)
    return floors


def timesteps_of(ends: np.ndarray) -> np.ndarray:
    """Step within its episode of every row.

    Args:
        ends: (N,) bool, true at the last row of each episode.

    Returns:
        (N,) int32, 0 at the first row and at each row after an end.
    """
    rows = np.arange(len(ends))
    starts = np.concatenate([[True], ends[:-1]])
    return (rows - np.maximum.accumulate(np.where(starts, rows, 0))).astype(np.int32)


def check_gamma(gamma: float) -> None:
    """Raises InputError unless the discount lies in [0, 1]."""
    within(0, 1, gamma=gamma, hint="A discount of 0.98 is usual here.")


def check_arrays(arrays: Mapping[str, np.ndarray], name: str) -> None:
    """Checks all arrays of a dataset; see `Transitions` for what each of them means.

    Args:
        arrays: one array for each name in `ARRAYS`.
        name: the dataset's name, for the message.

    Raises:
        InputError: no rows, shapes that disagree, NaN or infinite values, actions outside
            [-1, 1], or time steps that contradict the episode ends.
    """
    _check_shapes(arrays, name)
    numbers = {field: arrays[field] for field in (*MATRICES, "rewards")}
    hint = f"Remove those episodes of dataset {name!r}, or fetch it again."
    finite(**numbers, hint=hint, of="Transitions")
    _check_boundaries(arrays, name)
    _check_actions(arrays["actions"], name)


def _check_shapes(arrays: Mapping[str, np.ndarray], name: str) -> None:
    """Raises unless all arrays have the same N > 0 rows and the sizes agree."""
    hint = f"Give each array of dataset {name!r} one row for each transition, of flat numbers."
    rows = len(arrays["observations"])
    for field, array in arrays.items():
        expected = (rows, "size") if field in MATRICES else (rows,)
        shaped(expected, **{field: array}, hint=hint, of="Transitions")
    at_least(
        1,
        transitions=rows,
        observation_size=arrays["observations"].shape[1],
        action_size=arrays["actions"].shape[1],
        hint=f"Dataset {name!r} is empty: record it again.",
    )
    seen = arrays["observations"].shape
    shaped(seen, next_observations=arrays["next_observations"], hint=hint, of="Transitions")


def _check_boundaries(arrays: Mapping[str, np.ndarray], name: str) -> None:
    """Raises unless `timesteps` counts from 0 after each termination or truncation."""
    ends = arrays["terminations"] | arrays["truncations"]
    if not ends[-1]:
        raise InputError(
            f"The last row of dataset {name!r} neither terminates nor truncates. Set its "
            f"truncation: the recording was cut there."
        )
    expected = timesteps_of(ends)
    wrong = np.flatnonzero(arrays["timesteps"] != expected)
    if wrong.size:
        row = int(wrong[0])
        raise InputError(
            f"'timesteps' of dataset {name!r} is {int(arrays['timesteps'][row])} in row {row}, "
            f"expected {int(expected[row])}: it counts from 0 after each termination or "
            f"truncation. `timesteps_of(terminations | truncations)` makes it."
        )


def _check_actions(actions: np.ndarray, name: str) -> None:
    """Raises when an action leaves the box by more than rounding explains."""
    largest = np.abs(actions).max(axis=1)  # (N,)
    outside = largest > 1.0 + ACTION_TOLERANCE
    if outside.any():
        raise InputError(
            f"'actions' of dataset {name!r} leave the box [-1, 1]: |a| reaches "
            f"{float(largest.max()):.4g}, first outside in row {int(np.argmax(outside))}, "
            f"{int(outside.sum())} of {len(actions)} rows. Scale them with the environment's "
            f"action space; if that environment clips, load with clip_actions=True."
        )
