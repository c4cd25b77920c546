"""The switch: which parts of the prior the online learner starts from.

Nothing crosses silently. The result is a `HandoverRecord`, which says part by part what came along
and what started fresh; `report.switch_report` prints it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import torch

from rlft.algorithms import Learner, make_learner
from rlft.algorithms.trainable import load_adam, load_part
from rlft.core.errors import InputError
from rlft.core.registry import stored
from rlft.finetune.pretrain import Prior
from rlft.recipes.recipe import Handover, Recipe, online_config

# Which parts belong to a tick of a `Handover`, where it is not the one of its own name alone. The
# first must exist in the prior if the online learner has it; the others cross where both sides have
# them.
PARTS = {"policy": ("policy", "behaviour"), "critics": ("critics", "state_value")}


@stored
@dataclass(frozen=True)
class HandoverRecord:
    """What happened at the switch.

    Attributes:
        parts: names of the parts whose weights came from the prior.
        optimizers: names of the parts whose Adam state came along.
        fresh: names of the parts that started new; fresh target critics are copies of the critics.
        temperature: where the entropy temperature starts and why; "" without one.
    """

    parts: tuple[str, ...]
    optimizers: tuple[str, ...]
    fresh: tuple[str, ...]
    temperature: str = ""


def _parts_of(ticks: Collection[str]) -> list[str]:
    """The parts that belong to ticks of a `Handover`."""
    return [part for tick in ticks for part in PARTS.get(tick, (tick,))]


def _wanted(handover: Handover) -> list[str]:
    """The parts that are to cross; targets of other critics would be of no use."""
    ticks = {
        "policy": handover.policy,
        "critics": handover.critics,
        "target_critics": handover.target_critics and handover.critics,
        "temperature": handover.temperature,
    }
    return _parts_of([tick for tick, ticked in ticks.items() if ticked])


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
    both = given.optimizers().keys() & learner.optimizers().keys()
    wanted = _parts_of(recipe.handover.optimizers)
    moments = tuple(name for name in crossed if name in both and name in wanted)
    for name in moments:
        load_adam(learner.optimizers()[name], state, name)
    fresh = tuple(name for name in own if name not in crossed)
    start = start_of_temperature(given, learner, recipe.handover)
    return learner, HandoverRecord(crossed, moments, fresh, start)


def start_of_temperature(given: Learner, learner: Learner, handover: Handover) -> str:
    """Gives a learned temperature its start, if the parts that crossed have not, and says which.

    A prior may be paid for its entropy at a fixed rate (InAC's tau): its Q was trained with that.
    """
    if "temperature" not in learner.parts():
        return ""
    if not handover.temperature:
        origin = "not handed over"
    elif "temperature" in given.parts():
        origin = "handed over"
    elif given.entropy_temperature is None:
        origin = "nothing to cross"
    else:
        learner.start_temperature(given.entropy_temperature)
        origin = "nothing to cross but the prior's fixed one"
    value = learner.entropy_temperature
    assert value is not None
    return f"{origin}; starts at {value.mean():.3g}"
