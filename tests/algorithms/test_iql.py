"""IQL: expectiles and advantage weights by hand, and a bandit whose V and policy are known."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from probes import KNOWN_VALUES, generator, learned_values, one_step, random_batch, small, trained

from rlft.algorithms import IQL, IQLConfig, make_learner
from rlft.algorithms.iql import advantage_weight, expectile_loss
from rlft.core.errors import InputError
from rlft.nets.stacked import CriticConfig

EXPECTILES = st.floats(0.05, 0.95)

# --- expectile_loss ------------------------------------------------------------------------


def test_expectile_loss_worked_by_hand() -> None:
    error = torch.tensor([[1.0, -1.0, 2.0, -3.0]])
    # (0.9 * 1 + 0.1 * 1 + 0.9 * 4 + 0.1 * 9) / 4
    assert expectile_loss(error, 0.9).item() == pytest.approx(5.5 / 4)


@given(expectile=EXPECTILES, seed=st.integers(0, 100))
def test_expectile_of_one_half_is_half_the_squared_error_and_signs_mirror(
    expectile: float, seed: int
) -> None:
    error = torch.randn(3, 8, generator=generator(seed))
    torch.testing.assert_close(expectile_loss(error, 0.5), 0.5 * error.square().mean(1))
    mirrored = expectile_loss(-error, 1 - expectile)
    torch.testing.assert_close(expectile_loss(error, expectile), mirrored)


@given(expectile=EXPECTILES, error=st.floats(0.01, 100))
def test_underestimates_pull_harder_than_overestimates(expectile: float, error: float) -> None:
    pair = torch.tensor([[error], [-error]], requires_grad=True)  # Q above V, Q below V
    (gradient,) = torch.autograd.grad(expectile_loss(pair, expectile).sum(), pair)
    up, down = gradient.flatten().tolist()
    assert up == pytest.approx(2 * expectile * error, rel=1e-4)
    assert down == pytest.approx(-2 * (1 - expectile) * error, rel=1e-4)


@pytest.mark.parametrize("expectile", [0.5, 0.9, 0.99])
def test_the_minimiser_is_the_expectile(expectile: float) -> None:
    """Of Q = 0 and Q = 1, equally often, the expectile is tau itself."""
    q = torch.tensor([[0.0, 1.0]])
    grid = torch.linspace(0, 1, 1001)
    losses = torch.cat([expectile_loss(q - v, expectile) for v in grid])
    assert grid[losses.argmin()].item() == pytest.approx(expectile, abs=1e-3)


# --- advantage_weight ----------------------------------------------------------------------


def test_advantage_weight_worked_by_hand() -> None:
    advantage = torch.tensor([[0.0, math.log(2.0), -math.log(3.0), 5.0]])
    weight = advantage_weight(advantage, 2.0, 100.0)  # exp(10) is clipped
    assert weight.flatten().tolist() == pytest.approx([1.0, 4.0, 1 / 9, 100.0], rel=1e-5)


@given(
    advantage=st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8),
    beta=st.floats(0, 100),
    clip=st.floats(1.0, 1e4),
)
def test_weights_are_finite_bounded_and_in_the_order_of_the_advantages(
    advantage: list[float], beta: float, clip: float
) -> None:
    rows = torch.tensor([sorted(advantage)], requires_grad=True)
    weight = advantage_weight(rows, beta, clip)
    (gradient,) = torch.autograd.grad(weight.sum(), rows)  # NaN after an overflow
    assert gradient.isfinite().all() and (weight >= 0).all()
    assert weight.max() <= clip * (1 + 1e-5)  # exp rounds
    assert (weight.diff() >= 0).all()


# --- the learner ---------------------------------------------------------------------------


def test_updates_follow_the_losses_of_the_paper() -> None:
    """V regresses on the target critics, Q on r + gamma V (V just updated), pi on the weights."""
    config = IQLConfig(expectile=0.7, inverse_temperature=2.0, polyak=0.5, gamma=0.9)
    batch = random_batch()
    learner = make_learner(small(config), 2, 2, seeds=3)
    assert isinstance(learner, IQL)
    for parameter in learner.target_critics.parameters():
        parameter.data.mul_(1.1)  # targets that differ from the critics
    pair = (batch.observations, batch.actions)
    with torch.no_grad():
        q_target = learner.target_critics(*pair).amin(1)
        q = learner.critics(*pair)
        value_loss = expectile_loss(q_target - learner.state_value(batch.observations), 0.7)
    metrics = learner.update_critics(batch)
    with torch.no_grad():
        next_value = learner.state_value(batch.next_observations)
        target = batch.rewards + 0.9 * (1 - batch.terminations) * next_value
        advantage = learner.target_critics(*pair).amin(1) - learner.state_value(pair[0])
        log_prob = learner.policy.log_prob(*pair)
    torch.testing.assert_close(metrics["value_loss"], value_loss)
    torch.testing.assert_close(metrics["critic_loss"], (q - target[:, None]).square().mean((1, 2)))
    policy_loss = -((2 * advantage).exp() * log_prob).mean(1)
    torch.testing.assert_close(learner.update_policy(batch)["policy_loss"], policy_loss)


def test_all_gradients_are_taken_at_the_weights_that_were_found() -> None:
    """Q bootstraps from the V of before, and the policy's weights come from it too."""
    config = IQLConfig(same_weights=True, inverse_temperature=2.0, gamma=0.9, polyak=0.5)
    batch = random_batch()
    learner = make_learner(small(config), 2, 2, seeds=3)
    assert isinstance(learner, IQL)
    pair = (batch.observations, batch.actions)
    with torch.no_grad():
        v, after = (learner.state_value(x) for x in (pair[0], batch.next_observations))
        target = batch.rewards + 0.9 * (1 - batch.terminations) * after
        q_loss = (learner.critics(*pair) - target[:, None]).square().mean((1, 2))
        weight = (2 * (learner.target_critics(*pair).amin(1) - v)).exp()
        policy_loss = -(weight * learner.policy.log_prob(*pair)).mean(1)
    metrics = learner.update(batch)
    torch.testing.assert_close(metrics["critic_loss"], q_loss)
    torch.testing.assert_close(metrics["policy_loss"], policy_loss)
    assert learner.updates == 1
    assert not torch.equal(learner.state_value(pair[0]), v)
    half = (learner.critics(*pair) - learner.target_critics(*pair)).abs().max()
    assert half > 1e-4  # the targets went half of the way


def test_a_subset_of_the_targets_stands_for_q() -> None:
    config = IQLConfig(critics=CriticConfig(3, (8,)), critic_subset=1)
    learner = make_learner(config, 2, 2, seeds=3)
    assert isinstance(learner, IQL)
    batch, seen = random_batch(), set()
    q = learner.target_critics(batch.observations, batch.actions)  # (S, E, B)
    for _ in range(20):
        drawn = learner.target_q(batch)
        seen |= {i for i in range(3) if torch.equal(drawn[0], q[0, i])}
        assert (drawn[:, None] == q).all(2).any(1).all()  # one of them, whole
    assert seen == {0, 1, 2}
    with pytest.raises(InputError, match=r"critic_subset=3.*\[1, 2\]"):
        IQLConfig(critic_subset=3)


# --- probes --------------------------------------------------------------------------------


def test_discounting_termination_and_truncation_give_the_known_values() -> None:
    torch.testing.assert_close(
        learned_values(IQLConfig(lr=0.01)),
        torch.tensor(KNOWN_VALUES).expand(2, 3),
        rtol=0,
        atol=0.05,
    )


def test_bandit_value_is_the_expectile_and_the_policy_the_weighted_mean() -> None:
    """Actions -0.5 (reward 0) and 0.5 (reward 1), equally often; the other way round for seed 1.

    V = 0.9 is the expectile. The weights' ratio is exp(beta) = 20, so that the policy's mean is
    0.5 * (20.1 - 1) / (20.1 + 1) = 0.453, not 0.5: unlike SAC, IQL stays between logged actions.
    """
    sign = torch.tensor([[1.0], [-1.0]])
    actions = sign * torch.tensor([-0.5, 0.5]).repeat(2, 8)
    batch = one_step(actions, torch.tensor([0.0, 1.0]).repeat(2, 8))
    config = IQLConfig(expectile=0.9, inverse_temperature=3.0, lr=0.01, polyak=0.1)
    learner = trained(small(config), batch, 250)
    assert isinstance(learner, IQL)
    value = learner.state_value(batch.observations)[:, 0]
    torch.testing.assert_close(value, torch.full((2,), 0.9), rtol=0, atol=0.03)
    mode = learner.policy.mode(batch.observations)[:, :1, 0]
    torch.testing.assert_close(mode, 0.4526 * sign, rtol=0, atol=0.02)
