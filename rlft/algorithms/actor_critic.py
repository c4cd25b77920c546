"""What SAC, CQL, IQL and InAC share: an ensemble of critics, and targets that follow them.

Letters: S seeds, B batch, O observation size, A action size.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from rlft.algorithms.base import Learner
from rlft.nets.stacked import QEnsemble


class ActorCritic(Learner):
    """S learners with critics; a subclass's `build` starts with ``super().build()``.

    Attributes:
        critics: E critics for each seed, which the subclass trains.
        target_critics: a copy, moved by `move_targets` only.
    """

    def build(self) -> None:
        sizes = (self.seeds, self.observation_size, self.action_size)
        self.critics = self.add_part(
            "critics", QEnsemble(*sizes, self.config.critics, self.generator)
        )
        self.target_critics = self.add_part(
            "target_critics", copy.deepcopy(self.critics).requires_grad_(False)
        )

    def move_targets(self, share: float) -> None:
        """Moves the target critics by a share in (0, 1] of their way to the critics."""
        self.follow("target_critics", "critics", share)

    @torch.no_grad()
    def value(self, observations: Tensor, actions: Tensor) -> Tensor:
        """The lowest of the critics: (S, B, O), (S, B, A) to (S, B)."""
        return self.critics(observations, actions).amin(1)  # (S, B)
