"""Soft actor-critic (Haarnoja et al. 2018), in the form that fine-tuning papers use.

Three code bases run three different "SACs"; each difference is a field of `SACConfig`: entropy in
the backup or not, minimum or mean over critics in the policy loss, how many target critics, which
target entropy. WSRL's, RLPD's and a lab's plain SAC are values of it.

Letters: S seeds, E ensemble members, M target critics drawn, B batch, A action size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rlft.algorithms.actor_critic import ActorCritic
from rlft.algorithms.base import Metrics
from rlft.core.checks import one_of, positive
from rlft.core.registry import stored
from rlft.data import Batch
from rlft.nets.layers import repeat_rows
from rlft.nets.policies import PolicyConfig
from rlft.nets.stacked import CriticConfig, check_subset, random_members

OBJECTIVES = ("min", "mean")


@stored
@dataclass(frozen=True)
class SACConfig:
    """Soft actor-critic.

    Attributes:
        policy: policy network.
        critics: Q ensemble.
        gamma: discount per step, in [0, 1).
        batch_size: transitions per seed and update.
        critic_lr: Adam step size of the critics.
        policy_lr: Adam step size of the policy.
        temperature_lr: Adam step size of the temperature; 0 keeps it fixed.
        polyak: share of the way the target critics move at each update, in (0, 1].
        target_subset: target critics whose minimum makes the target; None for all of them.
        target_replacement: draw that subset with replacement (WSRL) or without (RLPD).
        target_actions: next actions sampled for the target, of which the best counts (1: plain;
            CQL and Cal-QL take 10 on all tasks, WSRL's SAC on AntMaze only).
        backup_entropy: entropy bonus inside the target (RLPD on locomotion, plain SAC) or not
            (WSRL, Cal-QL). Without it Q is the plain discounted return, comparable to rollouts.
        policy_objective: the policy climbs the minimum (WSRL) or the mean (RLPD) of all critics.
        initial_temperature: alpha at the start of training, > 0, where no prior gives it.
        temperature_form: alpha is ``"exp"`` or ``"softplus"`` (WSRL) of the number that Adam moves.
            At alpha = 1 a step changes a softplus 0.63 times as much, at small alpha as much.
        target_entropy: in nats for each action dimension, so that A of them make the target; -1 is
            the usual choice, RLPD takes -0.5.

    Raises:
        InputError: a target subset that the ensemble cannot fill, a temperature that is not
            positive, or an unknown policy objective or form of the temperature.
    """

    policy: PolicyConfig = PolicyConfig()
    critics: CriticConfig = CriticConfig()
    gamma: float = 0.98
    batch_size: int = 128
    critic_lr: float = 1e-3
    policy_lr: float = 1e-3
    temperature_lr: float = 1e-3
    polyak: float = 0.03
    target_subset: int | None = None
    target_replacement: bool = True
    target_actions: int = 1
    backup_entropy: bool = False
    policy_objective: Literal["min", "mean"] = "min"
    initial_temperature: float = 1.0
    target_entropy: float = -1.0
    temperature_form: Literal["exp", "softplus"] = "exp"

    def __post_init__(self) -> None:
        one_of(OBJECTIVES, policy_objective=self.policy_objective)
        one_of(TEMPERATURES, temperature_form=self.temperature_form)
        positive(
            initial_temperature=self.initial_temperature,
            hint="Its logarithm is learned. For almost no entropy bonus give 0.01.",
        )
        check_subset("target_subset", self.target_subset, self.critics.ensemble)


def td_target(rewards: Tensor, terminations: Tensor, next_values: Tensor, gamma: float) -> Tensor:
    """Bellman target r + gamma (1 - terminated) V(s').

    Truncation is not an argument: a truncated episode goes on in principle, so it bootstraps.

    Args:
        rewards: (S, B).
        terminations: (S, B), 1 where the task ended, 0 elsewhere.
        next_values: (S, B), the value of the next state.
        gamma: discount in [0, 1).

    Returns:
        (S, B).
    """
    return rewards + gamma * (1 - terminations) * next_values


def critic_loss(q: Tensor, target: Tensor) -> Tensor:
    """Squared error, averaged over ensemble and batch: q (S, E, B), target (S, B) to (S,)."""
    return (q - target.unsqueeze(1)).square().mean((1, 2))


def policy_loss(q: Tensor, log_prob: Tensor, alpha: Tensor) -> Tensor:
    """E[alpha log pi(a|s) - Q(s, a)] for a ~ pi (Haarnoja et al. 2018, equation 7).

    Args:
        q: (S, B), the aggregated critics at the policy's actions.
        log_prob: (S, B), log-density of these actions.
        alpha: (S,), temperature, a constant here.

    Returns:
        (S,).
    """
    return (alpha.unsqueeze(1) * log_prob - q).mean(1)


def temperature_loss(alpha: Tensor, log_prob: Tensor, target_entropy: float) -> Tensor:
    """alpha (H - H_target): raises alpha while the entropy is below its target.

    Args:
        alpha: (S,), with gradient.
        log_prob: (S, B), a constant here; the entropy H is minus its mean.
        target_entropy: in nats.

    Returns:
        (S,).
    """
    return alpha * (-log_prob.mean(1) - target_entropy)


class Temperature(nn.Module):
    """One positive temperature per seed, stored as its logarithm (S,)."""

    def __init__(self, values: Tensor):
        super().__init__()
        self.log = nn.Parameter(values.log())  # (S,)

    def forward(self) -> Tensor:
        """The temperature alpha, (S,)."""
        return self.log.exp()


class SoftplusTemperature(nn.Module):
    """One positive temperature per seed, stored as the number whose softplus it is (S,)."""

    def __init__(self, values: Tensor):
        super().__init__()
        self.raw = nn.Parameter(values.expm1().log())  # (S,)

    def forward(self) -> Tensor:
        """The temperature alpha, (S,)."""
        return F.softplus(self.raw)


TEMPERATURES = {"exp": Temperature, "softplus": SoftplusTemperature}


class SAC(ActorCritic):
    """S soft actor-critic learners."""

    config: SACConfig

    def build(self) -> None:
        super().build()
        config = self.config
        start = torch.full((self.seeds,), config.initial_temperature, device=self.device)
        self.temperature = self.add_part(
            "temperature", TEMPERATURES[config.temperature_form](start)
        )
        self.target_entropy = config.target_entropy * self.action_size
        self.add_optimizer("critics", config.critic_lr)
        self.add_optimizer("policy", config.policy_lr)
        self.add_optimizer("temperature", config.temperature_lr)

    @property
    def entropy_temperature(self) -> Tensor:
        return self.temperature().detach()  # (S,)

    def start_temperature(self, values: Tensor) -> None:
        start = type(self.temperature)(values.to(self.device))
        self.temperature.load_state_dict(start.state_dict())

    @property
    def has_entropy_bonus(self) -> bool:
        return self.config.backup_entropy

    @torch.no_grad()
    def next_value(self, batch: Batch) -> Tensor:
        """Value of the next states under the target critics, (S, B)."""
        config = self.config
        members = random_members(
            self.seeds,
            config.critics.ensemble,
            config.target_subset,
            config.target_replacement,
            self.generator,
        )
        n, states = config.target_actions, batch.next_observations
        observations = repeat_rows(states, n)  # (S, B * n, O)
        if config.backup_entropy:
            actions, log_prob = self.policy.rsample_each(states, n, self.generator)
            q = self.target_critics(observations, actions, members).amin(1)  # (S, B * n)
            q = q - self.temperature().unsqueeze(1) * log_prob
        else:  # and no density is needed
            actions = self.policy.sample(states, self.generator, n)
            q = self.target_critics(observations, actions, members).amin(1)
        return q.unflatten(1, (-1, n)).amax(2)  # (S, B)

    def critic_loss(self, batch: Batch) -> tuple[Tensor, Metrics]:
        """The loss of the critics (S,) and what to log; CQL adds its penalty here."""
        target = td_target(
            batch.rewards, batch.terminations, self.next_value(batch), self.config.gamma
        )
        q = self.critics(batch.observations, batch.actions)  # (S, E, B)
        loss = critic_loss(q, target)
        return loss, {"critic_loss": loss.detach(), "q": q.detach().mean((1, 2))}

    def update_critics(self, batch: Batch) -> Metrics:
        self.updates += 1
        loss, metrics = self.critic_loss(batch)
        self.descend("critics", loss)
        self.move_targets(self.config.polyak)
        return metrics

    def update_policy(self, batch: Batch) -> Metrics:
        actions, log_prob = self.policy.rsample(batch.observations, self.generator)
        q = self.critics(batch.observations, actions)  # (S, E, B)
        q = q.amin(1) if self.config.policy_objective == "min" else q.mean(1)  # (S, B)
        alpha = self.temperature()
        loss = policy_loss(q, log_prob, alpha.detach())
        of_alpha = temperature_loss(alpha, log_prob.detach(), self.target_entropy)
        self.descend_all({"policy": loss, "temperature": of_alpha})
        return {
            "policy_loss": loss.detach(),
            "entropy": -log_prob.detach().mean(1),
            "temperature": alpha.detach(),
        }
