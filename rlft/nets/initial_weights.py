"""How the weights of stacked layers start: as in PyTorch, orthogonal, or Xavier.

The authors' code bases differ here, and a network remembers it: a LayerNorm undoes the size of the
weights before it, but an Adam step of fixed size still turns small ones further.

Letters: G groups, one layer each.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from rlft.core.checks import one_of, positive
from rlft.core.registry import stored


@stored
@dataclass(frozen=True)
class InitialWeights:
    """How the weights of a network start.

    Attributes:
        kind: ``"torch"`` (weights and biases uniform in +-1/sqrt(inputs), as in `nn.Linear`),
            ``"orthogonal"`` (columns or rows of length sqrt(2) at right angles: WSRL, IQL, Cal-QL)
            or ``"xavier"`` (uniform in +-sqrt(6/(inputs + outputs)): RLPD, InAC). The last two
            start with biases of zero.
        last_hidden: gain of the last hidden layer, which stands in place of the usual one, sqrt(2)
            for orthogonal weights and 1 else (WSRL: 1e-2); None for the usual one.
        output: the same of the output layer (Cal-QL: 1e-2).

    Raises:
        InputError: an unknown kind, or a gain that is not positive.
    """

    kind: Literal["torch", "orthogonal", "xavier"] = "torch"
    last_hidden: float | None = None
    output: float | None = None

    def __post_init__(self) -> None:
        one_of(_DRAW, kind=self.kind)
        hint = "It multiplies the weights; give None for the usual one."
        positive(last_hidden=self.last_hidden, output=self.output, hint=hint, of="InitialWeights")

    def gains(self, layers: int) -> list[float | None]:
        """The gain of each of so many layers, in order; None for the usual one."""
        return [*[None] * (layers - 2), self.last_hidden, self.output][-layers:]


def draw_layer(
    kind: str,
    groups: int,
    inputs: int,
    outputs: int,
    gain: float | None,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Draws the weights (G, in, out) and biases (G, 1, out) of a layer.

    Args:
        kind: as in `InitialWeights`.
        groups: G.
        inputs: in.
        outputs: out.
        gain: factor of the weights; None for the usual one.
        generator: source of randomness; its device is theirs.
    """
    return _DRAW[kind](groups, inputs, outputs, gain, generator)


Size = tuple[int, int, int]


def _uniform(shape: Size, bound: float, generator: torch.Generator) -> Tensor:
    return (2 * torch.rand(shape, generator=generator, device=generator.device) - 1) * bound


def _as_torch(
    groups: int, inputs: int, outputs: int, gain: float | None, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    bound = 1 / math.sqrt(inputs)
    weight = _uniform((groups, inputs, outputs), bound, generator)
    bias = _uniform((groups, 1, outputs), bound, generator)
    return weight if gain is None else gain * weight, bias


def _xavier(
    groups: int, inputs: int, outputs: int, gain: float | None, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    bound = (1.0 if gain is None else gain) * math.sqrt(6 / (inputs + outputs))
    weight = _uniform((groups, inputs, outputs), bound, generator)
    return weight, torch.zeros(groups, 1, outputs, device=generator.device)


def _orthogonal(
    groups: int, inputs: int, outputs: int, gain: float | None, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """The longer side gets orthonormal columns: Q of a Gaussian matrix, signs made unique."""
    shape = (groups, max(inputs, outputs), min(inputs, outputs))
    q, r = torch.linalg.qr(torch.randn(shape, generator=generator, device=generator.device))
    q = q * r.diagonal(dim1=1, dim2=2).sign().unsqueeze(1)  # else some matrices are never drawn
    weight = q if inputs >= outputs else q.transpose(1, 2)
    weight = (math.sqrt(2) if gain is None else gain) * weight
    return weight.contiguous(), torch.zeros(groups, 1, outputs, device=generator.device)


_DRAW: dict[str, Callable[..., tuple[Tensor, Tensor]]] = {
    "torch": _as_torch,
    "orthogonal": _orthogonal,
    "xavier": _xavier,
}
