"""Exercise 04-3: how much of a discounted return is earned after the hand-off."""

from __future__ import annotations

from rlft.course.exercise import Case, Exercise, Misconception


def case(name: str, gamma: float, h: int, steps: int) -> Case:
    return Case(name, {"gamma": gamma, "h": h, "steps": steps})


def explorer_share(gamma: float, h: int, steps: int) -> float:
    """The explorer's share of the discounted return, where every step has the same reward.

    Args:
        gamma: discount in (0, 1].
        h: steps that the guide walks, 0 or more; it may be beyond the episode's end.
        steps: T, length of the episode, 1 or more.

    Returns:
        Discounted reward of steps h to T - 1 divided by that of steps 0 to T - 1, in [0, 1].
    """
    weights = [gamma**t for t in range(steps)]
    return sum(weights[h:]) / sum(weights)


def without_an_end(gamma, h, steps):
    return gamma**h


def no_discount(gamma, h, steps):
    return max(steps - h, 0) / steps


def the_guides(gamma, h, steps):
    return 1 - explorer_share(gamma, h, steps)


def clock_restarts(gamma, h, steps):
    return sum(gamma**t for t in range(steps - h)) / sum(gamma**t for t in range(steps))


def divides_by_zero(gamma, h, steps):
    return (gamma ** min(h, steps) - gamma**steps) / (1 - gamma**steps)


def beyond_the_end(gamma, h, steps):
    if gamma == 1:
        return (steps - h) / steps
    return (gamma**h - gamma**steps) / (1 - gamma**steps)


EXERCISE = Exercise(
    id="04-3",
    name="explorer_share",
    title="The explorer's share of the return",
    reference=explorer_share,
    cases=(
        case("weights 1, 1/2, 1/4, the guide walks one step", gamma=0.5, h=1, steps=3),
        case("weights 1, 1/2, 1/4, the guide walks two steps", gamma=0.5, h=2, steps=3),
        case("weights 1, 1/10", gamma=0.1, h=1, steps=2),
        case("the explorer alone", gamma=0.5, h=0, steps=3),
        case("no discount", gamma=1.0, h=1, steps=4),
        case("the episode ends before the hand-off", gamma=0.5, h=3, steps=2),
    ),
    misconceptions=(
        Misconception(
            "forgets that the episode ends",
            without_an_end,
            "That is the share of an explorer that would walk on for ever. How many steps are left "
            "for it here, and for both together?",
        ),
        Misconception(
            "forgets the discount",
            no_discount,
            "You count steps, and each one counts as much as any other. What is a reward at step t "
            "worth, seen from the start?",
        ),
        Misconception(
            "returns the guide's share",
            the_guides,
            "The larger h is, the larger is your share. Whose steps are you adding up?",
        ),
        Misconception(
            "starts the clock anew at the hand-off",
            clock_restarts,
            "Your explorer's first step has weight 1, as if the episode began with it. From where "
            "do we look at the return, and how far away is the hand-off?",
        ),
        Misconception(
            "divides by zero without a discount",
            divides_by_zero,
            "The formula for the sum of powers is not valid for every gamma. What is the sum of "
            "the weights when all of them are 1?",
        ),
        Misconception(
            "hands over after the end",
            beyond_the_end,
            "If the guide is still walking when the episode ends, the explorer earns nothing. A "
            "share should not leave the range from 0 to 1.",
        ),
    ),
    hints=(
        "Write down the weights of the steps for gamma = 0.5 and T = 3, seen from the start. Which "
        "of them belong to the explorer if h = 1?",
        "Every reward is the same, so it cancels: the share is a sum of weights divided by a sum "
        "of weights. From which step to which does each sum go?",
        "The weight of step t is gamma ** t. Add up the weights of steps h to T - 1 (there may be "
        "none), and divide by the sum of all T weights.",
    ),
)
