"""Stacked networks against `torch.nn`, seed by seed, and subsets of critics."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from probes import generator
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from rlft.core.errors import InputError
from rlft.nets import layers
from rlft.nets.layers import MLP, StackedLayerNorm, StackedLinear, repeat_rows
from rlft.nets.stacked import (
    CriticConfig,
    QEnsemble,
    ValueNet,
    random_members,
)


def plain_copy(mlp: MLP, group: int) -> nn.Sequential:
    """One group of a stacked network, as anybody would write it in torch."""
    layers: list[nn.Module] = []
    for i, linear in enumerate(mlp.linears):
        assert isinstance(linear, StackedLinear)
        inputs, outputs = linear.weight.shape[1:]
        layer = nn.Linear(inputs, outputs)
        layer.weight.data = linear.weight.data[group].T.clone()
        layer.bias.data = linear.bias.data[group, 0].clone()
        layers.append(layer)
        if i + 1 == len(mlp.linears):
            break
        if mlp.norms:
            stacked = mlp.norms[i]
            assert isinstance(stacked, StackedLayerNorm)
            norm = nn.LayerNorm(stacked.scale.shape[-1])
            norm.weight.data = stacked.scale.data[group, 0].clone()
            norm.bias.data = stacked.shift.data[group, 0].clone()
            layers.append(norm)
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def disturbed_mlp(sizes: tuple[int, ...], layer_norm: bool) -> MLP:
    """A network in which no scale is 1 and no shift is 0, as after training."""
    config = CriticConfig(hidden=sizes[1:-1], layer_norm=layer_norm)
    mlp = MLP(4, sizes[0], sizes[-1], config, generator())
    source = generator(1)
    for norm in mlp.norms:
        for parameter in norm.parameters():
            parameter.data += 0.5 * torch.rand(parameter.shape, generator=source)
    return mlp


def critics(config: CriticConfig, seeds: int = 2, seed: int = 0) -> QEnsemble:
    return QEnsemble(seeds, 3, 2, config, generator(seed))


@pytest.mark.parametrize("layer_norm", [True, False])
@pytest.mark.parametrize("outputs", [1, 3])  # one output column takes another path
def test_a_stack_of_networks_equals_torch_modules(layer_norm: bool, outputs: int) -> None:
    mlp = disturbed_mlp((5, 16, 8, outputs), layer_norm)
    x = torch.randn(4, 7, 5, generator=generator(2))
    y = mlp(x)
    y.square().sum().backward()
    assert y.shape == (4, 7, outputs)
    for group in range(4):
        plain = plain_copy(mlp, group)
        expected = plain(x[group])
        torch.testing.assert_close(y[group], expected, rtol=0, atol=1e-6)
        expected.square().sum().backward()
        first = plain[0]
        assert isinstance(first, nn.Linear) and first.weight.grad is not None
        gradient = mlp.linears[0].get_parameter("weight").grad
        assert gradient is not None
        torch.testing.assert_close(gradient[group].T, first.weight.grad, rtol=1e-5, atol=1e-5)


def test_rows_pick_groups_in_the_order_asked_for() -> None:
    mlp = disturbed_mlp((5, 8, 1), layer_norm=True)
    rows = torch.tensor([3, 0, 3])
    x = torch.randn(3, 7, 5, generator=generator())
    for out, row, inputs in zip(mlp(x, rows), rows.tolist(), x, strict=True):
        torch.testing.assert_close(out, plain_copy(mlp, row)(inputs), rtol=0, atol=1e-6)


def test_groups_cannot_see_each_other() -> None:
    mlp = disturbed_mlp((5, 8, 2), layer_norm=True)
    x = torch.randn(4, 7, 5, generator=generator())
    other = x.clone()
    other[1] = 100.0
    before, after = mlp(x), mlp(other)
    assert torch.equal(before[[0, 2, 3]], after[[0, 2, 3]])
    assert not torch.equal(before[1], after[1])
    before[1].sum().backward()
    for parameter in mlp.parameters():
        assert parameter.grad is not None and parameter.grad[1].any()
        assert not parameter.grad[[0, 2, 3]].any()


class Counting(TorchDispatchMode):
    """Counts the products that are computed inside."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func is torch.ops.aten.baddbmm.default
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("layer_norm", [True, False])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("picked", [None, [[2, 0], [1, 1]]])
def test_one_after_another_networks_give_what_they_give_at_once(
    layer_norm: bool, shared: bool, picked: list[list[int]] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = CriticConfig(3, (8, 4), layer_norm, shared_output=shared)
    members = None if picked is None else torch.tensor(picked)
    ensemble = critics(config)
    observations = torch.randn(2, 5, 3, generator=generator(1))
    outcomes = []
    for worth in (layers.WORTH_A_TURN, 5 * 8):
        monkeypatch.setattr(layers, "WORTH_A_TURN", worth)
        monkeypatch.setattr(layers, "OVERFLOWS", 0)
        actions = torch.rand(2, 5, 2, generator=generator(2)).requires_grad_()
        with Counting() as calls:
            q = ensemble(observations, actions, members)
        inputs = [actions, *ensemble.parameters()]
        outcomes.append((calls.count, q, torch.autograd.grad(q.square().sum(), inputs)))
    (at_once, q, gradients), (in_turns, same, close) = outcomes
    assert in_turns == at_once * q.shape[:2].numel() and torch.equal(q, same)
    torch.testing.assert_close(gradients, close, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("groups", "rows", "turns"), [(16, 1024, True), (15, 1024, False), (17, 1023, False)]
)
def test_networks_take_turns_where_each_is_large_and_all_overflow_the_cache(
    groups: int, rows: int, turns: bool
) -> None:
    mlp = MLP(groups, 3, 1, CriticConfig(hidden=(64, 8)), generator())
    assert mlp._takes_turns(torch.empty(groups, rows, 3)) == turns


def test_initial_weights_fill_the_range_of_nn_linear() -> None:
    layer = StackedLinear(10, 25, 40, generator())
    for parameter in (layer.weight, layer.bias):
        assert parameter.abs().max() <= 0.2  # 1 / sqrt(25)
        assert parameter.abs().max() > 0.19
        assert abs(parameter.mean().item()) < 0.02


def test_critics_come_seed_by_seed_and_member_by_member() -> None:
    ensemble = critics(CriticConfig(ensemble=3, hidden=(8,)))
    observations = torch.randn(2, 5, 3, generator=generator(1))
    actions = torch.rand(2, 5, 2, generator=generator(2))
    q = ensemble(observations, actions)
    assert q.shape == (2, 3, 5)
    x = torch.cat((observations, actions), -1)
    for seed in range(2):
        for member in range(3):
            expected = plain_copy(ensemble.mlp, 3 * seed + member)(x[seed]).squeeze(-1)
            torch.testing.assert_close(q[seed, member], expected, rtol=0, atol=1e-6)
    members = torch.tensor([[2, 0], [1, 1]])
    asked = ensemble(observations, actions, members)
    torch.testing.assert_close(asked[0], q[0, [2, 0]], rtol=0, atol=1e-6)
    torch.testing.assert_close(asked[1], q[1, [1, 1]], rtol=0, atol=1e-6)


def test_critics_that_share_an_output_layer_differ_below_it_only() -> None:
    ensemble = critics(CriticConfig(ensemble=3, hidden=(8, 4), shared_output=True))
    first, _, output = (linear.get_parameter("weight") for linear in ensemble.mlp.linears)
    assert first.shape == (6, 5, 8) and output.shape == (2, 4, 1)  # S * E, and S
    observations = torch.randn(2, 5, 3, generator=generator(1))
    actions = torch.rand(2, 5, 2, generator=generator(2))
    q = ensemble(observations, actions)
    assert q.shape == (2, 3, 5) and not torch.allclose(q[:, 0], q[:, 1])
    members = torch.tensor([[2, 0], [1, 1]])
    asked = ensemble(observations, actions, members)
    torch.testing.assert_close(asked[1], q[1, [1, 1]], rtol=0, atol=1e-6)
    torch.testing.assert_close(asked[0], q[0, [2, 0]], rtol=0, atol=1e-6)
    for seed in range(2):
        for member in range(3):
            of = torch.autograd.grad(q[seed, member].sum(), (first, output), retain_graph=True)
            reached = [[i for i, slope in enumerate(x) if slope.any()] for x in of]
            assert reached == [[3 * seed + member], [seed]]


def test_initial_value_shifts_every_prediction() -> None:
    observations, actions = torch.randn(2, 5, 3, generator=generator()), torch.zeros(2, 5, 2)
    low, zero = CriticConfig(initial_value=-50.0), CriticConfig()
    q_gap = critics(low)(observations, actions) - critics(zero)(observations, actions)
    torch.testing.assert_close(q_gap, torch.full((2, 2, 5), -50.0), rtol=0, atol=1e-4)
    v_low, v_zero = (ValueNet(2, 3, config, generator())(observations) for config in (low, zero))
    torch.testing.assert_close(v_low - v_zero, torch.full((2, 5), -50.0), rtol=0, atol=1e-4)
    torch.testing.assert_close(
        v_zero[1],
        plain_copy(ValueNet(2, 3, zero, generator()).mlp, 1)(observations[1]).squeeze(-1),
        rtol=0,
        atol=1e-6,
    )


def test_an_ensemble_needs_a_critic() -> None:
    with pytest.raises(InputError, match=r"ensemble=0.*1 or more.*2 critics"):
        critics(CriticConfig(ensemble=0))


# --- random_members ------------------------------------------------------------------------


@pytest.mark.parametrize("replacement", [True, False])
def test_the_whole_ensemble_is_not_drawn(replacement: bool) -> None:
    source = generator()
    before = source.get_state()
    for everything in (4, None):
        assert random_members(3, 4, everything, replacement, source) is None
    assert torch.equal(source.get_state(), before)


@given(ensemble=st.integers(2, 10), data=st.data(), replacement=st.booleans())
def test_members_exist_and_are_distinct_without_replacement(
    ensemble: int, data: st.DataObject, replacement: bool
) -> None:
    subset = data.draw(st.integers(1, ensemble - 1))
    members = random_members(5, ensemble, subset, replacement, generator())
    assert members is not None and members.shape == (5, subset)
    assert members.min() >= 0 and members.max() < ensemble
    if not replacement:
        assert all(len(set(row)) == subset for row in members.tolist())


@pytest.mark.parametrize(("replacement", "expected"), [(True, 14 / 9), (False, 4 / 3)])
def test_mean_of_the_minimum_is_the_known_one(replacement: bool, expected: float) -> None:
    """Critics that say 1, 2, 3, two drawn: 9 ordered pairs with replacement, 3 pairs without."""
    says = torch.tensor([1.0, 2.0, 3.0])
    members = random_members(20_000, 3, 2, replacement, generator())
    assert members is not None
    lowest = says[members].amin(1)
    # Standard error 0.7 / sqrt(20,000) = 0.005; the two answers are 0.22 apart.
    assert lowest.mean().item() == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("subset", [0, 3])
def test_subset_outside_the_ensemble_is_refused(subset: int) -> None:
    with pytest.raises(InputError, match=rf"subset={subset}.*\[1, 2\].*smaller"):
        random_members(3, 2, subset, True, generator())


def test_rows_are_repeated_one_after_the_other() -> None:
    x = torch.arange(12.0).view(2, 3, 2)
    assert repeat_rows(x, 2)[1].tolist() == [[6, 7], [6, 7], [8, 9], [8, 9], [10, 11], [10, 11]]
    assert repeat_rows(x, 1).data_ptr() == x.data_ptr()  # and once is no copy
