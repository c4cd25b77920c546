"""The random numbers of an update, drawn in one place.

A compiled update cannot draw from a generator: its noise is drawn before it, and it reads a tape.
Everything that draws inside of an update therefore asks here, and takes either for its source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Draw:
    """What was asked for.

    Attributes:
        kind: "normal", "uniform" in [0, 1), or "integers" from 0 to below `bound`.
        shape: of the tensor.
        bound: of integers.
    """

    kind: str
    shape: tuple[int, ...]
    bound: int = 0

    def take(self, generator: torch.Generator) -> Tensor:
        """Draws it now."""
        of: dict[str, Any] = {"generator": generator, "device": generator.device}
        if self.kind == "normal":
            return torch.randn(self.shape, **of)
        if self.kind == "uniform":
            return torch.rand(self.shape, **of)
        return torch.randint(self.bound, self.shape, **of)


@dataclass
class Recording:
    """A generator that notes what is asked of it.

    Attributes:
        generator: what it draws from.
        draws: what was asked for so far, in order.
    """

    generator: torch.Generator
    draws: list[Draw] = field(default_factory=list)

    @property
    def device(self) -> torch.device:
        return self.generator.device

    def take(self, draw: Draw) -> Tensor:
        self.draws.append(draw)
        return draw.take(self.generator)


@dataclass
class Tape:
    """Numbers that were drawn before, given out in order.

    Attributes:
        values: what is on it.
        at: the place of the next one.
    """

    values: Sequence[Tensor]
    at: int = 0

    def take(self, draw: Draw) -> Tensor:
        self.at += 1
        return self.values[self.at - 1]


Source = torch.Generator | Recording | Tape


def normal(shape: Sequence[int], source: Source) -> Tensor:
    """Standard normal numbers of that shape."""
    return _take(Draw("normal", tuple(shape)), source)


def uniform(shape: Sequence[int], source: Source) -> Tensor:
    """Numbers in [0, 1) of that shape."""
    return _take(Draw("uniform", tuple(shape)), source)


def integers(bound: int, shape: Sequence[int], source: Source) -> Tensor:
    """Whole numbers from 0 to below the bound, int64, of that shape."""
    return _take(Draw("integers", tuple(shape), bound), source)


def _take(draw: Draw, source: Source) -> Tensor:
    return draw.take(source) if isinstance(source, torch.Generator) else source.take(draw)
