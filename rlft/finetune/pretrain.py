"""Pre-training: a dataset and an algorithm go in, a prior comes out.

A prior is everything that could cross the switch: the learner with all its parts, and the data.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from tqdm.auto import tqdm

from rlft.algorithms import BCConfig, Config, Learner, algorithm_config, make_learner
from rlft.algorithms.compiled import compile as compiled
from rlft.core.checks import at_least
from rlft.core.compute import find_device, training
from rlft.core.streams import Role, stream
from rlft.data import OfflineData, Transitions
from rlft.finetune.checkpoint import Checkpoint, Setup
from rlft.finetune.recorder import History, Recorder


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
            f"Prior({self.name!r}, seeds={self.seeds}, steps={self.steps}, "
            f"data={self.data.name!r}, seconds={self.seconds:.0f}, last={last})"
        )


@training
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
    checkpoint: Path | str | None = None,
    checkpoint_every: int = 1_000,
    progress: bool = True,
    compile: bool = False,
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
        checkpoint: a file in which the whole state is kept. If it exists, training goes on from
            there, with the very result of a training that was never interrupted.
        checkpoint_every: updates between two checkpoints; 1,000 take 10 s to a minute. The last
            update makes one in any case, so that the same call again returns at once.
        progress: show a progress bar.
        compile: compile the updates, see `rlft.compile`.

    Returns:
        The prior.

    Raises:
        InputError: for an unknown algorithm or device, ``seeds``, ``steps``, ``log_every`` or
            ``checkpoint_every`` below 1, or a checkpoint of another training.
        NumericalError: if a loss becomes NaN or infinite; names the seed and the update.
    """
    config = algorithm_config(algorithm) if isinstance(algorithm, str) else algorithm
    name = algorithm if isinstance(algorithm, str) else type(config).__name__
    # Nothing can be said of starts, or of the spread of returns, from a single episode.
    hint = f"Log more episodes into dataset {data.name!r}."
    at_least(2, number_of_episodes=len(data.episode_starts), hint=hint)
    hint = "All three count gradient updates."
    at_least(1, steps=steps, log_every=log_every, checkpoint_every=checkpoint_every, hint=hint)
    where = find_device(device)
    learner = make_learner(
        config,
        data.observation_size,
        data.action_size,
        seeds,
        seed=stream(seed, Role.PRETRAINED_LEARNER),
        device=where,
    )
    if compile:
        compiled(learner)
    learner.look_at(data)
    batches = OfflineData(data, seeds, gamma=config.gamma, device=where)
    generator = torch.Generator(where).manual_seed(stream(seed, Role.PRETRAINING_BATCHES))
    recorder = Recorder(log_every)
    saved, done, spent = None, 0, 0.0
    if checkpoint is not None:
        setup = Setup(
            config=config,
            data=data,
            seeds=seeds,
            seed=seed,
            log_every=log_every,
            device=where.type,
        )
        saved = Checkpoint(Path(checkpoint), setup, learner, generator, recorder)
        done, spent = saved.restore(steps)
    start = time.perf_counter() - spent
    for step in tqdm(
        range(done + 1, steps + 1),
        desc=f"pre-train {name}",
        initial=done,
        total=steps,
        disable=not progress,
    ):
        metrics = learner.update(batches.sample(config.batch_size, generator))
        recorder.record(step, metrics)
        if step % log_every == 0 or step == steps:
            learner.settle()
        if callback is not None and step % log_every == 0:
            callback(step, learner)
        if saved is not None and (step % checkpoint_every == 0 or step == steps):
            saved.save(step, time.perf_counter() - start)
    return Prior(
        name=name,
        learner=learner,
        data=data,
        steps=steps,
        history=recorder.history(),
        seconds=time.perf_counter() - start,
    )


def untrained(data: Transitions, *, seeds: int = 6, seed: int = 0, device: str = "cpu") -> Prior:
    """A prior for methods that start from nothing (RLPD, fast SAC): the data, and no training.

    Args:
        data: the logged transitions, for a recipe that retains them.
        seeds: S, 1 or more.
        seed: start of the random stream.
        device: where the learner lives.

    Returns:
        A prior of 0 steps whose policy has its initial weights.
    """
    learner = make_learner(
        BCConfig(),
        data.observation_size,
        data.action_size,
        seeds,
        seed=stream(seed, Role.PRETRAINED_LEARNER),
        device=find_device(device),
    )
    nothing = Recorder(1).history()
    return Prior(
        name="untrained", learner=learner, data=data, steps=0, history=nothing, seconds=0.0
    )
