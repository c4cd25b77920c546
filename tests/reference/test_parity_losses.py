"""Every loss function against float64 NumPy: its value and, by autograd, its gradient.

Small fixed inputs, S = 2 seeds that differ. To 1e-5, as in `compare`.
"""

from __future__ import annotations

import math

import numpy as np
import numpy_losses
import numpy_nets
import pytest
import torch
from compare import assert_close, double
from torch import Tensor, nn

from rlft.algorithms.bc import bc_loss
from rlft.algorithms.cql import calibrate, cql_penalty, importance_log_sum_exp
from rlft.algorithms.inac import inac_weight
from rlft.algorithms.iql import advantage_weight, expectile_loss
from rlft.algorithms.sac import (
    TEMPERATURES,
    critic_loss,
    policy_loss,
    td_target,
    temperature_loss,
)
from rlft.nets.adam import Adam, polyak_update

S, E, B, N = 2, 3, 5, 4


def normal(*shape: int, seed: int, scale: float = 1.0) -> Tensor:
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def gradient(loss: Tensor, *inputs: Tensor) -> tuple[np.ndarray, ...]:
    return tuple(map(double, torch.autograd.grad(loss.sum(), inputs)))


def test_td_target() -> None:
    rewards, values = normal(S, B, seed=0), normal(S, B, seed=1)
    ended = torch.tensor([[0.0, 1, 0, 1, 0], [1.0, 1, 0, 0, 0]])
    ours = td_target(rewards, ended, values, 0.98)
    for s in range(S):
        theirs = numpy_losses.td_target(
            double(rewards[s]), double(ended[s]), double(values[s]), 0.98
        )
        assert_close(ours[s].numpy(), theirs, "target")


def test_critic_loss() -> None:
    q, target = normal(S, E, B, seed=0).requires_grad_(), normal(S, B, seed=1)
    loss = critic_loss(q, target)
    (d_q,) = gradient(loss, q)
    for s in range(S):
        value, slope = numpy_losses.squared_error(double(q[s]), double(target[s]))
        assert_close(double(loss[s]), np.array(value), "loss")
        assert_close(d_q[s], slope, "gradient")


def test_sac_policy_loss() -> None:
    q, log_prob = (normal(S, B, seed=seed).requires_grad_() for seed in (0, 1))
    alpha = torch.tensor([0.2, 3.0])
    loss = policy_loss(q, log_prob, alpha)
    slopes = gradient(loss, q, log_prob)
    for s in range(S):
        value, *expected = numpy_losses.sac_policy(
            double(q[s]), double(log_prob[s]), alpha[s].item()
        )
        assert_close(double(loss[s]), np.array(value), "loss")
        for ours, theirs in zip(slopes, expected, strict=True):
            assert_close(ours[s], theirs, "gradient")


@pytest.mark.parametrize("form", TEMPERATURES)
def test_temperature_loss(form: str) -> None:
    alpha = torch.tensor([0.5, 1.5])
    temperature = TEMPERATURES[form](alpha)
    assert_close(double(temperature()), double(alpha), "alpha")
    (x,) = temperature.parameters()
    log_prob = normal(S, B, seed=0)
    loss = temperature_loss(temperature(), log_prob, -2.0)
    (slope,) = gradient(loss, x)
    for s in range(S):
        value, expected = numpy_losses.temperature(
            float(x[s].detach()), double(log_prob[s]), -2.0, form
        )
        assert_close(double(loss[s]), np.array(value), "loss")
        assert_close(slope[s], np.array(expected), "gradient")


def test_behaviour_cloning() -> None:
    log_prob = normal(S, B, seed=0).requires_grad_()
    loss = bc_loss(log_prob)
    (slope,) = gradient(loss, log_prob)
    for s in range(S):
        value, expected = numpy_losses.negative_log_likelihood(double(log_prob[s]))
        assert_close(double(loss[s]), np.array(value), "loss")
        assert_close(slope[s], expected, "gradient")


@pytest.mark.parametrize("tau", [0.5, 0.7, 0.9, 0.99])
def test_expectile_loss(tau: float) -> None:
    q, v = normal(S, B, seed=0), normal(S, B, seed=1).requires_grad_()
    loss = expectile_loss(q - v, tau)
    (slope,) = gradient(loss, v)
    for s in range(S):
        value, expected = numpy_losses.expectile(double(q[s]), double(v[s]), tau)
        assert_close(double(loss[s]), np.array(value), "loss")
        assert_close(slope[s], expected, "gradient")


def test_advantage_weight_below_and_at_its_limit() -> None:
    advantage = normal(S, B, seed=0)
    weight = advantage_weight(advantage, 3.0, 10.0)
    assert (weight < 9.9).any() and (weight > 9.99).any()
    for s in range(S):
        expected = numpy_losses.advantage_weight(double(advantage[s]), 3.0, 10.0)
        assert_close(weight[s].numpy(), expected, "weight")


def test_in_sample_weight_below_inside_and_above_its_range() -> None:
    q, value, behaviour = (normal(S, B, seed=seed) for seed in (0, 1, 2))
    weight = inac_weight(q, value, behaviour, 0.2, (1e-2, 1e2))
    for s in range(S):
        expected = numpy_losses.in_sample_weight(
            double(q[s]), double(value[s]), double(behaviour[s]), 0.2, 1e-2, 1e2
        )
        assert_close(weight[s].numpy(), expected, "weight")
    low, high = (weight <= 1.001e-2), (weight >= 0.999e2)
    assert low.any() and high.any() and not (low | high).all()


def test_in_sample_weight_where_float32_cannot_hold_the_exponential() -> None:
    """exp(300) overflows float32 and not float64: clipping the exponent gives the same weight."""
    q = torch.tensor([[3.0, -3.0, 0.0]])
    zero, numbers = torch.zeros_like(q), (0.01, 1e-8, 1e4)
    assert torch.exp((q - zero) / 0.01).isinf().any()
    weight = inac_weight(q, zero, zero, 0.01, (1e-8, 1e4))
    expected = numpy_losses.in_sample_weight(
        double(q[0]), double(zero[0]), double(zero[0]), *numbers
    )
    assert_close(weight[0].numpy(), expected, "weight")
    assert weight[0, 1] == pytest.approx(1e-8, rel=1e-5)


@pytest.mark.parametrize("calibrated", [False, True])
def test_conservative_penalty(calibrated: bool) -> None:
    q, q_data = (
        normal(S, E, B, N, seed=0).requires_grad_(),
        normal(S, E, B, seed=1).requires_grad_(),
    )
    # Densities from 0.01 to 50: without their importance weights the result is far off.
    log_density = normal(S, B, N, seed=2, scale=1.5)
    returns = torch.where(normal(S, B, seed=3) > 0.7, -torch.inf, normal(S, B, seed=4))
    floor = returns if calibrated else torch.full_like(returns, -torch.inf)
    loss = cql_penalty(calibrate(q, floor), log_density.unsqueeze(1), q_data)
    slopes = gradient(loss, q, q_data)
    assert (q.detach() < floor[:, None, :, None]).any() == calibrated
    for s in range(S):
        value, *expected = numpy_losses.conservative(
            double(q[s]),
            double(log_density[s]),
            double(q_data[s]),
            np.repeat(double(floor[s])[:, None], N, axis=1),
        )
        assert_close(double(loss[s]), np.array(value), "loss")
        for ours, theirs in zip(slopes, expected, strict=True):
            assert_close(ours[s], theirs, "gradient")


def test_log_sum_exp_of_uniform_actions_estimates_the_integral() -> None:
    """The integral of exp(a_1 + 2 a_2) over the box has a closed form; log n is the constant."""
    n = 20_000
    actions = torch.rand(n, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    q = (actions[:, 0] + 2 * actions[:, 1]).view(1, 1, 1, n)
    log_density = torch.full((1, 1, 1, n), -2 * math.log(2))
    estimate = importance_log_sum_exp(q, log_density).item() - math.log(n)
    exact = math.log(2 * math.sinh(1)) + math.log(math.sinh(2))
    assert estimate == pytest.approx(exact, abs=0.03)  # standard error about 0.008


def test_adam_over_ten_steps() -> None:
    parameter = nn.Parameter(normal(4, 3, seed=0))
    net, ours = {"weight0": double(parameter)}, Adam([parameter], lr=0.05)
    theirs = numpy_nets.Adam(0.05)
    for step in range(10):
        # Sizes from 1e-3 to 1e3 over the steps, and one step without any gradient.
        g = (
            torch.zeros(4, 3)
            if step == 5
            else normal(4, 3, seed=step, scale=10.0 ** (step % 7 - 3))
        )
        parameter.grad = g.clone()
        ours.step()
        theirs.step(net, {"weight0": double(g)})
        assert_close(double(parameter), net["weight0"], f"step {step}")


@pytest.mark.parametrize("rate", [0.005, 0.5, 1.0])
def test_polyak_average(rate: float) -> None:
    target, source = normal(4, 3, seed=0), normal(4, 3, seed=1)
    expected = {"weight0": double(target)}
    numpy_nets.polyak(expected, {"weight0": double(source)}, rate)
    polyak_update([target], [source], rate)
    assert_close(target.numpy(), expected["weight0"], "target")
