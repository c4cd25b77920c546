"""Exercise 07-2: the updates of one environment step, with their ratio and the policy's delay."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import torch

from rlft.algorithms.sac import SACConfig
from rlft.course.exercise import Answer, Case, Exercise, Misconception
from rlft.data import Batch
from rlft.finetune.updates import learn
from rlft.recipes.recipe import Online

Updates = list[tuple[str, list[int]]]


def numbers(answer: Answer, arguments: dict[str, Any]) -> Any:
    """The updates with plain row numbers, whatever holds them."""
    updates = answer(**arguments)
    if not isinstance(updates, list):
        return updates
    return [(half, [int(row) for row in rows]) for half, rows in updates]


def case(name: str, *, step: int, utd: int, policy_delay: int, batch_size: int) -> Case:
    sizes = {"utd": utd, "policy_delay": policy_delay, "batch_size": batch_size}
    return Case(name, {"step": step, **sizes}, numbers)


def update_schedule(step: int, utd: int, policy_delay: int, batch_size: int) -> Updates:
    """The updates of one environment step; the library's `learn`, with notes in place of updates.

    Minibatch m, from 0, has every utd-th row of the big batch from m on. The policy has its turn
    after every `policy_delay` critic updates of the whole run, on all rows of this step that the
    critics saw since its last turn, in that order.

    Args:
        step: environment steps so far, 1 or more, with this one.
        utd: critic updates in each step.
        policy_delay: critic updates for each policy update; divides utd or is a multiple of it.
        batch_size: B, rows of a minibatch.

    Returns:
        `("critics", rows)` and `("policy", rows)` in order, with rows of 0 to utd * B - 1.
    """
    updates: Updates = []

    def note(half: str) -> Any:
        return lambda batch: updates.append((half, batch.rewards[0].tolist())) or {}

    config = SACConfig(batch_size=batch_size)
    critics, policy = note("critics"), note("policy")
    learner = SimpleNamespace(
        config=config,
        update_critics=critics,
        update_policy=policy,
        update=lambda batch: critics(batch) | policy(batch),
    )
    big = Batch(*[torch.arange(utd * batch_size).unsqueeze(0)] * 7)  # row i holds i everywhere
    replay = SimpleNamespace(sample=lambda batch_size, generator, batches: big)
    ratios = Online(config, utd=utd, policy_delay=policy_delay, policy_batch="all")
    learn(cast(Any, learner), ratios, cast(Any, replay), step, torch.Generator())
    return updates


def never_waits(step, utd, policy_delay, batch_size):
    return update_schedule(1, utd, 1, batch_size)


def delays_in_environment_steps(step, utd, policy_delay, batch_size):
    one_turn = update_schedule(1, utd, utd, batch_size)
    return one_turn if step % policy_delay == 0 else one_turn[:-1]


def counts_anew_at_each_step(step, utd, policy_delay, batch_size):
    return update_schedule(1, utd, policy_delay, batch_size)


def counts_from_zero(step, utd, policy_delay, batch_size):
    updates, waiting = [], []
    for i in range(utd):
        rows = list(range(i, utd * batch_size, utd))
        updates.append(("critics", rows))
        waiting += rows
        if ((step - 1) * utd + i) % policy_delay == 0:
            updates.append(("policy", waiting))
            waiting = []
    return updates


def repeats_one_minibatch(step, utd, policy_delay, batch_size):
    right = update_schedule(step, utd, policy_delay, batch_size)
    return [(half, [row // utd * utd for row in rows]) for half, rows in right]


def cuts_into_blocks(step, utd, policy_delay, batch_size):
    right = update_schedule(step, utd, policy_delay, batch_size)
    return [(half, [row % utd * batch_size + row // utd for row in rows]) for half, rows in right]


def policy_sees_the_last_only(step, utd, policy_delay, batch_size):
    right = update_schedule(step, utd, policy_delay, batch_size)
    return [(half, rows[-batch_size:]) for half, rows in right]


def never_empties(step, utd, policy_delay, batch_size):
    updates, seen = [], []
    for half, rows in update_schedule(step, utd, policy_delay, batch_size):
        seen += rows if half == "critics" else []
        updates.append((half, rows if half == "critics" else list(seen)))
    return updates


EXERCISE = Exercise(
    id="07-2",
    name="update_schedule",
    title="UTD batches and the policy's delay",
    reference=update_schedule,
    cases=(
        case("one update of each", step=1, utd=1, policy_delay=1, batch_size=2),
        case("four critic updates, then the policy", step=1, utd=4, policy_delay=4, batch_size=2),
        case("the policy twice in a step", step=1, utd=4, policy_delay=2, batch_size=2),
        case("a delay of two steps, step 1", step=1, utd=2, policy_delay=4, batch_size=3),
        case("a delay of two steps, step 2", step=2, utd=2, policy_delay=4, batch_size=3),
    ),
    misconceptions=(
        Misconception(
            "updates the policy after every critic update",
            never_waits,
            "Your policy moves as often as the critics. What is `policy_delay` for?",
        ),
        Misconception(
            "counts the delay in environment steps",
            delays_in_environment_steps,
            "You let whole environment steps pass between two policy updates. What does the delay "
            "count: steps, or updates of the critics?",
        ),
        Misconception(
            "counts anew at each step",
            counts_anew_at_each_step,
            "With a delay longer than one step's updates your policy never learns. How many "
            "critic updates came before this step?",
        ),
        Misconception(
            "counts from zero",
            counts_from_zero,
            "Your policy has its turn first and then waits. After how many critic updates is its "
            "first one due?",
        ),
        Misconception(
            "repeats one minibatch",
            repeats_one_minibatch,
            "All your critic updates see the same rows. A high UTD is to use more of the replay: "
            "which rows of the big batch has nobody seen?",
        ),
        Misconception(
            "cuts the big batch into blocks",
            cuts_into_blocks,
            "In a mixed batch the logged rows come first. What does your first minibatch hold "
            "then, and what your last?",
        ),
        Misconception(
            "shows the policy the last minibatch only",
            policy_sees_the_last_only,
            "Your policy learns from the last minibatch alone. What becomes of those that the "
            "critics saw while it waited?",
        ),
        Misconception(
            "never empties what waits",
            never_empties,
            "At its second turn in a step your policy sees rows again that it has learned from. "
            "What must happen to the list after an update?",
        ),
    ),
    hints=(
        "Write down the updates for utd=4 and policy_delay=2 on paper: C C P C C P. Then the rows: "
        "the big batch has utd * batch_size of them, and each minibatch takes every utd-th.",
        "Keep a list of the rows that the critics have seen and the policy has not. The number "
        "of a critic update counts over the whole run: (step - 1) * utd came before this step.",
        "For i from 1 to utd: rows = list(range(i - 1, utd * batch_size, utd)), a critic update, "
        "add the rows to the waiting ones; if ((step - 1) * utd + i) % policy_delay == 0, a policy "
        "update on the waiting rows, and then begin an empty list.",
    ),
)
