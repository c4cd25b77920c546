"""Exercise 01-3: how far Q lies from the truth, in the support of the data and out of it."""

from __future__ import annotations

import numpy as np

from rlft.course.exercise import Case, Exercise, Misconception


def case(name: str, q: list, truth: list, distance: list, rare: float = 0.5) -> Case:
    return Case(
        name,
        {
            "q": np.array(q),  # (S, N)
            "truth": np.array(truth),  # (S, N)
            "distance": np.array(distance),  # (N,)
            "rare": rare,
        },
    )


def pessimism_gap(
    q: np.ndarray, truth: np.ndarray, distance: np.ndarray, rare: float
) -> tuple[np.ndarray, np.ndarray]:
    """Q minus truth, averaged over the pairs in support and over those out of it.

    A pair is out of support if its distance is larger than `rare`.

    Args:
        q: (S, N), what each seed's critics say of N state-action pairs.
        truth: (S, N), what each seed's policy earns from there.
        distance: (N,), from each pair to the nearest logged pair.
        rare: the distance at which the support ends.

    Returns:
        In support (S,), out of support (S,). Below zero is pessimistic.
    """
    error, out = q - truth, distance > rare
    return error[:, ~out].mean(axis=1), error[:, out].mean(axis=1)


def truth_minus_q(q, truth, distance, rare):
    return pessimism_gap(truth, q, distance, rare)


def without_signs(q, truth, distance, rare):
    return pessimism_gap(np.abs(q - truth), 0 * q, distance, rare)


def without_the_truth(q, truth, distance, rare):
    return pessimism_gap(q, 0 * q, distance, rare)


def divided_by_all(q, truth, distance, rare):
    error, out = q - truth, distance > rare
    return (error * ~out).mean(axis=1), (error * out).mean(axis=1)


def boundary_is_out(q, truth, distance, rare):
    error, out = q - truth, distance >= rare
    return error[:, ~out].mean(axis=1), error[:, out].mean(axis=1)


def means_exchanged(q, truth, distance, rare):
    return pessimism_gap(q, truth, distance, rare)[::-1]


def mixes_seeds(q, truth, distance, rare):
    error, out = q - truth, distance > rare
    return error[:, ~out].mean(), error[:, out].mean()


EXERCISE = Exercise(
    id="01-3",
    name="pessimism_gap",
    title="The pessimism gap",
    reference=pessimism_gap,
    cases=(
        case("one pair in support, one out of it", [[-9, -20]], [[-10, -14]], [0.0, 1.0]),
        case("errors of both signs", [[-8, -11, -22]], [[-10, -10, -20]], [0.0, 0.2, 0.9]),
        case(
            "the pairs are not sorted",
            [[-30, -9, -12, -19]],
            [[-20, -10, -13, -15]],
            [0.8, 0.1, 0.0, 0.6],
        ),
        case("a pair lies just at the limit", [[-6, -7, -9]], [[-5, -5, -5]], [0.1, 0.5, 0.6]),
        case(
            "two seeds and another limit",
            [[-4, -8, -9], [-7, -6, -1]],
            [[-5, -6, -4], [-5, -9, -4]],
            [0.0, 0.6, 1.5],
            rare=1.0,
        ),
    ),
    misconceptions=(
        Misconception(
            "takes truth minus Q",
            truth_minus_q,
            "A critic that promises too little is pessimistic, and the lesson gives that a minus. "
            "Which sign does your first case have?",
        ),
        Misconception(
            "loses the sign",
            without_signs,
            "Your number says how wrong Q is, but not in which direction. Could you tell SAC's "
            "error from CQL's by it?",
        ),
        Misconception(
            "leaves out the truth",
            without_the_truth,
            "A low Q is no pessimism where little is to be had. What does Q have to be compared "
            "with?",
        ),
        Misconception(
            "divides by all pairs",
            divided_by_all,
            "Your sums are right. How many pairs does each of them run over, and by how many do "
            "you divide?",
        ),
        Misconception(
            "puts the limit itself out of support",
            boundary_is_out,
            "Look at the pair whose distance equals `rare`. Out of support is what lies *further* "
            "away than that.",
        ),
        Misconception(
            "exchanges the two means",
            means_exchanged,
            "Both numbers are right, and each has the other's place. What does a large distance "
            "say of a pair, and which mean comes first?",
        ),
        Misconception(
            "averages over the seeds",
            mixes_seeds,
            "Each seed has its own critics and its own error, and the interval over seeds needs "
            "them all. Over which axis may the mean go?",
        ),
    ),
    hints=(
        "Two decisions: what is the error of one pair, and which pairs are out of support?",
        "`distance > rare` is a truth value for each pair, (N,), the same for all seeds. It can "
        "choose columns of an array of the shape (S, N).",
        "With error = q - truth and out = distance > rare, error[:, out] has the columns out of "
        "support. Take its mean along axis 1, do the same for the others, and return both.",
    ),
)
