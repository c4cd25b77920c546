"""What a sweep would cost: a few updates and steps of each recipe are timed and multiplied.

Counted are seconds of a core, not of the wall, so that other work on the machine does not matter.
Measured are updates of the prior, steps with and without a warm-up, an evaluation, and what a
schedule does before the run. It is a guess from above for evaluations, as an untrained policy plays
its episodes to the end, and from below for what grows during a run, such as an automatic schedule's
judge.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

import torch

from rlft.acting import Automatic, JumpStart
from rlft.core.compute import find_device
from rlft.data import OfflineData
from rlft.envs import make_vec
from rlft.evaluate.rollout import Evaluator
from rlft.experiments.experiment import Experiment
from rlft.finetune.loop import OnlineLoop
from rlft.finetune.start import environment_of
from rlft.recipes import Recipe, Warmup

# The first calls fill caches; then as many as fill a while, a delayed policy's updates among them.
WARM_UP, LEAST, ENOUGH = 2, 8, 1.0  # calls, calls, seconds of a core
# Updates of an automatic schedule's reference that are timed in place of all.
REFERENCE_UPDATES = 20


@dataclass(frozen=True)
class Cost:
    """Seconds of a core for one job.

    Attributes:
        prior: for its prior, which other jobs may share; 0 without one.
        run: for its fine-tuning with all evaluations.
    """

    prior: float
    run: float


def measure(experiment: Experiment, recipe: Recipe) -> Cost:
    """Times a recipe, which takes a few seconds at the course's scale.

    Args:
        experiment: data, seeds and plan of a job; nothing is written into its folder.
        recipe: at either scale.
    """
    return Cost(_prior_seconds(experiment, recipe), _run_seconds(experiment, recipe))


def _prior_seconds(experiment: Experiment, recipe: Recipe) -> float:
    """All updates of the prior."""
    if recipe.prior is None:
        return 0.0
    learner, config = experiment.blank(recipe.prior, experiment.seeds).learner, recipe.prior.config
    learner.look_at(experiment.data)
    device = find_device(experiment.plan.device)
    data = OfflineData(experiment.data, experiment.seeds, gamma=config.gamma, device=device)
    generator = torch.Generator(device).manual_seed(0)
    one = _seconds(lambda: learner.update(data.sample(config.batch_size, generator)))
    return recipe.prior.steps * one


def _run_seconds(experiment: Experiment, recipe: Recipe) -> float:
    """The start, all steps and all evaluations of a run."""
    plan = experiment.plan
    warm = recipe.warmup.steps
    learning = replace(recipe, online=replace(recipe.online, learning_starts=0), warmup=Warmup())
    warming = replace(learning, warmup=replace(recipe.warmup, steps=plan.steps))
    start, loop = _start(experiment, learning)
    step = _step_seconds(loop)
    waiting = _step_seconds(_start(experiment, warming)[1]) if warm else 0.0
    options = {"seeds": experiment.seeds, "episodes": plan.eval_episodes}
    with Evaluator(loop.env_id, **options, env_kwargs=loop.env_kwargs) as evaluator:
        begin = time.process_time()
        loop.measure(0, evaluator, ())
        evaluation = time.process_time() - begin
    evaluations = 1 + -(-plan.steps // plan.eval_every)  # also at the end
    return start + warm * waiting + (plan.steps - warm) * step + evaluations * evaluation


def _start(experiment: Experiment, recipe: Recipe) -> tuple[float, OnlineLoop]:
    """A run before its first step, and what that takes."""
    acting, scale = recipe.acting, 1.0
    if isinstance(acting, JumpStart) and isinstance(acting.schedule, Automatic):
        scale = acting.schedule.reference_updates / REFERENCE_UPDATES
        fewer = replace(acting.schedule, reference_updates=REFERENCE_UPDATES)
        recipe = replace(recipe, acting=replace(acting, schedule=fewer))
    prior = experiment.blank(recipe.prior, experiment.seeds)
    begin = time.process_time()
    loop = OnlineLoop(prior, recipe, experiment.plan.but(progress=False), *environment_of(prior))
    return scale * (time.process_time() - begin), loop


def _step_seconds(loop: OnlineLoop) -> float:
    """One environment step with its updates."""
    with closing(make_vec(loop.env_id, loop.prior.seeds, env_kwargs=loop.env_kwargs)) as env:
        shown, step = env.reset(seed=0)[0], 0

        def one() -> None:
            nonlocal shown, step
            step += 1
            shown, done = loop.play(env, shown, step)
            loop.update(step)
            loop.horizon.begin_episodes(done)

        return _seconds(one, most=loop.plan.steps)  # the replay has room for no more


def _seconds(call: Callable[[], object], most: float = float("inf")) -> float:
    """Seconds of a core that a call takes, on average."""
    before = WARM_UP if most > WARM_UP else 0
    for _ in range(before):
        call()
    calls, begin = 0, time.process_time()
    while calls < most - before and (calls < LEAST or time.process_time() - begin < ENOUGH):
        call()
        calls += 1
    return (time.process_time() - begin) / calls
