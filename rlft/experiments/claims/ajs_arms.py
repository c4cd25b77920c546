"""The arms of AJS's claims: the whole method, what it is made of, and what it is held against.

All arms of a place start from the same InAC policies, after 2,000 updates: the return has stopped
moving by then, and on near-optimal data single seeds fall again later
(studies/defaults/training_lengths.md).
"""

from __future__ import annotations

from dataclasses import replace

from rlft.acting import Automatic, JumpStart, Linear, Oracle, Stepped
from rlft.acting.rules import GuideActs
from rlft.algorithms import InACConfig
from rlft.experiments.claims.claim import Arm, Place
from rlft.experiments.claims.places import BALANCED, DENSE, NOISY, SPARSE, WOBBLY
from rlft.recipes import Online, Pretraining, Recipe, find_recipe

AJS = "AJS (Wang, White and White 2025, arXiv 2505.00913)"
UPDATES = 2_000
STEPS, SHORT, EVERY = 2_500, 1_500, 100  # gates decide at evaluations
# Twenty episodes of up to 1,000 steps cost more than what is learned between two looks at them.
SELDOM = {BALANCED.name: 250, WOBBLY.name: 250}
SAC, INAC, JUMP = find_recipe("sac"), find_recipe("inac"), find_recipe("ajs")

# Where rewards differ in size, so does the temperature: a step in the right direction raises the
# return to come by 1 where each costs 1, and by 0.01 where only the goal pays. The third of 1 is
# what InAC's authors take for noisy data.
TEMPERATURE = {
    **dict.fromkeys((NOISY.name, DENSE.name, BALANCED.name, WOBBLY.name), 0.33),
    SPARSE.name: 0.0033,
}
# h starts at about the length of the guide's episodes; a tenth of the sparse reward may be lost.
RULES = {
    DENSE.name: Automatic(start_at=55, step=5, check_every=100),
    SPARSE.name: Automatic(start_at=40, tolerance=0.1),
}


def inac(place: Place) -> InACConfig:
    """InAC's configuration at a place, offline and online."""
    config = InACConfig()
    return replace(config, temperature=TEMPERATURE.get(place.name, config.temperature))


def rule(place: Place) -> Automatic:
    """AJS's rule at a place."""
    return RULES.get(place.name, Automatic(start_at=40))


def arm(place: Place, name: str, recipe: Recipe, steps: int = STEPS, **how: object) -> Arm:
    """A recipe from the place's prior."""
    prior = Pretraining("inac", inac(place), UPDATES)
    every = SELDOM.get(place.name, EVERY)
    return Arm(name, replace(recipe, prior=prior), steps, every, **how)  # type: ignore[arg-type]


def sac(place: Place, steps: int = STEPS, **how: object) -> Arm:
    """SAC, started naively."""
    return arm(place, "SAC", SAC, steps, **how)


def in_sample(place: Place, steps: int = STEPS, **how: object) -> Arm:
    """InAC goes on with what it had."""
    return arm(place, "InAC", replace(INAC, online=Online(inac(place))), steps, **how)


def frozen(place: Place, steps: int = STEPS) -> Arm:
    """The floor: SAC whose policy has a rate of 0 measures how much a curve falls by noise."""
    still = replace(SAC.online.learner, policy_lr=0.0)
    return arm(place, "frozen policy", replace(SAC, online=Online(still)), steps)


def gated(place: Place, **fields: object) -> Recipe:
    """AJS at a place, with some fields of its rule changed."""
    acting = JumpStart(guide=GuideActs(), schedule=replace(rule(place), **fields))
    return replace(JUMP, guide=Online(inac(place)), acting=acting)


def ajs(place: Place, name: str = "AJS", steps: int = STEPS, **fields: object) -> Arm:
    """AJS, with some fields of its rule changed."""
    return arm(place, name, gated(place, **fields), steps)


def explorer(place: Place, steps: int = STEPS) -> Arm:
    """AJS without guide and gate: its explorer, started as it is, acts from the first step on."""
    return arm(place, "explorer alone", replace(SAC, handover=JUMP.handover), steps)


def linear(place: Place, steps: int) -> Arm:
    """An h that falls evenly to 0 within so many steps, without a gate."""
    schedule = Linear(start_at=rule(place).start_at, steps=steps)
    recipe = replace(gated(place), acting=JumpStart(guide=GuideActs(), schedule=schedule))
    return arm(place, f"h falls within {steps:,}", recipe)


def oracle(place: Place) -> Arm:
    """The same rule, asked as often, decided by true returns."""
    own = rule(place)
    truth = Oracle(
        start_at=own.start_at,
        step=own.step,
        check_every=own.check_every,
        tolerance=own.tolerance,
    )
    recipe = replace(gated(place), acting=JumpStart(guide=GuideActs(), schedule=truth))
    return arm(place, "oracle gate", recipe)


def observed(place: Place) -> Arm:
    """JSRL's gate instead of the judge: the same h, lower wherever the returns seen allow it."""
    own = rule(place)
    assert own.start_at is not None, "h starts at a number"
    schedule = Stepped(stages=(*range(own.start_at, 0, -own.step), 0))
    recipe = replace(gated(place), acting=JumpStart(guide=GuideActs(), schedule=schedule))
    return arm(place, "observed returns decide", recipe)


def own_rows(place: Place) -> Arm:
    """An extension: the explorer learns only at states from today's h on, where it acts itself."""
    recipe = gated(place)
    return arm(place, "AJS, its own rows",
               replace(recipe, online=replace(recipe.online, policy_rows="explorer")))  # fmt: skip
