"""Exercise 04-2: h on a straight line from its start to 0, in whole steps and never outside."""

from __future__ import annotations

import math

from rlft.course.exercise import Case, Exercise, Misconception


def case(name: str, step: int, start: int = 10, over: int = 100) -> Case:
    return Case(name, {"step": step, "start": start, "over": over})


def linear_schedule(step: int, start: int, over: int) -> int:
    """h after a number of environment steps: the least whole number on or above the line.

    The line falls evenly from `start` at step 0 to 0 at step `over`. Before and after that h stays
    where it is.

    Args:
        step: environment steps since the line began; negative while it is still to come.
        start: h at the beginning, 0 or more.
        over: environment steps of the fall, 1 or more.

    Returns:
        A whole number from 0 to `start`.
    """
    gone = min(max(step, 0), over)
    return start - start * gone // over  # whole numbers only: floats would round off the line


def below_the_line(step, start, over):
    return start * (over - min(max(step, 0), over)) // over


def to_the_nearest(step, start, over):
    return round(start * (over - min(max(step, 0), over)) / over)


def not_whole(step, start, over):
    return start * (over - min(max(step, 0), over)) / over


def below_zero(step, start, over):
    return start - start * max(step, 0) // over


def above_the_start(step, start, over):
    return start - start * min(step, over) // over


def divides_first(step, start, over):
    return start - start * (min(max(step, 0), over) // over)


def rounds_a_float(step, start, over):
    return math.ceil(start * (1 - min(max(step, 0), over) / over))


EXERCISE = Exercise(
    id="04-2",
    name="linear_schedule",
    title="A linear schedule",
    reference=linear_schedule,
    cases=(
        case("half way", step=50),
        case("a line at 7.7", step=23),
        case("a line at 7.2", step=28),
        case("after the fall", step=130),
        case("before the fall", step=-20),
        case("a line at 3 exactly", step=70),
        case("from 40 over 3,000 steps", step=75, start=40, over=3_000),
    ),
    misconceptions=(
        Misconception(
            "rounds down",
            below_the_line,
            "h lies below the line here, so the guide leaves before the schedule says so. To which "
            "side do your operations round?",
        ),
        Misconception(
            "rounds to the nearest whole number",
            to_the_nearest,
            "Half of the time your h lies below the line. To which side must you round so that it "
            "never does?",
        ),
        Misconception(
            "returns a fraction",
            not_whole,
            "h counts steps of an episode. Can a guide walk a part of a step?",
        ),
        Misconception(
            "falls on below zero",
            below_zero,
            "The run is longer than the fall. What does your line do after it has arrived?",
        ),
        Misconception(
            "begins above the start",
            above_the_start,
            "With a warm-up the fall begins late, and until then `step` is negative. What does "
            "your line do on that side?",
        ),
        Misconception(
            "divides before it multiplies",
            divides_first,
            "Your h stays at the start and then falls at once. What is 50 // 100, and in which "
            "order should whole numbers be multiplied and divided?",
        ),
        Misconception(
            "trusts a float that is not quite on the line",
            rounds_a_float,
            "The idea is right, and the computer is not exact: print 10 * (1 - 70 / 100). Could "
            "you round with whole numbers alone?",
        ),
    ),
    hints=(
        "Draw the line for start=10 and over=100. Where is it at steps 50 and 28, and which whole "
        "number lies on it or just above it?",
        "First bring the step into the range from 0 to over. Then ask how much of h is gone: if h "
        "is rounded up, to which side is that rounded?",
        "gone = min(max(step, 0), over). What is lost of h is start * gone / over, rounded down: "
        "`//` does that with whole numbers. The rest is h.",
    ),
)
