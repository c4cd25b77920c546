"""The reference itself: gradients derived by hand against central differences of its own values.

In float64 a central difference with step 1e-6 is good to about 1e-9 of the value. A difference of
1e-6 of the largest entry is an error of the derivation.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import numpy_losses
import numpy_nets
import pytest
from numpy_nets import Array, Params
from numpy_policies import POLICIES

RNG = np.random.default_rng
B, STATES, A = 5, 3, 2


def difference(value: Callable[[], float], x: Array, step: float = 1e-6) -> Array:
    """d value() / d x by changing x, in place, one entry at a time."""
    slope = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        middle = x[index]
        ends = []
        for sign in (1, -1):
            x[index] = middle + sign * step
            ends.append(value())
        x[index] = middle
        slope[index] = (ends[0] - ends[1]) / (2 * step)
    return slope


def assert_slope(slope: Array | float, value: Callable[[], float], x: Array) -> None:
    expected = difference(value, x)
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(slope, expected, rtol=0, atol=1e-6 * scale)


def random_net(sizes: tuple[int, ...], layer_norm: bool, seed: int = 0) -> Params:
    rng, net = RNG(seed), {}
    for i, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
        net[f"weight{i}"], net[f"bias{i}"] = (
            rng.normal(size=(inputs, outputs)),
            rng.normal(size=outputs),
        )
        if layer_norm and i < len(sizes) - 2:
            net[f"scale{i}"], net[f"shift{i}"] = rng.normal(size=outputs), rng.normal(size=outputs)
    return net


@pytest.mark.parametrize("layer_norm", [True, False])
def test_network(layer_norm: bool) -> None:
    net, rng = random_net((STATES, 4, 4, 2), layer_norm), RNG(1)
    x, d = rng.normal(size=(B, STATES)), rng.normal(size=(B, 2))

    def value() -> float:
        return float((numpy_nets.forward(net, x)[0] * d).sum())

    gradient, d_x = numpy_nets.backward(net, numpy_nets.forward(net, x)[1], d)
    assert gradient.keys() == net.keys()
    for name, slope in gradient.items():
        assert_slope(slope, value, net[name])
    assert_slope(d_x, value, x)


@pytest.mark.parametrize("kind", POLICIES)
@pytest.mark.parametrize("log_std", ["state", "free", "sigmoid"])
def test_policies(kind: str, log_std: str) -> None:
    outputs = 2 * A if log_std == "state" else A
    net, rng = random_net((STATES, 4, outputs), layer_norm=True), RNG(2)
    if log_std == "state":
        net["slope"], net["offset"] = rng.normal(size=1), rng.normal(size=1)
    else:
        net["spread"] = rng.normal(size=A)
    policy, s = POLICIES[kind](net, log_std, (-1.0, 1.0)), rng.normal(size=(B, STATES))
    noise, logged = rng.normal(size=(B, A)), np.tanh(rng.normal(size=(B, A)))
    d_action, d_log_prob = rng.normal(size=(B, A)), rng.normal(size=B)

    def sampled() -> float:
        action, log_prob = policy.sample(s, noise)
        return float((action * d_action).sum() + (log_prob * d_log_prob).sum())

    def of_logged() -> float:
        return float((policy.log_prob(s, logged) * d_log_prob).sum())

    for value, gradient in (
        (sampled, policy.sample_backward(s, noise, d_action, d_log_prob)),
        (of_logged, policy.log_prob_backward(s, logged, d_log_prob)),
    ):
        assert gradient.keys() == net.keys()
        for name, slope in gradient.items():
            assert_slope(slope, value, net[name])


def test_the_squashed_density_integrates_to_one() -> None:
    net = random_net((STATES, 4, 2), layer_norm=False)
    policy, s = POLICIES["squashed-gaussian"](net), np.full((1, STATES), 0.3)
    edges = np.linspace(-0.9989, 0.9989, 20_001)  # inside the clip of logged actions
    density = np.exp(policy.log_prob(np.repeat(s, len(edges), 0), edges[:, None]))
    mass = float(np.trapezoid(density, edges))
    outside = np.arctanh(0.9989)
    samples, _ = policy.sample(np.repeat(s, 100_000, 0), RNG(3).normal(size=(100_000, 1)))
    assert mass == pytest.approx(float((np.abs(np.arctanh(samples)) < outside).mean()), abs=0.01)


def test_losses() -> None:
    rng = RNG(4)
    q, target, log_prob = rng.normal(size=(3, B)), rng.normal(size=B), rng.normal(size=B)
    row, weight = q[0].copy(), np.exp(rng.normal(size=B))
    log_alpha, losses = np.array([-0.7]), numpy_losses
    assert_slope(losses.squared_error(q, target)[1], lambda: losses.squared_error(q, target)[0], q)
    _, d_q, d_log_prob = losses.sac_policy(row, log_prob, 0.3)
    assert_slope(d_q, lambda: losses.sac_policy(row, log_prob, 0.3)[0], row)
    assert_slope(d_log_prob, lambda: losses.sac_policy(row, log_prob, 0.3)[0], log_prob)
    assert_slope(
        losses.temperature(float(log_alpha[0]), log_prob, -2.0)[1],
        lambda: losses.temperature(float(log_alpha[0]), log_prob, -2.0)[0],
        log_alpha,
    )
    assert_slope(
        losses.weighted_likelihood(weight, log_prob)[1],
        lambda: losses.weighted_likelihood(weight, log_prob)[0],
        log_prob,
    )
    assert_slope(
        losses.expectile(row, target, 0.9)[1],
        lambda: losses.expectile(row, target, 0.9)[0],
        target,
    )
    for objective in ("min", "mean"):
        _, share = losses.aggregate(q, objective)
        assert_slope(share, lambda kind=objective: float(losses.aggregate(q, kind)[0].sum()), q)


def test_conservative_penalty() -> None:
    rng = RNG(5)
    q, q_data = rng.normal(size=(3, B, 4)), rng.normal(size=(3, B))
    density, floor = rng.normal(size=(B, 4)), np.where(rng.random((B, 4)) < 0.5, -np.inf, 0.2)
    _, d_q, d_data = numpy_losses.conservative(q, density, q_data, floor)

    def value() -> float:
        return numpy_losses.conservative(q, density, q_data, floor)[0]

    assert_slope(d_q, value, q)
    assert_slope(d_data, value, q_data)
