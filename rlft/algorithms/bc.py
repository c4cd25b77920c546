"""Behaviour cloning: maximise the likelihood of the logged actions.

It has no critic at all, which makes it the prior of PORL's setting: only a policy.

Letters: S seeds, B batch, O observation size, A action size.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rlft.algorithms.base import Learner, Metrics
from rlft.core.errors import InputError
from rlft.core.registry import stored
from rlft.data import Batch
from rlft.nets.policies import PolicyConfig
from rlft.nets.stacked import CriticConfig, adam


@stored
@dataclass(frozen=True)
class BCConfig:
    """Behaviour cloning by negative log-likelihood (as in WSRL's code).

    Attributes:
        policy: policy network.
        critics: unused here; the shape of fresh critics, should the policy be fine-tuned.
        gamma: unused here; kept for the fine-tuning that follows.
        batch_size: transitions per seed and update.
        policy_lr: Adam step size.
    """

    policy: PolicyConfig = PolicyConfig()
    critics: CriticConfig = CriticConfig()
    gamma: float = 0.98
    batch_size: int = 128
    policy_lr: float = 1e-3


def bc_loss(log_prob: Tensor) -> Tensor:
    """-E_D[log pi(a|s)]: (S, B) to (S,)."""
    return -log_prob.mean(1)


class BC(Learner):
    """S behaviour-cloned policies."""

    config: BCConfig

    def __init__(
        self,
        config: BCConfig,
        observation_size: int,
        action_size: int,
        seeds: int,
        seed: int = 0,
        device: str | torch.device = "cpu",
    ):
        super().__init__(config, observation_size, action_size, seeds, seed, device)
        self._optimizers = {"policy": adam(self.policy.parameters(), config.policy_lr)}

    def parts(self) -> dict[str, nn.Module]:
        return {"policy": self.policy}

    def optimizers(self) -> dict[str, torch.optim.Adam]:
        return self._optimizers

    def update_critics(self, batch: Batch) -> Metrics:
        """Nothing to do: behaviour cloning has no critics. Counts the update."""
        self.updates += 1
        return {}

    def update_policy(self, batch: Batch) -> Metrics:
        loss = bc_loss(self.policy.log_prob(batch.observations, batch.actions))
        self.descend("policy", loss)
        return {"policy_loss": loss.detach()}

    def value(self, observations: Tensor, actions: Tensor) -> Tensor:
        raise InputError(
            "A behaviour-cloned policy has no Q function. Ask a prior of 'cql', 'calql', 'iql', "
            "'inac' or 'sac', or estimate the policy's value with rollouts."
        )
