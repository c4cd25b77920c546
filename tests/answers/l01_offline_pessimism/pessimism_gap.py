import numpy as np


def with_columns(q, truth, distance, rare):
    out = np.flatnonzero(distance > rare)
    inside = np.flatnonzero(distance <= rare)
    error = np.subtract(q, truth)
    return np.mean(error[:, inside], axis=1), np.mean(error[:, out], axis=1)


def with_weights(q, truth, distance, rare):
    error, out = q - truth, (distance > rare).astype(float)
    return error @ (1 - out) / (1 - out).sum(), error @ out / out.sum()


def with_nan(q, truth, distance, rare):
    error, out = q - truth, (distance > rare)[None]
    inside = np.nanmean(np.where(out, np.nan, error), axis=1)
    return inside, np.nanmean(np.where(out, error, np.nan), axis=1)


def with_loops(q, truth, distance, rare):
    gaps = ([], [])
    for believed, true in zip(q, truth, strict=True):
        groups = ([], [])
        for b, t, d in zip(believed, true, distance, strict=True):
            groups[int(d > rare)].append(b - t)
        for gap, group in zip(gaps, groups, strict=True):
            gap.append(sum(group) / len(group))
    return np.array(gaps[0]), np.array(gaps[1])


def how_much_is_missing(q, truth, distance, rare):
    inside, outside = with_weights(q, truth, distance, rare)
    return -inside, -outside


def mean_absolute_error(q, truth, distance, rare):
    error, out = np.sqrt((q - truth) ** 2.0), distance > rare
    return error[:, ~out].mean(1), error[:, out].mean(1)


def how_low_is_q(q, truth, distance, rare):
    out = distance > rare
    return q[:, ~out].mean(1), q[:, out].mean(1)


def zeros_count(q, truth, distance, rare):
    out = (distance > rare)[None]
    inside = np.where(out, 0, q - truth).sum(1) / len(distance)
    return inside, np.where(out, q - truth, 0).sum(1) / len(distance)


def strictly_inside(q, truth, distance, rare):
    inside = distance < rare
    return (q - truth)[:, inside].mean(1), (q - truth)[:, ~inside].mean(1)


def near_is_out(q, truth, distance, rare):
    out = distance <= rare
    return tuple((q - truth)[:, chosen].mean(1) for chosen in (~out, out))


def one_number_each(q, truth, distance, rare):
    inside, outside = with_columns(q, truth, distance, rare)
    return float(inside.mean()), float(outside.mean())


RIGHT = [with_columns, with_weights, with_nan, with_loops]
WRONG = {
    "takes truth minus Q": [how_much_is_missing],
    "loses the sign": [mean_absolute_error],
    "leaves out the truth": [how_low_is_q],
    "divides by all pairs": [zeros_count],
    "puts the limit itself out of support": [strictly_inside],
    "exchanges the two means": [near_is_out],
    "averages over the seeds": [one_number_each],
}
