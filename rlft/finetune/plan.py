"""How long a run is and how it is made, and whether recipe and environment fit the prior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rlft.core.checks import at_least
from rlft.core.errors import InputError
from rlft.core.registry import stored
from rlft.data.transitions import options_of
from rlft.envs import env_shape
from rlft.finetune.pretrain import Prior
from rlft.recipes.recipe import Recipe


@stored
@dataclass(frozen=True)
class RunPlan:
    """How long a run is and how it is made, apart from what runs: prior, recipe, environment.

    Attributes:
        steps: environment steps per seed after the switch, 1 or more; a warm-up is part of them.
        eval_every: environment steps between two evaluations, 1 or more.
        eval_episodes: episodes per seed and evaluation, 1 or more.
        seed: start of the random streams, 0 or more; the same seed gives the same numbers.
        device: where the networks live, for example cpu or cuda.
        progress: show progress bars.

    Raises:
        InputError: a number below these.
    """

    # Long enough to see the fall, the way back, and whether something new is found.
    steps: int = 4_000
    eval_every: int = 250
    # Episodes differ by where they start and by sampled actions: ten average that away.
    eval_episodes: int = 10
    seed: int = 0
    device: str = "cpu"
    progress: bool = True

    def __post_init__(self) -> None:
        at_least(
            1,
            steps=self.steps,
            eval_every=self.eval_every,
            eval_episodes=self.eval_episodes,
            hint="A run takes a step and is evaluated at least once.",
        )
        at_least(
            0, seed=self.seed, hint="Each whole number from 0 on has random streams of its own."
        )

    def but(self, **changes: int | str | bool | None) -> RunPlan:
        """The plan with other values for some fields, by name; None leaves a field as it is."""
        return replace(self, **{name: v for name, v in changes.items() if v is not None})


def check_warmup(recipe: Recipe, plan: RunPlan) -> None:
    """Raises InputError if no policy would ever learn: the warm-up takes the whole run."""
    if recipe.warmup.steps >= plan.steps:
        raise InputError(
            f"The warm-up of recipe {recipe.name!r} takes {recipe.warmup.steps:,} steps, the whole "
            f"run only {plan.steps:,}: no policy would ever learn. Give steps="
            f"{2 * recipe.warmup.steps} or more, or a shorter warm-up: "
            "replace(recipe, warmup=replace(recipe.warmup, steps=...))."
        )


def environment_of(
    prior: Prior, env_id: str | None = None, env_kwargs: Mapping[str, Any] | None = None
) -> tuple[str, dict[str, Any]]:
    """The environment of a run and its options.

    Args:
        prior: where the run starts.
        env_id: any Gymnasium id with Box observations and actions; None for the data's own.
        env_kwargs: its options; None for those that the data was logged with.

    Raises:
        InputError: for an unknown environment or option, data that names no environment, or sizes
            other than those that the prior was trained on.
    """
    data, learner = prior.data, prior.learner
    env_id = env_id or data.env_id
    if not env_id:
        raise InputError(
            f"The data {data.name!r} does not say which environment it was logged in. Name the one "
            "to fine-tune in: finetune(prior, recipe, env_id=...)."
        )
    options = options_of(data, env_id, env_kwargs)
    observations, actions = env_shape(env_id, options)
    if (observations, actions) != (learner.observation_size, learner.action_size):
        raise InputError(
            f"Environment {env_id!r} has observations of size {observations} and actions of size "
            f"{actions}, but the prior was trained on {learner.observation_size} and "
            f"{learner.action_size} from {data.name!r}. Use the data's own environment "
            f"{data.env_id!r}."
        )
    return env_id, options
