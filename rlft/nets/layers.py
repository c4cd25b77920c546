"""Layers whose first axis is the group: G independent networks in one set of matrix products.

Every weight is `(G, ...)` where a group is one seed (policies, value nets: G = S) or one ensemble
member of one seed (critics: G = S * E). A batched product never mixes groups, so seeds cannot
influence each other. Read `StackedLinear` first: everything else is built from it.

Letters: S seeds, E ensemble members, B batch, G groups.
"""

from __future__ import annotations

import itertools
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rlft.nets.initial_weights import InitialWeights, draw_layer


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

    def forward(self, x: Tensor, rows: Tensor | None = None) -> Tensor:
        """Maps (G, B, in) to (G, B, out); `rows` picks the groups to use, in order."""
        weight = self.weight if rows is None else self.weight[rows]
        bias = self.bias if rows is None else self.bias[rows]
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

    def forward(self, x: Tensor, rows: Tensor | None = None) -> Tensor:
        """Maps (G, B, size) to (G, B, size)."""
        scale = self.scale if rows is None else self.scale[rows]
        shift = self.shift if rows is None else self.shift[rows]
        normalised = F.layer_norm(x, x.shape[-1:], eps=self.epsilon)
        return torch.addcmul(shift, normalised, scale)  # (G, B, size)


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
        self.sharing = sharing
        sizes = list(itertools.pairwise((inputs, *config.hidden, outputs)))
        owners = [groups] * len(config.hidden) + [groups // sharing]  # groups of each layer
        initial = config.initial_weights
        self.linears = nn.ModuleList(
            StackedLinear(owner, i, o, generator, initial.kind, gain)
            for owner, (i, o), gain in zip(owners, sizes, initial.gains(len(sizes)), strict=True)
        )
        normed = config.hidden if config.layer_norm else ()
        self.norms = nn.ModuleList(
            StackedLayerNorm(groups, n, config.norm_epsilon, generator.device) for n in normed
        )

    @torch.no_grad()
    def shift_output(self, amount: float) -> None:
        """Adds a constant to what the network predicts everywhere."""
        self.linears[-1].get_parameter("bias").add_(amount)

    def forward(self, x: Tensor, rows: Tensor | None = None) -> Tensor:
        """Maps (G, B, in) to (G, B, out); `rows` picks groups."""
        *hidden, output = self.linears
        for i, linear in enumerate(hidden):
            x = linear(x, rows)  # (G, B, hidden[i])
            if self.norms:
                x = self.norms[i](x, rows)
            x = x.relu_()  # in place: nobody needs what was there
        if self.sharing > 1:
            groups = torch.arange(x.shape[0], device=x.device) if rows is None else rows
            rows = groups // self.sharing
        return output(x, rows)
