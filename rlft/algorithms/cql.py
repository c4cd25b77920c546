"""Conservative Q-learning (Kumar et al. 2020) and Cal-QL (Nakamoto et al. 2023).

CQL is SAC plus a penalty that pushes Q down at actions the data does not contain and up at those
it does. Cal-QL is CQL with a floor: at the policy's own actions Q is not pushed below the return
that the logged behaviour achieved.

Letters: S seeds, E ensemble members, B batch, n sampled actions, A action size.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import torch
from torch import Tensor

from rlft.algorithms.base import Metrics
from rlft.algorithms.sac import SAC, SACConfig
from rlft.core.checks import shaped
from rlft.core.noise import uniform
from rlft.core.registry import stored
from rlft.data import Batch, Transitions
from rlft.nets.layers import repeat_rows
from rlft.nets.stacked import check_subset, random_members

# Below this share of the rows the floor hardly acts: Pendulum's logs have 44 %, and of the Q that
# the penalty pushes down the floor lifts 2 % at most.
LITTLE_FLOOR = 0.5


@stored
@dataclass(frozen=True)
class CQLConfig(SACConfig):
    """Conservative Q-learning.

    Attributes:
        weight: factor of the penalty beside the squared TD error (CQL's alpha; Cal-QL's code uses
            1 on Adroit and 5 on locomotion, for rewards of other sizes). One number for all seeds,
            or one per seed.
        sampled_actions: n, actions drawn from each of three proposals: uniform, the policy here,
            the policy at the next state. The authors use 10; 2 costs a fifth, and in a
            2-dimensional box it is enough.
        calibrated: the floor of Cal-QL.
        penalty_subset: critics of whose penalty an update takes the mean, drawn anew each time as
            those of the target are; None for all of them (WSRL's code with ten critics: 2).
        same_weights: an update takes all gradients at the weights that it finds, as CQL's and
            Cal-QL's code does; else the critics step first, and the policy climbs the new ones.
            Where critics are updated more often than the policy, they step by themselves.

    Raises:
        InputError: what `SACConfig` refuses, or a penalty subset that the ensemble cannot fill.
    """

    batch_size: int = 64  # each transition costs 3n + 1 critic passes
    weight: float | tuple[float, ...] = 1.0
    sampled_actions: int = 2
    calibrated: bool = False
    penalty_subset: int | None = None
    same_weights: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_subset("penalty_subset", self.penalty_subset, self.critics.ensemble)


def importance_log_sum_exp(q: Tensor, log_density: Tensor) -> Tensor:
    """Estimates log of the integral over actions of exp Q(s, a), by importance sampling.

    log(1/n sum_i exp(Q(s, a_i)) / d(a_i)), with a_i drawn from density d (Kumar et al. 2020,
    appendix F). The authors' code leaves out the constant log n, and so do we.

    Args:
        q: (S, E, B, n).
        log_density: (S, 1, B, n), log d(a_i).

    Returns:
        (S, E, B).
    """
    return torch.logsumexp(q - log_density, -1)


def calibrate(q: Tensor, returns_to_go: Tensor) -> Tensor:
    """Cal-QL's floor: max(Q, return of the behaviour) (Nakamoto et al. 2023, equation 5.1).

    Args:
        q: (S, E, B, n) at the policy's actions.
        returns_to_go: (S, B), discounted, at least; -inf where it is unknown, which switches the
            floor off.

    Returns:
        (S, E, B, n). No gradient flows where the floor is active.
    """
    return torch.maximum(q, returns_to_go[:, None, :, None])


def cql_penalty(q_sampled: Tensor, log_density: Tensor, q_data: Tensor) -> Tensor:
    """log-sum-exp over sampled actions minus Q at the logged action, averaged over E and B.

    Of the critics that count, which may be some of them only.

    Args:
        q_sampled: (S, E, B, n).
        log_density: (S, 1, B, n).
        q_data: (S, E, B).

    Returns:
        (S,).
    """
    return (importance_log_sum_exp(q_sampled, log_density) - q_data).mean((1, 2))


class CQL(SAC):
    """S conservative Q-learners (Cal-QL with `calibrated=True`)."""

    config: CQLConfig

    def build(self) -> None:
        super().build()
        self.weight = torch.as_tensor(self.config.weight, device=self.device)  # () or (S,)
        if self.weight.ndim:
            hint = "Give one number for all seeds, or one for each."
            shaped((self.seeds,), of="CQLConfig", weight=self.weight, hint=hint)

    def look_at(self, data: Transitions) -> None:
        share = data.floor_share(self.config.gamma)
        if self.config.calibrated and share < LITTLE_FLOOR:
            warnings.warn(
                f"Only {share:.0%} of the rows of {data.name!r} have a floor for Cal-QL that says "
                "something: the clock cut the other episodes off before nine tenths of what counts "
                f"at gamma={self.config.gamma} was seen. On such data Cal-QL is nearly CQL. Log "
                "longer episodes, or take a smaller gamma.",
                stacklevel=3,
            )

    @torch.no_grad()
    def _proposals(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """3n actions per state with their log-densities: uniform, pi(s), pi(s')."""
        n = self.config.sampled_actions
        here, there = batch.observations, batch.next_observations
        at_here, log_here = self.policy.rsample_each(here, n, self.generator)  # (S, B * n, A)
        at_there, log_there = self.policy.rsample_each(there, n, self.generator)
        anywhere = uniform(at_here.shape, self.generator) * 2 - 1
        log_uniform = torch.full_like(log_here, -self.action_size * math.log(2))  # box volume 2^A
        actions = [a.unflatten(1, (-1, n)) for a in (anywhere, at_here, at_there)]
        densities = [d.unflatten(1, (-1, n)) for d in (log_uniform, log_here, log_there)]
        return torch.cat(actions, 2), torch.cat(densities, 2)  # (S, B, 3n, A), (S, B, 3n)

    def _penalised(self) -> Tensor | None:
        """The critics whose penalty counts in this update, (S, M); None for all."""
        config = self.config
        return random_members(
            self.seeds,
            config.critics.ensemble,
            config.penalty_subset,
            config.target_replacement,
            self.generator,
        )

    def critic_loss(self, batch: Batch) -> tuple[Tensor, Metrics]:
        td_loss, metrics = super().critic_loss(batch)
        actions, log_density = self._proposals(batch)
        width = actions.shape[2]
        # One forward pass for the logged and the sampled actions: CQL's cost is critic passes.
        candidates = torch.cat((batch.actions.unsqueeze(2), actions), 2).flatten(1, 2)
        states = repeat_rows(batch.observations, width + 1)  # (S, B * (3n + 1), O)
        q = self.critics(states, candidates, self._penalised())  # (S, M, B * (3n + 1))
        q = q.unflatten(2, (-1, width + 1))  # (S, M, B, 3n + 1), with M = E unless a subset counts
        q_data, q_sampled = q[..., 0], q[..., 1:]
        if self.config.calibrated:
            n = self.config.sampled_actions
            q_anywhere, q_policys = q_sampled[..., :n], q_sampled[..., n:]
            floored = calibrate(q_policys, batch.returns_to_go)
            q_sampled = torch.cat((q_anywhere, floored), -1)
            metrics = {
                **metrics,
                "floor_known": (batch.returns_to_go > -torch.inf).float().mean(1),  # of the rows
                "floor_active": (floored > q_policys).float().mean((1, 2, 3)),  # of Q at actions
            }
        penalty = cql_penalty(q_sampled, log_density.unsqueeze(1), q_data)  # (S,)
        return td_loss + self.weight * penalty, {**metrics, "cql_penalty": penalty.detach()}

    def update(self, batch: Batch) -> Metrics:
        if not self.config.same_weights:
            return super().update(batch)
        self.updates += 1
        loss, metrics = self.critic_loss(batch)
        metrics |= self.update_policy(batch)  # the critics, whose loss is known, have not moved yet
        self.descend("critics", loss)
        self.move_targets(self.config.polyak)
        return metrics
