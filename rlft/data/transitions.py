"""A logged dataset as flat arrays: one row for each transition, episodes one after the other.

`Transitions` is the one form in which data reaches every learner, whatever it was read from. It
checks itself when it is made, so that a NaN or an action outside the box is named here, with its
row, and does not come back hours later as a NaN loss. Terminations (the task ended, bootstrap
stops) and truncations (the clock ended, bootstrap goes on) stay apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from rlft.core.errors import InputError
from rlft.data.episodes import ARRAYS, check_arrays, discounted_sums, return_floors, unseen_shares


@dataclass(frozen=True, eq=False, repr=False)
class Transitions:
    """N logged transitions of one environment; rows are in the order in which they happened.

    An episode starts where `timesteps` is 0 and ends at the row that carries a termination or a
    truncation, so every episode must end with one of the two.

    Attributes:
        observations: (N, O) float32.
        actions: (N, A) float32, normalised to [-1, 1]; rounding beyond the box is clipped.
        rewards: (N,) float32, the environment's own, unless `transform_rewards` made the dataset.
        next_observations: (N, O) float32, at an episode's end the true last observation.
        terminations: (N,) bool, the task ended here: the value after this row is zero.
        truncations: (N,) bool, the clock ended here: the value after this row is not zero.
        timesteps: (N,) int32, step within the episode, from 0.
        name: the dataset's name.
        env_id: Gymnasium id of the environment that the data was logged in.
        env_kwargs: options of that environment as (key, value) pairs.

    Raises:
        InputError: empty data, lengths or shapes that disagree, NaN or infinite values, actions
            outside [-1, 1], or time steps that contradict the episode ends.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    next_observations: np.ndarray
    terminations: np.ndarray
    truncations: np.ndarray
    timesteps: np.ndarray
    name: str = "unnamed"
    env_id: str = ""
    env_kwargs: tuple[tuple[str, object], ...] = ()

    def __post_init__(self) -> None:
        arrays = {
            field: np.ascontiguousarray(getattr(self, field), dtype=dtype)
            for field, dtype in ARRAYS.items()
        }
        check_arrays(arrays, self.name)
        arrays["actions"] = np.clip(arrays["actions"], -1.0, 1.0)
        for field, array in arrays.items():
            object.__setattr__(self, field, array)

    def __len__(self) -> int:
        return len(self.rewards)

    @property
    def observation_size(self) -> int:
        """O, numbers in one observation."""
        return self.observations.shape[1]

    @property
    def action_size(self) -> int:
        """A, numbers in one action."""
        return self.actions.shape[1]

    @property
    def reward_range(self) -> tuple[float, float]:
        """Smallest and largest reward of one step."""
        return float(self.rewards.min()), float(self.rewards.max())

    @cached_property
    def episode_starts(self) -> np.ndarray:
        """First row of each of the K episodes, (K,) int64, increasing."""
        return np.flatnonzero(self.timesteps == 0)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all arrays, 64 hexadecimal digits; equal data has equal digests."""
        content = hashlib.sha256()
        for field in ARRAYS:
            array = getattr(self, field)
            content.update(f"{field}{array.dtype}{array.shape}".encode())
            content.update(array.tobytes())
        return content.hexdigest()

    def episode_lengths(self) -> np.ndarray:
        """Steps of each episode, (K,) int64."""
        return np.diff(self.episode_starts, append=len(self))

    def episode_returns(self) -> np.ndarray:
        """Undiscounted sum of rewards of each episode, (K,) float64."""
        return np.add.reduceat(self.rewards.astype(np.float64), self.episode_starts)

    def returns_to_go(self, gamma: float) -> np.ndarray:
        """Discounted sum of rewards from each row to its episode's end.

        A truncated episode is summed as far as it was seen, without a bootstrapped rest, as in
        Cal-QL's published code (Nakamoto et al. 2023). With negative rewards that is too high.

        Args:
            gamma: discount for one step, in [0, 1].

        Returns:
            (N,) float32.

        Raises:
            InputError: gamma outside [0, 1].
        """
        return discounted_sums(self.rewards, self.terminations | self.truncations, gamma)

    def return_floor(self, gamma: float, smallest_reward: float | None = None) -> np.ndarray:
        """What the behaviour earned at least from each row on: the floor of Cal-QL.

        The return-to-go, and after an episode that the clock cut off the smallest reward for ever;
        see `return_floors`.

        Args:
            gamma: discount for one step, in [0, 1].
            smallest_reward: the smallest that the environment can give; None: that of the data.

        Returns:
            (N,) float32.

        Raises:
            InputError: gamma outside [0, 1].
        """
        smallest = self.reward_range[0] if smallest_reward is None else smallest_reward
        ends = self.terminations | self.truncations
        return return_floors(self.rewards, ends, self.terminations, gamma, smallest)

    def floor_share(self, gamma: float) -> float:
        """Share of the rows whose floor says something, in [0, 1].

        A row counts if at least half of its discounted future was seen: what was not seen enters at
        its worst, so that the floors of other rows lie far below any return.
        """
        ends = self.terminations | self.truncations
        return float((unseen_shares(ends, self.terminations, gamma) <= 0.5).mean())

    def select_episodes(self, episodes: Sequence[int] | np.ndarray) -> Transitions:
        """The dataset reduced to some of its episodes, in the order given.

        Args:
            episodes: numbers of episodes, each in 0 ... K-1.

        Raises:
            InputError: no episode given, or one that does not exist.
        """
        starts = self.episode_starts
        chosen = np.asarray(episodes, dtype=np.int64)
        if chosen.size == 0:
            raise InputError("No episode was selected. Give at least one episode number.")
        wrong = chosen[(chosen < 0) | (chosen >= len(starts))]
        if wrong.size:
            raise InputError(
                f"There is no episode {int(wrong[0])} in dataset {self.name!r}. It has "
                f"{len(starts)}: use numbers from 0 to {len(starts) - 1}."
            )
        pieces = np.split(np.arange(len(self)), starts[1:])  # the rows of each episode
        rows = np.concatenate([pieces[k] for k in chosen])
        return replace(self, **{field: getattr(self, field)[rows] for field in ARRAYS})

    def __repr__(self) -> str:
        returns = self.episode_returns()
        # The spread of one return does not exist: say so rather than print NaN.
        several = len(returns) > 1
        spread = f" ± {returns.std(ddof=1):.1f} (std)" if several else " (one episode: no spread)"
        low, high = self.reward_range
        return (
            f"Transitions({self.name}: {len(self):,} transitions, {len(returns):,} "
            f"episode{'s' if several else ''}, env {self.env_id or 'unknown'}\n"
            f"  observations {self.observations.shape}, actions {self.actions.shape}, "
            f"rewards {low:g} to {high:g}\n"
            f"  return {returns.mean():.1f}{spread}, from {returns.min():.1f} to "
            f"{returns.max():.1f}; {int(self.terminations.sum()):,} terminated, "
            f"{int(self.truncations.sum()):,} truncated)"
        )


def options_of(
    data: Transitions, env_id: str, env_kwargs: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The environment's options: as given, else those of the data if it was logged there."""
    if env_kwargs is not None:
        return dict(env_kwargs)
    return dict(data.env_kwargs) if data.env_id == env_id else {}
