"""The one online loop: act, store, update, evaluate. Every recipe runs through it.

S seeds step S sub-environments together, so "step" always means one environment step per seed.

Letters: S seeds, B batch, O observation size, A action size.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from contextlib import closing

import numpy as np
import torch
from tqdm.auto import tqdm

from rlft.algorithms import Learner
from rlft.algorithms.base import Metrics
from rlft.compute import find_device
from rlft.data import Batch, ReplayBuffer
from rlft.envs import make_vec, next_observations
from rlft.errors import InputError
from rlft.evaluate.rollout import Evaluator
from rlft.finetune.acting import Moment
from rlft.finetune.handover import hand_over
from rlft.finetune.prior import Prior
from rlft.finetune.recipe import Online, Recipe, find_recipe
from rlft.finetune.recorder import Recorder
from rlft.finetune.run import Run

Callback = Callable[[int, Learner, ReplayBuffer], None]


class Episodes:
    """Returns of the training episodes, seed by seed."""

    def __init__(self, seeds: int):
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


def make_replay(prior: Prior, recipe: Recipe, steps: int, device: torch.device) -> ReplayBuffer:
    """The replay buffer that the recipe's retention asks for, with room for every online step."""
    learner, handover = prior.learner, recipe.handover
    return ReplayBuffer(
        learner.seeds,
        steps,
        learner.observation_size,
        learner.action_size,
        gamma=recipe.online.learner.gamma,
        offline=None if handover.retention == "drop" else prior.data,
        offline_share=handover.offline_share if handover.retention == "mix" else None,
        device=device,
    )


def learn(
    learner: Learner, online: Online, replay: ReplayBuffer, step: int, generator: torch.Generator
) -> Metrics:
    """All updates that belong to one environment step: `utd` for the critics, fewer for the policy.

    Args:
        learner: updated in place.
        online: the ratios.
        replay: where batches come from.
        step: the environment step, 1 or more; decides whose turn it is when policy_delay > utd.
        generator: source of randomness for the batches.

    Returns:
        The metrics of the last updates, each (S,).
    """
    batch = replay.sample(learner.config.batch_size, generator, batches=online.utd)
    metrics: Metrics = {}
    waiting: list[Batch] = []
    for i, minibatch in enumerate(batch.split(online.utd), start=1):
        metrics |= learner.update_critics(minibatch)
        waiting.append(minibatch)
        if ((step - 1) * online.utd + i) % online.policy_delay == 0:
            seen = Batch.concatenate(waiting) if online.policy_batch == "all" else minibatch
            metrics |= learner.update_policy(seen)
            waiting.clear()
    return metrics


def finetune(
    prior: Prior,
    recipe: str | Recipe,
    *,
    steps: int = 4_000,
    env_id: str | None = None,
    seeds: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    eval_every: int = 250,
    eval_episodes: int = 10,
    callbacks: Sequence[Callback] = (),
    progress: bool = True,
) -> Run:
    """Fine-tunes S policies at once, online.

    Args:
        prior: what pre-training left; its learner is not changed.
        recipe: a name of `rlft.RECIPES` or a recipe.
        steps: environment steps per seed, 1 or more.
        env_id: any Gymnasium id with Box observations and actions; None for the data's own.
        seeds: must equal the prior's S if given: each run goes on from a prior of its own.
        seed: start of the random stream.
        device: for example ``"cpu"`` or ``"cuda"``.
        eval_every: environment steps between evaluations; evaluation uses its own environments.
        eval_episodes: episodes per seed and evaluation, for sampled and for mode actions each.
        callbacks: each called as ``callback(step, learner, replay)`` at every evaluation.
        progress: show a progress bar.

    Returns:
        The run, with evaluations at 0, eval_every, ..., and at the end.

    Raises:
        InputError: for an unknown recipe, environment or device, sizes that do not fit, or seeds
            that differ.
        NumericalError: if a loss, or what the environment returns, is NaN or infinite; names the
            seed.
    """
    recipe = find_recipe(recipe) if isinstance(recipe, str) else recipe
    if steps < 1 or eval_every < 1 or eval_episodes < 1:
        raise InputError(
            f"steps={steps}, eval_every={eval_every}, eval_episodes={eval_episodes}: each counts "
            "something that must happen at least once; give 1 or more."
        )
    if seeds is not None and seeds != prior.seeds:
        raise InputError(
            f"seeds={seeds}, but the prior was trained with {prior.seeds} seeds and each run goes "
            f"on from its own. Leave `seeds` out, or pre-train with seeds={seeds}."
        )
    env_id = env_id or prior.data.env_id
    if not env_id:
        raise InputError(
            f"The data {prior.data.name!r} does not say which environment it was logged in. Name "
            "the one to fine-tune in: finetune(prior, recipe, env_id=...)."
        )
    env_kwargs = dict(prior.data.env_kwargs) if env_id == prior.data.env_id else None
    where = find_device(device)
    learner, crossing = hand_over(prior, recipe, seed=seed + 2, device=where)
    frozen_policy = copy.deepcopy(prior.learner.policy).to(where)
    replay = make_replay(prior, recipe, steps, where)
    generator = torch.Generator(where).manual_seed(seed + 3)  # acting and batches
    env = make_vec(env_id, prior.seeds, env_kwargs=env_kwargs)
    check_sizes(prior, env_id, env.single_observation_space.shape, env.single_action_space.shape)
    evaluator = Evaluator(env_id, seeds=prior.seeds, episodes=eval_episodes, env_kwargs=env_kwargs)

    points: list[int] = []
    curves: dict[bool, list[np.ndarray]] = {True: [], False: []}

    def measure(step: int) -> None:
        points.append(step)
        for mode, curve in curves.items():
            # Other starts and noise at each evaluation, the same ones for all recipes.
            result = evaluator(learner.policy, mode=mode, seed=seed + 1_000_003 * len(points))
            curve.append(result.mean_returns)  # (S,)
        for callback in callbacks:
            callback(step, learner, replay)

    start = time.perf_counter()
    episodes, recorder = Episodes(prior.seeds), Recorder(eval_every)
    metrics: Metrics = {}
    with closing(env), evaluator:  # also when training stops half-way
        observations, _ = env.reset(seed=seed)  # (S, O)
        measure(0)
        for step in tqdm(
            range(1, steps + 1), desc=f"fine-tune {recipe.name}", disable=not progress
        ):
            warming = step <= recipe.warmup.steps
            rule = recipe.warmup.acting if warming else recipe.acting
            moment = Moment(
                torch.as_tensor(observations, device=where),
                torch.as_tensor(episodes.timesteps, device=where),
                learner,
                frozen_policy,
                generator,
            )
            actions = rule.act(moment).cpu().numpy()  # (S, A)
            following, rewards, terminations, truncations, info = env.step(actions)
            done = terminations | truncations  # (S,)
            last = next_observations(following, info)  # where an episode ended, its true last one
            replay.add(
                observations, actions, rewards, last, terminations, truncations, episodes.timesteps
            )
            episodes.record(step, rewards, done)
            observations = following
            if not warming:
                metrics |= learn(learner, recipe.online, replay, step, generator)
                recorder.record(step, metrics)
            elif recipe.warmup.critic_updates:
                size, count = learner.config.batch_size, recipe.warmup.critic_updates
                batch = replay.sample(size, generator, batches=count)
                for minibatch in batch.split(count):
                    learner.update_critics(minibatch)
            if step % eval_every == 0 or step == steps:
                measure(step)
    return Run(
        recipe=recipe,
        env_id=env_id,
        dataset=prior.data.name,
        seeds=prior.seeds,
        seed=seed,
        steps=np.array(points),
        returns_mode=np.stack(curves[True], 1),
        returns_sampled=np.stack(curves[False], 1),
        episode_steps=[np.array(s, np.int64) for s in episodes.steps],
        episode_returns=[np.array(r) for r in episodes.returns],
        metrics=recorder.history(),
        crossing=crossing,
        prior=prior,
        learner=learner,
        seconds=time.perf_counter() - start,
    )


def check_sizes(
    prior: Prior,
    env_id: str,
    observation_shape: tuple[int, ...] | None,
    action_shape: tuple[int, ...] | None,
) -> None:
    """Raises InputError unless the environment's sizes are those that the prior was trained on."""
    expected = ((prior.learner.observation_size,), (prior.learner.action_size,))
    if (observation_shape, action_shape) != expected:
        raise InputError(
            f"Environment {env_id!r} has observations {observation_shape} and actions "
            f"{action_shape}, but the prior was trained on {expected[0]} and {expected[1]} from "
            f"{prior.data.name!r}. Use the data's own environment {prior.data.env_id!r}."
        )
