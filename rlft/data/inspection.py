"""A data doctor: what a log holds, what is wrong with it, and the log without its bad episodes.

Whatever makes a log unusable is refused when it becomes `Transitions`. What is found here can be
trained on, and misleads: episodes glued together, copies, a clock that says something else than the
environment's, actions that only ever stood at the border.
"""

from __future__ import annotations

from dataclasses import dataclass

import gymnasium as gym
import numpy as np

from rlft.core.errors import InputError
from rlft.data.continuity import jumps, taken_after_reset
from rlft.data.episodes import ARRAYS
from rlft.data.transitions import Transitions
from rlft.envs import env_boxes, time_limit_of

# Each column's range is cut into that many parts: what is empty between full ones is a gap.
PARTS = 20
# An action this near to the border was clipped, or saturated before it was logged.
BORDER = 0.999


@dataclass(frozen=True, eq=False, repr=False)
class Findings:
    """What `inspect` found in a log of N rows and K episodes. Printed, it says so in words.

    Attributes:
        data: the log.
        time_limit: of its environment; None if there is none, or none is known.
        jumps: rows (J,) that do not lead to the row after them, within an episode.
        taken_after_reset: rows (J,) whose next observation is the next episode's first one.
        copied_rows: rows (J,) that equal an earlier one in everything but the time step.
        copied_episodes: episodes (J,) that equal an earlier one in every row.
        too_long: episodes (J,) longer than the time limit.
        cut_early: episodes (J,) that were truncated before the longest truncated one: by the end
            of a recording, or by somebody who stopped it.
        coverage: (O,), share of the range of each observation in which there are rows, in [0, 1]:
            of the environment's range where it has bounds, else of the log's own.
        constant: columns (J,) of the observations that never change.
        action_coverage: (A,), share of the range of each action, -1 to 1, in which there are rows.
        saturation: (A,), share of rows with this action at its border, in [0, 1].
        unused: dimensions (J,) of the actions that never change.
    """

    data: Transitions
    time_limit: int | None
    jumps: np.ndarray
    taken_after_reset: np.ndarray
    copied_rows: np.ndarray
    copied_episodes: np.ndarray
    too_long: np.ndarray
    cut_early: np.ndarray
    coverage: np.ndarray
    constant: np.ndarray
    action_coverage: np.ndarray
    saturation: np.ndarray
    unused: np.ndarray

    @property
    def bad_episodes(self) -> np.ndarray:
        """Numbers (J,) of the episodes that mislead: broken, copied, or too long."""
        rows = np.concatenate([self.jumps, self.taken_after_reset])
        broken = np.searchsorted(self.data.episode_starts, rows, side="right") - 1
        return np.unique(np.concatenate([broken, self.copied_episodes, self.too_long]))

    def without_bad_episodes(self) -> Transitions:
        """The log without its bad episodes.

        Raises:
            InputError: no episode would be left.
        """
        every = np.arange(len(self.data.episode_starts))
        good = np.setdiff1d(every, self.bad_episodes)
        if good.size == 0:
            raise InputError(
                f"Every episode of dataset {self.data.name!r} has something wrong, see "
                "inspect(data). What is wrong with all of them comes from how they were recorded "
                "or read: mend that. Transitions.from_arrays makes its own next_observations."
            )
        return self.data.select_episodes(good)

    def __repr__(self) -> str:
        lines = {
            "episodes": self._episodes(),
            "ends": self._ends(),
            "continuity": self._continuity(),
            "copies": f"of earlier rows: {self.copied_rows.size:,}"
            + _some(self.copied_episodes, "whole episodes"),
            "rewards": self._rewards(),
            "observations": f"fill {_span(self.coverage)} of their ranges"
            + _some(self.constant, "columns that never change"),
            "actions": f"fill {_span(self.action_coverage)} of their ranges, at their border in "
            f"{_span(self.saturation)} of the rows"
            + _some(self.unused, "dimensions that never change"),
            "leave out": self._advice(),
        }
        count = len(self.data.episode_starts)
        head = f"{self.data.name}: {len(self.data):,} rows in {count:,} episodes"
        return "\n".join([head, *(f"  {name:<13} {text}" for name, text in lines.items())])

    def _episodes(self) -> str:
        lengths, returns = self.data.episode_lengths(), self.data.episode_returns()
        limit = "no time limit is known" if self.time_limit is None else f"limit {self.time_limit}"
        return (
            f"{lengths.min()} to {lengths.max()} steps ({limit}), returns {returns.min():.4g} to "
            f"{returns.max():.4g}{_some(self.too_long, 'too long')}"
        )

    def _ends(self) -> str:
        ended, cut = (int(flags.sum()) for flags in (self.data.terminations, self.data.truncations))
        early = _some(self.cut_early, "cut earlier than others")
        return f"{ended:,} terminated, {cut:,} truncated{early}"

    def _continuity(self) -> str:
        broken = _some(self.jumps, "rows that do not lead to the next") + _some(
            self.taken_after_reset, "last observations taken after the reset"
        )
        return (
            broken.removeprefix("; ") or "each row leads to the next, and no end to the next start"
        )

    def _rewards(self) -> str:
        low, high = self.data.reward_range
        different = len(np.unique(self.data.rewards))
        nothing = ": nothing can be learned from one" if different == 1 else ""
        return f"{low:g} to {high:g}, {different:,} different values{nothing}"

    def _advice(self) -> str:
        bad = self.bad_episodes
        if bad.size == 0:
            return "no episode"
        return (
            f"episodes: {bad.size:,} ({_numbers(bad)}). Go on with "
            "inspect(data).without_bad_episodes()"
        )


def inspect(data: Transitions) -> Findings:
    """Looks a log over: episodes, ends, continuity, copies, coverage, rewards, actions.

        found = rlft.inspect(data)          # printed, it says what it found
        rlft.show.plot_inspection(found)
        data = found.without_bad_episodes()

    Args:
        data: the log; `Transitions.from_arrays` makes one of a dictionary of columns.
    """
    arrays = {field: getattr(data, field) for field in ARRAYS}
    lengths, starts = data.episode_lengths(), data.episode_starts
    limit, low, high = _environment(data)
    columns = (data.observations, data.actions, data.rewards[:, None], data.next_observations)
    rows = np.column_stack([*columns, data.terminations, data.truncations])  # (N, W)
    episodes = [rows[first : first + n].tobytes() for first, n in zip(starts, lengths, strict=True)]
    cut = data.truncations[starts + lengths - 1]  # (K,)
    longest = lengths[cut].max(initial=0)
    return Findings(
        data=data,
        time_limit=limit,
        jumps=jumps(arrays),
        taken_after_reset=taken_after_reset(arrays),
        copied_rows=_copies([row.tobytes() for row in rows]),
        copied_episodes=_copies(episodes),
        too_long=np.flatnonzero(lengths > (limit or np.inf)),
        cut_early=np.flatnonzero(cut & (lengths < longest)),
        coverage=_coverage(data.observations, low, high),
        constant=np.flatnonzero(np.ptp(data.observations, axis=0) == 0),
        action_coverage=_coverage(data.actions, -1.0, 1.0),
        saturation=(np.abs(data.actions) >= BORDER).mean(axis=0),
        unused=np.flatnonzero(np.ptp(data.actions, axis=0) == 0),
    )


def _copies(items: list[bytes]) -> np.ndarray:
    """Places of the items that were there before."""
    seen: set[bytes] = set()
    return np.array([i for i, item in enumerate(items) if item in seen or seen.add(item)], int)


def _environment(data: Transitions) -> tuple[int | None, np.ndarray, np.ndarray]:
    """Time limit and bounds (O,) of the observations; where they are not known, None and -+inf."""
    unknown = np.full(data.observation_size, np.inf)
    try:
        options = dict(data.env_kwargs)
        seen, limit = env_boxes(data.env_id, options)[0], time_limit_of(data.env_id, options)
    except (InputError, gym.error.Error):  # it is not installed here, or was not named
        return None, -unknown, unknown
    fits = seen.shape == unknown.shape
    return (limit, seen.low, seen.high) if fits else (limit, -unknown, unknown)


def _coverage(values: np.ndarray, low: np.ndarray | float, high: np.ndarray | float) -> np.ndarray:
    """Share of the parts of each column's range that have a row: (N, size) to (size,)."""
    low = np.where(np.isfinite(low), low, values.min(axis=0))
    high = np.where(np.isfinite(high), high, values.max(axis=0))
    width = high - low
    parts = (values - low) / np.where(width > 0, width, 1.0) * PARTS  # (N, size)
    parts = np.clip(parts, 0, PARTS - 1).astype(int)
    shares = [len(np.unique(column)) / PARTS for column in parts.T]
    return np.where(width > 0, shares, 1.0)


def _some(numbers: np.ndarray, what: str) -> str:
    """What is said of some rows or episodes; nothing where there are none."""
    return f"; {what}: {numbers.size:,} ({_numbers(numbers)})" if numbers.size else ""


def _numbers(numbers: np.ndarray) -> str:
    """The first few of them."""
    return ", ".join(map(str, numbers[:5])) + (", ..." if numbers.size > 5 else "")


def _span(shares: np.ndarray) -> str:
    """Percentages from the lowest to the highest."""
    low, high = (f"{100 * share:.0f}" for share in (shares.min(), shares.max()))
    return f"{low} %" if low == high else f"{low} to {high} %"
