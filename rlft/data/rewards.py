"""Rewards in the units that the authors train in: another scale, another zero.

No recipe applies these by itself. Whatever is learned from such data values states in its units,
while evaluation, the references and every comparison of Q with a rollout use the environment's own.
To follow the authors online as well, wrap the environment in `gymnasium.wrappers.TransformReward`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rlft.core.checks import finite, positive
from rlft.core.errors import InputError
from rlft.data.transitions import Transitions


def transform_rewards(data: Transitions, scale: float = 1.0, shift: float = 0.0) -> Transitions:
    """The same data with scale * reward + shift.

    On AntMaze IQL and RLPD train on r - 1, Cal-QL and WSRL on 10 r - 5; on Adroit the last two on
    10 r + 5. A shift changes which task it is wherever episodes end early.

    Args:
        data: the logged transitions.
        scale: factor, above 0.
        shift: what is added to each reward, after scaling.

    Returns:
        A dataset of its own, whose name says what was done.

    Raises:
        InputError: a scale that is not positive, or a shift that is not finite.
    """
    positive(scale=scale, hint="A negative scale would turn the task round.")
    finite(shift=shift, hint="Give the number that is added to each reward.")
    rewards = scale * data.rewards.astype(np.float64) + shift
    name = f"{data.name} (rewards times {scale:.4g}{f' {shift:+.4g}' if shift else ''})"
    return replace(data, rewards=rewards, name=name)


def return_range_scale(data: Transitions) -> float:
    """IQL's factor on locomotion: 1,000 over the distance of the best from the worst return.

    Where the rewards stay as they are, an inverse temperature that is larger by this factor gives
    the advantages the same weights, as Q and V grow in proportion to the rewards.

    Args:
        data: the logged transitions.

    Returns:
        The factor, above 0.

    Raises:
        InputError: all episodes have the same return.
    """
    returns = data.episode_returns()
    width = float(returns.max() - returns.min())
    if width == 0:
        raise InputError(
            f"All {len(returns)} episodes of dataset {data.name!r} have the return "
            f"{float(returns[0]):g}: there is no range to scale by. Give a scale of your own to "
            "transform_rewards."
        )
    return 1_000 / width
