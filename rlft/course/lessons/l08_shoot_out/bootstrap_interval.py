"""Exercise 08-2: the stratified bootstrap interval of a statistic over seeds and places."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from rlft.course.exercise import Case, Exercise, Misconception
from rlft.evaluate.statistics import STATISTICS

Array = np.ndarray
Statistic: TypeAlias = Callable[[Array], Array]


def bootstrap_interval(
    scores: Array, draws: Array, statistic: Statistic, confidence: float
) -> tuple[float, float]:
    """Percentiles of the statistic over resamples in which each place draws seeds of its own.

    Args:
        scores: (S, K), one score for each seed at each place.
        draws: (R, S, K), drawn row numbers in [0, S): of R resamples the row that each run is
            taken from; its place stays.
        statistic: from (..., S, K) to (...).
        confidence: in (0, 1).

    Returns:
        Lower and upper end: quantiles of R numbers, with as much below as above them.
    """
    return ends(statistic(drawn_again(scores, draws)), confidence)


def drawn_again(scores: Array, draws: Array) -> Array:
    """The resamples, (R, S, K)."""
    return np.take_along_axis(scores[None], draws, axis=1)


def ends(values: Array, confidence: float) -> tuple[float, float]:
    """Both quantiles of R numbers."""
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def same_seeds_everywhere(scores, draws, statistic, confidence):
    return ends(statistic(scores[draws[:, :, 0]]), confidence)


def other_places(scores, draws, statistic, confidence):
    return ends(statistic(np.take_along_axis(scores[None], draws, axis=2)), confidence)


def rows_stay_whole(scores, draws, statistic, confidence):
    return ends(statistic(scores[draws]), confidence)


def one_resample(scores, draws, statistic, confidence):
    first = np.broadcast_to(draws[:1], draws.shape)
    return bootstrap_interval(scores, first, statistic, confidence)


def nothing_drawn(scores, draws, statistic, confidence):
    return ends(scores, confidence)


def spread_of_runs(scores, draws, statistic, confidence):
    return ends(drawn_again(scores, draws), confidence)


def a_normal_one(scores, draws, statistic, confidence):
    from scipy import stats

    wide = stats.norm.ppf((1 + confidence) / 2) * statistic(drawn_again(scores, draws)).std()
    middle = float(statistic(scores[None])[0])
    return middle - wide, middle + wide


def both_tails_whole(scores, draws, statistic, confidence):
    return bootstrap_interval(scores, draws, statistic, 2 * confidence - 1)


def always_95(scores, draws, statistic, confidence):
    return bootstrap_interval(scores, draws, statistic, 0.95)


def lowest_and_highest(scores, draws, statistic, confidence):
    return bootstrap_interval(scores, draws, statistic, 1.0)


def turned_about(scores, draws, statistic, confidence):
    low, high = bootstrap_interval(scores, draws, statistic, confidence)
    middle = float(statistic(scores[None])[0])
    return 2 * middle - high, 2 * middle - low


def always_the_mean(scores, draws, statistic, confidence):
    return bootstrap_interval(scores, draws, mean, confidence)


def place_by_place(scores, draws, statistic, confidence):
    again = drawn_again(scores, draws)
    columns = [statistic(again[..., k : k + 1]) for k in range(scores.shape[1])]  # K of (R,)
    return ends(np.mean(columns, axis=0), confidence)


def upper_first(scores, draws, statistic, confidence):
    return bootstrap_interval(scores, draws, statistic, confidence)[::-1]


def mean(scores: Array) -> Array:
    """Of all runs."""
    return scores.mean(axis=(-2, -1))


def best(scores: Array) -> Array:
    """The highest run."""
    return scores.max(axis=(-2, -1))


def interquartile_mean(scores: Array) -> Array:
    """The statistic of exercise 08-1, for many tables at once."""
    return STATISTICS["iqm"](scores)


def case(
    name: str, scores: list, resamples: int, statistic: Statistic, confidence: float, seed: int
) -> Case:
    table = np.array(scores, dtype=float)
    draws = np.random.default_rng(seed).integers(len(table), size=(resamples, *table.shape))
    asked = {"draws": draws, "statistic": statistic, "confidence": confidence}
    return Case(name, {"scores": table, **asked})


EXERCISE = Exercise(
    id="08-2",
    name="bootstrap_interval",
    title="The stratified bootstrap interval",
    reference=bootstrap_interval,
    cases=(
        case("three seeds, one place", [[1], [4], [10]], 5, mean, 0.5, seed=1),
        case(
            "four seeds, two places of different height",
            [[1, 30], [2, 20], [4, 50], [9, 40]], 8, mean, 0.8, seed=2,
        ),
        case(
            "two seeds, five places",
            [[1, 5, 20, 40, 0], [3, 9, 10, 80, -7]], 6, interquartile_mean, 0.9, seed=3,
        ),
        case(
            "the highest run of all",
            [[1, 8, 5], [7, 2, 6], [3, 4, 12]], 7, best, 0.6, seed=4,
        ),
        case(
            "an interquartile mean with a lost seed",
            [[-20, -30], [-25, -33], [-100, -36], [-22, -98], [-21, -31]],
            9, interquartile_mean, 0.7, seed=5,
        ),
    ),
    misconceptions=(
        Misconception(
            "draws the same seeds at every place",
            same_seeds_everywhere,
            "All your places take the seeds that were drawn for the first one. Runs at two places "
            "have nothing to do with each other: which numbers in `draws` are the second place's?",
        ),
        Misconception(
            "draws places and not seeds",
            other_places,
            "Your run stays with its seed and moves to another place. An interval about other "
            "seeds keeps the places as they are: along which axis do the seeds lie?",
        ),
        Misconception(
            "takes whole rows for each run",
            rows_stay_whole,
            "`scores[draws]` has four axes: a whole row for each run that was drawn. A run has one "
            "number, that of its own place.",
        ),
        Misconception(
            "uses the first resample only",
            one_resample,
            "Both your ends are the same number, as one resample has no spread. There are R of "
            "them.",
        ),
        Misconception(
            "draws nothing again",
            nothing_drawn,
            "Your ends say where the runs lie, and more seeds would not bring them closer "
            "together. Asked for is how far the *statistic* moves if the seeds are drawn again.",
        ),
        Misconception(
            "never takes the statistic",
            spread_of_runs,
            "The runs are drawn again, and you give the quantiles of the runs. Each resample "
            "should first become one number.",
        ),
        Misconception(
            "takes it for normal",
            a_normal_one,
            "Yours is symmetric around the estimate. Where seeds collapse or do not, the resamples "
            "are not: let their own quantiles speak.",
        ),
        Misconception(
            "leaves too much out at each end",
            both_tails_whole,
            "Between your ends lies less than the share that was asked for. What is left out has "
            "two sides: how much goes on each?",
        ),
        Misconception(
            "does not ask which confidence",
            always_95,
            "Your ends are those of 95 %. One of the arguments says what is wanted.",
        ),
        Misconception(
            "goes from the lowest to the highest",
            lowest_and_highest,
            "All resamples lie between your ends, and the more you draw the further they are "
            "apart. Which share should lie between them?",
        ),
        Misconception(
            "turns the interval about its estimate",
            turned_about,
            "Yours is the *basic* bootstrap, which mirrors the quantiles about the estimate. It "
            "exists, but can leave the range that scores have. Asked for are the quantiles.",
        ),
        Misconception(
            "always takes the mean",
            always_the_mean,
            "Your interval is that of the mean, whatever was asked for. One of the arguments is "
            "not used yet.",
        ),
        Misconception(
            "takes the statistic place by place",
            place_by_place,
            "You take the statistic of each place and average. It is made for the whole table: "
            "(..., S, K) to (...).",
        ),
        Misconception(
            "gives the upper end first",
            upper_first,
            "Both numbers are right. Which of them is the lower end?",
        ),
    ),
    hints=(
        "One resample first, draws[0]: a table of the shape of `scores`, in which each run is "
        "replaced by the run of another seed at the same place. What is its statistic?",
        "np.take_along_axis(scores[None], draws, axis=1) makes all R tables at once, (R, S, K), "
        "and statistic(...) of them is (R,). Which two quantiles leave as much below as above?",
        "tail = (1 - confidence) / 2; np.quantile(values, [tail, 1 - tail]) has both ends; give "
        "them back as two numbers, the lower one first.",
    ),
)  # fmt: skip
