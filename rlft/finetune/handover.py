"""The switch: which parts of the prior the online learner starts from.

Nothing crosses silently. The result is a `HandoverRecord`, which says part by part what came along
and what started fresh; `report.switch_report` prints it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from rlft.algorithms import Learner, make_learner
from rlft.algorithms.trainable import load_adam, load_part
from rlft.core.errors import InputError
from rlft.core.registry import stored
from rlft.finetune.pretrain import Prior
from rlft.recipes.recipe import Handover, Recipe, online_config

# Which parts belong to each tick of a `Handover`. The first must exist in the prior if the online
# learner has it; the others cross where both sides have them.
PARTS_OF_POLICY = ("policy", "behaviour")
PARTS_OF_CRITICS = ("critics", "state_value")


@stored
@dataclass(frozen=True)
class HandoverRecord:
    """What happened at the switch.

    Attributes:
        parts: names of the parts whose weights came from the prior.
        optimizers: names of the parts whose Adam state came along.
        fresh: names of the parts that started new; fresh target critics are copies of the critics.
    """

    parts: tuple[str, ...]
    optimizers: tuple[str, ...]
    fresh: tuple[str, ...]


def _wanted(handover: Handover) -> tuple[str, ...]:
    ticks = (
        (handover.policy, PARTS_OF_POLICY),
        (handover.critics, PARTS_OF_CRITICS),
        (handover.target_critics and handover.critics, ("target_critics",)),
        (handover.temperature, ("temperature",)),
    )
    return tuple(name for ticked, names in ticks if ticked for name in names)


def hand_over_guide(
    prior: Prior, recipe: Recipe, *, seed: int = 0, device: str | torch.device = "cpu"
) -> Learner | None:
    """Builds the second learner of a recipe with a guide: everything that fits crosses to it.

    Arguments and errors as in `hand_over`; None for a recipe without a learning guide.
    """
    if recipe.guide is None:
        return None
    if "critics" not in prior.learner.parts():
        raise InputError(
            f"Recipe {recipe.name!r} has a guide that goes on learning, but the prior "
            f"{prior.name!r} has no critics. Pre-train 'inac', or use a recipe whose guide is "
            "frozen, for example 'jsrl'."
        )
    whole = replace(recipe, online=recipe.guide, handover=Handover())
    return hand_over(prior, whole, seed=seed, device=device)[0]


def hand_over(
    prior: Prior, recipe: Recipe, *, seed: int = 0, device: str | torch.device = "cpu"
) -> tuple[Learner, HandoverRecord]:
    """Builds the online learner from a prior.

    Args:
        prior: what pre-training left.
        recipe: says what crosses and what the online learner is.
        seed: start of the online learner's random stream.
        device: where it lives.

    Returns:
        The learner, and what crossed.

    Raises:
        InputError: if the recipe hands critics over and the prior has none, or if shapes differ.
    """
    given = prior.learner
    if recipe.handover.critics and "critics" not in given.parts():
        raise InputError(
            f"Recipe {recipe.name!r} hands the critics over, but the prior {prior.name!r} has "
            "none. Pre-train 'cql', 'calql', 'iql' or 'inac', or use a recipe with "
            "Handover(critics=False)."
        )
    learner = make_learner(
        online_config(given.config, recipe),
        given.observation_size,
        given.action_size,
        given.seeds,
        seed=seed,
        device=device,
    )
    state = given.state_dict()
    own = learner.parts()
    crossed = tuple(n for n in _wanted(recipe.handover) if n in own and n in given.parts())
    for name in crossed:
        load_part(own[name], {k: v for k, v in state.items() if k.startswith(f"{name}/")}, name)
    if "target_critics" in own and "target_critics" not in crossed:
        own["target_critics"].load_state_dict(own["critics"].state_dict())
    moments: tuple[str, ...] = ()
    if recipe.handover.optimizers:
        theirs = given.optimizers()
        moments = tuple(n for n in crossed if n in theirs and n in learner.optimizers())
        for name in moments:
            load_adam(learner.optimizers()[name], state, name)
    fresh = tuple(name for name in own if name not in crossed)
    return learner, HandoverRecord(crossed, moments, fresh)
