"""Batches and tiny worlds whose values are known by hand, and comparisons bit by bit.

`three_states` holds the three classic probes at once: reward in one step, reward one step later
(discounting), and reward for ever (truncation, where termination would stop it).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor, nn

from rlft.algorithms import BCConfig, InACConfig, IQLConfig, Learner, SACConfig, make_learner
from rlft.data import Batch

AnyConfig = TypeVar("AnyConfig", BCConfig, SACConfig, IQLConfig, InACConfig)
State = dict[str, Tensor]

GAMMA = 0.5  # values below are then short numbers
KNOWN_VALUES = (0.5, 1.0, 2.0)  # Q of the three states: gamma * 1, 1, 1 / (1 - gamma)


class Says(nn.Module):
    """Critics with a given answer (S, E, B) to observations, actions and members."""

    def __init__(self, answer: Callable[..., Tensor]) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, observations: Tensor, actions: Tensor, members: object = None) -> Tensor:
        return self.answer(observations, actions, members)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_batch(
    seeds: int = 3, size: int = 8, observation_size: int = 2, action_size: int = 2, seed: int = 0
) -> Batch:
    """Transitions without any meaning; every fourth one terminates."""
    source = generator(seed)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=source) * 2 - 1

    return Batch(
        observations=uniform(seeds, size, observation_size),
        actions=uniform(seeds, size, action_size),
        rewards=uniform(seeds, size),
        next_observations=uniform(seeds, size, observation_size),
        terminations=(torch.arange(size) % 4 == 3).float().repeat(seeds, 1),
        returns_to_go=uniform(seeds, size),
        timesteps=torch.zeros(seeds, size),
    )


def with_seed_from(batch: Batch, seed: int, other: Batch) -> Batch:
    """The batch, with all rows of one seed taken from another batch."""

    def mixed(field: str) -> Tensor:
        values = getattr(batch, field).clone()
        values[seed] = getattr(other, field)[seed]
        return values

    return Batch(*(mixed(field) for field in Batch.__dataclass_fields__))


def one_step(actions: Tensor, rewards: Tensor, returns_to_go: Tensor | None = None) -> Batch:
    """A bandit: one state, every episode ends after one action; (S, B) each, A = 1."""
    ones = torch.ones_like(rewards)
    return Batch(
        observations=ones.unsqueeze(-1),
        actions=actions.unsqueeze(-1),
        rewards=rewards,
        next_observations=ones.unsqueeze(-1),
        terminations=ones,
        returns_to_go=rewards if returns_to_go is None else returns_to_go,
        timesteps=torch.zeros_like(rewards),
    )


def three_states(seeds: int) -> Batch:
    """One-hot states: 0 leads to 1, 1 terminates in itself (reward 1), 2 stays (reward 1).

    State 2 is where an episode would be truncated: `terminations` is 0. Actions do nothing.
    """
    state = torch.arange(3).repeat(8)  # (B,)
    one_hot = torch.eye(3)
    actions = torch.linspace(-1, 1, 24).unsqueeze(-1)  # (B, A)
    rewards = torch.tensor([0.0, 1.0, 1.0])[state]
    fields = (
        one_hot[state],
        actions,
        rewards,
        one_hot[torch.tensor([1, 1, 2])[state]],
        (state == 1).float(),
        rewards,
        torch.zeros(24),
    )
    return Batch(*(field.expand(seeds, *field.shape).contiguous() for field in fields))


def small(config: AnyConfig) -> AnyConfig:
    """The configuration with one narrow hidden layer: a probe has little to represent."""
    policy = replace(config.policy, hidden=(32,))
    return replace(config, policy=policy, critics=replace(config.critics, hidden=(32,)))


def trained(config: AnyConfig, batch: Batch, updates: int, seed: int = 0) -> Learner:
    """A learner after `updates` updates on one batch, which is the whole data."""
    learner = make_learner(
        config, batch.observations.shape[2], batch.actions.shape[2], len(batch.rewards), seed
    )
    for _ in range(updates):
        learner.update(batch)
    return learner


def learned_values(config: AnyConfig, updates: int = 180) -> Tensor:
    """Q of the three states after training, (S, 3), at an action in the middle."""
    learner = trained(replace(small(config), gamma=GAMMA, polyak=0.2), three_states(2), updates)
    return learner.value(torch.eye(3).expand(2, 3, 3), torch.zeros(2, 3, 1))


def weights(learner: Learner) -> State:
    """Weights and Adam's state, without random state and counter."""
    state = learner.state_dict()
    return {name: value for name, value in state.items() if name not in ("generator", "updates")}


def differing(before: State, after: State) -> set[str]:
    """Names of the tensors that are not bit-identical; both sides must have the same names."""
    assert before.keys() == after.keys()
    return {name for name in before if not torch.equal(before[name], after[name])}


def of_seed(state: State, seed: int, seeds: int) -> State:
    """One seed's share of every tensor (critics lie seed by seed: S * E groups)."""
    return {
        name: value.unflatten(0, (seeds, -1))[seed]
        for name, value in state.items()
        if value.ndim  # Adam's step count is one number for all seeds
    }
