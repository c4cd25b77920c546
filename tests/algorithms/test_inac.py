"""InAC: its weights by hand and in log space, and a bandit whose policy is known."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from probes import (
    KNOWN_VALUES,
    Says,
    generator,
    learned_values,
    one_step,
    random_batch,
    small,
)
from torch import Tensor

from rlft.algorithms import InAC, InACConfig, make_learner
from rlft.algorithms.inac import inac_weight
from rlft.core.errors import InputError
from rlft.nets.layers import MLP
from rlft.nets.policies import TanhMeanNormal

WIDE = (1e-8, 1e4)  # the authors' range
ADVANTAGES = st.floats(-1e4, 1e4, width=32)


def weight_of(q: float, value: float, log_prob: float, temperature: float) -> float:
    rows = (torch.tensor([[x]]) for x in (q, value, log_prob))
    return inac_weight(*rows, temperature, WIDE).item()


@torch.no_grad()
def answer_always(mlp: MLP, value: Tensor | float) -> None:
    """Makes a network answer `value` at every input."""
    for parameter in mlp.parameters():
        parameter.zero_()
    mlp.linears[-1].get_parameter("bias").add_(value)


# --- inac_weight ---------------------------------------------------------------------------


def test_weight_worked_by_hand() -> None:
    q = torch.tensor([[1.0, 0.0, -1.0]])
    log_prob = torch.tensor([[0.0, math.log(4.0), -math.log(2.0)]])
    weight = inac_weight(q, torch.zeros(1, 3), log_prob, 0.5, WIDE)
    # e^2 / 1, e^0 / 4, e^-2 / 0.5
    expected = [math.exp(2), 0.25, 2 * math.exp(-2)]
    assert weight.flatten().tolist() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("q", "edge"), [(1e3, 1e4), (-1e3, 1e-8)])
def test_a_small_temperature_meets_the_clip_and_not_infinity(q: float, edge: float) -> None:
    """(Q - V) / 0.01 = +-100,000, far beyond what float32's exp can hold (88)."""
    rows = torch.tensor([[q]], requires_grad=True)
    weight = inac_weight(rows, torch.zeros(1, 1), torch.zeros(1, 1), 0.01, WIDE)
    assert weight.item() == pytest.approx(edge, rel=1e-5)
    (gradient,) = torch.autograd.grad(weight.sum(), rows)
    assert gradient.item() == 0.0  # exp before the clip makes it inf * 0 = NaN


@given(q=ADVANTAGES, value=ADVANTAGES, log_prob=st.floats(-50, 50), tau=st.floats(0.01, 10))
def test_weights_stay_in_their_range(q: float, value: float, log_prob: float, tau: float) -> None:
    assert 1e-8 * (1 - 1e-5) <= weight_of(q, value, log_prob, tau) <= 1e4 * (1 + 1e-5)


@given(advantage=st.floats(-3, 3), shift=st.floats(-3, 3), tau=st.floats(0.5, 5))
def test_weight_sees_only_the_advantage_and_divides_by_the_behaviours_density(
    advantage: float, shift: float, tau: float
) -> None:
    weight = weight_of(advantage, 0.0, 0.0, tau)
    assert weight_of(advantage + shift, shift, 0.0, tau) == pytest.approx(weight, rel=1e-4)
    rare = weight_of(advantage, 0.0, -math.log(3.0), tau)
    assert rare == pytest.approx(3 * weight, rel=1e-4)


# --- the learner ---------------------------------------------------------------------------


@pytest.mark.parametrize("backup_entropy", [True, False])
def test_soft_value_is_the_lowest_target_minus_tau_log_pi(backup_entropy: bool) -> None:
    config = InACConfig(temperature=0.3, backup_entropy=backup_entropy)
    learner = make_learner(small(config), 2, 2, seeds=3)
    assert isinstance(learner, InAC)
    learner.target_critics = Says(lambda _, a, *__: torch.stack((a[..., 0], -a[..., 0]), 1))
    observations = random_batch().observations
    learner.generator = generator(5)
    value = learner.soft_value(observations)
    actions, log_prob = learner.policy.rsample(observations, generator(5))
    expected = -actions[..., 0].abs() - (0.3 * log_prob if backup_entropy else 0.0)
    torch.testing.assert_close(value, expected.detach())
    assert not value.requires_grad


def test_updates_follow_the_losses_of_the_paper() -> None:
    """V and Q regress on the target critics, which say 2 everywhere: no noise is left."""
    config = InACConfig(temperature=0.5, backup_entropy=False, weight_range=(1e-8, 9.0), gamma=0.9)
    batch = random_batch()
    learner = make_learner(small(config), 2, 2, seeds=3)
    assert isinstance(learner, InAC)
    answer_always(learner.target_critics.mlp, 2.0)
    assert isinstance(learner.behaviour, TanhMeanNormal)
    learner.behaviour.spread.data.fill_(5.0)  # so wide that not every logged action is a surprise
    pair = (batch.observations, batch.actions)
    with torch.no_grad():
        value_loss = (2 - learner.state_value(batch.observations)).square().mean(1)
        target = batch.rewards + 0.9 * 2 * (1 - batch.terminations)
        q_loss = (learner.critics(*pair) - target[:, None]).square().mean((1, 2))
    metrics = learner.update_critics(batch)
    torch.testing.assert_close(metrics["value_loss"], value_loss)
    torch.testing.assert_close(metrics["critic_loss"], q_loss)
    # The weights come from the online critics and V as this update left them, and from pi_b after
    # its own step on the same batch.
    moved = copy.deepcopy(learner)
    assert isinstance(moved, InAC)
    behaviour_loss = -moved.behaviour.log_prob(*pair).mean(1)
    moved.descend("behaviour", behaviour_loss)
    with torch.no_grad():
        advantage = learner.critics(*pair).amin(1) - learner.state_value(batch.observations)
        weight = (advantage / 0.5 - moved.behaviour.log_prob(*pair)).exp().clamp(1e-8, 9.0)
        policy_loss = -(weight * learner.policy.log_prob(*pair)).mean(1)
    metrics = learner.update_policy(batch)
    torch.testing.assert_close(metrics["behaviour_loss"], behaviour_loss.detach())
    torch.testing.assert_close(metrics["policy_loss"], policy_loss)
    torch.testing.assert_close(metrics["weight"], weight.mean(1))
    clipped = (weight >= 8.999).float().mean(1)
    assert 0 < clipped.mean() < 1  # both kinds occur
    torch.testing.assert_close(metrics["weight_clipped"], clipped)


@pytest.mark.parametrize(
    ("half", "expected"),
    [
        ("update_critics", {"critics", "state_value", "target_critics"}),
        ("update_policy", {"policy", "behaviour"}),
    ],
)
def test_each_half_of_the_update_moves_its_own_parts(half: str, expected: set[str]) -> None:
    """A warm-up has the first half alone: it must leave the behaviour policy as it was."""
    learner = make_learner(small(InACConfig()), 2, 2, seeds=3)
    before = {name: copy.deepcopy(part.state_dict()) for name, part in learner.parts().items()}
    getattr(learner, half)(random_batch())
    moved = {
        name
        for name, part in learner.parts().items()
        if any(
            not torch.equal(value, before[name][key]) for key, value in part.state_dict().items()
        )
    }
    assert moved == expected


# --- probes --------------------------------------------------------------------------------


def test_discounting_termination_and_truncation_give_the_known_values() -> None:
    torch.testing.assert_close(
        learned_values(InACConfig(lr=0.01, backup_entropy=False)),
        torch.tensor(KNOWN_VALUES).expand(2, 3),
        rtol=0,
        atol=0.05,
    )


def test_bandit_policy_is_the_known_mean_of_the_logged_actions() -> None:
    """Three quarters of the actions are -0.2 (Q = 0), a quarter 0.2 (Q = 1); mirrored for seed 1.

    pi_b is their Gaussian: mean -0.1, width sqrt(3) / 10, so that 0.2 is exp(-4 / 3) times as
    likely as -0.2. With tau = 0.5 a good action counts exp(2 + 4 / 3) = 28 times a bad one, and
    the best mean is 0.2 * (28 / 3 - 1) / (28 / 3 + 1) = 0.161. It would be 0.085 without pi_b.
    """
    sign = torch.tensor([[1.0], [-1.0]])
    actions = sign * torch.tensor([-0.2, -0.2, -0.2, 0.2]).repeat(2, 4)
    batch = one_step(actions, torch.zeros(2, 16))
    config = InACConfig(temperature=0.5, lr=0.02, weight_range=(1e-8, 1e4))
    learner = make_learner(small(config), 1, 1, seeds=2)
    assert isinstance(learner, InAC)
    learner.critics = Says(
        lambda _, a, *__: (sign * a[..., 0] > 0).float().unsqueeze(1).expand(-1, 2, -1)
    )
    answer_always(learner.state_value.mlp, 0.0)
    behaviour = learner.behaviour
    assert isinstance(behaviour, TanhMeanNormal)
    answer_always(behaviour.mlp, torch.tensor([[[-0.1]], [[0.1]]]).atanh())
    with torch.no_grad():  # log sigma = -6 + 6 sigmoid(p)
        behaviour.spread.fill_(torch.tensor(1 + math.log(math.sqrt(3) / 10) / 6).logit())
    for _ in range(250):
        learner.update_policy(batch)
    mode = learner.policy.mode(batch.observations)[:, :1, 0]
    torch.testing.assert_close(mode, 0.1613 * sign, rtol=0, atol=0.005)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"temperature": 0.0}, r"temperature=0\.0: expected a number above 0.*0\.01 to 0\.5"),
        ({"weight_range": (0.0, 1.0)}, r"\(0\.0, 1\.0\): expected two positive numbers.*1e4"),
        ({"weight_range": (2.0, 1.0)}, r"\(2\.0, 1\.0\): expected .* in order.*1e4"),
    ],
)
def test_a_config_that_cannot_work_is_refused_when_it_is_made(
    fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        InACConfig(**fields)
