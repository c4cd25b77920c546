"""Exercise 07-3: a minibatch with a fixed share of logged rows, the retention called "mix"."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from rlft.course.exercise import Case, Exercise, Misconception

LOGGED = torch.tensor([[1.0, -1.0], [2.0, -2.0], [3.0, -3.0]])  # (N=3, W=2)
FRESH = torch.tensor(
    [[[10.0, -10.0], [11.0, -11.0]], [[20.0, -20.0], [21.0, -21.0]]]
)  # (S=2, M=2, W=2)
FROM_DATA = torch.tensor([[0, 1, 2, 0], [2, 1, 0, 2]])  # (S=2, B=4)
FROM_RUN = torch.tensor([[0, 1, 1, 0], [1, 0, 0, 1]])


def case(name: str, share: float) -> Case:
    drawn = {"from_data": FROM_DATA, "from_run": FROM_RUN}
    return Case(name, {"logged": LOGGED, "fresh": FRESH, **drawn, "share": share})


def mixed_batch(
    logged: Tensor, fresh: Tensor, from_data: Tensor, from_run: Tensor, share: float
) -> Tensor:
    """A minibatch of which the nearest whole number to share * B are logged rows.

    Args:
        logged: (N, W), the rows of the data, which all seeds share.
        fresh: (S, M, W), the rows of the run, each seed its own.
        from_data: (S, B), drawn row numbers of the data, of which the first ones are used.
        from_run: (S, B), drawn row numbers of the run, of which the first ones are used.
        share: of logged rows, in [0, 1].

    Returns:
        (S, B, W), the logged rows first.
    """
    batch_size = from_data.shape[1]
    return joined(logged, fresh, from_data, from_run, round(share * batch_size))


def joined(logged, fresh, from_data, from_run, kept):
    seeds, batch_size = from_data.shape
    seed = torch.arange(seeds).unsqueeze(1)  # (S, 1)
    return torch.cat(
        [logged[from_data[:, :kept]], fresh[seed, from_run[:, : batch_size - kept]]], dim=1
    )


def share_of_fresh_rows(logged, fresh, from_data, from_run, share):
    return mixed_batch(logged, fresh, from_data, from_run, 1 - share)


def in_proportion(logged, fresh, from_data, from_run, share):
    of_all = len(logged) / (len(logged) + fresh.shape[1])
    return mixed_batch(logged, fresh, from_data, from_run, of_all)


def all_or_nothing(logged, fresh, from_data, from_run, share):
    return mixed_batch(logged, fresh, from_data, from_run, float(share >= 0.5))


def rounds_down(logged, fresh, from_data, from_run, share):
    return joined(logged, fresh, from_data, from_run, int(share * from_data.shape[1]))


def rounds_up(logged, fresh, from_data, from_run, share):
    return joined(logged, fresh, from_data, from_run, math.ceil(share * from_data.shape[1]))


def rows_of_the_first_seed(logged, fresh, from_data, from_run, share):
    return mixed_batch(logged, fresh[:1].expand_as(fresh), from_data, from_run, share)


def grows(logged, fresh, from_data, from_run, share):
    kept = round(share * from_data.shape[1])
    full = mixed_batch(logged, fresh, from_data, from_run, 0.0)
    return torch.cat([logged[from_data[:, :kept]], full], dim=1)


EXERCISE = Exercise(
    id="07-3",
    name="mixed_batch",
    title="Replay with a ratio",
    reference=mixed_batch,
    cases=(
        case("half and half", 0.5),
        case("a quarter is logged", 0.25),
        case("no logged rows", 0.0),
        case("logged rows alone", 1.0),
        case("1.2 logged rows", 0.3),
        case("1.6 logged rows", 0.4),
    ),
    misconceptions=(
        Misconception(
            "takes the share for that of the fresh rows",
            share_of_fresh_rows,
            "Your batch has as many fresh rows as it should have logged ones. Of which rows is "
            "`share` the share?",
        ),
        Misconception(
            "draws in proportion to the rows there are",
            in_proportion,
            "Your batch does not depend on `share`, but on how many rows each side has. That is "
            "another retention: which one?",
        ),
        Misconception(
            "decides for the whole batch at once",
            all_or_nothing,
            "All rows of your batch come from one side. That may be right on average over many "
            "batches; what does a single update see then?",
        ),
        Misconception(
            "rounds down",
            rounds_down,
            "You cut off what lies behind the point. Which whole number is nearest to 1.6, and "
            "what does `int` make of it?",
        ),
        Misconception(
            "rounds up",
            rounds_up,
            "You go on to the next whole number, however little lies behind the point. How far is "
            "1.2 from 1, and how far from 2?",
        ),
        Misconception(
            "gives every seed the first seed's rows",
            rows_of_the_first_seed,
            "All seeds learn from the run of the first one here. Whose rows belong to the second "
            "seed, and along which dimension of `fresh` do they lie?",
        ),
        Misconception(
            "adds logged rows to a full batch",
            grows,
            "Your batch has more than B rows. If some of the B are logged, how many are left for "
            "the run?",
        ),
    ),
    hints=(
        "First the numbers, on paper: B = 4 and a share of 0.25. How many rows are logged, and how "
        "many fresh?",
        "`logged[numbers]` works as it is, since all seeds share the data. `fresh` needs two "
        "numbers for each row: the seed's, and the row's.",
        "kept = round(share * B). Join logged[from_data[:, :kept]] and fresh[torch.arange(S)[:, "
        "None], from_run[:, : B - kept]] with torch.cat along dimension 1.",
    ),
)
