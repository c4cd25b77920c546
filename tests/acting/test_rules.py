"""The rules that choose actions: whose policy, how often at random, whose turn at which step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, replace

import pytest
import torch
from maze_fakes import DETOUR
from small import Always, make_prior, pendulum_data, small

from rlft.acting import (
    Acting,
    EpsilonGreedy,
    Fixed,
    FrozenActs,
    GuideActs,
    JumpStart,
    LearnerActs,
    Linear,
)
from rlft.acting.rules import ActContext, Policies, RulePolicy
from rlft.algorithms import make_learner
from rlft.core.errors import InputError
from rlft.evaluate import evaluate
from rlft.evaluate.rollout import device_of
from rlft.nets.policies import Policy, PolicyConfig
from rlft.nets.timed import JumpStartPolicy

SEEDS = 3
POLICIES = Policies(
    learner=make_prior("sac", steps=1).learner.policy,
    guide=make_prior("sac", steps=15).learner.policy,
    frozen=make_prior("sac", steps=30).learner.policy,
)
RULES = [
    LearnerActs(),
    FrozenActs(),
    GuideActs(),
    EpsilonGreedy(0.5),
    EpsilonGreedy(0.5, noise="gaussian"),
    JumpStart(),
]


def context(seed: int = 0, rows: int = 4) -> ActContext:
    """Three seeds in three places, all at step 1 of an episode with h = 0, 1 and 2."""
    return ActContext(
        observations=torch.linspace(1, 5, SEEDS * rows * 2).view(SEEDS, rows, 2),
        timesteps=torch.ones(SEEDS, rows, dtype=torch.int64),
        horizon=torch.tensor([0, 1, 2]),
        policies=POLICIES,
        generator=torch.Generator().manual_seed(seed),
    )


def drawn(policy: Policy, seed: int = 0) -> torch.Tensor:
    now = context(seed)
    return policy.sample(now.observations, now.generator)


@dataclass(frozen=True)
class Refuses(Always):
    """A rule that no policies suits."""

    def check(self, policies: Policies) -> None:
        raise InputError(f"checked {self.action}")


# --- what all rules have in common -------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_actions_are_in_the_box_and_repeat_with_the_generator(rule: Acting) -> None:
    actions = rule.act(context())
    assert actions.shape == (SEEDS, 4, 2)
    assert actions.abs().max() <= 1 and not actions.requires_grad
    assert torch.equal(actions, rule.act(context()))
    assert not torch.equal(actions, rule.act(context(seed=1)))


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_each_seed_acts_on_its_own_observation(rule: Acting) -> None:
    now = context()
    moved = now.observations.clone()
    moved[1] += 0.5
    other = replace(context(), observations=moved)
    changed = (rule.act(now) != rule.act(other)).flatten(1).any(1)
    assert changed.tolist() == [False, True, False]


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_rules_are_values(rule: Acting) -> None:
    assert rule == replace(rule)  # type: ignore[type-var]
    assert sum(rule == other for other in RULES) == 1
    with pytest.raises(FrozenInstanceError):
        rule.schedule = Fixed(1)  # type: ignore[misc]


# --- one policy --------------------------------------------------------------------------------


def test_each_rule_samples_its_own_policy() -> None:
    policies = {
        LearnerActs(): POLICIES.learner,
        GuideActs(): POLICIES.guide,
        FrozenActs(): POLICIES.frozen,
    }
    for rule, policy in policies.items():
        assert torch.equal(rule.act(context()), drawn(policy))
        assert (rule.random_share, rule.schedule) == (0, Fixed(0))
        rule.check(POLICIES)
    assert not torch.equal(drawn(POLICIES.learner), drawn(POLICIES.frozen))
    assert not torch.equal(drawn(POLICIES.guide), drawn(POLICIES.frozen))


# --- epsilon-greedy ----------------------------------------------------------------------------


def test_epsilon_is_the_share_of_disturbed_actions() -> None:
    many = context(rows=4_000 // SEEDS)
    actions = EpsilonGreedy(0.2, of=Always(2.0)).act(many)  # 2.0 is out of any random draw's reach
    disturbed = (actions != 2.0).any(-1)  # (S, B)
    # The standard deviation of a share of 0.2 among 1,333 is 0.011.
    assert disturbed.float().mean(1).tolist() == pytest.approx([0.2] * SEEDS, abs=0.05)
    assert torch.equal(disturbed, (actions != 2.0).all(-1))  # a whole action, never half of one


def test_each_row_and_each_step_has_a_draw_of_its_own() -> None:
    now = context(rows=50)
    rule = EpsilonGreedy(0.5, of=Always(2.0))
    first, second = ((rule.act(now) != 2.0).any(-1) for _ in range(2))
    assert not torch.equal(first, second)
    assert not torch.equal(first[0], first[1]) and not torch.equal(first[0], first[2])
    for share in first.float().mean(1).tolist():
        assert 0.1 < share < 0.9


@pytest.mark.parametrize("noise", ["uniform", "gaussian"])
def test_epsilon_zero_never_disturbs_and_one_always_does(noise) -> None:
    own = drawn(POLICIES.frozen)
    assert torch.equal(EpsilonGreedy(0.0, noise=noise).act(context()), own)
    assert not torch.isclose(EpsilonGreedy(1.0, noise=noise).act(context()), own).any()


def test_uniform_noise_fills_the_box_and_forgets_the_rules_own_action() -> None:
    many = context(rows=5_000)
    actions = EpsilonGreedy(1.0, of=Always(0.9)).act(many).flatten()
    assert -1 <= actions.min() < -0.99 and 0.99 < actions.max() <= 1
    assert actions.mean().item() == pytest.approx(0, abs=0.02)
    assert actions.var().item() == pytest.approx(1 / 3, abs=0.02)  # of U(-1, 1)


@pytest.mark.parametrize("scale", [0.1, 0.3])
def test_gaussian_noise_is_added_to_the_rules_own_action(scale: float) -> None:
    many = context(rows=5_000)
    rule = EpsilonGreedy(1.0, of=Always(0.0), noise="gaussian", scale=scale)
    actions = rule.act(many)
    assert actions.mean().item() == pytest.approx(0, abs=0.02)
    assert actions.std().item() == pytest.approx(scale, rel=0.05)
    near_the_edge = replace(rule, of=Always(0.99)).act(many)
    assert near_the_edge.max() == 1  # cut at the box
    assert near_the_edge.min() > 0.99 - 6 * scale


def test_an_action_that_is_not_disturbed_is_not_changed_in_a_bit() -> None:
    rule = EpsilonGreedy(0.5, of=FrozenActs(), noise="gaussian")
    same = (rule.act(context(rows=4)) == drawn(POLICIES.frozen)).all(-1)
    assert 0 < same.sum() < same.numel()


@pytest.mark.parametrize(
    ("rule", "share"),
    [
        (EpsilonGreedy(), 0.2),
        (EpsilonGreedy(1.0), 1.0),
        (EpsilonGreedy(0.7, noise="gaussian"), 0.0),
        (EpsilonGreedy(0.7, of=EpsilonGreedy(0.3), noise="gaussian"), 0.3),
        (JumpStart(), 0.0),
        (JumpStart(guide=EpsilonGreedy(0.1)), 0.1),
        (JumpStart(guide=EpsilonGreedy(0.1), explorer=EpsilonGreedy(0.4)), 0.4),
    ],
)
def test_the_share_of_uniform_actions_is_announced(rule: Acting, share: float) -> None:
    assert rule.random_share == share


def test_a_wrapped_rule_keeps_its_schedule_and_its_checks() -> None:
    rule = EpsilonGreedy(0.1, of=JumpStart(schedule=Linear()))
    assert rule.schedule == Linear()
    with pytest.raises(InputError, match=r"checked 0\.5"):
        EpsilonGreedy(0.1, of=Refuses(0.5)).check(POLICIES)
    assert EpsilonGreedy().of == FrozenActs()
    EpsilonGreedy().check(POLICIES)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EpsilonGreedy(-0.1), r"epsilon=-0\.1.*\[0, 1\].*0\.2"),
        (lambda: EpsilonGreedy(1.1), r"epsilon=1\.1.*\[0, 1\]"),
        (lambda: EpsilonGreedy(float("nan")), r"epsilon=nan.*\[0, 1\]"),
        (lambda: EpsilonGreedy(noise="gausian"), "'gausian'.*'gaussian'.*uniform"),  # type: ignore[arg-type]
        (lambda: EpsilonGreedy(scale=0.0), r"scale=0\.0.*above 0.*0\.5"),
        (lambda: EpsilonGreedy(scale=-1.0), r"scale=-1\.0.*above 0"),
        (lambda: EpsilonGreedy(scale=float("nan")), "scale=nan.*above 0"),
    ],
)
def test_values_out_of_range_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


# --- jump start --------------------------------------------------------------------------------


def walkers(timesteps: list[list[int]], horizon: list[int]) -> list[str]:
    """Who acts, as one string of G and E for each seed."""
    now = ActContext(
        observations=torch.zeros(len(horizon), len(timesteps[0]), 2),
        timesteps=torch.tensor(timesteps),
        horizon=torch.tensor(horizon),
        policies=POLICIES,
        generator=torch.Generator(),
    )
    actions = JumpStart(guide=Always(0.5), explorer=Always(-0.5)).act(now)  # (S, B, 2)
    assert torch.equal(actions[..., 0], actions[..., 1])
    return ["".join("G" if a > 0 else "E" for a in row) for row in actions[..., 0].tolist()]


def test_the_guide_walks_exactly_while_t_is_below_h() -> None:
    assert walkers([[0, 1, 2, 3, 4]] * 3, [0, 1, 3]) == ["EEEEE", "GEEEE", "GGGEE"]
    for h in (1, 2, 50, 100):
        assert walkers([[h - 1, h, h + 1]], [h]) == ["GEE"]


def test_each_seed_has_its_own_h_and_its_own_clock() -> None:
    assert walkers([[4], [0], [9]], [5, 0, 9]) == ["G", "E", "E"]


def test_a_jump_start_joins_the_samples_of_guide_and_explorer() -> None:
    actions = JumpStart().act(context())  # at t = 1 with h = 0, 1, 2
    now = context()
    frozen = POLICIES.frozen.sample(now.observations, now.generator)
    learner = POLICIES.learner.sample(now.observations, now.generator)
    assert torch.equal(actions[:2], learner[:2])
    assert torch.equal(actions[2], frozen[2])
    guided = JumpStart(guide=GuideActs()).act(context())
    assert torch.equal(guided[2], drawn(POLICIES.guide)[2])


def test_acting_and_evaluating_agree_on_whose_turn_it_is() -> None:
    """`JumpStartPolicy` is what fitted Q evaluation asks, the rule is what acts."""
    steps = torch.arange(4).expand(SEEDS, -1)
    horizon = torch.tensor([0, 2, 4])
    now = replace(context(), timesteps=steps, horizon=horizon)
    switching = JumpStartPolicy(POLICIES.frozen, POLICIES.learner, horizon)
    generator = torch.Generator().manual_seed(0)
    expected = switching.act(now.observations, steps, generator)
    assert torch.equal(JumpStart().act(now), expected)


def test_what_a_jump_start_leaves_unsaid() -> None:
    rule = JumpStart()
    assert (rule.guide, rule.explorer) == (FrozenActs(), LearnerActs())
    assert rule.schedule == Fixed(None)  # the whole episode


def test_guide_and_explorer_must_be_a_pair() -> None:
    JumpStart().check(POLICIES)
    config = small("sac", policy=PolicyConfig(kind="tanh-mean-normal", hidden=(8,)))
    other = make_learner(config, 2, 2, SEEDS).policy
    with pytest.raises(InputError, match=r"guide is a Tanh.*explorer a Squash"):
        JumpStart().check(replace(POLICIES, guide=other))
    with pytest.raises(InputError, match=r"guide is a Squash.*explorer a Tanh"):
        JumpStart().check(replace(POLICIES, learner=other))
    one_action = make_learner(small("sac"), 2, 1, SEEDS).policy
    with pytest.raises(InputError, match=r"guide has action_size=2.*explorer action_size=1"):
        JumpStart().check(replace(POLICIES, learner=one_action))


# --- a rule as a policy ------------------------------------------------------------------------


def test_a_performer_counts_the_steps_from_zero() -> None:
    rule = JumpStart(guide=Always(0.5), explorer=Always(-0.5))
    rule_policy = RulePolicy(rule, POLICIES, torch.tensor([0, 1, 2]))
    assert rule_policy.seeds == SEEDS
    said = [
        rule_policy.sample(torch.zeros(SEEDS, 4, 2), torch.Generator())[:, :, 0] for _ in range(3)
    ]
    for step, actions in enumerate(said):
        assert actions.shape == (SEEDS, 4)
        expected = [0.5 if step < h else -0.5 for h in (0, 1, 2)]
        assert (actions == torch.tensor(expected)[:, None]).all()


def test_a_performer_hands_the_rule_all_that_a_moment_has() -> None:
    seen: list[ActContext] = []

    @dataclass(frozen=True)
    class Watching(Always):
        def act(self, context: ActContext) -> torch.Tensor:
            seen.append(context)
            return super().act(context)

    horizon, generator = torch.tensor([0, 1, 2]), torch.Generator()
    rule_policy = RulePolicy(Watching(0.0), POLICIES, horizon)
    observations = torch.rand(SEEDS, 4, 2)
    for _ in range(2):
        rule_policy.sample(observations, generator)
    assert [now.timesteps.unique().tolist() for now in seen] == [[0], [1]]
    assert seen[0].timesteps.shape == (SEEDS, 4)
    assert all(now.policies is POLICIES and now.generator is generator for now in seen)
    assert all(torch.equal(now.horizon, horizon) for now in seen)
    assert torch.equal(seen[0].observations, observations)


def test_an_evaluator_plays_a_performer() -> None:
    """In the pendulum every action counts, so that two policies never have the same return."""
    policy = make_prior("sac", data=pendulum_data(), steps=1).learner.policy
    other = make_prior("sac", data=pendulum_data(), steps=9).learner.policy
    policies = Policies(learner=policy, guide=other, frozen=other)

    def played(rule: Acting, *horizon: int) -> list[list[float]]:
        rule_policy = RulePolicy(rule, policies, torch.tensor(horizon))
        assert device_of(rule_policy) == torch.device("cpu")
        return evaluate(rule_policy, "Pendulum-v1", episodes=2, mode=False).returns.tolist()

    alone = evaluate(policy, "Pendulum-v1", episodes=2, mode=False).returns.tolist()
    assert played(LearnerActs(), 200, 200, 200) == alone != played(GuideActs(), 0, 0, 0)
    left, right = Always(-0.5, actions=1), Always(0.5, actions=1)
    pair = JumpStart(guide=left, explorer=right)
    lefts, rights = played(left, 0, 0, 0), played(right, 0, 0, 0)
    mixed = played(pair, 0, 200, 100)
    assert mixed[:2] == [rights[0], lefts[1]]
    assert mixed[2] not in (lefts[2], rights[2])


def test_a_performer_has_no_mode() -> None:
    rule_policy = RulePolicy(LearnerActs(), POLICIES, torch.zeros(SEEDS))
    with pytest.raises(InputError, match=r"sampled actions.*mode=False.*policy itself"):
        rule_policy.mode(torch.zeros(SEEDS, 1, 2))
    with pytest.raises(InputError, match="use mode=False"):
        evaluate(rule_policy, DETOUR, episodes=1, mode=True)


def test_the_random_share_of_a_rule_within_a_rule_adds_up() -> None:
    within = EpsilonGreedy(0.5, of=LearnerActs())
    assert EpsilonGreedy(0.2, of=within).random_share == pytest.approx(0.2 + 0.8 * 0.5)
    assert EpsilonGreedy(0.2, of=within, noise="gaussian").random_share == 0.5
