"""Exercise 06-3: pre-sampling, the loop that makes critics fit a frozen policy."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from rlft.core.errors import InputError
from rlft.course.exercise import Answer, Case, Exercise, Misconception


class World:
    """Environment, replay and learner in one: it writes down what is done to it.

    The environment is a road: episode e starts at 100 * e, and an action says how far to go. A
    minibatch is a pair, the rows that it could be drawn from and its number.
    """

    def __init__(self, ends: dict[int, str]) -> None:
        self.ends, self.place, self.steps, self.episodes = ends, 0, 0, 0
        self.stored, self.rows, self.drawn = [], 0, 0
        self.learned, self.policy_updates = [], 0

    def reset(self, **_: Any) -> tuple[int, dict]:
        self.place, self.episodes = 100 * self.episodes, self.episodes + 1
        return self.place, {}

    def step(self, action: int) -> tuple[int, int, bool, bool, dict]:
        self.place, self.steps = self.place + action, self.steps + 1
        end = self.ends.get(self.steps)
        return self.place, -1, end == "terminated", end == "truncated", {}

    def add(self, observation, action, reward, next_observation, terminated) -> None:
        row = {"observation": observation, "action": action, "reward": reward}
        row |= {"next_observation": next_observation, "terminated": terminated}
        self.stored.append(row)
        self.rows += 1

    def sample(self) -> tuple[int, int]:
        if self.rows == 0:
            raise InputError("The replay is empty: there is nothing to draw a minibatch from.")
        self.drawn += 1
        return self.rows, self.drawn

    def clear(self) -> None:
        self.rows = 0

    def update_critics(self, minibatch: tuple[int, int]) -> None:
        self.learned.append(minibatch)

    def update_policy(self, minibatch: tuple[int, int]) -> None:
        self.policy_updates += 1


def watch(answer: Answer, arguments: dict[str, Any]) -> dict[str, Any]:
    """What the answer did, so that the order of things that do not matter is free.

    The policy goes 1 ahead, and epsilon-greedy makes 2 of it.
    """
    world = World(arguments["ends"])
    objects = {"env": world, "replay": world, "learner": world}
    numbers = {name: arguments[name] for name in ("steps", "updates")}
    answer(policy=lambda observation: 1, disturb=lambda action: 2 * action, **objects, **numbers)
    return {
        "rows at each critic update": [rows for rows, _ in world.learned],
        "different minibatches": len({number for _, number in world.learned}),
        "policy updates": world.policy_updates,
        "rows in the replay": world.rows,
        "stored": world.stored,
    }


def case(name: str, steps: int, updates: int, ends: dict[int, str]) -> Case:
    """`ends` says at which steps an episode ends, and how."""
    return Case(name, {"steps": steps, "updates": updates, "ends": ends}, watch)


def reference(env, policy, disturb, replay, learner, steps: int, updates: int) -> None:
    """Fills the replay with a frozen policy's steps, and trains the critics on them.

    Args:
        env: `reset()` and `step(action)` as in Gymnasium.
        policy: `policy(observation)` is the frozen policy's action.
        disturb: `disturb(action)` is the action to take, epsilon-greedy.
        replay: `add(observation, action, reward, next_observation, terminated)`, and `sample()`,
            which draws a minibatch.
        learner: `update_critics(minibatch)`.
        steps: T, steps in the environment.
        updates: of the critics after each step, each on a minibatch of its own.
    """
    observation, _ = env.reset()
    for _ in range(steps):
        action = disturb(policy(observation))
        next_observation, reward, terminated, truncated, _ = env.step(action)
        replay.add(observation, action, reward, next_observation, terminated)
        for _ in range(updates):
            learner.update_critics(replay.sample())
        observation = env.reset()[0] if terminated or truncated else next_observation


def updates_the_policy(learner, **given):
    class Both:
        def update_critics(self, minibatch):
            learner.update_critics(minibatch)
            learner.update_policy(minibatch)

    reference(learner=Both(), **given)


def trains_after_the_last_step(replay, learner, steps, updates, **given):
    reference(replay=replay, learner=learner, steps=steps, updates=0, **given)
    for _ in range(steps * updates):
        learner.update_critics(replay.sample())


def one_update_a_step(updates, **given):
    reference(updates=1, **given)


def empties_the_replay(replay, **given):
    reference(replay=replay, **given)
    replay.clear()


def with_steps(env, seen):
    """The environment, whose steps give what `seen` makes of them."""
    return SimpleNamespace(reset=env.reset, step=lambda action: seen(*env.step(action)))


def never_starts_anew(env, policy, disturb, replay, learner, steps, updates):
    observation, _ = env.reset()
    for _ in range(steps):
        action = disturb(policy(observation))
        next_observation, reward, terminated, _, _ = env.step(action)
        replay.add(observation, action, reward, next_observation, terminated)
        for _ in range(updates):
            learner.update_critics(replay.sample())
        observation = next_observation


def stores_what_the_policy_wanted(env, disturb, **given):
    disturbed = SimpleNamespace(reset=env.reset, step=lambda action: env.step(disturb(action)))
    reference(env=disturbed, disturb=lambda action: action, **given)


def stores_any_end(env, **given):
    def seen(next_observation, reward, terminated, truncated, _):
        return next_observation, reward, terminated or truncated, truncated, {}

    reference(env=with_steps(env, seen), **given)


def one_minibatch_a_step(env, policy, disturb, replay, learner, steps, updates):
    observation, _ = env.reset()
    for _ in range(steps):
        action = disturb(policy(observation))
        next_observation, reward, terminated, truncated, _ = env.step(action)
        replay.add(observation, action, reward, next_observation, terminated)
        minibatch = replay.sample()
        for _ in range(updates):
            learner.update_critics(minibatch)
        observation = env.reset()[0] if terminated or truncated else next_observation


def resets_before_it_stores(env, policy, disturb, replay, learner, steps, updates):
    observation, _ = env.reset()
    for _ in range(steps):
        action = disturb(policy(observation))
        next_observation, reward, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            next_observation, _ = env.reset()
        replay.add(observation, action, reward, next_observation, terminated)
        for _ in range(updates):
            learner.update_critics(replay.sample())
        observation = next_observation


def walks_on_after_a_truncation(env, **given):
    def seen(next_observation, reward, terminated, truncated, _):
        return next_observation, reward, terminated, False, {}

    reference(env=with_steps(env, seen), **given)


EXERCISE = Exercise(
    id="06-3",
    name="pre_sample",
    title="The pre-sampling loop",
    reference=reference,
    cases=(
        case("two steps, one update each", 2, 1, {}),
        case("three updates after each step", 2, 3, {}),
        case("an episode terminates", 3, 1, {2: "terminated"}),
        case("an episode is truncated", 3, 2, {1: "truncated"}),
        case("an episode ends at the last step", 3, 1, {3: "terminated"}),
        case("no updates: it only collects", 3, 0, {2: "truncated"}),
    ),
    misconceptions=(
        Misconception(
            "updates the policy",
            updates_the_policy,
            "The critics are to become right about one fixed policy. What happens to it here, and "
            "who would be leading it?",
        ),
        Misconception(
            "trains only after the last step",
            trains_after_the_last_step,
            "You collect everything first and train then. In pre-sampling the critics learn after "
            "each step, from the rows that are there by then.",
        ),
        Misconception(
            "makes one update a step",
            one_update_a_step,
            "Steps are expensive and updates are cheap: how many belong to one step here?",
        ),
        Misconception(
            "empties the replay",
            empties_the_replay,
            "The replay is empty when you are done. What will the learner draw from at the first "
            "step of fine-tuning?",
        ),
        Misconception(
            "never starts a new episode",
            never_starts_anew,
            "Where does your agent walk after an episode has ended? In Gymnasium nobody resets "
            "the environment for you, and there are two ways to end.",
        ),
        Misconception(
            "stores what the policy wanted",
            stores_what_the_policy_wanted,
            "The critics learn what an action led to. Which action led to this next observation: "
            "the one that the policy wanted, or the one that was taken?",
        ),
        Misconception(
            "stores every end as a termination",
            stores_any_end,
            "A time limit ends an episode, but not the task: the next state still has a value. "
            "What will a critic take for the future of a row that says `terminated`?",
        ),
        Misconception(
            "draws one minibatch for all updates of a step",
            one_minibatch_a_step,
            "All updates of one step learn from the same rows in your loop. How often do you "
            "draw, and how often do you update?",
        ),
        Misconception(
            "stores the start of the next episode",
            resets_before_it_stores,
            "Where an episode ends, your row leads from its last place to the start of the next "
            "one. No action does that. What did `env.step` return?",
        ),
        Misconception(
            "starts anew after a termination only",
            walks_on_after_a_truncation,
            "One of the two ways in which an episode can end goes unnoticed, and your agent walks "
            "on. Which one, and who would reset the environment then?",
        ),
    ),
    hints=(
        "Say one step aloud: who acts, what happens to the action, what is kept, who learns, and "
        "where does the next step begin?",
        "Two loops, one inside the other: over the steps, and over the updates of a step. Carry "
        "the observation along by hand, and take it from a reset where an episode has ended.",
        "For each step: action = disturb(policy(observation)); env.step; replay.add; `updates` "
        "times learner.update_critics(replay.sample()); then the next observation, which is "
        "`env.reset()[0]` after a termination or a truncation. Nothing else is called.",
    ),
)
