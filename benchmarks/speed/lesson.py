"""What a lesson's seconds go to: the CPU time of fine-tuning SAC, by activity.

Functions that stand for an activity are wrapped with a timer. Where one of them calls another, the
time belongs to the inner one alone, so the shares add up to the whole.

Letters: S seeds.
"""

from __future__ import annotations

import functools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import torch

from benchmarks.speed.rounds import Effort
from rlft.algorithms.sac import SAC
from rlft.algorithms.trainable import Trainable
from rlft.data import ReplayBuffer, load_dataset
from rlft.envs import MazeVectorEnv
from rlft.evaluate.rollout import Evaluator
from rlft.finetune import finetune, pretrain
from rlft.finetune.loop import OnlineLoop
from rlft.recipes import find_recipe

DATASET = "rlft/maze/detour-medium-v0"
SEEDS, STEPS = 6, 500
EVALUATION = "evaluation"
REST = "the loop itself"
# Where each activity happens. All that an evaluation does, acting and stepping too, is evaluation.
PLACES: tuple[tuple[str, Any, str], ...] = (
    ("updates: forward, losses, targets", SAC, "update"),
    ("updates: backward and Adam", Trainable, "descend"),
    ("updates: backward and Adam", torch.Tensor, "backward"),
    ("updates: backward and Adam", torch.optim.Adam, "step"),
    (EVALUATION, Evaluator, "__call__"),
    (EVALUATION, OnlineLoop, "measure"),
    ("acting", OnlineLoop, "act"),
    ("environment", MazeVectorEnv, "step"),
    ("replay: storing", ReplayBuffer, "add"),
    ("replay: drawing", ReplayBuffer, "sample"),
)


class Activities:
    """CPU seconds by activity."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._open: list[str] = []
        self._since = 0.0

    def _switch(self) -> None:
        """Books the time since the last switch to what is going on now."""
        now = time.process_time()
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        self._since = now

    @contextmanager
    def going_on(self, activity: str) -> Iterator[None]:
        """Time in this block belongs to the activity; inside of an evaluation, to that."""
        self._switch()
        self._open.append(EVALUATION if EVALUATION in self._open else activity)
        try:
            yield
        finally:
            self._switch()
            self._open.pop()

    def watched(self, activity: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose calls are the activity."""

        @functools.wraps(function)
        def inner(*args: Any, **kwargs: Any) -> Any:
            with self.going_on(activity):
                return function(*args, **kwargs)

        return inner


def by_activity(run: Callable[[], object]) -> dict[str, float]:
    """CPU seconds of a function by activity, the largest first."""
    activities = Activities()
    with ExitStack() as stack:
        for activity, owner, name in PLACES:
            watched = activities.watched(activity, getattr(owner, name))
            stack.enter_context(mock.patch.object(owner, name, watched))
        with activities.going_on(REST):
            run()
    return dict(activities.seconds.most_common())


def measure(effort: Effort) -> dict[str, Any]:
    """Fine-tunes as a lesson does, once unwatched to warm up."""
    data = load_dataset(DATASET)
    # What a prior has learned does not change what steps cost.
    prior = pretrain("cql", data, seeds=SEEDS, steps=5, progress=False)
    recipe, steps = find_recipe("sac"), 140 if effort.quick else STEPS

    def run(steps: int) -> None:
        finetune(prior, recipe, steps=steps, progress=False)

    run(recipe.online.learner.batch_size + 10)
    return {"steps": steps, "seeds": SEEDS, "seconds": by_activity(lambda: run(steps))}
