"""Pre-training: a dataset and an algorithm go in, a prior comes out.

A prior is everything that could cross the switch: the learner with all its parts, and the data.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from tqdm.auto import tqdm

from rlft.algorithms import Config, Learner, algorithm_config, make_learner
from rlft.algorithms.base import Metrics
from rlft.data import OfflineData, Transitions
from rlft.errors import InputError

History = dict[str, np.ndarray]  # metric name to (S, P); "step" to (P,)


@dataclass(frozen=True)
class Prior:
    """What offline learning left behind.

    Attributes:
        name: the algorithm's name, or its configuration's class name.
        learner: the trained learner, S seeds.
        data: what it was trained on.
        steps: gradient updates.
        history: training metrics, each (S, P), and ``"step"`` (P,).
        seconds: wall-clock time of training.
    """

    name: str
    learner: Learner
    data: Transitions
    steps: int
    history: History
    seconds: float

    @property
    def seeds(self) -> int:
        """S."""
        return self.learner.seeds

    def __repr__(self) -> str:
        last = {k: f"{v[:, -1].mean():.3g}" for k, v in self.history.items() if k != "step"}
        return (
            f"Prior({self.name!r}, seeds={self.seeds}, steps={self.steps}, data={self.data.name!r}, "
            f"seconds={self.seconds:.0f}, last={last})"
        )


class Recorder:
    """Keeps every k-th metrics dictionary and stacks them into (S, P) arrays.

    Args:
        every: k, in steps.
    """

    def __init__(self, every: int):
        self.every = every
        self.steps: list[int] = []
        self.rows: dict[str, list[np.ndarray]] = {}

    def record(self, step: int, metrics: Metrics) -> None:
        """Keeps the metrics of a step (each (S,)) if its turn has come."""
        if step % self.every == 0:
            self.steps.append(step)
            for name, value in metrics.items():
                self.rows.setdefault(name, []).append(value.cpu().numpy().copy())

    def history(self) -> History:
        """The stacked metrics."""
        stacked = {name: np.stack(rows, axis=1) for name, rows in self.rows.items()}  # (S, P)
        return {"step": np.array(self.steps), **stacked}


def pretrain(
    algorithm: str | Config,
    data: Transitions,
    *,
    seeds: int = 6,
    steps: int = 4_000,
    seed: int = 0,
    device: str = "cpu",
    log_every: int = 100,
    callback: Callable[[int, Learner], None] | None = None,
    progress: bool = True,
) -> Prior:
    """Trains S learners at once on logged data.

    Args:
        algorithm: a name of `rlft.ALGORITHMS` or a configuration.
        data: the logged transitions, shared by all seeds; each seed draws its own batches.
        seeds: S, the number of independent runs, 1 or more.
        steps: gradient updates, 1 or more.
        seed: start of the random stream.
        device: for example ``"cpu"`` or ``"cuda"``.
        log_every: updates between two recorded metrics.
        callback: called as ``callback(update, learner)`` every `log_every` updates.
        progress: show a progress bar.

    Returns:
        The prior.

    Raises:
        InputError: for an unknown algorithm, ``seeds < 1`` or ``steps < 1``.
        NumericalError: if a loss becomes NaN or infinite; names the seed and the update.
    """
    config = algorithm_config(algorithm) if isinstance(algorithm, str) else algorithm
    name = algorithm if isinstance(algorithm, str) else type(config).__name__
    if steps < 1:
        raise InputError(f"steps={steps}: pre-training needs at least 1 gradient update.")
    learner = make_learner(
        config, data.observation_size, data.action_size, seeds, seed=seed, device=device
    )
    batches = OfflineData(data, seeds, gamma=config.gamma, device=device)
    generator = torch.Generator(device).manual_seed(seed + 1)  # apart from the learner's stream
    recorder = Recorder(log_every)
    start = time.perf_counter()
    for step in tqdm(range(1, steps + 1), desc=f"pre-train {name}", disable=not progress):
        metrics = learner.update(batches.sample(config.batch_size, generator))
        recorder.record(step, metrics)
        if callback is not None and step % log_every == 0:
            callback(step, learner)
    seconds = time.perf_counter() - start
    return Prior(name, learner, data, steps, recorder.history(), seconds)
