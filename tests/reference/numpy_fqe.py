"""Fitted Q evaluation in float64 NumPy, for one seed (Le et al. 2019; DOPE: Fu et al. 2021).

Q_e(s, a, t) = U f_e(s, t / T, a), where U is the largest return of an episode and f_e a network.
Each member is fitted to a target of its own, r + gamma Q'_e(s', a', t + 1).

Letters: E ensemble members, B batch, O observation size, A action size.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy_learners import Draws, Metrics, Parts, Rows
from numpy_nets import Adam, Array, Params, polyak, q_backward, q_values
from numpy_policies import AnyPolicy

from rlft.algorithms.fqe.learner import FQEConfig

# Acts at states (B, O) and steps (B,) with the recorded noise.
Act = Callable[[Array, Array, Draws], Array]


def stationary(policy: AnyPolicy, mode: bool) -> Act:
    def act(states: Array, timesteps: Array, draws: Draws) -> Array:
        return policy.mode(states) if mode else policy.sample(states, draws.normal.pop(0))[0]

    return act


def switching(guide: AnyPolicy, explorer: AnyPolicy, horizon: int) -> Act:
    """The guide at steps 0 ... h - 1, the explorer from step h on."""

    def act(states: Array, timesteps: Array, draws: Draws) -> Array:
        first, then = (stationary(p, False)(states, timesteps, draws) for p in (guide, explorer))
        rows = zip(first, then, timesteps, strict=True)
        return np.stack([a if t < horizon else b for a, b, t in rows])

    return act


def discounted_steps(gamma: float, steps: float) -> float:
    """1 + gamma + ... of `steps` terms, term by term; the limit for infinitely many."""
    if np.isinf(steps):
        return 1 / (1 - gamma)
    return float(sum(gamma**k for k in range(int(steps))))


class FQE:
    """E critics, their targets, Adam.

    Args:
        config: the library's configuration.
        parts: weights to start from, changed in place.
        time_limit: T of the environment.
        reward_range: smallest and largest reward of a step.
    """

    def __init__(
        self, config: FQEConfig, parts: Parts, time_limit: int, reward_range: tuple[float, float]
    ) -> None:
        self.config, self.parts = config, parts
        self.time_limit, self.reward_range = time_limit, reward_range
        self.ends = time_limit if config.finite_horizon else np.inf
        largest = max(abs(reward) for reward in reward_range)
        self.unit = largest * discounted_steps(config.gamma, self.ends)
        self.adams = [Adam(config.lr) for _ in parts["critics"]]
        self.gradients: Parts = {}
        self.updates = 0

    def states(self, observations: Array, timesteps: Array) -> Array:
        """What the networks see: observations, with the clock if they are to see it."""
        if not self.config.time_aware:
            return observations
        # Only an endless return asks for t = T; it is read one step earlier.
        clock = np.minimum(timesteps, self.time_limit - 1) / self.time_limit
        return np.concatenate((observations, clock[:, None]), 1)

    def q(self, critics: list[Params], observations: Array, actions: Array, t: Array) -> Array:
        return self.unit * q_values(critics, self.states(observations, t), actions)  # (E, B)

    def bootstrapped(self, rows: Rows, act: Act, draws: Draws) -> Array:
        """(E, B)."""
        next_timesteps = rows.timesteps + 1
        actions = act(rows.next_observations, next_timesteps, draws)
        q = self.q(self.parts["target_critics"], rows.next_observations, actions, next_timesteps)
        over = (rows.terminations == 1) | (next_timesteps >= self.ends)
        target = rows.rewards + self.config.gamma * np.where(over, 0.0, q)
        return target

    def possible(self, target: Array, rows: Rows) -> Array:
        """Within the returns that the log's rewards and all those since then allow."""
        if not self.config.clip:
            return target
        low, high = self.reward_range
        self.reward_range = min(low, rows.rewards.min()), max(high, rows.rewards.max())
        return self.clipped(target, rows.timesteps)

    def clipped(self, target: Array, timesteps: Array) -> Array:
        """An episode ends after 1, 2, ... or all remaining rewards: the extremes of those sums."""
        low, high = self.reward_range
        bounded = np.empty_like(target)
        for i, t in enumerate(timesteps):
            # Of the sums of 1, 2, ... equal rewards the shortest or the longest is the extreme.
            sums = [1.0, discounted_steps(self.config.gamma, self.ends - t)]
            bounded[:, i] = np.clip(
                target[:, i], min(low * k for k in sums), max(high * k for k in sums)
            )
        return bounded

    def update(self, rows: Rows, act: Act, draws: Draws) -> Metrics:
        free = self.bootstrapped(rows, act, draws)
        target = self.possible(free, rows)
        critics = self.parts["critics"]
        q = self.q(critics, rows.observations, rows.actions, rows.timesteps)
        error = (q - target) / self.unit
        # d error / d f = 1: the unit cancels, which is what it is for.
        gradients, _ = q_backward(
            critics,
            self.states(rows.observations, rows.timesteps),
            rows.actions,
            2 * error / error.size,
        )
        self.gradients = {"critics": gradients}
        for adam, net, gradient in zip(self.adams, critics, gradients, strict=True):
            adam.step(net, gradient)
        self.updates += 1
        config = self.config
        if config.target == "soft" or self.updates % config.hard_every == 0:
            rate = config.polyak if config.target == "soft" else 1.0
            for copy, net in zip(self.parts["target_critics"], critics, strict=True):
                polyak(copy, net, rate)
        return {
            "fqe_loss": float((error**2).mean()),
            "fqe_q": float(q.mean()),
            "fqe_clipped": float((target != free).mean()),
        }
