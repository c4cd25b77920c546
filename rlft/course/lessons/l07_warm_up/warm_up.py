"""Exercise 07-4: the warm-up, who acts at a step and what may learn."""

from __future__ import annotations

from typing import Any

from rlft.acting.rules import EpsilonGreedy
from rlft.course.exercise import Case, Exercise, Misconception
from rlft.recipes.recipe import Warmup

OF_WSRL = Warmup(steps=3)
OF_PORL = Warmup(steps=3, acting=EpsilonGreedy(0.2), critic_updates=2)


def case(name: str, step: int, episode: int, warmup: Warmup, utd: int = 4) -> Case:
    return Case(name, {"step": step, "episode": episode, "warmup": warmup, "utd": utd})


def warm_up(step: int, episode: int, warmup: Warmup, utd: int) -> dict[str, Any]:
    """What happens at one environment step. After the warm-up the learner acts alone.

    Args:
        step: environment steps since the switch with this one, 1 for the first.
        episode: number of the episode under way, 1 for the first.
        warmup: `steps`, the rule `acting` with its `random_share`, and `critic_updates` of each
            step, all three of the warm-up.
        utd: critic updates of each step after the warm-up.

    Returns:
        `actor`, "frozen" or "learner"; `random_share` of its steps at which it acts at random;
        `critic_updates` and `policy_learns` in this step.
    """
    warming = step <= warmup.steps
    return {
        "actor": "frozen" if warming else "learner",
        "random_share": warmup.acting.random_share if warming else 0.0,
        "critic_updates": warmup.critic_updates if warming else utd,
        "policy_learns": not warming,
    }


def learns_early(step, episode, warmup, utd):
    return warm_up(step + 1, episode, warmup, utd)


def learns_late(step, episode, warmup, utd):
    return warm_up(step - 1, episode, warmup, utd)


def counts_episodes(step, episode, warmup, utd):
    return warm_up(episode, episode, warmup, utd)


def learner_acts(step, episode, warmup, utd):
    return warm_up(step, episode, warmup, utd) | {"actor": "learner"}


def acts_at_random(step, episode, warmup, utd):
    right = warm_up(step, episode, warmup, utd)
    return right | {"random_share": 1.0 if step <= warmup.steps else 0.0}


def critics_learn(step, episode, warmup, utd):
    return warm_up(step, episode, warmup, utd) | {"critic_updates": utd}


def critics_never_learn(step, episode, warmup, utd):
    right = warm_up(step, episode, warmup, utd)
    return right | {"critic_updates": 0 if step <= warmup.steps else utd}


def as_wsrl(step, episode, warmup, utd):
    right = warm_up(step, episode, warmup, utd)
    nothing = {"random_share": 0.0, "critic_updates": 0}
    return right | nothing if step <= warmup.steps else right


def random_for_good(step, episode, warmup, utd):
    right = warm_up(step, episode, warmup, utd)
    return right | {"random_share": warmup.acting.random_share}


EXERCISE = Exercise(
    id="07-4",
    name="warm_up",
    title="The warm-up condition",
    reference=warm_up,
    cases=(
        case("WSRL: the first step", 1, 1, OF_WSRL),
        case("WSRL: the last step of the warm-up", 3, 1, OF_WSRL),
        case("WSRL: the step after it", 4, 1, OF_WSRL),
        case("WSRL: in the second episode", 9, 2, OF_WSRL),
        case("PORL: a step of the pre-sampling", 2, 1, OF_PORL),
        case("PORL: after the pre-sampling", 8, 2, OF_PORL),
        case("no warm-up", 1, 1, Warmup(), utd=1),
    ),
    misconceptions=(
        Misconception(
            "begins to learn a step early",
            learns_early,
            "Count the steps at which your learner waits, with 1 as the first. How many are there, "
            "and how many should there be?",
        ),
        Misconception(
            "begins to learn a step late",
            learns_late,
            "Count the steps at which your learner waits, with 1 as the first. Is the step after "
            "the warm-up one of them?",
        ),
        Misconception(
            "counts episodes",
            counts_episodes,
            "Your warm-up ends with an episode. In which unit is `Warmup.steps` measured, and how "
            "long may an episode be?",
        ),
        Misconception(
            "lets the learner act",
            learner_acts,
            "The warm-up is to fill the buffer with the actions of one certain policy. Which one, "
            "also where the learner's own does not come from the prior?",
        ),
        Misconception(
            "acts at random",
            acts_at_random,
            "Whose state-action pairs does the replay hold after your warm-up? Compare with the "
            "policy whose Q is to be kept.",
        ),
        Misconception(
            "lets the critics learn in every warm-up",
            critics_learn,
            "Only your policy waits. How many transitions would the critics' first minibatch be "
            "drawn from? Look at what `warmup` says about their updates.",
        ),
        Misconception(
            "lets nothing learn in any warm-up",
            critics_never_learn,
            "That is WSRL's warm-up. PORL hands no critics over: what has it to do with them "
            "before the policy follows them?",
        ),
        Misconception(
            "makes every warm-up that of WSRL",
            as_wsrl,
            "You wrote WSRL's two zeros into the warm-up. PORL's warm-up differs from it in both: "
            "where do its numbers stand?",
        ),
        Misconception(
            "goes on acting at random",
            random_for_good,
            "The warm-up is over, and your agent still takes its random actions. Which rule acts "
            "from then on?",
        ),
    ),
    hints=(
        "There are two phases only. Say for each, in words, who acts, whether actions are "
        "random, and what learns; then find the condition that tells them apart.",
        "Steps count from 1, so a warm-up of 3 has the steps 1, 2 and 3. All that belongs to it "
        "is written in `warmup`, also how many critic updates it makes.",
        "warming = step <= warmup.steps. While warming: 'frozen', warmup.acting.random_share, "
        "warmup.critic_updates, False; afterwards 'learner', 0.0, utd, True. The episode is not "
        "needed.",
    ),
)
