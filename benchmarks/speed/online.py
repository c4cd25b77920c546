"""Whole online loops on Pendulum: act, step, store, draw, update. Nobody evaluates.

Letters: S seeds.
"""

from __future__ import annotations

import gymnasium as gym

from benchmarks.speed import sb3_peer
from benchmarks.speed.ours import sac_config, transitions
from benchmarks.speed.plain_sac import PlainSAC
from benchmarks.speed.rounds import Call
from benchmarks.speed.shape import Shape
from rlft.envs import make_vec
from rlft.finetune import RunPlan
from rlft.finetune.loop import OnlineLoop
from rlft.finetune.pretrain import untrained
from rlft.recipes import Recipe
from rlft.recipes.papers import NOTHING
from rlft.recipes.recipe import Online

ENV = "Pendulum-v1"
SIZES = {"observation": 3, "action": 1}
CAPACITY = 20_000
STARTS = 200  # environment steps before the first update
STEPS = 10  # of a call; SB3 prepares each call of `learn`, which should not be felt


def ours(shape: Shape, seeds: int, utd: int, policy_delay: int = 1) -> Call:
    """The library's loop, step by step as `OnlineLoop.run` goes, without its evaluations.

    With `policy_delay` the policy is updated once for so many updates of the critics, on all the
    rows that they saw (WSRL).
    """
    online = Online(
        sac_config(shape),
        utd=utd,
        policy_delay=policy_delay,
        policy_batch="all" if policy_delay > 1 else "last",
        learning_starts=STARTS,
    )
    recipe = Recipe(name="speed", title="SAC from nothing", online=online, handover=NOTHING)
    prior = untrained(transitions(shape), seeds=seeds)
    loop = OnlineLoop(prior, recipe, RunPlan(steps=CAPACITY), ENV, {})
    env = make_vec(ENV, seeds)
    observations, _ = env.reset(seed=0)
    step = 0

    def advance(steps: int) -> int:
        nonlocal observations, step
        for _ in range(steps):
            step += 1
            observations, done = loop.play(env, observations, step)
            if metrics := loop.update(step):
                loop.recorder.record(step, metrics)
            loop.horizon.begin_episodes(done)
        return steps * seeds

    advance(STARTS)
    return lambda: advance(STEPS)


def plain(shape: Shape, utd: int) -> Call:
    """The plain file in a loop of its own."""
    agent = PlainSAC(shape, CAPACITY)
    env = gym.make(ENV)
    high = env.action_space.high  # pyright: ignore[reportAttributeAccessIssue]
    observation, _ = env.reset(seed=0)

    def advance(steps: int) -> int:
        nonlocal observation
        for _ in range(steps):
            action = agent.act(observation)
            after, reward, terminated, truncated, _ = env.step(action * high)
            agent.buffer.add(observation, action, float(reward), after, terminated)
            observation = env.reset()[0] if terminated or truncated else after
            if agent.buffer.size > STARTS:
                for _ in range(utd):
                    agent.update()
        return steps

    advance(STARTS)
    return lambda: advance(STEPS)


def sb3(shape: Shape, utd: int) -> Call:
    """SB3's `learn`; it updates the policy with each update of the critics."""
    options = {"buffer_size": CAPACITY, "learning_starts": STARTS, "gradient_steps": utd}
    learner = sb3_peer.model(shape, ENV, **options)

    def advance(steps: int) -> int:
        learner.learn(steps, log_interval=None, reset_num_timesteps=False)
        return steps

    advance(STARTS)
    return lambda: advance(STEPS)
