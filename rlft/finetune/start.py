"""The call that fine-tunes: whether recipe and environment fit the prior, then the loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rlft.core.compute import training
from rlft.core.errors import InputError
from rlft.data.transitions import options_of
from rlft.envs import TimeLimit, env_shape
from rlft.envs.spec import with_time_limit
from rlft.finetune.loop import Callback, OnlineLoop
from rlft.finetune.plan import RunPlan
from rlft.finetune.pretrain import Prior
from rlft.finetune.run import Run
from rlft.recipes.recipe import Recipe, first_update
from rlft.recipes.registry import find_recipe


def check_length(recipe: Recipe, plan: RunPlan) -> None:
    """Raises InputError if no policy would ever learn: what comes first takes the whole run."""
    if recipe.warmup.steps >= plan.steps:
        raise InputError(
            f"The warm-up of recipe {recipe.name!r} takes {recipe.warmup.steps:,} steps, the whole "
            f"run only {plan.steps:,}: no policy would ever learn. Give steps="
            f"{2 * recipe.warmup.steps} or more, or a shorter warm-up: "
            "replace(recipe, warmup=replace(recipe.warmup, steps=...))."
        )
    if (first := first_update(recipe)) > plan.steps:
        raise InputError(
            f"Recipe {recipe.name!r} updates nothing before its replay has {first:,} transitions "
            f"of each seed, and the run takes only {plan.steps:,} steps. Give steps={2 * first} or "
            "more, or replace(recipe, online=replace(recipe.online, learning_starts=0))."
        )


def environment_of(
    prior: Prior,
    env_id: str | None = None,
    env_kwargs: Mapping[str, Any] | None = None,
    time_limit: TimeLimit = "default",
) -> tuple[str, dict[str, Any]]:
    """The environment of a run and its options.

    Args:
        prior: where the run starts.
        env_id: any Gymnasium id with Box observations and actions; None for the data's own.
        env_kwargs: its options; None for those that the data was logged with.
        time_limit: steps until truncation; ``"default"`` as the environment declares.

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
    options = with_time_limit(env_id, options_of(data, env_id, env_kwargs), time_limit)
    observations, actions = env_shape(env_id, options)
    if (observations, actions) != (learner.observation_size, learner.action_size):
        raise InputError(
            f"Environment {env_id!r} has observations of size {observations} and actions of size "
            f"{actions}, but the prior was trained on {learner.observation_size} and "
            f"{learner.action_size} from {data.name!r}. Use the data's own environment "
            f"{data.env_id!r}."
        )
    return env_id, options


@training
def finetune(
    prior: Prior,
    recipe: str | Recipe,
    *,
    plan: RunPlan | None = None,
    steps: int | None = None,
    eval_every: int | None = None,
    eval_episodes: int | None = None,
    seed: int | None = None,
    device: str | None = None,
    progress: bool | None = None,
    compile: bool | None = None,
    env_id: str | None = None,
    env_kwargs: Mapping[str, Any] | None = None,
    time_limit: TimeLimit = "default",
    seeds: int | None = None,
    callbacks: Sequence[Callback] = (),
) -> Run:
    """Fine-tunes S policies at once, online.

    Args:
        prior: what pre-training left; its learner is not changed.
        recipe: a name of `rlft.RECIPES` or a recipe.
        plan: how long the run is and how it is made; None for `RunPlan()`, which has the defaults.
        steps: environment steps per seed; None for the plan's own, as for the next five.
        eval_every: environment steps between evaluations; evaluation uses its own environments.
        eval_episodes: episodes per seed and evaluation, for sampled and for mode actions each.
        seed: start of the random streams.
        device: for example ``"cpu"`` or ``"cuda"``.
        progress: show a progress bar.
        compile: compile the updates, see `rlft.compile`.
        env_id: any Gymnasium id with Box observations and actions; None for the data's own.
        env_kwargs: options of the environment; None for those that the data was logged with.
        time_limit: steps until truncation, for an environment that declares none or another;
            ``"default"`` as it declares.
        seeds: must equal the prior's S if given: each run goes on from a prior of its own.
        callbacks: each called as ``callback(step, learner, replay)`` at every evaluation.

    Returns:
        The run, with evaluations at 0, eval_every, ..., and at the end.

    Raises:
        InputError: for an unknown recipe, environment or device, a number too small, sizes, seeds
            or a jump start that do not fit the prior, or a run that ends before its first update.
        NumericalError: if a loss, or what the environment returns, is NaN or infinite; names the
            seed.
    """
    plan = (plan or RunPlan()).but(
        steps=steps,
        eval_every=eval_every,
        eval_episodes=eval_episodes,
        seed=seed,
        device=device,
        progress=progress,
        compile=compile,
    )
    recipe = find_recipe(recipe) if isinstance(recipe, str) else recipe
    if seeds is not None and seeds != prior.seeds:
        raise InputError(
            f"seeds={seeds}, but the prior was trained with {prior.seeds} seeds and each run goes "
            f"on from its own. Leave `seeds` out, or pre-train with seeds={seeds}."
        )
    check_length(recipe, plan)
    env_id, env_kwargs = environment_of(prior, env_id, env_kwargs, time_limit)
    return OnlineLoop(prior, recipe, plan, env_id, env_kwargs).run(callbacks)
