"""Implicit Q-learning (Kostrikov et al. 2022): learn Q without ever asking for an unseen action.

V is an upper expectile of Q over the logged actions, Q bootstraps from V, and the policy imitates
the logged actions weighted by their advantage.

Letters: S seeds, E ensemble members, B batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rlft.algorithms.actor_critic import ActorCritic
from rlft.algorithms.base import Metrics
from rlft.algorithms.sac import critic_loss, td_target
from rlft.core.registry import stored
from rlft.data import Batch
from rlft.nets.policies import PolicyConfig
from rlft.nets.stacked import CriticConfig, ValueNet, check_subset, random_members


@stored
@dataclass(frozen=True)
class IQLConfig:
    """Implicit Q-learning.

    Attributes:
        policy: policy network (the authors' class is the unsquashed one).
        critics: Q ensemble; V has the same widths.
        gamma: discount per step, in [0, 1).
        batch_size: transitions per seed and update.
        lr: Adam step size of all networks, constant (no decay that would jump at the switch).
        polyak: share of the way the target critics move at each update.
        expectile: in [0.5, 1); 0.5 is the mean, towards 1 the maximum (authors: 0.7 and 0.9).
        inverse_temperature: beta of the advantage weights (3 locomotion, 10 AntMaze), in units of
            one over reward.
        weight_clip: largest advantage weight; the authors' 100.
        critic_subset: target critics whose minimum stands for Q, drawn anew, with replacement, for
            the loss of V and for the policy's (WSRL's code with ten critics: 2); None for all.
        same_weights: an update takes all gradients at the weights that it finds (WSRL's code);
            else V steps first, then Q from the new V, then the policy (nearly IQL's own code).

    Raises:
        InputError: a subset that the ensemble cannot fill.
    """

    policy: PolicyConfig = PolicyConfig(kind="tanh-mean-normal")
    critics: CriticConfig = CriticConfig()
    gamma: float = 0.98
    batch_size: int = 128
    lr: float = 1e-3
    polyak: float = 0.03
    expectile: float = 0.9
    inverse_temperature: float = 3.0
    weight_clip: float = 100.0
    critic_subset: int | None = None
    same_weights: bool = False

    def __post_init__(self) -> None:
        check_subset("critic_subset", self.critic_subset, self.critics.ensemble)


def expectile_loss(error: Tensor, expectile: float) -> Tensor:
    """|tau - 1(u < 0)| u^2 for u = Q - V (Kostrikov et al. 2022, equation 5).

    Args:
        error: (S, B), Q minus V.
        expectile: tau in (0, 1).

    Returns:
        (S,), the mean over the batch.
    """
    weight = torch.where(error < 0, 1 - expectile, expectile)
    return (weight * error.square()).mean(1)


def advantage_weight(advantage: Tensor, inverse_temperature: float, clip: float) -> Tensor:
    """min(exp(beta (Q - V)), clip), computed in log space so that exp cannot overflow.

    Args:
        advantage: (S, B).
        inverse_temperature: beta >= 0.
        clip: upper bound of the weight, > 0.

    Returns:
        (S, B).
    """
    limit = torch.tensor(clip).log().item()
    return (inverse_temperature * advantage).clamp(max=limit).exp()


class IQL(ActorCritic):
    """S implicit Q-learners."""

    config: IQLConfig

    def build(self) -> None:
        super().build()
        sizes = (self.seeds, self.observation_size)
        self.state_value = self.add_part(
            "state_value", ValueNet(*sizes, self.config.critics, self.generator)
        )
        for name in ("state_value", "critics", "policy"):
            self.add_optimizer(name, self.config.lr)

    @torch.no_grad()
    def target_q(self, batch: Batch) -> Tensor:
        """The minimum of the target critics that count, at the logged actions: (S, B)."""
        subset, ensemble = self.config.critic_subset, self.config.critics.ensemble
        members = random_members(self.seeds, ensemble, subset, True, self.generator)
        return self.target_critics(batch.observations, batch.actions, members).amin(1)  # (S, B)

    def value_loss(self, batch: Batch) -> Tensor:
        """The expectile loss of V, (S,)."""
        v = self.state_value(batch.observations)  # (S, B)
        return expectile_loss(self.target_q(batch) - v, self.config.expectile)

    def critic_loss(self, batch: Batch) -> tuple[Tensor, Metrics]:
        """The squared TD error of the critics, which bootstrap from V: (S,), and what to log."""
        with torch.no_grad():
            next_value = self.state_value(batch.next_observations)
        target = td_target(batch.rewards, batch.terminations, next_value, self.config.gamma)
        q = self.critics(batch.observations, batch.actions)  # (S, E, B)
        loss = critic_loss(q, target)
        return loss, {"critic_loss": loss.detach(), "q": q.detach().mean((1, 2))}

    def update_critics(self, batch: Batch) -> Metrics:
        """V, then Q from the V just updated, as the authors do, then the targets."""
        self.updates += 1
        value_loss = self.value_loss(batch)
        self.descend("state_value", value_loss)
        loss, metrics = self.critic_loss(batch)
        self.descend("critics", loss)
        self.move_targets(self.config.polyak)
        return {**metrics, "value_loss": value_loss.detach()}

    def update_policy(self, batch: Batch) -> Metrics:
        """The authors update the policy between V and Q; here the targets are one step newer."""
        config = self.config
        with torch.no_grad():
            advantage = self.target_q(batch) - self.state_value(batch.observations)  # (S, B)
            weight = advantage_weight(advantage, config.inverse_temperature, config.weight_clip)
        log_prob = self.policy.log_prob(batch.observations, batch.actions)
        loss = -(weight * log_prob).mean(1)  # (S,)
        self.descend("policy", loss)
        return {"policy_loss": loss.detach(), "advantage_weight": weight.mean(1)}

    def update(self, batch: Batch) -> Metrics:
        if not self.config.same_weights:
            return super().update(batch)
        self.updates += 1
        value_loss = self.value_loss(batch)
        loss, metrics = self.critic_loss(batch)
        metrics |= self.update_policy(batch)  # V and Q, whose losses are known, have not moved yet
        self.descend("state_value", value_loss)
        self.descend("critics", loss)
        self.move_targets(self.config.polyak)
        return {**metrics, "value_loss": value_loss.detach()}
