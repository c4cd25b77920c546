"""Exercise 05-1: the gate of AJS, which moves h where the judge's estimate allows it."""

from __future__ import annotations

import numpy as np

from rlft.course.exercise import Case, Exercise, Misconception

LONGEST = 100  # steps, for all cases


def case(
    name: str,
    h: list[int],
    estimate: list[float],
    reference: list[float],
    may_grow: bool = True,
    step: int = 4,
) -> Case:
    return Case(
        name,
        {
            "h": np.array(h),
            "estimate": np.array(estimate),
            "reference": np.array(reference),
            "tolerance": 2.0,
            "step": step,
            "longest": LONGEST,
            "may_grow": may_grow,
        },
    )


def reference_gate(
    h: np.ndarray,
    estimate: np.ndarray,
    reference: np.ndarray,
    tolerance: float,
    step: int,
    longest: int,
    may_grow: bool,
) -> np.ndarray:
    """The next h of each seed.

    Args:
        h: (S,) steps that the guide walks now, 0 to `longest`.
        estimate: (S,) what the judge says that the jump-start policy returns.
        reference: (S,) what it said of the offline policy.
        tolerance: how much may be missing; an estimate of exactly reference - tolerance is enough.
        step: by how much h moves.
        longest: h is never above it, and never below 0.
        may_grow: whether h grows where the estimate is not enough; if not, it stays there.

    Returns:
        (S,).
    """
    enough = estimate >= reference - tolerance
    lower = np.maximum(h - step, 0)
    higher = np.minimum(h + step, longest)
    return np.where(enough, lower, higher if may_grow else h)


def moved(h, enough, step, longest, may_grow, **unused):
    """The right move after a decision that may be wrong."""
    other = np.minimum(h + step, longest) if may_grow else h
    return np.where(enough, np.maximum(h - step, 0), other)


def other_way_round(estimate, reference, tolerance, **given):
    return moved(enough=estimate <= reference + tolerance, **given)


def tolerance_on_the_wrong_side(estimate, reference, tolerance, **given):
    return moved(enough=estimate >= reference + tolerance, **given)


def no_tolerance(estimate, reference, tolerance, **given):
    return moved(enough=estimate >= reference, **given)


def more_than_enough(estimate, reference, tolerance, **given):
    return moved(enough=estimate > reference - tolerance, **given)


def one_decision_for_all(estimate, reference, tolerance, **given):
    return moved(enough=estimate.mean() >= reference.mean() - tolerance, **given)


def below_zero(h, estimate, reference, tolerance, step, longest, may_grow):
    higher = np.minimum(h + step, longest) if may_grow else h
    return np.where(estimate >= reference - tolerance, h - step, higher)


def beyond_the_longest(h, estimate, reference, tolerance, step, longest, may_grow):
    higher = h + step if may_grow else h
    return np.where(estimate >= reference - tolerance, np.maximum(h - step, 0), higher)


def never_grows(may_grow, **given):
    return reference_gate(may_grow=False, **given)


def always_grows(may_grow, **given):
    return reference_gate(may_grow=True, **given)


EXERCISE = Exercise(
    id="05-1",
    name="gate",
    title="The gate",
    reference=reference_gate,
    cases=(
        case("the judge says that it got better", [40], [-20.0], [-30.0]),
        case("the judge says that it got worse", [40], [-40.0], [-30.0]),
        case(
            "each seed has a judge of its own",
            [40, 40, 20, 60],
            [-31.0, -60.0, -29.0, -20.0],
            [-30.0, -30.0, -30.0, -30.0],
        ),
        case("just good enough", [40], [-32.0], [-30.0]),
        case("h is nearly 0", [3, 0], [-20.0, -25.0], [-30.0, -25.0]),
        case("h is nearly the longest", [98, 100], [-40.0, -60.0], [-30.0, -25.0], step=5),
        case("h may not grow", [40, 40], [-20.0, -40.0], [-30.0, -30.0], may_grow=False),
    ),
    misconceptions=(
        Misconception(
            "compares the wrong way round",
            other_way_round,
            "The guide should walk less where the whole policy is judged to be good. Read your "
            "comparison aloud for a seed whose estimate lies far above its reference: what "
            "happens to its h?",
        ),
        Misconception(
            "puts the tolerance on the wrong side",
            tolerance_on_the_wrong_side,
            "A tolerance makes a gate kinder: with a larger one, more estimates are enough. Does "
            "yours ask for more when the tolerance grows, or for less?",
        ),
        Misconception(
            "forgets the tolerance",
            no_tolerance,
            "An estimate wobbles. One that lies a little below the reference may still be enough: "
            "which argument have you not used?",
        ),
        Misconception(
            "asks for more than enough",
            more_than_enough,
            "Your gate is right but for one number: the estimate that lies exactly on the line. "
            "The formula in the task says on which side it counts.",
        ),
        Misconception(
            "takes one decision for all seeds",
            one_decision_for_all,
            "Each seed is a run with its own policies and its own judge. Is a seed whose judge "
            "says no held back, or pushed, by what the others' judges say?",
        ),
        Misconception(
            "lets h fall below 0",
            below_zero,
            "h counts steps of an episode. Can a guide walk fewer than 0 of them? And is there an "
            "end on the other side as well?",
        ),
        Misconception(
            "lets h grow beyond the longest episode",
            beyond_the_longest,
            "h counts steps of an episode. Can a guide walk more of them than the longest episode "
            "has?",
        ),
        Misconception(
            "never takes h back",
            never_grows,
            "The paper only speaks of reducing h, this gate can do more. What should happen where "
            "the estimate is too low and `may_grow` is true?",
        ),
        Misconception(
            "grows without permission",
            always_grows,
            "A gate that says no has two ways to go on: take a step back, or wait. Which argument "
            "chooses between them?",
        ),
    ),
    hints=(
        "Take one seed on paper, with a reference of -30 and a tolerance of 2. Which estimates "
        "should open the gate? Then do it for all seeds at once.",
        "Three parts: a (S,) array of truth values that says where the estimate is enough; h one "
        "step lower, kept at 0 or more; h where it is not enough. `np.where` puts them together.",
        "enough = estimate >= reference - tolerance; there np.maximum(h - step, 0). Elsewhere "
        "np.minimum(h + step, longest) if may_grow, else h as it is.",
    ),
)
