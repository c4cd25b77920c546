"""How far from the data, and how wrong Q is there: Q minus truth in and out of the support.

"Out of distribution" gets a number here: the distance to the nearest logged state-action pair. The
error of Q is then measured where the data is, at actions nobody logged, and at states nobody saw.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from scipy.spatial import KDTree
from torch import Tensor

from rlft.core.checks import at_least
from rlft.data import Transitions
from rlft.data.transitions import options_of
from rlft.envs import make_vec
from rlft.envs.starts import need_starts
from rlft.evaluate.rollout import ActingPolicy, device_of
from rlft.evaluate.truth import monte_carlo_q

# An action counts as out of support if it lies further from the data than 95 % of the logged pairs
# lie from each other: the usual "rare" of statistics.
RARE = 0.95
# Candidates drawn for each pair wanted. In data with 10 % uniform actions about one uniform action
# in five is rare by the rule above.
CANDIDATES = 20


class ValueEstimator(Protocol):
    """A policy for each of S seeds with an estimate of its Q: any learner that has critics."""

    seeds: int

    @property
    def config(self) -> Any:
        """The configuration; its `gamma` is the discount of Q."""
        ...

    @property
    def policy(self) -> ActingPolicy:
        """The policy that Q belongs to."""
        ...

    def value(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Q, (S, B, O) and (S, B, A) to (S, B)."""
        ...


class Support:
    """Distances to a dataset. Observations are divided by their standard deviation in the data.

    Actions are left as they are, in [-1, 1], and a coordinate that never changes is not scaled.
    A distance of 1 is thus one standard deviation of a state, or half of an action's range.

    Args:
        data: the logged transitions; more than one.

    Raises:
        InputError: if there is only one transition, which has no neighbour.
    """

    def __init__(self, data: Transitions) -> None:
        hint = f"Log more into dataset {data.name!r}."
        at_least(2, transitions=len(data), hint=hint)
        spread = data.observations.std(axis=0)  # (O,)
        self._scale = np.where(spread > 1e-6, spread, 1.0)  # (O,)
        states = data.observations / self._scale  # (N, O)
        pairs = np.concatenate([states, data.actions], axis=1)  # (N, O + A)
        self._states, self._pairs = KDTree(states), KDTree(pairs)
        # Each logged pair is its own nearest neighbour: the second one counts.
        between = self._pairs.query(pairs, k=2)[0][:, 1]  # (N,)
        self.rare_pair = float(np.quantile(between, RARE))
        moves = (data.next_observations - data.observations) / self._scale  # (N, O)
        self.typical_step = float(np.median(np.linalg.norm(moves, axis=1)))

    def distance(self, states: np.ndarray, actions: np.ndarray | None = None) -> np.ndarray:
        """Distance to the nearest logged state, or state-action pair.

        Args:
            states: (N, O).
            actions: (N, A) in [-1, 1], or None to ask for states alone.

        Returns:
            (N,) float64, >= 0.
        """
        scaled = np.asarray(states) / self._scale  # (N, O)
        if actions is None:
            return self._states.query(scaled)[0]
        return self._pairs.query(np.concatenate([scaled, actions], axis=1))[0]


def support_distance(
    data: Transitions, states: np.ndarray, actions: np.ndarray | None = None
) -> np.ndarray:
    """Distance to the nearest logged state or state-action pair. See `Support`.

    Args:
        data: the logged transitions.
        states: (N, O).
        actions: (N, A) in [-1, 1], or None to ask for states alone.

    Returns:
        (N,) float64, >= 0; 0 at a logged pair.
    """
    return Support(data).distance(states, actions)


def estimate_q(learner: ValueEstimator, states: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """The learner's own Q as an array.

    Args:
        learner: S seeds.
        states: (S, N, O) or (N, O).
        actions: (S, N, A) or (N, A), in [-1, 1].

    Returns:
        (S, N) float32.

    Raises:
        InputError: if the learner has no Q (behaviour cloning).
    """
    device = device_of(learner.policy)
    s, a = (
        torch.as_tensor(np.asarray(x, dtype=np.float32), device=device) for x in (states, actions)
    )
    s, a = (x.expand(learner.seeds, *x.shape) if x.ndim == 2 else x for x in (s, a))
    with torch.no_grad():
        return learner.value(s, a).cpu().numpy()  # (S, N)


@dataclass(frozen=True)
class QError:
    """Q minus Monte-Carlo truth, averaged over state-action pairs. Positive is optimistic.

    Attributes:
        in_support: (S,) at logged pairs.
        out_of_support: (S,) at logged states with rare actions; NaN if there were none.
        unseen_states: (S,) at the policy's mode action in states that nobody logged; NaN if the
            data covers everything.
        pairs: number of pairs behind each of the three.
    """

    in_support: np.ndarray
    out_of_support: np.ndarray
    unseen_states: np.ndarray
    pairs: tuple[int, int, int]


def q_error(
    learner: ValueEstimator,
    data: Transitions,
    env_id: str,
    *,
    gamma: float | None = None,
    n: int = 256,
    rollouts: int = 1,
    seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
) -> QError:
    """Measures the error of Q where the data is, at rare actions, and at unseen states.

    Exactly: *in support* are n logged pairs; *out of support* are logged states with uniformly
    drawn actions whose distance from the data exceeds the 95 % quantile of the distances between
    logged pairs; *unseen states* are states to begin in without a logged state within one typical
    (median) step. The same pairs are used for all seeds. Truth follows the learner's
    sampled policy.

    Args:
        learner: S seeds, with a Q.
        data: the logged transitions.
        env_id: an environment that begins in any state.
        gamma: discount of the truth; the one that the learner was trained with, if None.
        n: pairs of each kind, >= 1; fewer where the data has fewer. 256 leave a standard error of
            about 0.3 in the detour.
        rollouts: per pair.
        seed: of the choice of pairs and of the rollouts.
        env_kwargs: options of the environment; the data's own, if None.

    Returns:
        Three errors for each seed.

    Raises:
        InputError: if n < 1, the environment cannot begin in any state, or the learner has no Q.
    """
    options = options_of(data, env_id, env_kwargs)
    starts = need_starts(env_id)
    at_least(1, n=n, hint="It is the number of pairs of each kind; 256 is the default.")
    rng = np.random.default_rng(seed)
    support = Support(data)

    logged = rng.permutation(len(data))[:n]
    inside = (data.observations[logged], data.actions[logged])

    rows = rng.integers(len(data), size=n * CANDIDATES)
    drawn = rng.uniform(-1.0, 1.0, (len(rows), data.action_size)).astype(np.float32)
    rare = support.distance(data.observations[rows], drawn) > support.rare_pair
    outside = (data.observations[rows[rare]][:n], drawn[rare][:n])

    with closing(make_vec(env_id, 1, env_kwargs=options)) as env:
        free = starts.draw(env, n * CANDIDATES, rng)
    unseen = free[support.distance(free) > support.typical_step][:n]
    with torch.no_grad():
        states = torch.as_tensor(unseen, device=device_of(learner.policy))
        modes = learner.policy.mode(states.expand(learner.seeds, *states.shape)).cpu().numpy()

    errors = []
    for pairs, actions in (inside, outside, (unseen, modes)):
        if len(pairs) == 0:
            errors.append(np.full(learner.seeds, np.nan))
            continue
        truth = monte_carlo_q(
            learner.policy,
            env_id,
            pairs,
            actions,
            gamma=learner.config.gamma if gamma is None else gamma,
            rollouts=rollouts,
            seed=seed,
            env_kwargs=options,
        )
        errors.append((estimate_q(learner, pairs, actions) - truth).mean(axis=1))  # (S,)
    return QError(*errors, pairs=(len(inside[0]), len(outside[0]), len(unseen)))
