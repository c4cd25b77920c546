"""Offline-to-online reinforcement learning, measured.

    data = rlft.load_dataset("rlft/maze/detour-medium-v0")
    prior = rlft.pretrain("cql", data, seeds=8)
    run = rlft.finetune(prior, "sac")
    run.summary()

A dataset goes in at the left, a fine-tuned policy with an honest curve comes out at the right. The
names here are those that a first run needs; each is documented where it is defined. The packages
have the others: `rlft.show.plot_map(...)`, `from rlft.acting import RulePolicy`. PyTorch is told to
use one thread, and glibc to keep its memory, see `rlft.core.compute`.
"""

from __future__ import annotations

import importlib

from rlft.core.compute import keep_memory, set_threads

# The one place where a public name is written: package to names. `make format` makes `__init__.pyi`
# of it, which type checkers read.
_NAMES = {
    # the three calls, and what they take and give
    "rlft.data": "load_dataset list_datasets record inspect"
    " Transitions OfflineData ReplayBuffer Batch",
    "rlft.finetune": "pretrain finetune hand_over Prior Run",
    "rlft.recipes": "RECIPES find_recipe diff_recipes Recipe Handover Warmup Online",
    # what a recipe is made of, and where it is tried
    "rlft.acting": "JumpStart Linear Stepped Automatic EpsilonGreedy",
    "rlft.algorithms": "ALGORITHMS Learner make_learner BCConfig SACConfig CQLConfig InACConfig",
    "rlft.algorithms.fqe": "FQE FQEConfig",
    "rlft.algorithms.compiled": "compile",
    "rlft.nets": "PolicyConfig JumpStartPolicy Stationary",
    "rlft.envs": "make_vec log_episodes Behaviour LAYOUTS",
    # measuring and showing
    "rlft.evaluate": "evaluate monte_carlo_q q_error value_map"
    " interval drop final_return average_return iqm power Collapse",
    "rlft.report": "switch_report claim conclusions",
    "rlft.experiments.sweep": "load_sweep",
    "rlft.show": "plot_curves plot_series plot_errors panels show_frames switchboard apply_style",
    # exercises, additions, errors
    "rlft.course.notebook.session": "check hint working quiz progress",
    "rlft.core": "register InputError",
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names.split()}
_PACKAGES = ("acting", "algorithms", "data", "envs", "nets", "recipes", "report", "results", "show")
# They bring matplotlib and Jupyter along, and wait until one of their names is used.
_WHEN_USED = ("rlft.show", "rlft.course.notebook.session")

__all__ = list(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    """Imports a public name from where it is defined."""
    if name in _PACKAGES:
        return importlib.import_module(f"rlft.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'rlft' has no attribute {name!r}")
    globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_PACKAGES})


set_threads()
keep_memory()
# `evaluate` and `finetune` are functions here and packages too: the functions come last, and stay.
for _name, _home in _HOMES.items():
    if _home not in _WHEN_USED:
        __getattr__(_name)
