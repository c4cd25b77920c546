"""Any continuous environment as a vector environment that the learners can use as it is.

Learners see the same thing everywhere: float32 observations (N, O), actions in [-1, 1]^A, a new
episode in the very step that ended the old one, and the true last observation as a plain array.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike, NDArray

from rlft.core.checks import at_least, shaped
from rlft.core.errors import InputError, unknown
from rlft.envs.dynamics import MazeOptions, check_actions
from rlft.envs.maze import MazeVectorEnv
from rlft.envs.spec import (
    NEVER,
    TimeLimit,
    check_time_limit,
    find_spec,
    is_maze,
    time_limit_of,
    wrapped,
)


class NormalisedVectorEnv(VectorWrapper):
    """Rescales actions from [-1, 1] to the environment's box, and makes everything float32.

    Actions outside of [-1, 1] are clipped. ``info["final_obs"]`` becomes a (N, O) array whose rows
    count where ``info["_final_obs"]`` is True. ``reset(options={"state": (N, O)})`` gives each copy
    its own row as ``options={"state": (O,)}``.
    """

    def __init__(self, env: SyncVectorEnv) -> None:
        super().__init__(env)
        self.copies = env.envs
        inner, seen = env.single_action_space, env.single_observation_space
        assert isinstance(inner, Box) and isinstance(seen, Box)
        # Middle and half width rather than low and high: exact where the box is [-1, 1] already.
        self.middle = (inner.high / 2 + inner.low / 2).astype(np.float32)  # (A,)
        self.reach = (inner.high / 2 - inner.low / 2).astype(np.float32)  # (A,)
        self.inner = inner
        self.single_action_space = Box(-1.0, 1.0, inner.shape, np.float32)
        self.action_space = batch_space(self.single_action_space, env.num_envs)
        low, high = seen.low.astype(np.float32), seen.high.astype(np.float32)
        self.single_observation_space = Box(low, high, dtype=np.float32)
        self.observation_space = batch_space(self.single_observation_space, env.num_envs)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Starts an episode in every sub-environment."""
        states = (options or {}).get("state")
        if states is None:
            observations, info = self.env.reset(seed=seed, options=options)
        else:  # Gymnasium would hand the same options to every copy
            hint = "Give one state for each copy."
            shaped(self.observation_space.shape or (), state=np.asarray(states), hint=hint)
            _, info = self.env.reset(seed=seed)
            rows = zip(self.copies, states, strict=True)
            observations = np.stack([one.reset(options={"state": row})[0] for one, row in rows])
        return observations.astype(np.float32), info

    def step(
        self, actions: ArrayLike
    ) -> tuple[
        NDArray[np.float32],
        NDArray[np.float32],
        NDArray[np.bool_],
        NDArray[np.bool_],
        dict[str, Any],
    ]:
        """Makes one step with actions (N, A) in [-1, 1]."""
        normalised = check_actions(actions, self.action_space.shape or ()).clip(-1.0, 1.0)
        inner = (self.middle + normalised * self.reach).astype(self.inner.dtype)  # (N, A)
        inner = inner.clip(self.inner.low, self.inner.high)  # rounding may lead out of the box
        observations, rewards, terminations, truncations, info = self.env.step(inner)
        observations = observations.astype(np.float32)
        if "final_obs" in info:
            final, done = observations.copy(), info["_final_obs"]
            final[done] = np.stack(info["final_obs"][done])
            info["final_obs"] = final
        return observations, rewards.astype(np.float32), terminations, truncations, info


def true_next_observations(
    observations: NDArray[np.float32], info: Mapping[str, Any]
) -> NDArray[np.float32]:
    """Returns the observations (N, O) that the last actions truly led to.

    Where an episode ended, the observation that ``step`` returns already belongs to the next
    episode; the true one is in the info. Replay buffers must store the true one.
    """
    if "final_obs" not in info:
        return observations
    return np.where(info["_final_obs"][:, None], info["final_obs"], observations)


def make_vec(
    env_id: str,
    num_envs: int,
    *,
    time_limit: TimeLimit = "default",
    env_kwargs: Mapping[str, Any] | None = None,
) -> VectorEnv:
    """Makes N copies of an environment that take actions in [-1, 1]^A.

    Args:
        env_id: a registered id with a one-dimensional Box observation and a bounded
            one-dimensional Box action.
        num_envs: N, >= 1.
        time_limit: steps until truncation; ``"default"`` as the options say, else as registered;
            None for never.
        env_kwargs: options of the environment, and the two of `rlft.envs.spec` that all have.

    Returns:
        A vector environment with `AutoresetMode.SAME_STEP`; float32 observations (N, O).

    Raises:
        InputError: unknown id or option, num_envs < 1, or spaces that the learners cannot use.
    """
    spec, options = find_spec(env_id), dict(env_kwargs or {})
    at_least(1, num_envs=num_envs, hint="Use 1 for a single one.")
    limit = time_limit_of(env_id, options) if time_limit == "default" else time_limit
    check_time_limit(time_limit=limit)
    options.pop("max_episode_steps", None)
    if is_maze(env_id):
        return _make_maze(spec, num_envs, {**options, "time_limit": limit})
    recipe = wrapped(spec, options.pop("additional_wrappers", None))

    def make_one() -> gym.Env:
        try:
            return gym.make(recipe, max_episode_steps=NEVER if limit is None else limit, **options)
        except (TypeError, ValueError, ImportError, gym.error.Error) as error:
            raise InputError(
                f"Environment {env_id!r} with the options {options} could not be made: {error}. "
                "Expected options that its documentation lists, and its packages installed."
            ) from error

    probe = make_one()
    _check_spaces(env_id, probe)
    probe.close()
    return NormalisedVectorEnv(
        SyncVectorEnv([make_one] * num_envs, autoreset_mode=AutoresetMode.SAME_STEP)
    )


def _make_maze(spec: EnvSpec, num_envs: int, options: dict[str, Any]) -> MazeVectorEnv:
    known = [name for name, entry in MazeOptions.__dataclass_fields__.items() if entry.init]
    for name in options:
        if name not in known:
            raise unknown(f"option of {spec.id!r}", name, known)
    env = MazeVectorEnv(num_envs, **{**spec.kwargs, **options})
    env.spec = spec
    return env


def _check_spaces(env_id: str, env: gym.Env) -> None:
    seen, action = env.observation_space, env.action_space
    if not isinstance(action, Box):
        raise InputError(
            f"Environment {env_id!r} has the action space {action}; expected continuous actions "
            "(Box), as all learners here are for continuous control. Choose another environment."
        )
    if not np.issubdtype(action.dtype, np.floating):
        raise InputError(
            f"Environment {env_id!r} has the action space {action} of whole numbers; expected "
            "continuous actions (a Box of floats), as nothing lies between two of these. Choose "
            "another environment, or wrap it so that it rounds."
        )
    if len(action.shape) != 1 or not action.is_bounded():
        raise InputError(
            f"Environment {env_id!r} has the action space {action}; expected one dimension with "
            "finite bounds, so that actions can be rescaled to [-1, 1]. Wrap it before "
            "registering it."
        )
    if not isinstance(seen, Box) or len(seen.shape) != 1:
        raise InputError(
            f"Environment {env_id!r} has the observation space {seen}; expected a one-dimensional "
            "Box. Register it with gymnasium.wrappers.FlattenObservation around it."
        )


def env_boxes(env_id: str, env_kwargs: Mapping[str, Any] | None = None) -> tuple[Box, Box]:
    """Returns the boxes of observations (O,) and actions (A,), in the environment's own units.

    Errors as `make_vec`.
    """
    env = make_vec(env_id, 1, env_kwargs=env_kwargs)
    bare = env.env if isinstance(env, NormalisedVectorEnv) else env
    seen, action = bare.single_observation_space, bare.single_action_space
    env.close()
    assert isinstance(seen, Box) and isinstance(action, Box)
    return seen, action


def env_shape(env_id: str, env_kwargs: Mapping[str, Any] | None = None) -> tuple[int, int]:
    """Returns (observation size O, action size A) of an environment; errors as `make_vec`."""
    seen, action = env_boxes(env_id, env_kwargs)
    return seen.shape[0], action.shape[0]
