"""The same weights, batch and noise for one of our learners and one of d3rlpy's.

Ours stack the networks of all seeds and critics in one tensor, d3rlpy has one module for each; a
`Twin` pairs them. Random numbers are given to both, as the order of drawing differs.

Letters: B batch, O observation size, A action size, n sampled actions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

import torch
from d3rlpy.torch_utility import TorchMiniBatch
from torch import Tensor, nn

from rlft.data import Batch
from rlft.nets.layers import MLP

OBSERVATION, ACTION, BATCH, SAMPLES = 3, 2, 16, 4  # O, A, B, n

Read = Callable[[Tensor], Tensor]


# --- the same weights ----------------------------------------------------------------------------


class Twin:
    """One of our stacked networks and the d3rlpy network of the same shape.

    Args:
        mlp: ours.
        group: which of the stacked networks.
        encoder: their hidden layers.
        heads: their output layers, which ours holds as one, side by side.
    """

    def __init__(self, mlp: MLP, group: int, encoder: nn.Module, *heads: nn.Linear) -> None:
        self.mlp, self.group = mlp, group
        hidden = [[module] for module in encoder.modules() if isinstance(module, nn.Linear)]
        self.layers = [*hidden, list(heads)]

    @torch.no_grad()
    def copy(self) -> None:
        """Our weights into theirs; a layer of theirs is the transpose of ours."""
        for linear, parts in zip(self.mlp.linears, self.layers, strict=True):
            widths = [part.out_features for part in parts]
            weights = linear.weight[self.group].split(widths, dim=1)
            biases = linear.bias[self.group, 0].split(widths)
            for part, weight, bias in zip(parts, weights, biases, strict=True):
                part.weight.copy_(weight.T)
                part.bias.copy_(bias)

    def ours(self, read: Read) -> Tensor:
        """All our parameters (or what `read` makes of each), in one row."""
        pairs = [(x.weight, x.bias) for x in self.mlp.linears]
        return torch.cat([read(p)[self.group].flatten() for pair in pairs for p in pair])

    def theirs(self, read: Read) -> Tensor:
        """The same of theirs, in our order."""
        flat = []
        for parts in self.layers:
            flat.append(torch.cat([read(part.weight) for part in parts]).T.flatten())
            flat.append(torch.cat([read(part.bias) for part in parts]))
        return torch.cat(flat)


def value_of(parameter: Tensor) -> Tensor:
    return parameter.detach()


def gradient_of(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


def joined(twins: list[Twin], read: Read) -> tuple[Tensor, Tensor]:
    """All parameters of several networks: ours, theirs."""
    return (torch.cat([t.ours(read) for t in twins]), torch.cat([t.theirs(read) for t in twins]))


def critic_twins(mlp: MLP, theirs: nn.ModuleList) -> list[Twin]:
    """Twins of an ensemble; copies the weights."""
    twins = [Twin(mlp, i, q._encoder, q._fc) for i, q in enumerate(theirs)]
    for twin in twins:
        twin.copy()
    return twins


def squashed_twin(mlp: MLP, theirs: nn.Module) -> Twin:
    """The twin of a policy whose width depends on the state; copies the weights."""
    twin = Twin(mlp, 0, theirs._encoder, theirs._mu, theirs._logstd)
    twin.copy()
    return twin


@torch.no_grad()
def stir(*parts: nn.Module) -> None:
    """Adds noise to every weight, so that targets differ from what they follow."""
    generator = torch.Generator().manual_seed(1)
    for part in parts:
        for parameter in part.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))


# --- the same batch and the same noise -----------------------------------------------------------


def normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def same_batch() -> tuple[Batch, TorchMiniBatch]:
    """B transitions of which every fourth terminates and every fifth has no known return."""
    number = torch.arange(BATCH).unsqueeze(0)
    ours = Batch(
        observations=normal(1, BATCH, OBSERVATION, seed=0),
        actions=normal(1, BATCH, ACTION, seed=1).tanh(),
        rewards=normal(1, BATCH, seed=2),
        next_observations=normal(1, BATCH, OBSERVATION, seed=3),
        terminations=(number % 4 == 3).float(),
        returns_to_go=torch.where(number % 5 == 4, -torch.inf, normal(1, BATCH, seed=4)),
        timesteps=number.float(),
    )
    theirs = TorchMiniBatch(
        observations=ours.observations[0],
        actions=ours.actions[0],
        rewards=ours.rewards[0, :, None],
        next_observations=ours.next_observations[0],
        next_actions=torch.zeros(BATCH, ACTION),
        returns_to_go=ours.returns_to_go[0, :, None],
        terminals=ours.terminations[0, :, None],
        intervals=torch.ones(BATCH, 1),
        device="cpu",
    )
    return ours, theirs


@contextmanager
def given_noise(*counts: int) -> Iterator[None]:
    """Both libraries draw the same numbers inside; call it once for each.

    Args:
        counts: actions per state of each draw from a Gaussian, in order; 1 or n.
    """
    draws = iter([normal(BATCH, n, ACTION, seed=10 + i) for i, n in enumerate(counts)])
    uniform = normal(BATCH * SAMPLES, ACTION, seed=9).tanh()  # any numbers in the box will do

    def our_normal(x: Tensor, generator: torch.Generator) -> Tensor:
        return next(draws).reshape(x.shape)  # (1, B * n, A)

    def their_normal(shape: torch.Size, dtype: torch.dtype, device: torch.device) -> Tensor:
        return next(draws).transpose(0, 1).reshape(shape)  # (n, B, A), or (B, A)

    def our_uniform(shape: torch.Size, **_: object) -> Tensor:
        return (uniform.reshape(shape) + 1) / 2

    def their_uniform(tensor: Tensor, low: float, high: float) -> Tensor:
        return tensor.copy_(uniform.reshape(tensor.shape))

    with (
        mock.patch("rlft.nets.policies._noise_like", our_normal),
        mock.patch("torch.distributions.normal._standard_normal", their_normal),
        mock.patch.object(torch, "rand", our_uniform),
        mock.patch.object(torch.Tensor, "uniform_", their_uniform),
    ):
        yield
    assert next(draws, None) is None, "one side drew less than the other"
