"""How weights start: their sizes, their angles, and which layer has a gain of its own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from probes import generator

from rlft.core.errors import InputError
from rlft.nets.initial_weights import InitialWeights
from rlft.nets.layers import MLP
from rlft.nets.stacked import CriticConfig


def layers(initial: InitialWeights, hidden: tuple[int, ...] = (25, 40)) -> list[tuple[Any, Any]]:
    """Weights (G, in, out) and biases (G, 1, out) of every layer between 10 and 3 numbers."""
    mlp = MLP(50, 10, 3, CriticConfig(hidden=hidden, initial_weights=initial), generator())
    return [
        (x.get_parameter("weight").detach().numpy(), x.get_parameter("bias").detach().numpy())
        for x in mlp.linears
    ]


@pytest.mark.parametrize("kind", ["orthogonal", "xavier"])
def test_biases_start_at_nought(kind: Any) -> None:
    assert not any(bias.any() for _, bias in layers(InitialWeights(kind)))


def test_orthogonal_weights_have_their_shorter_side_at_right_angles() -> None:
    for weight, _ in layers(InitialWeights("orthogonal")):
        tall = weight if weight.shape[1] >= weight.shape[2] else weight.swapaxes(1, 2)
        products = tall.swapaxes(1, 2).astype(np.float64) @ tall
        expected = np.broadcast_to(2 * np.eye(tall.shape[2]), products.shape)
        np.testing.assert_allclose(products, expected, atol=1e-5)


def test_orthogonal_weights_favour_no_direction() -> None:
    """A uniformly drawn unit vector has entries of mean 0 and of mean square 1 / length."""
    (weight, _) = layers(InitialWeights("orthogonal"), hidden=())[0]  # (50, 10, 3)
    first = weight[:, 0, 0] / math.sqrt(2)  # without the signs it would be below 0 throughout
    assert abs(first.mean()) < 3 * math.sqrt(0.1 / 50)
    np.testing.assert_allclose((weight**2).mean(), 2 / 10, rtol=1e-5)


def test_xavier_weights_fill_their_range() -> None:
    for weight, _ in layers(InitialWeights("xavier")):
        bound = math.sqrt(6 / sum(weight.shape[1:]))
        assert 0.98 * bound < np.abs(weight).max() <= bound
        assert weight.std() == pytest.approx(bound / math.sqrt(3), rel=0.05)


@pytest.mark.parametrize(("kind", "usual"), [("torch", 1), ("orthogonal", 2**0.5), ("xavier", 1)])
def test_a_gain_belongs_to_the_last_hidden_or_to_the_output_layer(kind: Any, usual: float) -> None:
    plain = layers(InitialWeights(kind))
    small = layers(InitialWeights(kind, last_hidden=1e-2, output=0.5))
    for i, gain in enumerate((usual, 1e-2, 0.5)):
        np.testing.assert_allclose(small[i][0], plain[i][0] * gain / usual, rtol=1e-5)
        np.testing.assert_array_equal(small[i][1], plain[i][1])  # biases have none


def test_a_network_without_hidden_layers_has_the_output_gain_only() -> None:
    ((plain, _),) = layers(InitialWeights("xavier"), hidden=())
    ((small, _),) = layers(InitialWeights("xavier", last_hidden=7.0, output=0.5), hidden=())
    np.testing.assert_allclose(small, 0.5 * plain, rtol=1e-6)


def test_small_weights_before_layer_norm_change_nothing_but_how_far_a_step_turns_them() -> None:
    """What LayerNorm undoes in the forward pass, an Adam step of one size does not."""
    x = torch.randn(50, 64, 10, generator=generator(1))
    step = 1e-3 * torch.randn(50, 25, 40, generator=generator(2)).sign()
    turned = []
    for gain in (None, 1e-2):
        initial = InitialWeights("orthogonal", last_hidden=gain)
        config = CriticConfig(hidden=(25, 40), norm_epsilon=1e-12, initial_weights=initial)
        mlp = MLP(50, 10, 3, config, generator())
        before = mlp(x)
        with torch.no_grad():  # Adam's first step: as large for every weight
            mlp.linears[1].get_parameter("weight").add_(step)
        turned.append((before, (mlp(x) - before).abs().mean()))
    torch.testing.assert_close(turned[0][0], turned[1][0], rtol=1e-3, atol=1e-4)
    assert turned[1][1] > 20 * turned[0][1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "xaver"}, r"kind 'xaver'.*'xavier'"),
        ({"output": 0.0}, r"InitialWeights\(output=0.0\).*above 0"),
    ],
)
def test_weights_that_cannot_be_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        InitialWeights(**changes)
