import numpy as np
import torch


def with_numpy(gamma, h, steps):
    weights = gamma ** np.arange(steps)
    return weights[h:].sum() / weights.sum()


def geometric_sums(gamma, h, steps):
    if h >= steps:
        return 0.0
    if gamma == 1:
        return 1 - h / steps
    return gamma**h * (1 - gamma ** (steps - h)) / (1 - gamma**steps)


def one_step_at_a_time(gamma, h, steps):
    weight, mine, whole = 1.0, 0.0, 0.0
    for t in range(steps):
        whole += weight
        if not t < h:
            mine += weight
        weight *= gamma
    return mine / whole


def backwards_like_a_return(gamma, h, steps):
    mine = whole = 0.0
    for t in reversed(range(steps)):
        mine = gamma * mine + (t >= h)
        whole = gamma * whole + 1
    return mine / whole


def with_torch(gamma, h, steps):
    clock = torch.arange(steps, dtype=torch.float64)
    weights = torch.pow(torch.tensor(gamma, dtype=torch.float64), clock)
    return (weights * (clock >= h)).sum() / weights.sum()


def only_the_way_to_the_hand_off(gamma, h, steps):
    return np.prod(np.full(h, gamma))


def share_of_steps(gamma, h, steps):
    return float(np.mean(np.arange(steps) >= h))


def what_the_guide_earns(gamma, h, steps):
    weights = np.power(gamma, np.arange(steps))
    return weights[:h].sum() / weights.sum()


def explorer_from_its_own_start(gamma, h, steps):
    weights = gamma ** np.arange(steps)
    return weights[: max(steps - h, 0)].sum() / weights.sum()


def closed_form(gamma, h, steps):
    whole = (1 - gamma**steps) / (1 - gamma)
    guide = (1 - gamma ** min(h, steps)) / (1 - gamma)
    return 1 - guide / whole


def signed_sum(gamma, h, steps):
    if gamma == 1.0:
        return 1 - h / steps
    whole = (1 - gamma**steps) / (1 - gamma)
    return gamma**h * (1 - gamma ** (steps - h)) / (1 - gamma) / whole


RIGHT = [with_numpy, geometric_sums, one_step_at_a_time, backwards_like_a_return, with_torch]
WRONG = {
    "forgets that the episode ends": [only_the_way_to_the_hand_off],
    "forgets the discount": [share_of_steps],
    "returns the guide's share": [what_the_guide_earns],
    "starts the clock anew at the hand-off": [explorer_from_its_own_start],
    "divides by zero without a discount": [closed_form],
    "hands over after the end": [signed_sum],
}
