"""What `study.py` measures: estimates of fitted Q evaluation beside Monte-Carlo returns.

Letters: S policies, K episodes of each.
"""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import torch
from policies import (
    SEEDS,
    Entry,
    collect,
    fine_tuned,
    log_pendulum,
    offline_entries,
    pendulum_entries,
    rollout,
    snapshots,
    stack,
)

from rlft import InACConfig, OfflineData, ReplayBuffer, Transitions, load_dataset
from rlft.algorithms.fqe.learner import FQE, FQEConfig
from rlft.envs import time_limit_of
from rlft.experiments.rows import Row
from rlft.nets import CriticConfig, JumpStartPolicy, Stationary, TimedPolicy

MEDIUM, WIDE = "rlft/maze/detour-medium-v0", "rlft/maze/detour-wide-v0"
NEAR = "rlft/maze/detour-near-optimal-v0"
UPDATES, PENDULUM_UPDATES, GAMMA = 1_000, 6_000, 0.98
HORIZONS = (0, 8, 14, 20, 30, 60, 100)
STAY = ("BC", "InAC", "noisy")  # families of policies that stay with the data
FREE = FQEConfig()
FINITE = FQEConfig(time_aware=True, finite_horizon=True)
PLAIN = replace(FINITE, gamma=1.0)
# Estimator: its configuration, and the kind of Monte-Carlo return that it estimates.
ESTIMATORS = {
    "Q(s, a), discounted": (FREE, "endless"),
    "Q(s, a, t/T), discounted": (FINITE, "finite"),
    "Q(s, a, t/T), plain": (PLAIN, "plain"),
}
SETTINGS = {
    "default": PLAIN,
    "polyak 0.1": replace(PLAIN, polyak=0.1),
    "polyak 0.03": replace(PLAIN, polyak=0.03),
    "hard copy every 20": replace(PLAIN, target="hard"),
    "no clipping": replace(PLAIN, clip=False),
    "learning rate 3e-4": replace(PLAIN, lr=3e-4),
    "no LayerNorm": replace(PLAIN, critics=CriticConfig(layer_norm=False)),
    "5 critics": replace(PLAIN, critics=CriticConfig(ensemble=5)),
}

Reading = tuple[int, np.ndarray, np.ndarray]  # updates, estimates (S,), spreads (S,)


def fitted(
    config: FQEConfig,
    source: OfflineData | ReplayBuffer,
    data: Transitions,
    policy: TimedPolicy,
    starts: np.ndarray,
    marks: tuple[int, ...],
) -> list[Reading]:
    """Fits, and reads after each mark's number of updates."""
    limit = time_limit_of(data.env_id)
    sizes = (data.observation_size, data.action_size, policy.seeds)
    fit = FQE(config, *sizes, time_limit=limit, reward_range=data.reward_range)
    generator = torch.Generator().manual_seed(1)
    readings = []
    for step in range(1, max(marks) + 1):
        fit.update(source.sample(config.batch_size, generator), policy)
        if step in marks:
            estimate = fit.estimate(torch.from_numpy(starts), policy)
            readings.append((step, estimate.mean.numpy(), estimate.spread.numpy()))
    return readings


def cells(reading: Reading, truth: np.ndarray, i: int) -> Row:
    """The numbers of policy i: after how many updates, estimate, spread and truth."""
    step, means, spreads = reading
    return {
        "updates": str(step),
        "estimate": str(round(float(means[i]), 2)),
        "spread": str(round(float(spreads[i]), 2)),
        "truth": str(round(float(truth[i].mean()), 2)),
    }


def judge(
    data: Transitions,
    entries: list[Entry],
    tried: dict[str, tuple[FQEConfig, str]],
    marks: tuple[int, ...],
    seeds: int = SEEDS,
) -> list[Row]:
    """Policies judged from logged data alone, at the environment's own starts.

    Args:
        data: what the estimators see.
        entries: the policies.
        tried: estimators with the kind of return that they estimate.
        marks: numbers of updates after which estimates are read.
        seeds: how many of each entry's policies.
    """
    weights = [{k: w[:seeds] for k, w in entry.weights.items()} for entry in entries]
    policy = Stationary(stack(weights, data.observation_size, data.action_size))
    names = [(e.family, f"{e.name} #{s}") for e in entries for s in range(seeds)]
    limit = time_limit_of(data.env_id)
    assert limit is not None
    truth, starts = rollout(
        policy, data.env_id, episodes=30, time_limit=limit, gamma=GAMMA, steps=350
    )
    source = OfflineData(data, policy.seeds, gamma=GAMMA)
    rows: list[Row] = []
    for name, (config, kind) in tried.items():
        for reading in fitted(config, source, data, policy, starts, marks):
            for i, (family, label) in enumerate(names):
                row = {"policy": label, "family": family, "h": "", "estimator": name}
                rows.append({**row, "source": "logged", **cells(reading, truth[kind], i)})
    return rows


@functools.cache
def medium_entries() -> list[Entry]:
    """The policies of the medium data: offline ones, and SAC fine-tuned naively from InAC."""
    entries, prior = offline_entries(load_dataset(MEDIUM))
    return [*entries, *fine_tuned(prior, (200, 400, 600))]


def medium_part() -> list[Row]:
    return judge(load_dataset(MEDIUM), medium_entries(), ESTIMATORS, (UPDATES,))


def wide_part() -> list[Row]:
    data = load_dataset(WIDE)
    return judge(data, offline_entries(data)[0], ESTIMATORS, (UPDATES,))


def pendulum_part() -> list[Row]:
    data = log_pendulum()
    return judge(data, pendulum_entries(data), ESTIMATORS, (PENDULUM_UPDATES,))


def settings_part() -> list[Row]:
    """Plain returns on the medium data, of one policy of each training that stays with the data."""
    entries = [entry for entry in medium_entries() if entry.family in STAY]
    tried = {name: (config, "plain") for name, config in SETTINGS.items()}
    return judge(load_dataset(MEDIUM), entries, tried, (300, 1_000, 2_000), seeds=1)


def hand_off_part() -> list[Row]:
    """Guide InAC, explorer a SAC that lost its way: what does a hand-off at step h cost?"""
    data = load_dataset(NEAR)
    sizes, limit = (data.observation_size, data.action_size), time_limit_of(data.env_id)
    assert limit is not None
    guides, prior = snapshots("InAC", InACConfig(), data, (3_000,))
    explorers = fine_tuned(prior, (200,))
    guide, explorer = (
        stack([entry.weights] * len(HORIZONS), *sizes) for entry in (guides[0], explorers[0])
    )
    h = torch.tensor(HORIZONS).repeat_interleave(SEEDS)  # (S,)
    policy = JumpStartPolicy(guide, explorer, h)
    truth, starts = rollout(
        policy, data.env_id, episodes=50, time_limit=limit, gamma=GAMMA, steps=350
    )
    rows: list[Row] = []
    for label, online, share in (
        ("logged", 0, 1.0),
        ("half logged, half of 500 own steps", 500, 0.5),
        ("half logged, half of 2,000 own steps", 2_000, 0.5),
        ("2,000 own steps alone", 2_000, 0.0),
    ):
        source = ReplayBuffer(
            policy.seeds, 2_000, *sizes, gamma=GAMMA, offline=data, offline_share=share
        )
        collect(policy, data.env_id, source, online)
        for name, (config, kind) in ESTIMATORS.items():
            [reading] = fitted(config, source, data, policy, starts, (UPDATES,))
            for i, horizon in enumerate(h.tolist()):
                row = {
                    "policy": f"hand-off at {horizon} #{i % SEEDS}",
                    "family": "switching",
                    "h": str(horizon),
                    "estimator": name,
                    "source": label,
                }
                rows.append({**row, **cells(reading, truth[kind], i)})
    return rows
