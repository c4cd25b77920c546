"""Who acts while data is logged: a policy, one that looks at the clock, or a function.

Each becomes one function of N observations and their time steps, with actions in [-1, 1]^A.

Letters: S seeds, N copies of the environment, O observation size, A action size.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

import numpy as np
import torch
from gymnasium.spaces import Box
from numpy.typing import ArrayLike, NDArray

from rlft.core.checks import refused, within
from rlft.core.compute import check_default_type
from rlft.core.errors import InputError
from rlft.data.convert import normalise_actions
from rlft.data.episodes import ACTION_TOLERANCE
from rlft.nets.timed import TimedPolicy


class StackedPolicy(Protocol):
    """What logging needs of a policy: S sets of weights that act on (S, B, O) observations."""

    seeds: int

    def mode(self, observations: torch.Tensor, /) -> torch.Tensor:
        """The most likely action, (S, B, A) in [-1, 1]."""
        ...

    def sample(self, observations: torch.Tensor, generator: torch.Generator, /) -> torch.Tensor:
        """A random action, (S, B, A) in [-1, 1]."""
        ...


Function = Callable[[NDArray[np.float32]], ArrayLike]
"""Observation (O,) to action (A,) in the environment's own units, as `env.step` takes it."""

Actor = Callable[[NDArray[np.float32], NDArray[np.int64]], NDArray[np.float32]]
"""Observations (N, O) and time steps (N,) to actions (N, A) in [-1, 1]."""

Actable = StackedPolicy | TimedPolicy | Function


def make_actor(
    policy: Actable,
    box: Box,
    *,
    seed: int,
    mode: bool = False,
    of_seed: int = 0,
    clip_actions: bool = False,
) -> Actor:
    """Makes one function of whatever acts.

    Args:
        policy: a policy of the library, of which one seed acts; one that looks at the clock, such
            as a `JumpStartPolicy`; or any function of one observation, see `Function`.
        box: the environment's actions, (A,).
        seed: of the random numbers of sampled actions.
        mode: act with the most likely action; a policy of the library alone knows it.
        of_seed: which of the S seeds acts, from 0.
        clip_actions: clip a function's actions that leave the box, instead of raising.

    Raises:
        InputError: something that does not act, a seed that is not there, or `mode` for what has
            none; and when a function is called, an action that the environment cannot take.
    """
    stacked = hasattr(policy, "sample") and hasattr(policy, "mode")
    if not (hasattr(policy, "seeds") and (stacked or hasattr(policy, "act"))):
        if not callable(policy):
            hint = "A prior's and a learner's is prior.learner.policy and learner.policy."
            raise refused("policy", policy, "a policy, or a function of an observation", hint)
        if mode or of_seed:
            hint = "A function acts as it does: leave mode and of_seed out."
            raise refused("mode, of_seed", (mode, of_seed), "False, 0 for a function", hint)
        return _of_function(cast(Function, policy), box, clip_actions)
    seeds = cast(Any, policy).seeds
    if of_seed not in range(seeds):
        hint = "It counts from 0."
        raise refused("of_seed", of_seed, f"one of the policy's {seeds} seeds", hint)
    if mode and not stacked:
        hint = "Give it to the policy itself: JumpStartPolicy(..., mode=True)."
        raise refused("mode", mode, "False for a policy that looks at the clock", hint)
    return _of_policy(policy, seeds, of_seed, mode, seed)


def _of_policy(policy: Any, seeds: int, of_seed: int, mode: bool, seed: int) -> Actor:
    """One seed of a stack. All of them are asked: the shapes are then those of training."""
    check_default_type()
    device = _device_of(policy)
    generator = torch.Generator(device).manual_seed(seed)

    def act(observations: NDArray[np.float32], timesteps: NDArray[np.int64]) -> Any:
        seen = torch.as_tensor(observations, device=device).expand(seeds, -1, -1)  # (S, N, O)
        with torch.inference_mode():
            if mode:
                actions = policy.mode(seen)  # (S, N, A)
            elif hasattr(policy, "sample"):
                actions = policy.sample(seen, generator)  # (S, N, A)
            else:
                clock = torch.as_tensor(timesteps, device=device).expand(seeds, -1)  # (S, N)
                actions = policy.act(seen, clock, generator)  # (S, N, A)
        return actions[of_seed].cpu().numpy()

    return act


def _device_of(policy: object) -> torch.device:
    """Where a policy's weights live; the CPU for one without weights."""
    weights = policy.parameters() if isinstance(policy, torch.nn.Module) else iter(())
    first = next(weights, None)
    return torch.device("cpu") if first is None else first.device


def _of_function(function: Function, box: Box, clip_actions: bool) -> Actor:
    """A function of one observation, called for each copy."""
    slack = ACTION_TOLERANCE * np.maximum(1.0, np.abs(box.high))  # (A,)

    def act(observations: NDArray[np.float32], timesteps: NDArray[np.int64]) -> Any:
        rows = [_asked(function, row.copy(), box) for row in observations]
        actions = np.stack(rows)  # (N, A)
        outside = ((actions < box.low - slack) | (actions > box.high + slack)).any(axis=1)  # (N,)
        if outside.any() and not clip_actions:
            raise InputError(
                f"The policy chose the action {actions[outside][0].tolist()}, outside of the "
                f"environment's box from {box.low.tolist()} to {box.high.tolist()}. A function's "
                "actions are in the environment's own units: scale them, or give "
                "clip_actions=True."
            )
        return normalise_actions(actions.clip(box.low, box.high), box.low, box.high, "recorded")

    return act


def _asked(function: Function, observation: NDArray[np.float32], box: Box) -> Any:
    """A function's action (A,) float32; raises where it is none."""
    given = function(observation)
    try:
        action = np.asarray(given, dtype=np.float32)
    except (TypeError, ValueError):
        action = None
    if action is None or action.shape != box.shape or not np.isfinite(action).all():
        hint = (
            f"It was asked at the observation {observation.tolist()}; a function takes one "
            "observation (O,) and returns one action."
        )
        raise refused("policy(observation)", given, f"{box.shape[0]} finite numbers", hint)
    return action


def with_noise(actor: Actor, *, action_noise: float, random_actions: float, seed: int) -> Actor:
    """The same actor, less sure.

    Args:
        actor: who acts.
        action_noise: standard deviation of Gaussian noise on each action, in units of the action
            box's half width; >= 0. The result is clipped to [-1, 1].
        random_actions: share of actions that are uniform in [-1, 1]^A instead; in [0, 1].
        seed: of the noise.

    Raises:
        InputError: a number outside of its range.
    """
    within(0, np.inf, without=(np.inf,), action_noise=action_noise, hint="Use 0 for none.")
    within(0, 1, random_actions=random_actions, hint="Use 0 for none.")
    if not (action_noise or random_actions):
        return actor
    rng = np.random.default_rng(seed)

    def act(observations: NDArray[np.float32], timesteps: NDArray[np.int64]) -> Any:
        chosen = actor(observations, timesteps)  # (N, A)
        noisy = chosen + action_noise * rng.standard_normal(chosen.shape)
        replaced = rng.random((len(chosen), 1)) < random_actions
        noisy = np.where(replaced, rng.uniform(-1.0, 1.0, chosen.shape), noisy)
        return noisy.clip(-1.0, 1.0).astype(np.float32)

    return act
