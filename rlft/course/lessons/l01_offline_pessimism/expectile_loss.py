"""Exercise 01-4: IQL's expectile loss, a squared error that leans to one side."""

from __future__ import annotations

import torch
from torch import Tensor

from rlft.algorithms.iql import expectile_loss
from rlft.course.exercise import Case, Exercise, Misconception


def case(name: str, error: list, expectile: float = 0.9) -> Case:
    return Case(name, {"error": torch.tensor(error), "expectile": expectile})  # (S, B)


def weight(error: Tensor, expectile: float) -> Tensor:
    return torch.where(error < 0, 1 - expectile, expectile)


def leans_to_the_other_side(error, expectile):
    return (weight(-error, expectile) * error.square()).mean(1)


def of_the_absolute_error(error, expectile):
    return (weight(error, expectile) * error.abs()).mean(1)


def weight_below_zero(error, expectile):
    return ((expectile - (error < 0).float()) * error.square()).mean(1)


def same_weight_everywhere(error, expectile):
    return (expectile * error.square()).mean(1)


def adds_up(error, expectile):
    return (weight(error, expectile) * error.square()).sum(1)


def mixes_seeds(error, expectile):
    return (weight(error, expectile) * error.square()).mean()


EXERCISE = Exercise(
    id="01-4",
    name="expectile_loss",
    title="IQL's expectile loss",
    reference=expectile_loss,
    cases=(
        case("Q is 2 above V", [[2.0]]),
        case("Q is 2 below V", [[-2.0]]),
        case("Q above, equal to and below V", [[3.0, 0.0, -3.0]]),
        case("expectile 0.5, half of the squared error", [[1.0, -3.0]], 0.5),
        case("two seeds", [[1.0, -2.0], [-1.0, 4.0]], 0.7),
    ),
    misconceptions=(
        Misconception(
            "leans to the other side",
            leans_to_the_other_side,
            "With an expectile of 0.9, which should cost V more: an action that is better than V "
            "says, or one that is worse? Think of the maximum that V is to come near.",
        ),
        Misconception(
            "takes the absolute error",
            of_the_absolute_error,
            "That is the loss of a *quantile*. What happens to the error in the formula, besides "
            "the weight?",
        ),
        Misconception(
            "lets the weight become negative",
            weight_below_zero,
            "In your second case the loss is below zero, so a worse error would be rewarded. Look "
            "at the two bars in the formula.",
        ),
        Misconception(
            "weighs both sides alike",
            same_weight_everywhere,
            "Your loss is the same for 2 and for -2. What would V then be, and where did the "
            "upper expectile go?",
        ),
        Misconception(
            "adds up instead of averaging",
            adds_up,
            "A batch twice as large would double your loss, and with it the step. What keeps the "
            "size of the batch out?",
        ),
        Misconception(
            "averages over the seeds",
            mixes_seeds,
            "Each seed is a run of its own, with a loss of its own. Over which axis may the mean "
            "go, so that (S,) is left?",
        ),
    ),
    hints=(
        "Write down the weight for an error of +2 and for one of -2, with an expectile of 0.9. "
        "They add up to 1.",
        "The loss is weight * error squared, averaged over the batch. The weight depends on the "
        "sign of each error, and `torch.where` chooses between two numbers.",
        "torch.where(error < 0, 1 - expectile, expectile) is the weight. Multiply it by the "
        "squared error and take the mean along axis 1.",
    ),
)
