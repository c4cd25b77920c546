"""Fitted Q evaluation: the return of a policy, from logged transitions alone (Le et al. 2019).

Q is fitted to r + gamma Q'(s', a') with a' from the policy under evaluation, which may look at the
clock: a jump start hands over at step h, so its next action is the one of step t + 1. Only task
reward counts, no entropy bonus, so the estimate compares with rollouts. The network predicts a
share of the largest possible return, as in DOPE (Fu et al. 2021), so that any reward fits.

Letters: S seeds, E ensemble members, B batch, K initial states, O observation size, A action size.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from rlft.algorithms.base import Metrics
from rlft.algorithms.fqe.config import Estimate, FQEConfig
from rlft.algorithms.returns import PossibleReturns
from rlft.algorithms.trainable import Trainable
from rlft.core.checks import refused
from rlft.data import Batch
from rlft.nets.stacked import QEnsemble
from rlft.nets.timed import TimedPolicy

__all__ = ["FQE", "Estimate", "FQEConfig"]


class FQE(Trainable):
    """Fitted Q evaluation of S policies at once, each with critics of its own.

    Args:
        config: what is estimated, and how.
        observation_size: O.
        action_size: A.
        seeds: S.
        time_limit: T, steps of the longest episode; needed if `config.time_aware`.
        reward_range: smallest and largest reward of a step, as far as known; needed if
            `config.clip`, which lets it grow with the rewards that `update` meets. The network's
            unit too, if given, which stays.
        seed: start of the random streams, for weights and for the policy's actions.
        device: where weights and batches live.

    Raises:
        InputError: `seeds` < 1, or a time limit or reward range that is needed and missing.
    """

    remedy = "Try clip=True, a smaller learning rate or LayerNorm."

    def __init__(
        self,
        config: FQEConfig,
        observation_size: int,
        action_size: int,
        seeds: int,
        *,
        time_limit: int | None = None,
        reward_range: tuple[float, float] | None = None,
        seed: int = 0,
        device: str | torch.device = "cpu",
    ):
        training, self._estimation_seed = np.random.SeedSequence(seed).generate_state(2).tolist()
        super().__init__(seeds, training, device)
        if config.time_aware and (time_limit is None or time_limit < 1):
            raise refused(
                "time_limit",
                time_limit,
                "1 or more steps, as time_aware=True measures t in parts of the time limit",
                "Give the limit if the environment declares none, or evaluate with "
                "time_aware=False.",
            )
        if config.clip and reward_range is None:
            raise refused(
                "reward_range",
                reward_range,
                "the smallest and the largest reward, as clip=True keeps to possible returns",
                "Give data.reward_range, or set clip=False.",
            )
        self.config = config
        self.time_limit = time_limit if config.time_aware else None
        ends = time_limit if config.finite_horizon else None
        self.returns = PossibleReturns(config.gamma, reward_range, ends)
        low, high = reward_range or (0.0, 0.0)
        self.lowest = torch.full((seeds,), low, device=self.device)
        self.highest = torch.full((seeds,), high, device=self.device)
        self.clipped = torch.zeros(seeds, device=self.device)  # share of the last targets
        self._unit = self.returns.unit(torch.zeros(())).item()  # the largest return of an episode
        first = config.critics.initial_value / self._unit
        sizes = (observation_size + int(config.time_aware), action_size)
        shape = replace(config.critics, initial_value=first)
        self.critics = self.add_part("critics", QEnsemble(seeds, *sizes, shape, self.generator))
        self.target_critics = self.add_part(
            "target_critics", copy.deepcopy(self.critics).requires_grad_(False)
        )
        self.add_optimizer("critics", config.lr)

    def _q(
        self, critics: QEnsemble, observations: Tensor, actions: Tensor, timesteps: Tensor
    ) -> Tensor:
        """Q (S, E, B) at time steps (S, B), in units of return."""
        if self.time_limit is not None:
            # No transition starts at t = T: an endless return reads that value one step earlier.
            clock = (timesteps.clamp(max=self.time_limit - 1) / self.time_limit).unsqueeze(-1)
            observations = torch.cat((observations, clock), -1)  # (S, B, O + 1)
        return self._unit * critics(observations, actions)  # (S, E, B)

    @torch.no_grad()
    def target(self, batch: Batch, policy: TimedPolicy) -> Tensor:
        """What Q is fitted to, (S, E, B): `bootstrapped`, within the possible returns."""
        return self.possible(self.bootstrapped(batch, policy), batch)

    @torch.no_grad()
    def bootstrapped(self, batch: Batch, policy: TimedPolicy) -> Tensor:
        """r + gamma Q'(s', a', t + 1) for each member, where a' is the policy's at step t + 1.

        Nothing follows a termination. A truncation bootstraps, unless the horizon is finite.

        Args:
            batch: B transitions per seed.
            policy: S policies.

        Returns:
            (S, E, B).
        """
        next_timesteps = batch.timesteps + 1  # (S, B)
        actions = policy.act(batch.next_observations, next_timesteps, self.generator)  # (S, B, A)
        values = self._q(self.target_critics, batch.next_observations, actions, next_timesteps)
        goes_on = 1 - batch.terminations  # (S, B)
        if self.returns.time_limit is not None:
            goes_on = goes_on * (next_timesteps < self.returns.time_limit)
        discount = (self.config.gamma * goes_on).unsqueeze(1)  # (S, 1, B)
        return batch.rewards.unsqueeze(1) + discount * values  # (S, E, B)

    def possible(self, targets: Tensor, batch: Batch) -> Tensor:
        """Targets (S, E, B) within the returns that the rewards so far allow.

        A reward that no one has seen before makes the range wider: what an explorer meets online
        may be worse than anything in the log, and the judge must be able to say so.
        """
        if not self.config.clip:
            return targets
        self.lowest = torch.minimum(self.lowest, batch.rewards.amin(1))  # (S,)
        self.highest = torch.maximum(self.highest, batch.rewards.amax(1))  # (S,)
        kept = self.returns.clip(targets, batch.timesteps, self.lowest, self.highest)
        self.clipped = (kept != targets).float().mean((1, 2))
        return kept

    def update(self, batch: Batch, policy: TimedPolicy) -> Metrics:
        """One gradient step for all critics, and their targets.

        Args:
            batch: B transitions per seed.
            policy: S policies; it may have changed since the last update.

        Returns:
            "fqe_loss", in units of the largest return squared, "fqe_q", the mean, and
            "fqe_clipped", the share of targets outside the possible returns, each (S,).

        Raises:
            InputError: the policy has another number of seeds, or a row starts at the time limit.
            NumericalError: a seed's loss is NaN or infinite; nothing is changed then.
        """
        self._check(policy)
        self._check_clock(batch.timesteps + 1)
        target = self.target(batch, policy)  # (S, E, B)
        q = self._q(self.critics, batch.observations, batch.actions, batch.timesteps)
        loss = ((q - target) / self._unit).square().mean((1, 2))  # (S,)
        self.descend("critics", loss)
        self.updates += 1
        soft = self.config.target == "soft"
        if soft or self.updates % self.config.hard_every == 0:
            rate = self.config.polyak if soft else 1.0
            self.follow("target_critics", "critics", rate)
        return {
            "fqe_loss": loss.detach(),
            "fqe_q": q.detach().mean((1, 2)),
            "fqe_clipped": self.clipped,
        }

    def _check(self, policy: TimedPolicy) -> None:
        if policy.seeds != self.seeds:
            raise refused(
                "policy.seeds",
                policy.seeds,
                f"{self.seeds}, as each policy has critics of its own",
                f"Build FQE(..., seeds={policy.seeds}).",
            )

    def _check_clock(self, timesteps: Tensor) -> None:
        """Raises for a step beyond the limit: the clock would show the last one in its place.

        On the CPU: elsewhere the device would wait for it at each update.
        """
        if self.checks_late:
            return
        if self.time_limit is not None and (latest := int(timesteps.max())) > self.time_limit:
            hint = "Give the time limit of the data: `data.episode_lengths().max()` or more."
            raise refused("timesteps", latest, f"at most time_limit={self.time_limit}", hint)

    @torch.no_grad()
    def value(
        self, observations: Tensor, actions: Tensor, timesteps: Tensor | None = None
    ) -> Tensor:
        """Q of each member: (S, B, O), (S, B, A) and (S, B) to (S, E, B), in units of return.

        Soft targets are read, an average over the last updates (as in DOPE); hard ones are stale,
        so there the critics are.

        Raises:
            InputError: no time steps, though Q depends on them, or one beyond the time limit.
        """
        if timesteps is None:
            if self.config.time_aware:
                raise refused(
                    "timesteps",
                    timesteps,
                    "(S, B) steps of the episode, on which values depend with time_aware=True",
                    "Give zeros for initial states.",
                )
            timesteps = torch.zeros(observations.shape[:2], device=self.device)
        self._check_clock(timesteps)
        critics = self.target_critics if self.config.target == "soft" else self.critics
        return self._q(critics, observations, actions, timesteps)

    @torch.no_grad()
    def estimate(
        self,
        observations: Tensor | np.ndarray,
        policy: TimedPolicy,
        timesteps: Tensor | None = None,
    ) -> Estimate:
        """The return that each policy has from the given states on: the mean of Q(s, pi(s), t).

        The policy's noise is the same at every call, so two calls on the same critics differ by
        their policies and not by chance, and training is not disturbed.

        Args:
            observations: (K, O), the same for all seeds, or (S, K, O).
            policy: S policies.
            timesteps: (S, K), or None for the start of the episode. Hand-off states have t = h.

        Raises:
            InputError: the policy has another number of seeds.
            NumericalError: as `settle`.
        """
        self._check(policy)
        self.settle()
        states = torch.as_tensor(observations, dtype=torch.float32, device=self.device)
        states = states.expand(self.seeds, -1, -1)  # (S, K, O)
        if timesteps is None:
            timesteps = torch.zeros(states.shape[:2], device=self.device)  # (S, K)
        noise = torch.Generator(self.device).manual_seed(self._estimation_seed)
        actions = policy.act(states, timesteps, noise)  # (S, K, A)
        members = self.value(states, actions, timesteps).mean(2)  # (S, E)
        return Estimate(members.mean(1), members.std(1, correction=0))
