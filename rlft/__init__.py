"""Offline-to-online reinforcement learning, measured.

    data = rlft.load_dataset("rlft/maze/detour-medium-v0")
    prior = rlft.pretrain("cql", data, seeds=8)
    run = rlft.finetune(prior, "sac")
    run.summary()

A dataset goes in at the left, a fine-tuned policy with an honest curve comes out at the right. The
names here are all there is to know; each is documented where it is defined. PyTorch is told to use
one thread, see `rlft.core.compute`; plotting is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from rlft.acting import (
    Acting,
    Automatic,
    EpsilonGreedy,
    Fixed,
    FrozenActs,
    Geometric,
    GuideActs,
    JumpStart,
    LearnerActs,
    Linear,
    Random,
    Schedule,
    Stepped,
)
from rlft.algorithms import (
    ALGORITHMS,
    BCConfig,
    CQLConfig,
    InACConfig,
    IQLConfig,
    Learner,
    SACConfig,
    make_learner,
)
from rlft.algorithms.fqe.learner import FQE, FQEConfig
from rlft.algorithms.fqe.offline import fit_fqe, initial_states
from rlft.core.compute import set_threads
from rlft.core.encoding import cache_key
from rlft.core.errors import InputError, NumericalError
from rlft.data import (
    DATASETS,
    Batch,
    OfflineData,
    ReplayBuffer,
    Transitions,
    list_datasets,
    load_dataset,
    make_datasets,
)
from rlft.envs import LAYOUTS, MAZES, Behaviour, MazeLayout, log_episodes, make_vec
from rlft.evaluate import (
    Evaluation,
    Evaluator,
    Interval,
    RunSummary,
    ValueMap,
    average_return,
    curve_interval,
    drop,
    evaluate,
    final_return,
    interval,
    lowest_return,
    monte_carlo_q,
    normalise,
    q_error,
    regret,
    start_return,
    summarise,
    support_distance,
    time_below_start,
    training_regret,
    value_map,
)
from rlft.finetune import HandoverRecord, Prior, Run, finetune, hand_over, pretrain, untrained
from rlft.nets.policies import PolicyConfig
from rlft.nets.stacked import CriticConfig
from rlft.nets.timed import JumpStartPolicy, Stationary
from rlft.recipes import (
    RECIPES,
    Handover,
    Online,
    Pretraining,
    Recipe,
    Source,
    Warmup,
    diff_recipes,
    find_recipe,
)
from rlft.report import Comparison, SwitchReport, compare_runs, switch_report
from rlft.results.store import load_prior, load_run, results_root, save_prior, save_run, saved_runs

if TYPE_CHECKING:
    from rlft.course.notebook.session import check, hint, progress, quiz, working
    from rlft.show import (
        animate_episode,
        apply_style,
        frame_slider,
        panels,
        plot_curves,
        plot_dataset,
        plot_each,
        plot_errors,
        plot_map,
        plot_maps,
        plot_maze,
        plot_metric,
        plot_paths,
        plot_policy_arrows,
        plot_scatter,
        plot_series,
        plot_visits,
        show_frames,
        static_strip,
        with_fallback,
    )

__all__ = [
    # the three calls, and what they take and give
    "load_dataset",
    "pretrain",
    "finetune",
    "untrained",
    "Transitions",
    "Prior",
    "Run",
    # data and environments
    "DATASETS",
    "list_datasets",
    "make_datasets",
    "Batch",
    "OfflineData",
    "ReplayBuffer",
    "LAYOUTS",
    "MAZES",
    "MazeLayout",
    "Behaviour",
    "log_episodes",
    "make_vec",
    # learners
    "ALGORITHMS",
    "BCConfig",
    "SACConfig",
    "CQLConfig",
    "IQLConfig",
    "InACConfig",
    "PolicyConfig",
    "CriticConfig",
    "Learner",
    "make_learner",
    # fitted Q evaluation
    "FQE",
    "FQEConfig",
    "fit_fqe",
    "initial_states",
    # methods
    "RECIPES",
    "Recipe",
    "Handover",
    "Warmup",
    "Pretraining",
    "Online",
    "Source",
    "Acting",
    "LearnerActs",
    "FrozenActs",
    "GuideActs",
    "EpsilonGreedy",
    "JumpStart",
    "Schedule",
    "Fixed",
    "Linear",
    "Stepped",
    "Random",
    "Geometric",
    "Automatic",
    "JumpStartPolicy",
    "Stationary",
    "HandoverRecord",
    "find_recipe",
    "diff_recipes",
    "hand_over",
    # measuring
    "evaluate",
    "Evaluation",
    "Evaluator",
    "monte_carlo_q",
    "switch_report",
    "SwitchReport",
    "value_map",
    "ValueMap",
    "q_error",
    "support_distance",
    "summarise",
    "compare_runs",
    "Comparison",
    "RunSummary",
    "interval",
    "Interval",
    "curve_interval",
    "start_return",
    "lowest_return",
    "final_return",
    "average_return",
    "drop",
    "time_below_start",
    "regret",
    "training_regret",
    "normalise",
    # keeping
    "results_root",
    "save_run",
    "load_run",
    "save_prior",
    "load_prior",
    "saved_runs",
    "cache_key",
    # showing
    "animate_episode",
    "apply_style",
    "frame_slider",
    "panels",
    "plot_curves",
    "plot_dataset",
    "plot_each",
    "plot_errors",
    "plot_map",
    "plot_maps",
    "plot_maze",
    "plot_metric",
    "plot_paths",
    "plot_policy_arrows",
    "plot_scatter",
    "plot_series",
    "plot_visits",
    "show_frames",
    "static_strip",
    "with_fallback",
    # exercises
    "check",
    "hint",
    "working",
    "quiz",
    "progress",
    # errors
    "InputError",
    "NumericalError",
]

# Two names are functions here and packages as well: `rlft.finetune(prior, "sac")` calls, and
# `from rlft.finetune import Recipe` still finds the package.

set_threads()


_OF_THE_COURSE = ("check", "hint", "working", "quiz", "progress")


def __getattr__(name: str) -> object:
    """Imports `rlft.show`, and with it matplotlib, when the first name of it is used."""
    if name in _OF_THE_COURSE:
        return getattr(importlib.import_module("rlft.course.notebook.session"), name)
    if name == "show" or name in __all__:
        show = importlib.import_module("rlft.show")
        return show if name == "show" else getattr(show, name)
    raise AttributeError(f"module 'rlft' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "show"})
