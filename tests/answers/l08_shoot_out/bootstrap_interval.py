import math
from statistics import NormalDist

import numpy as np


def resampled(scores, draws):
    """The tables one after the other, (R, S, K)."""
    places = np.arange(scores.shape[1])
    return np.stack([scores[rows, places] for rows in draws])


def quantile(values, share):
    """Linear between the two neighbours."""
    ordered = sorted(float(value) for value in np.ravel(values))
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def with_fancy_rows(scores, draws, statistic, confidence):
    values = statistic(scores[draws, np.arange(scores.shape[1])])
    return tuple(np.quantile(values, [0.5 - confidence / 2, 0.5 + confidence / 2]))


def one_after_the_other(scores, draws, statistic, confidence):
    values = [float(statistic(table[None])[0]) for table in resampled(scores, draws)]
    tail = (1 - confidence) / 2
    return quantile(values, tail), quantile(values, 1 - tail)


def with_percentiles(scores, draws, statistic, confidence):
    table = np.empty(draws.shape)
    for k in range(scores.shape[1]):
        table[:, :, k] = scores[:, k][draws[:, :, k]]
    out = 100 * (1 - confidence)
    values = statistic(table)
    return np.percentile(values, out / 2), np.percentile(values, 100 - out / 2)


def first_places_seeds(scores, draws, statistic, confidence):
    values = [float(statistic(scores[rows[:, 0]][None])[0]) for rows in draws]
    tail = (1 - confidence) / 2
    return quantile(values, tail), quantile(values, 1 - tail)


def along_the_places(scores, draws, statistic, confidence):
    seeds = np.arange(len(scores))[:, None]
    values = statistic(np.stack([scores[seeds, places] for places in draws]))
    return tuple(np.quantile(values, [0.5 - confidence / 2, 0.5 + confidence / 2]))


def an_axis_too_many(scores, draws, statistic, confidence):
    values = statistic(np.stack([scores[rows] for rows in draws]))
    tail = (1 - confidence) / 2
    return quantile(values, tail), quantile(values, 1 - tail)


def the_first_alone(scores, draws, statistic, confidence):
    value = float(statistic(resampled(scores, draws[:1]))[0])
    return value, value


def of_the_scores(scores, draws, statistic, confidence):
    tail = (1 - confidence) / 2
    return quantile(scores, tail), quantile(scores, 1 - tail)


def of_the_resampled_scores(scores, draws, statistic, confidence):
    tail = (1 - confidence) / 2
    runs = resampled(scores, draws)
    return quantile(runs, tail), quantile(runs, 1 - tail)


def standard_error(scores, draws, statistic, confidence):
    values = statistic(resampled(scores, draws))
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    estimate = float(statistic(scores[None])[0])
    return estimate - z * np.std(values), estimate + z * np.std(values)


def one_sided_twice(scores, draws, statistic, confidence):
    values = statistic(resampled(scores, draws))
    return quantile(values, 1 - confidence), quantile(values, confidence)


def five_per_cent_out(scores, draws, statistic, confidence):
    values = statistic(resampled(scores, draws))
    return tuple(np.percentile(values, [2.5, 97.5]))


def whole_range(scores, draws, statistic, confidence):
    values = statistic(resampled(scores, draws))
    return min(values), max(values)


def basic_bootstrap(scores, draws, statistic, confidence):
    gaps = statistic(resampled(scores, draws)) - statistic(scores[None])
    tail = (1 - confidence) / 2
    estimate = float(statistic(scores[None])[0])
    return estimate - quantile(gaps, 1 - tail), estimate - quantile(gaps, tail)


def of_the_mean(scores, draws, statistic, confidence):
    values = resampled(scores, draws).mean(axis=(1, 2))
    tail = (1 - confidence) / 2
    return quantile(values, tail), quantile(values, 1 - tail)


def averaged_over_places(scores, draws, statistic, confidence):
    tables = resampled(scores, draws)
    values = [np.mean([float(statistic(t[None, :, [k]])[0]) for k in range(t.shape[1])])
              for t in tables]  # fmt: skip
    tail = (1 - confidence) / 2
    return quantile(values, tail), quantile(values, 1 - tail)


def high_then_low(scores, draws, statistic, confidence):
    low, high = with_percentiles(scores, draws, statistic, confidence)
    return high, low


RIGHT = [with_fancy_rows, one_after_the_other, with_percentiles]
WRONG = {
    "draws the same seeds at every place": [first_places_seeds],
    "draws places and not seeds": [along_the_places],
    "takes whole rows for each run": [an_axis_too_many],
    "uses the first resample only": [the_first_alone],
    "draws nothing again": [of_the_scores],
    "never takes the statistic": [of_the_resampled_scores],
    "takes it for normal": [standard_error],
    "leaves too much out at each end": [one_sided_twice],
    "does not ask which confidence": [five_per_cent_out],
    "goes from the lowest to the highest": [whole_range],
    "turns the interval about its estimate": [basic_bootstrap],
    "always takes the mean": [of_the_mean],
    "takes the statistic place by place": [averaged_over_places],
    "gives the upper end first": [high_then_low],
}
