"""Stable-Baselines3's SAC as a contender: its own replay buffer and its own `train`."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from benchmarks.speed.rounds import Call
from benchmarks.speed.shape import GAMMA, LR, POLYAK, Shape, random_log


class Nowhere(gym.Env[np.ndarray, np.ndarray]):
    """An environment that only says how large observations and actions are.

    Args:
        shape: the sizes.
    """

    def __init__(self, shape: Shape) -> None:
        self.observation_space = spaces.Box(-np.inf, np.inf, (shape.observation,))
        self.action_space = spaces.Box(-1, 1, (shape.action,))


def policy_class(shape: Shape) -> Any:
    """SB3's policy; with LayerNorm in the critics one of our own, as SB3 has no option for it."""
    import torch
    from stable_baselines3.common.policies import ContinuousCritic
    from stable_baselines3.common.torch_layers import create_mlp
    from stable_baselines3.sac.policies import SACPolicy

    if not shape.layer_norm:
        return SACPolicy

    class NormCritic(ContinuousCritic):
        """SB3's critics, their networks made anew by SB3's own function for them."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            inputs, norm = shape.observation + shape.action, [torch.nn.LayerNorm]
            for number in range(self.n_critics):
                layers = create_mlp(inputs, 1, list(shape.hidden), post_linear_modules=norm)
                network = torch.nn.Sequential(*layers)
                self.add_module(f"qf{number}", network)
                self.q_networks[number] = network

    class NormPolicy(SACPolicy):
        def make_critic(self, features_extractor: Any = None) -> ContinuousCritic:
            given = self._update_features_extractor(self.critic_kwargs, features_extractor)
            return NormCritic(**given).to(self.device)

    return NormPolicy


def model(shape: Shape, env: Any, **options: Any) -> Any:
    """SB3's SAC in these sizes, silent."""
    from stable_baselines3 import SAC
    from stable_baselines3.common.logger import configure

    made = SAC(
        policy_class(shape),
        env,
        learning_rate=LR,
        batch_size=shape.batch,
        tau=POLYAK,
        gamma=GAMMA,
        policy_kwargs={"net_arch": list(shape.hidden), "n_critics": shape.ensemble},
        device="cpu",
        seed=0,
        **options,
    )
    made.set_logger(configure(None, []))
    return made


def fill(buffer: Any, shape: Shape) -> None:
    """Puts the random log into an SB3 replay buffer, which is as long as the log."""
    log = random_log(shape)
    for name in ("observations", "actions", "rewards", "next_observations"):
        getattr(buffer, name)[:, 0] = getattr(log, name)
    buffer.full = True


def sac(shape: Shape) -> Call:
    """Updates from a buffer that holds the random log."""
    learner = model(shape, Nowhere(shape), buffer_size=len(random_log(shape).rewards))
    fill(learner.replay_buffer, shape)

    def call() -> int:
        learner.train(gradient_steps=1, batch_size=shape.batch)
        return 1

    return call
