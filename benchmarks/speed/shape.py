"""The sizes at which contenders meet, and the random log that each of them gets.

Letters: N transitions, O observation size, A action size, E critics.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

# Settings that everybody shares. None of them changes what an update costs, save that all entropy
# terms are there.
GAMMA, POLYAK, LR = 0.99, 0.005, 3e-4
EPISODES, STEPS = 100, 100  # 10,000 transitions: drawing a batch misses the caches, as in use


@dataclass(frozen=True)
class Shape:
    """Sizes of networks, batches and data.

    Attributes:
        observation: O.
        action: A.
        hidden: width of each hidden layer, of all networks.
        batch: transitions of an update.
        ensemble: E.
        layer_norm: LayerNorm in the critics.
    """

    observation: int = 4
    action: int = 2
    hidden: tuple[int, ...] = (64, 64)
    batch: int = 128
    ensemble: int = 2
    layer_norm: bool = False

    def __str__(self) -> str:
        widths = f"{len(self.hidden)} x {self.hidden[0]}"
        norm = " with LayerNorm" if self.layer_norm else ""
        return f"{widths}, batch {self.batch}, E={self.ensemble}{norm}"


COURSE = Shape()  # the lessons' sizes, on a maze
PAPER = Shape(observation=11, action=3, hidden=(256, 256), batch=256)  # the papers', on Hopper


def ten(shape: Shape) -> Shape:
    """With ten critics and LayerNorm, as WSRL and RLPD have them."""
    return replace(shape, ensemble=10, layer_norm=True)


@dataclass(frozen=True)
class Log:
    """N random transitions in episodes that end by the clock.

    Attributes:
        observations: (N, O).
        actions: (N, A) in (-1, 1).
        rewards: (N,).
        next_observations: (N, O), the observation of the next row inside of an episode.
        truncations: (N,) bool.
        timesteps: (N,).
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    next_observations: np.ndarray
    truncations: np.ndarray
    timesteps: np.ndarray


def random_log(shape: Shape) -> Log:
    """The same numbers at each call."""
    random = np.random.default_rng(0)
    count = EPISODES * STEPS
    states = random.standard_normal((EPISODES, STEPS + 1, shape.observation), dtype=np.float32)
    timesteps = np.tile(np.arange(STEPS), EPISODES)
    return Log(
        observations=states[:, :-1].reshape(count, -1),
        actions=np.tanh(random.standard_normal((count, shape.action), dtype=np.float32)),
        rewards=random.standard_normal(count, dtype=np.float32),
        next_observations=states[:, 1:].reshape(count, -1),
        truncations=timesteps == STEPS - 1,
        timesteps=timesteps,
    )
