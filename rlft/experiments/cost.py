"""How long a recipe takes, to a factor of three: whether to wait, or to leave it overnight.

Counted are the gradient updates of pre-training and of a run of the usual length, each by the
weights that it trains. Two numbers turn the count into seconds; they were measured with 8 seeds on
one busy core, on course-sized networks (SAC 16 ms a step, CQL 24 ms an update, WSRL 59 ms a step),
and the sum is within a factor of two of those. The environment's steps, evaluations and the judge
of an automatic jump start come on top.
"""

from __future__ import annotations

import math
from functools import cache

from rlft.algorithms import Config, make_learner
from rlft.finetune import RunPlan
from rlft.recipes import Recipe

# What PyTorch takes to call an update of one network, however small.
CALL = 4e-3  # seconds
# Multiplications and additions in a second.
RATE = 1e10
# Numbers in an observation and an action of the course's mazes; MuJoCo's change one layer in three.
SIZES = (4, 2)
# For each weight of each row: once forward and twice backward, and as much again for targets and
# for the policy's way through the critics.
PASSES = 6
MINUTE, HOUR, DAY = 60, 3_600, 86_400
CLASSES = {
    f"{count} {unit}{'s' * (count > 1)}": count * length
    for unit, length, counts in (
        ("minute", MINUTE, (1, 3, 10, 30)),
        ("hour", HOUR, (1, 3, 10)),
        ("day", DAY, (1, 3, 10, 30, 100, 300)),
    )
    for count in counts
}


def cost_class(recipe: Recipe, seeds: int = 8) -> str:
    """The cost of making a recipe's prior and one run of it on a CPU.

    Args:
        recipe: at either scale.
        seeds: S, side by side.

    Returns:
        The nearest of `CLASSES`, each about three times the one before: "3 minutes".
    """
    total = seconds(recipe, seeds)
    return min(CLASSES, key=lambda name: abs(math.log(CLASSES[name] / total)))


def seconds(recipe: Recipe, seeds: int = 8) -> float:
    """Seconds for the prior and a run of `RunPlan`'s length after the warm-up; see `cost_class`."""
    return prior_seconds(recipe, seeds) + run_seconds(recipe, seeds, RunPlan().steps)


def prior_seconds(recipe: Recipe, seeds: int) -> float:
    """Seconds for the prior, 0 without one."""
    if recipe.prior is None:
        return 0.0
    return recipe.prior.steps * update_seconds(recipe.prior.config, seeds)


def run_seconds(recipe: Recipe, seeds: int, steps: int) -> float:
    """Seconds for a run of so many environment steps after the warm-up."""
    learners = [online for online in (recipe.online, recipe.guide) if online is not None]
    return sum(steps * online.utd * update_seconds(online.learner, seeds) for online in learners)


@cache  # many recipes have one learner in common
def update_seconds(config: Config, seeds: int) -> float:
    """Seconds of one gradient update of all that a learner trains."""
    learner = make_learner(config, *SIZES, seeds=1)
    sizes = {
        name: sum(weight.numel() for weight in part.parameters())
        for name, part in learner.parts().items()
        if name in learner.optimizers()
    }
    # CQL asks its critics for random, current and next actions as well, so many of each.
    asked = 1 + 3 * getattr(config, "sampled_actions", 0)
    weights = sum(size * (asked if name == "critics" else 1) for name, size in sizes.items())
    return CALL * len(sizes) + PASSES * seeds * config.batch_size * weights / RATE
