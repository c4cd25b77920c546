"""SAC: its four losses by hand, who gets a gradient, and worlds with known values and policies."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Literal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from probes import KNOWN_VALUES, Says, generator, learned_values, one_step, random_batch, small

from rlft.algorithms import SAC, SACConfig, make_learner
from rlft.algorithms.sac import critic_loss, policy_loss, td_target, temperature_loss
from rlft.core.errors import InputError
from rlft.nets.stacked import CriticConfig

NUMBERS = st.floats(-100, 100, width=32)


def learner_of(config: SACConfig, seeds: int = 3) -> SAC:
    learner = make_learner(small(config), 2, 2, seeds)
    assert isinstance(learner, SAC)
    return learner


# --- td_target -----------------------------------------------------------------------------


def test_target_worked_by_hand() -> None:
    target = td_target(
        torch.tensor([[1.0, 1.0, -1.0]]),
        torch.tensor([[0.0, 1.0, 0.0]]),
        torch.tensor([[10.0, 10.0, -4.0]]),
        0.5,
    )
    assert target.tolist() == [[6.0, 1.0, -3.0]]


@given(reward=NUMBERS, value=NUMBERS, other=NUMBERS, gamma=st.floats(0, 0.99))
def test_what_follows_a_termination_does_not_matter(
    reward: float, value: float, other: float, gamma: float
) -> None:
    def target(termination: float, next_value: float) -> float:
        rows = (torch.tensor([[x]]) for x in (reward, termination, next_value))
        return td_target(*rows, gamma).item()

    assert target(1.0, value) == target(1.0, other) == reward
    gap = target(0.0, value) - target(0.0, other)
    assert gap == pytest.approx(gamma * (value - other), abs=1e-4)


# --- critic_loss ---------------------------------------------------------------------------


def test_critic_loss_worked_by_hand() -> None:
    q = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]])  # (2, 2, 2)
    target = torch.tensor([[1.0, 1.0], [2.0, 0.0]])
    # (0 + 1 + 4 + 9) / 4 and (4 + 0 + 4 + 0) / 4
    assert critic_loss(q, target).tolist() == [3.5, 2.0]


@given(shift=NUMBERS, seed=st.integers(0, 100))
def test_each_critic_is_pulled_to_the_target_by_its_own_error(shift: float, seed: int) -> None:
    q = torch.randn(2, 3, 4, generator=generator(seed)).requires_grad_()
    target = torch.randn(2, 4, generator=generator(seed + 1))
    (gradient,) = torch.autograd.grad(critic_loss(q, target).sum(), q)
    torch.testing.assert_close(gradient, 2 * (q.detach() - target[:, None]) / 12)
    moved = critic_loss(q + shift, target + shift)
    torch.testing.assert_close(moved, critic_loss(q, target), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("backup_entropy", [True, False])
def test_no_gradient_reaches_policy_temperature_or_target_critics(backup_entropy: bool) -> None:
    learner = learner_of(SACConfig(backup_entropy=backup_entropy))
    loss, _ = learner.critic_loss(random_batch())
    assert not any(p.requires_grad for p in learner.target_critics.parameters())
    elsewhere = [*learner.policy.parameters(), *learner.temperature.parameters()]
    gradients = torch.autograd.grad(loss.sum(), elsewhere, allow_unused=True)
    assert gradients == (None,) * len(elsewhere)


# --- policy_loss and temperature_loss ------------------------------------------------------


def test_policy_loss_worked_by_hand() -> None:
    q, log_prob = torch.tensor([[1.0, 3.0], [0.0, 2.0]]), torch.tensor([[-1.0, 2.0], [4.0, 0.0]])
    # ((-0.5 - 1) + (1 - 3)) / 2 and ((8 - 0) + (0 - 2)) / 2
    assert policy_loss(q, log_prob, torch.tensor([0.5, 2.0])).tolist() == [-1.75, 3.0]


@given(alpha=st.floats(0, 10), shift=NUMBERS)
def test_policy_climbs_q_and_pays_for_density(alpha: float, shift: float) -> None:
    q = torch.linspace(-1, 1, 8).view(2, 4).requires_grad_()
    log_prob = torch.linspace(2, -2, 8).view(2, 4).requires_grad_()
    temperature = torch.full((2,), alpha)
    loss = policy_loss(q, log_prob, temperature)
    d_q, d_log_prob = torch.autograd.grad(loss.sum(), (q, log_prob))
    torch.testing.assert_close(d_q, torch.full((2, 4), -0.25))
    torch.testing.assert_close(d_log_prob, torch.full((2, 4), alpha / 4))
    torch.testing.assert_close(policy_loss(q + shift, log_prob, temperature), loss - shift)


def test_temperature_loss_worked_by_hand() -> None:
    log_prob = torch.tensor([[1.0, 3.0], [-4.0, 0.0]])  # entropies -2 and 2
    loss = temperature_loss(torch.tensor([0.5, 0.5]), log_prob, target_entropy=-1.0)
    assert loss.tolist() == [-0.5, 1.5]


@pytest.mark.parametrize(("each", "actions", "total"), [(-1.0, 2, -2.0), (-0.5, 3, -1.5)])
def test_the_target_entropy_is_given_for_each_action_dimension(
    each: float, actions: int, total: float
) -> None:
    learner = make_learner(small(SACConfig(target_entropy=each)), 2, actions, seeds=2)
    assert isinstance(learner, SAC)
    assert learner.target_entropy == total
    assert SACConfig().target_entropy == -1.0  # the usual -A
    metrics = learner.update_policy(random_batch(seeds=2, action_size=actions))
    (log_alpha,) = learner.temperature.parameters()
    assert log_alpha.grad is not None
    # The loss is exp(log alpha) (entropy - target), which is its own derivative.
    expected = metrics["temperature"] * (metrics["entropy"] - total)
    torch.testing.assert_close(log_alpha.grad.flatten(), expected)


@given(entropy=st.floats(-5, 5), target=st.floats(-5, 5))
def test_a_step_down_the_loss_warms_a_policy_that_is_too_narrow(
    entropy: float, target: float
) -> None:
    alpha = torch.ones(1, requires_grad=True)
    loss = temperature_loss(alpha, torch.full((1, 4), -entropy), target)
    (gradient,) = torch.autograd.grad(loss.sum(), alpha)
    assert gradient.item() == pytest.approx(entropy - target, abs=1e-5)


# --- next_value: every option of the target -------------------------------------------------


def test_target_takes_the_minimum_over_critics_and_the_maximum_over_actions() -> None:
    learner = learner_of(SACConfig(target_actions=4))
    # Two critics, a_0 and 1 - a_0: the minimum is at most 0.5, the best of four is nearly that.
    learner.target_critics = Says(lambda _, a, __: torch.stack((a[..., 0], 1 - a[..., 0]), 1))
    batch = random_batch(size=500)
    value = learner.next_value(batch)
    learner.config = replace(learner.config, target_actions=1)
    one = learner.next_value(batch)
    assert value.shape == one.shape == (3, 500)
    assert value.max() <= 0.5 and one.max() <= 0.5
    assert (value.mean(1) > one.mean(1) + 0.2).all()


def test_the_best_of_several_actions_is_taken_state_by_state() -> None:
    learner = learner_of(SACConfig(target_actions=4))
    learner.target_critics = Says(lambda observations, *_: observations[:, None, :, 0])
    batch = random_batch()
    assert torch.equal(learner.next_value(batch), batch.next_observations[..., 0])


def test_each_seed_asks_the_critics_drawn_for_it() -> None:
    config = SACConfig(critics=CriticConfig(ensemble=5), target_subset=2, target_replacement=False)
    learner = learner_of(config, seeds=500)
    numbers = torch.arange(5.0)
    learner.target_critics = Says(
        lambda observations, _, members: (
            numbers[members].unsqueeze(-1).expand(-1, -1, observations.shape[1])
        )
    )
    lowest = learner.next_value(random_batch(seeds=500, size=4))
    assert (lowest == lowest[:, :1]).all()  # one draw for the whole batch
    # Lowest of 2 out of 0..4 is k in (4 - k) of 10 pairs: mean 1, deviation 1 / sqrt(500).
    assert lowest[:, 0].mean().item() == pytest.approx(1.0, abs=0.2)
    assert lowest.max() <= 3


def test_entropy_enters_the_target_only_on_request() -> None:
    batch = random_batch()
    values = []
    for backup in (False, True):
        learner = learner_of(SACConfig(backup_entropy=backup, initial_temperature=0.3))
        learner.generator = generator(5)
        values.append(learner.next_value(batch))
    _, log_prob = learner.policy.rsample(batch.next_observations, generator(5))
    torch.testing.assert_close(values[1] - values[0], -0.3 * log_prob.detach())


@pytest.mark.parametrize("subset", [0, 3])
def test_a_subset_that_does_not_fit_the_ensemble_is_refused(subset: int) -> None:
    with pytest.raises(InputError, match=rf"target_subset={subset}.*\[1, 2\]"):
        learner_of(SACConfig(target_subset=subset)).update(random_batch())


# --- probes --------------------------------------------------------------------------------


def test_discounting_termination_and_truncation_give_the_known_values() -> None:
    torch.testing.assert_close(
        learned_values(SACConfig(critic_lr=0.01)),
        torch.tensor(KNOWN_VALUES).expand(2, 3),
        rtol=0,
        atol=0.05,
    )


def test_bandit_policy_finds_the_best_action_of_each_seed() -> None:
    best = torch.tensor([[-0.5], [0.3], [0.6]])
    actions = torch.linspace(-1, 1, 64).repeat(3, 1)
    config = SACConfig(critic_lr=0.01, policy_lr=0.01, initial_temperature=0.01, temperature_lr=0.0)
    batch = one_step(actions, -4 * (actions - best).square())
    learner = make_learner(small(config), 1, 1, seeds=3)
    assert isinstance(learner, SAC)
    for _ in range(200):  # Q needs no policy here: every action is the last
        learner.update_critics(batch)
    for _ in range(150):
        learner.update(batch)
    mode = learner.policy.mode(batch.observations)[:, :1, 0]
    torch.testing.assert_close(mode, best, rtol=0, atol=0.15)
    assert learner.temperature().tolist() == pytest.approx([0.01] * 3)  # a rate of 0 keeps it


@pytest.mark.parametrize(("objective", "best"), [("min", 0.0), ("mean", 0.4)])
def test_the_policy_climbs_the_minimum_or_the_mean(
    objective: Literal["min", "mean"], best: float
) -> None:
    """Q_1 peaks at 0 and lies below Q_2, which peaks at 0.8, wherever a > -0.1."""
    config = SACConfig(
        policy_objective=objective, policy_lr=0.02, initial_temperature=0.01, temperature_lr=0.0
    )
    learner = make_learner(small(config), 1, 1, seeds=2)
    assert isinstance(learner, SAC)
    learner.critics = Says(
        lambda _, a, __: torch.stack((-5 * a[..., 0] ** 2, 4 - 5 * (a[..., 0] - 0.8) ** 2), 1)
    )
    batch = one_step(torch.zeros(2, 32), torch.zeros(2, 32))
    for _ in range(150):
        learner.update_policy(batch)
    mode = learner.policy.mode(batch.observations)[:, 0, 0]
    torch.testing.assert_close(mode, torch.full((2,), best), rtol=0, atol=0.05)


def test_temperature_and_width_settle_where_the_entropy_is_on_target() -> None:
    """Q = -c (a - 0.3)^2: the soft optimum is N(0.3, alpha / 2c), of entropy -1 if sigma = 0.089.

    So alpha = 2 c sigma^2 = 0.158, sixteen times where it starts.
    """
    c, sigma = 10.0, math.exp(-1) / math.sqrt(2 * math.pi * math.e)
    config = SACConfig(policy_lr=0.01, temperature_lr=0.02, initial_temperature=0.01)
    learner = make_learner(small(config), 1, 1, seeds=2)  # target entropy -A = -1
    assert isinstance(learner, SAC)
    learner.critics = Says(
        lambda _, a, __: (-c * (a[..., 0] - 0.3) ** 2).unsqueeze(1).expand(-1, 2, -1)
    )
    batch = one_step(torch.zeros(2, 64), torch.zeros(2, 64))
    for _ in range(400):
        learner.update_policy(batch)
    drawn = learner.policy.sample(torch.ones(2, 20_000, 1), generator())[..., 0]
    torch.testing.assert_close(drawn.mean(1), torch.full((2,), 0.3), rtol=0, atol=0.03)
    torch.testing.assert_close(drawn.std(1), torch.full((2,), sigma), rtol=0.15, atol=0)
    alpha = learner.temperature().detach()
    torch.testing.assert_close(alpha, torch.full((2,), 2 * c * sigma**2), rtol=0.2, atol=0)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"policy_objective": "mim"}, r"Unknown policy_objective 'mim'\. Did you mean 'min'"),
        ({"initial_temperature": 0.0}, r"initial_temperature=0\.0: .* above 0.*give 0\.01"),
        ({"target_subset": 3}, r"target_subset=3.*\[1, 2\]"),
    ],
)
def test_a_config_that_cannot_work_is_refused_when_it_is_made(
    fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        SACConfig(**fields)
