"""Networks whose first axis is the seed: S independent runs in one set of matrix products.

Every weight is `(G, ...)` where a group is one seed (policies, value nets: G = S) or one ensemble
member of one seed (critics: G = S * E). A batched product never mixes groups, so seeds cannot
influence each other. Read `StackedLinear` first: everything else is built from it.

Letters: S seeds, E ensemble members, B batch, O observation size, A action size, G groups.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rlft.core.checks import at_least, within
from rlft.core.registry import stored


@stored
@dataclass(frozen=True)
class CriticConfig:
    """Shape of a Q ensemble.

    Attributes:
        ensemble: number of critics E per seed (WSRL, PORL and RLPD use 10).
        hidden: width of each hidden layer.
        layer_norm: LayerNorm before every ReLU, which bounds extrapolation (RLPD, section 4.2).
        initial_value: what an untrained critic predicts everywhere, in units of return. With -1 a
            step, 0 is optimistic and -1 / (1 - gamma) pessimistic about what was never seen; adding
            a constant to all rewards has the same effect, which is why a reward convention matters.
    """

    ensemble: int = 2
    hidden: tuple[int, ...] = (64, 64)
    layer_norm: bool = True
    initial_value: float = 0.0


class StackedLinear(nn.Module):
    """G linear layers applied to G batches in one call.

    Args:
        groups: G.
        inputs: size of the last axis going in.
        outputs: size of the last axis coming out.
        generator: source of the initial weights, uniform in +-1/sqrt(inputs) as in `nn.Linear`.
    """

    def __init__(self, groups: int, inputs: int, outputs: int, generator: torch.Generator):
        super().__init__()
        bound = 1 / math.sqrt(inputs)

        def uniform(*shape: int) -> nn.Parameter:
            values = torch.rand(shape, generator=generator, device=generator.device)
            return nn.Parameter((2 * values - 1) * bound)

        self.weight = uniform(groups, inputs, outputs)  # (G, in, out)
        self.bias = uniform(groups, 1, outputs)  # (G, 1, out)

    def forward(self, x: Tensor, rows: Tensor | None = None) -> Tensor:
        """Maps (G, B, in) to (G, B, out); `rows` picks the groups to use, in order."""
        weight = self.weight if rows is None else self.weight[rows]
        bias = self.bias if rows is None else self.bias[rows]
        if weight.shape[-1] == 1:  # a product with one column is faster as multiply and sum
            return (x * weight.transpose(1, 2)).sum(-1, keepdim=True) + bias  # (G, B, 1)
        return torch.baddbmm(bias, x, weight)  # (G, B, out)


class StackedLayerNorm(nn.Module):
    """LayerNorm over the last axis with a scale and shift of its own for each group."""

    def __init__(self, groups: int, size: int, device: torch.device):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(groups, 1, size, device=device))  # (G, 1, size)
        self.shift = nn.Parameter(torch.zeros(groups, 1, size, device=device))  # (G, 1, size)

    def forward(self, x: Tensor, rows: Tensor | None = None) -> Tensor:
        """Maps (G, B, size) to (G, B, size)."""
        scale = self.scale if rows is None else self.scale[rows]
        shift = self.shift if rows is None else self.shift[rows]
        return torch.addcmul(shift, F.layer_norm(x, x.shape[-1:]), scale)  # (G, B, size)


class MLP(nn.Module):
    """G multilayer perceptrons: linear, (LayerNorm,) ReLU, ..., linear.

    Args:
        groups: G.
        sizes: input size, hidden sizes, output size.
        layer_norm: LayerNorm before every ReLU.
        generator: source of the initial weights; its device is the network's device.
    """

    def __init__(
        self, groups: int, sizes: tuple[int, ...], layer_norm: bool, generator: torch.Generator
    ):
        super().__init__()
        self.linears = nn.ModuleList(
            StackedLinear(groups, i, o, generator) for i, o in itertools.pairwise(sizes)
        )
        normed = sizes[1:-1] if layer_norm else ()
        self.norms = nn.ModuleList(StackedLayerNorm(groups, n, generator.device) for n in normed)

    @torch.no_grad()
    def shift_output(self, amount: float) -> None:
        """Adds a constant to what the network predicts everywhere."""
        self.linears[-1].get_parameter("bias").add_(amount)

    def forward(self, x: Tensor, rows: Tensor | None = None) -> Tensor:
        """Maps (G, B, sizes[0]) to (G, B, sizes[-1]); `rows` picks groups."""
        for i, linear in enumerate(self.linears):
            x = linear(x, rows)  # (G, B, sizes[i + 1])
            if i + 1 < len(self.linears):
                if self.norms:
                    x = self.norms[i](x, rows)
                x = F.relu(x)
        return x


class QEnsemble(nn.Module):
    """E critics for each of S seeds.

    Args:
        seeds: S.
        observation_size: O.
        action_size: A.
        config: ensemble size, widths, LayerNorm.
        generator: source of the initial weights.
    """

    def __init__(
        self,
        seeds: int,
        observation_size: int,
        action_size: int,
        config: CriticConfig,
        generator: torch.Generator,
    ):
        super().__init__()
        at_least(1, ensemble=config.ensemble, hint="Use 2 critics, or 10.", of="CriticConfig")
        self.seeds, self.ensemble = seeds, config.ensemble
        sizes = (observation_size + action_size, *config.hidden, 1)
        self.mlp = MLP(seeds * config.ensemble, sizes, config.layer_norm, generator)
        self.mlp.shift_output(config.initial_value)

    def forward(
        self, observations: Tensor, actions: Tensor, members: Tensor | None = None
    ) -> Tensor:
        """Q values.

        Args:
            observations: (S, B, O).
            actions: (S, B, A) in [-1, 1].
            members: (S, M) int64, the critics to ask for each seed; all of them if None.

        Returns:
            (S, E, B), or (S, M, B) with `members`.
        """
        x = torch.cat((observations, actions), -1)  # (S, B, O + A)
        count = self.ensemble if members is None else members.shape[1]
        x = x.unsqueeze(1).expand(-1, count, -1, -1).flatten(0, 1)  # (S * count, B, O + A)
        rows = None
        if members is not None:
            first = torch.arange(self.seeds, device=members.device) * self.ensemble  # (S,)
            rows = (first.unsqueeze(1) + members).flatten()  # (S * M,)
        return self.mlp(x, rows).squeeze(-1).unflatten(0, (self.seeds, count))  # (S, count, B)


class ValueNet(nn.Module):
    """State value V(s) for S seeds: (S, B, O) to (S, B)."""

    def __init__(
        self, seeds: int, observation_size: int, config: CriticConfig, generator: torch.Generator
    ):
        super().__init__()
        self.mlp = MLP(seeds, (observation_size, *config.hidden, 1), config.layer_norm, generator)
        self.mlp.shift_output(config.initial_value)

    def forward(self, observations: Tensor) -> Tensor:
        """Maps (S, B, O) to (S, B)."""
        return self.mlp(observations).squeeze(-1)


def check_subset(subset: int, ensemble: int) -> None:
    """Raises InputError unless `subset` critics can be drawn from an ensemble of that size."""
    hint = "Make the ensemble larger or the subset smaller."
    within(1, ensemble, target_subset=subset, hint=hint)


def random_members(
    seeds: int, ensemble: int, subset: int, replacement: bool, generator: torch.Generator
) -> Tensor | None:
    """Draws, for each seed, the critics whose minimum makes the target (REDQ, algorithm 1).

    Args:
        seeds: S.
        ensemble: E.
        subset: M, the number of critics drawn, 1 to E (E itself: all, nothing is drawn).
        replacement: True as in WSRL's code (the same critic may come twice), False as in RLPD's.
        generator: source of randomness.

    Returns:
        (S, M) int64, or None when all critics are used.

    Raises:
        InputError: if `subset` is not in 1..E.
    """
    check_subset(subset, ensemble)
    if subset == ensemble:
        return None
    device = generator.device
    if replacement:
        return torch.randint(ensemble, (seeds, subset), generator=generator, device=device)
    scores = torch.rand(seeds, ensemble, generator=generator, device=device)  # (S, E)
    return scores.topk(subset, dim=1).indices  # (S, M)


@torch.no_grad()
def polyak_update(targets: Iterable[Tensor], sources: Iterable[Tensor], rate: float) -> None:
    """Moves each target parameter by `rate` in (0, 1] of its distance to the source, in place."""
    torch._foreach_lerp_(list(targets), list(sources), rate)


def adam(parameters: Iterable[nn.Parameter], lr: float) -> torch.optim.Adam:
    """Adam with its whole step fused into one call (identical arithmetic, less overhead)."""
    return torch.optim.Adam(list(parameters), lr=lr, fused=True)
