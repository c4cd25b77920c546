"""Exercise 04-4: JSRL's curriculum, which asks an evaluation before each stage."""

from __future__ import annotations

import torch
from torch import Tensor

from rlft.course.exercise import Case, Exercise, Misconception


def case(name: str, returns: list[list[float]], stages: list[int], tolerance: float) -> Case:
    return Case(
        name,
        {
            "returns": torch.tensor(returns),  # (S, K)
            "stages": torch.tensor(stages),  # (M,)
            "tolerance": tolerance,
        },
    )


def stepped_schedule(returns: Tensor, stages: Tensor, tolerance: float) -> Tensor:
    """h after each evaluation: a seed goes to its next stage when an evaluation is good enough.

    That is, when the return is at least best - tolerance |best|, where best is the highest return
    of the seed's evaluations before. The first evaluation only sets the best. There is no way back,
    and after the last stage nothing changes. `rlft.Stepped` does the same with a window of 1.

    Args:
        returns: (S, K), of guide and explorer together, one column for each evaluation.
        stages: (M,) whole numbers, the values of h, decreasing.
        tolerance: share of the best return that may be missing, 0 or more.

    Returns:
        (S, K) whole numbers.
    """
    best = returns[:, 0]  # (S,)
    stage = torch.zeros_like(best, dtype=torch.int64)  # (S,)
    h = [stages[stage]]
    for now in returns[:, 1:].unbind(1):  # (S,)
        good = now >= best - tolerance * best.abs()
        stage = (stage + good).clamp(max=len(stages) - 1)
        best = torch.maximum(best, now)
        h.append(stages[stage])
    return torch.stack(h, 1)


def best_before(returns):
    return returns.cummax(1).values[:, :-1]


def good_ones(returns, tolerance):
    best = best_before(returns)
    return returns[:, 1:] >= best - tolerance * best.abs()


def stages_after(good, stages, first=False, last=True):
    stage = torch.nn.functional.pad(good, (1, 0), value=first).cumsum(1)
    return stages[stage.clamp(max=len(stages) - 1) if last else stage]


def first_one_counts(returns, stages, tolerance):
    return stages_after(good_ones(returns, tolerance), stages, first=True)


def no_tolerance(returns, stages, tolerance):
    return stages_after(returns[:, 1:] >= best_before(returns), stages)


def bar_above_the_best(returns, stages, tolerance):
    return stages_after(returns[:, 1:] >= best_before(returns) * (1 - tolerance), stages)


def more_than_the_bar(returns, stages, tolerance):
    best = best_before(returns)
    return stages_after(returns[:, 1:] > best - tolerance * best.abs(), stages)


def against_the_last(returns, stages, tolerance):
    last = returns[:, :-1]
    return stages_after(returns[:, 1:] >= last - tolerance * last.abs(), stages)


def against_the_first(returns, stages, tolerance):
    first = returns[:, :1]
    return stages_after(returns[:, 1:] >= first - tolerance * first.abs(), stages)


def all_seeds_together(returns, stages, tolerance):
    good = good_ones(returns, tolerance)
    return stages_after(good.all(0).expand_as(good), stages)


def past_the_last_stage(returns, stages, tolerance):
    return stages_after(good_ones(returns, tolerance), stages, last=False)


FOUR = [9, 6, 3, 0]
EXERCISE = Exercise(
    id="04-4",
    name="stepped_schedule",
    title="A stepped schedule",
    reference=stepped_schedule,
    cases=(
        case("one seed, three good evaluations", [[10.0, 12.0, 12.0]], FOUR, 0.25),
        case("a little worse, on the bar, below it", [[8.0, 7.0, 6.0, 5.5]], FOUR, 0.25),
        case("the same with negative returns", [[-8.0, -9.0, -10.0, -11.0]], FOUR, 0.25),
        case("the best rises; another tolerance", [[4.0, 8.0, 3.0]], FOUR, 0.5),
        case("more evaluations than stages", [[1.0, 1.5, 1.5, 1.5]], [4, 0], 0.25),
        case("two seeds", [[4.0, 4.5, 4.5], [4.0, 1.0, 4.5]], FOUR, 0.25),
    ),
    misconceptions=(
        Misconception(
            "advances at the first evaluation",
            first_one_counts,
            "At the first evaluation there is nothing to compare with. What does it tell you, and "
            "what can it not tell you yet?",
        ),
        Misconception(
            "forgets the tolerance",
            no_tolerance,
            "Ten episodes are a noisy measurement, so a little less than the best should do. Where "
            "does `tolerance` come in?",
        ),
        Misconception(
            "puts the bar above a negative best",
            bar_above_the_best,
            "Work out your bar for a best return of -8 and a tolerance of 0.25. Does the tolerance "
            "make it easier to pass, or harder than the best itself?",
        ),
        Misconception(
            "asks for more than the bar",
            more_than_the_bar,
            "Your bar is where it belongs. An evaluation can lie exactly on it: the formula in the "
            "task says on which side that counts.",
        ),
        Misconception(
            "compares with the evaluation before",
            against_the_last,
            "Your bar sinks with every weak evaluation, so a slow decline passes all the way down. "
            "What should a seed remember?",
        ),
        Misconception(
            "compares with the first evaluation for ever",
            against_the_first,
            "The pair has become better than it was at the start, and your bar has not noticed. "
            "When should it move?",
        ),
        Misconception(
            "moves all seeds together",
            all_seeds_together,
            "Each seed is a run of its own. Should one bad evaluation hold up the others?",
        ),
        Misconception(
            "walks past the last stage",
            past_the_last_stage,
            "A good evaluation may come when h is at its last stage already. Where does your stage "
            "go then?",
        ),
    ),
    hints=(
        "Take the returns 8, 7, 6, 5.5 and a tolerance of 0.25, and write three columns on paper: "
        "the best so far, the bar, the stage. What changes at each evaluation?",
        "Keep two tensors of shape (S,), the best return and the stage. Loop over the evaluations "
        "after the first: compare, move the stage, raise the best, note stages[stage].",
        "good = now >= best - tolerance * best.abs(). Add good to the stage, clamp it at "
        "len(stages) - 1, then let best be the larger of best and now. torch.stack(..., 1) at the "
        "end.",
    ),
)
