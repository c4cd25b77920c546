"""Soft actor-critic as one plain file of PyTorch, the way a single run is usually written.

One seed, a module for each critic, a NumPy replay buffer, Adam as it comes. It is the yardstick
that needs no other library: a test holds the library's learners to their ratio to this file.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.speed.rounds import Call
from benchmarks.speed.shape import GAMMA, LR, POLYAK, Shape, random_log

LOG_STD_MIN, LOG_STD_MAX = -5.0, 2.0


def mlp(inputs: int, hidden: tuple[int, ...], outputs: int, layer_norm: bool) -> nn.Sequential:
    """A multi-layer perceptron with ReLUs."""
    layers: list[nn.Module] = []
    for width in hidden:
        layers.append(nn.Linear(inputs, width))
        if layer_norm:
            layers.append(nn.LayerNorm(width))
        layers.append(nn.ReLU())
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


class Critic(nn.Module):
    """Q(s, a)."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.net = mlp(shape.observation + shape.action, shape.hidden, 1, shape.layer_norm)

    def forward(self, observations: Tensor, actions: Tensor) -> Tensor:
        return self.net(torch.cat([observations, actions], 1)).squeeze(1)


class Actor(nn.Module):
    """The tanh of a Gaussian."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.net = mlp(shape.observation, shape.hidden, 2 * shape.action, False)

    def sample(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        """Actions and their log-probabilities."""
        mean, log_std = self.net(observations).chunk(2, dim=1)
        normal = torch.distributions.Normal(mean, log_std.clamp(LOG_STD_MIN, LOG_STD_MAX).exp())
        raw = normal.rsample()
        action = torch.tanh(raw)
        log_prob = normal.log_prob(raw) - torch.log(1 - action.square() + 1e-6)
        return action, log_prob.sum(1)


class Buffer:
    """A ring of transitions in NumPy."""

    def __init__(self, capacity: int, observation: int, action: int):
        self.observations = np.zeros((capacity, observation), np.float32)
        self.actions = np.zeros((capacity, action), np.float32)
        self.rewards = np.zeros(capacity, np.float32)
        self.next_observations = np.zeros((capacity, observation), np.float32)
        self.dones = np.zeros(capacity, np.float32)
        self.capacity, self.next, self.size = capacity, 0, 0
        self.random = np.random.default_rng(0)

    def add(
        self,
        observation: np.ndarray,
        action: np.ndarray,
        reward: float,
        after: np.ndarray,
        done: bool,
    ) -> None:
        """Stores one transition."""
        row = self.next
        self.observations[row], self.actions[row], self.rewards[row] = observation, action, reward
        self.next_observations[row], self.dones[row] = after, done
        self.next = (row + 1) % self.capacity
        self.size = min(self.size + 1, self.capacity)

    def sample(self, batch: int) -> list[Tensor]:
        """Observations, actions, rewards, next observations, dones."""
        index = self.random.integers(self.size, size=batch)
        columns = (
            self.observations,
            self.actions,
            self.rewards,
            self.next_observations,
            self.dones,
        )
        return [torch.from_numpy(column[index]) for column in columns]


class PlainSAC:
    """One run: networks, optimizers, buffer."""

    def __init__(self, shape: Shape, capacity: int):
        torch.manual_seed(0)
        self.shape = shape
        self.actor = Actor(shape)
        self.critics = nn.ModuleList(Critic(shape) for _ in range(shape.ensemble))
        self.targets = copy.deepcopy(self.critics).requires_grad_(False)
        self.log_alpha = torch.zeros(1, requires_grad=True)
        self.target_entropy = -float(shape.action)
        self.actor_optimizer = torch.optim.Adam(self.actor.parameters(), lr=LR)
        self.critic_optimizer = torch.optim.Adam(self.critics.parameters(), lr=LR)
        self.alpha_optimizer = torch.optim.Adam([self.log_alpha], lr=LR)
        self.buffer = Buffer(capacity, shape.observation, shape.action)

    @torch.no_grad()
    def act(self, observation: np.ndarray) -> np.ndarray:
        """A sampled action for one observation."""
        return self.actor.sample(torch.from_numpy(observation).unsqueeze(0))[0].squeeze(0).numpy()

    def update(self) -> None:
        """Critics, policy, temperature, targets."""
        observations, actions, rewards, after, dones = self.buffer.sample(self.shape.batch)
        alpha = self.log_alpha.exp().detach()
        with torch.no_grad():
            next_actions, next_log_prob = self.actor.sample(after)
            q = torch.stack([target(after, next_actions) for target in self.targets]).amin(0)
            goal = rewards + GAMMA * (1 - dones) * (q - alpha * next_log_prob)
        values = [critic(observations, actions) for critic in self.critics]
        loss = torch.stack([F.mse_loss(value, goal) for value in values]).sum()
        self.critic_optimizer.zero_grad()
        loss.backward()
        self.critic_optimizer.step()

        new_actions, log_prob = self.actor.sample(observations)
        q = torch.stack([critic(observations, new_actions) for critic in self.critics]).amin(0)
        loss = (alpha * log_prob - q).mean()
        self.actor_optimizer.zero_grad()
        loss.backward()
        self.actor_optimizer.step()

        loss = -(self.log_alpha.exp() * (log_prob.detach() + self.target_entropy)).mean()
        self.alpha_optimizer.zero_grad()
        loss.backward()
        self.alpha_optimizer.step()

        with torch.no_grad():
            pairs = zip(self.targets.parameters(), self.critics.parameters(), strict=True)
            for target, source in pairs:
                target.mul_(1 - POLYAK).add_(source, alpha=POLYAK)


def sac(shape: Shape) -> Call:
    """Updates from a buffer that holds the random log."""
    log = random_log(shape)
    agent = PlainSAC(shape, capacity=len(log.rewards))
    rows = zip(log.observations, log.actions, log.rewards, log.next_observations, strict=True)
    for observation, action, reward, after in rows:
        agent.buffer.add(observation, action, reward, after, done=False)

    def call() -> int:
        agent.update()
        return 1

    return call
