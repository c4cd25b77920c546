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

# Curves that are drawn: the mean of their drops is then known to 2 % of its spread.
DRAWS = 3_000


def noise_floor(
    episode_returns: np.ndarray,
    points: int,
    *,
    episodes: int | None = None,
    window: int = 1,
    seed: int = 0,
) -> float:
    """The expected drop of a policy that never changes, as a mean over seeds.

    Evaluations are made up of episodes drawn anew, with replacement, from those that were played.
    Drawn are their distances from the mean of their own seed, of all seeds together: what makes a
    curve drop is the rare failure, and among ten episodes of one seed it is mostly missing. Against
    12 evaluations of 10 episodes that were really played, six policies each:

        data           truth    all seeds together    each seed by itself
        near-optimal     1.5                   1.4                    0.7
        narrow           4.0                   3.4                    1.8
        medium          11.1                  11.1                    8.2

    Those are means over 100 repetitions. A single one depends on whether a failure was among its
    60 episodes, and lies between 0.3 and 6.3 in the first line (8 of 10). More episodes help.

    Args:
        episode_returns: (S, N) returns of single episodes of each seed's policy, N >= 2.
        points: P >= 2 evaluations of the curve, that at the switch included.
        episodes: K of each evaluation; None for N.
        window: evaluations averaged before the minimum is taken, see `metrics.drop`.
        seed: of the drawing. Same seed, same floor.

    Returns:
        The floor in the unit of the return, >= 0.

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
    # Played episodes differ less from their own mean than from the truth, by sqrt((N - 1) / N).
    distances = (returns - returns.mean(axis=1, keepdims=True)) * np.sqrt(count / (count - 1))
    rng = np.random.default_rng(seed)
    each = count if episodes is None else episodes
    drawn = rng.integers(distances.size, size=(DRAWS, points, each))  # (R, P, K)
    return float(drop(distances.ravel()[drawn].mean(axis=2), window).mean())
