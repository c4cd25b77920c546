"""Critics that are told the truth where they cannot know it: the control of claims about pessimism.

If overestimation at unseen states makes a policy collapse, critics without it keep more of the
return; if pre-sampling works by removing pessimism, critics without pessimism need none. Both are
the same intervention: plain regression of the prior's critics to Monte-Carlo truth, before the
switch, at the states that were never logged.

Letters: S seeds, E ensemble members, N states, B batch, O observation size, A action size.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
import torch

from rlft.core.checks import at_least, one_of
from rlft.core.compute import training
from rlft.core.errors import InputError
from rlft.core.registry import stored
from rlft.envs import random_positions
from rlft.envs.starts import maze_layout
from rlft.evaluate import Support, monte_carlo_q
from rlft.finetune import Prior

RATE, BATCH = 1e-3, 256
ERRORS = ("both", "pessimism")
WHERE = ("unseen states", "off the data")


class Edit(Protocol):
    """What is done to a prior before it is fine-tuned."""

    def apply(self, prior: Prior, seed: int) -> Prior:
        """A prior of its own; the one that is given stays as it is."""
        ...


@stored
@dataclass(frozen=True)
class TellTruth:
    """Regresses the critics to the truth away from the data, and to themselves where data is.

    Attributes:
        errors: "both" corrects every error there, "pessimism" only values that are too low.
        where: at "unseen states", without a logged one within a typical step, or "off the data":
            there, and at rare actions in logged states.
        states: of each of the two kinds, 1 or more.
        updates: of the regression, 1 or more.

    Raises:
        InputError: numbers below these, other errors, or another place.
    """

    errors: Literal["both", "pessimism"] = "both"
    where: Literal["unseen states", "off the data"] = "unseen states"
    states: int = 3_000
    updates: int = 2_000

    def __post_init__(self) -> None:
        one_of(ERRORS, errors=self.errors)
        one_of(WHERE, where=self.where)
        hint = "Start from the defaults, TellTruth()."
        at_least(1, states=self.states, updates=self.updates, hint=hint, of="TellTruth")

    @training
    def apply(self, prior: Prior, seed: int) -> Prior:
        """The prior with corrected critics and targets; their Adam keeps what it had.

        Raises:
            InputError: the environment is not a maze, or the learner has no critics.
        """
        data, learner = prior.data, copy.deepcopy(prior.learner)
        layout = maze_layout(data.env_id)
        if layout is None or "critics" not in learner.parts():
            raise InputError(
                f"TellTruth needs a maze and a learner with critics, not {data.env_id!r} and "
                f"{prior.name!r}: only in a maze any state can be a start."
            )
        rng, support = np.random.default_rng(seed), Support(data)
        anywhere = random_positions(layout, self.states, rng)  # (N, O)
        logged = data.observations[rng.choice(len(data), min(self.states, len(data)))]  # (N', O)
        states = np.concatenate([anywhere, logged])
        actions = rng.uniform(-1, 1, (len(states), data.action_size)).astype(np.float32)
        if self.where == "unseen states":
            away = support.distance(states) > support.typical_step  # (N,)
        else:
            away = support.distance(states, actions) > support.rare_pair  # (N,)
        gamma = learner.config.gamma
        policy = copy.deepcopy(learner.policy)
        truth = monte_carlo_q(policy, data.env_id, states, actions, gamma=gamma)  # (S, N)
        critics, seeds = learner.parts()["critics"], learner.seeds
        at, did, true = (torch.as_tensor(x) for x in (states, actions, truth))
        with torch.no_grad():
            said = critics(at.expand(seeds, -1, -1), did.expand(seeds, -1, -1))  # (S, E, N)
        true = true.unsqueeze(1)  # (S, 1, N)
        wrong = torch.as_tensor(away) & ((said < true) | (self.errors == "both"))  # (S, E, N)
        goal = torch.where(wrong, true, said)  # (S, E, N)
        optimizer = torch.optim.Adam(critics.parameters(), lr=RATE)
        generator = torch.Generator().manual_seed(seed)
        for _ in range(self.updates):  # plain regression: no bootstrap, so no error can spread
            rows = torch.randint(len(at), (BATCH,), generator=generator)
            batch = (x[rows].expand(seeds, -1, -1) for x in (at, did))
            error = critics(*batch) - goal[:, :, rows]  # (S, E, B)
            optimizer.zero_grad()
            error.square().mean((1, 2)).sum().backward()
            optimizer.step()
        for weight in critics.parameters():
            weight.grad = None
        learner.parts()["target_critics"].load_state_dict(critics.state_dict())
        return replace(prior, learner=learner)
