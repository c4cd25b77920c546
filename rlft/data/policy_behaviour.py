"""A trained policy as the behaviour of a dataset: at one level, or at several in order of training.

Several levels are what a replay buffer would hold: the policy as it was at first, then better and
better. They stand for "medium-replay", whose bytes no training could give again on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rlft.core.checks import refused
from rlft.data.logged import log_policy
from rlft.data.shipped import behaviour_digest, load_behaviour
from rlft.envs import Episode

# Digits of the weights' digest in the text that data is known by: 48 bits tell versions apart.
DIGITS = 12


@dataclass(frozen=True)
class PolicyBehaviour:
    """A trained policy that logs data.

    Attributes:
        policy: name or path, see `rlft.data.load_behaviour`.
        levels: those that act, each in as many transitions as the others, one after the other.
        action_noise: standard deviation of Gaussian noise on each action, in units of the action
            box's half width; >= 0.
        random_actions: share of actions that are uniform; in [0, 1].
        mode: act with the most likely action instead of a sampled one.

    Raises:
        InputError: no level.
    """

    policy: str
    levels: tuple[str, ...]
    action_noise: float = 0.0
    random_actions: float = 0.0
    mode: bool = False

    def __post_init__(self) -> None:
        if not self.levels or isinstance(self.levels, str):
            hint = "For one level write ('medium',)."
            raise refused("levels", self.levels, "a tuple of names", hint, "PolicyBehaviour")

    @property
    def weights(self) -> str:
        """What tells these levels' weights from any others; errors as `load_behaviour`."""
        return " ".join(behaviour_digest(self.policy, level)[:DIGITS] for level in self.levels)

    def log(self, env_id: str, *, transitions: int, seed: int) -> list[Episode]:
        """Logs whole episodes; see `log_policy`.

        Args:
            env_id: the policy's environment.
            transitions: steps wanted, >= 1, shared out among the levels; the last episode of each
                level is logged to its end.
            seed: of everything random, >= 0.

        Raises:
            InputError: no such policy or level, or whatever `log_policy` refuses.
        """
        shares = np.diff(np.linspace(0, transitions, len(self.levels) + 1).round().astype(int))
        episodes: list[Episode] = []
        for place, (level, share) in enumerate(zip(self.levels, shares, strict=True)):
            episodes += log_policy(
                load_behaviour(self.policy, level),
                env_id,
                transitions=max(1, int(share)),
                seed=seed * len(self.levels) + place,  # no two levels and seeds share one
                mode=self.mode,
                action_noise=self.action_noise,
                random_actions=self.random_actions,
            )
        return episodes
