"""Exercise 06-1: epsilon-greedy acting where actions fill a box."""

from __future__ import annotations

import torch
from torch import Tensor

from rlft.course.exercise import Case, Exercise, Misconception

OWN = torch.tensor([[0.75, -0.25], [0.5, -0.75]])  # (S=2, A=2)
DRAWS = torch.tensor([[0.25, 0.75], [0.875, 0.5]])
MAZE = torch.tensor([[-1.0, -1.0], [1.0, 1.0]])  # a box is low and high, (2, A)


def case(
    name: str,
    epsilon: float,
    coins: list[float],
    own: Tensor = OWN,
    draws: Tensor = DRAWS,
    box: Tensor = MAZE,
) -> Case:
    return Case(
        name,
        {
            "own": own,
            "epsilon": epsilon,
            "coins": torch.tensor(coins),
            "draws": draws,
            "low": box[0],
            "high": box[1],
        },
    )


def reference(
    own: Tensor, epsilon: float, coins: Tensor, draws: Tensor, low: Tensor, high: Tensor
) -> Tensor:
    """For each seed: uniform in the box with probability epsilon, else the policy's own action.

    Args:
        own: the policy's actions, (S, A), inside the box.
        epsilon: in [0, 1].
        coins: (S,), uniform in [0, 1).
        draws: (S, A), uniform in [0, 1).
        low: the box's lower edge, (A,).
        high: its upper edge, (A,).

    Returns:
        (S, A), inside the box.
    """
    anywhere = low + draws * (high - low)  # (S, A)
    return torch.where((coins < epsilon).unsqueeze(-1), anywhere, own)


def coin_turned_around(own, epsilon, coins, draws, low, high):
    return torch.where((coins > epsilon).unsqueeze(-1), low + draws * (high - low), own)


def one_coin_for_all_seeds(own, epsilon, coins, draws, low, high):
    return low + draws * (high - low) if coins[0] < epsilon else own


def one_coin_per_dimension(own, epsilon, coins, draws, low, high):
    return torch.where(coins < epsilon, low + draws * (high - low), own)


def draws_as_coins(own, epsilon, coins, draws, low, high):
    return torch.where(draws < epsilon, low + draws * (high - low), own)


def always_minus_one_to_one(own, epsilon, coins, draws, low, high):
    return torch.where((coins < epsilon).unsqueeze(-1), 2 * draws - 1, own)


def always_zero_to_one(own, epsilon, coins, draws, low, high):
    return torch.where((coins < epsilon).unsqueeze(-1), draws, own)


def adds_noise(own, epsilon, coins, draws, low, high):
    noisy = own + low + draws * (high - low)
    return torch.where((coins < epsilon).unsqueeze(-1), noisy.clamp(low, high), own)


def equal_counts_too(own, epsilon, coins, draws, low, high):
    return torch.where((coins <= epsilon).unsqueeze(-1), low + draws * (high - low), own)


EXERCISE = Exercise(
    id="06-1",
    name="epsilon_greedy",
    title="Epsilon-greedy in a box",
    reference=reference,
    cases=(
        case("one coin of two is below epsilon", 0.5, [0.25, 0.75]),
        case("no coin is below epsilon", 0.1, [0.25, 0.75]),
        case(
            "a box that is not centred, each dimension with edges of its own",
            0.5,
            [0.75, 0.25],
            own=torch.tensor([[1.0, -1.0], [3.0, -0.5]]),
            box=torch.tensor([[0.0, -2.0], [4.0, 0.0]]),
        ),
        case("epsilon is 0, and a coin fell on 0", 0.0, [0.0, 0.5]),
        case("epsilon is 1", 1.0, [0.0, 0.75]),
        case(
            "three seeds, one dimension",
            0.5,
            [0.25, 0.75, 0.0],
            own=torch.tensor([[0.5], [1.5], [-1.5]]),
            draws=torch.tensor([[0.75], [0.0], [0.5]]),
            box=torch.tensor([[-2.0], [2.0]]),
        ),
    ),
    misconceptions=(
        Misconception(
            "turns the coin around",
            coin_turned_around,
            "With epsilon = 0.1, what share of your actions is random, and what share should be?",
        ),
        Misconception(
            "tosses one coin for all seeds",
            one_coin_for_all_seeds,
            "The seeds are independent runs. In yours, all act at random at once or none does: "
            "which coins have you not looked at?",
        ),
        Misconception(
            "decides for each dimension of the action",
            one_coin_per_dimension,
            "Some of your actions are half the policy's and half random. A coin belongs to a whole "
            "action: which axis of `own` does it go with?",
        ),
        Misconception(
            "takes the draws for coins",
            draws_as_coins,
            "In your answer one number decides whether an action is random, and which one it is. "
            "Where in the box do all your random actions lie then? And what are `coins` for?",
        ),
        Misconception(
            "acts in [-1, 1] whatever the box",
            always_minus_one_to_one,
            "Your random actions fill [-1, 1]. Not every box has these edges: what are `low` and "
            "`high` for?",
        ),
        Misconception(
            "acts in [0, 1] whatever the box",
            always_zero_to_one,
            "A draw in [0, 1) is not an action yet. Where in the box should the draw 0 lie, and "
            "where a draw close to 1?",
        ),
        Misconception(
            "adds noise instead of a new action",
            adds_noise,
            "Your random action still depends on what the policy wanted. Can it reach every place "
            "in the box, and each with the same chance?",
        ),
        Misconception(
            "counts a coin that equals epsilon",
            equal_counts_too,
            "A coin can be 0, and with epsilon = 0 nothing may be random. Does yours keep to that?",
        ),
    ),
    hints=(
        "Answer two questions, one by one: what is the random action, and which seeds take it?",
        "A draw of 0 belongs on `low` and a draw of 1 on `high`; what lies between is a straight "
        "line. A seed acts at random if its own coin is below epsilon. `torch.where` then chooses.",
        "The random action is low + draws * (high - low). The choice, coins < epsilon, is (S,); "
        "`.unsqueeze(-1)` makes it (S, 1), one decision for each action of (S, A).",
    ),
)
