import numpy as np


def area(steps, returns):
    """Mean over steps, one seed after the other."""
    widths = np.diff(steps)
    middles = (returns[:, 1:] + returns[:, :-1]) / 2
    return (middles * widths).sum(axis=1) / widths.sum()


def with_trapezoid(steps, returns, best):
    drop = np.maximum(returns[:, 0] - returns[:, 1:].min(axis=1), 0)
    mean = np.trapezoid(returns, steps, axis=1) / (steps[-1] - steps[0])
    return drop, best - mean


def with_the_start_in_the_minimum(steps, returns, best):
    shares = np.diff(steps) / np.ptp(steps)
    shortfall = (best - returns[:, 1:]) @ shares / 2 + (best - returns[:, :-1]) @ shares / 2
    return returns[:, 0] - returns.min(axis=1), shortfall


def with_loops(steps, returns, best):
    drops, regrets = [], []
    for curve in returns:
        total = 0.0
        for p in range(len(steps) - 1):
            total += (best - (curve[p] + curve[p + 1]) / 2) * (steps[p + 1] - steps[p])
        drops.append(max(0.0, max(curve[0] - later for later in curve[1:])))
        regrets.append(total / (steps[-1] - steps[0]))
    return np.array(drops), np.array(regrets)


def with_interpolation(steps, returns, best):
    fine = np.arange(steps[0], steps[-1]) + 0.5  # the middle of every step
    mean = np.stack([np.interp(fine, steps, row).mean() for row in returns])
    return (returns[:, :1] - returns).max(axis=1), best - mean


def all_points_alike(steps, returns, best):
    return with_loops(steps, returns, best)[0], np.mean(best - returns, axis=1)


def middles_alike(steps, returns, best):
    middles = (returns[:, 1:] + returns[:, :-1]) / 2
    return with_loops(steps, returns, best)[0], (best - middles).mean(axis=1)


def left_sums(steps, returns, best):
    held = ((best - returns[:, :-1]) * np.diff(steps)).sum(axis=1)
    return with_loops(steps, returns, best)[0], held / np.ptp(steps)


def whole_area(steps, returns, best):
    return with_loops(steps, returns, best)[0], (best - area(steps, returns)) * np.ptp(steps)


def as_if_from_zero(steps, returns, best):
    mean = area(steps, returns) * np.ptp(steps) / max(steps)
    return with_loops(steps, returns, best)[0], best - mean


def above_the_best(steps, returns, best):
    return with_loops(steps, returns, best)[0], area(steps, returns - best)


def only_shortfalls_count(steps, returns, best):
    return with_loops(steps, returns, best)[0], area(steps, np.clip(best - returns, 0, None))


def against_the_start(steps, returns, best):
    return with_loops(steps, returns, best)[0], area(steps, returns[:, :1] - returns)


def start_minus_lowest(steps, returns, best):
    return (returns[:, :1] - returns[:, 1:]).max(axis=1), best - area(steps, returns)


def peak_to_valley(steps, returns, best):
    return returns.max(axis=1) - returns.min(axis=1), best - area(steps, returns)


def start_to_end(steps, returns, best):
    return (returns[:, 0] - returns[:, -1]).clip(min=0), best - area(steps, returns)


def one_curve(steps, returns, best):
    mean = returns.mean(axis=0)
    return max(mean[0] - mean[1:].min(), 0), best - np.trapezoid(mean, steps) / np.ptp(steps)


RIGHT = [with_trapezoid, with_the_start_in_the_minimum, with_loops, with_interpolation]
WRONG = {
    "averages over points and not over steps": [all_points_alike],
    "overlooks how far apart the evaluations are": [middles_alike],
    "holds each return until the next evaluation": [left_sums],
    "sums and does not average": [whole_area],
    "divides by the last step": [as_if_from_zero],
    "turns the regret round": [above_the_best],
    "lets no regret be negative": [only_shortfalls_count],
    "measures the regret from the start": [against_the_start],
    "lets a drop be negative": [start_minus_lowest],
    "measures the drop from the highest point": [peak_to_valley],
    "measures the drop at the end only": [start_to_end],
    "averages the seeds first": [one_curve],
}
