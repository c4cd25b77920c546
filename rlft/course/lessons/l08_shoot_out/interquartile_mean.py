"""Exercise 08-1: the interquartile mean, of all runs of all places together."""

from __future__ import annotations

import numpy as np

from rlft.course.exercise import Case, Exercise, Misconception
from rlft.evaluate.statistics import iqm

Array = np.ndarray


def interquartile_mean(scores: Array) -> float:
    """The mean of the middle half, as the library has it.

    Args:
        scores: (S, K), one score for each seed at each place, in one unit.

    Returns:
        The mean of what is left when floor(S K / 4) scores go at either end.
    """
    return iqm(scores)


def middle(scores: Array, cut: int) -> Array:
    """All scores in order, without so many at either end."""
    ordered = np.sort(scores, axis=None)  # (S * K,)
    return ordered[cut : len(ordered) - cut]


def the_median(scores):
    return np.median(scores)


def the_mean(scores):
    return np.mean(scores)


def place_by_place(scores):
    return np.mean([iqm(column) for column in scores.T])


def seeds_first(scores):
    return iqm(scores.mean(axis=1))


def places_first(scores):
    return iqm(scores.mean(axis=0))


def a_quarter_in_all(scores):
    return middle(scores, scores.size // 8).mean()


def only_the_worst(scores):
    return np.sort(scores, axis=None)[scores.size // 4 :].mean()


def only_the_best(scores):
    return np.sort(scores, axis=None)[: scores.size - scores.size // 4].mean()


def as_they_come(scores):
    cut = scores.size // 4
    return scores.ravel()[cut : scores.size - cut].mean()


def rounds_up(scores):
    return middle(scores, -(-scores.size // 4)).mean()


def between_the_quartiles(scores):
    low, high = np.quantile(scores, [0.25, 0.75])
    return scores[(scores >= low) & (scores <= high)].mean()


def divided_by_all(scores):
    return middle(scores, scores.size // 4).sum() / scores.size


def pulled_in(scores):
    kept = middle(scores, scores.size // 4)
    return np.clip(scores, kept[0], kept[-1]).mean()


def case(name: str, scores: list) -> Case:
    return Case(name, {"scores": np.array(scores, dtype=float)})


EXERCISE = Exercise(
    id="08-1",
    name="interquartile_mean",
    title="The interquartile mean",
    reference=interquartile_mean,
    cases=(
        case("one place, eight seeds", [[5], [100], [1], [3], [9], [0], [8], [2]]),
        case("four seeds, three places", [[3, 40, 8], [1, 20, 5], [2, 90, 6], [9, 10, 7]]),
        case("ten runs: a quarter is no whole number", [[1, 4], [2, 8], [3, 9], [0, 20], [5, 6]]),
        case("two alike at the edge", [[0, 1, 3, 9], [1, 1, 2, 3]]),
        case("below zero, one seed lost", [[-20, -30], [-22, -35], [-100, -98], [-21, -33]]),
        case("three runs: nothing to leave out", [[4, 0, 11]]),
    ),
    misconceptions=(
        Misconception(
            "takes the median",
            the_median,
            "Yours is the middle run alone. How many of the runs does an interquartile mean look "
            "at?",
        ),
        Misconception(
            "leaves nothing out",
            the_mean,
            "In your mean one seed that is far off counts as much as each other. Which runs should "
            "have been left out?",
        ),
        Misconception(
            "goes place by place",
            place_by_place,
            "You leave out the best and the worst seeds of each place. The quarters are those of "
            "all runs: what if one place is harder than the others for everybody?",
        ),
        Misconception(
            "averages each seed over places first",
            seeds_first,
            "After your first mean a seed is one number, and a run that was lost at one place has "
            "vanished in it. What is to be put in order: seeds, or runs?",
        ),
        Misconception(
            "averages each place over seeds first",
            places_first,
            "After your first mean a place is one number, in which a lost seed counts in full. "
            "What is to be put in order: places, or runs?",
        ),
        Misconception(
            "leaves out a quarter in all",
            a_quarter_in_all,
            "You leave out an eighth at either end. Which share of the runs lies between the first "
            "and the third quartile?",
        ),
        Misconception(
            "leaves out the worst only",
            only_the_worst,
            "Your number is above the middle of the runs, as bad luck is left out and good luck is "
            "not. What goes at the other end?",
        ),
        Misconception(
            "leaves out the best only",
            only_the_best,
            "Your number is below the middle of the runs, as good luck is left out and bad luck is "
            "not. What goes at the other end?",
        ),
        Misconception(
            "does not put the runs in order",
            as_they_come,
            "You leave out the first and the last runs of the table. Are they the highest and the "
            "lowest?",
        ),
        Misconception(
            "rounds the number of runs up",
            rounds_up,
            "With ten runs you leave out three at either end and average four. Read the task "
            "again: what becomes of a quarter that is no whole number?",
        ),
        Misconception(
            "cuts at the quartiles' values",
            between_the_quartiles,
            "Where runs are alike, or their number is no multiple of 4, a rule about values keeps "
            "more or fewer runs than the half. Count the runs that you leave out, at either end.",
        ),
        Misconception(
            "divides by all runs",
            divided_by_all,
            "The sum is right. Of how many runs is it?",
        ),
        Misconception(
            "pulls the far runs in",
            pulled_in,
            "Your far runs count as much as the last one that was to be kept, in place of not at "
            "all. That is another robust mean (winsorised), and not this one.",
        ),
    ),
    hints=(
        "All runs are alike here, whichever seed or place they are of. Take the first case, write "
        "the eight numbers in order, and cross out the lowest and the highest quarter.",
        "np.sort(scores, axis=None) puts all of them in one row. How many go at either end? A "
        "whole number: S K // 4.",
        "ordered = np.sort(scores, axis=None); cut = scores.size // 4; the mean of "
        "ordered[cut : scores.size - cut].",
    ),
)
