import itertools

import numpy as np
from scipy import stats


def pair_by_pair(ours, theirs):
    shares = []
    for one, other in zip(ours.T, theirs.T, strict=True):
        won = [1.0 if a > b else 0.5 if a == b else 0.0 for a in one for b in other]
        shares.append(sum(won) / len(won))
    return sum(shares) / len(shares)


def with_mann_whitney(ours, theirs):
    u = stats.mannwhitneyu(ours, theirs, axis=0).statistic  # (K,), ties count half
    return float(np.mean(u / (len(ours) * len(theirs))))


def with_signs(ours, theirs):
    return (np.sign(ours.T[:, :, None] - theirs.T[:, None, :]).mean() + 1) / 2


def with_ranks(ours, theirs):
    size = len(ours)
    ranks = stats.rankdata(np.concatenate([ours, theirs]), axis=0)[:size]  # (S, K)
    return float(((ranks.sum(axis=0) - size * (size + 1) / 2) / (size * len(theirs))).mean())


def strictly_above(ours, theirs):
    return np.mean([(a > theirs).mean() for a in ours])


def at_least_as_high(ours, theirs):
    return np.mean([(a >= theirs).mean() for a in ours])


def of_the_decided(ours, theirs):
    won = sum(int((a > theirs).sum()) for a in ours)
    lost = sum(int((a < theirs).sum()) for a in ours)
    return won / (won + lost)


def zipped(ours, theirs):
    won = [(a > b) + (a == b) / 2 for a, b in zip(ours, theirs, strict=False)]
    return float(np.mean(won))


def higher_means(ours, theirs):
    gap = ours.mean(axis=0) - theirs.mean(axis=0)
    return float(np.mean(np.sign(gap) / 2 + 0.5))


def seeds_scores(ours, theirs):
    pairs = itertools.product(ours.mean(axis=1), theirs.mean(axis=1))
    return float(np.mean([np.sign(a - b) / 2 + 0.5 for a, b in pairs]))


def pooled(ours, theirs):
    pairs = itertools.product(ours.ravel(), theirs.ravel())
    return float(np.mean([np.sign(a - b) / 2 + 0.5 for a, b in pairs]))


def above_average(ours, theirs):
    return float(np.mean(np.sign(ours - theirs.mean(axis=0)) / 2 + 0.5))


def the_others(ours, theirs):
    return 1 - pair_by_pair(ours, theirs)


def cliffs_delta(ours, theirs):
    return 2 * pair_by_pair(ours, theirs) - 1


def mean_gap(ours, theirs):
    return np.mean(ours) - np.mean(theirs)


def by_place(ours, theirs):
    return stats.mannwhitneyu(ours, theirs, axis=0).statistic / (len(ours) * len(theirs))


RIGHT = [pair_by_pair, with_mann_whitney, with_signs, with_ranks]
WRONG = {
    "counts ties as lost": [strictly_above],
    "counts ties as won": [at_least_as_high],
    "leaves ties out": [of_the_decided],
    "compares seed with seed": [zipped],
    "compares means, place by place": [higher_means],
    "averages each seed over places first": [seeds_scores],
    "compares runs of different places": [pooled],
    "compares runs with a mean": [above_average],
    "turns it round": [the_others],
    "takes lost pairs off": [cliffs_delta],
    "says by how much": [mean_gap],
    "leaves the places apart": [by_place],
}
