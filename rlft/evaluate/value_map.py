"""Maps: Q, its true value, its error and the data's coverage at every state of a picture.

The state of a maze has two dimensions, so a value function is a picture. All four maps share one
grid, whose points lie at the centres of squares that tile each cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch

from rlft.core.checks import at_least
from rlft.data import Transitions
from rlft.data.transitions import options_of
from rlft.envs import make_vec
from rlft.envs.starts import Plane, need_starts, unstartable
from rlft.evaluate.rollout import device_of
from rlft.evaluate.support import ValueEstimator, estimate_q
from rlft.evaluate.truth import monte_carlo_q


@dataclass(frozen=True)
class ValueMap:
    """Values on a grid of H x W points; row 0 is the bottom row.

    Attributes:
        layout: how states lie in the picture: a maze with its walls, for example.
        x: (W,) positions of the columns, in cells.
        y: (H,) positions of the rows, in cells.
        q: (S, H, W) the learner's Q at the policy's mode action; NaN where `inside` is False.
        truth: (S, H, W) Monte-Carlo value of the same action, then the sampled policy; NaN
            likewise.
        support: (H, W) int, logged transitions that start in the square around the point.
        inside: (H, W) bool, False where no episode can begin: in walls, and at the goal, where it
            is already over and no method is ever asked for a value.
        gamma: discount of the truth.
    """

    layout: Plane
    x: np.ndarray
    y: np.ndarray
    q: np.ndarray
    truth: np.ndarray
    support: np.ndarray
    inside: np.ndarray
    gamma: float

    @property
    def error(self) -> np.ndarray:
        """(S, H, W) Q minus truth; positive is optimistic."""
        return self.q - self.truth

    def mean_error(self, *, seen: bool) -> np.ndarray:
        """(S,) mean error over points with data around them, or over those without.

        NaN if there is no such point.
        """
        chosen = self.inside & ((self.support > 0) == seen)  # (H, W)
        if not chosen.any():
            return np.full(len(self.q), np.nan)
        return self.error[:, chosen].mean(axis=1)

    def __repr__(self) -> str:
        errors = {
            name: self.mean_error(seen=seen) for name, seen in (("seen", True), ("unseen", False))
        }
        text = ", ".join(f"{name} {values.mean():+.2f}" for name, values in errors.items())
        return (
            f"ValueMap({self.layout.name}, seeds={len(self.q)}, grid {self.inside.shape}, "
            f"gamma={self.gamma}, mean error: {text})"
        )


def grid(layout: Plane, resolution: int) -> tuple[np.ndarray, np.ndarray]:
    """Centres of `resolution` x `resolution` squares in each cell: x (W,) and y (H,), in cells."""
    inner = (np.arange(resolution) + 0.5) / resolution - 0.5  # (resolution,)
    x = (np.arange(layout.width)[:, None] + inner).ravel()  # (W,)
    y = (np.arange(layout.height)[:, None] + inner).ravel()  # (H,)
    return x, y


def coverage(layout: Plane, data: Transitions, resolution: int) -> np.ndarray:
    """Counts logged transitions by the square they start in: (H, W) int, row 0 at the bottom."""
    positions = layout.to_cells(data.observations)  # (N, 2)
    counts, _, _ = np.histogram2d(
        positions[:, 1],
        positions[:, 0],
        bins=(layout.height * resolution, layout.width * resolution),
        range=((-0.5, layout.height - 0.5), (-0.5, layout.width - 0.5)),
    )
    return counts.astype(np.int64)


def value_map(
    learner: ValueEstimator | object,
    env_id: str,
    *,
    data: Transitions,
    gamma: float | None = None,
    resolution: int = 3,
    rollouts: int = 1,
    seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
) -> ValueMap:
    """Maps Q, truth and coverage over all states.

    Args:
        learner: a learner, or anything that has one as ``.learner`` (a prior, a run).
        env_id: an environment whose `AnyStart` has a plane, such as a maze.
        data: the logged transitions, for the coverage.
        gamma: discount of the truth; the one that the learner was trained with, if None.
        resolution: points along each cell's side, >= 1. 3 gives 378 points in the detour, 0.3 s.
        rollouts: Monte-Carlo rollouts per point and seed. The noise of one shows as speckle; the
            mean over seeds needs no more.
        seed: of the rollouts.
        env_kwargs: options of the environment; the data's own, if None and it was logged there.

    Returns:
        The maps.

    Raises:
        InputError: if the environment has no plane, resolution is below 1, or the learner has no Q.
    """
    estimator = cast(ValueEstimator, getattr(learner, "learner", learner))
    discount = float(estimator.config.gamma if gamma is None else gamma)
    options = options_of(data, env_id, env_kwargs)
    starts = need_starts(env_id)
    at_least(1, resolution=resolution, hint="It is the number of points along a cell's side.")
    with closing(make_vec(env_id, 1, env_kwargs=options)) as env:
        layout = starts.plane(env)
        if layout is None:
            raise unstartable(env_id, "an environment whose states lie in a plane")
        x, y = grid(layout, resolution)
        points = layout.to_observation(np.stack(np.meshgrid(x, y), axis=-1))  # (H, W, O)
        inside = starts.can_begin(env, points.reshape(-1, points.shape[2])).reshape(len(y), len(x))
    states = points[inside]  # (N, O)
    with torch.no_grad():
        stacked = torch.as_tensor(states, device=device_of(estimator.policy))
        stacked = stacked.expand(estimator.seeds, *states.shape)  # (S, N, O)
        actions = estimator.policy.mode(stacked).cpu().numpy()  # (S, N, A)
    maps = []
    for values in (
        estimate_q(estimator, states, actions),
        monte_carlo_q(
            estimator.policy,
            env_id,
            states,
            actions,
            gamma=discount,
            rollouts=rollouts,
            seed=seed,
            env_kwargs=options,
        ),
    ):
        filled = np.full((estimator.seeds, *inside.shape), np.nan, dtype=np.float32)  # (S, H, W)
        filled[:, inside] = values
        maps.append(filled)
    q, truth = maps
    return ValueMap(
        layout=layout,
        x=x,
        y=y,
        q=q,
        truth=truth,
        support=coverage(layout, data, resolution),
        inside=inside,
        gamma=discount,
    )
