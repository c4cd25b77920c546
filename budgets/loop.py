"""The unit in which notebooks are measured, as a program: a round of what the library does most.

A round is one update of SAC, of six seeds, and some steps of their maze. For each line on its
standard input this program makes a burst of rounds and prints the CPU seconds of one. It ends when
its input does, so it cannot outlive the process that started it.

Both halves are needed. Updates work on arrays of some hundred kilobytes, and become slow where the
caches are small or shared; steps are Python and small arrays, and become slow with the core. On one
machine an update took 3 times as long as on another, and the lessons, which do both, 1.9 to 2.6
times: in updates alone, each lesson would seem to need a third less there.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import torch

import rlft
from rlft.data import Batch

SEEDS = 6  # as in the lessons
OBSERVATIONS = ACTIONS = 2  # as in the maze
STEPS = 45  # take as long as one update, on a quick core
# Long enough that the system interrupts the burst on a busy machine as it interrupts a notebook,
# short enough that the notebook, which stands still meanwhile, loses a few per cent of its time.
ROUNDS = 4
# Before them, and not counted: after a pause, the caches hold somebody else's data.
WARM_UP = 2


class Loop:
    """A learner with a batch of random transitions, and points in the maze."""

    def __init__(self) -> None:
        config = rlft.SACConfig()
        generator = torch.Generator().manual_seed(0)

        def draw(*shape: int) -> torch.Tensor:
            size = (SEEDS, config.batch_size, *shape)
            return 2 * torch.rand(size, generator=generator) - 1  # (S, B, ...)

        zeros = torch.zeros(SEEDS, config.batch_size)  # (S, B)
        self._learner = rlft.make_learner(config, OBSERVATIONS, ACTIONS, SEEDS)
        self._batch = Batch(
            observations=draw(OBSERVATIONS),
            actions=draw(ACTIONS),
            rewards=draw(),
            next_observations=draw(OBSERVATIONS),
            terminations=zeros,
            returns_to_go=zeros,
            timesteps=zeros,
        )
        self._env = rlft.make_vec("rlft/Maze-Detour-v0", SEEDS)
        self._env.reset(seed=0)
        random = np.random.default_rng(0)
        self._actions = random.uniform(-1, 1, (SEEDS, ACTIONS)).astype(np.float32)  # (S, A)

    def run(self, rounds: int) -> float:
        """Makes so many rounds; returns the CPU seconds of one."""
        begin = time.process_time()
        for _ in range(rounds):
            self._learner.update(self._batch)
            for _ in range(STEPS):
                self._env.step(self._actions)
        return (time.process_time() - begin) / rounds


def main() -> None:
    """Answers until the input ends."""
    loop = Loop()
    for _ in sys.stdin:
        loop.run(WARM_UP)
        print(loop.run(ROUNDS), flush=True)


if __name__ == "__main__":
    main()
