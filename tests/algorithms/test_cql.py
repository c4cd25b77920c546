"""CQL and Cal-QL: the penalty by hand, its gradient, and what it does to unseen actions."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from probes import generator, one_step, random_batch, small, trained
from small import same_state
from torch import Tensor

from rlft.algorithms import CQL, SAC, CQLConfig, Learner, make_learner
from rlft.algorithms.cql import calibrate, cql_penalty, importance_log_sum_exp
from rlft.core.errors import InputError
from rlft.data import Batch, Transitions
from rlft.finetune import pretrain
from rlft.nets.stacked import CriticConfig

SHIFTS = st.floats(-100, 100, width=32)


def random_q(seed: int, seeds: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """Sampled Q (S, 3, 4, 5), log-densities (S, 1, 4, 5) and Q at the data (S, 3, 4)."""
    source = generator(seed)
    return (
        torch.randn(seeds, 3, 4, 5, generator=source),
        torch.randn(seeds, 1, 4, 5, generator=source),
        torch.randn(seeds, 3, 4, generator=source),
    )


# --- importance_log_sum_exp ----------------------------------------------------------------


def test_log_sum_exp_worked_by_hand() -> None:
    q = torch.tensor([1.0, 3.0]).log().view(1, 1, 1, 2)
    density = torch.tensor([0.5, 0.25]).log().view(1, 1, 1, 2)
    # log(1 / 0.5 + 3 / 0.25)
    assert importance_log_sum_exp(q, density).item() == pytest.approx(math.log(14))


@given(shift=SHIFTS, seed=st.integers(0, 100))
def test_log_sum_exp_moves_with_q_and_against_the_density(shift: float, seed: int) -> None:
    q, log_density, _ = random_q(seed)
    value = importance_log_sum_exp(q, log_density)
    assert value.shape == (2, 3, 4)
    torch.testing.assert_close(importance_log_sum_exp(q + shift, log_density), value + shift)
    torch.testing.assert_close(importance_log_sum_exp(q, log_density + shift), value - shift)
    backwards = importance_log_sum_exp(q.flip(-1), log_density.flip(-1))
    torch.testing.assert_close(backwards, value)


def test_log_sum_exp_of_huge_values_is_finite() -> None:
    q = torch.full((1, 1, 1, 2), 1e4)
    value = importance_log_sum_exp(q, torch.zeros(1, 1, 1, 2))
    assert value.item() == pytest.approx(1e4 + math.log(2))


@pytest.mark.parametrize("proposal", ["uniform", "gaussian"])
def test_every_proposal_estimates_the_same_integral(proposal: str) -> None:
    """Q = 3 a - 4 a^2: the integral of exp Q over the line is sqrt(pi) / 2 exp(9 / 16)."""
    n = 100_000
    if proposal == "uniform":  # on [-4, 4], beyond which exp Q is nothing
        a = 8 * torch.rand(n, generator=generator()) - 4
        log_density = torch.full((n,), -math.log(8))
    else:
        a = torch.randn(n, generator=generator())
        log_density = torch.distributions.Normal(0.0, 1.0).log_prob(a)
    q = (3 * a - 4 * a.square()).view(1, 1, 1, n)
    estimate = importance_log_sum_exp(q, log_density.view(1, 1, 1, n)) - math.log(n)
    assert estimate.item() == pytest.approx(math.log(math.sqrt(math.pi) / 2) + 9 / 16, abs=0.02)


# --- calibrate -----------------------------------------------------------------------------


def test_floor_worked_by_hand() -> None:
    q = torch.tensor([[[[-5.0, 1.0], [2.0, -7.0]]]])  # (1, 1, 2, 2)
    floored = calibrate(q, torch.tensor([[-3.0, 4.0]]))
    assert floored.tolist() == [[[[-3.0, 1.0], [4.0, 4.0]]]]


@given(seed=st.integers(0, 100))
def test_no_gradient_flows_where_the_floor_is_active(seed: int) -> None:
    q, _, returns = random_q(seed)
    q.requires_grad_()
    returns_to_go = returns[:, 0]  # (S, B)
    floored = calibrate(q, returns_to_go)
    (gradient,) = torch.autograd.grad(floored.sum(), q)
    above = q > returns_to_go[:, None, :, None]
    assert torch.equal(gradient, above.float())
    assert (floored >= q).all() and (floored >= returns_to_go[:, None, :, None]).all()


def test_an_unknown_return_is_no_floor() -> None:
    q, _, _ = random_q(0)
    assert torch.equal(calibrate(q, torch.full((2, 4), -math.inf)), q)


# --- cql_penalty ---------------------------------------------------------------------------


def test_penalty_worked_by_hand() -> None:
    q_sampled = torch.tensor([[1.0, 3.0], [2.0, 2.0]]).log().view(1, 1, 2, 2)
    q_data = torch.tensor([[[0.0, math.log(2.0)]]])  # (1, 1, 2)
    # (log 4 - 0 + log 4 - log 2) / 2
    penalty = cql_penalty(q_sampled, torch.zeros(1, 1, 2, 2), q_data)
    assert penalty.tolist() == pytest.approx([1.5 * math.log(2)])


@given(shift=SHIFTS, seed=st.integers(0, 100))
def test_penalty_pushes_sampled_actions_down_and_logged_ones_up(shift: float, seed: int) -> None:
    q_sampled, log_density, q_data = random_q(seed)
    q_sampled.requires_grad_()
    q_data.requires_grad_()
    penalty = cql_penalty(q_sampled, log_density, q_data)
    down, up = torch.autograd.grad(penalty.sum(), (q_sampled, q_data))
    assert (down > 0).all()
    torch.testing.assert_close(up, torch.full((2, 3, 4), -1 / 12))  # one over E B
    torch.testing.assert_close(down.sum(-1), -up)  # what is taken here is given there
    moved = cql_penalty(q_sampled + shift, log_density, q_data + shift)
    torch.testing.assert_close(moved, penalty, rtol=1e-4, atol=1e-4)


# --- the learner ---------------------------------------------------------------------------


def test_proposals_are_three_kinds_with_their_own_densities() -> None:
    learner = make_learner(replace(small(CQLConfig()), sampled_actions=5), 2, 2, seeds=3)
    assert isinstance(learner, CQL)
    batch = random_batch()
    actions, log_density = learner._proposals(batch)
    assert actions.shape == (3, 8, 15, 2) and log_density.shape == (3, 8, 15)
    assert actions.abs().max() <= 1
    uniform, here, there = actions.split(5, dim=2)
    assert uniform.abs().mean().item() == pytest.approx(0.5, abs=0.1)
    torch.testing.assert_close(log_density[..., :5], torch.full((3, 8, 5), -math.log(4)))
    columns = (
        (here, batch.observations, log_density[..., 5:10]),
        (there, batch.next_observations, log_density[..., 10:]),
    )
    for drawn, observations, density in columns:
        for i in range(5):
            inside = drawn[:, :, i].abs().amax(-1) < 0.99  # beyond, float32 cannot undo tanh
            expected = learner.policy.log_prob(observations, drawn[:, :, i])[inside]
            torch.testing.assert_close(density[..., i][inside], expected, rtol=1e-3, atol=1e-3)
    assert not log_density.requires_grad


def test_without_weight_the_loss_is_sacs() -> None:
    config, batch = small(CQLConfig(weight=0.0)), random_batch()
    losses = []
    for kind in (CQL, SAC):
        learner = kind(config, 2, 2, 3)
        loss, _ = learner.critic_loss(batch)
        losses.append(loss)
    torch.testing.assert_close(*losses)


def test_the_loss_is_td_error_plus_weight_times_penalty() -> None:
    batch = random_batch()
    parts = []
    for weight in ((0.0, 0.0, 0.0), (1.0, 2.0, 5.0)):
        learner = make_learner(small(CQLConfig(weight=weight)), 2, 2, seeds=3)
        assert isinstance(learner, CQL)
        parts.append(learner.critic_loss(batch))
    (plain, _), (penalised, metrics) = parts
    expected = torch.tensor([1.0, 2.0, 5.0]) * metrics["cql_penalty"]
    torch.testing.assert_close(penalised - plain, expected)


@pytest.mark.parametrize(
    ("calibrated", "q", "pushed"),
    [(True, -5.0, False), (True, 5.0, True), (False, -5.0, True), (False, 5.0, True)],
)
def test_only_the_policys_own_actions_have_a_floor(
    calibrated: bool, q: float, pushed: bool
) -> None:
    """Every candidate has Q = -5 or 5, the logged return is -1: who is pushed down?"""
    config = CQLConfig(calibrated=calibrated, sampled_actions=2)
    learner = make_learner(small(config), 1, 1, seeds=2)
    assert isinstance(learner, CQL)
    answers: list[Tensor] = []

    def says(_: Tensor, actions: Tensor, members: object = None) -> Tensor:
        answers.append(torch.full((2, 2, actions.shape[1]), q, requires_grad=True))
        return answers[-1]

    learner.critics.forward = says
    loss, _ = learner.critic_loss(one_step(torch.zeros(2, 4), torch.zeros(2, 4), -torch.ones(2, 4)))
    candidates = answers[1]  # the first answer is for the TD error
    (gradient,) = torch.autograd.grad(loss.sum(), candidates)
    logged, uniform, policys = gradient.unflatten(2, (4, 7)).split([1, 2, 4], dim=3)
    assert (logged < 0).all() and (uniform > 0).all()
    assert (policys > 0).all() if pushed else not policys.any()


def pendulum_like(length: int) -> Transitions:
    """Episodes that only the clock ends, with costs throughout, as in Pendulum."""
    rng, episodes = np.random.default_rng(0), 4
    rows = episodes * length
    timesteps = np.tile(np.arange(length), episodes)
    states = rng.normal(size=(episodes, length + 1, 3))  # one more than there are steps
    return Transitions(
        observations=states[:, :-1].reshape(rows, 3),
        actions=rng.uniform(-1, 1, (rows, 1)),
        rewards=-rng.uniform(0, 16, rows),
        next_observations=states[:, 1:].reshape(rows, 3),
        terminations=np.zeros(rows, bool),
        truncations=timesteps == length - 1,
        timesteps=timesteps,
    )


def test_cal_ql_is_not_cql_where_only_the_clock_ends_episodes() -> None:
    """Q of -700 lies below every floor, which is -800 and better: nothing is pushed down there."""
    data, learners = pendulum_like(400), []
    for calibrated in (False, True):
        critics = CriticConfig(hidden=(8,), initial_value=-700.0)
        config = CQLConfig(calibrated=calibrated, critics=critics, gamma=0.98)
        prior = pretrain(config, data, seeds=2, steps=5, log_every=1, progress=False)
        learners.append(prior.learner)
        if calibrated:
            assert (prior.history["floor_active"] > 0.5).all() and "floor_active" in repr(prior)
            assert (prior.history["floor_known"] == 1).all() and "floor_known': '1'" in repr(prior)
        else:
            assert "floor_active" not in prior.history
    plain, floored = (learner.parts()["critics"].state_dict() for learner in learners)
    assert not same_state(plain, floored)


def test_data_of_which_the_floor_knows_little_is_warned_of() -> None:
    config = CQLConfig(calibrated=True, gamma=0.98)
    with pytest.warns(UserWarning, match=r"Only 6% of the rows of 'unnamed'.*nearly CQL.*gamma"):
        pretrain(small(config), pendulum_like(120), seeds=1, steps=1, progress=False)
    for quiet, length in ((config, 400), (replace(config, calibrated=False), 120)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            make_learner(quiet, 3, 1, seeds=1).look_at(pendulum_like(length))


def test_the_penalty_counts_for_the_critics_that_were_drawn() -> None:
    """Of three critics one is penalised for each seed; the TD error trains all of them."""
    batch, gradients = random_batch(), []
    for weight in (0.0, 1.0):
        config = CQLConfig(critics=CriticConfig(3, (8,)), weight=weight, penalty_subset=1)
        learner = make_learner(config, 2, 2, seeds=3)
        assert isinstance(learner, CQL)
        loss, _ = learner.critic_loss(batch)
        output = learner.critics.mlp.linears[-1].get_parameter("weight")  # (S * E, 8, 1)
        gradients.append(torch.autograd.grad(loss.sum(), output)[0].view(3, 3, 8))  # (S, E, 8)
    plain, both = gradients
    assert plain.any(2).all() and ((plain != both).any(2).sum(1) == 1).all()


def test_all_gradients_are_taken_at_the_weights_that_were_found() -> None:
    """The policy steps as if the critics stood still, the critics as they always do."""
    batch, states = random_batch(), []
    for same, critic_lr in ((True, 0.1), (False, 0.0), (False, 0.1)):
        config = CQLConfig(same_weights=same, critic_lr=critic_lr)
        learner = make_learner(small(config), 2, 2, seeds=3)
        learner.update(batch)
        assert learner.updates == 1
        states.append(learner.parts())
    at_once, still, in_turn = states
    for name in ("policy", "temperature"):
        assert same_state(at_once[name].state_dict(), still[name].state_dict())
    assert not same_state(at_once["policy"].state_dict(), in_turn["policy"].state_dict())
    for name in ("critics", "target_critics"):
        assert same_state(at_once[name].state_dict(), in_turn[name].state_dict())


def test_a_penalty_of_more_critics_than_there_are_is_refused() -> None:
    with pytest.raises(InputError, match=r"penalty_subset=3.*\[1, 2\]"):
        CQLConfig(penalty_subset=3)


# --- probes --------------------------------------------------------------------------------


def clustered_bandit() -> Batch:
    """Logged actions lie in 0.4 ... 0.6; all rewards are 0, the logged return is -1."""
    actions = (0.5 + 0.1 * torch.linspace(-1, 1, 32)).repeat(2, 1)
    return one_step(actions, torch.zeros(2, 32), torch.full((2, 32), -1.0))


def values_at(learner: Learner, *actions: float) -> Tensor:
    """Q (S, len(actions)) in the bandit's one state."""
    column = torch.tensor(actions).view(1, -1, 1).expand(2, -1, 1)
    return learner.value(torch.ones_like(column), column)


def test_unseen_actions_fall_below_the_datas_only_where_the_weight_says_so() -> None:
    config = CQLConfig(weight=(0.0, 2.0), sampled_actions=4, critic_lr=0.01)
    q = values_at(trained(small(config), clustered_bandit(), 100), -0.9, -0.4, 0.5, 0.95)
    torch.testing.assert_close(q[0], torch.zeros(4), rtol=0, atol=0.4)
    assert abs(q[1, 2]) < 1.5  # the reward is 0 and TD errors keep Q near it
    assert (q[1, [0, 1, 3]] < q[1, 2] - 3).all()


def test_floor_stops_the_push_at_the_policys_actions() -> None:
    """The policy stays where no data is, at -0.66 (std about 0.1 in the box)."""
    fallen = []
    for calibrated in (False, True):
        config = CQLConfig(
            weight=2.0, sampled_actions=4, critic_lr=0.01, policy_lr=0.0, calibrated=calibrated
        )
        learner = make_learner(small(config), 1, 1, seeds=2)
        with torch.no_grad():
            for parameter in learner.policy.parameters():
                parameter.zero_()
            last = learner.policy.mlp.linears[-1].get_parameter("bias")
            last.copy_(torch.tensor([-0.8, -2.0]))
        for _ in range(100):
            learner.update(clustered_bandit())
        fallen.append(-values_at(learner, -0.66)[:, 0])
    # CQL's push on a policy that does not move away never ends; below the floor only the
    # uniform actions still push, of which few come near.
    cql, calql = fallen
    assert (cql > 30).all()
    assert (calql < cql / 2).all()


def test_weights_must_match_the_seeds() -> None:
    config = CQLConfig(weight=(1.0, 2.0, 3.0))
    with pytest.raises(InputError, match=r"weight\.shape=\(3,\).*expected \(2,\)\..*one for each"):
        make_learner(config, 2, 2, seeds=2)
