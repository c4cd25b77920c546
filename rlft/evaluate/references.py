"""Known returns to hold a run against."""

from __future__ import annotations

import numpy as np

from rlft.envs import MAZES, Behaviour, log_episodes, time_limit_of


def best_return(env_id: str) -> float:
    """Return of the script that walks the short way without noise: the best there is."""
    walks = log_episodes(env_id, Behaviour(avoid=False), transitions=2_000, seed=0)
    return float(np.mean([walk.rewards.sum() for walk in walks]))


def floor_return(env_id: str) -> float | None:
    """Return of a policy that never arrives, in the course's mazes; None where none is known.

    A step costs 1 or a goal earns something. Where rewards are distances it depends on the place.
    """
    reward, limit = MAZES.get(env_id, {}).get("reward"), time_limit_of(env_id)
    floors = {"step_cost": None if limit is None else -float(limit), "sparse": 0.0}
    return floors.get(reward or "")
