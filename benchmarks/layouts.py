"""Other ways to compute a hidden layer of G stacked networks: ``python -m benchmarks.layouts``.

What an update spends most of its time on is the layer below, forward and backward. Each row is a
way to write it, timed in turns with the library's own, with one critic pair, with the course's six
seeds of two critics, and with eight seeds of ten. The table goes to layouts.md.

Letters: G networks, B batch, N width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

import rlft
from benchmarks.speed.rounds import Contender, Effort, measure, ratio
from rlft.core.files import write_atomically
from rlft.experiments.rows import markdown_table

B, N = 128, 64
GROUPS = (2, 12, 80)
Layer = Callable[[Tensor, Tensor, Tensor], Tensor]


def stacked(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The library's: one batched product of (G, B, N) and (G, N, N)."""
    return torch.baddbmm(bias, x, weight)


def one_by_one(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A product for each network, as a loop over `nn.Linear` makes them."""
    return torch.stack([F.linear(x[g], weight[g].T, bias[g, 0]) for g in range(len(x))])


def mapped(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """`torch.func.vmap` over one network's layer."""
    return torch.vmap(lambda x, w, b: x @ w + b)(x, weight, bias)


def block_diagonal(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """One large product with a matrix that is zero off the networks' own blocks."""
    wide = x.transpose(0, 1).flatten(1)  # (B, G * N)
    out = wide @ torch.block_diag(*weight) + bias.flatten()
    return out.unflatten(1, (len(x), N)).transpose(0, 1)


def einsum(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The same product by its indices."""
    return torch.einsum("gbi,gio->gbo", x, weight) + bias


def half(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """In bfloat16, whose mantissa has 8 bits: the answer differs in the third digit."""
    low = torch.bfloat16
    return torch.baddbmm(bias.to(low), x.to(low), weight.to(low)).float()


WAYS: dict[str, Layer] = {
    "stacked, `torch.baddbmm`": stacked,
    "one by one, `F.linear`": one_by_one,
    "`torch.vmap`": mapped,
    "block-diagonal matrix": block_diagonal,
    "`torch.einsum`": einsum,
    "stacked, in bfloat16": half,
}


def contender(name: str, layer: Layer, groups: int) -> Contender:
    """The layer with its gradients, of G networks."""

    def make() -> Callable[[], int]:
        source = torch.Generator().manual_seed(0)
        shapes = ((groups, B, N), (groups, N, N), (groups, 1, N))
        inputs = [torch.randn(s, generator=source).requires_grad_() for s in shapes]
        slope = torch.randn(groups, B, N, generator=source)

        def call() -> int:
            torch.autograd.grad(layer(*inputs), inputs, slope)
            return groups

        return call

    return Contender(name, make, own=True)


def rows(effort: Effort) -> Sequence[Sequence[str]]:
    """How many times as fast as the library's each way is, for each number of networks."""
    columns = []
    for groups in GROUPS:
        rates = measure([contender(n, way, groups) for n, way in WAYS.items()], effort).rates
        own = rates[next(iter(WAYS))]
        columns.append([str(ratio(rates[name], own)) for name in WAYS])
    return [[name, *cells] for name, cells in zip(WAYS, zip(*columns, strict=True), strict=True)]


def main() -> None:
    """Measures all and writes the table."""
    effort = Effort(rounds=7, seconds=0.2)
    head = ["one hidden layer, forward and backward", *(f"G = {groups}" for groups in GROUPS)]
    lines = [
        "# Other ways to compute the same layer",
        "",
        f"Made by `python -m benchmarks.layouts`: {B} rows, {N} units, times as fast as the",
        f"library's way, median (range) over {effort.rounds} rounds of CPU time, one thread,",
        f"PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}.",
        "",
        *markdown_table(head, rows(effort)),
        "",
        "bfloat16 pays where there are many networks, but its numbers have two or three digits,",
        "and values of neighbouring actions differ in the third. The library stays with float32.",
    ]
    text = "\n".join(lines) + "\n"
    home = Path(__file__).with_suffix(".md")
    write_atomically(home, lambda file: file.write_text(text, encoding="utf-8"))
    print(text)


if __name__ == "__main__":
    assert rlft.__all__  # imported first: one thread, and memory that is kept
    main()
