"""AJS's schedule: the guide walks less when an estimate of the whole policy says that it may.

Fitted Q evaluation follows the current jump-start policy along the run. Where its estimate is no
worse than the offline reference, h falls; there the explorer takes over a little earlier. What the
paper (arXiv 2505.00913) leaves open is a field of the rule, so this is a reconstruction.

Letters: S seeds.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

from rlft.acting.ajs.gate import Gate
from rlft.acting.ajs.rule import GateRule
from rlft.acting.horizon import ScheduleContext, longest
from rlft.algorithms.fqe.learner import FQE
from rlft.algorithms.fqe.offline import fit_fqe
from rlft.core.errors import InputError
from rlft.core.registry import stored
from rlft.nets.timed import Stationary


@stored
@dataclass(frozen=True)
class Automatic(GateRule):
    """h falls where fitted Q evaluation says that the whole policy is good enough; h is per seed.

    The fields and what the paper says of each stand in `GateRule`.
    """

    def start(self, context: ScheduleContext) -> Gate:
        """Fits the reference to the logged data and begins with the longest h.

        Raises:
            InputError: the environment declares no time limit, h is beyond it, or guide and
                explorer cannot share an episode.
            NumericalError: a loss of the reference is NaN or infinite.
        """
        limit = context.time_limit
        if limit is None:
            raise InputError(
                "Automatic needs to know how long an episode can last: h starts there, and the "
                "estimator measures the clock in parts of it. The environment declares no time "
                "limit; register it with max_episode_steps, or use Linear(start_at=...)."
            )
        start = longest(self.start_at, context)
        # A policy of its own: the context's guide may go on learning, the reference does not.
        offline_guide = Stationary(copy.deepcopy(context.guide).requires_grad_(False), self.mode)
        reference = fit_fqe(
            offline_guide,
            context.data,
            config=self.fqe,
            steps=self.reference_updates,
            time_limit=limit,
            seed=context.seed,
            device=context.device,
            progress=context.progress,
        )
        # The same seed as the reference's: both are read with the same noise in the actions, so
        # that their difference is that of the policies.
        estimator = FQE(
            config=self.fqe,
            observation_size=context.data.observation_size,
            action_size=context.data.action_size,
            seeds=context.seeds,
            time_limit=limit,
            reward_range=context.data.reward_range,
            seed=context.seed,
            device=context.device,
        )
        if self.warm_start:
            estimator.load_state_dict(reference.state_dict())
        return Gate(
            rule=self,
            context=context,
            start=start,
            estimator=estimator,
            reference=reference,
            offline_guide=offline_guide,
        )
