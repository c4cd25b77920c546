"""The gate of AJS while a run goes on: updates the estimator, reads both values, moves h.

`rule.py` says what the rule is and where each of its numbers comes from. Here the estimators
come from outside, so that a test can put known numbers in their place.

Letters: S seeds, B batch, K states that are read, N transitions, O observation size.
"""

from __future__ import annotations

import warnings
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from rlft.acting.ajs.observed import observed_returns
from rlft.acting.ajs.rule import GateRule, moved
from rlft.acting.horizon import Horizon, ScheduleContext, as_tensor
from rlft.algorithms.base import Metrics
from rlft.algorithms.fqe.learner import Estimate
from rlft.algorithms.fqe.offline import initial_states
from rlft.data import Batch, OfflineData
from rlft.nets.timed import JumpStartPolicy, TimedPolicy

# Decisions in a row at full h after which a closed gate is told of: with fewer it may be chance.
PATIENCE = 5


class Estimator(Protocol):
    """What the gate needs of fitted Q evaluation; see `rlft.algorithms.fqe.FQE`."""

    def update(self, batch: Batch, policy: TimedPolicy) -> Metrics: ...

    def estimate(
        self, observations: Tensor, policy: TimedPolicy, timesteps: Tensor | None = None
    ) -> Estimate: ...


class Gate(Horizon):
    """h of each seed, lowered where the estimate of the jump-start policy is high enough.

    Args:
        rule: the numbers.
        context: what the run gives; its guide and learner are read anew at every update.
        start: h of the first episodes, and the largest one.
        estimator: follows the jump-start policy.
        reference: estimates the value of the guide as it came from offline training.
        offline_guide: that guide, for whole episodes.

    Attributes:
        estimate: (S,) last estimate that was read, with the rule's bias.
        reference: (S,) last reference that was read, at the same states.
        spread: (S,) standard deviation of the estimate over the ensemble.
        clipped: (S,) share of the estimator's last targets that left the returns which the rewards
            allow.
    """

    def __init__(
        self,
        rule: GateRule,
        context: ScheduleContext,
        start: int,
        estimator: Estimator,
        reference: Estimator,
        offline_guide: TimedPolicy,
    ) -> None:
        super().__init__(np.full(context.seeds, start))
        self.rule, self.context, self.start = rule, context, start
        self.estimator, self.reference_estimator = estimator, reference
        self.offline_guide = offline_guide
        (root,) = np.random.SeedSequence(context.seed).spawn(1)  # the estimator has the seed itself
        batches = int(root.generate_state(1)[0])
        self.generator = torch.Generator(context.device).manual_seed(batches)
        self.logged = OfflineData(
            context.data, context.seeds, gamma=context.replay.gamma, device=context.device
        )
        self.clipped = torch.zeros(context.seeds, device=context.device)
        self.closed = np.zeros(context.seeds, np.int64)  # (S,), in a row at full h; -1: told of
        self.observed = np.full(context.seeds, np.nan)  # (S,), what a calibrated reference is
        self.starts = self._even_starts()  # (S, K, O)
        self._read(0)

    def after_step(self, step: int) -> None:
        """Updates the estimator and decides about h, each when its turn has come."""
        if step % self.rule.update_every == 0:
            policy = self._judged()
            for _ in range(self.rule.updates):
                batch = self._batch()
                learned = self.estimator.update(batch, policy)
                self.clipped = learned.get("fqe_clipped", self.clipped)
                if self.rule.reference == "tracked":
                    self.reference_estimator.update(batch, self.offline_guide)
        if step % self.rule.check_every == 0:
            if self.rule.reference == "calibrated":
                self._calibrate()
            self._read(step)
            self._decide()

    def metrics(self) -> Metrics:
        """h in force, and what was read at the last decision and at which step, each (S,)."""
        return {
            **super().metrics(),
            "estimate": self.estimate,
            "reference": self.reference,
            "spread": self.spread,
            "clipped": self.clipped,
            "decided_at": torch.full_like(self.estimate, self.decided),
        }

    def _decide(self) -> None:
        """Lowers h where the gate opens; where it does not, h stays or grows."""
        rule = self.rule
        missing = self.reference - self.estimate  # (S,)
        opens = (missing <= rule.tolerance + rule.spreads * self.spread).numpy(force=True)  # (S,)
        self._tell_if_closed(~opens & (self.proposed == self.start))
        self.proposed[:] = moved(self.proposed, opens, rule.step, self.start, rule.may_grow)

    def _tell_if_closed(self, closed: np.ndarray) -> None:
        """Warns once of each seed whose gate stays closed at full h, (S,) bool.

        There the guide walks most of an episode, or all of it, so both values are about nearly the
        same policy, and yet they disagree.
        """
        if self.start == 0 or self.rule.judge == "candidate":  # others than the guide are judged
            return
        watched = self.closed >= 0
        self.closed = np.where(watched & closed, self.closed + 1, np.where(watched, 0, -1))
        stuck = np.flatnonzero(self.closed == PATIENCE)
        if len(stuck):
            said, asked = (x[stuck[0]].item() for x in (self.estimate, self.reference))
            warnings.warn(
                f"The gate of seed {stuck.tolist()} stayed closed for {PATIENCE} decisions at the "
                f"largest h={self.start}: the judge says {said:.1f}, the reference of the guide "
                f"alone is {asked:.1f}. If the guide's episodes are no longer than h, one of the "
                "two is wrong about it, or it has become worse. Compare them with its own "
                "episodes; reference='calibrated' takes what they return.",
                stacklevel=2,
            )
            self.closed[stuck] = -1

    def _read(self, step: int) -> None:
        """Reads both values at the same states."""
        self.decided = step
        if self.rule.read_at == "start":
            states, timesteps = self.starts, torch.zeros_like(self.starts[..., 0])
        else:
            states, timesteps = self._hand_off_states()
        found = self.estimator.estimate(states, self._judged(), timesteps)
        self.estimate = found.mean + self.rule.bias
        self.spread = found.spread
        estimated = self.reference_estimator.estimate(states, self.offline_guide, timesteps).mean
        observed = torch.as_tensor(self.observed, dtype=torch.float32, device=estimated.device)
        self.reference = torch.where(observed.isnan(), estimated, observed)

    def _calibrate(self) -> None:
        """Takes the returns of the first episodes, for each seed at its first decision with one."""
        seen = observed_returns(self.context.replay, self.rule.fqe.gamma)
        self.observed = np.where(np.isnan(self.observed), seen, self.observed)

    def _judged(self) -> JumpStartPolicy:
        """The jump-start policy that the estimator is about."""
        horizon = self.proposed
        if self.rule.judge == "candidate":
            horizon = np.maximum(horizon - self.rule.step, 0)
        context = self.context
        return JumpStartPolicy(
            context.guide,
            context.learner.policy,
            as_tensor(horizon, context.device),
            self.rule.mode,
        )

    def _batch(self) -> Batch:
        """Logged transitions and the replay's, in the rule's shares."""
        size = self.rule.fqe.batch_size
        logged = round(self.rule.data_share * size)
        parts = []
        if logged > 0:
            parts.append(self.logged.sample(logged, self.generator))
        if logged < size:
            parts.append(self.context.replay.sample(size - logged, self.generator))
        return Batch.concatenate(parts)

    def _even_starts(self) -> Tensor:
        """First observations of the data's episodes, evenly spread over them: (S, K, O)."""
        starts = initial_states(self.context.data)
        count = min(self.rule.states, len(starts))
        index = np.linspace(0, len(starts) - 1, count).round().astype(np.int64)  # (K,)
        chosen = torch.as_tensor(starts[index], device=self.context.device)  # (K, O)
        return chosen.expand(self.context.seeds, -1, -1)  # (S, K, O)

    def _hand_off_states(self) -> tuple[Tensor, Tensor]:
        """The states whose time step is nearest h: (S, K, O), with these time steps (S, K).

        From where the batches come. There are always some, also when no episode lasts as long as h;
        among equally near ones chance decides, so that old ones are not preferred.
        """
        replay = self.context.replay
        seen = replay.recent(len(replay))  # N of each seed
        if self.rule.data_share > 0 or len(replay) == 0:
            seen = Batch.concatenate((seen, self.logged.as_batch()))
        h = as_tensor(self.proposed, self.context.device).unsqueeze(1)  # (S, 1)
        distance = (seen.timesteps - h).abs()  # (S, N), whole numbers
        distance += torch.rand(distance.shape, generator=self.generator, device=distance.device)
        count = min(self.rule.states, distance.shape[1])
        nearest = distance.topk(count, dim=1, largest=False).indices  # (S, K)
        where = nearest.unsqueeze(-1).expand(-1, -1, seen.observations.shape[-1])  # (S, K, O)
        return seen.observations.gather(1, where), seen.timesteps.gather(1, nearest)
