"""Our losses and gradient steps against d3rlpy's: every row of the benchmark's table agrees."""

from __future__ import annotations

import importlib

import pytest

from rlft.core.files import PACKAGE

pytest.importorskip("d3rlpy", reason="the [bench] extra is not installed: pip install -e .[bench]")

PARITY = PACKAGE.parent / "parity"
# Both compute in float32; a sum over critics rounds otherwise than a mean.
TOLERANCE = 1e-5


def test_every_shared_quantity_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PARITY)
    rows = importlib.import_module("parity").comparisons()
    methods = {row.method.split(",")[0] for row in rows}
    assert methods == {"BC", "SAC", "CQL", "Cal-QL", "IQL", "FQE"}
    apart = [row for row in rows if not row.difference < TOLERANCE]
    assert apart == []
