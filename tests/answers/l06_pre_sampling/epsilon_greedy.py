import numpy as np
import torch


def with_a_loop(own, epsilon, coins, draws, low, high):
    actions = own.clone()
    for s in range(len(own)):
        if coins[s].item() < epsilon:
            for a in range(own.shape[1]):
                actions[s, a] = low[a] + draws[s, a] * (high[a] - low[a])
    return actions


def with_a_mask_of_numbers(own, epsilon, coins, draws, low, high):
    random = (coins < epsilon).float()[:, None]
    return random * torch.lerp(low.expand_as(own), high.expand_as(own), draws) + (1 - random) * own


def with_indices(own, epsilon, coins, draws, low, high):
    rows = (coins < epsilon).nonzero().squeeze(1)
    there = (1 - draws[rows]) * low + draws[rows] * high
    return own.index_copy(0, rows, there)


def with_numpy(own, epsilon, coins, draws, low, high):
    middle, reach = (low + high) / 2, (high - low) / 2
    anywhere = (middle + (2 * draws - 1) * reach).numpy()
    keeps = coins.numpy()[:, np.newaxis] >= epsilon
    return torch.from_numpy(np.where(keeps, own.numpy(), anywhere))


def epsilon_keeps(own, epsilon, coins, draws, low, high):
    keeps = (coins <= epsilon).float()[:, None]
    return keeps * own + (1 - keeps) * (low + draws * (high - low))


def swapped(own, epsilon, coins, draws, low, high):
    return torch.where((coins < epsilon)[:, None], own, low + draws * (high - low))


def first_coin(own, epsilon, coins, draws, low, high):
    random = (coins[:1] < epsilon).expand(len(own)).unsqueeze(1)
    return torch.where(random, (1 - draws) * low + draws * high, own)


def any_coin(own, epsilon, coins, draws, low, high):
    return low + draws * (high - low) if (coins < epsilon).any() else own


def coins_along_the_last_axis(own, epsilon, coins, draws, low, high):
    random = (coins < epsilon).to(own.dtype)
    return own + random * (low + draws * (high - low) - own)


def each_dimension_by_itself(own, epsilon, coins, draws, low, high):
    columns = [
        torch.where(
            coins[a % len(coins)] < epsilon, low[a] + draws[:, a] * (high - low)[a], own[:, a]
        )
        for a in range(own.shape[1])
    ]
    return torch.stack(columns, dim=1)


def one_number_for_both(own, epsilon, coins, draws, low, high):
    keeps = (draws >= epsilon).to(own.dtype)
    return keeps * own + (1 - keeps) * torch.lerp(low.expand_as(own), high.expand_as(own), draws)


def the_mazes_box(own, epsilon, coins, draws, low, high):
    actions = own.clone()
    for s in range(len(own)):
        if coins[s] < epsilon:
            actions[s] = -1 + draws[s] * 2
    return actions


def plain_draws(own, epsilon, coins, draws, low, high):
    random = (coins < epsilon).float()[:, None]
    return random * draws + (1 - random) * own


def noise_on_top(own, epsilon, coins, draws, low, high):
    noise = torch.lerp(low.expand_as(own), high.expand_as(own), draws)
    noise = noise * (coins < epsilon).float()[:, None]
    return torch.minimum(torch.maximum(own + noise, low), high)


def below_or_equal(own, epsilon, coins, draws, low, high):
    keeps = coins[:, None] > epsilon
    return torch.where(keeps, own, (1 - draws) * low + draws * high)


RIGHT = [with_a_loop, with_a_mask_of_numbers, with_indices, with_numpy]
WRONG = {
    "turns the coin around": [epsilon_keeps, swapped],
    "tosses one coin for all seeds": [first_coin, any_coin],
    "decides for each dimension of the action": [
        coins_along_the_last_axis,
        each_dimension_by_itself,
    ],
    "takes the draws for coins": [one_number_for_both],
    "acts in [-1, 1] whatever the box": [the_mazes_box],
    "acts in [0, 1] whatever the box": [plain_draws],
    "adds noise instead of a new action": [noise_on_top],
    "counts a coin that equals epsilon": [below_or_equal],
}
