"""From the library's tensors to the reference's arrays, and the comparison of the two.

The library computes in float32, whose numbers have 24 binary digits: a relative error of 6e-8 each.
An update chains a few dozen of such operations, and sums of terms of both signs lose another digit
or two, so that 1e-5 is kept with room and 1e-6 is not everywhere. The reference computes in float64
and adds no error that could be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from numpy_learners import Draws, Parts, Rows
from numpy_nets import Array, Params
from torch import Tensor, nn

from rlft.algorithms.sac import Temperature
from rlft.data import Batch
from rlft.nets.layers import MLP
from rlft.nets.policies import Policy
from rlft.nets.stacked import QEnsemble

TOLERANCE = 1e-5
OBSERVATION, ACTION, SEEDS, SIZE = 3, 2, 2, 6  # O, A, S, B

Read = Callable[[Tensor], Tensor]
Modules = Mapping[str, nn.Module]


def double(x: Tensor) -> Array:
    return x.detach().numpy().astype(np.float64)


def one_net(mlp: MLP, row: int, read: Read = Tensor.detach) -> Params:
    """Group `row` of stacked networks; `read` turns a parameter into what is wanted of it."""
    net: Params = {}
    for i, linear in enumerate(mlp.linears):
        # Where several share an output layer, each gets a copy of it.
        own = row // mlp.sharing if i + 1 == len(mlp.linears) else row
        net[f"weight{i}"] = double(read(linear.weight)[own])
        net[f"bias{i}"] = double(read(linear.bias)[own, 0])
    for i, norm in enumerate(mlp.norms):
        net[f"scale{i}"] = double(read(norm.scale)[row, 0])
        net[f"shift{i}"] = double(read(norm.shift)[row, 0])
        net["epsilon"] = np.array(norm.epsilon)
    return net


def one_part(part: nn.Module, seed: int, read: Read = Tensor.detach) -> list[Params]:
    """What seed number `seed` owns of a part."""
    if isinstance(part, Temperature):
        return [{"log": double(read(part.log)[seed : seed + 1])}]
    if isinstance(part, QEnsemble):
        first = seed * part.ensemble
        return [one_net(part.mlp, first + i, read) for i in range(part.ensemble)]
    (net,) = [one_net(part.mlp, seed, read)]
    if isinstance(part, Policy) and part.log_std != "state":
        net["spread"] = double(read(part.spread)[seed, 0])
    if isinstance(part, Policy) and part.line is not None:
        net["slope"], net["offset"] = (double(read(x)[seed, 0]) for x in part.line)
    return [net]


def weights_of(parts: Modules, seed: int) -> Parts:
    return {name: one_part(part, seed) for name, part in parts.items()}


def gradients_of(parts: Modules, trained: Iterable[str], seed: int) -> Parts:
    """The gradients of the last update, which stay on the parameters until the next."""

    def gradient(parameter: Tensor) -> Tensor:
        assert parameter.grad is not None
        return parameter.grad

    return {name: one_part(parts[name], seed, gradient) for name in trained}


def rows_of(batch: Batch, seed: int) -> Rows:
    return Rows(*(double(getattr(batch, name))[seed] for name in Batch.__dataclass_fields__))


@torch.no_grad()
def stir(parts: Modules, seed: int) -> None:
    """Adds noise to every weight: no LayerNorm at its start, no target equal to its source."""
    source = torch.Generator().manual_seed(seed)
    for part in parts.values():
        for parameter in part.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=source))
        if isinstance(part, Policy) and part.log_std == "sigmoid":
            part.spread.add_(2.0)  # sigma 0.5, not 0.05: densities of random actions exceed e^-700


def fixed_batch(seed: int) -> Batch:
    """Every seed has data of its own; every third row terminates, every fourth has no return."""
    source = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn((SEEDS, SIZE, *shape), generator=source)

    number = torch.arange(SIZE).expand(SEEDS, SIZE)
    returns = torch.where(number % 4 == 3, -torch.inf, normal())
    return Batch(
        observations=normal(OBSERVATION),
        actions=normal(ACTION).tanh(),
        rewards=normal(),
        next_observations=normal(OBSERVATION),
        terminations=(number % 3 == 1).float(),  # not the last row, which meets the time limit
        returns_to_go=returns,
        timesteps=number.float(),
    )


@contextmanager
def recorded(generator: torch.Generator) -> Iterator[list[Draws]]:
    """Records what is drawn from `generator` inside the block, as one `Draws` for each seed."""
    tapes = [Draws([], [], []) for _ in range(SEEDS)]

    def recorder(kind: str, draw: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def drawn(*arguments: object, **options: object) -> Tensor:
            values = draw(*arguments, **options)
            if options.get("generator") is generator:
                for seed, tape in enumerate(tapes):
                    getattr(tape, kind).append(values[seed].numpy().copy())
            return values

        return drawn

    with pytest.MonkeyPatch.context() as patch:
        for kind, name in (("normal", "randn"), ("uniform", "rand"), ("integer", "randint")):
            patch.setattr(torch, name, recorder(kind, getattr(torch, name)))
        yield tapes


def assert_close(actual: Array, expected: Array, what: str, largest: float = 0.0) -> None:
    """Equal to 1e-5 of the largest number among these (or of `largest`, or of 1)."""
    scale = max(1.0, largest, float(np.abs(expected).max()))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=TOLERANCE * scale, err_msg=what)


def assert_parts_close(actual: Parts, expected: Parts, what: str) -> None:
    """All weights, or all gradients; compared with the largest entry of their network."""
    for name, nets in expected.items():
        for member, net in enumerate(nets):
            largest = max(float(np.abs(value).max()) for value in net.values())
            for key, value in net.items():
                label = f"{what} of {name} {member} {key}"
                assert_close(actual[name][member][key], value, label, largest)


def restart(parts: Parts, weights: Parts) -> None:
    """Sets the reference to the library's weights, in place; the memory of Adam stays its own.

    So that each update is judged by itself: large steps would blow up the rounding of earlier ones.
    """
    for name, nets in weights.items():
        for net, values in zip(parts[name], nets, strict=True):
            net.update(values)
