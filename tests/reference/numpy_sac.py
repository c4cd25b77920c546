"""One update of SAC, CQL and Cal-QL in float64 NumPy, for one seed.

Letters: E ensemble members, M target critics drawn, B batch, n sampled actions.
"""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
from numpy_learners import Draws, Metrics, Parts, Reference, Rows
from numpy_losses import aggregate, conservative, sac_policy, squared_error, td_target, temperature
from numpy_nets import Array, Params, q_backward, q_values

from rlft.algorithms import CQLConfig, SACConfig


def joined(minibatches: list[Rows]) -> Rows:
    """All rows, in order."""
    return Rows(
        *(np.concatenate(column) for column in zip(*map(astuple, minibatches), strict=True))
    )


class SAC(Reference):
    """Haarnoja et al. 2018, with what WSRL (Zhou et al. 2025) and RLPD (Ball et al. 2023) add."""

    def __init__(self, config: SACConfig, parts: Parts) -> None:
        rates = {
            "critics": config.critic_lr,
            "policy": config.policy_lr,
            "temperature": config.temperature_lr,
        }
        super().__init__(parts, config, rates)
        self.config = config

    def alpha(self) -> float:
        return float(np.exp(self.parts["temperature"][0]["log"][0]))

    def target_subset(self, draws: Draws) -> list[Params]:
        """The target critics whose minimum counts: all, or M drawn with or without replacement."""
        critics, config = self.parts["target_critics"], self.config
        if config.target_subset in (None, len(critics)):
            return critics
        if config.target_replacement:
            chosen = draws.integer.pop(0)
        else:  # the M largest of E random scores: distinct, every set equally likely
            chosen = np.argsort(draws.uniform.pop(0))[-config.target_subset :]
        assert len(chosen) == config.target_subset
        return [critics[i] for i in chosen]

    def next_value(self, rows: Rows, draws: Draws) -> Array:
        """max over n actions a' ~ pi of min over critics Q'(s', a') (- alpha log pi)."""
        critics = self.target_subset(draws)
        noise = draws.normal.pop(0).reshape(len(rows.rewards), self.config.target_actions, -1)
        candidates = []
        for i in range(self.config.target_actions):
            action, log_prob = self.policy.sample(rows.next_observations, noise[:, i])
            value = q_values(critics, rows.next_observations, action).min(0)
            if self.config.backup_entropy:
                value = value - self.alpha() * log_prob
            candidates.append(value)
        return np.max(candidates, 0)

    def critic_gradient(self, rows: Rows, draws: Draws) -> tuple[list[Params], Metrics]:
        target = td_target(
            rows.rewards, rows.terminations, self.next_value(rows, draws), self.config.gamma
        )
        q = q_values(self.parts["critics"], rows.observations, rows.actions)
        loss, d_q = squared_error(q, target)
        gradient, _ = q_backward(self.parts["critics"], rows.observations, rows.actions, d_q)
        return gradient, {"critic_loss": loss, "q": float(q.mean())}

    def update_critics(self, rows: Rows, draws: Draws) -> Metrics:
        gradient, metrics = self.critic_gradient(rows, draws)
        self.descend("critics", gradient)
        self.move_targets(self.config.polyak)
        return metrics

    def update(self, rows: Rows, draws: Draws) -> Metrics:
        return {**self.update_critics(rows, draws), **self.update_policy(rows, draws)}

    def online_step(self, minibatches: list[Rows], draws: Draws) -> Metrics:
        """WSRL's updates of one environment step: critics on each minibatch, policy on all rows.

        Its code hands all networks to each update, with gradients of zero for those not asked for.
        """
        metrics: Metrics = {}
        for rows in minibatches:
            metrics |= self.update_critics(rows, draws)
            self.idle("policy")
            self.idle("temperature")
        metrics |= self.update_policy(joined(minibatches), draws)
        self.idle("critics")
        return metrics

    def update_policy(self, rows: Rows, draws: Draws) -> Metrics:
        s, critics, alpha = rows.observations, self.parts["critics"], self.alpha()
        noise = draws.normal.pop(0)
        action, log_prob = self.policy.sample(s, noise)
        q, share = aggregate(q_values(critics, s, action), self.config.policy_objective)
        loss, d_q, d_log_prob = sac_policy(q, log_prob, alpha)
        _, d_action = q_backward(critics, s, action, d_q * share)
        self.descend("policy", [self.policy.sample_backward(s, noise, d_action, d_log_prob)])
        entropy_goal = self.config.target_entropy * action.shape[1]
        log = self.parts["temperature"][0]["log"]
        _, d_log = temperature(float(log[0]), log_prob, entropy_goal)
        self.descend("temperature", [{"log": np.array([d_log])}])
        return {"policy_loss": loss, "entropy": float(-log_prob.mean()), "temperature": alpha}


class CQL(SAC):
    """Kumar et al. 2020; with `calibrated`, Nakamoto et al. 2023."""

    def __init__(self, config: CQLConfig, parts: Parts, seed: int) -> None:
        super().__init__(config, parts)
        self.cql = config
        weight = config.weight
        self.weight = weight[seed] if isinstance(weight, tuple) else weight

    def critic_gradient(self, rows: Rows, draws: Draws) -> tuple[list[Params], Metrics]:
        gradient, metrics = super().critic_gradient(rows, draws)
        s, n, critics = rows.observations, self.cql.sampled_actions, self.parts["critics"]
        size, action_size = rows.actions.shape
        here, there = (draws.normal.pop(0).reshape(size, n, -1) for _ in range(2))
        uniform = 2 * draws.uniform.pop(0).reshape(size, n, -1) - 1
        box = np.full(size, -action_size * np.log(2))  # the density of the box [-1, 1]^A is 2^-A
        behaviour = rows.returns_to_go if self.cql.calibrated else np.full(size, -np.inf)
        nothing = np.full(size, -np.inf)  # Cal-QL spares the uniform actions its floor
        proposals = [(uniform[:, i], box, nothing) for i in range(n)]
        proposals += [(*self.policy.sample(s, here[:, i]), behaviour) for i in range(n)]
        after = rows.next_observations
        proposals += [(*self.policy.sample(after, there[:, i]), behaviour) for i in range(n)]
        chosen = list(range(len(critics)))
        if self.cql.penalty_subset not in (None, len(critics)):
            chosen = list(draws.integer.pop(0))  # with replacement: one may stand there twice
        penalised = [critics[i] for i in chosen]
        # All of them are judged at s, also those that the policy proposes at s'.
        q = np.stack([q_values(penalised, s, action) for action, _, _ in proposals], 2)
        penalty, d_q, d_data = conservative(
            q,
            np.stack([density for _, density, _ in proposals], 1),
            q_values(penalised, s, rows.actions),
            np.stack([floor for _, _, floor in proposals], 1),
        )
        if self.cql.calibrated:
            floors = np.stack([floor for _, _, floor in proposals[n:]], 1)
            metrics["floor_known"] = float(np.isfinite(rows.returns_to_go).mean())
            metrics["floor_active"] = float((q[..., n:] < floors).mean())
        terms = [(rows.actions, d_data)] + [(p[0], d_q[..., i]) for i, p in enumerate(proposals)]
        for action, d in terms:
            for i, part in zip(chosen, q_backward(penalised, s, action, d)[0], strict=True):
                for name in part:
                    gradient[i][name] = gradient[i][name] + self.weight * part[name]
        return gradient, {**metrics, "cql_penalty": penalty}

    def update(self, rows: Rows, draws: Draws) -> Metrics:
        if not self.cql.same_weights:
            return super().update(rows, draws)
        gradient, metrics = self.critic_gradient(rows, draws)
        metrics |= self.update_policy(rows, draws)
        self.descend("critics", gradient)
        self.move_targets(self.config.polyak)
        return metrics
