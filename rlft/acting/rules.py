"""Who acts: the rules that choose the next action online.

A rule is a frozen value with one method. Rules can be put together: PORL's epsilon-greedy wraps the
frozen policy, a jump start joins a guide and an explorer.

Letters: S seeds, B batch, O observation size, A action size.
"""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from rlft.acting.horizon import Schedule
from rlft.acting.schedules import Fixed
from rlft.core.checks import one_of, positive, within
from rlft.core.errors import InputError
from rlft.core.registry import Registry, stored
from rlft.nets.policies import Policy
from rlft.nets.timed import check_pair, guide_walks

RULES: Registry[type] = Registry(
    "acting rule",
    lambda value: (
        isinstance(value, type) and is_dataclass(value) and hasattr(value, "random_share")
    ),
    lambda value: value.__name__,
)
"""The classes of acting rules by name."""
NOISES = ("uniform", "gaussian")
# The schedule of every rule that has no guide.
NO_GUIDE = Fixed(0)


@dataclass(frozen=True)
class Policies:
    """The policies of a run.

    Attributes:
        learner: the policy that is trained online; the explorer of a jump start.
        guide: the policy that a second learner trains beside it (AJS), else the frozen one.
        frozen: the policy as it came from pre-training; it never changes.
    """

    learner: Policy
    guide: Policy
    frozen: Policy


@dataclass(frozen=True)
class ActContext:
    """What a rule may look at when it chooses.

    Attributes:
        observations: (S, B, O); in the online loop B is 1.
        timesteps: (S, B), the step within each episode, 0 at its start.
        horizon: (S,), h of the episode under way; 0 where there is no jump start.
        policies: the policies.
        generator: source of randomness.
    """

    observations: Tensor
    timesteps: Tensor
    horizon: Tensor
    policies: Policies
    generator: torch.Generator


class Acting(Protocol):
    """A rule that chooses actions."""

    @property
    def random_share(self) -> float:
        """Share of steps, in [0, 1], at which a uniform random action may be taken."""
        ...

    @property
    def schedule(self) -> Schedule:
        """How long a guide walks; `NO_GUIDE` where there is none."""
        ...

    def check(self, policies: Policies) -> None:
        """Raises InputError if the policies of a run cannot act together under this rule."""
        ...

    def act(self, context: ActContext) -> Tensor:
        """Chooses the next actions, (S, B, A) in [-1, 1]."""
        ...


@dataclass(frozen=True)
class _OnePolicy:
    """What the rules of a single policy have in common: no random actions, no guide."""

    @property
    def random_share(self) -> float:
        """None: every action is the policy's own."""
        return 0.0

    @property
    def schedule(self) -> Schedule:
        """No guide."""
        return NO_GUIDE

    def check(self, policies: Policies) -> None:
        """Any policy can act alone."""


@stored
@dataclass(frozen=True)
class LearnerActs(_OnePolicy):
    """The policy that is being trained acts, sampled: plain online learning."""

    def act(self, context: ActContext) -> Tensor:
        """Samples the learner's policy."""
        return context.policies.learner.sample(context.observations, context.generator)


@stored
@dataclass(frozen=True)
class FrozenActs(_OnePolicy):
    """The pre-trained policy acts, sampled and unchanged: WSRL's warm-up, JSRL's guide."""

    def act(self, context: ActContext) -> Tensor:
        """Samples the pre-trained policy."""
        return context.policies.frozen.sample(context.observations, context.generator)


@stored
@dataclass(frozen=True)
class GuideActs(_OnePolicy):
    """The guide acts, sampled; it may be learning too (AJS)."""

    def act(self, context: ActContext) -> Tensor:
        """Samples the guide."""
        return context.policies.guide.sample(context.observations, context.generator)


@stored
@dataclass(frozen=True)
class EpsilonGreedy:
    """A policy whose actions are disturbed at a share of the steps (PORL's pre-sampling).

    The paper does not say what epsilon-greedy means for continuous actions. Uniform in the action
    box, drawn anew at each step, is the natural reading and the default.

    Attributes:
        epsilon: probability of a disturbed action at each step, in [0, 1]; 1 is uniform acting.
        of: the rule that acts otherwise.
        noise: what a disturbed action is: uniform in the box, or the rule's own plus Gaussian
            noise.
        scale: standard deviation of that Gaussian, in half widths of the action box.

    Raises:
        InputError: epsilon outside [0, 1], an unknown noise, or a scale that is not positive.
    """

    epsilon: float = 0.2
    of: Acting = FrozenActs()
    noise: Literal["uniform", "gaussian"] = "uniform"
    scale: float = 0.5  # as large as the noise of the course's medium data

    def __post_init__(self) -> None:
        within(0, 1, epsilon=self.epsilon, hint="Use 0.2, the course's choice.", of="EpsilonGreedy")
        one_of(NOISES, noise=self.noise)
        positive(scale=self.scale, hint="Use 0.5, the course's choice.", of="EpsilonGreedy")

    @property
    def random_share(self) -> float:
        """epsilon if the noise is uniform, and the inner rule's share of the other steps."""
        own = self.epsilon if self.noise == "uniform" else 0.0
        return own + (1 - own) * self.of.random_share

    @property
    def schedule(self) -> Schedule:
        """That of the rule within."""
        return self.of.schedule

    def check(self, policies: Policies) -> None:
        """Raises what the rule within raises."""
        self.of.check(policies)

    def act(self, context: ActContext) -> Tensor:
        """The rule's own action, or with probability epsilon a disturbed one."""
        own = self.of.act(context)  # (S, B, A)
        generator, where = context.generator, own.device
        disturbed = torch.rand(own.shape[:2], generator=generator, device=where) < self.epsilon
        if self.noise == "uniform":
            other = torch.rand(own.shape, generator=generator, device=where) * 2 - 1
        else:
            other = own + self.scale * torch.randn(own.shape, generator=generator, device=where)
        return torch.where(disturbed.unsqueeze(-1), other.clamp(-1, 1), own)  # (S, B, A)


@stored
@dataclass(frozen=True)
class JumpStart:
    """The guide walks the first h steps of each episode, the explorer the rest (JSRL, AJS).

    Attributes:
        guide: the rule of steps 0 to h - 1.
        explorer: the rule of the steps from h on.
        schedule: how h, one for each seed, changes along the run.
    """

    guide: Acting = FrozenActs()
    explorer: Acting = LearnerActs()
    schedule: Schedule = Fixed(None)

    @property
    def random_share(self) -> float:
        """The larger of the two rules'."""
        return max(self.guide.random_share, self.explorer.random_share)

    def check(self, policies: Policies) -> None:
        """Raises InputError unless guide and explorer have the same actions and policy class."""
        check_pair(policies.guide, policies.learner)

    def act(self, context: ActContext) -> Tensor:
        """Guide where t < h, explorer elsewhere."""
        walks = guide_walks(context.timesteps, context.horizon).unsqueeze(-1)  # (S, B, 1)
        return torch.where(walks, self.guide.act(context), self.explorer.act(context))  # (S, B, A)


class RulePolicy:
    """A rule as a policy for one evaluation: counts the steps of episodes that start together.

    Args:
        rule: who acts.
        policies: the policies.
        horizon: (S,), h of the episodes.
    """

    def __init__(self, rule: Acting, policies: Policies, horizon: Tensor) -> None:
        self.rule, self.policies, self.horizon = rule, policies, horizon
        self.seeds = policies.learner.seeds
        self.device = horizon.device
        self.timestep = 0

    def sample(self, observations: Tensor, generator: torch.Generator) -> Tensor:
        """Acts on (S, B, O) and moves the clock on: (S, B, A)."""
        timesteps = torch.full(observations.shape[:2], self.timestep, device=self.device)  # (S, B)
        self.timestep += 1
        return self.rule.act(
            ActContext(observations, timesteps, self.horizon, self.policies, generator)
        )  # (S, B, A)

    def mode(self, observations: Tensor) -> Tensor:
        """A rule always samples.

        Raises:
            InputError: always; evaluate the policy itself for its mode.
        """
        raise InputError(
            "An acting rule is evaluated as it acts, with sampled actions: use mode=False, or "
            "evaluate the learner's policy itself."
        )
