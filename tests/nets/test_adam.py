"""Adam with less overhead, against PyTorch's own, and targets that follow."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from rlft.core.errors import InputError
from rlft.nets.adam import Adam, polyak_update


def weights() -> list[nn.Parameter]:
    source = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(size, generator=source)) for size in ((3, 4), (5,), ())]


def gradients(step: int) -> list[Tensor]:
    """Of sizes from 1e-3 to 1e3 over the steps."""
    source = torch.Generator().manual_seed(step)
    scale = 10.0 ** (step % 7 - 3)
    return [scale * torch.randn(w.shape, generator=source) for w in weights()]


def step_theirs(theirs: torch.optim.Adam, step: int) -> None:
    for parameter, gradient in zip(theirs.param_groups[0]["params"], gradients(step), strict=True):
        parameter.grad = gradient
    theirs.step()


def assert_same(ours: torch.optim.Adam, theirs: torch.optim.Adam) -> None:
    mine, other = ours.param_groups[0]["params"], theirs.param_groups[0]["params"]
    assert all(torch.equal(a, b) for a, b in zip(mine, other, strict=True))
    states = ours.state_dict()["state"], theirs.state_dict()["state"]
    assert states[0].keys() == states[1].keys()
    for index, slots in states[1].items():
        assert slots.keys() == states[0][index].keys()
        assert all(torch.equal(value, states[0][index][name]) for name, value in slots.items())


def test_it_makes_pytorchs_steps_bit_for_bit() -> None:
    ours = Adam(weights(), lr=0.05)
    theirs = torch.optim.Adam(weights(), lr=0.05, fused=True)
    for step in range(10):
        ours.advance(gradients(step))
        step_theirs(theirs, step)
        assert_same(ours, theirs)


def test_it_goes_on_with_a_state_that_was_loaded_and_is_read_by_pytorchs_own() -> None:
    ours, theirs = Adam(weights(), lr=0.05), torch.optim.Adam(weights(), lr=0.05, fused=True)
    for step in range(3):
        step_theirs(theirs, step)
        ours.advance(gradients(step))
    moved = [nn.Parameter(p.detach().clone()) for p in ours.parameters]
    loaded = Adam(moved, lr=0.05)
    loaded.advance(gradients(9))  # what it had before does not matter
    for parameter, source in zip(moved, ours.parameters, strict=True):
        parameter.data.copy_(source.data)
    loaded.load_state_dict(copy.deepcopy(theirs.state_dict()))
    theirs.load_state_dict(copy.deepcopy(ours.state_dict()))
    for step in range(3, 6):
        loaded.advance(gradients(step))
        step_theirs(theirs, step)
        assert_same(loaded, theirs)


def test_a_copy_goes_its_own_way() -> None:
    ours = Adam(weights(), lr=0.05)
    ours.advance(gradients(0))
    twin = copy.deepcopy(ours)
    before = copy.deepcopy(ours.state_dict()), [p.detach().clone() for p in ours.parameters]
    twin.advance(gradients(1))
    assert all(torch.equal(a, b) for a, b in zip(before[1], ours.parameters, strict=True))
    assert torch.equal(before[0]["state"][0]["exp_avg"], ours.state_dict()["state"][0]["exp_avg"])
    ours.advance(gradients(1))
    assert_same(twin, ours)


def test_gradients_may_lie_in_memory_as_they_like() -> None:
    ours, theirs = Adam(weights(), lr=0.05), torch.optim.Adam(weights(), lr=0.05)
    transposed = torch.arange(12.0).view(4, 3).T - 5  # (3, 4)
    one = torch.tensor(2.0)
    for _ in range(3):
        gradients = [transposed, one.expand(5), one]  # as of a sum: one number for all
        ours.advance(gradients)
        for parameter, gradient in zip(theirs.param_groups[0]["params"], gradients, strict=True):
            parameter.grad = gradient.clone()
        theirs.step()
    for mine, other in zip(ours.parameters, theirs.param_groups[0]["params"], strict=True):
        torch.testing.assert_close(mine, other)
    with pytest.raises(InputError, match=r"stride\(\)=\(1, 3\).*contiguous"):
        Adam([nn.Parameter(transposed)], lr=0.05)


def test_a_state_that_was_cleared_starts_afresh() -> None:
    ours, fresh = Adam(weights(), lr=0.05), Adam(weights(), lr=0.05)
    ours.advance(gradients(0))
    ours.state.clear()
    for parameter, start in zip(ours.parameters, weights(), strict=True):
        parameter.data.copy_(start.data)
    ours.advance(gradients(1))
    fresh.advance(gradients(1))
    assert_same(ours, fresh)


def test_a_step_without_gradients_is_one_on_zeros() -> None:
    one, other = Adam(weights(), lr=0.05), Adam(weights(), lr=0.05)
    for optimizer in (one, other):
        optimizer.advance(gradients(0))
    for parameter in one.parameters:
        parameter.grad = None
    one.step()
    other.advance([torch.zeros_like(p) for p in other.parameters])
    assert_same(one, other)


def test_polyak_moves_a_quarter_of_the_way() -> None:
    target, source = torch.tensor([0.0, 8.0]), torch.tensor([4.0, 0.0])
    polyak_update([target], [source], 0.25)
    assert target.tolist() == [1.0, 6.0]
    assert source.tolist() == [4.0, 0.0]


@given(rate=st.floats(0.01, 1.0), updates=st.integers(1, 20))
def test_distance_to_a_resting_source_shrinks_by_a_constant_factor(
    rate: float, updates: int
) -> None:
    target, source = torch.zeros(3), torch.tensor([1.0, -2.0, 3.0])
    for _ in range(updates):
        polyak_update([target], [source], rate)
    torch.testing.assert_close(
        source - target, (1 - rate) ** updates * source, rtol=1e-4, atol=1e-6
    )


def test_polyak_average_of_an_alternating_source_is_its_mean() -> None:
    """A probe: the target of +1, -1, +1, ... settles at 0 +- rate / (2 - rate)."""
    network, source = nn.Linear(3, 2), nn.Linear(3, 2)
    for step in range(400):
        for parameter in source.parameters():
            parameter.data.fill_(1.0 if step % 2 else -1.0)
        polyak_update(network.parameters(), source.parameters(), 0.05)
    for parameter in network.parameters():  # last moved towards +1
        torch.testing.assert_close(parameter.data, torch.full_like(parameter, 0.05 / 1.95))
        assert parameter.grad is None


def test_first_step_of_adam_is_the_learning_rate() -> None:
    parameter = nn.Parameter(torch.zeros(3))
    optimizer = Adam([parameter], lr=0.1)
    slope: Tensor = torch.tensor([3.0, -0.01, 100.0])
    (parameter * slope).sum().backward()
    optimizer.step()
    torch.testing.assert_close(parameter.data, torch.tensor([-0.1, 0.1, -0.1]), rtol=1e-4, atol=0)
