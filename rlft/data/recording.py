"""Data of one's own: whoever acts, in any continuous environment, becomes a Minari dataset."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from gymnasium.envs.registration import EnvSpec

from rlft.core.checks import refused
from rlft.core.errors import InputError
from rlft.data.actors import Actable
from rlft.data.datasets import load_dataset
from rlft.data.folder import datasets_root, is_dataset_id, is_local, publish, staging, unwritable
from rlft.data.logged import log_policy
from rlft.data.minari_io import write_dataset
from rlft.data.transitions import Transitions
from rlft.envs import env_boxes
from rlft.envs.spec import AS_REGISTERED, NEVER, find_spec, wrapped

# The library's own names; a dataset of that prefix would hide one that comes with a later version.
RESERVED = "rlft/"


def record(
    policy: Actable,
    env_id: str,
    *,
    name: str,
    transitions: int = 10_000,
    seed: int = 0,
    mode: bool = False,
    of_seed: int = 0,
    action_noise: float = 0.0,
    random_actions: float = 0.0,
    clip_actions: bool = False,
    env_kwargs: Mapping[str, Any] | None = None,
    description: str = "",
    replace: bool = False,
    progress: bool = True,
) -> Transitions:
    """Logs episodes of a policy and keeps them as a Minari dataset, which `load_dataset` reads.

        data = rlft.record(prior.learner.policy, "Hopper-v5", name="mine/hopper/first-v0")

    Terminations and truncations stay apart, the last episode is kept whole, and the same call gives
    the same bytes. Until the data is whole and checked, nothing stands under its name.

    Args:
        policy: who acts. A policy of the library; a `JumpStartPolicy` or another that looks at the
            clock; or any function of one observation (O,) float32 that returns an action (A,) in
            the environment's own units, as ``env.step`` takes it.
        env_id: a registered environment with Box observations and actions, and a time limit.
        name: Minari id of the dataset: ``"namespace/any/name-v0"``.
        transitions: steps wanted, >= 1; episodes count in the order in which they began.
        seed: of starts, sampled actions and noise, >= 0.
        mode: act with the policy's most likely action; a function knows none.
        of_seed: which of the policy's S seeds acts, from 0.
        action_noise: standard deviation of Gaussian noise on each action, in units of the action
            box's half width; >= 0.
        random_actions: share of actions that are uniform in the box instead; in [0, 1].
        clip_actions: clip a function's actions that leave the box, instead of raising.
        env_kwargs: options of the environment, such as ``{"max_episode_steps": 200}``; they are
            kept with the data.
        description: a sentence, kept with the data.
        replace: put the new data in the place of a dataset of that name.
        progress: show a progress bar.

    Returns:
        The transitions, actions normalised to [-1, 1], as ``load_dataset(name)`` gives them.

    Raises:
        InputError: a name that is malformed, taken or the library's own; something that does not
            act; an environment that cannot be used or never truncates; a number out of range; an
            action or an observation that no learner can use; or a folder that cannot be written.
    """
    _check_name(name, replace)
    spec, box = _spec_with(env_id, env_kwargs), env_boxes(env_id, env_kwargs)[1]
    episodes = log_policy(
        policy,
        env_id,
        transitions=transitions,
        seed=seed,
        mode=mode,
        of_seed=of_seed,
        action_noise=action_noise,
        random_actions=random_actions,
        clip_actions=clip_actions,
        env_kwargs=env_kwargs,
        progress=progress,
    )
    notes = {"algorithm_name": getattr(policy, "__name__", type(policy).__name__)}
    if description:
        notes["description"] = description
    root = datasets_root()
    with staging() as staged:
        try:
            write_dataset(name, episodes, spec, notes=notes, box=box)
        except OSError as error:
            raise unwritable(root, error) from error
        data = load_dataset(name)  # from the staging folder: what cannot be read is not published
        publish(staged, root, name, replace=replace)
    return data


def _check_name(name: str, replace: bool) -> None:
    """Raises for a name that cannot be used, before anything is logged."""
    if name.startswith(RESERVED):
        hint = "Give it a namespace of your own: 'mine/hopper/first-v0'."
        raise refused("name", name, f"a name that does not begin with {RESERVED!r}", hint)
    if not is_dataset_id(name):
        hint = "Ids end in a version, as 'mine/hopper/first-v0'."
        raise refused("name", name, "a Minari id", hint)
    if is_local(name) and not replace:
        raise InputError(
            f"There is a dataset {name!r} in {datasets_root()}. Raise the version in the name, or "
            "give replace=True to put the new one in its place."
        )


def _spec_with(env_id: str, env_kwargs: Mapping[str, Any] | None) -> EnvSpec:
    """The environment's registration with these options, from which Minari makes it again."""
    options = dict(env_kwargs or {})
    spec = wrapped(find_spec(env_id), options.pop("additional_wrappers", None))
    steps = options.pop("max_episode_steps", AS_REGISTERED)
    if steps is not AS_REGISTERED:
        spec = dataclasses.replace(spec, max_episode_steps=None if steps == NEVER else int(steps))
    return dataclasses.replace(spec, kwargs={**spec.kwargs, **options})
