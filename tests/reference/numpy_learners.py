"""One update of BC, IQL and InAC in float64 NumPy, for one seed, and what all methods share.

Each class reads like its paper's pseudo-code; the order of the steps, of which the papers have
several, is the library's. Random numbers come from `Draws`: the library's own, recorded.

Letters: E ensemble members, B batch, O observation size, A action size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy_losses import (
    advantage_weight,
    expectile,
    in_sample_weight,
    negative_log_likelihood,
    squared_error,
    td_target,
    weighted_likelihood,
)
from numpy_nets import (
    Adam,
    Array,
    Params,
    backward,
    forward,
    polyak,
    q_backward,
    q_values,
    share_output,
)
from numpy_policies import AnyPolicy, policy_of

from rlft.algorithms import BCConfig, Config, InACConfig, IQLConfig

Parts = dict[str, list[Params]]  # E networks for critics, one for everything else
Metrics = dict[str, float]


@dataclass
class Draws:
    """Random numbers of one seed, each kind in the order in which it is asked for."""

    normal: list[Array]
    uniform: list[Array]  # in [0, 1)
    integer: list[Array]


@dataclass
class Rows:
    """A batch of one seed; the fields are those of the library's `Batch` without their S."""

    observations: Array  # (B, O)
    actions: Array  # (B, A)
    rewards: Array  # (B,)
    next_observations: Array  # (B, O)
    terminations: Array  # (B,)
    returns_to_go: Array  # (B,)
    timesteps: Array  # (B,)


class Reference:
    """Named parts, an Adam for each trained network, and the last gradients.

    Args:
        parts: weights to start from, changed in place.
        config: of the learner.
        rates: Adam's step size of each trained part.
    """

    def __init__(self, parts: Parts, config: Config, rates: dict[str, float]) -> None:
        self.parts, self.shared_output = parts, config.critics.shared_output
        self.policy: AnyPolicy = policy_of(config.policy, parts["policy"][0])
        self.adams = {name: [Adam(rate) for _ in parts[name]] for name, rate in rates.items()}
        self.gradients: Parts = {}

    def descend(self, name: str, gradients: list[Params]) -> None:
        if name == "critics" and self.shared_output:
            gradients = share_output(gradients)
        self.gradients[name] = gradients
        for adam, net, gradient in zip(self.adams[name], self.parts[name], gradients, strict=True):
            adam.step(net, gradient)

    def idle(self, name: str) -> None:
        """A step of Adam on gradients of zero: its memory fades, and what is left of it moves."""
        for adam, net in zip(self.adams[name], self.parts[name], strict=True):
            adam.step(net, {key: np.zeros_like(net[key]) for key in net if key != "epsilon"})

    def move_targets(self, rate: float) -> None:
        for target, source in zip(self.parts["target_critics"], self.parts["critics"], strict=True):
            polyak(target, source, rate)

    def state_value(self, observations: Array) -> Array:
        return forward(self.parts["state_value"][0], observations)[0][:, 0]

    def descend_state_value(self, observations: Array, d_v: Array) -> None:
        net = self.parts["state_value"][0]
        trace = forward(net, observations)[1]
        self.descend("state_value", [backward(net, trace, d_v[:, None])[0]])

    def update(self, rows: Rows, draws: Draws) -> Metrics:
        raise NotImplementedError


class BC(Reference):
    """Maximum likelihood of the logged actions."""

    def __init__(self, config: BCConfig, parts: Parts) -> None:
        super().__init__(parts, config, {"policy": config.policy_lr})

    def update(self, rows: Rows, draws: Draws) -> Metrics:
        s, a = rows.observations, rows.actions
        loss, d = negative_log_likelihood(self.policy.log_prob(s, a))
        self.descend("policy", [self.policy.log_prob_backward(s, a, d)])
        return {"policy_loss": loss}


class IQL(Reference):
    """Kostrikov et al. 2022: V, then Q from the new V, then targets, then the policy."""

    def __init__(self, config: IQLConfig, parts: Parts) -> None:
        rates = dict.fromkeys(("state_value", "critics", "policy"), config.lr)
        super().__init__(parts, config, rates)
        self.config = config

    def update(self, rows: Rows, draws: Draws) -> Metrics:
        if self.config.same_weights:
            return self.update_at_once(rows, draws)
        s, a, config = rows.observations, rows.actions, self.config
        value_loss, d_v = expectile(
            self.lowest(rows, draws),
            self.state_value(s),
            config.expectile,
        )
        self.descend_state_value(s, d_v)
        target = td_target(
            rows.rewards,
            rows.terminations,
            self.state_value(rows.next_observations),
            config.gamma,
        )
        q = q_values(self.parts["critics"], s, a)
        q_loss, d_q = squared_error(q, target)
        self.descend("critics", q_backward(self.parts["critics"], s, a, d_q)[0])
        self.move_targets(config.polyak)
        advantage = self.lowest(rows, draws) - self.state_value(s)
        weight = advantage_weight(advantage, config.inverse_temperature, config.weight_clip)
        policy_loss, d = weighted_likelihood(weight, self.policy.log_prob(s, a))
        self.descend("policy", [self.policy.log_prob_backward(s, a, d)])
        return {
            "value_loss": value_loss,
            "critic_loss": q_loss,
            "q": float(q.mean()),
            "policy_loss": policy_loss,
            "advantage_weight": float(weight.mean()),
        }

    def lowest(self, rows: Rows, draws: Draws) -> Array:
        """Minimum over the target critics, or over M of them, drawn with replacement: (B,)."""
        critics = self.parts["target_critics"]
        if self.config.critic_subset not in (None, len(critics)):
            critics = [critics[i] for i in draws.integer.pop(0)]
        return q_values(critics, rows.observations, rows.actions).min(0)

    def update_at_once(self, rows: Rows, draws: Draws) -> Metrics:
        """All gradients first, then all steps, then the targets."""
        s, a, config = rows.observations, rows.actions, self.config
        v, after = self.state_value(s), self.state_value(rows.next_observations)
        value_loss, d_v = expectile(self.lowest(rows, draws), v, config.expectile)
        target = td_target(rows.rewards, rows.terminations, after, config.gamma)
        q = q_values(self.parts["critics"], s, a)
        q_loss, d_q = squared_error(q, target)
        weight = advantage_weight(
            self.lowest(rows, draws) - v, config.inverse_temperature, config.weight_clip
        )
        policy_loss, d_policy = weighted_likelihood(weight, self.policy.log_prob(s, a))
        of_policy = self.policy.log_prob_backward(s, a, d_policy)
        of_critics = q_backward(self.parts["critics"], s, a, d_q)[0]
        self.descend_state_value(s, d_v)
        self.descend("policy", [of_policy])
        self.descend("critics", of_critics)
        self.move_targets(config.polyak)
        return {
            "value_loss": value_loss,
            "critic_loss": q_loss,
            "q": float(q.mean()),
            "policy_loss": policy_loss,
            "advantage_weight": float(weight.mean()),
        }


class InAC(Reference):
    """Xiao et al. 2023: behaviour policy, V, Q, targets, policy."""

    def __init__(self, config: InACConfig, parts: Parts) -> None:
        rates = dict.fromkeys(("behaviour", "state_value", "critics", "policy"), config.lr)
        super().__init__(parts, config, rates)
        self.behaviour: AnyPolicy = policy_of(config.policy, parts["behaviour"][0])
        self.config = config

    def soft_value(self, observations: Array, noise: Array) -> Array:
        """min_j Q'_j(s, a) - tau log pi(a|s) for a ~ pi."""
        action, log_prob = self.policy.sample(observations, noise)
        bonus = self.config.temperature * log_prob if self.config.backup_entropy else 0.0
        return q_values(self.parts["target_critics"], observations, action).min(0) - bonus

    def update(self, rows: Rows, draws: Draws) -> Metrics:
        s, a, config = rows.observations, rows.actions, self.config
        behaviour_loss, d = negative_log_likelihood(self.behaviour.log_prob(s, a))
        self.descend("behaviour", [self.behaviour.log_prob_backward(s, a, d)])
        value_loss, d_v = squared_error(
            self.state_value(s)[None], self.soft_value(s, draws.normal.pop(0))
        )
        self.descend_state_value(s, d_v[0])
        target = td_target(
            rows.rewards,
            rows.terminations,
            self.soft_value(rows.next_observations, draws.normal.pop(0)),
            config.gamma,
        )
        q = q_values(self.parts["critics"], s, a)
        q_loss, d_q = squared_error(q, target)
        self.descend("critics", q_backward(self.parts["critics"], s, a, d_q)[0])
        self.move_targets(config.polyak)
        low, high = config.weight_range
        weight = in_sample_weight(
            q_values(self.parts["critics"], s, a).min(0),
            self.state_value(s),
            self.behaviour.log_prob(s, a),
            config.temperature,
            low,
            high,
        )
        policy_loss, d = weighted_likelihood(weight, self.policy.log_prob(s, a))
        self.descend("policy", [self.policy.log_prob_backward(s, a, d)])
        return {
            "behaviour_loss": behaviour_loss,
            "value_loss": value_loss,
            "critic_loss": q_loss,
            "q": float(q.mean()),
            "policy_loss": policy_loss,
            "weight": float(weight.mean()),
            "weight_clipped": float((weight >= high).mean()),
        }
