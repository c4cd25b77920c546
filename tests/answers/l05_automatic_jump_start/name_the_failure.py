import numpy as np
import torch


def with_three_questions(h, estimate, reference, returns, tolerance, margin):
    moved = h[0] - h[-1]
    lost = returns[0] - np.mean(returns[-3:])
    missing = np.mean(reference[-3:]) - np.mean(estimate[-3:])
    if lost > margin:
        return "collapse" if moved > 0 else "healthy"
    if moved <= 0 and missing > tolerance:
        return "stagnation"
    return "healthy"


def with_a_table(h, estimate, reference, returns, tolerance, margin):
    names = {(True, True, False): "collapse", (True, True, True): "collapse"}
    names[False, False, True] = "stagnation"
    fell = sum(returns[-3:]) / 3 + margin < returns[0]
    doubts = sum(estimate[-3:]) / 3 + tolerance < sum(reference[-3:]) / 3
    return names.get((bool(h[-1] < h[0]), bool(fell), bool(doubts)), "healthy")


def with_torch(h, estimate, reference, returns, tolerance, margin):
    h, estimate, reference, returns = map(torch.as_tensor, (h, estimate, reference, returns))
    held = returns[-3:].mean() >= returns[0] - margin
    says_yes = (estimate[-3:] + tolerance - reference[-3:]).sum() >= 0
    if h[-1] >= h[0]:
        return "stagnation" if held and not says_yes else "healthy"
    return "healthy" if held else "collapse"


def any_fall_is_collapse_at_the_bottom(h, estimate, reference, returns, tolerance, margin):
    if h.min() == 0:
        return "collapse"
    return "stagnation" if (h == h[0]).all() else "healthy"


def any_fall_of_h_is_collapse(h, estimate, reference, returns, tolerance, margin):
    return "stagnation" if h[-1] >= h[0] else "collapse"


def fewer_guide_steps_are_good(h, estimate, reference, returns, tolerance, margin):
    return ["stagnation", "healthy"][int(np.diff(h).sum() < 0)]


def only_what_was_earned(h, estimate, reference, returns, tolerance, margin):
    if np.mean(returns[-3:]) + margin >= returns[0]:
        return "healthy"
    return "collapse"


def no_matter_what_h_did(h, estimate, reference, returns, tolerance, margin):
    if returns[0] - np.mean(returns[-3:]) > margin:
        return "collapse"
    return with_three_questions(h, estimate, reference, returns, tolerance, margin)


def the_other_sign(h, estimate, reference, returns, tolerance, margin):
    swapped = {"estimate": reference, "reference": estimate}
    return with_three_questions(h, returns=returns, tolerance=tolerance, margin=margin, **swapped)


def a_plus_for_a_minus(h, estimate, reference, returns, tolerance, margin):
    says_no = estimate[-3:].mean() - reference[-3:].mean() > tolerance
    lost = returns[-3:].mean() < returns[0] - margin
    if h[-1] < h[0]:
        return "collapse" if lost else "healthy"
    return "stagnation" if says_no and not lost else "healthy"


def only_what_was_said(h, estimate, reference, returns, tolerance, margin):
    good = estimate[-3:].mean() >= reference[-3:].mean() - tolerance
    if h[-1] < h[0] and not good:
        return "collapse"
    return "healthy" if good else "stagnation"


def no_means_stuck(h, estimate, reference, returns, tolerance, margin):
    if h[-1] < h[0]:
        return "collapse" if returns[0] - returns[-3:].mean() > margin else "healthy"
    return "stagnation" if (reference - estimate)[-3:].mean() > tolerance else "healthy"


def not_asking_the_judge(h, estimate, reference, returns, tolerance, margin):
    fell = returns[0] - returns[-3:].mean() > margin
    if h[-1] < h[0]:
        return "collapse" if fell else "healthy"
    return "healthy" if fell else "stagnation"


def without_the_tolerance(h, estimate, reference, returns, tolerance, margin):
    return with_three_questions(h, estimate, reference, returns, 0.0, margin)


def any_shortfall_is_a_no(h, estimate, reference, returns, tolerance, margin):
    lost = returns[-3:].mean() < returns[0] - margin
    if h[-1] < h[0]:
        return "collapse" if lost else "healthy"
    return "healthy" if lost or sum(estimate[-3:] - reference[-3:]) >= 0 else "stagnation"


def collapse_only_while_the_judge_is_happy(h, estimate, reference, returns, tolerance, margin):
    fell = returns[0] - returns[-3:].mean() > margin
    happy = (reference - estimate)[-3:].mean() <= tolerance
    if h[-1] < h[0] and fell and happy:
        return "collapse"
    return "stagnation" if h[-1] >= h[0] and not fell and not happy else "healthy"


def the_last_return(h, estimate, reference, returns, tolerance, margin):
    tail = np.full(3, returns[-1])
    returns = np.concatenate([returns[:1], tail])
    return with_three_questions(h, estimate, reference, returns, tolerance, margin)


def the_worst_of_three(h, estimate, reference, returns, tolerance, margin):
    if returns[-3:].min() < returns[0] - margin:
        return "collapse" if h[-1] < h[0] else "healthy"
    return with_three_questions(h, estimate, reference, returns, tolerance, margin)


def ever_lower(h, estimate, reference, returns, tolerance, margin):
    h = np.where((h < h[0]).any(), [1, 0], [1, 1])
    return with_three_questions(h, estimate, reference, returns, tolerance, margin)


RIGHT = [with_three_questions, with_a_table, with_torch]
WRONG = {
    "takes h = 0 for a collapse": [any_fall_is_collapse_at_the_bottom, any_fall_of_h_is_collapse],
    "judges by h alone": [fewer_guide_steps_are_good],
    "judges by the return alone": [only_what_was_earned],
    "calls every fall of the return a collapse": [no_matter_what_h_did],
    "takes the judge's yes for a no": [the_other_sign, a_plus_for_a_minus],
    "takes the judge's word for the return": [only_what_was_said],
    "takes every no for a stagnation": [no_means_stuck],
    "takes every h that stands for a stagnation": [not_asking_the_judge],
    "forgets the tolerance": [without_the_tolerance, any_shortfall_is_a_no],
    "excuses a fall that the judge has noticed": [collapse_only_while_the_judge_is_happy],
    "trusts a single return": [the_last_return, the_worst_of_three],
    "looks at the lowest h": [ever_lower],
}
