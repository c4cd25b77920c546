"""Exercise 03-1: the target of fitted Q evaluation, whose next action is the policy's own."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from rlft.algorithms.returns import PossibleReturns
from rlft.course.exercise import Case, Exercise, Misconception


def case(name: str, rewards: list, ends: list, timesteps: list, values: list, **more) -> Case:
    """(S, B) three times and the policy's values, (S, E, B); the other choices lie beside these."""
    steps, policy = torch.tensor(timesteps), torch.tensor(values)
    given = {
        "rewards": torch.tensor(rewards),
        "terminations": torch.tensor(ends),
        "timesteps": steps,
        "next_values": {"policy": policy, "logged": policy - 0.5, "best": policy + 0.75},
        "entropy_bonus": 1 + 0.1 * steps,
        "limit": 10,
        "reward_range": (-1.0, 0.0),
    }
    return Case(name, given | more)


def reference(
    rewards: Tensor,
    terminations: Tensor,
    timesteps: Tensor,
    next_values: dict[str, Tensor],
    entropy_bonus: Tensor,
    limit: int,
    reward_range: tuple[float, float],
) -> Tensor:
    """The target of the plain return: gamma is 1, and nothing counts after `limit` steps.

    Args:
        rewards: (S, B).
        terminations: (S, B), 1.0 where the task ended, else 0.0.
        timesteps: (S, B), the step t of each transition, from 0 to limit - 1.
        next_values: Q(s', a', t + 1), (S, E, B) each, for three choices of a': "policy" is drawn
            from the policy that is evaluated, "logged" is what the log did next, and "best" is the
            action with the largest Q.
        entropy_bonus: (S, B), -alpha log pi(a'|s') of the policy's a', as in SAC's target.
        limit: T, steps of the longest episode.
        reward_range: smallest reward of a step, 0 or less, and largest one, 0 or more.

    Returns:
        (S, E, B), inside the range of the returns that are possible from step t on.
    """
    goes_on = (1 - terminations) * (timesteps + 1 < limit)
    target = rewards[:, None] + goes_on[:, None] * next_values["policy"]
    return PossibleReturns(1.0, reward_range, limit).clip(target, timesteps)


def entropy_counts(next_values, entropy_bonus, **given):
    soft = {"policy": next_values["policy"] + entropy_bonus[:, None]}
    return reference(next_values=soft, entropy_bonus=entropy_bonus, **given)


def best_action_follows(next_values, **given):
    return reference(next_values={"policy": next_values["best"]}, **given)


def logged_action_follows(next_values, **given):
    return reference(next_values={"policy": next_values["logged"]}, **given)


def never_terminates(terminations, **given):
    return reference(terminations=0 * terminations, **given)


def goes_on_after_the_limit(reward_range, timesteps, limit, **given):
    free = no_clipping(reward_range, timesteps=timesteps, limit=limit + 1, **given)
    return PossibleReturns(1.0, reward_range, limit).clip(free, timesteps)


def no_clipping(reward_range, **given):
    return reference(reward_range=(-math.inf, math.inf), **given)


def clips_to_one_reward(reward_range, **given):
    return no_clipping(reward_range, **given).clamp(*reward_range)


def clips_the_next_value(reward_range, next_values, **given):
    possible = PossibleReturns(1.0, reward_range, given["limit"])
    clipped = {"policy": possible.clip(next_values["policy"], given["timesteps"])}
    return no_clipping(reward_range, next_values=clipped, **given)


def one_reward_too_few(reward_range, timesteps, limit, **given):
    free = no_clipping(reward_range, timesteps=timesteps, limit=limit, **given)
    left = (limit - timesteps - 1)[:, None]
    return free.clamp(reward_range[0] * left, reward_range[1] * left)


COST, NOBODY = [[-1.0, -1.0, -1.0]], [[0.0, 0.0, 0.0]]
STEPS, VALUES = [[0.0, 3.0, 5.0]], [[[-7.0, -4.0, -2.0]]]
EXERCISE = Exercise(
    id="03-1",
    name="fqe_target",
    title="The target of fitted Q evaluation",
    reference=reference,
    cases=(
        case("nothing ends", COST, NOBODY, STEPS, VALUES),
        case("one episode terminates", [[-1.0, 0.0, -1.0]], [[0.0, 1.0, 0.0]], STEPS, VALUES),
        case("the last step", [[-0.5] * 3], NOBODY, [[7.0, 8.0, 9.0]], [[[-1.5, -0.5, -3.0]]]),
        case("impossible values", COST, NOBODY, [[6.0, 1.0, 0.0]], [[[-9.0, 3.0, -14.0]]]),
        case(
            "two seeds with three members each",
            [[-1.0, 0.0], [-0.5, -1.0]],
            [[0.0, 1.0], [0.0, 0.0]],
            [[0.0, 1.0], [4.0, 2.0]],
            [[[-5.0, -4.0], [-4.0, -2.0], [-6.0, -3.0]], [[-3.0, -6.0], [-2.0, -1.0], [0.0, 0.0]]],
        ),
        case(
            "another clock and other rewards",
            [[-2.0, 1.0, 1.0]],
            NOBODY,
            [[1.0, 0.0, 3.0]],
            [[[-9.0, 5.0, 2.0]]],
            limit=4,
            reward_range=(-2.0, 1.0),
        ),
    ),
    misconceptions=(
        Misconception(
            "pays for entropy",
            entropy_counts,
            "You add a bonus for randomness, as SAC does. If you played the episode and summed up "
            "its rewards, would you find it there?",
        ),
        Misconception(
            "lets the best action follow",
            best_action_follows,
            "Yours is the future of whoever takes the action with the largest Q. Is that the "
            "policy whose return was asked for?",
        ),
        Misconception(
            "lets the log's action follow",
            logged_action_follows,
            "What the log did at s' was chosen by the policy that wrote the log. Whose return do "
            "you want to know?",
        ),
        Misconception(
            "forgets that episodes terminate",
            never_terminates,
            "One transition reaches the goal. What can still be earned from there?",
        ),
        Misconception(
            "goes on after the last step",
            goes_on_after_the_limit,
            "Steps count from 0 to limit - 1. Which step would come after the last one, and are "
            "its rewards a part of the episode's return?",
        ),
        Misconception(
            "does not clip",
            no_clipping,
            "The network makes up a future that no episode could have. How many rewards are left "
            "from step t on, and how small or large can their sum be?",
        ),
        Misconception(
            "clips to the range of one reward",
            clips_to_one_reward,
            "`reward_range` is about one step, but a return is a sum. How many rewards are in it?",
        ),
        Misconception(
            "clips the next value",
            clips_the_next_value,
            "You limit a part and then add to it. Which number is the network fitted to, and does "
            "that one stay inside of what is possible?",
        ),
        Misconception(
            "counts one reward too few",
            one_reward_too_few,
            "Your range of possible returns is too narrow. Take the last step of an episode: which "
            "rewards does its target still hold, and what does your range leave for them?",
        ),
    ),
    hints=(
        "Write Bellman's equation of the policy's value with gamma = 1. Which of the three choices "
        "is its a'? Not every argument is needed.",
        "Two things stop the future: the task ends, or step t + 1 would be step `limit`. With "
        "`[:, None]` a tensor (S, B) becomes (S, 1, B). Clip last.",
        "goes_on = (1 - terminations) * (timesteps + 1 < limit); add goes_on times the policy's "
        "value to the reward; with left = limit - timesteps, clamp the sum between the smallest "
        "reward times left and the largest reward times left.",
    ),
)
