"""How far the first online updates go: what the Adam that crossed makes of the first gradients.

Adam divides by the root of a running mean of squared gradients. Moments that belong to another loss
divide by the size of *its* gradients, and are forgotten only after some 1 / (1 - beta2) = 1,000
updates, much later where they were much larger.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rlft.algorithms import Learner
from rlft.data import Batch


def effective_steps(learner: Learner, batch: Batch) -> dict[str, float]:
    """The size of the first steps in learning rates, as the second moments let them be.

    Args:
        learner: before its first update; it is not changed.
        batch: what its first gradients are taken of.

    Returns:
        For each trained part the mean over its weights of |gradient| / sqrt(second moment), at most
        1, as for a fresh Adam; the first moment is left out. It is about 0.6 where gradients are as
        large as those before, 0.01 where they are a hundred times smaller.
    """
    if not learner.optimizers():
        return {}
    twin = type(learner)(
        learner.config,
        learner.observation_size,
        learner.action_size,
        learner.seeds,
        device=learner.device,
    )
    twin.load_state_dict(learner.state_dict())
    twin.update(batch)
    return {
        name: _mean_ratio(optimizer, [p.grad for p in twin.parts()[name].parameters()])
        for name, optimizer in learner.optimizers().items()
    }


def _mean_ratio(optimizer: torch.optim.Adam, gradients: list[Tensor | None]) -> float:
    """The mean of min(1, |gradient| / (sqrt(second moment) + epsilon)) over a part's weights."""
    [group] = optimizer.param_groups
    ratios = []
    for parameter, gradient in zip(group["params"], gradients, strict=True):
        slots = optimizer.state.get(parameter)
        if not slots:
            return 1.0  # a fresh Adam divides the first gradient by its own size
        assert gradient is not None
        second = slots["exp_avg_sq"] / (1 - group["betas"][1] ** slots["step"])
        ratio = gradient.abs() / (second.sqrt() + group["eps"])
        ratios.append(ratio.clamp(max=1).flatten())
    return float(torch.cat(ratios).mean())
