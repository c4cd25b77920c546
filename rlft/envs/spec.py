"""What an environment's id stands for: its registration, its time limit, its wrappers.

Two options work with every environment, beside those that its documentation lists. They are
Gymnasium's own names, so that a recording's whole specification fits into `env_kwargs`:
``max_episode_steps``, and ``additional_wrappers``, which a Minari dataset brings along.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import EnvSpec, WrapperSpec, load_env_creator

from rlft.core.checks import refused
from rlft.core.errors import InputError, unknown
from rlft.envs.dynamics import MazeOptions

MAZE_VECTOR_ENTRY_POINT = "rlft.envs.maze:MazeVectorEnv"
"""The string under which the mazes are registered, as a class could not be written to a file."""

TimeLimit = int | None | Literal["default"]

# They look on and change no number: whoever recorded with them needs none of them to go on.
ONLOOKERS = ("RecordEpisodeStatistics", "RecordVideo", "RenderCollection", "HumanRendering")
# Gymnasium's codes for max_episode_steps, beside a number of steps.
AS_REGISTERED, NEVER = None, -1


def bare_id(env_id: str) -> str:
    """The id without the module that registers it: ``"module:Id-v0"`` and ``"Id-v0"`` are one."""
    return env_id.rpartition(":")[2]


def find_spec(env_id: str) -> EnvSpec:
    """Returns the registration of an environment; imports the module of ``"module:Id-v0"``.

    Raises:
        InputError: the id is not registered, with near matches; or the module cannot be imported.
    """
    module, _, name = env_id.rpartition(":")
    if module:
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise InputError(
                f"The module {module!r} of the environment id {env_id!r} cannot be imported "
                f"({error}). Install its package, or run from the folder that it is in."
            ) from error
    if name not in gym.registry:
        near = difflib.get_close_matches(name, gym.registry, n=5, cutoff=0.5)
        own = [other for other in gym.registry if other.startswith("rlft/")]
        hint = (
            "Environments of other packages are known once that package is imported; "
            "'module:Id-v0' imports it."
        )
        raise unknown("environment id", env_id, {*own, *near}, hint)
    return gym.registry[name]


def is_maze(env_id: str) -> bool:
    """Tells whether an id stands for one of the point mazes; raises as `find_spec`."""
    return find_spec(env_id).vector_entry_point == MAZE_VECTOR_ENTRY_POINT


def time_limit_of(env_id: str, env_kwargs: Mapping[str, Any] | None = None) -> int | None:
    """Returns the steps after which an environment truncates, or None.

    A maze has a `time_limit` of its own; as in Gymnasium, ``max_episode_steps`` comes on top of it.

    Raises:
        InputError: an id that is not registered, or a number of steps below 1.
    """
    spec, options = find_spec(env_id), dict(env_kwargs or {})
    steps = options.get("max_episode_steps", AS_REGISTERED)
    if steps is not AS_REGISTERED and steps != NEVER:
        check_time_limit(max_episode_steps=steps)
    declared = spec.max_episode_steps if steps is AS_REGISTERED else steps
    outer = None if declared in (None, NEVER) else int(declared)  # Gymnasium takes Python's only
    if not is_maze(env_id):
        return outer
    inner = {**spec.kwargs, **options}.get("time_limit", MazeOptions.time_limit)
    return min((limit for limit in (inner, outer) if limit is not None), default=None)


def with_time_limit(
    env_id: str, env_kwargs: Mapping[str, Any], time_limit: TimeLimit
) -> dict[str, Any]:
    """The options with another time limit; ``"default"`` leaves them as they are, None is never."""
    if time_limit == "default":
        return dict(env_kwargs)
    check_time_limit(time_limit=time_limit)
    others = {name: value for name, value in env_kwargs.items() if name != "max_episode_steps"}
    if is_maze(env_id):
        return {**others, "time_limit": time_limit}
    return {**others, "max_episode_steps": NEVER if time_limit is None else time_limit}


def check_time_limit(**values: Any) -> None:
    """Raises InputError unless each is None or a whole number of steps, 1 or more."""
    for name, value in values.items():
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if value is not None and not (whole and value > 0):
            hint = "Or give None for no limit, 'default' for the registered one."
            if name == "max_episode_steps":
                hint = "Or give -1 for no limit, None for the registered one."
            raise refused(name, value, "a whole number, 1 or more", hint)


def wrapped(spec: EnvSpec, wrappers: Iterable[tuple[Any, ...]] | None) -> EnvSpec:
    """The registration with other wrappers, each (name, entry point, arguments); None: its own."""
    if wrappers is None:
        return spec
    return replace(spec, additional_wrappers=tuple(WrapperSpec(*each) for each in wrappers))


def recorded_options(spec: EnvSpec) -> tuple[tuple[str, object], ...]:
    """The `env_kwargs` that make a recorded environment out of its registration.

    Args:
        spec: the recording's whole specification.

    Returns:
        What differs from the registration, as (key, value) pairs: the options, the time limit, the
        wrappers. How it was rendered is left out.

    Raises:
        InputError: a wrapper that cannot be made again, or that answers otherwise when it is.
    """
    base = gym.registry.get(spec.id, replace(spec, kwargs={}, additional_wrappers=()))
    options: list[tuple[str, object]] = [
        (key, value)
        for key, value in spec.kwargs.items()
        if key != "render_mode" and (key not in base.kwargs or base.kwargs[key] != value)
    ]
    if spec.max_episode_steps != base.max_episode_steps:
        steps = NEVER if spec.max_episode_steps is None else spec.max_episode_steps
        options.append(("max_episode_steps", steps))
    wrappers = tuple(each for each in spec.additional_wrappers if not _only_looks_on(each))
    if wrappers != tuple(base.additional_wrappers):
        for each in wrappers:
            _check_wrapper(spec.id, each)
        # Plain values, which can be stored with a run.
        plain = tuple((each.name, each.entry_point, each.kwargs) for each in wrappers)
        options.append(("additional_wrappers", plain))
    return tuple(options)


def _only_looks_on(wrapper: WrapperSpec) -> bool:
    return wrapper.entry_point.startswith("gymnasium.") and wrapper.name in ONLOOKERS


def _check_wrapper(env_id: str, wrapper: WrapperSpec) -> None:
    """Raises unless the wrapper, made again, answers as it did when it was recorded."""
    reason = ""
    if wrapper.kwargs is None:
        reason = "did not store its arguments (gymnasium.utils.RecordConstructorArgs)"
    else:
        try:
            kind = load_env_creator(wrapper.entry_point)
        except (ImportError, AttributeError) as error:
            reason = f"cannot be imported ({error})"
        else:
            if hasattr(kind, "update_running_mean"):  # NormalizeObservation, NormalizeReward
                reason = "scales by statistics of the recording, which were not stored with it"
    if reason:
        raise InputError(
            f"It was recorded in {env_id!r} behind the wrapper {wrapper.name} "
            f"({wrapper.entry_point}), which {reason}: online, the same state would look "
            "otherwise. Record it without that wrapper, or name an environment with env_id that "
            "has the recording's observations and rewards."
        )
