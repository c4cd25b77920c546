"""In-sample actor-critic (Xiao et al. 2023): a soft maximum over the actions the data contains.

The policy imitates logged actions, weighted by exp((Q - V) / tau) over their probability under the
behaviour policy, so it never climbs Q at an action that nobody tried. That makes it the stable,
slow method of the AJS paper.

Letters: S seeds, E ensemble members, B batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from rlft.algorithms.actor_critic import ActorCritic
from rlft.algorithms.base import Metrics
from rlft.algorithms.bc import bc_loss
from rlft.algorithms.sac import critic_loss, td_target
from rlft.core.checks import positive, refused
from rlft.core.registry import stored
from rlft.data import Batch
from rlft.nets.policies import PolicyConfig, make_policy
from rlft.nets.stacked import CriticConfig, ValueNet


@stored
@dataclass(frozen=True)
class InACConfig:
    """In-sample actor-critic.

    Attributes:
        policy: policy network (the authors' class is the unsquashed one).
        critics: Q ensemble; V has the same widths.
        gamma: discount per step, in [0, 1).
        batch_size: transitions per seed and update.
        lr: Adam step size of all networks.
        polyak: share of the way the target critics move at each update.
        temperature: tau > 0, in units of reward; small is greedy (authors: 0.01 to 0.5).
        weight_range: smallest and largest weight of a logged action (authors: 1e-8, 1e4; one
            action of weight 1e4 outvotes a whole batch, so the course's default is 1e2).
        backup_entropy: the authors' entropy term inside both targets.

    Raises:
        InputError: a temperature or a weight bound that is not positive.
    """

    policy: PolicyConfig = PolicyConfig(kind="tanh-mean-normal")
    critics: CriticConfig = CriticConfig()
    gamma: float = 0.98
    batch_size: int = 128
    lr: float = 1e-3
    polyak: float = 0.03
    temperature: float = 0.1
    weight_range: tuple[float, float] = (1e-8, 1e2)
    backup_entropy: bool = True

    def __post_init__(self) -> None:
        low, high = self.weight_range
        positive(temperature=self.temperature, hint="The authors use 0.01 to 0.5.")
        if not 0 < low <= high:
            raise refused(
                "weight_range",
                self.weight_range,
                "two positive numbers in order",
                "The authors use (1e-8, 1e4).",
            )


def inac_weight(
    q: Tensor,
    value: Tensor,
    behaviour_log_prob: Tensor,
    temperature: float,
    weight_range: tuple[float, float],
) -> Tensor:
    """exp((Q - V) / tau - log pi_b), clipped (Xiao et al. 2023, equation 14).

    Clipped in log space, before exp: at tau = 0.01 the exponent overflows float32 otherwise.

    Args:
        q: (S, B), the minimum of the critics at the logged action.
        value: (S, B), V(s).
        behaviour_log_prob: (S, B), log pi_b of the logged action.
        temperature: tau > 0.
        weight_range: smallest and largest weight, both > 0.

    Returns:
        (S, B).
    """
    exponent = (q - value) / temperature - behaviour_log_prob
    low, high = math.log(weight_range[0]), math.log(weight_range[1])
    return exponent.clamp(low, high).exp()


class InAC(ActorCritic):
    """S in-sample actor-critics."""

    config: InACConfig

    def build(self) -> None:
        super().build()
        config, sizes = self.config, (self.seeds, self.observation_size)
        self.state_value = self.add_part(
            "state_value", ValueNet(*sizes, config.critics, self.generator)
        )
        self.behaviour = self.add_part(
            "behaviour", make_policy(config.policy, *sizes, self.action_size, self.generator)
        )
        for name in ("behaviour", "state_value", "critics", "policy"):
            self.add_optimizer(name, config.lr)

    @property
    def entropy_temperature(self) -> Tensor:
        return torch.full((self.seeds,), self.config.temperature, dtype=torch.float64)

    @property
    def has_entropy_bonus(self) -> bool:
        return self.config.backup_entropy

    @torch.no_grad()
    def soft_value(self, observations: Tensor) -> Tensor:
        """min_j Q'_j(s, a) - tau log pi(a|s) for one a ~ pi, (S, B, O) to (S, B)."""
        actions, log_prob = self.policy.rsample(observations, self.generator)
        value = self.target_critics(observations, actions).amin(1)  # (S, B)
        if self.config.backup_entropy:
            value = value - self.config.temperature * log_prob
        return value

    def update_critics(self, batch: Batch) -> Metrics:
        """V, Q, targets. The authors' order, as the behaviour policy enters the policy loss only.

        The behaviour policy moves with the policy, so that a warm-up moves neither.
        """
        self.updates += 1
        config = self.config
        v = self.state_value(batch.observations)  # (S, B)
        value_loss = (self.soft_value(batch.observations) - v).square().mean(1)
        self.descend("state_value", value_loss)
        next_value = self.soft_value(batch.next_observations)
        target = td_target(batch.rewards, batch.terminations, next_value, config.gamma)
        q = self.critics(batch.observations, batch.actions)  # (S, E, B)
        q_loss = critic_loss(q, target)
        self.descend("critics", q_loss)
        self.move_targets(config.polyak)
        return {
            "critic_loss": q_loss.detach(),
            "value_loss": value_loss.detach(),
            "q": q.detach().mean((1, 2)),
        }

    def update_policy(self, batch: Batch) -> Metrics:
        """First the behaviour policy, then the policy with weights that it makes."""
        config = self.config
        behaviour_loss = bc_loss(self.behaviour.log_prob(batch.observations, batch.actions))
        self.descend("behaviour", behaviour_loss)
        with torch.no_grad():
            weight = inac_weight(
                self.critics(batch.observations, batch.actions).amin(1),
                self.state_value(batch.observations),
                self.behaviour.log_prob(batch.observations, batch.actions),
                config.temperature,
                config.weight_range,
            )  # (S, B)
        log_prob = self.policy.log_prob(batch.observations, batch.actions)
        loss = -(weight * log_prob).mean(1)  # (S,)
        self.descend("policy", loss)
        clipped = (weight >= 0.999 * config.weight_range[1]).float().mean(1)  # exp rounds the edge
        return {
            "policy_loss": loss.detach(),
            "behaviour_loss": behaviour_loss.detach(),
            "weight": weight.mean(1),
            "weight_clipped": clipped,
        }
