"""Policies that look at the clock: who acts at step t of an episode.

A jump start walks its first h steps with a guide and the rest with an explorer, so its next action
depends on the time step and not on the state alone. Acting, evaluation and fitted Q evaluation all
ask the one function below whose turn it is.

Letters: S seeds, B batch, O observation size, A action size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from rlft.core.checks import shaped
from rlft.core.errors import InputError
from rlft.nets.policies import Policy


class TimedPolicy(Protocol):
    """What fitted Q evaluation needs of the policy that it evaluates."""

    @property
    def seeds(self) -> int:
        """S."""
        ...

    def act(self, observations: Tensor, timesteps: Tensor, generator: torch.Generator) -> Tensor:
        """Chooses actions.

        Args:
            observations: (S, B, O).
            timesteps: (S, B), the step within the episode, from 0.
            generator: source of randomness.

        Returns:
            (S, B, A) in [-1, 1].
        """
        ...


def guide_walks(timesteps: Tensor, horizon: Tensor) -> Tensor:
    """Whether the guide acts: at steps 0 to h - 1, so h steps exactly and none for h = 0.

    Args:
        timesteps: (S, B), the step within the episode, from 0.
        horizon: (S,), h of each seed.

    Returns:
        (S, B) bool.
    """
    return timesteps < horizon.unsqueeze(1)


@dataclass(frozen=True)
class Stationary:
    """A policy that does not look at the clock.

    Attributes:
        policy: S policies.
        mode: act with the most likely action instead of a sampled one.
    """

    policy: Policy
    mode: bool = False

    @property
    def seeds(self) -> int:
        """S."""
        return self.policy.seeds

    def act(self, observations: Tensor, timesteps: Tensor, generator: torch.Generator) -> Tensor:
        """Acts on (S, B, O); the timesteps are not used."""
        if self.mode:
            return self.policy.mode(observations)  # (S, B, A)
        return self.policy.sample(observations, generator)  # (S, B, A)


@dataclass(frozen=True)
class JumpStartPolicy:
    """The guide for the first h steps, the explorer after them (JSRL, Uchendu et al. 2022).

    Attributes:
        guide: S policies.
        explorer: S policies with the same actions.
        horizon: (S,), h of each seed.
        mode: act with the most likely actions instead of sampled ones.

    Raises:
        InputError: if the two differ in seeds, sizes of observation or action, or policy class, or
            if the horizon is not one number per seed.
    """

    guide: Policy
    explorer: Policy
    horizon: Tensor
    mode: bool = False

    def __post_init__(self) -> None:
        check_pair(self.guide, self.explorer)
        shaped((self.seeds,), horizon=self.horizon, hint="Give one h for each seed.")

    @property
    def seeds(self) -> int:
        """S."""
        return self.guide.seeds

    def act(self, observations: Tensor, timesteps: Tensor, generator: torch.Generator) -> Tensor:
        """Acts on (S, B, O) at (S, B) time steps."""
        walks = guide_walks(timesteps, self.horizon).unsqueeze(-1)  # (S, B, 1)
        first, then = (
            Stationary(policy, self.mode).act(observations, timesteps, generator)
            for policy in (self.guide, self.explorer)
        )  # (S, B, A) each
        return torch.where(walks, first, then)  # (S, B, A)


def check_pair(guide: Policy, explorer: Policy) -> None:
    """Raises InputError unless guide and explorer can share an episode."""
    for what in ("seeds", "observation_size", "action_size"):
        theirs, ours = getattr(guide, what), getattr(explorer, what)
        if theirs != ours:
            raise InputError(
                f"The guide has {what}={theirs} and the explorer {what}={ours}. Both act in the "
                "same episode: train them for the same environment, with the same seeds."
            )
    if type(guide) is not type(explorer):
        raise InputError(
            f"The guide is a {type(guide).__name__} and the explorer a {type(explorer).__name__}. "
            "Their noise differs in kind, so that the entropy would jump at every hand-off. Give "
            "both the same PolicyConfig(kind=...), or pre-train the guide with another algorithm."
        )
