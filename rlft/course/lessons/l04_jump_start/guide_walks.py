"""Exercise 04-1: whose turn it is, the guide's for h steps of each seed's episode exactly."""

from __future__ import annotations

from typing import Any

import torch

from rlft.course.exercise import Answer, Case, Exercise, Misconception
from rlft.nets.timed import guide_walks


def observe(answer: Answer, arguments: dict[str, Any]) -> Any:
    """Whose turn it is, and whether in truth values, which are compared like ones and zeros."""
    walks = answer(**arguments)
    if walks is None:
        return None
    return {"walks": walks, "is bool": getattr(walks, "dtype", None) == torch.bool}


def case(name: str, timesteps: list[list[int]], horizon: list[int]) -> Case:
    arguments = {"timesteps": torch.tensor(timesteps), "horizon": torch.tensor(horizon)}
    return Case(name, arguments, observe)  # (S, B), (S,)


def one_step_more(timesteps, horizon):
    return timesteps <= horizon[:, None]


def counts_from_one(timesteps, horizon):
    return timesteps + 1 < horizon[:, None]


def explorer_first(timesteps, horizon):
    return timesteps >= horizon[:, None]


def first_h_for_all(timesteps, horizon):
    return timesteps < horizon[0]


def h_along_the_batch(timesteps, horizon):
    return timesteps < horizon


def place_in_the_batch(timesteps, horizon):
    places = torch.arange(timesteps.shape[1])
    return places.expand(timesteps.shape) < horizon[:, None]


def ones_and_zeros(timesteps, horizon):
    return (timesteps < horizon[:, None]).float()


EXERCISE = Exercise(
    id="04-1",
    name="guide_walks",
    title="Who acts at step t",
    reference=guide_walks,
    cases=(
        case("one seed, h = 2", [[0, 1, 2, 3]], [2]),
        case("three seeds, each with its own h", [[0, 1, 2], [0, 1, 2], [0, 1, 2]], [2, 0, 1]),
        case("h = 0: the explorer stands alone", [[0, 1, 2]], [0]),
        case("steps from replay, in any order", [[3, 0, 2], [1, 4, 0]], [3, 1]),
        case("acting online: one step of each seed", [[5], [2], [0]], [4, 4, 0]),
    ),
    misconceptions=(
        Misconception(
            "lets the guide walk one step more",
            one_step_more,
            "Count the steps at which your guide acts for h = 0, remembering that the first step "
            "is step 0. Is anyone left who could be evaluated alone?",
        ),
        Misconception(
            "counts the steps from 1",
            counts_from_one,
            "For h = 2 your guide acts once. Which number does the first step of an episode have?",
        ),
        Misconception(
            "lets the explorer go first",
            explorer_first,
            "Your two policies have the wrong ends of the episode. Who knows the way out of the "
            "start, and for whom does your function return True there?",
        ),
        Misconception(
            "uses one h for all seeds",
            first_h_for_all,
            "Each seed is a run of its own and has an h of its own. Which entries of `horizon` "
            "does your function look at?",
        ),
        Misconception(
            "gives an h to each column",
            h_along_the_batch,
            "Broadcasting lines up the last axes, and a wrong line-up need not raise an error. "
            "Which axis of `timesteps` is the one that `horizon` has?",
        ),
        Misconception(
            "takes the place in the batch for the step",
            place_in_the_batch,
            "The columns need not be in the order of time: replay mixes steps of many episodes. "
            "Which argument tells where in its episode a column was?",
        ),
        Misconception(
            "returns ones and zeros",
            ones_and_zeros,
            "Your ones stand in the right places, but the docstring asks for bool: `torch.where` "
            "takes truth values only. What does a comparison give, before you convert it?",
        ),
    ),
    hints=(
        "Write down for h = 0, 1 and 2 at which steps the guide acts; the first step is step 0. "
        "How many are there each time?",
        "You can compare all entries at once. `timesteps` is (S, B) and `horizon` is (S,): what "
        "shape must `horizon` have so that row s meets its own h?",
        "Compare timesteps with horizon.unsqueeze(1), which is (S, 1). Of the four comparisons "
        "choose the one that is False everywhere for h = 0.",
    ),
)
