"""Tiny policies, learners and data whose values in the maze are known by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rlft.data import Transitions
from rlft.envs import LAYOUTS, Behaviour, log_episodes
from rlft.evaluate import monte_carlo_q

DETOUR = "rlft/Maze-Detour-v0"
LAYOUT = LAYOUTS["detour"]
RIGHT, LEFT, UP = (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0)
# From the start cell's centre, 8 cells from the goal's: 7.5 cells to its rim, 0.5 cells a step.
STEPS_TO_GOAL = 15


class Constant:
    """Seed s always takes `actions[s]`; sampling adds Gaussian noise of width `noise`."""

    def __init__(self, *actions: tuple[float, float], noise: float = 0.0) -> None:
        self.seeds = len(actions)
        self._actions = torch.tensor(actions)  # (S, A)
        self._noise = noise

    def mode(self, observations: Tensor) -> Tensor:
        return self._actions[:, None].expand(-1, observations.shape[1], -1)

    def sample(self, observations: Tensor, generator: torch.Generator) -> Tensor:
        mode = self.mode(observations)
        return (mode + self._noise * torch.randn(mode.shape, generator=generator)).clamp(-1, 1)


@dataclass
class FakeConfig:
    gamma: float = 0.98


class Oracle:
    """A learner whose Q is the truth plus `offset(states (N, O), actions (N, A)) -> (N,)`."""

    def __init__(
        self, policy: Constant, offset: Callable[[np.ndarray, np.ndarray], np.ndarray]
    ) -> None:
        self.policy, self.seeds, self.config = policy, policy.seeds, FakeConfig()
        self._offset = offset

    def value(self, observations: Tensor, actions: Tensor) -> Tensor:
        states, moves = observations.numpy(), actions.numpy()
        truth = monte_carlo_q(self.policy, DETOUR, states, moves, gamma=0.98, mode=True)
        offsets = [self._offset(s, a) for s, a in zip(states, moves, strict=True)]
        return torch.as_tensor(truth + np.stack(offsets))


def step_costs(steps: int | np.ndarray, gamma: float = 0.98) -> float | np.ndarray:
    """Discounted return of reaching the goal in the given number of steps: -1 each but the last."""
    return -(1 - gamma ** (np.asarray(steps) - 1)) / (1 - gamma)


def logged(
    transitions: int = 600, behaviour: Behaviour | None = None, **options: object
) -> Transitions:
    """A small dataset of the detour, perhaps with other options of the maze."""
    behaviour = behaviour or Behaviour(action_noise=0.4, random_actions=0.1)
    episodes = log_episodes(DETOUR, behaviour, transitions=transitions, seed=0, env_kwargs=options)
    return Transitions(
        observations=np.concatenate([e.observations[:-1] for e in episodes]),
        actions=np.concatenate([e.actions for e in episodes]),
        rewards=np.concatenate([e.rewards for e in episodes]),
        next_observations=np.concatenate([e.observations[1:] for e in episodes]),
        terminations=np.concatenate([e.terminations for e in episodes]),
        truncations=np.concatenate([e.truncations for e in episodes]),
        timesteps=np.concatenate([np.arange(len(e)) for e in episodes]),
        name="small",
        env_id=DETOUR,
        env_kwargs=tuple(options.items()),
    )
