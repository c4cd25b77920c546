"""Exercise 01-1: the Bellman target, which bootstraps unless the task ended."""

from __future__ import annotations

import torch
from torch import Tensor

from rlft.algorithms import sac
from rlft.course.exercise import Case, Exercise, Misconception

REWARDS = torch.tensor([[-1.0, -1.0, 0.0]])  # (S=1, B=3)
VALUES = torch.tensor([[-10.0, -4.0, -6.0]])
NOBODY = torch.zeros(1, 3)


def case(name: str, terminations: Tensor, truncations: Tensor, gamma: float = 0.98) -> Case:
    return Case(
        name,
        {
            "rewards": REWARDS,
            "terminations": terminations,
            "truncations": truncations,
            "next_values": VALUES,
            "gamma": gamma,
        },
    )


def td_target(
    rewards: Tensor, terminations: Tensor, truncations: Tensor, next_values: Tensor, gamma: float
) -> Tensor:
    """Bellman target r + gamma (1 - terminated) V(s'). Truncated episodes bootstrap.

    Args:
        rewards: (S, B).
        terminations: (S, B), 1 where the task ended, 0 elsewhere.
        truncations: (S, B), 1 where the clock ran out, 0 elsewhere.
        next_values: (S, B), the value of the next state.
        gamma: discount in [0, 1).

    Returns:
        (S, B).
    """
    return sac.td_target(rewards, terminations, next_values, gamma)


def never_ends(rewards, terminations, truncations, next_values, gamma):
    return rewards + gamma * next_values


def truncation_ends(rewards, terminations, truncations, next_values, gamma):
    return rewards + gamma * (1 - torch.maximum(terminations, truncations)) * next_values


def only_truncation_ends(rewards, terminations, truncations, next_values, gamma):
    return rewards + gamma * (1 - truncations) * next_values


def flag_upside_down(rewards, terminations, truncations, next_values, gamma):
    return rewards + gamma * terminations * next_values


def loses_the_last_reward(rewards, terminations, truncations, next_values, gamma):
    return (1 - terminations) * (rewards + gamma * next_values)


def no_discount(rewards, terminations, truncations, next_values, gamma):
    return rewards + (1 - terminations) * next_values


EXERCISE = Exercise(
    id="01-1",
    name="td_target",
    title="The Bellman target",
    reference=td_target,
    cases=(
        case("no episode ends", NOBODY, NOBODY),
        case("one episode terminates", torch.tensor([[0.0, 1.0, 0.0]]), NOBODY),
        case("one episode is truncated", NOBODY, torch.tensor([[1.0, 0.0, 0.0]])),
        case("one of each", torch.tensor([[0.0, 1.0, 0.0]]), torch.tensor([[0.0, 0.0, 1.0]])),
        case("another discount", torch.tensor([[1.0, 0.0, 0.0]]), NOBODY, gamma=0.5),
    ),
    misconceptions=(
        Misconception(
            "forgets that episodes terminate",
            never_ends,
            "What is the value of a state from which nothing more can be earned? At least one of "
            "your targets still counts a future after the end.",
        ),
        Misconception(
            "treats truncation as termination",
            truncation_ends,
            "The clock ran out, but the task did not end. Would the agent have gone on earning "
            "there?",
        ),
        Misconception(
            "mixes up the two ends",
            only_truncation_ends,
            "You stop at the time limit and go on after the goal. Which of the two ends the task?",
        ),
        Misconception(
            "reads the flag upside down",
            flag_upside_down,
            "Your targets have a future only where the episode is over. What does a flag of 1 say, "
            "and what does your factor need to be there?",
        ),
        Misconception(
            "loses the last reward",
            loses_the_last_reward,
            "The step that ends an episode is a step, and its reward was earned. Which term should "
            "the end switch off?",
        ),
        Misconception(
            "forgets the discount",
            no_discount,
            "One more step lies between now and the next value: what does gamma do to it?",
        ),
    ),
    hints=(
        "Write the target for one transition on paper first: what is earned now, and what is the "
        "rest worth?",
        "Two kinds of end come in. Ask of each: does the agent stop earning there? Only one of "
        "them may switch off the future.",
        "rewards + gamma * (something that is 0 after a termination and 1 elsewhere) * "
        "next_values; truncations are not needed at all.",
    ),
)
