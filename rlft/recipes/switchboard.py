"""The switchboard: one tick for each thing that may cross the switch or be done before the release.

Every combination of ticks is a recipe: plain SAC from an InAC prior, as lesson 02 starts it. What
all of them have in common is in `recipe_of`, so that two combinations differ by their ticks alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import product

from rlft.algorithms import InACConfig
from rlft.core.errors import unknown
from rlft.recipes.recipe import Handover, Pretraining, Recipe, Tick, Warmup, first_update
from rlft.recipes.registry import find_recipe

DATASET = "rlft/maze/detour-near-optimal-v0"
PRIOR = Pretraining("inac", InACConfig(), 2_000)  # as lesson 02 makes it
# Rows of each seed before the first update: SAC's minibatch, for which all recipes wait, or four.
# WSRL walks about as many in the course.
WAITS, FILL = 128, 512
# Steps in which critics learn and no policy moves, and critic updates in each. A twentieth of
# what PORL takes in the course: with more, the grid would take an hour. Lesson 06 has longer ones.
WARMUP, UPDATES = 256, 2
# Steps after the release, and between two evaluations. The lengths above are multiples of the
# latter, so that every combination is evaluated at its release.
AFTER, EVERY = 384, 64


@dataclass(frozen=True)
class Ticks:
    """What is ticked.

    There is none for the temperature's optimizer: InAC's temperature is a fixed number, so that
    its prior has none to hand over.

    Attributes:
        policy: the policy's weights cross.
        policy_optimizer: its Adam state crosses too; without the policy nothing.
        critics: the critics' weights cross.
        target_critics: the targets cross, else they are copies of the critics; without those too.
        critic_optimizer: the critics' Adam state crosses; without the critics nothing.
        temperature: SAC starts at the prior's temperature of 0.1, else at 1.
        data: half of each minibatch is logged data, else all of it is from the run.
        fill: the prior's policy walks 512 rows before anything learns, else 128.
        warmup: for 256 more steps the critics learn, two updates a step, while the prior's policy
            still walks.
    """

    policy: bool = False
    policy_optimizer: bool = False
    critics: bool = False
    target_critics: bool = False
    critic_optimizer: bool = False
    temperature: bool = False
    data: bool = False
    fill: bool = False
    warmup: bool = False

    @property
    def canonical(self) -> Ticks:
        """The same without the ticks that have no effect, as what they belong to is not ticked."""
        return replace(self, **{n: False for n, p in PARENTS.items() if not getattr(self, p)})

    @property
    def names(self) -> tuple[str, ...]:
        """The ticked fields, in their order."""
        return tuple(name for name in TICKS if getattr(self, name))

    def but(self, name: str, ticked: bool) -> Ticks:
        """The same with one tick set or taken away.

        Raises:
            InputError: for an unknown name.
        """
        if name not in TICKS:
            raise unknown("tick", name, TICKS)
        return replace(self, **{name: ticked})

    def __str__(self) -> str:
        return ", ".join(TICKS[name] for name in self.names) or "nothing"


TICKS = {
    "policy": "policy",
    "policy_optimizer": "policy's optimizer",
    "critics": "critics",
    "target_critics": "target critics",
    "critic_optimizer": "critics' optimizer",
    "temperature": "temperature",
    "data": "offline data",
    "fill": "replay fill",
    "warmup": "warm-up",
}
"""The fields of `Ticks` in their order, and how they are called."""
assert list(TICKS) == [field.name for field in fields(Ticks)]
PARENTS = {"policy_optimizer": "policy", "target_critics": "critics", "critic_optimizer": "critics"}
"""Ticks that have no effect unless another one is ticked, and which."""

NAMED = {
    "nothing": Ticks(),
    "the naive start": Ticks(policy=True, critics=True),
    "WSRL's handover": replace(Ticks(*[True] * len(TICKS)), data=False, warmup=False),
    "PORL's handover": Ticks(policy=True, warmup=True),
    "everything": Ticks(*[True] * len(TICKS)),
}
"""Combinations with a name. Of a method they have what crosses and what is done first, not the
rest: WSRL's ten critics and PORL's many updates are not here."""


def ticked(names: Iterable[str]) -> Ticks:
    """The combination in which these are ticked.

    Args:
        names: fields of `Ticks`.

    Raises:
        InputError: for an unknown name.
    """
    ticks = Ticks()
    for name in names:
        ticks = ticks.but(name, True)
    return ticks


def combinations() -> Iterator[Ticks]:
    """All that can differ from each other: the canonical ones, nothing first, everything last."""
    for values in product((False, True), repeat=len(TICKS)):
        ticks = Ticks(*values)
        if ticks == ticks.canonical:
            yield ticks


def recipe_of(ticks: Ticks) -> Recipe:
    """The recipe that a combination stands for; ticks without an effect have none here either."""
    ticks = ticks.canonical
    base = find_recipe("sac")
    optimizers: tuple[tuple[Tick, bool], ...] = (
        ("policy", ticks.policy_optimizer),
        ("critics", ticks.critic_optimizer),
    )
    rows = FILL if ticks.fill else WAITS
    walked = FILL if ticks.fill else 0  # the learner itself acts while a minibatch comes together
    return replace(
        base,
        name="switchboard",
        title=f"SAC with {ticks}",
        online=replace(base.online, learning_starts=rows),
        handover=Handover(
            policy=ticks.policy,
            critics=ticks.critics,
            target_critics=ticks.target_critics,
            temperature=ticks.temperature,
            optimizers=tuple(name for name, crosses in optimizers if crosses),
            retention="mix" if ticks.data else "drop",
        ),
        warmup=Warmup(rows + WARMUP, critic_updates=UPDATES) if ticks.warmup else Warmup(walked),
        prior=PRIOR,
    )


def release_of(recipe: Recipe) -> int:
    """Steps after the switch before a policy moves: the replay fills, or there is a warm-up."""
    return max(first_update(recipe), recipe.warmup.steps)
