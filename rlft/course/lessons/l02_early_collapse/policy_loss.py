"""Exercise 02-1: SAC's policy loss, which climbs the lowest critic and pays for entropy."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from rlft.algorithms import sac
from rlft.course.exercise import Answer, Case, Exercise, Misconception, Observe, call

TWO = [[[1.0, 7.0], [3.0, 4.0]]]  # (S=1, E=2, B=2)


def case(name: str, q: list, log_prob: list, alpha: list, observe: Observe = call) -> Case:
    values = {"q": q, "log_prob": log_prob, "alpha": alpha}
    return Case(name, {key: torch.tensor(value) for key, value in values.items()}, observe)


def loss_and_gradients(answer: Answer, arguments: dict[str, Any]) -> Any:
    """The loss, and which way it pulls Q and log pi of each action."""
    inputs = [arguments["q"].requires_grad_(), arguments["log_prob"].requires_grad_()]
    loss = answer(**arguments)
    if not isinstance(loss, Tensor):
        return loss
    pulls = [torch.zeros_like(x) for x in inputs]
    if loss.requires_grad:
        pulls = list(torch.autograd.grad(loss.sum(), inputs, materialize_grads=True))
    return {"loss": loss, "gradient of q": pulls[0], "gradient of log_prob": pulls[1]}


def reference(q: Tensor, log_prob: Tensor, alpha: Tensor) -> Tensor:
    """The library's own, with the minimum over critics taken first.

    Args:
        q: (S, E, B), the critics at actions that the policy drew, with gradient.
        log_prob: (S, B), log-density of these actions, with gradient.
        alpha: (S,), temperature, a constant here.

    Returns:
        (S,), to be minimised.
    """
    return sac.policy_loss(q.amin(1), log_prob, alpha)


def gives_the_objective(q, log_prob, alpha):
    return (q.amin(1) - alpha[:, None] * log_prob).mean(1)


def descends_q(q, log_prob, alpha):
    return (alpha[:, None] * log_prob + q.amin(1)).mean(1)


def rewards_certainty(q, log_prob, alpha):
    return (-alpha[:, None] * log_prob - q.amin(1)).mean(1)


def averages_critics(q, log_prob, alpha):
    return (alpha[:, None] * log_prob - q.mean(1)).mean(1)


def lowest_average(q, log_prob, alpha):
    return (alpha[:, None] * log_prob).mean(1) - q.mean(2).amin(1)


def lowest_of_the_batch(q, log_prob, alpha):
    return (alpha[:, None] * log_prob - q.amin(2)).mean(1)


def no_temperature(q, log_prob, alpha):
    return (log_prob - q.amin(1)).mean(1)


def temperature_along_batch(q, log_prob, alpha):
    return (alpha * log_prob - q.amin(1)).mean(1)


def cuts_q(q, log_prob, alpha):
    return (alpha[:, None] * log_prob - q.amin(1).detach()).mean(1)


def cuts_log_prob(q, log_prob, alpha):
    return (alpha[:, None] * log_prob.detach() - q.amin(1)).mean(1)


EXERCISE = Exercise(
    id="02-1",
    name="policy_loss",
    title="SAC's policy loss",
    reference=reference,
    cases=(
        case("one critic, one action", [[[2.0]]], [[-1.0]], [0.5]),
        case("two critics, two actions", TWO, [[-1.0, -2.0]], [0.5]),
        case(
            "two seeds, each with its temperature",
            [[[0.0, 1.0], [2.0, -1.0]], [[5.0, 3.0], [4.0, 4.0]]],
            [[1.0, 3.0], [2.0, -2.0]],
            [0.1, 1.0],
        ),
        case("where the gradient flows", TWO, [[1.0, -2.0]], [0.5], loss_and_gradients),
    ),
    misconceptions=(
        Misconception(
            "gives the objective and not the loss",
            gives_the_objective,
            "An optimizer makes a loss small. If yours is made small, does the policy get better "
            "or worse at what it should do?",
        ),
        Misconception(
            "descends Q",
            descends_q,
            "Suppose an action with a higher Q comes along. Should the loss rise or fall?",
        ),
        Misconception(
            "rewards certainty",
            rewards_certainty,
            "SAC pays its policy for entropy. Which policy does your first term prefer: one that "
            "is sure of its action (a high log pi), or one that keeps several open?",
        ),
        Misconception(
            "averages the critics",
            averages_critics,
            "If one critic has a wild guess, how much of it does your loss believe? The formula "
            "is more careful than that.",
        ),
        Misconception(
            "takes the minimum after the mean",
            lowest_average,
            "You choose one critic for the whole batch. Can it be that the first critic is too "
            "high at one action and the second one at another? When is it safe to average?",
        ),
        Misconception(
            "takes the minimum over the wrong axis",
            lowest_of_the_batch,
            "Which of the axes of q, (S, E, B), counts opinions about one and the same action? "
            "The actions of a batch do not compete with one another.",
        ),
        Misconception(
            "leaves the temperature out",
            no_temperature,
            "What is a nat of entropy worth, in units of reward? One of the arguments says so.",
        ),
        Misconception(
            "spreads the temperature along the batch",
            temperature_along_batch,
            "alpha is (S,) and log_prob is (S, B). Broadcasting lines shapes up from the right: "
            "which axis has your alpha met?",
        ),
        Misconception(
            "cuts the way from Q to the policy",
            cuts_q,
            "The number is right, but nothing of Q reaches the policy. Fixed critics have weights "
            "that do not change; how does the policy learn from them which way to move an action?",
        ),
        Misconception(
            "cuts the way from log pi to the policy",
            cuts_log_prob,
            "The number is right, but the entropy term is a constant in your loss. Through what "
            "does the policy feel that it should stay broad?",
        ),
    ),
    hints=(
        "Do it for one action on paper. Two critics say 1 and 3, log pi is -1, alpha is 0.5: which "
        "opinion counts, and does the loss fall when it grows?",
        "Reduce q from (S, E, B) to (S, B) first. Then give alpha an axis of length 1, so that it "
        "fits (S, B), and average over the batch at the very end. Detach nothing.",
        "lowest = q.amin(dim=1); then alpha[:, None] * log_prob - lowest, averaged over dim=1.",
    ),
)
