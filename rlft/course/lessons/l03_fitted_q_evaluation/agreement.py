"""Exercise 03-3: how well estimates agree with the truth, within each seed."""

from __future__ import annotations

import numpy as np

from rlft.course.exercise import Case, Exercise, Misconception

Measures = dict[str, np.ndarray]


def reference(estimates: np.ndarray, truths: np.ndarray) -> Measures:
    """Three measures of agreement, each within a seed and over its policies.

    Args:
        estimates: (N, S), estimated returns: N policies in rows, S seeds in columns.
        truths: (N, S), their Monte-Carlo returns. Neither is constant within a seed.

    Returns:
        (S,) each: "correlation", Pearson's; "error", the mean absolute error; "bias", the mean
        error with its sign, above 0 where policies are flattered.
    """
    x, y = estimates - estimates.mean(0), truths - truths.mean(0)
    return {
        "correlation": (x * y).sum(0) / np.sqrt((x**2).sum(0) * (y**2).sum(0)),
        "error": np.abs(estimates - truths).mean(0),
        "bias": (estimates - truths).mean(0),
    }


def errors_cancel(estimates, truths):
    bias = (estimates - truths).mean(0)
    return reference(estimates, truths) | {"error": np.abs(bias)}


def squared_errors(estimates, truths):
    error = np.sqrt(((estimates - truths) ** 2).mean(0))
    return reference(estimates, truths) | {"error": error}


def bias_turned_round(estimates, truths):
    return reference(estimates, truths) | {"bias": (truths - estimates).mean(0)}


def means_stay_in(estimates, truths):
    lengths = np.sqrt((estimates**2).sum(0) * (truths**2).sum(0))
    return reference(estimates, truths) | {"correlation": (estimates * truths).sum(0) / lengths}


def two_ways_of_counting(estimates, truths):
    measures = reference(estimates, truths)
    return measures | {"correlation": measures["correlation"] * len(truths) / (len(truths) - 1)}


def ranks_only(estimates, truths):
    ranks = (np.argsort(np.argsort(values, axis=0), axis=0) for values in (estimates, truths))
    return reference(estimates, truths) | {"correlation": reference(*ranks)["correlation"]}


def sign_lost(estimates, truths):
    measures = reference(estimates, truths)
    return measures | {"correlation": measures["correlation"] ** 2}


def seeds_pooled(estimates, truths):
    measures = reference(estimates.reshape(-1, 1), truths.reshape(-1, 1))
    return {name: values.item() for name, values in measures.items()}


def along_the_wrong_axis(estimates, truths):
    with np.errstate(invalid="ignore"):  # a row of one seed has no correlation
        return reference(estimates.T, truths.T)


def case(name: str, estimates: list, truths: list) -> Case:
    return Case(name, {"estimates": np.array(estimates), "truths": np.array(truths)})


EXERCISE = Exercise(
    id="03-3",
    name="agreement",
    title="Does the estimate tell the truth?",
    reference=reference,
    cases=(
        case("all flattered by 2", [[-1.0], [-3.0], [-5.0]], [[-3.0], [-5.0], [-7.0]]),
        case("errors of both signs", [[-2.0], [-4.0], [-9.0]], [[-3.0], [-5.0], [-7.0]]),
        case("the order turned round", [[-6.0], [-4.0], [-2.0]], [[-1.0], [-4.0], [-7.0]]),
        case(
            "two seeds, three policies",
            [[-1.0, -40.0], [-3.0, -20.0], [-4.0, -30.0]],
            [[-2.0, -30.0], [-4.0, -10.0], [-3.0, -50.0]],
        ),
    ),
    misconceptions=(
        Misconception(
            "lets errors cancel",
            errors_cancel,
            "One policy is flattered by 2, another one is blamed by 2. Is the estimator without "
            "error? Think about the order of `mean` and `abs`.",
        ),
        Misconception(
            "squares the errors",
            squared_errors,
            "A square counts one large error for more than many small ones, and a root does not "
            "undo that. What was asked for is the *absolute* error.",
        ),
        Misconception(
            "turns the bias round",
            bias_turned_round,
            "A flattered policy has an estimate above its truth. Which sign does your bias have "
            "then?",
        ),
        Misconception(
            "leaves the means in",
            means_stay_in,
            "All returns are far below 0 here, so any two columns look alike to you. What has to "
            "be taken off before deviations can be compared?",
        ),
        Misconception(
            "counts in two ways",
            two_ways_of_counting,
            "A correlation above 1 cannot be. Do your covariance and your standard deviations "
            "divide by the same number, N or N - 1?",
        ),
        Misconception(
            "compares ranks only",
            ranks_only,
            "You measure whether the *order* is right, and forget the distances. Pearson's "
            "correlation sees both.",
        ),
        Misconception(
            "squares the correlation",
            sign_lost,
            "An estimator that calls the worst policy the best one would look good to you. What "
            "does a square do to a sign?",
        ),
        Misconception(
            "pools the seeds",
            seeds_pooled,
            "Seeds differ, and a difference between seeds is no merit of an estimator that has to "
            "compare policies within one. How many numbers do you owe for S seeds?",
        ),
        Misconception(
            "goes along the wrong axis",
            along_the_wrong_axis,
            "Rows are policies and columns are seeds. Over which of them do you sum, and which "
            "axis has to be left?",
        ),
    ),
    hints=(
        "Work one column out by hand first: the errors, their mean with and without signs, then "
        "the deviations of both columns from their means.",
        "All sums and means go over axis 0, the policies. A correlation is the sum of products of "
        "deviations, divided by something that makes it 1 for two equal columns.",
        "With x and y the deviations from the column means: (x * y).sum(0) divided by the root of "
        "(x**2).sum(0) * (y**2).sum(0). The error is the mean of np.abs(estimates - truths), the "
        "bias the mean without np.abs.",
    ),
)
