"""Behaviour cloning: the loss, and the maximum-likelihood policy that is known in closed form."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from probes import one_step, random_batch, small, trained

from rlft.algorithms import BC, BCConfig, make_learner
from rlft.algorithms.bc import bc_loss
from rlft.core.errors import InputError
from rlft.nets.policies import PolicyConfig


def test_loss_worked_by_hand() -> None:
    log_prob = torch.tensor([[-1.0, -3.0], [2.0, 0.0]])
    assert bc_loss(log_prob).tolist() == [2.0, -1.0]


@given(shift=st.floats(-10, 10), size=st.integers(1, 20))
def test_every_row_counts_alike(shift: float, size: int) -> None:
    log_prob = torch.linspace(-3, 1, 2 * size).view(2, size).requires_grad_()
    (gradient,) = torch.autograd.grad(bc_loss(log_prob).sum(), log_prob)
    torch.testing.assert_close(gradient, torch.full((2, size), -1 / size))
    torch.testing.assert_close(bc_loss(log_prob + shift), bc_loss(log_prob) - shift)


@pytest.mark.parametrize("kind", ["squashed-gaussian", "tanh-mean-normal"])
def test_cloned_policy_is_the_maximum_likelihood_one(kind: str) -> None:
    """Three quarters of the actions are -0.2 (seed 0; +0.2 for seed 1), the rest the opposite.

    The Gaussian's best mean is -0.1 and its best width 0.1 sqrt(3); for the squashed policy the
    same holds of atanh(action), in units of atanh(0.2).
    """
    actions = torch.tensor([-0.2, -0.2, -0.2, 0.2]).repeat(2, 4)
    actions[1] *= -1
    config = replace(small(BCConfig()), policy=PolicyConfig(kind, (16,)), policy_lr=0.05)
    batch = one_step(actions, torch.zeros(2, 16))
    learner = trained(config, batch, 300)
    mode = learner.policy.mode(batch.observations)[:, 0, 0]
    drawn = learner.policy.sample(torch.ones(2, 20_000, 1), learner.generator)[..., 0]
    unit = 0.2
    if kind == "squashed-gaussian":
        unit, mode, drawn = math.atanh(unit), mode.atanh(), drawn.atanh()
    best = torch.tensor([-unit, unit]) / 2
    torch.testing.assert_close(mode, best, rtol=0, atol=0.005)
    torch.testing.assert_close(drawn.std(1), best.abs() * math.sqrt(3), rtol=0.05, atol=0)


def test_update_reports_the_loss_it_took_a_step_on() -> None:
    batch = random_batch()
    learner = make_learner(BCConfig(), 2, 2, seeds=3)
    loss = -learner.policy.log_prob(batch.observations, batch.actions).mean(1)
    parameters = list(learner.policy.parameters())
    gradients = torch.autograd.grad(loss.sum(), parameters, retain_graph=True)
    metrics = learner.update(batch)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)  # summed over seeds, not averaged
    assert metrics.keys() == {"policy_loss"}
    torch.testing.assert_close(metrics["policy_loss"], loss.detach())
    after = -learner.policy.log_prob(batch.observations, batch.actions).mean(1)
    assert (after < loss).all()
    assert learner.updates == 1


def test_a_cloned_policy_has_no_value() -> None:
    learner = make_learner(BCConfig(), 2, 2, seeds=1)
    assert isinstance(learner, BC) and list(learner.parts()) == ["policy"]
    with pytest.raises(InputError, match=r"BC has no Q function.*'cql', 'calql', 'iql'.*rollouts"):
        learner.value(torch.zeros(1, 1, 2), torch.zeros(1, 1, 2))
