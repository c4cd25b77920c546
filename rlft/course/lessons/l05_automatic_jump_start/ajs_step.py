"""Exercise 05-2: one whole step of AJS, tried on parts that write down what is done to them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from rlft.course.exercise import Case, Exercise, Misconception
from rlft.course.lessons.l05_automatic_jump_start.ajs_parts import observe


def case(
    name: str,
    step: int,
    timesteps: list[int],
    h: list[int],
    proposed: list[int] | None = None,
    ends: list[list[bool]] | None = None,
    check_every: int = 10,
) -> Case:
    arguments = {
        "step": step,
        "timesteps": np.array(timesteps),
        "h": np.array(h),
        "proposed": np.array(h if proposed is None else proposed),
        "check_every": check_every,
        "ends": ends or [[False, False]],
    }
    return Case(name, arguments, observe)


def reference(
    step: int,
    observations: np.ndarray,
    timesteps: np.ndarray,
    h: np.ndarray,
    proposed: np.ndarray,
    parts: Any,
    check_every: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One environment step of S seeds, and everything that is learned from it.

    Args:
        step: number of this step, 1 for the first of the run.
        observations: (S, O).
        timesteps: (S,) steps that the episodes have behind them.
        h: (S,) steps that the guide walks in the episodes under way.
        proposed: (S,) the same for the episodes that begin next.
        parts: `env.step(actions)` gives an outcome with `observations` (S, O), where the next step
            begins, and `done` (S,), whether the episode ended. `guide` and `explorer` have
            `act(observations)`, (S, A), and `update(replay)`. `replay.add(observations, actions,
            outcome, timesteps)` stores. `judge.update(replay, proposed)` lets the judge learn
            about the jump-start policy with this h. `gate.decide(proposed)` gives the next one.
        check_every: the gate decides at every step that is a multiple of it.

    Returns:
        observations, timesteps, h and proposed of the next step.
    """
    guided, explored = parts.guide.act(observations), parts.explorer.act(observations)
    actions = np.where((timesteps < h)[:, None], guided, explored)
    outcome = parts.env.step(actions)
    parts.replay.add(observations, actions, outcome, timesteps)
    parts.explorer.update(parts.replay)
    parts.guide.update(parts.replay)
    parts.judge.update(parts.replay, proposed)
    if step % check_every == 0:
        proposed = parts.gate.decide(proposed)
    timesteps = np.where(outcome.done, 0, timesteps + 1)
    return outcome.observations, timesteps, np.where(outcome.done, proposed, h), proposed


def changed(parts: Any, **others: Any) -> SimpleNamespace:
    return SimpleNamespace(**{**vars(parts), **others})


def idle(parts: Any, *names: str) -> SimpleNamespace:
    """Those parts do not learn: their updates are noted where nobody looks."""
    return changed(parts, **{name: replace(getattr(parts, name), calls=[]) for name in names})


def only_who_acts_learns(parts, timesteps, h, **given):
    walks = timesteps < h
    resting = ["explorer"] * bool(walks.all()) + ["guide"] * bool(not walks.any())
    return reference(parts=idle(parts, *resting), timesteps=timesteps, h=h, **given)


def explorer_skips_the_guides_steps(parts, timesteps, h, **given):
    resting = ["explorer"] * bool((timesteps < h).all())
    return reference(parts=idle(parts, *resting), timesteps=timesteps, h=h, **given)


def guide_stays_as_it_was(parts, **given):
    return reference(parts=idle(parts, "guide"), **given)


def gate_at_every_step(check_every, **given):
    return reference(check_every=1, **given)


def judge_learns_at_decisions(step, check_every, parts, **given):
    resting = ["judge"] * bool(step % check_every)
    return reference(step=step, check_every=check_every, parts=idle(parts, *resting), **given)


def judge_about_the_h_in_force(parts, h, **given):
    def update(replay, proposed):
        parts.judge.update(replay, h)

    return reference(parts=changed(parts, judge=SimpleNamespace(update=update)), h=h, **given)


def gate_before_the_judge(step, proposed, parts, check_every, **given):
    later = []
    judge = SimpleNamespace(update=lambda *asked: later.append(asked))
    *new_state, proposed = reference(
        step=step,
        proposed=proposed,
        parts=changed(parts, judge=judge),
        check_every=check_every,
        **given,
    )
    parts.judge.update(later[0][0], proposed)
    return *new_state, proposed


def episodes_before_the_gate(step, h, proposed, parts, check_every, **given):
    ended = []

    def play(actions):
        outcome = parts.env.step(actions)
        ended.append(outcome.done)
        return outcome

    observations, timesteps, _, after = reference(
        step=step,
        h=h,
        proposed=proposed,
        parts=changed(parts, env=SimpleNamespace(step=play)),
        check_every=check_every,
        **given,
    )
    return observations, timesteps, np.where(ended[0], proposed, h), after


def one_step_too_many(parts, timesteps, h, **given):
    def act(observations):
        policies = parts.guide.act(observations), parts.explorer.act(observations)
        return np.where((timesteps == h)[:, None], *policies)

    later = SimpleNamespace(act=act, update=parts.explorer.update)
    return reference(parts=changed(parts, explorer=later), timesteps=timesteps, h=h, **given)


def acts_by_the_proposed_h(timesteps, h, proposed, parts, **given):
    def act(observations):
        policies = parts.guide.act(observations), parts.explorer.act(observations)
        return np.where((timesteps < proposed)[:, None], *policies)

    both = {
        name: SimpleNamespace(act=act, update=getattr(parts, name).update)
        for name in ("guide", "explorer")
    }
    return reference(
        timesteps=timesteps, h=h, proposed=proposed, parts=changed(parts, **both), **given
    )


def h_in_force_at_once(**given):
    observations, timesteps, _, proposed = reference(**given)
    return observations, timesteps, proposed, proposed


EXERCISE = Exercise(
    id="05-2",
    name="ajs_step",
    title="One step of AJS",
    reference=reference,
    cases=(
        case("the explorer's turn in both seeds", 1, [5, 9], [3, 4]),
        case("the guide's turn in both seeds", 1, [0, 1], [3, 4]),
        case("one guide has just walked its h steps", 2, [3, 2], [3, 3]),
        case("the gate's turn", 10, [5, 0], [3, 4]),
        case(
            "a new h waits, and the episodes end", 11, [2, 3], [3, 4], [1, 2], ends=[[True, True]]
        ),
        case(
            "an episode ends as the gate decides", 20, [0, 7], [3, 6], [3, 4], ends=[[True, False]]
        ),
        case(
            "four steps, and a decision at every second",
            1,
            [0, 2],
            [3, 3],
            ends=[[False, False], [False, True], [True, False], [False, False]],
            check_every=2,
        ),
    ),
    misconceptions=(
        Misconception(
            "only the policy that acts learns",
            only_who_acts_learns,
            "Both learners draw from one replay, which holds everybody's steps. Is there a reason "
            "why one of them should rest while the other one acts?",
        ),
        Misconception(
            "the explorer does not learn from the guide's steps",
            explorer_skips_the_guides_steps,
            "SAC learns off-policy: a transition is useful whoever chose its action. At the full "
            "h the guide walks whole episodes; what would your explorer have learned by its turn?",
        ),
        Misconception(
            "freezes the guide",
            guide_stays_as_it_was,
            "A frozen guide is the jump start of lesson 04. What does the guide of AJS do online?",
        ),
        Misconception(
            "asks the gate at every step",
            gate_at_every_step,
            "A gate should be slower than its judge, who has to see first what the last decision "
            "led to. Which argument says when the gate's turn has come?",
        ),
        Misconception(
            "the judge learns only when the gate asks",
            judge_learns_at_decisions,
            "The two have clocks of their own. How good is a judge that has made a single update "
            "since the last decision?",
        ),
        Misconception(
            "the judge learns about the h in force",
            judge_about_the_h_in_force,
            "The gate decides about the episodes to come. About which of the two h does its judge "
            "have to know something then?",
        ),
        Misconception(
            "asks the gate before the judge has learned",
            gate_before_the_judge,
            "Your gate decides on what the judge knew before this step, and only then does the "
            "judge learn. In which order does the task name the two?",
        ),
        Misconception(
            "begins the new episode before the gate has decided",
            episodes_before_the_gate,
            "An episode can end in the very step in which the gate decides. Which h does your next "
            "episode get then, and which one is the newest?",
        ),
        Misconception(
            "the guide takes one step too many",
            one_step_too_many,
            "Steps are counted from 0. With h = 3 the guide walks at t = 0, 1 and 2: who acts at "
            "t = 3?",
        ),
        Misconception(
            "lets the proposed h decide who acts",
            acts_by_the_proposed_h,
            "Guide and explorer share the episodes under way, and the proposed h is for those that "
            "begin next. Which h did these episodes begin with?",
        ),
        Misconception(
            "moves h in the middle of an episode",
            h_in_force_at_once,
            "An episode that began with one h ends with it. From when on may the new h decide who "
            "acts, and in which seeds?",
        ),
    ),
    hints=(
        "Write the five things down as comments first: act, store, both learn, the judge learns, "
        "the gate decides. Then ask which of them happen at every step.",
        "Four of the five happen at every step, whoever acts. `(timesteps < h)[:, None]` has the "
        "shape (S, 1), so that np.where can choose whole actions. A step that ended an episode "
        "sets that seed's clock to 0 and its h to the proposed one.",
        "actions = np.where((timesteps < h)[:, None], guided, explored); step, add, update three "
        "times; `if step % check_every == 0: proposed = parts.gate.decide(proposed)`; then "
        "np.where(outcome.done, new, old) for the clock and for h.",
    ),
)
