"""The other ways to compute a layer compute the same layer."""

from __future__ import annotations

import pytest
import torch

from benchmarks.layouts import WAYS, contender, stacked
from benchmarks.speed.rounds import Effort, measure


@pytest.mark.parametrize("name", WAYS)
def test_each_way_computes_the_same_layer(name: str) -> None:
    source = torch.Generator().manual_seed(0)
    x, weight, bias = (
        torch.randn(s, generator=source) for s in ((3, 5, 64), (3, 64, 64), (3, 1, 64))
    )
    tolerance = 0.2 if "bfloat16" in name else 1e-4
    torch.testing.assert_close(
        WAYS[name](x, weight, bias), stacked(x, weight, bias), rtol=0.02, atol=tolerance
    )
    assert measure([contender(name, WAYS[name], 2)], Effort(1, 0.001)).rates[name]
