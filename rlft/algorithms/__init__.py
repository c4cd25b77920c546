"""The learners and their default configurations, by name; `rlft.register` adds your own."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import get_type_hints

import torch

from rlft.algorithms.base import Config, Learner
from rlft.algorithms.bc import BC, BCConfig, bc_loss
from rlft.algorithms.cql import CQL, CQLConfig, calibrate, cql_penalty, importance_log_sum_exp
from rlft.algorithms.inac import InAC, InACConfig, inac_weight
from rlft.algorithms.iql import IQL, IQLConfig, advantage_weight, expectile_loss
from rlft.algorithms.sac import SAC, SACConfig, policy_loss, td_target
from rlft.core.errors import InputError
from rlft.core.registry import TYPES, Registry, needs_a_name

__all__ = [
    "ALGORITHMS",
    "LEARNERS",
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
    "advantage_weight",
    "algorithm_config",
    "bc_loss",
    "calibrate",
    "cql_penalty",
    "expectile_loss",
    "importance_log_sum_exp",
    "inac_weight",
    "make_learner",
    "policy_loss",
    "td_target",
]


def config_type(learner: type[Learner]) -> type:
    """The configuration that a learner class is made for: its annotation ``config: ...``.

    Raises:
        InputError: it has none.
    """
    kind = get_type_hints(learner).get("config")
    if not (isinstance(kind, type) and is_dataclass(kind)):
        raise InputError(
            f"{learner.__name__} does not say which configuration is its own: write the line "
            "`config: MyConfig` into the class, with MyConfig a frozen dataclass."
        )
    return kind


def _add_config(name: str, learner: type[Learner], source: str | None) -> None:
    """A learner's configuration can be stored, and its defaults are an algorithm of that name."""
    kind = config_type(learner)
    others = [other for key, other in LEARNERS.items() if key != name]
    if kind in map(config_type, others):
        raise InputError(
            f"{learner.__name__} has the configuration {kind.__name__} of another learner, so that "
            "nobody could tell which of them is meant. Give it one of its own, for example "
            f"`class {learner.__name__}Config({kind.__name__})`, and annotate `config:` with it."
        )
    if TYPES.key_of(kind) is None or source is not None:
        TYPES.add(kind.__name__, kind, source)
    ALGORITHMS.add(name, kind(), source)


ALGORITHMS: Registry[Config] = Registry(
    "algorithm",
    lambda value: type(value) in map(config_type, LEARNERS.values()),
    needs_a_name,
)
"""Configurations by the names that `rlft.pretrain` takes: each learner's defaults, and Cal-QL."""

LEARNERS: Registry[type[Learner]] = Registry(
    "learner",
    lambda value: isinstance(value, type) and issubclass(value, Learner),
    lambda value: value.__name__.lower(),
    _add_config,
)
"""Learner classes by the names of their default configurations."""

for _learner in (BC, SAC, CQL, IQL, InAC):
    LEARNERS.add(_learner.__name__.lower(), _learner)
ALGORITHMS.add("calql", CQLConfig(calibrated=True))


def algorithm_config(name: str) -> Config:
    """The default configuration of an algorithm.

    Raises:
        InputError: if there is no such algorithm; the message lists near matches.
    """
    return ALGORITHMS.find(name)


def make_learner(
    config: Config,
    observation_size: int,
    action_size: int,
    seeds: int,
    seed: int = 0,
    device: str | torch.device = "cpu",
) -> Learner:
    """Builds the learner that belongs to a configuration; arguments as in `Learner`.

    Raises:
        InputError: none is registered for this type of configuration.
    """
    for learner in LEARNERS.values():
        if config_type(learner) is type(config):
            return learner(config, observation_size, action_size, seeds, seed, device)
    raise InputError(
        f"No learner is registered for {type(config).__name__}. If it is your own, run the cell or "
        "import the file that calls rlft.register(MyLearner), whose `config:` is annotated with it."
    )
