"""What every learner is: networks made in `build`, an update of values, an update of the policy.

A learner's `parts()` are what can cross the switch from offline to online: the handover works on
these names and never on a method.
"""

from __future__ import annotations

from dataclasses import Field
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from rlft.algorithms.trainable import Trainable
from rlft.core.checks import within
from rlft.core.errors import InputError
from rlft.data import Batch, Transitions
from rlft.nets.policies import PolicyConfig, make_policy
from rlft.nets.stacked import CriticConfig

Metrics = dict[str, Tensor]  # each (S,)


class Config(Protocol):
    """Fields that every algorithm's configuration, a frozen dataclass, has."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def policy(self) -> PolicyConfig: ...
    @property
    def critics(self) -> CriticConfig: ...
    @property
    def gamma(self) -> float: ...
    @property
    def batch_size(self) -> int: ...


class Learner(Trainable):
    """S independent learners of one algorithm, trained at once.

    A learner of your own states in ``config: MyConfig`` which configuration is its own, makes its
    networks in `build`, and defines `update_critics` and `update_policy`. `ActorCritic` has the
    critics of the library's own. One whose policy is paid for its entropy also says so, in
    `entropy_temperature` and `has_entropy_bonus`: the report about the switch asks.

    Args:
        config: the algorithm's configuration.
        observation_size: O.
        action_size: A.
        seeds: S, at least 1.
        seed: start of the random stream, for weights and for noise.
        device: where weights and batches live.

    Attributes:
        policy: the policy that acts; it is there when `build` is called.

    Raises:
        InputError: if `seeds` < 1 or `gamma` is outside [0, 1).
    """

    def __init__(
        self,
        config: Config,
        observation_size: int,
        action_size: int,
        seeds: int,
        seed: int = 0,
        device: str | torch.device = "cpu",
    ):
        super().__init__(seeds, seed, device)
        within(0, 1, without=(1,), gamma=config.gamma, hint="The discount: use 0.98.")
        self.config = config
        self.observation_size, self.action_size = observation_size, action_size
        self.policy = self.add_part(
            "policy",
            make_policy(config.policy, seeds, observation_size, action_size, self.generator),
        )
        self.build()

    def build(self) -> None:
        """Makes the other networks (`add_part`) and an Adam for each trained one (`add_optimizer`).

        Weights are drawn from `self.generator`, so that a seed always gives the same learner.
        """
        raise NotImplementedError

    def update_critics(self, batch: Batch) -> Metrics:
        """One gradient step for everything that estimates values, and their targets."""
        raise NotImplementedError

    def update_policy(self, batch: Batch) -> Metrics:
        """One gradient step for the policy (and the temperature, where there is one)."""
        raise NotImplementedError

    def update(self, batch: Batch) -> Metrics:
        """One update of everything, values first. Returns the metrics of both halves, each (S,)."""
        metrics = self.update_critics(batch)
        return {**metrics, **self.update_policy(batch)}

    def look_at(self, data: Transitions) -> None:
        """Warns of data that does not suit the algorithm; called before it is pre-trained."""

    def value(self, observations: Tensor, actions: Tensor) -> Tensor:
        """The learner's own estimate of Q: (S, B, O), (S, B, A) to (S, B).

        Raises:
            InputError: it has none, which is so unless a subclass defines one.
        """
        raise InputError(
            f"{type(self).__name__} has no Q function. Ask a prior of 'cql', 'calql', 'iql', "
            "'inac' or 'sac', or estimate the policy's value with rollouts."
        )

    @property
    def entropy_temperature(self) -> Tensor | None:
        """What a nat of the policy's entropy is worth, (S,) > 0, in units of reward.

        None where the policy is not paid for its entropy, which is so unless a subclass says more.
        """
        return None

    def start_temperature(self, values: Tensor) -> None:
        """Starts a learned temperature from a prior's fixed one, (S,) > 0; else does nothing."""

    @property
    def has_entropy_bonus(self) -> bool:
        """Whether Q also counts the entropy to come, and so is no plain return of the task."""
        return False
