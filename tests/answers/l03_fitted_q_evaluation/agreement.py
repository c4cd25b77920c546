import math
import statistics

import numpy as np


def with_corrcoef(estimates, truths):
    linked = [np.corrcoef(e, t)[0, 1] for e, t in zip(estimates.T, truths.T, strict=True)]
    return {
        "correlation": np.array(linked),
        "error": np.abs(truths - estimates).mean(axis=0),
        "bias": estimates.mean(axis=0) - truths.mean(axis=0),
    }


def with_standard_scores(estimates, truths):
    scores = [(v - v.mean(0)) / v.std(0) for v in (estimates, truths)]
    off = estimates - truths
    return {
        "bias": np.sum(off, 0) / len(off),
        "error": np.sum(off * np.sign(off), 0) / len(off),
        "correlation": (scores[0] * scores[1]).mean(0),
    }


def in_plain_python(estimates, truths):
    columns = {"correlation": [], "error": [], "bias": []}
    for s in range(estimates.shape[1]):
        e, t = estimates[:, s].tolist(), truths[:, s].tolist()
        off = [a - b for a, b in zip(e, t, strict=True)]
        columns["correlation"].append(statistics.correlation(e, t))
        columns["error"].append(statistics.fmean(map(abs, off)))
        columns["bias"].append(statistics.fmean(off))
    return {name: np.array(values) for name, values in columns.items()}


def from_moments(estimates, truths):
    count = len(truths)
    mixed = (estimates * truths).mean(0) - estimates.mean(0) * truths.mean(0)
    spread = np.var(estimates, axis=0, ddof=1) * np.var(truths, axis=0, ddof=1)
    above = np.maximum(estimates - truths, 0).sum(0)
    below = np.maximum(truths - estimates, 0).sum(0)
    return {
        "correlation": mixed * count / (count - 1) / np.sqrt(spread),
        "error": (above + below) / count,
        "bias": (above - below) / count,
    }


def absolute_value_last(estimates, truths):
    right = with_corrcoef(estimates, truths)
    return {**right, "error": abs(estimates.mean(0) - truths.mean(0))}


def root_mean_square(estimates, truths):
    off = np.linalg.norm(estimates - truths, axis=0) / math.sqrt(len(truths))
    return {**with_corrcoef(estimates, truths), "error": off}


def truth_minus_estimate(estimates, truths):
    right = with_corrcoef(estimates, truths)
    return {**right, "bias": -right["bias"]}


def cosine(estimates, truths):
    directions = [v / np.linalg.norm(v, axis=0) for v in (estimates, truths)]
    linked = np.einsum("ns,ns->s", *directions)
    return {**with_corrcoef(estimates, truths), "correlation": linked}


def mixed_degrees_of_freedom(estimates, truths):
    linked = [
        np.cov(e, t)[0, 1] / (e.std() * t.std()) for e, t in zip(estimates.T, truths.T, strict=True)
    ]
    return {**with_corrcoef(estimates, truths), "correlation": np.array(linked)}


def spearman(estimates, truths):
    def ranks(column):
        return [sorted(column).index(value) for value in column]

    linked = [
        np.corrcoef(ranks(e), ranks(t))[0, 1] for e, t in zip(estimates.T, truths.T, strict=True)
    ]
    return {**with_corrcoef(estimates, truths), "correlation": np.array(linked)}


def explained_variance(estimates, truths):
    right = with_corrcoef(estimates, truths)
    return {**right, "correlation": np.square(right["correlation"])}


def one_cloud_of_points(estimates, truths):
    e, t = estimates.ravel(), truths.ravel()
    return {
        "correlation": float(np.corrcoef(e, t)[0, 1]),
        "error": float(np.abs(e - t).mean()),
        "bias": float(np.mean(e - t)),
    }


def over_seeds(estimates, truths):
    x = estimates - estimates.mean(1, keepdims=True)
    y = truths - truths.mean(1, keepdims=True)
    with np.errstate(invalid="ignore"):
        linked = (x * y).sum(1) / np.sqrt((x * x).sum(1) * (y * y).sum(1))
    off = estimates - truths
    return {"correlation": linked, "error": np.abs(off).mean(1), "bias": off.mean(1)}


RIGHT = [with_corrcoef, with_standard_scores, in_plain_python, from_moments]
WRONG = {
    "lets errors cancel": [absolute_value_last],
    "squares the errors": [root_mean_square],
    "turns the bias round": [truth_minus_estimate],
    "leaves the means in": [cosine],
    "counts in two ways": [mixed_degrees_of_freedom],
    "compares ranks only": [spearman],
    "squares the correlation": [explained_variance],
    "pools the seeds": [one_cloud_of_points],
    "goes along the wrong axis": [over_seeds],
}
