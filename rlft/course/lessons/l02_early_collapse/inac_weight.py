"""Exercise 02-2: InAC's weight of a logged action, clipped before it can overflow."""

from __future__ import annotations

import math
from typing import Any

import torch

from rlft.algorithms.inac import inac_weight
from rlft.course.exercise import Answer, Case, Exercise, Misconception, Observe, call


def case(
    name: str,
    q: list,
    value: list,
    temperature: float,
    likely: tuple[float, ...] = (0.0, 0.0),
    weight_range: tuple[float, float] = (1e-8, 1e2),  # the course's default
    observe: Observe = call,
) -> Case:
    return Case(
        name,
        {
            "q": torch.tensor([q]),  # (S=1, B=2)
            "value": torch.tensor([value]),
            "behaviour_log_prob": torch.tensor([likely]),
            "temperature": temperature,
            "weight_range": weight_range,
        },
        observe,
    )


def weight_and_gradient(answer: Answer, arguments: dict[str, Any]) -> Any:
    """The weight, and whether its gradient is finite, which no overflow on the way survives."""
    q = arguments["q"].requires_grad_()
    weight = answer(**arguments)
    if not isinstance(weight, torch.Tensor):
        return weight
    finite = True  # a weight without any gradient is as good
    if weight.requires_grad:
        (slope,) = torch.autograd.grad(weight.sum(), q, materialize_grads=True)
        finite = bool(slope.isfinite().all())
    return {"weight": weight, "the gradient is finite": finite}


def exponent(q, value, behaviour_log_prob, temperature):
    return (q - value) / temperature - behaviour_log_prob


def clips_after(q, value, behaviour_log_prob, temperature, weight_range):
    return exponent(q, value, behaviour_log_prob, temperature).exp().clamp(*weight_range)


def divides_exponentials(q, value, behaviour_log_prob, temperature, weight_range):
    wanted = torch.exp((q - value) / temperature)
    return (wanted / torch.exp(behaviour_log_prob)).clamp(*weight_range)


def never_clips(q, value, behaviour_log_prob, temperature, weight_range):
    return exponent(q, value, behaviour_log_prob, temperature).exp()


def clips_at_the_weights(q, value, behaviour_log_prob, temperature, weight_range):
    return exponent(q, value, behaviour_log_prob, temperature).clamp(*weight_range).exp()


def prefers_the_worse(q, value, behaviour_log_prob, temperature, weight_range):
    return inac_weight(value, q, behaviour_log_prob, temperature, weight_range)


def prefers_the_likely(q, value, behaviour_log_prob, temperature, weight_range):
    return inac_weight(q, value, -behaviour_log_prob, temperature, weight_range)


def forgets_behaviour(q, value, behaviour_log_prob, temperature, weight_range):
    return inac_weight(q, value, torch.zeros_like(q), temperature, weight_range)


def divides_everything(q, value, behaviour_log_prob, temperature, weight_range):
    return inac_weight(q, value, behaviour_log_prob / temperature, temperature, weight_range)


RARE = (math.log(0.5), math.log(4.0))  # densities 0.5 and 4

EXERCISE = Exercise(
    id="02-2",
    name="inac_weight",
    title="InAC's weight of a logged action",
    reference=inac_weight,
    cases=(
        case("better than V, worse than V", [2.0, 0.0], [1.0, 1.0], 1.0),
        case("a small temperature", [1.0, 1.0], [0.5, 1.25], 0.5),
        case("a rare and a common action", [1.0, 1.0], [0.0, 0.0], 0.5, RARE),
        case("beyond the range", [3.0, -3.0], [0.0, 0.0], 0.5, weight_range=(0.1, 10.0)),
        case("bad and all but never tried", [-2.0, -2.0], [0.0, 0.0], 0.01, (-201.0, -198.0)),
        case("exponents of +-500", [5.0, -5.0], [0.0, 0.0], 0.01, observe=weight_and_gradient),
    ),
    misconceptions=(
        Misconception(
            "clips after exp",
            clips_after,
            "The weight is right, but infinity stood on the way: a gradient through it is 0 times "
            "infinity, which is NaN. What could you clip before it becomes infinite?",
        ),
        Misconception(
            "divides two exponentials",
            divides_exponentials,
            "Each of your exponentials can overflow or vanish while their ratio is harmless. How "
            "is a ratio of exponentials written as one?",
        ),
        Misconception(
            "never clips",
            never_clips,
            "One of the arguments is not used yet. Without it one lucky action can outvote a whole "
            "batch, and a small tau makes its weight infinite.",
        ),
        Misconception(
            "clips the exponent at the weights' bounds",
            clips_at_the_weights,
            "weight_range bounds weights, and you clip what comes before exp. Which exponent gives "
            "the largest weight?",
        ),
        Misconception(
            "prefers the worse actions",
            prefers_the_worse,
            "Q - V says how much better an action is than what the policy does on average. Should "
            "a better action get a larger or a smaller weight?",
        ),
        Misconception(
            "prefers what is common anyway",
            prefers_the_likely,
            "A common action stands in the data many times, and each time it is imitated. To make "
            "up for that, should being common raise or lower the weight of each one?",
        ),
        Misconception(
            "forgets the behaviour policy",
            forgets_behaviour,
            "Two actions are equally good, and one was logged ten times as often. With your "
            "weights, which does the policy imitate more?",
        ),
        Misconception(
            "divides everything by the temperature",
            divides_everything,
            "tau turns reward into exponents. Is log pi_b a reward? Look again at what stands over "
            "tau in the formula.",
        ),
    ),
    hints=(
        "Leave the clipping aside at first. What is the exponent of an action with Q = 2, V = 1, "
        "tau = 1 that was logged with density 1? And with density 0.5?",
        "Put everything that belongs into the exponent there, as one sum. exp grows with its "
        "argument, so clipping a weight and clipping its exponent come to the same: at which two "
        "exponents?",
        "exponent = (q - value) / temperature - behaviour_log_prob; clamp it between the "
        "logarithms of the two bounds; only then exp.",
    ),
)
