"""What can be measured about a learner at the switch: which parts came along, and who really acts.

Both are read off the weights and the actions themselves and not off a recipe, so that they also
show what a recipe did not mean to do: a part that silently started new, a random action that leaked
into the warm-up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from rlft.algorithms import Learner
from rlft.core.checks import refused
from rlft.data import Batch
from rlft.nets.policies import Policy


@dataclass(frozen=True)
class PartState:
    """Where one network of the online learner comes from.

    Attributes:
        name: of the part.
        origin: "carried over" (equal to the prior's, bit by bit), "copy of the critics" (fresh
            target critics of carried critics), "new", or "new (none in the prior)".
        optimizer: "carried over (n steps)", "fresh", or "" for a part that is not trained.
        effective_step: size of its first steps in learning rates, see `effective_steps`; None where
            it was not measured.
    """

    name: str
    origin: str
    optimizer: str
    effective_step: float | None = None

    @property
    def carried(self) -> bool:
        """Whether the weights are the prior's."""
        return self.origin == "carried over"


def compare_parts(prior: Learner, learner: Learner) -> tuple[PartState, ...]:
    """Compares the weights and optimizer states of a learner with those of the prior.

    Args:
        prior: the learner at the end of pre-training.
        learner: the online learner, before its first update.

    Returns:
        One entry for each part of the online learner, in its order.

    Raises:
        InputError: if the online learner has been updated already.
    """
    if learner.updates > 0:
        hint = "Make the report right after hand_over(prior, recipe), before weights move."
        raise refused("learner.updates", learner.updates, "0", hint)
    old, new = prior.parts(), learner.parts()
    states = []
    for name, part in new.items():
        if name in old and _same(old[name], part):
            origin = "carried over"
        elif name == "target_critics" and _same(new["critics"], part):
            origin = "copy of the critics"
        else:
            origin = "new" if name in old else "new (none in the prior)"
        optimizer = ""
        if name in learner.optimizers():
            steps = adam_steps(learner.optimizers()[name])
            optimizer = f"carried over ({steps:,} steps)" if steps else "fresh"
        states.append(PartState(name, origin, optimizer))
    return tuple(states)


def adam_steps(optimizer: torch.optim.Optimizer) -> int:
    """Steps that an Adam has made; 0 if it is fresh."""
    slots: Mapping[int, Mapping[str, Tensor]] = optimizer.state_dict()["state"]
    return max((int(slot["step"]) for slot in slots.values()), default=0)


def _same(a: nn.Module, b: nn.Module) -> bool:
    left, right = a.state_dict(), b.state_dict()
    return left.keys() == right.keys() and all(
        left[k].shape == right[k].shape and torch.equal(left[k].cpu(), right[k].cpu()) for k in left
    )


def random_action_share(policy: Policy, batch: Batch) -> np.ndarray:
    """Estimates how many of the actions taken were uniformly random and not the policy's.

    The actions are taken as a mixture of the policy, 1 - e, and the uniform distribution over the
    box, e; the most likely e is found by expectation-maximisation. A policy that is itself nearly
    uniform cannot be told from random actions: the answer is then arbitrary.

    Args:
        policy: who should have acted; S seeds.
        batch: what happened: observations (S, B, O), actions (S, B, A).

    Returns:
        (S,) share e in [0, 1]. With 1,000 transitions and a narrow policy it is right within 0.01.
    """
    size = batch.actions.shape[-1]
    with torch.no_grad():
        log_policy = policy.log_prob(batch.observations, batch.actions).double()  # (S, B)
    log_uniform = -size * np.log(2.0)  # the density of the uniform on [-1, 1]^A
    ratio = (log_policy - log_uniform).exp()  # (S, B), may be infinite: then it was the policy
    share = torch.full_like(ratio[:, :1], 0.5)  # (S, 1)
    # Each round shrinks the distance to the answer by the overlap of the two, a factor of 10 or so
    # for a narrow policy: 200 rounds suffice for a wide one, too, and take milliseconds.
    for _ in range(200):
        share = (share / (share + (1.0 - share) * ratio)).mean(dim=1, keepdim=True)
    return share.squeeze(1).cpu().numpy()  # (S,)
