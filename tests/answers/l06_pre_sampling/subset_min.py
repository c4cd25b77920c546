import numpy as np
import torch


def with_a_loop(q, members):
    return torch.stack([q[s, members[s]].min(dim=0).values for s in range(len(q))])


def with_a_mask(q, members):
    drawn = torch.zeros(q.shape[:2], dtype=torch.bool)
    for s, row in enumerate(members.tolist()):
        drawn[s, row] = True
    return q.masked_fill(~drawn[:, :, None], float("inf")).amin(dim=1)


def with_paired_indices(q, members):
    seeds = torch.arange(q.shape[0])[:, None]
    return q[seeds, members].amin(1)


def with_numpy(q, members):
    picked = np.take_along_axis(q.numpy(), members.numpy()[:, :, None], axis=1)
    return torch.from_numpy(picked.min(axis=1))


def number_by_number(q, members):
    lowest = torch.empty(q.shape[0], q.shape[2])
    for s in range(q.shape[0]):
        for b in range(q.shape[2]):
            lowest[s, b] = min(q[s, m, b].item() for m in members[s].tolist())
    return lowest


def negated_max(q, members):
    return -torch.take_along_dim(-q, members.unsqueeze(2), 1).max(1).values


def sorts_all(q, members):
    return q.sort(dim=1).values[:, 0]


def average(q, members):
    picked = torch.take_along_dim(q, members.unsqueeze(2), 1)
    return picked.sum(1) / members.shape[1]


def last_axis(q, members):
    return torch.stack([q[s, members[s]].min(dim=-1).values for s in range(len(q))])


def first_row(q, members):
    lowest = q[:, members[0, 0]]
    for m in members[0, 1:]:
        lowest = torch.minimum(lowest, q[:, m])
    return lowest


def fancy_index(q, members):
    return torch.stack([row[members] for row in q]).min(dim=2).values


def each_draw_asks_all(q, members):
    return torch.stack([q[:, row] for row in members], dim=1).min(dim=1).values


def first_entry_only(q, members):
    return q[:, :, 0].gather(1, members).min(dim=1, keepdim=True).values


def counts_only(q, members):
    first = torch.arange(members.shape[1])
    return q.index_select(1, first).min(dim=1).values


def leaves_zeros(q, members):
    said = torch.zeros_like(q)
    for s in range(len(q)):
        said[s, members[s]] = q[s, members[s]]
    return said.min(dim=1).values


RIGHT = [
    with_a_loop,
    with_a_mask,
    with_paired_indices,
    with_numpy,
    number_by_number,
    negated_max,
]
WRONG = {
    "takes the minimum over all critics": [sorts_all],
    "averages the drawn critics": [average],
    "takes the minimum over the batch": [last_axis],
    "asks the same critics in every seed": [first_row],
    "pairs every seed with every seed's draw": [fancy_index],
    "pairs every seed with every seed's draw, and compares the seeds": [each_draw_asks_all],
    "looks at one transition of the batch": [first_entry_only],
    "asks the first critics, whatever was drawn": [counts_only],
    "hides the other critics behind a 0": [leaves_zeros],
}
