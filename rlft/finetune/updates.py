"""How many gradient steps belong to one environment step, and on which batches.

Letters: S seeds, B batch.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from rlft.algorithms import Learner
from rlft.algorithms.base import Metrics
from rlft.data import Batch, ReplayBuffer
from rlft.recipes.recipe import Online, Warmup


def learn(
    learner: Learner,
    online: Online,
    replay: ReplayBuffer,
    step: int,
    generator: torch.Generator,
    horizon: Tensor | None = None,
) -> Metrics:
    """All updates that belong to one environment step: `utd` for the critics, fewer for the policy.

    The minibatches are interleaved before they are split, so that each has the replay's share of
    logged transitions.

    Where the policy has its turn after each of them, critics and policy are updated in one. Else
    each update has gradients for one half, and with `idle_steps` the Adams of the other half step
    on zeros.

    Args:
        learner: updated in place.
        online: the ratios.
        replay: what the batches are drawn from.
        step: environment steps so far, 1 or more; decides whose turn it is when
            policy_delay > utd.
        generator: source of randomness for the batches.
        horizon: (S,), h of a jump start; it counts where `policy_rows` is "explorer".

    Returns:
        The metrics of the last updates, each (S,).
    """
    batch = replay.sample(learner.config.batch_size, generator, batches=online.utd)
    metrics: Metrics = {}
    waiting: list[Batch] = []
    every_adam = learner.idling if online.idle_steps else nullcontext
    first = horizon if online.policy_rows == "explorer" else None  # (S,)
    for i, minibatch in enumerate(batch.split(online.utd), start=1):
        if online.policy_delay == 1 and first is None:
            metrics |= learner.update(minibatch)
            continue
        with every_adam():
            metrics |= learner.update_critics(minibatch)
        waiting.append(minibatch)
        if ((step - 1) * online.utd + i) % online.policy_delay == 0:
            seen = Batch.concatenate(waiting) if online.policy_batch == "all" else minibatch
            resting: AbstractContextManager[None] = nullcontext()
            if first is not None:
                seen, nothing = from_step_on(seen, first, generator)
                resting = learner.resting(nothing)
            with every_adam(), resting:
                metrics |= learner.update_policy(seen)
            waiting.clear()
    return metrics


def from_step_on(batch: Batch, first: Tensor, generator: torch.Generator) -> tuple[Batch, Tensor]:
    """Draws as many rows again from those of a batch that are late enough in their episodes.

    Args:
        batch: (S, B) rows.
        first: (S,), the first time step that will do.
        generator: decides which, with replacement.

    Returns:
        The rows, (S, B), and which seeds have none that will do, (S,) bool; those keep any.
    """
    late = batch.timesteps >= first.unsqueeze(1)  # (S, B)
    nothing = ~late.any(dim=1)  # (S,)
    weights = (late | nothing.unsqueeze(1)).float()  # (S, B)
    index = torch.multinomial(weights, batch.size, replacement=True, generator=generator)  # (S, B)
    return batch.rows(index), nothing


def warm_up(
    learner: Learner, warmup: Warmup, replay: ReplayBuffer, generator: torch.Generator
) -> Metrics:
    """The critic updates that belong to one environment step of the warm-up; no policy moves.

    Arguments as in `learn`.

    Returns:
        The metrics of the last update, each (S,); nothing where there is no update.
    """
    count = warmup.critic_updates
    if count == 0:
        return {}
    metrics: Metrics = {}
    for minibatch in replay.sample(learner.config.batch_size, generator, batches=count).split(
        count
    ):
        metrics |= learner.update_critics(minibatch)
    return metrics
