"""Which returns are possible from step t on: how many rewards are left, and how large they can be.

Fitted Q evaluation clips its targets to this range and measures returns in units of it.

Letters: S seeds, E ensemble members, B batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rlft.core.checks import refused, within


def check_discount(gamma: float, finite_horizon: bool) -> None:
    """Raises InputError unless gamma lies in [0, 1), or in [0, 1] where the return ends."""
    hint = "Use 0.98; gamma=1 with finite_horizon=True only, where the return ends."
    within(0, 1, without=() if finite_horizon else (1,), gamma=gamma, hint=hint)


@dataclass(frozen=True)
class PossibleReturns:
    """The returns that the rewards of an environment allow.

    Attributes:
        gamma: discount per step, in [0, 1]; below 1 without a time limit.
        reward_range: smallest and largest reward of one step; None if it is not known.
        time_limit: T, the step at which the return ends; None if it never does.

    Raises:
        InputError: a reward range out of order, or a discount outside its range.
    """

    gamma: float
    reward_range: tuple[float, float] | None = None
    time_limit: int | None = None

    def __post_init__(self) -> None:
        check_discount(self.gamma, self.time_limit is not None)
        if self.reward_range is not None and self.reward_range[0] > self.reward_range[1]:
            raise refused(
                "reward_range",
                self.reward_range,
                "the smallest reward of a step, then the largest",
                "Give data.reward_range, for example.",
            )

    def steps_left(self, timesteps: Tensor) -> Tensor:
        """The return of a reward of 1 at each step from t to the end, 1 + gamma + gamma^2 + ...

        Args:
            timesteps: (S, B), the step within the episode, from 0.

        Returns:
            (S, B): T - t if undiscounted, 1 / (1 - gamma) without a time limit.
        """
        gamma = self.gamma
        if self.time_limit is None:
            return torch.full_like(timesteps, 1 / (1 - gamma), dtype=torch.float32)
        left = (self.time_limit - timesteps).float()
        return left if gamma == 1 else (1 - gamma**left) / (1 - gamma)

    def unit(self, timesteps: Tensor) -> Tensor:
        """Size of the largest return from step t on, (S, B); unknown rewards count as 1."""
        largest = 1.0 if self.reward_range is None else max(map(abs, self.reward_range))
        return (largest or 1.0) * self.steps_left(timesteps)  # 1 too where all rewards are 0

    def clip(
        self,
        returns: Tensor,
        timesteps: Tensor,
        lowest: Tensor | None = None,
        highest: Tensor | None = None,
    ) -> Tensor:
        """Moves returns from step t < T on into the possible range.

        The episode may end at any step: from one reward to all that are left, all is possible.

        Args:
            returns: (S, E, B).
            timesteps: (S, B).
            lowest: (S,), the smallest reward of a step; None for that of `reward_range`.
            highest: (S,), the largest, likewise.

        Returns:
            (S, E, B).
        """
        if lowest is None or highest is None:
            assert self.reward_range is not None
            lowest, highest = (torch.tensor([reward]) for reward in self.reward_range)
        left = self.steps_left(timesteps).unsqueeze(1)  # (S, 1, B), 1 or more
        low, high = lowest.view(-1, 1, 1), highest.view(-1, 1, 1)  # (S, 1, 1)
        return returns.clamp(torch.minimum(low * left, low), torch.maximum(high * left, high))
