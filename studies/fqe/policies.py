"""Policies of many qualities for `study.py`, stacked so that they are evaluated at once.

All have InAC's policy class: weights of the same shape, whoever trained them, stack to S policies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from rlft import (
    BCConfig,
    CQLConfig,
    InACConfig,
    Learner,
    Online,
    PolicyConfig,
    Prior,
    ReplayBuffer,
    SACConfig,
    Transitions,
    find_recipe,
    finetune,
    make_vec,
    pretrain,
)
from rlft.algorithms import Config
from rlft.data.episodes import timesteps_of
from rlft.envs import true_next_observations
from rlft.nets.policies import Policy, TanhMeanNormal, make_policy
from rlft.nets.timed import TimedPolicy

KIND = PolicyConfig(kind="tanh-mean-normal")
SEEDS = 2  # of each training
PENDULUM_NOISE = (0.2, 1.0, 5.0)  # of the logged controllers: good, poor, nearly random
Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Entry:
    """`SEEDS` policies from one training: what made them, and their weights."""

    family: str
    name: str
    weights: Weights


def weights_of(policy: Policy) -> Weights:
    return {name: value.detach().clone() for name, value in policy.state_dict().items()}


def stack(weights: list[Weights], observation_size: int, action_size: int) -> Policy:
    """One policy whose seeds are those of all the given ones, in order."""
    count = sum(len(w["spread"]) for w in weights)
    policy = make_policy(KIND, count, observation_size, action_size, torch.Generator())
    policy.load_state_dict({k: torch.cat([w[k] for w in weights]) for k in weights[0]})
    return policy.requires_grad_(False)


def snapshots(
    family: str, config: Config, data: Transitions, marks: tuple[int, ...]
) -> tuple[list[Entry], Prior]:
    """Policies after so many updates of pre-training, and the prior at the end."""
    entries: list[Entry] = []

    def keep(step: int, learner: Learner) -> None:
        if step in marks:
            entries.append(Entry(family, f"{family} {step}", weights_of(learner.policy)))

    prior = pretrain(
        config, data, seeds=SEEDS, steps=max(marks), callback=keep, log_every=50, progress=False
    )
    return entries, prior


def fine_tuned(prior: Prior, marks: tuple[int, ...]) -> list[Entry]:
    """SAC, started naively from the prior, after so many environment steps."""
    entries: list[Entry] = []

    def keep(step: int, learner: Learner, replay: ReplayBuffer) -> None:
        if step in marks:
            entries.append(Entry("SAC", f"SAC {step}", weights_of(learner.policy)))

    recipe = replace(find_recipe("sac"), online=Online(SACConfig(policy=KIND)))
    finetune(
        prior,
        recipe,
        steps=max(marks),
        eval_every=100,
        eval_episodes=1,
        callbacks=(keep,),
        progress=False,
    )
    return entries


def noisy(entry: Entry, deviations: tuple[float, ...]) -> list[Entry]:
    """The same mean with wider noise: worse policies that stay where the data is."""
    entries = []
    for deviation in deviations:
        # The inverse of log sigma = span * (sigmoid(p) - 1).
        share = 1 + np.log(deviation) / TanhMeanNormal.log_std_span
        spread = torch.full_like(entry.weights["spread"], float(np.log(share / (1 - share))))
        name = f"{entry.name}, noise {deviation:g}"
        entries.append(Entry("noisy", name, {**entry.weights, "spread": spread}))
    return entries


def offline_entries(data: Transitions) -> tuple[list[Entry], Prior]:
    """BC, InAC and CQL during training, and a trained InAC with wider noise; InAC's prior too."""
    cloned, _ = snapshots("BC", BCConfig(policy=KIND), data, (50, 100, 800))
    inac, prior = snapshots("InAC", InACConfig(), data, (100, 400, 3_000))
    cql, _ = snapshots("CQL", CQLConfig(policy=KIND), data, (300, 1_000, 2_000))
    return [*cloned, *inac, *noisy(inac[-1], (0.3, 0.6, 0.9)), *cql], prior


def pendulum_entries(data: Transitions) -> list[Entry]:
    """Imitations of the logged controllers one by one, with and without noise; InAC and CQL."""
    episodes = np.split(np.arange(len(data.episode_starts)), len(PENDULUM_NOISE))
    entries: list[Entry] = []
    for chosen in episodes:  # from good to nearly random
        marks = (100, 1_000)
        entries += snapshots("BC", BCConfig(policy=KIND), data.select_episodes(chosen), marks)[0]
    entries += noisy(entries[1], (0.3, 0.6, 0.9))
    entries += snapshots("InAC", InACConfig(), data, (500, 3_000))[0]
    return entries + snapshots("CQL", CQLConfig(policy=KIND), data, (500, 2_000))[0]


def rollout(
    policy: TimedPolicy, env_id: str, *, episodes: int, time_limit: int, gamma: float, steps: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Monte-Carlo returns of S policies, three kinds from the same episodes.

    Returns:
        By kind, (S, K) each: "endless" with the discount and no time limit (cut after `steps`),
        "finite" with the discount up to the time limit, "plain" without it; and starts (S, K, O).
    """
    shape = (policy.seeds, episodes)
    env = make_vec(env_id, policy.seeds * episodes, time_limit=None)
    generator = torch.Generator().manual_seed(0)
    observations, _ = env.reset(seed=0)  # (S * K, O)
    starts = observations.reshape(*shape, -1)
    alive = np.ones(policy.seeds * episodes)
    returns = {kind: np.zeros_like(alive) for kind in ("endless", "finite", "plain")}
    for t in range(steps):
        states = torch.from_numpy(observations).view(*shape, -1)
        actions = policy.act(states, torch.full(shape, float(t)), generator)
        observations, rewards, ended, _, _ = env.step(actions.flatten(0, 1).numpy())
        returns["endless"] += gamma**t * rewards * alive
        if t < time_limit:
            returns["finite"] += gamma**t * rewards * alive
            returns["plain"] += rewards * alive
        alive *= ~ended
        if not alive.any():
            break
    env.close()
    return {kind: values.reshape(shape) for kind, values in returns.items()}, starts


def collect(policy: TimedPolicy, env_id: str, replay: ReplayBuffer, steps: int) -> None:
    """Adds `steps` transitions of each policy's own episodes to the replay."""
    env = make_vec(env_id, policy.seeds)
    generator = torch.Generator().manual_seed(1)
    observations, _ = env.reset(seed=1)
    timesteps = np.zeros(policy.seeds)
    for _ in range(steps):
        states = torch.from_numpy(observations).unsqueeze(1)  # (S, 1, O)
        clock = torch.from_numpy(timesteps).float().unsqueeze(1)  # (S, 1)
        actions = policy.act(states, clock, generator).squeeze(1).numpy()  # (S, A)
        new_observations, rewards, ended, cut, info = env.step(actions)
        next_observations = true_next_observations(new_observations, info)
        replay.add(observations, actions, rewards, next_observations, ended, cut, timesteps)
        timesteps = np.where(ended | cut, 0, timesteps + 1)
        observations = new_observations
    env.close()


def pendulum_actions(states: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Swing up by energy, then balance; (N, 3) to (N, 1) in [-1, 1], with Gaussian noise."""
    angle, speed = np.arctan2(states[:, 1], states[:, 0]), states[:, 2]
    energy = speed**2 / 2 + 15 * states[:, 0]  # upright and still: 15 (g = 10, l = m = 1)
    swing = np.sign(speed) * np.clip(15 - energy, -2, 2)
    balance = -(8 * angle + 2 * speed)
    torque = np.where(states[:, 0] > 0.9, balance, swing)  # within 26 degrees of upright
    wobble = noise * rng.standard_normal(len(states))
    return np.clip(torque / 2 + wobble, -1, 1)[:, None]


def log_pendulum(episodes: int = 20) -> Transitions:
    """Episodes of three controllers, from good to nearly random: 60 x 200 transitions."""
    rng = np.random.default_rng(0)
    noises = np.repeat(PENDULUM_NOISE, episodes)
    env = make_vec("Pendulum-v1", len(noises))
    observations, _ = env.reset(seed=0)
    columns: list[tuple[np.ndarray, ...]] = []
    done = np.zeros(len(noises), dtype=bool)
    while not done.any():  # all episodes are 200 steps long
        actions = np.concatenate(
            [
                pendulum_actions(observations[i : i + 1], noise, rng)
                for i, noise in enumerate(noises)
            ]
        )
        new_observations, rewards, ended, cut, info = env.step(actions)
        next_observations = true_next_observations(new_observations, info)
        columns.append((observations, actions, rewards, next_observations, ended, cut))
        observations, done = new_observations, ended | cut
    env.close()
    # (T, K, ...) to rows, episode by episode
    arrays = [np.stack(c).swapaxes(0, 1) for c in zip(*columns, strict=True)]
    rows = [a.reshape(-1, *a.shape[2:]) for a in arrays]
    return Transitions(*rows, timesteps_of(rows[4] | rows[5]), "pendulum", "Pendulum-v1")
