"""The policy classes: densities against `torch.distributions` and against integration."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from probes import generator
from torch import Tensor
from torch.distributions import Independent, Normal, TransformedDistribution
from torch.distributions.transforms import TanhTransform

from rlft.core.errors import InputError
from rlft.nets.layers import repeat_rows
from rlft.nets.policies import (
    POLICIES,
    ClippedNormal,
    Policy,
    PolicyConfig,
    SquashedGaussian,
    TanhMeanNormal,
    make_policy,
)

KINDS = sorted(POLICIES)
OBSERVATIONS = torch.randn(2, 6, 3, generator=generator(9))  # (S, B, O)


def policy_of(kind: str, action_size: int = 2, layer_norm: bool = False, seed: int = 0) -> Policy:
    config = PolicyConfig(kind=kind, hidden=(16,), layer_norm=layer_norm)
    return make_policy(config, 2, 3, action_size, generator(seed))


def fixed(kind: str, outputs: list[float], action_size: int = 1) -> Policy:
    """A policy whose network answers `outputs` at every observation."""
    policy = policy_of(kind, action_size)
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.zero_()
        policy.mlp.linears[-1].get_parameter("bias").copy_(torch.tensor(outputs))
    return policy


def reference(policy: Policy, observations: Tensor) -> torch.distributions.Distribution:
    """The distribution in the words of `torch.distributions`, from the network's raw outputs."""
    out = policy.mlp(observations)
    if isinstance(policy, SquashedGaussian):
        mean, log_std = out.chunk(2, -1)
        normal = Independent(Normal(mean, log_std.clamp(-5, 2).exp()), 1)
        return TransformedDistribution(normal, TanhTransform(cache_size=1))
    if isinstance(policy, ClippedNormal) and policy.log_std == "state":
        mean, log_std = out.chunk(2, -1)
        return Independent(Normal(mean, log_std.clamp(-5, 2).exp()), 1)
    assert isinstance(policy, TanhMeanNormal)
    std = (-6 + 6 * torch.sigmoid(policy.spread)).exp()
    return Independent(Normal(out.tanh(), std.expand_as(out)), 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layer_norm", [True, False])
def test_log_prob_agrees_with_torch_distributions(kind: str, layer_norm: bool) -> None:
    policy = policy_of(kind, layer_norm=layer_norm)
    if isinstance(policy, TanhMeanNormal):
        policy.spread.data = torch.tensor([[[0.5, 2.0]], [[-1.0, 0.0]]])
    actions = 1.9 * torch.rand(2, 6, 2, generator=generator(1)) - 0.95
    expected = reference(policy, OBSERVATIONS).log_prob(actions)
    assert expected.shape == (2, 6)
    torch.testing.assert_close(policy.log_prob(OBSERVATIONS, actions), expected)
    mean = policy.mlp(OBSERVATIONS)[..., :2]
    mode = mean.clamp(-1, 1) if kind == "normal" else mean.tanh()
    torch.testing.assert_close(policy.mode(OBSERVATIONS), mode, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_rsample_reports_the_density_of_what_it_drew(kind: str) -> None:
    policy = policy_of(kind)
    actions, log_prob = policy.rsample(OBSERVATIONS, generator())
    inside = (actions.abs() < 0.99).all(-1)  # beyond, float32 cannot undo tanh or the clipping
    assert inside.float().mean() > 0.3  # as wide as the box, a plain Gaussian leaves it often
    again = policy.log_prob(OBSERVATIONS, actions)
    torch.testing.assert_close(log_prob[inside], again[inside], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_many_actions_of_a_state_are_what_as_many_copies_of_it_draw(kind: str) -> None:
    policy = policy_of(kind)
    copies = repeat_rows(OBSERVATIONS, 3)
    one, many = generator(), generator()
    expected = policy.rsample(copies, one)
    drawn = policy.rsample_each(OBSERVATIONS, 3, many)
    torch.testing.assert_close(drawn, expected)
    assert torch.equal(one.get_state(), many.get_state())
    gradients = [
        torch.autograd.grad(a.sum() + p.sum(), list(policy.parameters()), materialize_grads=True)
        for a, p in (drawn, expected)
    ]
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(
        policy.sample(OBSERVATIONS, many, 3), policy.rsample(copies, one)[0].detach()
    )


@pytest.mark.parametrize(
    ("kind", "outputs", "action", "expected"),
    [
        # log N(0; 0, 1) = -0.919 for each of u = 0 and u = 1, where log(1 - tanh(1)^2) = -0.868
        ("squashed-gaussian", [0.0, 0.0], 0.0, -0.918939),
        ("squashed-gaussian", [0.0, 0.0], math.tanh(1), -0.918939 - 0.5 + 0.867562),
        ("normal", [0.0, 0.0], 0.5, -0.918939 - 0.125),
        # log sigma = -3 as it starts: log N = -0.919 + 3 at the mean, 0.5 less one sigma away
        ("tanh-mean-normal", [0.0], 0.0, 2.081061),
        ("tanh-mean-normal", [0.0], math.exp(-3), 1.581061),
    ],
)
def test_densities_worked_by_hand(
    kind: str, outputs: list[float], action: float, expected: float
) -> None:
    log_prob = fixed(kind, outputs).log_prob(OBSERVATIONS, torch.full((2, 6, 1), action))
    torch.testing.assert_close(log_prob, torch.full((2, 6), expected), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "outputs", "border"),
    [
        ("squashed-gaussian", [0.4, -0.7], 0.999),  # what lies beyond 0.999 is 1e-11
        ("normal", [0.4, -0.7], 5.0),
        ("tanh-mean-normal", [0.4], 2.0),  # the density before clipping lives on the whole line
    ],
)
def test_density_integrates_to_one(kind: str, outputs: list[float], border: float) -> None:
    grid = torch.linspace(-border, border, 20_001)
    policy = fixed(kind, outputs)
    density = policy.log_prob(torch.zeros(2, len(grid), 3), grid.expand(2, -1).unsqueeze(-1)).exp()
    integral = torch.trapezoid(density, grid)
    torch.testing.assert_close(integral, torch.ones(2), rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "outputs", "mean", "std"),
    [
        ("squashed-gaussian", [0.3, math.log(0.2)], 0.3, 0.2),
        ("squashed-gaussian", [0.3, 9.0], 0.3, math.exp(2)),  # log sigma is clipped
        ("normal", [0.3, -2.0], 0.3, math.exp(-2)),
        ("tanh-mean-normal", [0.3], math.tanh(0.3), math.exp(-3)),
    ],
)
def test_samples_have_the_stated_mean_and_width(
    kind: str, outputs: list[float], mean: float, std: float
) -> None:
    drawn = fixed(kind, outputs).sample(torch.zeros(2, 20_000, 3), generator())
    if kind == "squashed-gaussian":
        drawn = drawn.double().clamp(-1 + 1e-12, 1 - 1e-12).atanh()
    middle = drawn.quantile(0.5, dim=1) if std > 1 else drawn.mean(1)  # float32 tanh reaches 1
    torch.testing.assert_close(middle, torch.full_like(middle, mean), rtol=0, atol=0.03 * std)
    quartile = drawn.quantile(0.75, dim=1) - drawn.quantile(0.25, dim=1)
    torch.testing.assert_close(quartile / 1.34898, torch.full_like(middle, std), rtol=0.03, atol=0)


@pytest.mark.parametrize("kind", KINDS)
@given(scale=st.floats(0.0, 100.0), seed=st.integers(0, 1000))
def test_every_action_lies_in_the_box(kind: str, scale: float, seed: int) -> None:
    policy = policy_of(kind, seed=seed)
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.mul_(scale)
        if isinstance(policy, TanhMeanNormal):
            policy.spread.fill_(scale)  # as wide as it gets
    actions, log_prob = policy.rsample(OBSERVATIONS, generator(seed))
    assert log_prob.isfinite().all()
    for a in (actions, policy.mode(OBSERVATIONS), policy.sample(OBSERVATIONS, generator())):
        assert a.shape == (2, 6, 2)
        assert a.abs().max() <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_logged_actions_on_the_border_cost_a_finite_amount(kind: str) -> None:
    policy = policy_of(kind)
    log_prob = policy.log_prob(OBSERVATIONS, torch.ones(2, 6, 2))
    log_prob.sum().backward()
    assert log_prob.isfinite().all()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in policy.parameters())


def test_squashed_sample_at_the_border_has_a_finite_density() -> None:
    policy = fixed("squashed-gaussian", [50.0, -5.0])  # tanh(50) is 1 in float32
    actions, log_prob = policy.rsample(OBSERVATIONS, generator())
    assert (actions == 1).all()
    # -log(1 - tanh(u)^2) = 2 u - log 4 for large u; the Gaussian part adds about 4.
    assert ((log_prob > 90) & (log_prob < 110)).all()


def test_the_unsquashed_policy_starts_narrow_and_as_wide_everywhere() -> None:
    policy = policy_of("tanh-mean-normal")
    for scale in (0.1, 10.0):
        observations = scale * torch.randn(2, 20_000, 3, generator=generator())
        mode = policy.mode(observations)
        away = policy.sample(observations, generator(1)) - mode
        away = away[mode.abs() < 0.75]  # five sigmas from the box: nothing is clipped there
        assert away.std().item() == pytest.approx(0.0498, rel=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_flow_through_rsample_and_not_through_sample(kind: str) -> None:
    policy = fixed(kind, [0.3] if kind == "tanh-mean-normal" else [0.3, -3.0])
    bias = policy.mlp.linears[-1].get_parameter("bias")
    actions, _ = policy.rsample(OBSERVATIONS, generator())
    (slope,) = torch.autograd.grad(actions.sum(), bias)
    # d tanh(u) / d mean = 1 - tanh(u)^2 at the sample, or at the mean, or 1 without any tanh
    at = {"squashed-gaussian": actions, "tanh-mean-normal": policy.mode(OBSERVATIONS)}
    at = at.get(kind, torch.zeros_like(actions))
    torch.testing.assert_close(slope[:, 0, 0], (1 - at.square()).sum((1, 2)))
    assert not policy.sample(OBSERVATIONS, generator()).requires_grad


@pytest.mark.parametrize("kind", KINDS)
def test_a_free_log_sigma_starts_at_nought_and_stops_at_its_bounds(kind: str) -> None:
    config = PolicyConfig(kind, (16,), log_std="free", log_std_range=(-1.0, 2.0))
    policy = make_policy(config, 2, 3, 2, generator())
    assert policy.mlp.linears[-1].get_parameter("weight").shape[-1] == 2  # no output for the width
    assert not policy.mean_and_log_std(OBSERVATIONS)[1].any()
    policy.spread.data.fill_(-7.0)
    log_std = policy.mean_and_log_std(OBSERVATIONS)[1]
    assert log_std.shape == (2, 6, 2) and (log_std == -1).all()


def test_an_offset_narrows_the_policy_from_the_start() -> None:
    plain = policy_of("squashed-gaussian")
    config = PolicyConfig(hidden=(16,), log_std_offset=-1.0)
    policy = make_policy(config, 2, 3, 2, generator())
    mean, log_std = policy.mean_and_log_std(OBSERVATIONS)
    before = plain.mean_and_log_std(OBSERVATIONS)
    assert torch.equal(mean, before[0]) and torch.equal(log_std, before[1] - 1)
    log_std.sum().backward()
    assert policy.line is not None
    slopes = [torch.as_tensor(x.grad).flatten() for x in policy.line]
    torch.testing.assert_close(slopes[0], before[1].sum((1, 2)))  # m and c are learned
    torch.testing.assert_close(slopes[1], torch.full((2,), 12.0))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"log_std": "stat"}, r"log_std 'stat'.*'state'"),
        ({"log_std_range": (2.0, -5.0)}, r"log_std_range.*in order.*lower bound first"),
        ({"norm_epsilon": 0.0}, r"norm_epsilon=0.0.*above 0"),
        ({"log_std": "free", "log_std_offset": -1.0}, r"log_std_offset=-1.0.*None.*'free'"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_policy(PolicyConfig(**changes), 2, 3, 2, generator())


@pytest.mark.parametrize("kind", KINDS)
def test_noise_repeats_with_its_generator_and_moves_on(kind: str) -> None:
    policy, source = policy_of(kind), generator(3)
    first, second = (policy.sample(OBSERVATIONS, source) for _ in range(2))
    assert torch.equal(first, policy.sample(OBSERVATIONS, generator(3)))
    assert not torch.equal(first, second)


@pytest.mark.parametrize("kind", KINDS)
def test_one_seeds_observations_do_not_reach_the_other(kind: str) -> None:
    policy, other = policy_of(kind), OBSERVATIONS.clone()
    other[1] += 1.0
    actions = torch.zeros(2, 6, 2)
    for answer in (
        lambda observations: policy.sample(observations, generator()),
        lambda observations: policy.log_prob(observations, actions),
        policy.mode,
    ):
        before, after = answer(OBSERVATIONS), answer(other)
        assert torch.equal(before[0], after[0])
        assert not torch.equal(before[1], after[1])


def test_unknown_class_lists_near_matches() -> None:
    with pytest.raises(InputError, match=r"class 'squashed-gausian'.*'squashed-gaussian'"):
        policy_of("squashed-gausian")


class Halved(POLICIES["squashed-gaussian"]):  # type: ignore[misc]
    """Somebody's policy that says in `rsample` alone what it does."""

    def rsample(self, observations: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        actions, log_prob = super().rsample(observations, generator)
        return actions / 2, log_prob


def test_what_is_sampled_is_what_a_subclass_draws() -> None:
    config = PolicyConfig(hidden=(4,))
    plain, halved = (
        kind(2, 3, 2, config, generator()) for kind in (POLICIES["squashed-gaussian"], Halved)
    )
    states = torch.rand(2, 5, 3, generator=generator(1))
    drawn = [policy.sample(states, generator(2)) for policy in (plain, halved)]
    torch.testing.assert_close(drawn[0] / 2, drawn[1])
    many = [policy.rsample_each(states, 3, generator(2))[0] for policy in (plain, halved)]
    torch.testing.assert_close(many[0] / 2, many[1])
