"""Small learners, data and recipes on which pre-training and fine-tuning take milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import gymnasium as gym
import numpy as np
import torch
from maze_fakes import logged
from torch import Tensor

from rlft.acting import Automatic, Fixed, JumpStart, LearnerActs
from rlft.acting.rules import ActContext, Acting, Policies
from rlft.algorithms import ALGORITHMS, Config
from rlft.data import Transitions
from rlft.finetune import Prior, pretrain
from rlft.nets.stacked import CriticConfig
from rlft.recipes import Handover, Online, Recipe, Warmup

MAZE_DATA = logged(300)
SHORT_DATA = logged(300, time_limit=10)  # for runs whose episodes have 10 steps
CRITICS = CriticConfig(hidden=(8,))


def small(algorithm: str, **changes: Any) -> Config:
    """An algorithm's default configuration with networks of 8 units and batches of 4."""
    config = ALGORITHMS[algorithm]
    policy = replace(config.policy, hidden=(8,))
    return replace(config, **{"policy": policy, "critics": CRITICS, "batch_size": 4, **changes})


def make_prior(
    algorithm: str = "sac", *, data: Transitions = MAZE_DATA, seeds: int = 3, steps: int = 3
) -> Prior:
    return pretrain(small(algorithm), data, seeds=seeds, steps=steps, log_every=1, progress=False)


def make_recipe(
    learner: Config | None = None,
    *,
    handover: Handover | None = None,
    warmup: Warmup | None = None,
    acting: Acting | None = None,
    guide: Online | None = None,
    **ratios: Any,
) -> Recipe:
    """A recipe named "test" that goes on with a small SAC unless told otherwise, from step 1 on."""
    return Recipe(
        name="test",
        title="a test",
        online=Online(learner or small("sac"), **{"learning_starts": 0, **ratios}),
        handover=handover or Handover(),
        warmup=warmup or Warmup(),
        acting=acting or LearnerActs(),
        guide=guide,
    )


@dataclass(frozen=True)
class Always:
    """A rule that takes one action for ever, in each of A dimensions."""

    action: float
    actions: int = 2
    random_share: float = 0.0
    schedule: Fixed = Fixed(0)

    def check(self, policies: Policies) -> None:
        """Nothing to check."""

    def act(self, context: ActContext) -> Tensor:
        return torch.full((*context.observations.shape[:2], self.actions), self.action)


@dataclass(frozen=True)
class ModeOf(Always):
    """A rule without chance: the most likely action of one policy of the policies."""

    action: float = 0.0
    who: Literal["learner", "guide", "frozen"] = "learner"

    def act(self, context: ActContext) -> Tensor:
        with torch.no_grad():
            return getattr(context.policies, self.who).mode(context.observations)


def cut(recipe: Recipe) -> Recipe:
    """A registered recipe without its long phases: one step of warm-up, updates from then on."""
    acting = recipe.acting
    if isinstance(acting, JumpStart) and isinstance(acting.schedule, Automatic):
        acting = replace(acting, schedule=replace(acting.schedule, reference_updates=2))
    warmup = replace(recipe.warmup, steps=min(recipe.warmup.steps, 1))
    online = replace(recipe.online, learning_starts=0)
    return replace(recipe, online=online, warmup=warmup, acting=acting)


def narrow(config: Config) -> Config:
    """A configuration with networks of 8 units and batches of 4; ensemble and ratios stay."""
    policy = replace(config.policy, hidden=(8,))
    return replace(
        config, policy=policy, critics=replace(config.critics, hidden=(8,)), batch_size=4
    )


def pendulum_data(episodes: int = 2, steps: int = 30) -> Transitions:
    """Random actions in an environment that no code of the library knows."""
    env, rng = gym.make("Pendulum-v1", max_episode_steps=steps), np.random.default_rng(0)
    columns: dict[str, list[Any]] = {name: [] for name in Transitions.__annotations__}
    for episode in range(episodes):
        observation, _ = env.reset(seed=episode)
        for step in range(steps):
            action = rng.uniform(-1, 1, 1)
            next_observation, reward, terminated, truncated, _ = env.step(
                2 * action
            )  # torque in [-2, 2]
            row = (observation, action, reward, next_observation, terminated, truncated, step)
            for name, value in zip(columns, row, strict=False):
                columns[name].append(value)
            observation = next_observation
    arrays = {name: np.array(values) for name, values in columns.items() if values}
    return Transitions(**arrays, name="pendulum", env_id="Pendulum-v1")


def same_state(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> bool:
    """Whether two state dictionaries agree in every bit."""
    return a.keys() == b.keys() and all(
        a[name].dtype == b[name].dtype and torch.equal(a[name], b[name]) for name in a
    )


def of_seed(state: Mapping[str, Tensor], seed: int, seeds: int) -> dict[str, Tensor]:
    """What one seed owns of a learner's state: weights and Adam's moments, not the step counts."""
    own = {k: v for k, v in state.items() if v.ndim > 0 and k != "generator"}
    return {name: value.reshape(seeds, -1)[seed] for name, value in own.items()}
