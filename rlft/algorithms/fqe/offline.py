"""Fitted Q evaluation on a dataset alone: a policy and data go in, a fitted evaluation comes out.

Letters: S seeds, K initial states, O observation size.
"""

from __future__ import annotations

import numpy as np
import torch
from tqdm.auto import tqdm

from rlft.algorithms.fqe.learner import FQE, FQEConfig
from rlft.core.checks import at_least
from rlft.core.compute import training
from rlft.core.errors import InputError
from rlft.data import OfflineData, Transitions
from rlft.envs import time_limit_of
from rlft.nets.timed import TimedPolicy


def initial_states(data: Transitions) -> np.ndarray:
    """The first observation of each episode, (K, O) float32.

    These are the starts of whoever logged the data: an environment that starts elsewhere has
    another return, which `FQE.estimate` can be asked for with its own starts.

    Raises:
        InputError: no transition has time step 0.
    """
    if len(data.episode_starts) == 0:
        raise InputError(
            f"Dataset {data.name!r} has no episode starts: no transition has timestep 0. Fitted Q "
            "evaluation reads its values there. Give data with whole episodes, or pass the "
            "environment's own starts to estimate(...)."
        )
    return data.observations[data.episode_starts]


@training
def fit_fqe(
    policy: TimedPolicy,
    data: Transitions,
    *,
    config: FQEConfig | None = None,
    steps: int = 2_000,
    time_limit: int | None = None,
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: bool = True,
) -> FQE:
    """Evaluates S policies on a dataset; rewards and, unless given, the time limit come from it.

    Args:
        policy: S policies.
        data: the logged transitions.
        config: what is estimated, and how; None for the defaults.
        steps: gradient updates, 1 or more.
        time_limit: T; None for the one that the data's environment declares.
        seed: start of the random streams.
        device: where everything lives.
        progress: show a progress bar.

    Returns:
        The fitted evaluation; `fit.estimate(initial_states(data), policy)` reads it out.

    Raises:
        InputError: `steps` < 1, or a time limit that is needed and not declared.
        NumericalError: if a loss becomes NaN or infinite.
    """
    at_least(1, steps=steps, hint="Steps are gradient updates; 2,000 is the default.")
    config = config or FQEConfig()
    if config.time_aware and time_limit is None and data.env_id:
        time_limit = time_limit_of(data.env_id, dict(data.env_kwargs))
    fit = FQE(
        config,
        data.observation_size,
        data.action_size,
        policy.seeds,
        time_limit=time_limit,
        reward_range=data.reward_range,
        seed=seed,
        device=device,
    )
    batches = OfflineData(data, policy.seeds, gamma=config.gamma, device=device)
    draws = np.random.SeedSequence((seed, 1)).generate_state(1).item()  # apart from the critics'
    generator = torch.Generator(device).manual_seed(draws)
    for _ in tqdm(range(steps), desc="fitted Q evaluation", disable=not progress):
        fit.update(batches.sample(config.batch_size, generator), policy)
    return fit
