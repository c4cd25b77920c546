"""Exercise 08-3: how probable it is that a run of one method beats a run of another."""

from __future__ import annotations

import numpy as np

from rlft.course.exercise import Case, Exercise, Misconception

Array = np.ndarray


def improvement_probability(ours: Array, theirs: Array) -> float:
    """The share of pairs of runs in which ours is higher, averaged over places.

    Args:
        ours: (S, K), scores of one method, a column for each place; each place in a unit of its
            own.
        theirs: (S', K), those of the other method at the same places; S' need not be S.

    Returns:
        In [0, 1], ties counting one half.
    """
    return of_pairs(ours, theirs, tie=0.5)


def of_pairs(ours: Array, theirs: Array, tie: float) -> float:
    """Each of our runs at a place beside each of theirs there."""
    above = ours[:, None] > theirs[None]  # (S, S', K)
    alike = ours[:, None] == theirs[None]
    return float((above + tie * alike).mean())


def ties_are_lost(ours, theirs):
    return of_pairs(ours, theirs, tie=0.0)


def ties_are_won(ours, theirs):
    return of_pairs(ours, theirs, tie=1.0)


def ties_are_left_out(ours, theirs):
    won = (ours[:, None] > theirs[None]).sum()
    return won / (ours[:, None] != theirs[None]).sum()


def seed_beside_seed(ours, theirs):
    both = min(len(ours), len(theirs))
    one, other = ours[:both], theirs[:both]
    return ((one > other) + 0.5 * (one == other)).mean()


def share_of_places(ours, theirs):
    return of_pairs(ours.mean(axis=0)[None], theirs.mean(axis=0)[None], tie=0.5)


def places_averaged(ours, theirs):
    return of_pairs(ours.mean(axis=1)[:, None], theirs.mean(axis=1)[:, None], tie=0.5)


def all_places_in_one(ours, theirs):
    return of_pairs(ours.reshape(-1, 1), theirs.reshape(-1, 1), tie=0.5)


def against_their_mean(ours, theirs):
    return of_pairs(ours, theirs.mean(axis=0)[None], tie=0.5)


def turned_round(ours, theirs):
    return of_pairs(theirs, ours, tie=0.5)


def won_minus_lost(ours, theirs):
    return np.sign(ours[:, None] - theirs[None]).mean()


def how_much(ours, theirs):
    return ours.mean() - theirs.mean()


def a_number_for_each_place(ours, theirs):
    columns = zip(ours.T, theirs.T, strict=True)
    return np.array([of_pairs(one[:, None], other[:, None], 0.5) for one, other in columns])


def case(name: str, ours: list, theirs: list) -> Case:
    return Case(name, {"ours": np.array(ours, float), "theirs": np.array(theirs, float)})


EXERCISE = Exercise(
    id="08-3",
    name="improvement_probability",
    title="The probability of improvement",
    reference=improvement_probability,
    cases=(
        case("one place, two runs against three", [[3], [7]], [[1], [5], [6]]),
        case("two runs are alike", [[4], [9], [2]], [[4], [1]]),
        case(
            "two places, each in its own unit",
            [[0.2, 900], [0.6, 100], [0.9, 500]],
            [[0.5, 300], [0.1, 400]],
        ),
        case(
            "three places, more of their runs",
            [[1, -30, 8], [2, -25, 3]],
            [[0, -20, 9], [3, -28, 1], [1, -40, 3], [1.5, -90, 5]],
        ),
        case("as many of both", [[1, 6], [8, 9], [3, 4]], [[2, 5], [9, 1], [4, 7]]),
        case("one of ours is far above", [[1], [1], [100]], [[2], [2], [3]]),
    ),
    misconceptions=(
        Misconception(
            "counts ties as lost",
            ties_are_lost,
            "Compare a method with itself: what should come out, and what does yours say?",
        ),
        Misconception(
            "counts ties as won",
            ties_are_won,
            "Compare a method with itself: is it better than itself?",
        ),
        Misconception(
            "leaves ties out",
            ties_are_left_out,
            "You divide by the pairs that are not alike. Two methods that are alike in all pairs "
            "but one would then be told apart with certainty. What does a tie count?",
        ),
        Misconception(
            "compares seed with seed",
            seed_beside_seed,
            "You compare the first run with the first and so on. The question is about *any* run "
            "of one method and *any* run of the other: how many pairs are there at a place?",
        ),
        Misconception(
            "compares means, place by place",
            share_of_places,
            "Yours is the share of places with the higher mean, and one run that is far above "
            "decides it. What is to be compared are runs.",
        ),
        Misconception(
            "averages each seed over places first",
            places_averaged,
            "Your mean over places adds numbers of different units, and the place with the largest "
            "decides alone. At which moment may places be averaged?",
        ),
        Misconception(
            "compares runs of different places",
            all_places_in_one,
            "A run at an easy place beats one at a hard place, whoever made it. Which pairs say "
            "something of the methods?",
        ),
        Misconception(
            "compares runs with a mean",
            against_their_mean,
            "Your runs are held against the mean of theirs. Does a run of theirs exist that "
            "scores like the mean?",
        ),
        Misconception(
            "turns it round",
            turned_round,
            "Yours is large where theirs is better. Whose improvement was asked for?",
        ),
        Misconception(
            "takes lost pairs off",
            won_minus_lost,
            "Yours lies between -1 and 1, and 0 says that both are alike. What would a probability "
            "say then?",
        ),
        Misconception(
            "says by how much",
            how_much,
            "Yours is a difference of means, in the unit of the score. Asked for was how often one "
            "is above the other, whatever the distance.",
        ),
        Misconception(
            "leaves the places apart",
            a_number_for_each_place,
            "You have a number for each place, and each is right. One is asked for: each place "
            "counts the same.",
        ),
    ),
    hints=(
        "Take the first case on paper: two runs of ours and three of theirs make six pairs. In how "
        "many of them is ours higher?",
        "ours[:, None] has the shape (S, 1, K) and theirs[None] the shape (1, S', K): compared, "
        "they give all pairs of each place at once.",
        "above = ours[:, None] > theirs[None]; alike = ours[:, None] == theirs[None]; the mean of "
        "above + 0.5 * alike.",
    ),
)
