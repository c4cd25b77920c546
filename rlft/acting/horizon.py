"""h, the number of steps that a guide walks: what a schedule may look at, and what it moves.

A schedule is a frozen value; its `start` makes the mutable `Horizon` of one run, with an h for each
seed. A new h comes into force when the seed's next episode begins, never in the middle of one. The
schedules themselves are in `schedules.py`, `roll_in.py` and `ajs`.

Letters: S seeds.
"""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from rlft.algorithms import Learner
from rlft.algorithms.base import Metrics
from rlft.core.errors import InputError
from rlft.core.registry import Registry
from rlft.data import ReplayBuffer, Transitions
from rlft.nets.policies import Policy


@dataclass(frozen=True)
class ScheduleContext:
    """What a schedule may look at. The networks and the replay change while the run goes on.

    Attributes:
        seeds: S.
        steps: environment steps of the run, per seed.
        time_limit: steps of the longest episode; None if the environment does not declare it.
        data: the logged transitions behind the prior.
        replay: what was collected online (and the data, if it is retained).
        guide: the policy that walks first.
        learner: the explorer's learner.
        seed: start of the schedule's random stream.
        device: where the networks live.
        progress: whether a schedule that has to train something first shows a progress bar.
    """

    seeds: int
    steps: int
    time_limit: int | None
    data: Transitions
    replay: ReplayBuffer
    guide: Policy
    learner: Learner
    seed: int
    device: torch.device
    progress: bool = False


class Horizon:
    """h of each seed while a run goes on. Subclasses move `proposed`.

    A loop calls `after_evaluation` where there is one, then `after_step`, then `begin_episodes`:
    returns and estimates are of the h before both, and what they say counts for the episode that
    begins next.

    Args:
        initial: (S,) h of the first episodes, 0 or more.

    Attributes:
        proposed: (S,) h of the episodes that begin next.
        current: (S,) h of the episodes that are under way.
    """

    def __init__(self, initial: np.ndarray) -> None:
        self.proposed = np.asarray(initial, dtype=np.int64).copy()  # (S,)
        self.current = self.proposed.copy()  # (S,)

    def begin_episodes(self, begins: np.ndarray) -> None:
        """Brings the proposed h into force where a new episode begins, (S,) bool."""
        self.current[begins] = self.proposed[begins]

    def after_step(self, step: int) -> None:
        """Called after each environment step and its updates, with the number of steps so far."""

    def after_evaluation(self, step: int, returns: np.ndarray) -> None:
        """Called with the returns (S,) of guide and explorer together at the proposed h."""

    def metrics(self) -> Metrics:
        """What to record, each (S,)."""
        return {"guide_steps": torch.as_tensor(self.current, dtype=torch.float32)}


class Schedule(Protocol):
    """A rule that chooses h."""

    def start(self, context: ScheduleContext) -> Horizon:
        """Begins a run.

        Raises:
            InputError: if the schedule does not fit the environment or the run.
        """
        ...


SCHEDULES: Registry[type] = Registry(
    "schedule",
    lambda value: isinstance(value, type) and is_dataclass(value) and hasattr(value, "start"),
    lambda value: value.__name__,
)
"""The classes of schedules by name."""


def longest(steps: int | None, context: ScheduleContext) -> int:
    """An h as given, or the time limit for None, after checking that it fits the episode.

    Raises:
        InputError: if h is beyond the episode, or if it is the whole episode and the environment
            declares no time limit.
    """
    limit = context.time_limit
    if steps is None:
        if limit is None:
            raise InputError(
                "The guide should walk the whole episode, but the environment declares no time "
                "limit. Give the number of steps, for example Fixed(steps=100), or register the "
                "environment with max_episode_steps."
            )
        return limit
    if limit is not None and steps > limit:
        raise InputError(
            f"h={steps} is beyond the episode, which ends after {limit} steps at the latest. Give "
            f"{limit} or less, or None for the whole episode."
        )
    return steps


def as_tensor(horizon: np.ndarray, device: torch.device) -> Tensor:
    """h of each seed, (S,) int64, as a tensor of its own: later changes of h do not reach it."""
    return torch.tensor(horizon, dtype=torch.int64, device=device)
