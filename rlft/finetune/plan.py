"""The arguments of a fine-tuning run, checked before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rlft.core.errors import InputError
from rlft.data.transitions import options_of
from rlft.envs import env_shape
from rlft.finetune.pretrain import Prior
from rlft.recipes.recipe import Recipe
from rlft.recipes.registry import find_recipe


@dataclass(frozen=True)
class Plan:
    """What a run does.

    Attributes:
        recipe: the method.
        steps: environment steps per seed.
        env_id: the environment.
        env_kwargs: its options.
        eval_every: environment steps between evaluations.
        eval_episodes: episodes per seed and evaluation.
    """

    recipe: Recipe
    steps: int
    env_id: str
    env_kwargs: Mapping[str, Any]
    eval_every: int
    eval_episodes: int


def make_plan(
    prior: Prior,
    recipe: str | Recipe,
    steps: int,
    env_id: str | None,
    env_kwargs: Mapping[str, Any] | None,
    seeds: int | None,
    eval_every: int,
    eval_episodes: int,
) -> Plan:
    """Checks the arguments of `finetune`, whose docstring describes them, and fills in defaults."""
    recipe = find_recipe(recipe) if isinstance(recipe, str) else recipe
    if steps < 1 or eval_every < 1 or eval_episodes < 1:
        raise InputError(
            f"steps={steps}, eval_every={eval_every}, eval_episodes={eval_episodes}: each counts "
            "something that must happen at least once; give 1 or more."
        )
    if recipe.warmup.steps >= steps:
        raise InputError(
            f"The warm-up of recipe {recipe.name!r} takes {recipe.warmup.steps:,} steps, the whole "
            f"run only {steps:,}: no policy would ever learn. Give steps="
            f"{2 * recipe.warmup.steps} or more, or a shorter warm-up: "
            "replace(recipe, warmup=replace(recipe.warmup, steps=...))."
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
    options = options_of(prior.data, env_id, env_kwargs)
    check_sizes(prior, env_id, options)
    return Plan(recipe, steps, env_id, options, eval_every, eval_episodes)


def check_sizes(prior: Prior, env_id: str, env_kwargs: Mapping[str, Any] | None) -> None:
    """Raises InputError unless the environment's sizes are those that the prior was trained on."""
    observations, actions = env_shape(env_id, env_kwargs)
    learner = prior.learner
    if (observations, actions) != (learner.observation_size, learner.action_size):
        raise InputError(
            f"Environment {env_id!r} has observations of size {observations} and actions of size "
            f"{actions}, but the prior was trained on {learner.observation_size} and "
            f"{learner.action_size} from {prior.data.name!r}. Use the data's own environment "
            f"{prior.data.env_id!r}."
        )
