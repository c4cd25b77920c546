"""How near an update is to its floor: the matrix products that it makes, and nothing else.

PyTorch itself is asked which products an update consists of, forward and backward; the same
products, of random numbers, are then timed by themselves, in turns with the update.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.speed import ours
from benchmarks.speed.rounds import Call, Contender, Effort, measure
from benchmarks.speed.shape import COURSE, PAPER, Shape, ten

ATEN = torch.ops.aten
PRODUCTS = (ATEN.mm, ATEN.bmm, ATEN.addmm, ATEN.baddbmm)
UPDATE, FLOOR = "the update", "its products alone"
SHAPES = {"course": COURSE, "course-ten": ten(COURSE), "paper": PAPER, "paper-ten": ten(PAPER)}


class Products(TorchDispatchMode):
    """Collects the matrix products that are made inside of a ``with`` block.

    Attributes:
        calls: each of them, ready to be made again on random numbers of the same layout.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Callable[[], object]] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> object:
        if func.overloadpacket in PRODUCTS:
            alike = [same_layout(x) if isinstance(x, Tensor) else x for x in args]
            self.calls.append(partial(func, *alike, **(kwargs or {})))
        return func(*args, **(kwargs or {}))


def same_layout(x: Tensor) -> Tensor:
    """Random numbers with the size and the strides of a tensor: transposed stays transposed."""
    length = 1 + sum((n - 1) * step for n, step in zip(x.shape, x.stride(), strict=True))
    return torch.randn(length).as_strided(x.shape, x.stride())


def products_of(update: Call) -> Call:
    """The products of an update, by themselves."""
    with Products() as products:
        count = update()
    calls = products.calls

    def call() -> int:
        for product in calls:
            product()
        return count

    return call


@dataclass(frozen=True)
class Floor:
    """SAC of one size.

    Attributes:
        shape: the size.
        seeds: S.
    """

    shape: Shape
    seeds: int

    def measure(self, effort: Effort) -> dict[str, Any]:
        """Rates of the update and of its products, ready to be stored."""
        update = ours.sac(self.shape, self.seeds)
        update()  # the first makes Adam's state
        contenders = [
            Contender(UPDATE, lambda: update, own=True),
            Contender(FLOOR, lambda: torch.no_grad()(products_of(update)), own=True),
        ]
        return asdict(measure(contenders, effort))


FLOORS: dict[str, Floor] = {
    f"floor-{name}-{seeds}": Floor(shape, seeds)
    for name, shape in SHAPES.items()
    for seeds in (1, 8)
}
