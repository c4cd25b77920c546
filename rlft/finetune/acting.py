"""Who acts: the rules that choose the next action online.

A rule is a frozen value with one method. The epsilon-greedy and jump-start rules of PORL, JSRL and
AJS are further values of the same kind.

Letters: S seeds, O observation size, A action size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from rlft.algorithms import Learner
from rlft.policies import Policy


@dataclass(frozen=True)
class Moment:
    """What a rule may look at when it chooses.

    Attributes:
        observations: (S, O).
        timesteps: (S,), the step within each seed's episode, 0 at its start.
        learner: the online learner.
        frozen_policy: the policy as it came from pre-training; it never changes.
        generator: source of randomness.
    """

    observations: Tensor
    timesteps: Tensor
    learner: Learner
    frozen_policy: Policy
    generator: torch.Generator


class Acting(Protocol):
    """A rule that chooses actions."""

    @property
    def random_share(self) -> float:
        """Share of steps, in [0, 1], at which a uniform random action is taken."""
        ...

    def act(self, moment: Moment) -> Tensor:
        """Chooses the next actions, (S, A) in [-1, 1]."""
        ...


def _sample(policy: Policy, moment: Moment) -> Tensor:
    return policy.sample(moment.observations.unsqueeze(1), moment.generator).squeeze(1)  # (S, A)


@dataclass(frozen=True)
class LearnerActs:
    """The policy that is being trained acts, sampled: plain online learning."""

    @property
    def random_share(self) -> float:
        """None: every action is the policy's own."""
        return 0.0

    def act(self, moment: Moment) -> Tensor:
        """Samples the learner's policy."""
        return _sample(moment.learner.policy, moment)


@dataclass(frozen=True)
class FrozenActs:
    """The pre-trained policy acts, sampled and unchanged: WSRL's warm-up."""

    @property
    def random_share(self) -> float:
        """None: every action is the policy's own."""
        return 0.0

    def act(self, moment: Moment) -> Tensor:
        """Samples the pre-trained policy."""
        return _sample(moment.frozen_policy, moment)
