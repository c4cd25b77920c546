"""Runs with a guide, with a second learner, or from nothing: the loop beside plain learning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
import torch
from maze_fakes import DETOUR
from small import (
    MAZE_DATA,
    SHORT_DATA,
    Always,
    ModeOf,
    make_prior,
    make_recipe,
    of_seed,
    pendulum_data,
    same_state,
    small,
)
from test_loop import Scripted, run, spy, tamper

from rlft.acting import (
    Acting,
    Automatic,
    EpsilonGreedy,
    Fixed,
    FrozenActs,
    GuideActs,
    JumpStart,
    LearnerActs,
    Linear,
    Schedule,
    Stepped,
)
from rlft.acting.horizon import Horizon, ScheduleContext
from rlft.acting.rules import ActContext, Policies, RulePolicy
from rlft.algorithms import InAC, SACConfig
from rlft.algorithms.fqe.learner import FQEConfig
from rlft.core.errors import InputError
from rlft.core.streams import Role, evaluation_stream, stream
from rlft.data import ReplayBuffer
from rlft.evaluate import evaluate
from rlft.finetune import Prior, Run, hand_over, loop, untrained
from rlft.finetune.handover import hand_over_guide
from rlft.nets.policies import PolicyConfig
from rlft.nets.stacked import CriticConfig
from rlft.recipes import Handover, Online, Recipe, Warmup

SEEDS = 3
NOTHING = Handover(
    policy=False, critics=False, target_critics=False, temperature=False, optimizers=()
)
INAC = Online(small("inac"))
# The explorer's networks are new, but its policy class is the guide's.
EXPLORER = small("sac", policy=small("inac").policy)


def ajs(
    schedule: Schedule | None = None, *, guide: Online = INAC, warmup: Warmup | None = None
) -> Recipe:
    """AJS in small: an InAC guide that goes on learning, a SAC explorer that starts new."""
    return make_recipe(
        EXPLORER,
        handover=NOTHING,
        warmup=warmup,
        acting=JumpStart(guide=GuideActs(), schedule=schedule or Fixed(2)),
        guide=guide,
    )


@pytest.fixture(scope="module")
def prior() -> Prior:
    return make_prior("inac", data=SHORT_DATA, seeds=SEEDS)


@pytest.fixture(scope="module")
def pendulum() -> Prior:
    """In the pendulum every action counts: two policies never have the same return."""
    return make_prior("inac", data=pendulum_data(), seeds=SEEDS)


@dataclass
class Script:
    """A schedule that does as it is told and writes down when it was asked.

    Attributes:
        first: h of each seed at the beginning.
        then: h of each seed after the `at`-th step.
    """

    first: tuple[int, ...]
    then: tuple[int, ...] = ()
    at: int = -1
    calls: list[tuple[str, int]] = field(default_factory=list)
    settings: list[ScheduleContext] = field(default_factory=list)
    returns: list[np.ndarray] = field(default_factory=list)

    def start(self, context: ScheduleContext) -> Horizon:
        self.settings.append(context)
        return _Told(self)


class _Told(Horizon):
    def __init__(self, script: Script) -> None:
        super().__init__(np.array(script.first))
        self.script = script

    def after_step(self, step: int) -> None:
        self.script.calls.append(("step", step))
        if step == self.script.at:
            self.proposed[:] = self.script.then

    def after_evaluation(self, step: int, returns: np.ndarray) -> None:
        self.script.calls.append(("evaluation", step))
        self.script.returns.append(returns)

    def begin_episodes(self, begins: np.ndarray) -> None:
        self.script.calls.append(("begin", int(begins.sum())))
        super().begin_episodes(begins)


def brief(prior: Prior, recipe: Recipe, **arguments: Any) -> Run:
    """A run whose episodes have 10 steps, so that its evaluations cost little."""
    return run(prior, recipe, env_kwargs={"time_limit": 10}, **arguments)


# --- two learners ------------------------------------------------------------------------------


def test_both_learners_move_and_the_frozen_policy_does_not(prior: Prior) -> None:
    before, casts = prior.learner.state_dict(), []

    @dataclass(frozen=True)
    class Watching(LearnerActs):
        def act(self, context: ActContext) -> torch.Tensor:
            casts.append(context.policies)
            return super().act(context)

    recipe = ajs(guide=Online(small("inac"), utd=2, policy_delay=2))
    recipe = replace(recipe, acting=replace(recipe.acting, explorer=Watching()))  # type: ignore[type-var]
    result = brief(prior, recipe, steps=5, seed=3)
    guide = result.guide
    assert isinstance(guide, InAC)
    assert (result.learner.updates, guide.updates) == (5, 10)
    first_explorer, _ = hand_over(prior, recipe, seed=stream(3, Role.LEARNER))
    for name, part in result.learner.parts().items():
        assert not same_state(part.state_dict(), first_explorer.parts()[name].state_dict()), name
    for name, part in guide.parts().items():
        assert not same_state(part.state_dict(), prior.learner.parts()[name].state_dict()), name
    assert same_state(prior.learner.state_dict(), before)
    policies = casts[-1]
    assert isinstance(policies, Policies)
    assert policies.learner is result.learner.policy and policies.guide is guide.policy
    assert policies.frozen is not prior.learner.policy
    assert same_state(policies.frozen.state_dict(), prior.learner.policy.state_dict())


def test_the_guides_metrics_stand_beside_the_explorers(prior: Prior) -> None:
    metrics = brief(prior, ajs(), steps=4, eval_every=2).metrics
    assert {"critic_loss", "temperature", "guide_critic_loss", "guide_value_loss"} <= set(metrics)
    assert {"guide_policy_loss", "guide_behaviour_loss", "guide_steps"} <= set(metrics)
    assert "value_loss" not in metrics and "guide_temperature" not in metrics
    assert all(metrics[name].shape == (SEEDS, 2) for name in metrics if name != "step")


def test_the_parts_of_a_guide_that_are_new_have_a_stream_of_their_own() -> None:
    prior = make_prior("sac")  # has no behaviour policy
    still = Online(small("inac", policy=small("sac").policy, lr=0.0))
    recipe = make_recipe(guide=still, acting=JumpStart(guide=GuideActs(), schedule=Fixed(1)))
    guide = brief(prior, recipe, steps=1, seed=3).guide
    expected = hand_over_guide(prior, recipe, seed=stream(3, Role.GUIDE))
    assert guide is not None and expected is not None
    behaviour = (learner.parts()["behaviour"].state_dict() for learner in (guide, expected))
    assert same_state(*behaviour)


def test_both_learn_from_the_same_replay(prior: Prior, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of its first row, and each with batches of its own."""
    explorer = spy(monkeypatch, EXPLORER, "update_critics")
    guide = spy(monkeypatch, INAC.learner, "update_critics")
    brief(prior, ajs(), steps=3)
    assert len(explorer) == len(guide) == 3
    assert torch.equal(explorer[0].observations, guide[0].observations)  # there is one row so far
    assert not torch.equal(explorer[2].observations, guide[2].observations)


def test_neither_learner_moves_during_a_warm_up(prior: Prior) -> None:
    recipe = ajs(warmup=Warmup(steps=3, critic_updates=2))
    result = brief(prior, recipe, steps=4)
    assert result.guide is not None
    assert (result.learner.updates, result.guide.updates) == (3 * 2 + 1, 1)


def test_same_call_same_bits_with_two_learners(prior: Prior) -> None:
    schedule = Stepped(stages=(3, 1, 0))
    first, again, other = (
        brief(prior, ajs(schedule), seed=seed, steps=6, eval_every=3) for seed in (0, 0, 1)
    )
    assert first.guide is not None and again.guide is not None and other.guide is not None
    assert same_state(first.guide.state_dict(), again.guide.state_dict())
    assert same_state(first.learner.state_dict(), again.learner.state_dict())
    np.testing.assert_array_equal(first.returns_behaviour, again.returns_behaviour)
    assert not same_state(first.guide.state_dict(), other.guide.state_dict())


TINY_FQE = FQEConfig(
    critics=CriticConfig(hidden=(8,)),
    batch_size=4,
    gamma=1.0,
    time_aware=True,
    finite_horizon=True,
)


@pytest.mark.parametrize(
    "schedule",
    [
        Stepped(stages=(3, 2, 1, 0)),
        Linear(start_at=4),
        Automatic(start_at=4, step=1, check_every=2, reference_updates=2, fqe=TINY_FQE),
    ],
    ids=lambda schedule: type(schedule).__name__,
)
def test_the_environment_of_one_seed_leaves_the_other_seeds_alone(
    schedule: Schedule, prior: Prior, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = brief(prior, ajs(schedule), steps=10, eval_every=5)
    tamper(monkeypatch, seed=1, reward=5.0)
    changed = brief(prior, ajs(schedule), steps=10, eval_every=5)
    for which in ("learner", "guide"):
        before, after = (getattr(r, which).state_dict() for r in (plain, changed))
        for seed in (0, 2):
            assert same_state(of_seed(before, seed, SEEDS), of_seed(after, seed, SEEDS))
        assert not same_state(of_seed(before, 1, SEEDS), of_seed(after, 1, SEEDS))
    for seed in (0, 2):
        assert plain.returns_behaviour[seed].tolist() == changed.returns_behaviour[seed].tolist()


# --- h -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "who", "h"),
    [
        # Seed 0's episodes begin at steps 1, 3 and 6, seed 1's at steps 1 and 4.
        (1, ["GEGGEG", "GGEEEE"], [[1, 1, 2, 2, 2, 2], [2, 2, 2, 0, 0, 0]]),
        (2, ["GEGGEG", "GGEEEE"], [[1, 1, 2, 2, 2, 2], [2, 2, 2, 0, 0, 0]]),
        (3, ["GEGEEG", "GGEEEE"], [[1, 1, 1, 1, 1, 2], [2, 2, 2, 0, 0, 0]]),
        (4, ["GEGEEG", "GGEGGE"], [[1, 1, 1, 1, 1, 2], [2, 2, 2, 2, 2, 2]]),
    ],
)
def test_a_new_h_comes_into_force_when_the_seeds_next_episode_begins(
    at: int, who: list[str], h: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when h moves in the very step that ends an episode, and never in the middle of one."""
    monkeypatch.setattr(loop, "make_vec", lambda *args, **kwargs: Scripted())
    rule = JumpStart(Always(0.5), Always(-0.5), Script((1, 2), then=(2, 0), at=at))
    kept: list[ReplayBuffer] = []
    result = run(
        make_prior("sac", seeds=2),
        make_recipe(acting=rule),
        eval_every=1,
        callbacks=(lambda *given: kept.append(given[2]),),
    )
    actions = kept[-1].recent(6).actions[..., 0].tolist()  # (S, 6)
    assert ["".join("G" if a > 0 else "E" for a in row) for row in actions] == who
    assert result.metrics["guide_steps"].tolist() == h


def test_what_an_evaluation_moved_counts_for_the_episode_that_begins_next() -> None:
    """Episodes of 4 steps, all with the return -4: each evaluation but the first advances."""
    prior = make_prior("bc")
    short = replace(prior, data=replace(MAZE_DATA, env_kwargs=(("time_limit", 4),)))
    rule = JumpStart(schedule=Stepped(stages=(3, 2, 0)))
    result = run(short, make_recipe(handover=NOTHING, acting=rule), steps=10, eval_every=2)
    # h is 2 after step 2, in the middle of an episode, and 0 after step 4, at its end.
    assert result.metrics["guide_steps"].tolist() == [[3, 3, 0, 0, 0]] * SEEDS


def test_a_schedule_hears_of_steps_evaluations_and_episodes_in_this_order(prior: Prior) -> None:
    script = Script((1, 1, 1))
    brief(prior, ajs(script), steps=3, eval_every=2)
    assert script.calls == [
        ("evaluation", 0),
        ("step", 1),
        ("begin", 0),
        ("evaluation", 2),
        ("step", 2),
        ("begin", 0),
        ("evaluation", 3),
        ("step", 3),
        ("begin", 0),
    ]


def test_a_schedule_hears_returns_of_guide_and_explorer_only(pendulum: Prior) -> None:
    """During a warm-up another rule acts: its return says nothing of h."""
    script = Script((1, 1, 1))
    result = run(pendulum, ajs(script, warmup=Warmup(steps=2)), steps=4, eval_every=1)
    heard = [call for call in script.calls if call[0] != "begin"]
    assert heard == [("evaluation", 2), *[(w, n) for n in (3, 4) for w in ("evaluation", "step")]]
    np.testing.assert_array_equal(np.stack(script.returns, 1), result.returns_behaviour[:, 2:])


def test_a_schedule_may_look_at_these(prior: Prior) -> None:
    script = Script((1, 1, 1))
    result = brief(prior, ajs(script), steps=5, seed=3, eval_every=1)
    (context,) = script.settings
    assert result.guide is not None
    assert (context.seeds, context.steps, context.time_limit) == (SEEDS, 5, 10)
    assert context.data is prior.data and len(context.replay) == 5
    assert context.guide is result.guide.policy and context.learner is result.learner
    assert context.seed == stream(3, Role.SCHEDULE)
    assert context.device == torch.device("cpu") and context.progress is False
    frozen = Script((1, 1, 1))
    brief(prior, replace(ajs(frozen), guide=None), steps=5)
    policy = frozen.settings[0].guide
    assert policy is not prior.learner.policy
    assert same_state(policy.state_dict(), prior.learner.policy.state_dict())


# --- returns of the whole rule -----------------------------------------------------------------


def rule_return(rule: Acting, result: Run, point: int, h: tuple[int, ...] = (0,) * SEEDS) -> Any:
    """(S,) return of a rule with the policies at the end of a run."""
    assert result.guide is not None
    policies = Policies(result.learner.policy, result.guide.policy, result.prior.learner.policy)
    rule_policy = RulePolicy(rule, policies, torch.tensor(h))
    seed = evaluation_stream(0, point)
    return evaluate(rule_policy, "Pendulum-v1", episodes=1, mode=False, seed=seed).mean_returns


def test_the_behaviours_return_is_the_guides_for_the_longest_h_and_the_explorers_for_none(
    pendulum: Prior,
) -> None:
    h = (200, 0, 100)  # an episode has 200 steps
    guide, explorer = ModeOf(who="guide"), ModeOf(who="learner")
    recipe = replace(ajs(), acting=JumpStart(guide, explorer, Script(h)))
    result = run(pendulum, recipe, steps=3)
    assert result.steps.tolist() == [0, 3]
    behaviour = result.returns_behaviour[:, -1]
    guides, explorers = (rule_return(rule, result, 2) for rule in (guide, explorer))
    np.testing.assert_array_equal(explorers, result.returns_mode[:, -1])
    assert behaviour[0] == guides[0] != explorers[0]
    assert behaviour[1] == explorers[1] != guides[1]
    assert behaviour[2] not in (guides[2], explorers[2])
    # At the switch the guide is the prior's policy.
    seed = evaluation_stream(0, 1)
    start = evaluate(pendulum.learner.policy, "Pendulum-v1", episodes=1, mode=True, seed=seed)
    assert result.returns_behaviour[0, 0] == start.mean_returns[0]


def test_what_a_gate_judges_is_what_was_measured(pendulum: Prior) -> None:
    """At an evaluation that is also a decision the return is that of the h before it."""
    guide, explorer = ModeOf(who="guide"), ModeOf(who="learner")
    falls = Script((200,) * SEEDS, then=(0,) * SEEDS, at=3)
    recipe = replace(ajs(), acting=JumpStart(guide, explorer, falls))
    result = run(pendulum, recipe, steps=3)
    guides, explorers = (rule_return(rule, result, 2) for rule in (guide, explorer))
    np.testing.assert_array_equal(result.returns_behaviour[:, -1], guides)
    assert (guides != explorers).all()


def test_a_gate_says_at_which_step_it_last_decided(prior: Prior) -> None:
    rule = Automatic(start_at=6, step=1, check_every=4, reference_updates=2)
    result = brief(prior, ajs(rule), steps=9, eval_every=2)
    assert result.metrics["step"].tolist() == [2, 4, 6, 8]
    assert result.metrics["decided_at"].tolist() == [[0, 4, 4, 8]] * SEEDS


def test_the_behaviours_return_is_that_of_the_h_of_the_next_episode(pendulum: Prior) -> None:
    """Episodes of 200 steps: the h under way is still the first one."""
    script = Script((200, 200, 200), then=(0, 0, 0), at=1)
    rule = JumpStart(ModeOf(who="guide"), ModeOf(who="learner"), script)
    result = run(pendulum, replace(ajs(), acting=rule), steps=2)
    assert result.metrics["step"].size == 0
    np.testing.assert_array_equal(result.returns_behaviour[:, -1], result.returns_mode[:, -1])
    assert (result.returns_behaviour[:, 0] != result.returns_mode[:, 0]).all()


def test_the_behaviours_return_has_the_random_actions_and_the_warm_up(pendulum: Prior) -> None:
    left, right = Always(-0.5, actions=1), Always(0.5, actions=1)
    recipe = replace(ajs(), warmup=Warmup(steps=2, acting=left), acting=right)
    result = run(pendulum, recipe, steps=4, eval_every=1)
    for point in range(5):  # the rule of the next step: the third one is the first without warm-up
        rule = left if point < 2 else right
        expected = rule_return(rule, result, point + 1)
        np.testing.assert_array_equal(result.returns_behaviour[:, point], expected)
    noisy = EpsilonGreedy(0.5, of=right)
    result = run(pendulum, replace(recipe, acting=noisy), steps=4)
    expected = rule_return(noisy, result, 2)
    np.testing.assert_array_equal(result.returns_behaviour[:, -1], expected)
    assert (result.returns_behaviour != result.returns_sampled).all()


def test_the_summary_of_the_behaviour_is_of_its_own_curve(pendulum: Prior) -> None:
    result = run(pendulum, ajs(Fixed(100)), steps=2, eval_every=1)
    summary = result.summary(curve="behaviour")
    assert summary.curve == "behaviour"
    assert summary.start.mean == pytest.approx(result.returns_behaviour[:, 0].mean())
    assert summary.start.mean != result.summary().start.mean


# --- from nothing, and from a policy alone -----------------------------------------------------


FROM_NOTHING = make_recipe(
    small("sac", target_subset=1),
    handover=NOTHING,
    warmup=Warmup(steps=4, acting=EpsilonGreedy(1.0)),
    utd=2,
    policy_delay=2,
    policy_batch="all",
)


def test_a_run_from_nothing_starts_with_uniform_actions() -> None:
    nothing = untrained(MAZE_DATA, seeds=SEEDS)
    kept: list[ReplayBuffer] = []
    result = brief(nothing, FROM_NOTHING, callbacks=(lambda *given: kept.append(given[2]),))
    assert result.handover.parts == () and result.learner.updates == 4
    assert kept[-1].offline_size == 0
    first = kept[-1].recent(len(kept[-1])).actions[:, :4]  # (S, 4, A)
    other = brief(
        untrained(MAZE_DATA, seeds=SEEDS, seed=1),  # another frozen policy
        FROM_NOTHING,
        callbacks=(lambda *given: kept.append(given[2]),),
    )
    assert torch.equal(kept[-1].recent(len(kept[-1])).actions[:, :4], first)
    assert same_state(result.learner.state_dict(), other.learner.state_dict())
    assert first.unique().numel() == first.numel()


def test_a_run_from_nothing_may_keep_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = replace(MAZE_DATA, rewards=np.full_like(MAZE_DATA.rewards, 100))
    recipe = replace(FROM_NOTHING, handover=replace(NOTHING, retention="mix"))
    batches = spy(monkeypatch, recipe.online.learner, "update_critics")
    brief(untrained(marked, seeds=SEEDS), recipe)
    assert len(batches) == 4
    for batch in batches:
        assert (batch.rewards == 100).sum(1).tolist() == [2, 2, 2]


def test_a_cloned_policy_guides_a_new_learner() -> None:
    prior = make_prior("bc")
    recipe = make_recipe(handover=NOTHING, acting=JumpStart(schedule=Fixed(None)))
    result = brief(prior, recipe, steps=4)
    assert result.guide is None and result.handover.parts == ()
    assert result.learner.updates == 4  # it learns from what the guide does
    # The guide walks the whole episode: its return does not follow the learner's.
    rule = replace(recipe, acting=JumpStart(ModeOf(who="frozen"), Always(0.5), Fixed(None)))
    guided = run(make_prior("bc", steps=150), rule, eval_episodes=2)
    seed = evaluation_stream(0, 1)
    alone = evaluate(
        guided.prior.learner.policy, DETOUR, episodes=2, mode=True, seed=seed
    ).mean_returns
    np.testing.assert_array_equal(guided.returns_behaviour[:, 0], alone)


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (
            make_recipe(small("sac"), handover=NOTHING, acting=JumpStart()),
            r"The guide is a TanhMeanNormal and the explorer a SquashedGaussian\. Their noise",
        ),
        (
            replace(ajs(), online=Online(small("sac"))),
            r"The guide is a TanhMeanNormal and the explorer a SquashedGaussian",
        ),
        (
            make_recipe(small("sac"), handover=NOTHING, acting=EpsilonGreedy(0.1, of=JumpStart())),
            r"The guide is a TanhMeanNormal and the explorer a SquashedGaussian",
        ),
        (ajs(Fixed(11)), r"h=11 is beyond the episode, which ends after 10 steps at the latest"),
        (
            make_recipe(
                replace(
                    SACConfig(
                        policy=PolicyConfig(hidden=(8,)),
                        critics=CriticConfig(hidden=(8,), ensemble=10),
                        batch_size=4,
                    ),
                    target_subset=3,
                )
            ),
            r"target_subset=3",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_the_first_step(
    recipe: Recipe, message: str, prior: Prior, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_environment(*_: object, **__: object) -> None:
        raise AssertionError("an environment was built")

    monkeypatch.setattr(loop, "make_vec", no_environment)
    with pytest.raises(InputError, match=message):
        run(prior, recipe)


@pytest.mark.parametrize(
    "make",
    [
        lambda: make_recipe(handover=NOTHING, guide=INAC),
        lambda: make_recipe(handover=NOTHING, guide=INAC, acting=FrozenActs()),
    ],
)
def test_a_guide_learns_even_where_no_rule_asks_for_it(make: Callable[[], Recipe]) -> None:
    result = brief(make_prior("inac"), make(), steps=2)
    assert result.guide is not None and result.guide.updates == 2


def test_a_guide_cannot_start_from_a_prior_without_critics() -> None:
    with pytest.raises(InputError, match=r"the prior 'BCConfig' has no critics"):
        run(make_prior("bc"), ajs())
