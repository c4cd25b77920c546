"""Exercise 01-2: CQL's penalty, a soft maximum over sampled actions minus Q at the logged one."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from rlft.algorithms.cql import cql_penalty
from rlft.course.exercise import Case, Exercise, Misconception


def logs(numbers: list) -> Tensor:
    """Natural logarithms, so that the exponentials are easy numbers."""
    return torch.tensor(numbers).log()


def case(name: str, q_sampled: Tensor, log_density: Tensor, q_data: Tensor) -> Case:
    return Case(
        name, {"q_sampled": q_sampled, "log_density": log_density, "q_data": q_data}
    )  # (S, E, B, n), (S, 1, B, n), (S, E, B)


def no_density(q_sampled, log_density, q_data):
    return (torch.logsumexp(q_sampled, -1) - q_data).mean((1, 2))


def times_density(q_sampled, log_density, q_data):
    return (torch.logsumexp(q_sampled + log_density, -1) - q_data).mean((1, 2))


def divides_by_n(q_sampled, log_density, q_data):
    n = q_sampled.shape[-1]
    return (torch.logsumexp(q_sampled - log_density, -1) - math.log(n) - q_data).mean((1, 2))


def wrong_way_round(q_sampled, log_density, q_data):
    return (q_data - torch.logsumexp(q_sampled - log_density, -1)).mean((1, 2))


def exp_first(q_sampled, log_density, q_data):
    return ((q_sampled - log_density).exp().sum(-1).log() - q_data).mean((1, 2))


def adds_up(q_sampled, log_density, q_data):
    return (torch.logsumexp(q_sampled - log_density, -1) - q_data).sum((1, 2))


def mixes_seeds(q_sampled, log_density, q_data):
    return (torch.logsumexp(q_sampled - log_density, -1) - q_data).mean()


EXERCISE = Exercise(
    id="01-2",
    name="cql_penalty",
    title="CQL's penalty",
    reference=cql_penalty,
    cases=(
        case(
            "density 1, exp(Q) is 1 and 3, Q of the logged action is 0",
            logs([[[[1.0, 3.0]]]]),
            logs([[[[1.0, 1.0]]]]),
            torch.tensor([[[0.0]]]),
        ),
        case(
            "densities 1/2 and 1/4",
            logs([[[[1.0, 3.0]]]]),
            logs([[[[0.5, 0.25]]]]),
            torch.tensor([[[0.0]]]),
        ),
        case(
            "Q of the logged action is log 2",
            logs([[[[1.0, 3.0]]]]),
            logs([[[[0.5, 0.25]]]]),
            logs([[[2.0]]]),
        ),
        case(
            "two seeds with two critics and two states each",
            logs(
                [
                    [[[1.0, 3.0], [2.0, 2.0]], [[3.0, 5.0], [1.0, 1.0]]],
                    [[[2.0, 8.0], [4.0, 4.0]], [[1.0, 5.0], [6.0, 2.0]]],
                ]
            ),
            logs([[[[0.5, 0.5], [0.5, 1.0]]], [[[0.25, 1.0], [1.0, 0.5]]]]),
            logs([[[1.0, 2.0], [4.0, 1.0]], [[1.0, 2.0], [1.0, 5.0]]]),
        ),
        case(
            "Q far below zero",
            torch.tensor([[[[-200.0, -200.0]]]]),
            logs([[[[1.0, 1.0]]]]),
            torch.tensor([[[-200.0]]]),
        ),
    ),
    misconceptions=(
        Misconception(
            "leaves out the density",
            no_density,
            "Your soft maximum counts an action twice if it is drawn twice as often. What turns a "
            "sum over samples into an estimate of the integral?",
        ),
        Misconception(
            "multiplies by the density",
            times_density,
            "An action that is rarely drawn stands for many that were not drawn. Does it need a "
            "larger weight or a smaller one? And what does that mean for the logarithm?",
        ),
        Misconception(
            "takes the mean over the sampled actions",
            divides_by_n,
            "Your result is too small by the same amount in each state. Compare with the formula: "
            "is there a factor in front of the sum?",
        ),
        Misconception(
            "turns the penalty round",
            wrong_way_round,
            "The loss is minimised. Follow the sign of each term: which Q would your penalty raise "
            "and which would it lower?",
        ),
        Misconception(
            "takes exp of numbers far below zero",
            exp_first,
            "At Q = -200 the exponential is too small for a float32 and becomes 0. What is the "
            "logarithm of that? PyTorch has a function that does the three steps safely in one.",
        ),
        Misconception(
            "adds up instead of averaging",
            adds_up,
            "With more critics, or a larger batch, your penalty would weigh more beside the TD "
            "error. What keeps their numbers out?",
        ),
        Misconception(
            "averages over the seeds",
            mixes_seeds,
            "Each seed is a run of its own, with a loss of its own. Over which axes may the mean "
            "go, so that (S,) is left?",
        ),
    ),
    hints=(
        "Begin with one critic and one state. Two numbers are compared there: a soft maximum over "
        "the n sampled actions, and Q of the logged action.",
        "A weight 1 / p inside of the sum is a -log p beside Q inside of the exponential. "
        "log_density has an axis of length 1 where q_sampled has the critics, so it broadcasts.",
        "torch.logsumexp(q_sampled - log_density, -1) has the shape (S, E, B), just as q_data. "
        "What is left is a difference and a mean over two axes.",
    ),
)
