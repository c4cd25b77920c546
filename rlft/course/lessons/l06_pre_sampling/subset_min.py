"""Exercise 06-2: the minimum over a few critics that were drawn from the ensemble."""

from __future__ import annotations

import torch
from torch import Tensor

from rlft.course.exercise import Case, Exercise, Misconception

FOUR = torch.tensor([[[5.0, 4.0], [3.0, 6.0], [1.0, 0.5], [2.0, 8.0]]])  # (S=1, E=4, B=2)
MAZE = torch.tensor(  # (S=2, E=3, B=2), costs as in the maze
    [
        [[-10.0, -14.0], [-12.0, -11.0], [-16.0, -9.0]],
        [[-20.0, -21.0], [-25.0, -18.0], [-22.0, -28.0]],
    ]
)


def case(name: str, q: Tensor, members: list[list[int]]) -> Case:
    return Case(name, {"q": q, "members": torch.tensor(members)})


def reference(q: Tensor, members: Tensor) -> Tensor:
    """The lowest value of the critics that were drawn, for each seed and each batch entry.

    Args:
        q: what every critic says, (S, E, B).
        members: (S, M) int64, the critics drawn for each seed, 0 to E - 1; one may come twice.

    Returns:
        (S, B).
    """
    rows = members.unsqueeze(-1).expand(-1, -1, q.shape[2])  # (S, M, B)
    return q.gather(1, rows).amin(1)


def min_over_all(q, members):
    return q.amin(1)


def mean_of_the_drawn(q, members):
    rows = members.unsqueeze(-1).expand(-1, -1, q.shape[2])
    return q.gather(1, rows).mean(1)


def min_over_the_batch(q, members):
    rows = members.unsqueeze(-1).expand(-1, -1, q.shape[2])
    return q.gather(1, rows).amin(2)


def one_subset_for_all_seeds(q, members):
    return q[:, members[0]].amin(1)


def every_seed_with_every_subset(q, members):
    return q[:, members].amin(2)


def lowest_over_all_draws(q, members):
    return q[:, members].amin(1)


def asks_for_one_transition(q, members):
    return q.gather(1, members[..., None]).amin(1)


def the_first_ones(q, members):
    return q[:, : members.shape[1]].amin(1)


def zeros_for_the_others(q, members):
    drawn = torch.zeros(q.shape[:2]).scatter(1, members, 1.0)
    return (q * drawn.unsqueeze(-1)).amin(1)


EXERCISE = Exercise(
    id="06-2",
    name="subset_min",
    title="The minimum of a few critics",
    reference=reference,
    cases=(
        case("one seed, two critics of four", FOUR, [[1, 3]]),
        case("two seeds, each with a draw of its own", MAZE, [[0, 1], [2, 0]]),
        case("a critic that was drawn twice", MAZE, [[2, 2], [1, 0]]),
        case("one critic is drawn", MAZE, [[1], [2]]),
        case("three are drawn, and the batch has one entry", FOUR[:, :, :1], [[3, 0, 1]]),
    ),
    misconceptions=(
        Misconception(
            "takes the minimum over all critics",
            min_over_all,
            "With ten critics, the lowest of all is far too low. Which argument says who is asked?",
        ),
        Misconception(
            "averages the drawn critics",
            mean_of_the_drawn,
            "A mean of noisy critics does not guard against the one that is too high. What did SAC "
            "do with its two critics?",
        ),
        Misconception(
            "takes the minimum over the batch",
            min_over_the_batch,
            "You compare different transitions with each other. Name the axes after you have "
            "picked the critics: which of them holds several opinions on the same transition?",
        ),
        Misconception(
            "asks the same critics in every seed",
            one_subset_for_all_seeds,
            "The seeds are independent runs, and each has drawn critics of its own: what is in the "
            "second row of `members`?",
        ),
        Misconception(
            "pairs every seed with every seed's draw",
            every_seed_with_every_subset,
            "Your answer has an axis too many. Indexing with a whole (S, M) tensor takes all rows "
            "of `members` for each seed. How can seed s use row s only?",
        ),
        Misconception(
            "pairs every seed with every seed's draw, and compares the seeds",
            lowest_over_all_draws,
            "You take the minimum along axis 1 of what indexing gave you. Print its shape: it has "
            "four axes, because `members` puts two in the place of one. What does axis 1 count?",
        ),
        Misconception(
            "looks at one transition of the batch",
            asks_for_one_transition,
            "`gather` returns as many numbers as its index holds, and yours holds one for each "
            "drawn critic. Which transition do they belong to, and where are the others?",
        ),
        Misconception(
            "asks the first critics, whatever was drawn",
            the_first_ones,
            "You ask the right number of critics, but always the same ones. `members` holds their "
            "numbers, not only how many they are.",
        ),
        Misconception(
            "hides the other critics behind a 0",
            zeros_for_the_others,
            "A critic that was not drawn says 0 in your answer, and 0 can be the lowest value. "
            "Which number could never win a minimum?",
        ),
    ),
    hints=(
        "Take one seed and one transition: who is asked, and what do they say? Then do the same "
        "for all at once.",
        "First pick the critics of each seed, (S, E, B) to (S, M, B), then reduce the axis of the "
        "critics. For the first step look at `Tensor.gather`, or go through the seeds in a loop.",
        "With a loop: `q[s, members[s]]` is (M, B), its `amin(0)` is (B,), and `torch.stack` puts "
        "the seeds together. Without one: `q.gather(1, ...)` with `members` expanded to (S, M, B).",
    ),
)
