"""What whole episodes of a replay returned: the guide's own worth, seen and not estimated.

Letters: S seeds, T steps.
"""

from __future__ import annotations

import numpy as np

from rlft.data import ReplayBuffer


def observed_returns(replay: ReplayBuffer, gamma: float) -> np.ndarray:
    """Mean return of the episodes that lie whole in the replay, but for the last one.

    Args:
        replay: the online transitions of S seeds.
        gamma: discount, in [0, 1]; 1 for the plain return.

    Returns:
        (S,); NaN for a seed that has not ended an episode yet.
    """
    seen = replay.recent(len(replay))
    timesteps, rewards = seen.timesteps.numpy(force=True), seen.rewards.numpy(force=True)  # (S, T)
    found = np.full(replay.seeds, np.nan)
    for seed, clock in enumerate(timesteps):
        begins = np.flatnonzero(clock == 0)
        if len(begins) > 1:
            weighed = rewards[seed] * gamma**clock  # (T,)
            found[seed] = weighed[begins[0] : begins[-1]].sum() / (len(begins) - 1)
    return found
