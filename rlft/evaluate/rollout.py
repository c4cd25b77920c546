"""Running a policy in the environment: the returns of whole episodes.

`Evaluator` plays exactly one episode in each of S x K sub-environments at once. Rewards are the
environment's own, never a transformed copy.

Letters: S seeds, K episodes, B batch, O observation size, A action size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from rlft import envs
from rlft.core.checks import at_least, refused
from rlft.core.compute import check_default_type
from rlft.core.errors import InputError

# No task of the course is longer than 1,000 steps: beyond ten times that, an episode never ends.
LONGEST_EPISODE = 10_000


class ActingPolicy(Protocol):
    """What evaluation needs of a policy: S sets of weights that act on (S, B, O) observations."""

    seeds: int

    def mode(self, obs: Tensor, /) -> Tensor:
        """Returns the most likely action, (S, B, A) in [-1, 1]."""
        ...

    def sample(self, obs: Tensor, generator: torch.Generator, /) -> Tensor:
        """Returns a random action, (S, B, A) in [-1, 1]."""
        ...


@dataclass(frozen=True)
class Evaluation:
    """The outcome of K episodes for each of S policies.

    Attributes:
        returns: (S, K) sum of rewards, in the environment's reward unit, discounted by the gamma
            that was asked for (1.0 unless told otherwise).
        lengths: (S, K) int, steps taken.
        terminated: (S, K) bool, True where the episode ended by itself (in the mazes: the goal was
            reached) and False where the time limit cut it off.
    """

    returns: np.ndarray
    lengths: np.ndarray
    terminated: np.ndarray

    @property
    def mean_returns(self) -> np.ndarray:
        """(S,) mean return over the K episodes of each seed."""
        return self.returns.mean(axis=1)

    @property
    def termination_share(self) -> np.ndarray:
        """(S,) share of episodes that ended by themselves, in [0, 1]."""
        return self.terminated.mean(axis=1)


def device_of(policy: object) -> torch.device:
    """Where a policy's weights live; the CPU for a policy without weights."""
    declared = getattr(policy, "device", None)
    if isinstance(declared, torch.device):
        return declared
    parameters = policy.parameters() if isinstance(policy, torch.nn.Module) else iter(())
    first = next(parameters, None)
    return torch.device("cpu") if first is None else first.device


class Actor:
    """Turns a policy over (S, B, O) tensors into a function of one flat (S*B, O) array.

    Args:
        policy: see `ActingPolicy`.
        mode: True acts with the most likely action, False with a sampled one.
        seed: of the random numbers for sampled actions.
    """

    def __init__(self, policy: ActingPolicy, *, mode: bool, seed: int) -> None:
        check_default_type()
        self._policy = policy
        self._mode = mode
        self._device = device_of(policy)
        self._generator = torch.Generator(self._device).manual_seed(int(seed))

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Acts.

        Args:
            observations: (S*B, O) float32; rows 0 to B-1 belong to the first seed.

        Returns:
            (S*B, A) float32 in [-1, 1].
        """
        rows, size = observations.shape
        stacked = torch.from_numpy(np.ascontiguousarray(observations, dtype=np.float32))
        stacked = stacked.view(self._policy.seeds, -1, size).to(self._device)  # (S, B, O)
        with torch.inference_mode():
            if self._mode:
                actions = self._policy.mode(stacked)  # (S, B, A)
            else:
                actions = self._policy.sample(stacked, self._generator)  # (S, B, A)
        return actions.reshape(rows, -1).cpu().numpy()  # (S*B, A)


class Evaluator:
    """Keeps S x K sub-environments open and plays one episode in each, as often as asked.

    A training loop evaluates every few hundred steps: building 60 MuJoCo environments each time
    would cost more than the episodes. Use as a context manager, or call `close`.

    Args:
        env_id: Gymnasium id with a continuous (Box) observation and action space.
        seeds: S >= 1, must equal the policies' `seeds`.
        episodes: K >= 1 per seed.
        env_kwargs: options of the environment, for example ``{"reward": "sparse"}``.
        time_limit: steps until truncation; ``"default"`` as the environment declares.

    Raises:
        InputError: if `seeds` or `episodes` is below 1, or the environment cannot be used.
    """

    def __init__(
        self,
        env_id: str,
        *,
        seeds: int,
        episodes: int = 10,
        env_kwargs: Mapping[str, Any] | None = None,
        time_limit: envs.TimeLimit = "default",
    ) -> None:
        at_least(1, seeds=seeds, episodes=episodes, hint="Give 1 or more to evaluate.")
        self.env_id, self.seeds, self.episodes = env_id, seeds, episodes
        self._env = envs.make_vec(
            env_id, seeds * episodes, time_limit=time_limit, env_kwargs=env_kwargs
        )

    def __call__(
        self, policy: ActingPolicy, *, mode: bool, seed: int = 0, gamma: float = 1.0
    ) -> Evaluation:
        """Plays one episode per sub-environment.

        A sub-environment that finishes early is reset by Gymnasium and keeps running; its second
        episode is not counted. Counting "the first K episodes to finish" instead would favour
        short ones: in a maze with -1 per step it reports a better policy than there is.

        Args:
            policy: its `seeds` must equal this evaluator's.
            mode: True for the most likely action, False for sampled ones. They can differ a lot at
                the switch from offline to online: report both.
            seed: of the start states and of the sampled actions. Same seed, same result.
            gamma: discount in [0, 1]; 1.0 gives the plain sum.

        Returns:
            The S x K outcomes.

        Raises:
            InputError: if the policy has another number of seeds, or an episode does not end.
        """
        if policy.seeds != self.seeds:
            hint = f"Build it with Evaluator({self.env_id!r}, seeds={policy.seeds})."
            raise refused("policy.seeds", policy.seeds, f"the evaluator's {self.seeds}", hint)
        act = Actor(policy, mode=mode, seed=seed)
        rows = self.seeds * self.episodes
        returns = np.zeros(rows)
        lengths = np.zeros(rows, dtype=np.int64)
        terminated = np.zeros(rows, dtype=bool)
        running = np.ones(rows, dtype=bool)
        discount = 1.0
        observations, _ = self._env.reset(seed=seed)  # (S*K, O)
        for _ in range(LONGEST_EPISODE):
            observations, rewards, ended, cut, _ = self._env.step(act(observations))
            returns += discount * np.where(running, rewards, 0.0)
            lengths += running
            terminated |= running & ended
            running &= ~(ended | cut)
            discount *= gamma
            if not running.any():
                break
        else:
            raise InputError(
                f"{running.sum()} of {rows} episodes of {self.env_id!r} had not ended after "
                f"{LONGEST_EPISODE:,} steps. Give it a time limit: time_limit=1000 here and in "
                "finetune, or env_kwargs={'max_episode_steps': 1000} wherever options are taken."
            )
        shape = (self.seeds, self.episodes)
        return Evaluation(returns.reshape(shape), lengths.reshape(shape), terminated.reshape(shape))

    def close(self) -> None:
        """Closes the sub-environments."""
        self._env.close()

    def __enter__(self) -> Evaluator:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def evaluate(
    policy: ActingPolicy,
    env_id: str,
    *,
    episodes: int = 10,
    mode: bool,
    seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
    time_limit: envs.TimeLimit = "default",
    gamma: float = 1.0,
) -> Evaluation:
    """Plays `episodes` episodes for every seed of a policy. See `Evaluator` for the arguments."""
    with Evaluator(
        env_id,
        seeds=policy.seeds,
        episodes=episodes,
        env_kwargs=env_kwargs,
        time_limit=time_limit,
    ) as evaluator:
        return evaluator(policy, mode=mode, seed=seed, gamma=gamma)
