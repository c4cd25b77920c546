"""Networks and policies against float64 NumPy: values, densities, samples, and their gradients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy_nets
import pytest
import torch
from compare import (
    ACTION,
    OBSERVATION,
    SEEDS,
    SIZE,
    assert_close,
    assert_parts_close,
    double,
    gradients_of,
    one_net,
    one_part,
    recorded,
    stir,
)
from numpy_policies import DATA_CLIP, LOG_STD_RANGE, POLICIES, policy_of
from torch import Tensor

from rlft.nets.policies import Policy, PolicyConfig, make_policy
from rlft.nets.stacked import CriticConfig, QEnsemble, ValueNet

WEIGHTS, DATA = 2, 5  # where the random streams of the inputs start


def normal(*shape: int, seed: int = DATA) -> Tensor:
    return torch.randn((SEEDS, SIZE, *shape), generator=torch.Generator().manual_seed(seed))


KINDS = [
    PolicyConfig(kind, (4, 4), log_std=log_std, log_std_range=(-0.3, 0.2), log_std_offset=offset)
    for kind in POLICIES
    for log_std, offset in ((None, None), ("free", None), ("sigmoid", None), ("state", -0.5))
]
NAMES = [f"{x.kind}, {x.log_std or 'usual'}" for x in KINDS]


def new_policy(config: PolicyConfig) -> Policy:
    policy = make_policy(config, SEEDS, OBSERVATION, ACTION, torch.Generator().manual_seed(0))
    stir({"policy": policy}, WEIGHTS)
    return policy


CRITICS = {
    "LayerNorm": CriticConfig(ensemble=3, hidden=(4, 5), initial_value=-2.0),
    "no LayerNorm": CriticConfig(ensemble=3, hidden=(4, 5), layer_norm=False),
    "flax's epsilon": CriticConfig(ensemble=3, hidden=(4, 5), norm_epsilon=1e-6),
    "one output layer": CriticConfig(ensemble=3, hidden=(4, 5), shared_output=True),
}


@pytest.mark.parametrize("config", CRITICS.values(), ids=CRITICS)
def test_critics(config: CriticConfig) -> None:
    critics = QEnsemble(SEEDS, OBSERVATION, ACTION, config, torch.Generator().manual_seed(0))
    stir({"critics": critics}, WEIGHTS)
    observations, actions = normal(OBSERVATION), normal(ACTION, seed=6).requires_grad_()
    d_q = torch.randn(SEEDS, 3, SIZE, generator=torch.Generator().manual_seed(7))
    q = critics(observations, actions)
    q.backward(d_q)
    members = torch.tensor([[2, 0], [1, 1]])
    some = critics(observations, actions, members)
    assert actions.grad is not None
    for seed in range(SEEDS):
        s, a = double(observations[seed]), double(actions[seed])
        nets = one_part(critics, seed)
        expected = numpy_nets.q_values(nets, s, a)
        assert_close(double(q[seed]), expected, "q")
        assert_close(double(some[seed]), expected[members[seed].numpy()], "q of some members")
        gradients, d_actions = numpy_nets.q_backward(nets, s, a, double(d_q[seed]))
        if config.shared_output:
            gradients = numpy_nets.share_output(gradients)
        ours = gradients_of({"critics": critics}, ["critics"], seed)
        assert_parts_close(ours, {"critics": gradients}, "gradient")
        assert_close(double(actions.grad[seed]), d_actions, "gradient of the actions")


@pytest.mark.parametrize("epsilon", [1e-5, 1e-6])
def test_layer_norm_where_units_hardly_differ(epsilon: float) -> None:
    """The constant added to the variance decides here: 1e-6 makes units 13 % larger or more."""
    config = CriticConfig(hidden=(4,), norm_epsilon=epsilon)
    value = ValueNet(SEEDS, 2, config, torch.Generator().manual_seed(0))
    with torch.no_grad():
        value.mlp.linears[0].weight.mul_(3e-3)
        value.mlp.linears[0].bias.fill_(0.0)
    states = torch.ones(SEEDS, 1, 2)
    for seed in range(SEEDS):
        net = one_net(value.mlp, seed)
        expected, trace = numpy_nets.forward(net, np.ones((1, 2)))
        assert net["epsilon"] == epsilon and trace.deviations[0] < 2 * np.sqrt(1e-5)
        assert_close(double(value(states)[seed]), expected[:, 0], "value")


@pytest.mark.parametrize("layer_norm", [True, False])
@pytest.mark.parametrize("config", KINDS, ids=NAMES)
def test_policies(config: PolicyConfig, layer_norm: bool) -> None:
    policy = new_policy(replace(config, layer_norm=layer_norm))
    observations, logged = normal(OBSERVATION), normal(ACTION, seed=6).tanh()
    logged[:, 0] = torch.tensor([1.0, -1.0])  # on the border, where atanh is infinite
    generator = torch.Generator().manual_seed(8)
    with recorded(generator) as tapes:
        actions, log_prob = policy.rsample(observations, generator)
    of_logged, d = policy.log_prob(observations, logged), normal(seed=9)
    for seed in range(SEEDS):
        (net,) = one_part(policy, seed)
        theirs, s = policy_of(config, net), double(observations[seed])
        expected, density = theirs.sample(s, tapes[seed].normal[0])
        assert_close(double(actions[seed]), expected, "action")
        assert_close(double(log_prob[seed]), density, "density of a sample")
        assert_close(double(policy.mode(observations)[seed]), theirs.mode(s), "mode")
        density = theirs.log_prob(s, double(logged[seed]))
        assert_close(double(of_logged[seed]), density, "density of a logged action")
    of_logged.backward(d)
    for seed in range(SEEDS):
        theirs = policy_of(config, one_part(policy, seed)[0])
        s, a = double(observations[seed]), double(logged[seed])
        expected = {"policy": [theirs.log_prob_backward(s, a, double(d[seed]))]}
        ours = gradients_of({"policy": policy}, ["policy"], seed)
        assert_parts_close(ours, expected, "gradient of a logged action's density")


@pytest.mark.parametrize("config", KINDS, ids=NAMES)
def test_gradients_through_samples(config: PolicyConfig) -> None:
    policy, observations = new_policy(config), normal(OBSERVATION)
    d_action, d_log_prob = normal(ACTION, seed=6), normal(seed=7)
    generator = torch.Generator().manual_seed(8)
    with recorded(generator) as tapes:
        actions, log_prob = policy.rsample(observations, generator)
    if config.kind != "squashed-gaussian":
        assert (actions.abs() == 1).any(), "no sample was clipped"
    ((actions * d_action).sum() + (log_prob * d_log_prob).sum()).backward()
    for seed in range(SEEDS):
        theirs = policy_of(config, one_part(policy, seed)[0])
        expected = theirs.sample_backward(
            double(observations[seed]),
            tapes[seed].normal[0],
            double(d_action[seed]),
            double(d_log_prob[seed]),
        )
        ours = gradients_of({"policy": policy}, ["policy"], seed)
        assert_parts_close(ours, {"policy": [expected]}, "gradient")


def test_squashed_policy_outside_the_range_of_its_width() -> None:
    """Clamped widths get no gradient, and actions beyond the clip count as on it."""
    config = PolicyConfig("squashed-gaussian", (4, 4))
    policy = new_policy(config)
    with torch.no_grad():
        policy.mlp.linears[-1].weight[..., ACTION:].mul_(20)
    observations, logged = normal(OBSERVATION), 1.2 * normal(ACTION, seed=6).tanh()
    raw = policy.mlp(observations)[..., ACTION:]
    assert (raw < LOG_STD_RANGE[0]).any() and (raw > LOG_STD_RANGE[1]).any()
    assert (logged.abs() > DATA_CLIP).any()
    # Densities go down to -1e5 where a width of e^-5 meets a far action; all are compared with it.
    log_prob = policy.log_prob(observations, logged)
    log_prob.sum().backward()
    for seed in range(SEEDS):
        theirs = policy_of(config, one_part(policy, seed)[0])
        s, a = double(observations[seed]), double(logged[seed])
        assert_close(double(log_prob[seed]), theirs.log_prob(s, a), "density")
        expected = {"policy": [theirs.log_prob_backward(s, a, np.ones(SIZE))]}
        ours = gradients_of({"policy": policy}, ["policy"], seed)
        assert_parts_close(ours, expected, "gradient")
