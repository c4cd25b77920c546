"""What evaluation noise alone does to a curve: the drop of a policy that never changes.

`metrics.drop` takes a minimum over evaluations, each a mean of few episodes, so that a policy that
stays as it is drops too, and more with more evaluations. How far, the spread of its episodes at the
switch tells, without playing any more of them. A drop that is not well above this *noise floor* is
no drop.

Letters: S seeds, N episodes, K episodes of one evaluation, P evaluation points, R draws.
"""

from __future__ import annotations

import numpy as np

from rlft.core.checks import at_least, finite, shaped
from rlft.evaluate.metrics import drop

# Curves drawn for each seed: the mean of their drops is then known to 3 % of its spread.
DRAWS = 1_000


def noise_floor(
    episode_returns: np.ndarray,
    points: int,
    *,
    episodes: int | None = None,
    window: int = 1,
    seed: int = 0,
) -> np.ndarray:
    """The expected drop of a policy that never changes.

    Evaluations are made up of episodes drawn anew from those that were played, with replacement.
    The few that were played differ less from their own mean than from the truth, by
    sqrt((N - 1) / N), which is made good. What never happened in them cannot be drawn: a policy
    that fails in one of 50 episodes needs some hundred of them here.

    Args:
        episode_returns: (S, N) returns of single episodes of each seed's policy, N >= 2.
        points: P >= 2 evaluations of the curve, that at the switch included.
        episodes: K of each evaluation; None for N.
        window: evaluations averaged before the minimum is taken, see `metrics.drop`.
        seed: of the drawing. Same seed, same floor.

    Returns:
        (S,) in the unit of the return, >= 0.

    Raises:
        InputError: if the shape is not (S, N), a number is too small or a return not finite, or
            the window does not fit.
    """
    returns = np.asarray(episode_returns, dtype=np.float64)
    shaped(("S", "N"), episode_returns=returns, hint="Give a row of episodes for each seed.")
    count = returns.shape[1]
    hint = "One episode says nothing of the noise: evaluate with eval_episodes of 2 or more."
    at_least(2, number_of_episodes=count, hint=hint)
    at_least(2, points=points, hint="Count the evaluation at the switch and those after it.")
    at_least(1, episodes=episodes, hint="Use that of the run's evaluations.")
    finite(episode_returns=returns, hint="Leave that seed out and say so.")
    deviations = (returns - returns.mean(axis=1, keepdims=True)) * np.sqrt(count / (count - 1))
    rng = np.random.default_rng(seed)
    each = count if episodes is None else episodes
    # How often each episode is drawn, so that a mean of drawn ones is one matrix product.
    shares = rng.multinomial(each, np.full(count, 1 / count), (DRAWS, points)) / each  # (R, P, N)
    return np.array([drop(shares @ own, window).mean() for own in deviations])  # (S,)
