"""The papers' scale: the same methods as the course's, with the sources' numbers."""

from __future__ import annotations

import json
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import MAZE_DATA, cut

from rlft.acting import EpsilonGreedy, LearnerActs
from rlft.algorithms import SACConfig, make_learner
from rlft.core.encoding import from_json, to_json
from rlft.experiments.experiment import Experiment
from rlft.finetune import Prior, RunPlan, finetune
from rlft.recipes import RECIPES, Recipe
from rlft.recipes.recipe import PRESETS
from rlft.recipes.registry import PAPER_RECIPES, RECIPES_OF, find_recipe

FAST = ("sac-fast", "wsrl", "wsrl-calql", "wsrl-iql")
PORL = ("porl", "porl-bc", "random-critic")
TEN = (*FAST, *PORL, "rlpd")


def at(recipe: Recipe, path: str) -> Any:
    return reduce(getattr, path.split("."), recipe)


def test_both_scales_have_the_same_methods() -> None:
    assert list(PAPER_RECIPES) == list(RECIPES)
    assert set(RECIPES_OF) == set(PRESETS)
    for name, recipe in PAPER_RECIPES.items():
        course = RECIPES[name]
        assert find_recipe(name, "paper") is recipe
        assert (recipe.preset, course.preset) == ("paper", "course")
        assert (recipe.title, recipe.source.paper) == (course.title, course.source.paper)


def test_only_the_papers_scale_is_a_reproduction() -> None:
    at_course_scale = {"reproduction": "course scale of a reproduction"}
    for name, recipe in PAPER_RECIPES.items():
        kind = recipe.source.kind
        assert RECIPES[name].source.kind == at_course_scale.get(kind, kind)
    assert PAPER_RECIPES["wsrl"].source.kind == "reproduction"


def test_where_the_course_leaves_the_authors_ratios() -> None:
    """Each is named at the top of `course.py`."""
    others = {
        name: (RECIPES[name].online.utd, recipe.online.utd)
        for name, recipe in PAPER_RECIPES.items()
        if (RECIPES[name].online.utd, RECIPES[name].online.policy_delay)
        != (recipe.online.utd, recipe.online.policy_delay)
    }
    assert others == {"rlpd": (4, 20), **dict.fromkeys(PORL, (8, 16))}
    entropy = {
        name: (at(RECIPES[name], field), at(recipe, field))
        for name, recipe in PAPER_RECIPES.items()
        for field in ("online.learner.target_entropy",)
        if isinstance(recipe.online.learner, SACConfig)
        if at(RECIPES[name], field) != at(recipe, field)
    }
    assert entropy == {"rlpd": (-1.0, -0.5)}


@pytest.mark.parametrize("name", PAPER_RECIPES)
def test_a_scale_changes_numbers_and_not_the_method(name: str) -> None:
    paper, course = PAPER_RECIPES[name], RECIPES[name]
    assert paper.handover == course.handover
    assert type(paper.acting) is type(course.acting)
    assert type(paper.acting.schedule) is type(course.acting.schedule)
    assert type(paper.online.learner) is type(course.online.learner)
    assert paper.online.policy_batch == course.online.policy_batch
    assert (paper.guide is None) == (course.guide is None)
    assert (paper.prior is None) == (course.prior is None)
    if paper.prior is not None and course.prior is not None:
        assert paper.prior.name == course.prior.name
        assert type(paper.prior.config) is type(course.prior.config)


@pytest.mark.parametrize("name", PAPER_RECIPES)
def test_what_all_papers_share(name: str) -> None:
    recipe = PAPER_RECIPES[name]
    configs: list[Any] = [recipe.online.learner]
    configs += [] if recipe.prior is None else [recipe.prior.config]
    configs += [] if recipe.guide is None else [recipe.guide.learner]
    for config in configs:
        assert (config.gamma, config.batch_size) == (0.99, 256)
        assert config.policy.hidden == config.critics.hidden == (256, 256)
        assert getattr(config, "polyak", 0.005) == 0.005
    assert from_json(json.loads(json.dumps(to_json(recipe)))) == recipe


@pytest.mark.parametrize("name", PAPER_RECIPES)
def test_ensembles_and_warm_ups(name: str) -> None:
    critics = PAPER_RECIPES[name].online.learner.critics
    assert (critics.ensemble, critics.layer_norm) == ((10, True) if name in TEN else (2, False))
    waits = set(TEN) - {"random-critic"}
    assert PAPER_RECIPES[name].warmup.steps == (5_000 if name in waits else 0)


@pytest.mark.parametrize(
    ("names", "path", "value"),
    [
        # WSRL
        (FAST, "online.utd", 4),
        (FAST, "online.policy_delay", 4),
        (FAST, "online.policy_batch", "all"),
        (FAST, "online.learner.critic_lr", 3e-4),
        (FAST, "online.idle_steps", True),
        ((*PORL, "rlpd", "cql", "iql", "inac", "ajs", "jsrl"), "online.idle_steps", False),
        (FAST, "online.learner.policy_lr", 1e-4),
        (FAST, "online.learner.temperature_lr", 1e-4),
        (FAST, "online.learner.policy.layer_norm", True),
        (FAST + PORL, "online.learner.target_subset", 2),
        (FAST + PORL, "online.learner.target_replacement", True),
        (FAST + PORL, "online.learner.policy_objective", "min"),
        (FAST + PORL, "online.learner.backup_entropy", False),
        (FAST + PORL, "online.learner.target_entropy", -1.0),
        (FAST[1:], "warmup.critic_updates", 0),
        (FAST[1:], "handover.temperature", True),
        (FAST[1:], "handover.target_critics", True),
        (FAST[1:], "handover.optimizers", ("policy", "critics", "temperature")),
        (FAST, "online.learning_starts", 1_024),
        (("calql", "calql-retain"), "online.learning_starts", 1_000),
        (FAST[1:], "handover.retention", "drop"),
        (FAST[1:], "prior.config.critics.ensemble", 10),
        (FAST[1:], "prior.config.policy.layer_norm", True),
        (("wsrl", "wsrl-calql"), "prior.config.target_subset", 2),
        (("wsrl",), "prior.steps", 250_000),
        (("wsrl-calql", "wsrl-iql"), "prior.steps", 1_000_000),
        # RLPD
        (("rlpd",), "online.utd", 20),
        (("rlpd",), "online.policy_delay", 20),
        (("rlpd",), "online.policy_batch", "last"),
        (("rlpd",), "online.learner.policy_lr", 3e-4),
        (("rlpd",), "online.learner.critic_lr", 3e-4),
        (("rlpd",), "online.learner.target_subset", 2),
        (("rlpd",), "online.learner.target_replacement", False),
        (("rlpd",), "online.learner.policy_objective", "mean"),
        (("rlpd",), "online.learner.backup_entropy", True),
        (("rlpd",), "online.learner.target_entropy", -0.5),
        (("rlpd",), "online.learner.policy.layer_norm", False),
        (("rlpd",), "online.learner.policy.initial_weights.kind", "xavier"),
        (("rlpd",), "online.learner.policy.log_std_range", (-20, 2)),
        (("rlpd",), "online.learner.critics.initial_weights.kind", "xavier"),
        (("rlpd",), "online.learner.critics.shared_output", False),
        (("rlpd",), "online.learner.critics.norm_epsilon", 1e-6),
        (("rlpd",), "handover.offline_share", 0.5),
        (("rlpd",), "warmup.acting", EpsilonGreedy(1.0)),
        (("sac-fast",), "warmup.acting", LearnerActs()),
        # PORL
        (PORL, "online.utd", 16),
        (PORL, "online.learner.policy_lr", 1e-4),
        (PORL[:2], "warmup.critic_updates", 16),
        (PORL, "handover.critics", False),
        (PORL, "handover.temperature", False),
        # the networks of WSRL, also while it is pre-trained
        (FAST, "online.learner.critics.shared_output", True),
        (FAST, "online.learner.critics.norm_epsilon", 1e-6),
        (FAST, "online.learner.critics.initial_weights.kind", "orthogonal"),
        (FAST, "online.learner.critics.initial_weights.last_hidden", 1e-2),
        (FAST, "online.learner.policy.initial_weights.last_hidden", 1e-2),
        (FAST, "online.learner.policy.norm_epsilon", 1e-6),
        (FAST[1:], "prior.config.critics.shared_output", True),
        (FAST[1:], "prior.config.critics.norm_epsilon", 1e-6),
        (FAST[1:], "prior.config.same_weights", True),
        (FAST[1:3], "prior.config.penalty_subset", 2),
        (FAST[1:3], "prior.config.critics.initial_weights.last_hidden", 1e-2),
        (("wsrl-iql",), "prior.config.critic_subset", 2),
        (("wsrl-iql",), "prior.config.policy.kind", "normal"),
        (("wsrl-iql",), "prior.config.policy.log_std", "free"),
        (("wsrl-iql",), "prior.config.policy.initial_weights.last_hidden", 0.1),
        # CQL and Cal-QL
        (("cql", "calql"), "online.learner.same_weights", True),
        (("cql", "calql"), "online.learner.penalty_subset", None),
        (("cql", "calql"), "online.learner.policy.log_std_offset", -1.0),
        (("cql", "calql"), "online.learner.policy.initial_weights.output", 1e-2),
        (("cql", "calql"), "online.learner.critics.initial_weights.output", 1e-2),
        (("cql", "calql"), "online.learner.critics.shared_output", False),
        (("cql", "calql", "cql-retain", "calql-retain"), "online.learner.sampled_actions", 10),
        (("cql", "calql"), "online.learner.target_actions", 10),
        (("cql", "calql"), "online.learner.weight", 5.0),
        (("cql", "calql"), "online.learner.backup_entropy", False),
        (("cql", "calql"), "online.learner.policy_lr", 1e-4),
        (("cql", "calql"), "online.learner.critic_lr", 3e-4),
        (("calql", "calql-retain"), "online.learner.calibrated", True),
        (("cql", "sac", "porl"), "prior.steps", 250_000),
        (("calql", "iql", "inac", "ajs", "porl-bc"), "prior.steps", 1_000_000),
        # IQL
        (("iql", "iql-retain"), "online.learner.expectile", 0.7),
        (("iql", "iql-retain"), "online.learner.inverse_temperature", 3.0),
        (("iql", "iql-retain"), "online.learner.weight_clip", 100.0),
        (("iql", "iql-retain"), "online.learner.lr", 3e-4),
        (("iql", "iql-retain"), "online.learner.policy.kind", "tanh-mean-normal"),
        (("iql", "iql-retain"), "online.learner.policy.log_std", "free"),
        (("iql", "iql-retain"), "online.learner.policy.log_std_range", (-5.0, 2.0)),
        (("iql", "iql-retain"), "online.learner.critics.initial_weights.kind", "orthogonal"),
        # InAC
        (("inac", "inac-retain"), "online.learner.critics.initial_weights.kind", "xavier"),
        (("inac", "inac-retain"), "online.learner.policy.log_std", None),
        (("inac", "inac-retain"), "online.learner.weight_range", (1e-8, 1e4)),
        (("inac", "inac-retain"), "online.learner.lr", 3e-4),
        (("inac", "inac-retain"), "online.learner.temperature", 0.33),
        (("inac", "inac-retain"), "online.learner.backup_entropy", True),
        (("inac", "inac-retain"), "online.learner.policy.kind", "tanh-mean-normal"),
        # SAC, JSRL, AJS
        (("sac", "jsrl", "ajs"), "online.learner.backup_entropy", True),
        (("sac", "sac-retain"), "handover.temperature", False),
        (("ajs",), "handover.target_critics", True),  # "all networks" come from offline training
        (("ajs",), "handover.optimizers", ("critics", "temperature")),
        (("jsrl",), "acting.schedule.window", 5),
        (("jsrl",), "acting.schedule.tolerance", 0.05),
        (("jsrl-geometric",), "acting.schedule.continue_probability", 0.99),
        (("ajs",), "acting.schedule.start_at", None),
        (("ajs",), "acting.schedule.tolerance", 0.0),
        (("ajs",), "acting.schedule.fqe.polyak", 0.005),
    ],
)
def test_values_are_those_of_the_sources(names: tuple[str, ...], path: str, value: Any) -> None:
    assert {name: at(PAPER_RECIPES[name], path) for name in names} == dict.fromkeys(names, value)


def test_wsrls_sigma_lies_between_1e_minus_5_and_10() -> None:
    for path in ("online.learner.policy.log_std_range", "prior.config.policy.log_std_range"):
        bounds = np.exp(at(PAPER_RECIPES["wsrl"], path))
        assert bounds == pytest.approx((1e-5, 10))


def test_the_guide_of_ajs_is_inac_and_the_explorer_takes_its_class_from_it() -> None:
    ajs = PAPER_RECIPES["ajs"]
    assert ajs.guide is not None and ajs.prior is not None
    assert ajs.guide.learner == ajs.prior.config == PAPER_RECIPES["inac"].online.learner


@pytest.mark.parametrize("name", PAPER_RECIPES)
def test_every_recipe_can_start_from_its_own_prior(name: str, tmp_path: Path) -> None:
    Experiment(MAZE_DATA, tmp_path, seeds=1, plan=RunPlan(steps=5_001)).check(PAPER_RECIPES[name])


@pytest.mark.parametrize(("name", "updates"), [("wsrl", 4), ("rlpd", 20), ("ajs", 2)])
def test_two_steps_at_the_papers_scale(name: str, updates: int) -> None:
    recipe = PAPER_RECIPES[name]
    config = (recipe.prior or PAPER_RECIPES["porl-bc"].prior).config  # type: ignore[union-attr]
    learner = make_learner(config, MAZE_DATA.observation_size, MAZE_DATA.action_size, seeds=1)
    prior = Prior(name="blank", learner=learner, data=MAZE_DATA, steps=0, history={}, seconds=0.0)
    plan = RunPlan(steps=2, eval_every=2, eval_episodes=1, progress=False)
    run = finetune(prior, cut(recipe), plan=plan)
    assert run.learner.updates == updates
    assert np.isfinite(run.returns_behaviour).all()
