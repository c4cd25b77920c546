"""The learners, and the registry of their default configurations."""

from __future__ import annotations

import torch

from rlft.algorithms.base import Config, Learner
from rlft.algorithms.bc import BC, BCConfig
from rlft.algorithms.cql import CQL, CQLConfig
from rlft.algorithms.inac import InAC, InACConfig
from rlft.algorithms.iql import IQL, IQLConfig
from rlft.algorithms.sac import SAC, SACConfig
from rlft.core.errors import unknown

__all__ = [
    "ALGORITHMS",
    "BC",
    "CQL",
    "IQL",
    "SAC",
    "BCConfig",
    "CQLConfig",
    "Config",
    "InAC",
    "InACConfig",
    "IQLConfig",
    "Learner",
    "SACConfig",
    "algorithm_config",
    "make_learner",
]

LEARNERS: dict[type, type[Learner]] = {
    BCConfig: BC,
    SACConfig: SAC,
    CQLConfig: CQL,
    IQLConfig: IQL,
    InACConfig: InAC,
}

ALGORITHMS: dict[str, Config] = {
    "bc": BCConfig(),
    "sac": SACConfig(),
    "cql": CQLConfig(),
    "calql": CQLConfig(calibrated=True),
    "iql": IQLConfig(),
    "inac": InACConfig(),
}


def algorithm_config(name: str) -> Config:
    """The default configuration of an algorithm.

    Raises:
        InputError: if there is no such algorithm; the message lists near matches.
    """
    if name not in ALGORITHMS:
        raise unknown("algorithm", name, ALGORITHMS)
    return ALGORITHMS[name]


def make_learner(
    config: Config,
    observation_size: int,
    action_size: int,
    seeds: int,
    seed: int = 0,
    device: str | torch.device = "cpu",
) -> Learner:
    """Builds the learner that belongs to a configuration; arguments as in `Learner`."""
    return LEARNERS[type(config)](config, observation_size, action_size, seeds, seed, device)
