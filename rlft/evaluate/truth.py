"""The true value of an action, by Monte Carlo: start there, act, follow the policy, add up.

Nothing is learned here. What a critic believes can be compared with it wherever an episode can
begin, so pessimism and overestimation are measured and not guessed.

Letters: S seeds, N state-action pairs, R rollouts of each, O observation size, A action size.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from rlft import envs
from rlft.core.checks import at_least, shaped, within
from rlft.core.errors import InputError
from rlft.envs.starts import need_starts
from rlft.evaluate.rollout import ActingPolicy, Actor

# Rows in one chunk of `monte_carlo_q`: 4,096 rows of a layer 64 wide are 1 MB, which stays in the
# processor's cache (larger chunks are no faster); with layers 256 wide a chunk needs some 25 MB.
CHUNK_ROWS = 4_096
# A return is cut off where the discount has fallen below this share of its start.
NEGLIGIBLE = 1e-3


def steps_that_count(gamma: float) -> int:
    """Steps after which a reward counts less than `NEGLIGIBLE`: the first n with gamma**n < 1e-3.

    Args:
        gamma: discount in (0, 1), for example 0.98, which gives 342.

    Raises:
        InputError: if gamma lies outside (0, 1).
    """
    hint = "Only there rollouts have a length of their own: give steps=..."
    within(0, 1, without=(0, 1), gamma=gamma, hint=hint)
    return math.floor(math.log(NEGLIGIBLE) / math.log(gamma)) + 1


def monte_carlo_q(
    policy: ActingPolicy,
    env_id: str,
    states: np.ndarray,
    actions: np.ndarray,
    *,
    gamma: float,
    rollouts: int = 1,
    steps: int | None = None,
    mode: bool = False,
    seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
) -> np.ndarray:
    """Measures Q: takes the given action in the given state, then follows the policy.

    The environment runs without its time limit, because Q is the value of an endless process: a
    truncated episode bootstraps. Only task reward counts, so a soft critic (SAC, InAC) also holds
    an entropy bonus that is not in here.

    Args:
        policy: followed from the second step on; S seeds.
        env_id: an environment that begins in any state: a maze, or one with an `AnyStart`.
        states: (S, N, O), or (N, O) to use the same for every seed.
        actions: (S, N, A) or (N, A), in [-1, 1].
        gamma: discount in [0, 1].
        rollouts: independent rollouts averaged per state-action, >= 1. One is exact if both the
            environment and the policy are deterministic (``mode=True``).
        steps: of each rollout; default `steps_that_count(gamma)`. What lies beyond is left out: at
            -1 per step and gamma 0.98 at most 0.05.
        mode: follow the most likely action (True) or sampled ones (False).
        seed: of the sampled actions and of the environment's noise.
        env_kwargs: options of the environment, for example ``{"reward": "sparse"}``.

    Returns:
        (S, N) float32 discounted returns.

    Raises:
        InputError: if shapes disagree, a number is out of range, or the environment cannot start
            in a given state.
    """
    starts = need_starts(env_id)
    states, actions = _pairs(policy.seeds, states, actions)  # (S, N, O), (S, N, A)
    at_least(1, rollouts=rollouts, steps=steps, hint="Give 1 or more.")
    steps = steps_that_count(gamma) if steps is None else steps
    act = Actor(policy, mode=mode, seed=seed)
    states, actions = (np.repeat(x, rollouts, axis=1) for x in (states, actions))  # (S, N*R, .)
    width = max(1, CHUNK_ROWS // policy.seeds)
    values = []
    for chunk, first in enumerate(range(0, states.shape[1], width)):
        here = states[:, first : first + width]  # (S, n, O)
        env = envs.make_vec(
            env_id, here.shape[0] * here.shape[1], time_limit=None, env_kwargs=env_kwargs
        )
        start = here.reshape(-1, here.shape[2])  # (S*n, O)
        observations = starts.begin(env, start, seed + chunk)  # (S*n, O)
        if observations.shape != start.shape or not np.allclose(observations, start, atol=1e-4):
            env.close()
            raise InputError(
                f"Episodes of {env_id!r} began elsewhere than in the given states, first {start[0]}"
                f": {type(starts).__name__}.begin must put each copy into its own state."
            )
        next_actions = actions[:, first : first + width].reshape(len(start), -1)  # (S*n, A)
        total = np.zeros(len(start))
        running = np.ones(len(start), dtype=bool)
        for step in range(steps):
            observations, rewards, ended, cut, _ = env.step(next_actions)
            total += gamma**step * np.where(running, rewards, 0.0)
            running &= ~(ended | cut)
            if step + 1 == steps or not running.any():
                break
            next_actions = act(observations)  # (S*n, A)
        env.close()
        values.append(total.reshape(here.shape[:2]))
    joined = np.concatenate(values, axis=1)  # (S, N*R)
    return joined.reshape(policy.seeds, -1, rollouts).mean(axis=2).astype(np.float32)  # (S, N)


def _pairs(seeds: int, states: np.ndarray, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Brings states and actions to (S, N, .) float32 and checks that they belong together."""
    states, actions = (
        np.broadcast_to(array, (seeds, *array.shape)) if array.ndim == 2 else array
        for array in (np.asarray(x, dtype=np.float32) for x in (states, actions))
    )
    hint = "Give (N, size) for all seeds of the policy, or such an array for each."
    shaped((seeds, "N", "O"), states=states, hint=hint)
    at_least(1, number_of_states=states.shape[1], hint="Give one state or more.")
    shaped((seeds, states.shape[1], "A"), actions=actions, hint="Give one action per state.")
    return states, actions
