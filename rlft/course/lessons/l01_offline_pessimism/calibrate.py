"""Exercise 01-5: Cal-QL's floor, below which CQL's penalty does not push Q."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from rlft.algorithms.cql import calibrate
from rlft.course.exercise import Answer, Case, Exercise, Misconception


def floor_and_push(answer: Answer, arguments: dict[str, Any]) -> dict[str, Any]:
    """What the answer returns, and how its sum changes with each Q: 1 is pushed, 0 is not."""
    q = arguments["q"].clone().requires_grad_()
    floored = answer(q=q, returns_to_go=arguments["returns_to_go"])
    if not isinstance(floored, Tensor) or not floored.requires_grad:
        return {"floored": floored, "push": torch.zeros_like(q)}
    (push,) = torch.autograd.grad(floored.sum(), q, allow_unused=True, materialize_grads=True)
    return {"floored": floored, "push": push}


def case(name: str, q: list, returns_to_go: list) -> Case:
    return Case(
        name,
        {"q": torch.tensor(q), "returns_to_go": torch.tensor(returns_to_go)},
        observe=floor_and_push,
    )  # (S, E, B, n), (S, B)


def ceiling(q, returns_to_go):
    return torch.minimum(q, returns_to_go[:, None, :, None])


def floor_of_another_state(q, returns_to_go):
    return torch.maximum(q, returns_to_go[:, None, None, :])


def pushes_on_below_the_floor(q, returns_to_go):
    lift = (returns_to_go[:, None, :, None] - q).clamp(min=0)
    return q + lift.detach()


def pushes_nowhere(q, returns_to_go):
    return calibrate(q, returns_to_go).detach()


def lifts_by_multiplying(q, returns_to_go):
    floor = returns_to_go[:, None, :, None]
    below = (q < floor).float()
    return below * floor + (1 - below) * q


EXERCISE = Exercise(
    id="01-5",
    name="calibrate",
    title="Cal-QL's floor",
    reference=calibrate,
    cases=(
        case("one action above the floor, one below", [[[[-8.0, -15.0]]]], [[-10.0]]),
        case(
            "two critics, two states, each with its own floor",
            [[[[-3.0, -7.0], [-30.0, -18.0]], [[-6.0, -4.0], [-19.0, -25.0]]]],
            [[-5.0, -20.0]],
        ),
        case("all actions below the floor", [[[[-11.0, -12.0]]]], [[-10.0]]),
        case("no return is known", [[[[-8.0, -15.0]]]], [[-torch.inf]]),
        case("two seeds", [[[[-9.0, -3.0]]], [[[-9.0, -3.0]]]], [[-6.0], [-2.0]]),
    ),
    misconceptions=(
        Misconception(
            "builds a ceiling",
            ceiling,
            "Your function lowers what is high. Cal-QL protects what is low: which values should "
            "change, those above the logged return or those below?",
        ),
        Misconception(
            "takes the floor of another state",
            floor_of_another_state,
            "PyTorch lines axes up from the right, so your returns meet the actions and not the "
            "states. Where do the axes of critics and actions belong in returns_to_go?",
        ),
        Misconception(
            "pushes on below the floor",
            pushes_on_below_the_floor,
            "Your numbers are right, their gradient is not: where the floor is active, the result "
            "must not depend on Q at all. Look for a `detach`, or for a sum that still holds Q.",
        ),
        Misconception(
            "lets no gradient through",
            pushes_nowhere,
            "Your numbers are right, but nothing is pushed any more. Above the floor CQL should go "
            "on as before: what cuts the gradient there?",
        ),
        Misconception(
            "computes with the unknown return",
            lifts_by_multiplying,
            "A return that is not known is -inf, and arithmetic with it gives NaN. Can you "
            "*choose* between two values instead of computing with both?",
        ),
    ),
    hints=(
        "Take one Q and one logged return. Which of the two comes out, if Q is above, and if it is "
        "below?",
        "It is a maximum. The same return holds for all critics and all sampled actions of a "
        "state, so (S, B) needs two more axes to fit (S, E, B, n).",
        "returns_to_go[:, None, :, None] has the shape (S, 1, B, 1). `torch.maximum` of that and q "
        "has the right gradient by itself.",
    ),
)
