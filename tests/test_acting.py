"""The rules that choose actions: whose policy, sampled, in the box, repeatable."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
import torch
from small import MAZE_DATA, make_prior

from rlft.finetune import Acting, FrozenActs, LearnerActs
from rlft.finetune.acting import Moment
from rlft.policies import Policy


def moment(seed: int = 0) -> Moment:
    """Three seeds at three places; the frozen policy is another one than the learner's."""
    return Moment(
        observations=torch.from_numpy(MAZE_DATA.observations[:3].copy()),
        timesteps=torch.zeros(3, dtype=torch.int64),
        learner=make_prior("sac", steps=1).learner,
        frozen_policy=make_prior("sac", steps=30).learner.policy,
        generator=torch.Generator().manual_seed(seed),
    )


def drawn(policy: Policy, seed: int = 0) -> torch.Tensor:
    now = moment(seed)
    return policy.sample(now.observations[:, None], now.generator)[:, 0]


@pytest.mark.parametrize("rule", [LearnerActs(), FrozenActs()])
def test_actions_are_in_the_box_and_repeat_with_the_generator(rule: Acting) -> None:
    actions = rule.act(moment())
    assert actions.shape == (3, 2)
    assert actions.abs().max() <= 1 and not actions.requires_grad
    assert torch.equal(actions, rule.act(moment()))
    assert not torch.equal(actions, rule.act(moment(seed=1)))
    assert rule.random_share == 0


def test_each_rule_samples_its_own_policy() -> None:
    now = moment()
    assert torch.equal(LearnerActs().act(now), drawn(now.learner.policy))
    assert torch.equal(FrozenActs().act(moment()), drawn(now.frozen_policy))
    assert not torch.equal(drawn(now.learner.policy), drawn(now.frozen_policy))


def test_each_seed_acts_on_its_own_observation() -> None:
    now = moment()
    moved = now.observations.clone()
    moved[1] += 0.5
    other = replace(moment(), observations=moved)
    changed = (LearnerActs().act(now) != LearnerActs().act(other)).any(1)
    assert changed.tolist() == [False, True, False]


def test_rules_are_values() -> None:
    assert LearnerActs() == LearnerActs() != FrozenActs()
    with pytest.raises(FrozenInstanceError):
        LearnerActs().anything = 1  # type: ignore[attr-defined]
