"""Exercise 02-3: drop and regret, two numbers that say how bad a collapse is."""

from __future__ import annotations

import numpy as np

from rlft.course.exercise import Case, Exercise, Misconception
from rlft.evaluate import metrics

Array = np.ndarray


def case(name: str, steps: list, returns: list, best: float) -> Case:
    curve = np.array(returns, dtype=float)  # (S, P)
    return Case(name, {"steps": np.array(steps), "returns": curve, "best": float(best)})


def reference(steps: Array, returns: Array, best: float) -> tuple[Array, Array]:
    """The library's own two, without smoothing.

    Args:
        steps: (P,), environment steps, strictly increasing, from 0 or later.
        returns: (S, P), the first column at the switch, before any update.
        best: the best known return.

    Returns:
        The drop (S,), never negative, and the regret (S,), of either sign.
    """
    return metrics.drop(returns), metrics.regret(steps, returns, best)


def mean_of_points(steps, returns, best):
    return metrics.drop(returns), best - returns.mean(axis=1)


def even_spacing(steps, returns, best):
    mean = np.trapezoid(returns, axis=1) / (len(steps) - 1)
    return metrics.drop(returns), best - mean


def stairs(steps, returns, best):
    mean = returns[:, :-1] @ np.diff(steps) / (steps[-1] - steps[0])
    return metrics.drop(returns), best - mean


def not_divided(steps, returns, best):
    return metrics.drop(returns), np.trapezoid(best - returns, steps, axis=1)


def divided_by_the_last_step(steps, returns, best):
    return metrics.drop(returns), best - np.trapezoid(returns, steps, axis=1) / steps[-1]


def turned_round(steps, returns, best):
    return metrics.drop(returns), -metrics.regret(steps, returns, best)


def regret_of_the_good_is_zero(steps, returns, best):
    return metrics.drop(returns), np.maximum(metrics.regret(steps, returns, best), 0)


def regret_from_the_start(steps, returns, best):
    return metrics.drop(returns), returns[:, 0] - metrics.average_return(steps, returns)


def negative_drop(steps, returns, best):
    return returns[:, 0] - returns[:, 1:].min(axis=1), metrics.regret(steps, returns, best)


def from_the_highest(steps, returns, best):
    return np.ptp(returns, axis=1), metrics.regret(steps, returns, best)


def to_the_end(steps, returns, best):
    fell = np.maximum(returns[:, 0] - returns[:, -1], 0)
    return fell, metrics.regret(steps, returns, best)


def seeds_averaged_first(steps, returns, best):
    drop, regret = reference(steps, returns.mean(axis=0, keepdims=True), best)
    return drop[0], regret[0]


EXERCISE = Exercise(
    id="02-3",
    name="drop_and_regret",
    title="Drop and regret of a curve",
    reference=reference,
    cases=(
        case("a dip and a recovery", [0, 100, 200], [[-30, -50, -30]], -25),
        case("unevenly spaced evaluations", [0, 100, 1000], [[-30, -50, -40]], -20),
        case("it only rises", [0, 100, 200], [[-50, -40, -30]], -20),
        case("two seeds", [0, 100, 200], [[-30, -55, -35], [-40, -30, -60]], -20),
        case("the curve begins at step 500", [500, 600, 700], [[-40, -60, -20]], -10),
        case("above the reference", [0, 100, 200], [[-30, -35, -20]], -40),
    ),
    misconceptions=(
        Misconception(
            "averages over points and not over steps",
            mean_of_points,
            "Here each evaluation counts the same. If you had evaluated twice as often early on, "
            "should the regret of the same run change?",
        ),
        Misconception(
            "overlooks how far apart the evaluations are",
            even_spacing,
            "Your areas are those of evaluations at equal distances. Which argument says where "
            "the points really lie?",
        ),
        Misconception(
            "holds each return until the next evaluation",
            stairs,
            "You let the return stand still between two evaluations and then jump. Read the task "
            "again: how does the curve go from one point to the next?",
        ),
        Misconception(
            "sums and does not average",
            not_divided,
            "Your regret is in units of return times steps, and a run that is watched for twice as "
            "long gets about twice as much. What makes it an average per step?",
        ),
        Misconception(
            "divides by the last step",
            divided_by_the_last_step,
            "Not every curve begins at step 0. Draw this one: how wide is the area that you "
            "measured?",
        ),
        Misconception(
            "turns the regret round",
            turned_round,
            "A run stays below the best known return all the time. Is there something to regret, "
            "and which sign does your number give it?",
        ),
        Misconception(
            "lets no regret be negative",
            regret_of_the_good_is_zero,
            "`best` is the best known return, and a run may beat it. What should the regret of "
            "such a run say?",
        ),
        Misconception(
            "measures the regret from the start",
            regret_from_the_start,
            "A shortfall against what? One of the arguments is not used yet.",
        ),
        Misconception(
            "lets a drop be negative",
            negative_drop,
            "This curve never falls below its start. How far did it drop?",
        ),
        Misconception(
            "measures the drop from the highest point",
            from_the_highest,
            "The question is what the switch cost: from which point of the curve on does one look "
            "down?",
        ),
        Misconception(
            "measures the drop at the end only",
            to_the_end,
            "A run that collapses and recovers has a drop too. At which of the later points is it "
            "to be read?",
        ),
        Misconception(
            "averages the seeds first",
            seeds_averaged_first,
            "One number for all seeds came back, and (S,) was asked for. Seeds dip at different "
            "times: what does averaging their curves do to the lowest point?",
        ),
    ),
    hints=(
        "Draw the curve of the first case on paper, with steps along the x axis. The drop is a "
        "height. The regret is an area divided by a length: which ones?",
        "Drop: compare column 0 with the lowest of the others, for each row, and what is the least "
        "it can be? Regret: the area under each row comes from trapezoids; np.trapezoid knows the "
        "steps if you tell it.",
        "Drop: the larger of 0 and returns[:, 0] - returns[:, 1:].min(axis=1). Regret: best minus "
        "np.trapezoid(returns, steps, axis=1) over (steps[-1] - steps[0]). Return both.",
    ),
)
