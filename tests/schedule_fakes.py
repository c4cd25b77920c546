"""A `ScheduleContext` that takes milliseconds: small networks, a line whose reward is the action.

The return of an episode is the sum of its actions, so the value of any guide and explorer is known
by hand.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from small import small

from rlft.acting.horizon import ScheduleContext
from rlft.algorithms import make_learner
from rlft.data import ReplayBuffer, Transitions
from rlft.nets.policies import Policy

LIMIT = 10  # steps of each episode on the line


def line_data(episodes: int = 40, limit: int = LIMIT) -> Transitions:
    """Uniform actions; the observation is the sum of them so far, the reward the action."""
    rng = np.random.default_rng(0)
    actions = rng.uniform(-1, 1, (episodes, limit)).astype(np.float32)
    after = actions.cumsum(1) / limit
    before = np.concatenate([np.zeros((episodes, 1)), after[:, :-1]], axis=1)
    steps = np.tile(np.arange(limit), episodes)
    return Transitions(
        observations=before.reshape(-1, 1),
        actions=actions.reshape(-1, 1),
        rewards=actions.reshape(-1),
        next_observations=after.reshape(-1, 1),
        terminations=np.zeros(steps.shape, bool),
        truncations=steps == limit - 1,
        timesteps=steps,
        name="line",
    )


def always(policy: Policy, *actions: float) -> None:
    """Makes the most likely action of each seed a constant."""
    with torch.no_grad():
        for parameter in policy.mlp.parameters():
            parameter.zero_()
        bias = policy.mlp.linears[-1].get_parameter("bias")  # (S, 1, 1)
        bias[..., 0] = torch.tensor(actions).atanh().unsqueeze(1)


def make_context(*, seeds: int = 3, **changes: Any) -> ScheduleContext:
    """A run of 1,000 steps on the line, before its first step; the replay is empty."""
    data = line_data()
    learner, guide = (make_learner(small("inac"), 1, 1, seeds, seed) for seed in (0, 1))
    context = ScheduleContext(
        seeds=seeds,
        steps=1_000,
        time_limit=LIMIT,
        data=data,
        replay=ReplayBuffer(seeds, 100, 1, 1, gamma=0.98),
        guide=guide.policy,
        learner=learner,
        seed=0,
        device=torch.device("cpu"),
    )
    return replace(context, **changes)


def fill(replay: ReplayBuffer, steps: int, *, reward: float = 7.0) -> None:
    """Plays episodes of `LIMIT` steps with a reward that the data has nowhere."""
    seeds = replay.seeds
    for n in range(steps):
        t = np.full(seeds, n % LIMIT)
        state = np.full((seeds, 1), 100 + t[0], np.float32)  # tells its own time step
        replay.add(
            observations=state,
            actions=np.zeros((seeds, 1)),
            rewards=np.full(seeds, reward),
            next_observations=state + 1,
            terminations=np.zeros(seeds, bool),
            truncations=t == LIMIT - 1,
            timesteps=t,
        )
