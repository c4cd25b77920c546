import numpy as np
import torch


def with_a_loop(timesteps, horizon):
    turns = torch.zeros_like(timesteps, dtype=torch.bool)
    for s, h in enumerate(horizon.tolist()):
        for b, t in enumerate(timesteps[s].tolist()):
            turns[s, b] = t in range(h)
    return turns


def with_where(timesteps, horizon):
    left = horizon.reshape(-1, 1) - timesteps
    return torch.where(left > 0, torch.ones_like(left), torch.zeros_like(left)).bool()


def row_by_row(timesteps, horizon):
    return torch.stack([row <= h - 1 for row, h in zip(timesteps, horizon, strict=True)])


def with_numpy(timesteps, horizon):
    return torch.from_numpy(np.less(timesteps.numpy().T, horizon.numpy()).T)


def not_beyond(timesteps, horizon):
    return ~(timesteps > horizon.unsqueeze(1))


def whole_steps_before(timesteps, horizon):
    return torch.stack([row < h - 1 for row, h in zip(timesteps, horizon, strict=True)])


def the_rest(timesteps, horizon):
    return torch.ge(timesteps.T, horizon).T


def longest_for_all(timesteps, horizon):
    return timesteps < horizon.max()


def of_seed_0(timesteps, horizon):
    return timesteps < horizon[0].item()


def h_as_a_row(timesteps, horizon):
    return torch.lt(timesteps, horizon.unsqueeze(0))


def first_columns(timesteps, horizon):
    turns = torch.zeros_like(timesteps, dtype=torch.bool)
    for s, h in enumerate(horizon.tolist()):
        turns[s, :h] = True
    return turns


def whole_numbers(timesteps, horizon):
    left = horizon.unsqueeze(1) - timesteps
    return torch.where(left > 0, torch.ones_like(left), torch.zeros_like(left))


def multiplied(timesteps, horizon):
    return 1.0 * torch.gt(horizon.unsqueeze(1), timesteps)


RIGHT = [with_a_loop, with_where, row_by_row, with_numpy]
WRONG = {
    "lets the guide walk one step more": [not_beyond],
    "counts the steps from 1": [whole_steps_before],
    "lets the explorer go first": [the_rest],
    "uses one h for all seeds": [of_seed_0, longest_for_all],
    "gives an h to each column": [h_as_a_row],
    "takes the place in the batch for the step": [first_columns],
    "returns ones and zeros": [whole_numbers, multiplied],
}
