"""Where a body's limbs are while a policy acts: what a film strip is drawn from, without a screen.

MuJoCo renders with OpenGL, which many machines have not. The walkers of Gymnasium move in a plane,
so that a limb is a thick line from one point of it to another, and needs no renderer.

Letters: T steps, G limbs.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from rlft.core.checks import at_least, refused
from rlft.data.actors import Actable, make_actor
from rlft.envs import env_boxes, make_vec

LONG = ("mjGEOM_CAPSULE", "mjGEOM_CYLINDER")  # along their own z axis, half length in size[1]
ROUND = ("mjGEOM_SPHERE", "mjGEOM_ELLIPSOID", "mjGEOM_BOX")


@dataclass(frozen=True)
class Poses:
    """One episode, seen from the side.

    Attributes:
        limbs: (T, G, 2, 2), both ends of each limb before each step, forward and up, in metres.
        radii: (G,), half the thickness of each limb, in metres.
        rewards: (T,), of the steps.
        terminated: whether the task ended the episode, by a fall for example.
        truncated: whether the time limit did; False for both if only its start was asked for.
    """

    limbs: np.ndarray
    radii: np.ndarray
    rewards: np.ndarray
    terminated: bool
    truncated: bool

    def __len__(self) -> int:
        return len(self.rewards)


def record_poses(
    policy: Actable,
    env_id: str,
    *,
    steps: int = 1_000,
    seed: int = 0,
    of_seed: int = 0,
    mode: bool | None = None,
) -> Poses:
    """Plays the start of one episode and notes where the limbs are.

    Args:
        policy: who acts, as `rlft.record` takes it.
        env_id: an environment of MuJoCo.
        steps: at most so many, >= 1.
        seed: of the start and of sampled actions.
        of_seed: which of the policy's S seeds acts, from 0.
        mode: act with the most likely action; None for where the policy knows one, which a function
            and what looks at the clock do not.

    Raises:
        InputError: an environment without a MuJoCo model, steps below 1, or what `make_actor`
            refuses.
    """
    at_least(1, steps=steps, hint="A film has a frame.")
    box = env_boxes(env_id)[1]
    if mode is None:
        mode = hasattr(policy, "mode") and hasattr(policy, "sample")
    actor = make_actor(policy, box, seed=seed, mode=mode, of_seed=of_seed)
    ends, rewards, terminated, truncated = [], [], False, False
    with closing(make_vec(env_id, 1)) as env:
        body = getattr(env, "copies", [None])[0]
        world: Any = getattr(body, "unwrapped", None)
        if not hasattr(world, "model") or not hasattr(world, "data"):
            hint = "In a maze, rlft.show.animate_episode shows where somebody walks."
            raise refused("env_id", env_id, "an environment of MuJoCo", hint)
        shown = _drawn(world)  # (G,)
        # Half lengths (G,), 0 for what has none.
        long = np.isin(world.model.geom_type[shown], _kinds(LONG)) * world.model.geom_size[shown, 1]
        observations, _ = env.reset(seed=seed)  # (1, O)
        for step in range(steps):
            ends.append(
                _ends(world.data, shown, long)
            )  # before the step: the last one resets the body
            actions = actor(observations, np.array([step]))  # (1, A)
            observations, reward, ended, cut, _ = env.step(actions)
            rewards.append(float(reward[0]))
            terminated, truncated = bool(ended[0]), bool(cut[0])
            if terminated or truncated:
                break
        radii = world.model.geom_size[shown, 0].copy()  # (G,)
    return Poses(np.stack(ends), radii, np.array(rewards), terminated, truncated)


def _kinds(names: tuple[str, ...]) -> list[int]:
    """MuJoCo's numbers of kinds of geometries."""
    import mujoco  # only here: the library's other parts do without

    kinds: Any = getattr(mujoco, "mjtGeom")  # noqa: B009 - compiled, unknown to a type checker
    return [int(getattr(kinds, name)) for name in names]


def _drawn(world: Any) -> np.ndarray:
    """Numbers (G,) of the geometries that are limbs: nothing that stands still, as the ground."""
    moves = world.model.geom_bodyid > 0
    return np.flatnonzero(moves & np.isin(world.model.geom_type, _kinds((*LONG, *ROUND))))


def _ends(data: Any, shown: np.ndarray, long: np.ndarray) -> np.ndarray:
    """Both ends of each limb, (G, 2, 2), forward and up; `long` are half lengths (G,)."""
    middle = data.geom_xpos[shown]  # (G, 3)
    axis = data.geom_xmat[shown].reshape(-1, 3, 3)[:, :, 2]  # (G, 3)
    both = np.stack([middle - long[:, None] * axis, middle + long[:, None] * axis], axis=1)
    return both[:, :, [0, 2]]
