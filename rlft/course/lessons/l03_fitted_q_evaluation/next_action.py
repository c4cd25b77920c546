"""Exercise 03-4: the next action of a policy that hands over at step h."""

from __future__ import annotations

import torch
from torch import Tensor

from rlft.course.exercise import Case, Exercise, Misconception
from rlft.nets.timed import guide_walks


def reference(
    guide_actions: Tensor, explorer_actions: Tensor, timesteps: Tensor, horizon: Tensor
) -> Tensor:
    """The action a' of the jump-start policy at s', for transitions logged at step t.

    Args:
        guide_actions: (S, B, A), drawn from the guide at s'.
        explorer_actions: (S, B, A), drawn from the explorer at s'.
        timesteps: (S, B), the step t of each transition, from 0; s' is reached at t + 1.
        horizon: (S,), h of each seed: the guide acts at the steps 0 to h - 1, so never for h = 0.

    Returns:
        (S, B, A).
    """
    return _choose(guide_walks(timesteps + 1, horizon), guide_actions, explorer_actions)


def _choose(walks: Tensor, guide_actions: Tensor, explorer_actions: Tensor) -> Tensor:
    return torch.where(walks[..., None], guide_actions, explorer_actions)


def a_step_late(guide_actions, explorer_actions, timesteps, horizon):
    return _choose(guide_walks(timesteps, horizon), guide_actions, explorer_actions)


def two_steps_late(guide_actions, explorer_actions, timesteps, horizon):
    return _choose(timesteps <= horizon[:, None], guide_actions, explorer_actions)


def a_step_early(guide_actions, explorer_actions, timesteps, horizon):
    return _choose(guide_walks(timesteps + 2, horizon), guide_actions, explorer_actions)


def roles_swapped(guide_actions, explorer_actions, timesteps, horizon):
    return reference(explorer_actions, guide_actions, timesteps, horizon)


def guide_only(guide_actions, explorer_actions, timesteps, horizon):
    return guide_actions.clone()


def explorer_only(guide_actions, explorer_actions, timesteps, horizon):
    return explorer_actions.clone()


def first_horizon_for_all(guide_actions, explorer_actions, timesteps, horizon):
    return reference(guide_actions, explorer_actions, timesteps, horizon[:1].expand(len(horizon)))


def horizons_along_the_batch(guide_actions, explorer_actions, timesteps, horizon):
    return _choose(timesteps + 1 < horizon, guide_actions, explorer_actions)


def case(name: str, timesteps: list, horizon: list, actions: int = 1) -> Case:
    """Timesteps (S, B); the guide's actions are 0.1, 0.2, ..., the explorer's are negative."""
    steps = torch.tensor(timesteps).float()  # as in a Batch
    seeds, rows = steps.shape
    guide = torch.arange(1, seeds * rows * actions + 1).view(seeds, rows, actions) / 10
    given = {
        "guide_actions": guide,
        "explorer_actions": -guide,
        "timesteps": steps,
        "horizon": torch.tensor(horizon),
    }
    return Case(name, given)


EXERCISE = Exercise(
    id="03-4",
    name="next_action",
    title="The next action of a jump-start policy",
    reference=reference,
    cases=(
        case("long before and long after the hand-off", [[0, 30]], [10]),
        case("around the hand-off", [[7, 8, 9, 10, 11]], [10]),
        case("the guide never acts", [[0, 1]], [0]),
        case("two seeds hand over at different steps", [[2, 5, 8], [2, 5, 8]], [4, 7]),
        case("two actions, two transitions", [[1, 3], [1, 3]], [3, 9], actions=2),
    ),
    misconceptions=(
        Misconception(
            "hands over a step late",
            a_step_late,
            "The guide acts once too often. Do you ask who acts at s or at s'? And does a guide of "
            "h steps, which begins with step 0, still act at step h?",
        ),
        Misconception(
            "hands over two steps late",
            two_steps_late,
            "Two slips add up here. At which step is s' reached? And if the guide acts at the "
            "steps 0 to h - 1, is `<=` the right sign?",
        ),
        Misconception(
            "hands over a step early",
            a_step_early,
            "The guide's last step is step h - 1. Somewhere you took off one more. Try t = h - 2 "
            "on paper.",
        ),
        Misconception(
            "swaps the two",
            roles_swapped,
            "In which part of the episode is the guide needed: on the way there, or once it has "
            "led somewhere?",
        ),
        Misconception(
            "lets the guide walk for ever",
            guide_only,
            "This is the value of the guide alone. What happens at step h?",
        ),
        Misconception(
            "evaluates the explorer alone",
            explorer_only,
            "This is the value of the explorer alone. Who acts in the first h steps of an episode?",
        ),
        Misconception(
            "uses one horizon for all seeds",
            first_horizon_for_all,
            "Every seed has an h of its own. Which one does your second row use?",
        ),
        Misconception(
            "lines horizons up with the batch",
            horizons_along_the_batch,
            "`timesteps` is (S, B) and `horizon` is (S,). PyTorch lines shapes up from the right: "
            "which axis does your horizon run along?",
        ),
    ),
    hints=(
        "Draw a line of steps 0, 1, 2, ... with h on it, and a transition from t to t + 1. At "
        "which end of the transition is a' chosen?",
        "Make a truth value for each transition, (S, B): does the guide walk at step t + 1? "
        "`horizon[:, None]` is (S, 1).",
        "walks = (timesteps + 1) < horizon[:, None]; then torch.where with walks[..., None], so "
        "that one decision holds for all A numbers of an action.",
    ),
)
