"""Measures how many maze steps per CPU second are made: ``python benchmarks/maze_speed.py``.

Three ways to make N points step: our vector environment, N copies of our single environment in
Gymnasium's `SyncVectorEnv`, and the bare step function. Runs take turns, and the median counts; the
time is the processor's, which leaves out what the machine does for others meanwhile. Goal:
1,000,000 steps/s with 256 points.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tyro
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv

from rlft.envs import MazeEnv, MazeVectorEnv, maze_step


@dataclass(frozen=True)
class Options:
    """What to measure."""

    sizes: tuple[int, ...] = (1, 8, 64, 256, 1024, 10_000)
    """Numbers of points N."""
    seconds: float = 0.1
    """CPU time of one run."""
    rounds: int = 7
    """Runs of each kind, of which the median counts."""


def rate(step: Callable[[], object], num_envs: int, seconds: float) -> float:
    """Returns steps per CPU second of calling ``step``, which moves ``num_envs`` points."""
    calls, begin = 0, time.process_time()
    while (passed := time.process_time() - begin) < seconds:
        step()
        calls += 1
    return calls * num_envs / passed


def stepper(env: VectorEnv, actions: np.ndarray) -> Callable[[], object]:
    """Returns a function that makes one step; episodes end by the time limit and start anew."""
    env.reset(seed=0)
    return lambda: env.step(actions)


def measure(num_envs: int, options: Options) -> dict[str, float]:
    """Returns the median rates in steps/s, by kind."""
    # Actions toward random sides: points run into walls and slide, as they do in use.
    actions = np.random.default_rng(0).uniform(-1, 1, (num_envs, 2)).astype(np.float32)
    ours = MazeVectorEnv(num_envs)
    positions = ours.maze.positions.copy()
    kinds = {
        "bare step": lambda: maze_step(ours.layout, positions, actions),
        "vector": stepper(ours, actions),
    }
    if num_envs <= 256:  # beyond this, one call of N single environments outlasts a whole run
        sync = SyncVectorEnv([MazeEnv] * num_envs, autoreset_mode=AutoresetMode.SAME_STEP)
        kinds["N x single"] = stepper(sync, actions)
    runs: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(options.rounds):
        for kind, step in kinds.items():
            runs[kind].append(rate(step, num_envs, options.seconds))
    return {kind: statistics.median(values) for kind, values in runs.items()}


def main(options: Options) -> None:
    """Prints the table."""
    kinds = ("bare step", "vector", "N x single")
    print("Environment steps per CPU second, median")
    print(f"{'N':>7} {' '.join(f'{kind:>12}' for kind in kinds)}")
    for num_envs in options.sizes:
        rates = measure(num_envs, options)
        cells = [f"{rates[k]:12,.0f}" if k in rates else f"{'-':>12}" for k in kinds]
        print(f"{num_envs:7,} {' '.join(cells)}", flush=True)


if __name__ == "__main__":
    main(tyro.cli(Options))
