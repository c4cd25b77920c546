import math

import numpy as np
import torch


def row_by_row(logged, fresh, from_data, from_run, share):
    seeds, size = from_data.shape
    kept = math.floor(share * size + 0.5)
    batch = torch.zeros(seeds, size, logged.shape[1])
    for s in range(seeds):
        for b in range(size):
            if b < kept:
                batch[s, b] = logged[from_data[s, b]]
            else:
                batch[s, b] = fresh[s, from_run[s, b - kept]]
    return batch


def seed_by_seed(logged, fresh, from_data, from_run, share):
    size = from_run.shape[1]
    kept = round(share * size)
    return torch.stack(
        [
            torch.cat([logged[old[:kept]], rows[new[: size - kept]]])
            for rows, old, new in zip(fresh, from_data, from_run, strict=True)
        ]
    )


def with_gather(logged, fresh, from_data, from_run, share):
    (seeds, size), width = from_data.shape, logged.shape[-1]
    kept = int(np.rint(share * size))
    both = torch.cat([logged.expand(seeds, -1, -1), fresh], dim=1)  # (S, N + M, W)
    index = torch.cat([from_data[:, :kept], from_run[:, : size - kept] + len(logged)], dim=1)
    return both.gather(1, index.unsqueeze(-1).expand(-1, -1, width))


def the_other_way_round(logged, fresh, from_data, from_run, share):
    size = from_data.shape[1]
    new = round(share * size)
    seed = torch.arange(len(fresh))[:, None]
    return torch.cat([logged[from_data[:, : size - new]], fresh[seed, from_run[:, :new]]], 1)


def as_one_buffer(logged, fresh, from_data, from_run, share):
    size = from_data.shape[1]
    rows = logged.shape[0] + fresh.shape[1]
    return seed_by_seed(logged, fresh, from_data, from_run, round(size * len(logged) / rows) / size)


def with_a_coin(logged, fresh, from_data, from_run, share):
    seed = torch.arange(len(fresh))[:, None]
    return logged[from_data] if torch.rand(()) < share else fresh[seed, from_run]


def with_a_threshold(logged, fresh, from_data, from_run, share):
    return row_by_row(logged, fresh, from_data, from_run, 0 if share < 0.5 else 1)


def floored(logged, fresh, from_data, from_run, share):
    size = from_data.shape[1]
    return row_by_row(logged, fresh, from_data, from_run, share * size // 1 / size)


def at_least_the_share(logged, fresh, from_data, from_run, share):
    size = from_data.shape[1]
    kept = next(k for k in range(size + 1) if k >= share * size)
    return row_by_row(logged, fresh, from_data, from_run, kept / size)


def first_seeds_rows(logged, fresh, from_data, from_run, share):
    size = from_data.shape[1]
    kept = round(share * size)
    return torch.cat([logged[from_data[:, :kept]], fresh[0][from_run[:, : size - kept]]], 1)


def logged_on_top(logged, fresh, from_data, from_run, share):
    old = logged[from_data[:, : round(share * from_data.shape[1])]]
    new = torch.stack([rows[index] for rows, index in zip(fresh, from_run, strict=True)])
    return torch.cat([old, new], 1)


RIGHT = [row_by_row, seed_by_seed, with_gather]
WRONG = {
    "takes the share for that of the fresh rows": [the_other_way_round],
    "draws in proportion to the rows there are": [as_one_buffer],
    "decides for the whole batch at once": [with_a_coin, with_a_threshold],
    "rounds down": [floored],
    "rounds up": [at_least_the_share],
    "gives every seed the first seed's rows": [first_seeds_rows],
    "adds logged rows to a full batch": [logged_on_top],
}
