"""Exercise 07-1: the handover, which parts of the prior the online learner starts from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from rlft.course.check.values import copied, difference
from rlft.course.exercise import Answer, Case, Exercise, Misconception
from rlft.recipes.recipe import TRAINED, Handover

PARTS = ["policy", "critics", "target_critics", "temperature"]
PARTS += ["adam/policy", "adam/critics", "adam/temperature"]


def parts(*numbers: float, data: tuple[float, ...]) -> dict[str, Tensor]:
    """A learner and its data; one number for each part, so that a part is known by its number."""
    tensors = {name: torch.tensor(number) for name, number in zip(PARTS, numbers, strict=True)}
    return tensors | {"data": torch.tensor(data)}


PRIOR = parts(1.0, 2.0, 3.0, 0.1, 11.0, 12.0, 14.0, data=(7.0, 8.0, 9.0))
FRESH = parts(-1.0, -2.0, -2.0, 1.0, 0.0, 0.0, 0.0, data=())
OF_IQL = {name: value for name, value in PRIOR.items() if "temperature" not in name}
OF_IQL |= {"state_value": torch.tensor(4.0), "adam/state_value": torch.tensor(15.0)}


def start_then_learn(answer: Answer, arguments: dict[str, Any]) -> Any:
    """What the learner starts from, and what else moves when an update moves its weights."""
    start = answer(**arguments)
    if not isinstance(start, Mapping):
        return start
    given = copied(arguments)
    learner = dict(answer(**given))
    targets = learner.pop("target_critics", None)
    was = copied(targets)
    move(learner.values())
    moved = [] if difference(was, targets) is None else ["its targets"]
    move([targets])
    before, after = arguments["prior"], given["prior"]
    spoilt = [name for name in PARTS if name in before and difference(before[name], after[name])]
    moved += [f"the prior's {', '.join(spoilt)}"] if spoilt else []
    return {"start": start, "moves when it learns": " and ".join(moved) or "nothing"}


def move(values: Iterable[Any]) -> None:
    for value in values:
        if isinstance(value, Tensor):
            value.add_(1)


def case(name: str, handover: Handover, prior: dict[str, Tensor] = PRIOR) -> Case:
    arguments = {"prior": prior, "fresh": FRESH, "handover": handover}
    return Case(name, arguments, start_then_learn)


def hand_over(
    prior: dict[str, Tensor], fresh: dict[str, Tensor], handover: Handover
) -> dict[str, Tensor]:
    """The parts that an online learner starts from.

    `policy`, `critics` and `temperature` cross where they are ticked and the prior has them.
    `target_critics` cross together with the critics only; else the targets are copies of the
    critics that the learner starts with. `adam/x` crosses with x if `optimizers` names x, `data`
    unless the retention is "drop".

    Args:
        prior: name to value, of any shape; it stays as it is, whatever the learner does later.
        fresh: the same of a new learner.
        handover: the ticks.

    Returns:
        A value for each name of `fresh`: a copy of the prior's where it crosses.
    """
    ticked = {
        "policy": handover.policy,
        "critics": handover.critics,
        "target_critics": handover.critics and handover.target_critics,
        "temperature": handover.temperature,
        "data": handover.retention != "drop",
    }
    start = dict(fresh)
    for name in fresh.keys() & prior.keys():
        part = name.removeprefix("adam/")
        if ticked[part] and (part == name or part in handover.optimizers):
            start[name] = prior[name].clone()
    if not ticked["target_critics"]:
        start["target_critics"] = start["critics"].clone()
    return start


def shares(prior, fresh, handover):
    start = hand_over(prior, fresh, handover)
    return start | {n: v for n, v in prior.items() if n in start and torch.equal(v, start[n])}


def remakes_targets(prior, fresh, handover):
    return hand_over(prior, fresh, replace(handover, target_critics=False))


def leaves_fresh_targets(prior, fresh, handover):
    start = hand_over(prior, fresh, handover)
    if not (handover.critics and handover.target_critics):
        start["target_critics"] = fresh["target_critics"]
    return start


def targets_without_critics(prior, fresh, handover):
    start = hand_over(prior, fresh, handover)
    if handover.target_critics:
        start["target_critics"] = prior["target_critics"].clone()
    return start


def forgets_optimizers(prior, fresh, handover):
    return hand_over(prior, fresh, replace(handover, optimizers=()))


def restarts_temperature(prior, fresh, handover):
    return hand_over(prior, fresh, replace(handover, temperature=False))


def keeps_data(prior, fresh, handover):
    return hand_over(prior, fresh, replace(handover, retention="append"))


def moments_without_their_part(prior, fresh, handover):
    start = hand_over(prior, fresh, handover)
    moments = [f"adam/{part}" for part in handover.optimizers]
    return start | {name: prior[name].clone() for name in moments if name in prior}


def one_tick_for_all_moments(prior, fresh, handover):
    optimizers = TRAINED if handover.optimizers else ()
    return hand_over(prior, fresh, replace(handover, optimizers=optimizers))


def targets_are_the_critics(prior, fresh, handover):
    start = hand_over(prior, fresh, handover)
    if not (handover.critics and handover.target_critics):
        start["target_critics"] = start["critics"]
    return start


EXERCISE = Exercise(
    id="07-1",
    name="hand_over",
    title="The handover",
    reference=hand_over,
    cases=(
        case("everything is ticked", Handover()),
        case(
            "the naive start: policy and critics",
            Handover(target_critics=False, temperature=False, optimizers=()),
        ),
        case(
            "Adam starts fresh for the policy alone",
            Handover(optimizers=("critics", "temperature")),
        ),
        case("the temperature stays behind", Handover(temperature=False)),
        case("the critics stay behind", Handover(critics=False)),
        case("the data is kept", Handover(retention="mix")),
        case("a prior of IQL: no temperature, but a V", Handover(), OF_IQL),
    ),
    misconceptions=(
        Misconception(
            "shares the prior's tensors",
            shares,
            "Optimizers change weights in place. Your learner holds the very tensors of the prior: "
            "what happens to the prior at the first update?",
        ),
        Misconception(
            "always makes the target critics anew",
            remakes_targets,
            "Target critics trail behind the critics, so they are not equal to them. Which tick "
            "asks that they come along as they are?",
        ),
        Misconception(
            "leaves the fresh learner's targets",
            leaves_fresh_targets,
            "The fresh learner's targets are copies of its own random critics, and stay that "
            "although trained critics came. What would those critics regress on at first?",
        ),
        Misconception(
            "hands over targets without their critics",
            targets_without_critics,
            "Here the critics are new and the targets are those of other critics. Does a target "
            "network make sense without the network that it trails?",
        ),
        Misconception(
            "forgets the optimizers",
            forgets_optimizers,
            "Adam starts without its moments, as if there had been no training, although they are "
            "ticked. Look at the names that begin with `adam/`.",
        ),
        Misconception(
            "hands over moments without their part",
            moments_without_their_part,
            "Here a part stays behind, but Adam's moments of it cross. What do moments measure, "
            "and what do those of trained weights say about fresh ones?",
        ),
        Misconception(
            "takes `optimizers` for one tick",
            one_tick_for_all_moments,
            "`handover.optimizers` is not empty, so you hand over the moments of every part. Here "
            "it leaves one out: which, and what does Adam divide that part's steps by then?",
        ),
        Misconception(
            "makes targets and critics one tensor",
            targets_are_the_critics,
            "Your targets have the right values, and then move with each update of the critics. "
            "Does the learner hold two tensors, or one under two names?",
        ),
        Misconception(
            "restarts the temperature",
            restarts_temperature,
            "Your learner begins with the temperature of a fresh SAC. How much does the entropy "
            "count at 1.0, and how much did it at the end of pre-training?",
        ),
        Misconception(
            "keeps the data",
            keeps_data,
            "`Handover` ticks whatever a learner consists of; what becomes of the logged data is "
            "said by another field. Which one, and what is its default?",
        ),
    ),
    hints=(
        "Go through the names of `fresh`, as the result has exactly these. For each one ask: is "
        "it ticked, and does the prior have it?",
        "Start from `dict(fresh)` and replace what crosses. `name.removeprefix('adam/')` says to "
        "which part an optimizer belongs. Two parts need a second thought: the target critics, "
        "and the data.",
        "Make a dictionary from part to True or False; the targets' entry is `handover.critics and "
        "handover.target_critics`, the data's `handover.retention != 'drop'`. Copy with "
        "`.clone()`. Last: where the targets do not cross, copy the start's own critics.",
    ),
)
