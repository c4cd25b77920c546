"""The distance of two policies against its closed form."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from rlft.core.errors import InputError
from rlft.evaluate import policy_kl
from rlft.nets.policies import PolicyConfig, make_policy

STATES = np.random.default_rng(0).normal(size=(256, 3)).astype(np.float32)


@pytest.mark.parametrize("kind", ["squashed-gaussian", "tanh-mean-normal"])
def test_it_is_zero_for_a_copy_and_positive_after_a_move(kind: str) -> None:
    config = PolicyConfig(kind=kind, hidden=(8,))
    policy = make_policy(config, 2, 3, 2, torch.Generator().manual_seed(0))
    assert policy_kl(policy, copy.deepcopy(policy), STATES).tolist() == [0, 0]
    moved = copy.deepcopy(policy)
    with torch.no_grad():
        for parameter in moved.parameters():
            parameter[1] += 0.1  # the second seed's alone
    first, second = policy_kl(moved, policy, STATES)
    assert first == 0 and second > 0.001


def test_it_is_the_closed_form_of_two_gaussians() -> None:
    """Squashing changes no divergence: both densities have the same slope at an action."""
    config = PolicyConfig(hidden=())  # linear: means and log-deviations are set by the biases
    policy = make_policy(config, 1, 3, 2, torch.Generator().manual_seed(0))
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.zero_()
    reference = copy.deepcopy(policy)
    bias = policy.mlp.linears[0].get_parameter("bias")  # (1, 1, 2 * A)
    with torch.no_grad():
        bias += torch.tensor([0.3, -0.2, -0.5, -0.7])
    means, log_stds = np.array([0.3, -0.2]), np.array([-0.5, -0.7])
    expected = (-log_stds + (np.exp(2 * log_stds) + means**2) / 2 - 0.5).sum()
    assert policy_kl(policy, reference, STATES)[0] == pytest.approx(expected, rel=0.03)


def test_no_samples_are_refused() -> None:
    policy = make_policy(PolicyConfig(), 1, 3, 2, torch.Generator().manual_seed(0))
    with pytest.raises(InputError, match="samples=0"):
        policy_kl(policy, policy, STATES, samples=0)
