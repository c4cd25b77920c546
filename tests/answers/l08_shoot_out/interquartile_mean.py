import math
import statistics

import numpy as np
from scipy import stats


def with_scipy(scores):
    return stats.trim_mean(scores.ravel(), 0.25)


def by_hand(scores):
    runs = sorted(float(value) for row in scores for value in row)
    for _ in range(math.floor(len(runs) / 4)):
        runs.pop()
        runs.pop(0)
    return sum(runs) / len(runs)


def with_partition(scores):
    flat, cut = scores.flatten(), scores.size // 4
    split = np.argsort(flat, kind="stable")
    weights = np.ones(flat.size)
    weights[split[:cut]] = 0
    weights[split[flat.size - cut :]] = 0
    return np.average(flat, weights=weights)


def trimmed(runs, low, high):
    runs = sorted(runs)
    return statistics.fmean(runs[low : len(runs) - high])


def middle_run(scores):
    return statistics.median(scores.ravel().tolist())


def average(scores):
    return scores.sum() / scores.size


def trimmed_columns(scores):
    return stats.trim_mean(scores, 0.25, axis=0).mean()


def of_seed_means(scores):
    return stats.trim_mean(scores.sum(axis=1) / scores.shape[1], 0.25)


def of_place_means(scores):
    return stats.trim_mean([column.mean() for column in scores.T], 0.25)


def an_eighth(scores):
    return stats.trim_mean(scores.ravel(), 0.125)


def bottom_cut(scores):
    return trimmed(scores.ravel(), scores.size // 4, 0)


def top_cut(scores):
    return trimmed(scores.ravel(), 0, scores.size // 4)


def in_the_tables_order(scores):
    runs = [value for row in scores for value in row]
    cut = len(runs) // 4
    return statistics.fmean(runs[cut : len(runs) - cut])


def ceiling(scores):
    cut = math.ceil(0.25 * scores.size)
    return trimmed(scores.ravel(), cut, cut)


def by_percentile(scores):
    inside = np.percentile(scores, 25) <= scores
    inside &= scores <= np.percentile(scores, 75)
    return scores[inside].mean()


def over_all_runs(scores):
    cut = scores.size // 4
    weights = np.zeros(scores.size)
    weights[cut : scores.size - cut] = 1 / scores.size
    return np.sort(scores.ravel()) @ weights


def winsorised(scores):
    runs = sorted(scores.ravel())
    cut = len(runs) // 4
    last = len(runs) - 1
    return statistics.fmean(runs[min(max(i, cut), last - cut)] for i in range(len(runs)))


RIGHT = [with_scipy, by_hand, with_partition]
WRONG = {
    "takes the median": [middle_run],
    "leaves nothing out": [average],
    "goes place by place": [trimmed_columns],
    "averages each seed over places first": [of_seed_means],
    "averages each place over seeds first": [of_place_means],
    "leaves out a quarter in all": [an_eighth],
    "leaves out the worst only": [bottom_cut],
    "leaves out the best only": [top_cut],
    "does not put the runs in order": [in_the_tables_order],
    "rounds the number of runs up": [ceiling],
    "cuts at the quartiles' values": [by_percentile],
    "divides by all runs": [over_all_runs],
    "pulls the far runs in": [winsorised],
}
