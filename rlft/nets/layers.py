"""Layers whose first axis is the group: G independent networks in one set of matrix products.

Every weight is `(G, ...)` where a group is one seed (policies, value nets: G = S) or one ensemble
member of one seed (critics: G = S * E). A batched product never mixes groups, so seeds cannot
influence each other. Read `StackedLinear` first: everything else is built from it.

Letters: S seeds, E ensemble members, B batch, G groups.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Protocol, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rlft.nets.initial_weights import InitialWeights, draw_layer

# From these sizes on, the networks of a stack are faster one after another: activations of one that
# repay its calls, and of all that overflow the cache. In float32, 256 kB and 4 MB.
WORTH_A_TURN, OVERFLOWS = 2**16, 2**20
Pair = tuple[Tensor, Tensor]  # a layer's weight and bias, or scale and shift


class LayerConfig(Protocol):
    """Fields that the configurations of critics and policies share."""

    @property
    def hidden(self) -> tuple[int, ...]: ...
    @property
    def layer_norm(self) -> bool: ...
    @property
    def norm_epsilon(self) -> float: ...
    @property
    def initial_weights(self) -> InitialWeights: ...


class StackedLinear(nn.Module):
    """G linear layers applied to G batches in one call.

    Args:
        groups: G.
        inputs: size of the last axis going in.
        outputs: size of the last axis coming out.
        generator: source of the initial weights.
        kind: how they are drawn, as in `InitialWeights`.
        gain: their factor; None for the usual one of that kind.
    """

    def __init__(
        self,
        groups: int,
        inputs: int,
        outputs: int,
        generator: torch.Generator,
        kind: str = "torch",
        gain: float | None = None,
    ):
        super().__init__()
        weight, bias = draw_layer(kind, groups, inputs, outputs, gain, generator)
        self.weight, self.bias = (
            nn.Parameter(weight),
            nn.Parameter(bias),
        )  # (G, in, out), (G, 1, out)

    def of(self, rows: Tensor | None) -> Pair:
        """Weights (G, in, out) and biases (G, 1, out); `rows` picks the groups, in order."""
        return _picked(self.weight, self.bias, rows)

    def forward(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Maps (G, B, in) to (G, B, out) with parameters that `of` gave."""
        if weight.shape[-1] == 1:  # a product with one column is faster as multiply and sum
            return (x * weight.transpose(1, 2)).sum(-1, keepdim=True) + bias  # (G, B, 1)
        return torch.baddbmm(bias, x, weight)  # (G, B, out)


class StackedLayerNorm(nn.Module):
    """LayerNorm over the last axis with a scale and shift of its own for each group."""

    def __init__(self, groups: int, size: int, epsilon: float, device: torch.device):
        super().__init__()
        self.epsilon = epsilon
        self.scale = nn.Parameter(torch.ones(groups, 1, size, device=device))  # (G, 1, size)
        self.shift = nn.Parameter(torch.zeros(groups, 1, size, device=device))  # (G, 1, size)

    def of(self, rows: Tensor | None) -> Pair:
        """Scales and shifts (G, 1, size); `rows` picks the groups, in order."""
        return _picked(self.scale, self.shift, rows)

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """Maps (G, B, size) to (G, B, size) with parameters that `of` gave."""
        size = x.shape[-1:]
        if len(scale) == 1:  # PyTorch's own takes one pair for all
            return F.layer_norm(x, size, scale.flatten(), shift.flatten(), self.epsilon)
        # With none it goes on number by number: what changes nothing makes it nearly twice as fast.
        one, zero = x.new_ones(size), x.new_zeros(size)
        return torch.addcmul(shift, F.layer_norm(x, size, one, zero, self.epsilon), scale)


def _picked(first: Tensor, second: Tensor, rows: Tensor | None) -> Pair:
    return (first, second) if rows is None else (first[rows], second[rows])


class MLP(nn.Module):
    """G multilayer perceptrons: linear, (LayerNorm,) ReLU, ..., linear.

    Args:
        groups: G.
        inputs: size of the last axis going in.
        outputs: size of the last axis coming out.
        config: hidden sizes, LayerNorm, initial weights.
        generator: source of the initial weights; its device is the network's device.
        sharing: groups in a row that have one output layer together, a divisor of G.
    """

    def __init__(
        self,
        groups: int,
        inputs: int,
        outputs: int,
        config: LayerConfig,
        generator: torch.Generator,
        sharing: int = 1,
    ):
        super().__init__()
        self.sharing, self.widest = sharing, max((*config.hidden, outputs))
        sizes = list(itertools.pairwise((inputs, *config.hidden, outputs)))
        owners = [groups] * len(config.hidden) + [groups // sharing]  # groups of each layer
        initial = config.initial_weights
        linears = nn.ModuleList(
            StackedLinear(owner, i, o, generator, initial.kind, gain)
            for owner, (i, o), gain in zip(owners, sizes, initial.gains(len(sizes)), strict=True)
        )
        normed = config.hidden if config.layer_norm else ()
        norms = nn.ModuleList(
            StackedLayerNorm(groups, n, config.norm_epsilon, generator.device) for n in normed
        )
        self.linears = cast("Sequence[StackedLinear]", linears)
        self.norms = cast("Sequence[StackedLayerNorm]", norms)

    @torch.no_grad()
    def shift_output(self, amount: float) -> None:
        """Adds a constant to what the network predicts everywhere."""
        self.linears[-1].get_parameter("bias").add_(amount)

    def forward(self, x: Tensor, rows: Tensor | None = None) -> Tensor:
        """Maps (G, B, in) to (G, B, out); `rows` picks groups."""
        owners = rows
        if self.sharing > 1:
            groups = torch.arange(x.shape[0], device=x.device) if rows is None else rows
            owners = groups // self.sharing
        *hidden, output = self.linears
        layers: list[Pair] = [layer.of(rows) for layer in (*hidden, *self.norms)]
        layers.append(output.of(owners))
        if not self._takes_turns(x):
            return self._through(x, layers)
        each = zip(*(zip(a.split(1), b.split(1), strict=True) for a, b in layers), strict=True)
        turns = zip(x.split(1), each, strict=True)
        return torch.cat([self._through(one, its) for one, its in turns])

    def _takes_turns(self, x: Tensor) -> bool:
        """Whether the networks compute one after another, so that activations stay in the cache."""
        one = x.shape[1] * self.widest
        fits = one < WORTH_A_TURN or len(x) * one < OVERFLOWS
        return not fits and x.device.type == "cpu" and not torch.compiler.is_compiling()

    def _through(self, x: Tensor, layers: Sequence[Pair]) -> Tensor:
        """Maps (G, B, in) to (G, B, out) by the hidden layers, their norms, and the output."""
        *hidden, output = self.linears
        norms = layers[len(hidden) : -1]  # none, or one for each hidden layer
        for i, linear in enumerate(hidden):
            x = linear(x, *layers[i])  # (G, B, hidden[i])
            if self.norms:
                x = self.norms[i](x, *norms[i])
            x = x.relu_()  # in place: nobody needs what was there
        return output(x, *layers[-1])


def repeat_rows(x: Tensor, count: int) -> Tensor:
    """Each row `count` times in a row: (S, B, O) to (S, B * count, O). Once is no copy."""
    return x.unsqueeze(2).expand(-1, -1, count, -1).flatten(1, 2)
