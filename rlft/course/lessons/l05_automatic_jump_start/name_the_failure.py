"""Exercise 05-3: stagnation, collapse or neither, from the log of a run."""

from __future__ import annotations

import numpy as np

from rlft.course.exercise import Case, Exercise, Misconception

STILL = [40, 40, 40, 40, 40, 40]


def case(name: str, h: list[int], estimate: list[float], returns: list[float]) -> Case:
    return Case(
        name,
        {
            "h": np.array(h),
            "estimate": np.array(estimate, float),
            "reference": np.full(len(h), -30.0),
            "returns": np.array(returns, float),
            "tolerance": 2.0,
            "margin": 5.0,
        },
    )


def reference_name(
    h: np.ndarray,
    estimate: np.ndarray,
    reference: np.ndarray,
    returns: np.ndarray,
    tolerance: float,
    margin: float,
) -> str:
    """What the log of one seed shows.

    h fell if the last one is below the first. The return fell if the mean of the last three lies
    more than `margin` below the first. The judge says no if the mean of the last three estimates
    lies more than `tolerance` below that of the last three references.

    Args:
        h: (P,) steps that the guide walked, at P >= 3 points of the run in their order.
        estimate: (P,) what the judge said of the jump-start policy.
        reference: (P,) what it said of the offline policy.
        returns: (P,) the return of whoever acted.
        tolerance: of the gate.
        margin: how much lower a return may be without having fallen.

    Returns:
        "collapse" if h fell and the return fell. "stagnation" if neither of them fell and the
        judge says no. Else "healthy".
    """
    return named(h[-1] < h[0], fell(returns, margin), no(estimate, reference, tolerance))


def named(h_fell: bool, return_fell: bool, says_no: bool) -> str:
    if h_fell and return_fell:
        return "collapse"
    return "stagnation" if says_no and not h_fell and not return_fell else "healthy"


def fell(returns: np.ndarray, margin: float) -> bool:
    return returns[-3:].mean() < returns[0] - margin


def no(estimate: np.ndarray, reference: np.ndarray, tolerance: float) -> bool:
    return (estimate - reference)[-3:].mean() < -tolerance


def h_at_0_is_collapse(h, **others):
    return "collapse" if h[-1] == 0 < h[0] else reference_name(h, **others)


def h_alone(h, **unused):
    return "healthy" if h[-1] < h[0] else "stagnation"


def return_alone(returns, margin, **unused):
    return "collapse" if fell(returns, margin) else "healthy"


def believes_the_judge(h, estimate, reference, tolerance, **unused):
    if not no(estimate, reference, tolerance):
        return "healthy"
    return "collapse" if h[-1] < h[0] else "stagnation"


def every_fall_is_collapse(h, estimate, reference, returns, tolerance, margin):
    return_fell, says_no = fell(returns, margin), no(estimate, reference, tolerance)
    return "collapse" if return_fell else named(h[-1] < h[0], return_fell, says_no)


def yes_for_no(h, estimate, reference, returns, tolerance, margin):
    return_fell = fell(returns, margin)
    return named(h[-1] < h[0], return_fell, says_no=no(reference, estimate, tolerance))


def waiting_is_stagnation(h, estimate, reference, returns, tolerance, margin):
    h_fell = h[-1] < h[0]
    return named(h_fell, h_fell and fell(returns, margin), no(estimate, reference, tolerance))


def standing_is_stagnation(h, returns, margin, **unused):
    return named(h[-1] < h[0], fell(returns, margin), says_no=True)


def no_tolerance(tolerance, **others):
    return reference_name(tolerance=0.0, **others)


def noticed_is_no_collapse(h, estimate, reference, returns, tolerance, margin):
    says_no, return_fell = no(estimate, reference, tolerance), fell(returns, margin)
    return "healthy" if return_fell and says_no else named(h[-1] < h[0], return_fell, says_no)


def a_single_return(h, estimate, reference, returns, tolerance, margin):
    return_fell = returns[-1] < returns[0] - margin
    return named(h[-1] < h[0], return_fell, no(estimate, reference, tolerance))


def the_lowest_h(h, estimate, reference, returns, tolerance, margin):
    return named(h.min() < h[0], fell(returns, margin), no(estimate, reference, tolerance))


EXERCISE = Exercise(
    id="05-3",
    name="name_the_failure",
    title="Name the failure",
    reference=reference_name,
    cases=(
        case(
            "h falls, and the return rises",
            [40, 32, 24, 16, 8, 0],
            [-30, -29, -29, -28, -27, -26],
            [-30, -29, -30, -28, -26, -25],
        ),
        case(
            "h stands, the return stays, and the judge says too little",
            STILL,
            [-38, -39, -37, -38, -40, -39],
            [-30, -29, -31, -30, -29, -30],
        ),
        case(
            "h falls, the return falls, and the judge sees nothing",
            [40, 32, 24, 16, 12, 8],
            [-29, -28, -29, -30, -29, -31],
            [-30, -33, -41, -55, -70, -72],
        ),
        case(
            "the return fell, and h was taken back",
            [40, 32, 24, 32, 40, 40],
            [-30, -31, -36, -40, -39, -37],
            [-30, -34, -45, -44, -41, -38],
        ),
        case(
            "the return fell, and h stood all the time",
            STILL,
            [-30, -31, -36, -40, -39, -37],
            [-30, -34, -45, -44, -41, -38],
        ),
        case(
            "the judge sees the fall too late",
            [40, 30, 20, 10, 14, 18],
            [-29, -30, -30, -37, -52, -60],
            [-30, -36, -58, -77, -81, -80],
        ),
        case(
            "h stands, and the judge has just begun to say yes",
            STILL,
            [-36, -35, -33, -31, -31, -31],
            [-30, -31, -29, -30, -30, -29],
        ),
        case(
            "the judge doubts, and one return is low",
            [40, 36, 32, 28, 32, 36],
            [-30, -29, -31, -34, -35, -36],
            [-30, -29, -31, -30, -28, -38],
        ),
        case(
            "h had arrived at 0 before this log begins",
            [0, 0, 0, 0, 0, 0],
            [-27, -26, -27, -26, -25, -26],
            [-27, -26, -28, -26, -25, -27],
        ),
    ),
    misconceptions=(
        Misconception(
            "takes h = 0 for a collapse",
            h_at_0_is_collapse,
            "AJS wants h to reach 0: then the explorer needs no guide. What else has to happen "
            "before you would call that a failure?",
        ),
        Misconception(
            "judges by h alone",
            h_alone,
            "A falling h is what the gate decided, not what came of it; and a standing h may be "
            "right. Which line of the log tells whether the decision was a good one?",
        ),
        Misconception(
            "judges by the return alone",
            return_alone,
            "In a stagnation the return is as good as it was: that is why nobody notices it. And "
            "a return can fall without the gate's fault. Which two lines do you still need?",
        ),
        Misconception(
            "calls every fall of the return a collapse",
            every_fall_is_collapse,
            "In a collapse the gate gave steps away and the return paid for it. If h stood, or was "
            "taken back, was it the gate that let the return fall?",
        ),
        Misconception(
            "takes the judge's yes for a no",
            yes_for_no,
            "Returns here are negative: an estimate of -38 is worse than a reference of -30. What "
            "is the sign of estimate minus reference where the judge says no?",
        ),
        Misconception(
            "takes the judge's word for the return",
            believes_the_judge,
            "The estimate is what somebody says about the episodes, and `returns` is what "
            "happened. In a collapse the two part: which of them should say that the return fell?",
        ),
        Misconception(
            "takes every no for a stagnation",
            waiting_is_stagnation,
            "The judge says no and h stands. If the episodes have become worse, is the judge wrong "
            "to say so?",
        ),
        Misconception(
            "takes every h that stands for a stagnation",
            standing_is_stagnation,
            "h can stand because its next fall only waits for a new episode. Ask the judge as the "
            "gate would ask it, with the tolerance: does it say no?",
        ),
        Misconception(
            "forgets the tolerance",
            no_tolerance,
            "An estimate a little below the reference is no reason to stop. By how much may it be "
            "lower before the gate says no?",
        ),
        Misconception(
            "excuses a fall that the judge has noticed",
            noticed_is_no_collapse,
            "A judge that says no when everything has fallen was too late. Does it matter for the "
            "name what it says at the end?",
        ),
        Misconception(
            "trusts a single return",
            a_single_return,
            "One low evaluation can be chance. How many returns does the task ask you to look at?",
        ),
        Misconception(
            "looks at the lowest h",
            the_lowest_h,
            "A gate that took back all that it gave has h where it was. Which two values of h "
            "does the task compare?",
        ),
    ),
    hints=(
        "Answer three questions with yes or no before you name anything: did h fall, did the "
        "return fall, does the judge say no?",
        "`returns[-3:].mean()` is the mean of the last three; compare it with the first return "
        "minus the margin. The judge says no where its estimate lies further below the reference "
        "than the tolerance allows.",
        'h_fell and return_fell: "collapse". says_no, and neither of the two fell: "stagnation". '
        'All else is "healthy", also a gate that rightly waits.',
    ),
)
