"""Behaviour cloning: maximise the likelihood of the logged actions.

It has no critic at all, which makes it the prior of PORL's setting: only a policy.

Letters: S seeds, B batch, O observation size, A action size.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from rlft.algorithms.base import Learner, Metrics
from rlft.core.registry import stored
from rlft.data import Batch
from rlft.nets.policies import PolicyConfig
from rlft.nets.stacked import CriticConfig


@stored
@dataclass(frozen=True)
class BCConfig:
    """Behaviour cloning by negative log-likelihood, as in WSRL's code (kind="normal" there).

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

    def build(self) -> None:
        self.add_optimizer("policy", self.config.policy_lr)

    def update_critics(self, batch: Batch) -> Metrics:
        """Nothing to do: behaviour cloning has no critics. Counts the update."""
        self.updates += 1
        return {}

    def update_policy(self, batch: Batch) -> Metrics:
        loss = bc_loss(self.policy.log_prob(batch.observations, batch.actions))
        self.descend("policy", loss)
        return {"policy_loss": loss.detach()}
