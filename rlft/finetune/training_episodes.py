"""The training episodes: how long they are so far, and what they returned.

Letters: S seeds.
"""

from __future__ import annotations

import numpy as np


class Episodes:
    """Clocks and returns of the training episodes, seed by seed.

    Args:
        seeds: S.

    Attributes:
        timesteps: (S,), the step within each seed's episode, 0 at its start.
        steps: for each seed the environment steps at which its episodes ended.
        returns: for each seed the undiscounted returns of these episodes.
    """

    def __init__(self, seeds: int) -> None:
        self.running = np.zeros(seeds)  # (S,)
        self.timesteps = np.zeros(seeds, np.int64)  # (S,)
        self.steps: list[list[int]] = [[] for _ in range(seeds)]
        self.returns: list[list[float]] = [[] for _ in range(seeds)]

    def record(self, step: int, rewards: np.ndarray, done: np.ndarray) -> None:
        """Adds one step: rewards (S,), done (S,) bool."""
        self.running += rewards
        self.timesteps += 1
        for s in np.flatnonzero(done):
            self.steps[s].append(step)
            self.returns[s].append(float(self.running[s]))
        self.running[done] = 0
        self.timesteps[done] = 0
