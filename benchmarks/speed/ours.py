"""The library's learners as contenders: a batch is drawn for each seed, then all are updated.

Letters: S seeds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

import rlft
from benchmarks.speed.rounds import Call
from benchmarks.speed.shape import GAMMA, LR, POLYAK, Shape, random_log
from rlft.algorithms import BCConfig, Config, CQLConfig, IQLConfig, Learner, SACConfig, make_learner
from rlft.algorithms.fqe import FQE, FQEConfig
from rlft.data import OfflineData, Transitions
from rlft.nets import PolicyConfig, Stationary
from rlft.nets.stacked import CriticConfig

RATES = {"critic_lr": LR, "policy_lr": LR, "temperature_lr": LR}
# As in d3rlpy, whose FQE copies its targets that often.
HARD_EVERY = 100


def transitions(shape: Shape) -> Transitions:
    """The random log as a dataset."""
    log = random_log(shape)
    return Transitions(**vars(log), terminations=log.truncations & False, name="random")


def sizes_of(shape: Shape) -> dict[str, Any]:
    """What a configuration says of networks and batches."""
    return {
        "policy": PolicyConfig(hidden=shape.hidden),
        "critics": CriticConfig(shape.ensemble, shape.hidden, shape.layer_norm),
        "gamma": GAMMA,
        "batch_size": shape.batch,
    }


def sac_config(shape: Shape) -> SACConfig:
    """SAC as all peers have it: entropy in the target, the minimum over all critics."""
    return SACConfig(**sizes_of(shape), **RATES, polyak=POLYAK, backup_entropy=True)


def make(config: Config, shape: Shape, seeds: int, device: str = "cpu") -> Learner:
    """S learners of these sizes."""
    return make_learner(config, shape.observation, shape.action, seeds, device=device)


def updates(learner: Learner, shape: Shape, compiled: bool = False) -> Call:
    """Draws a batch for each seed and updates all, eagerly or as one program."""
    if compiled:
        rlft.compile(learner)
    device = learner.device
    data = OfflineData(transitions(shape), learner.seeds, gamma=GAMMA, device=device)
    generator = torch.Generator().manual_seed(0)

    def call() -> int:
        learner.update(data.sample(shape.batch, generator))
        return learner.seeds

    return call


def sac(shape: Shape, seeds: int, device: str = "cpu") -> Call:
    """Soft actor-critic."""
    return updates(make(sac_config(shape), shape, seeds, device), shape)


def compiled_sac(shape: Shape, seeds: int) -> Call:
    """The same with its update compiled."""
    return updates(make(sac_config(shape), shape, seeds), shape, compiled=True)


def cql(shape: Shape, seeds: int, sampled_actions: int, compiled: bool = False) -> Call:
    """Conservative Q-learning, with so many actions of each of three kinds."""
    config = CQLConfig(
        **sizes_of(shape),
        **RATES,
        polyak=POLYAK,
        backup_entropy=True,
        sampled_actions=sampled_actions,
    )
    return updates(make(config, shape, seeds), shape, compiled)


def iql(shape: Shape, seeds: int, compiled: bool = False) -> Call:
    """Implicit Q-learning, with its authors' policy."""
    policy = PolicyConfig("tanh-mean-normal", shape.hidden)
    config = IQLConfig(**(sizes_of(shape) | {"policy": policy}), lr=LR, polyak=POLYAK)
    return updates(make(config, shape, seeds), shape, compiled)


def bc(shape: Shape, seeds: int) -> Call:
    """Behaviour cloning of a mean and one width: the likelihood that is nearest to d3rlpy's."""
    policy = PolicyConfig("tanh-mean-normal", shape.hidden)
    config = BCConfig(**(sizes_of(shape) | {"policy": policy}), policy_lr=LR)
    return updates(make(config, shape, seeds), shape)


def fqe(shape: Shape, seeds: int) -> Call:
    """Fitted Q evaluation of the mode of an untrained policy, with hard target copies."""
    sizes = {name: sizes_of(shape)[name] for name in ("critics", "gamma", "batch_size")}
    config = FQEConfig(**sizes, lr=LR, target="hard", hard_every=HARD_EVERY, clip=False)
    learner = FQE(config, shape.observation, shape.action, seeds)
    policy = Stationary(make(sac_config(shape), shape, seeds).policy, mode=True)
    data = OfflineData(transitions(shape), seeds, gamma=GAMMA)
    generator = torch.Generator().manual_seed(0)

    def call() -> int:
        learner.update(data.sample(shape.batch, generator), policy)
        return seeds

    return call


def wider(shape: Shape, width: int) -> Shape:
    """The same shape with other hidden layers."""
    return replace(shape, hidden=(width,) * len(shape.hidden))
