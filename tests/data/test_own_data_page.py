"""docs/own_data.md: its examples run as they stand, and its numbers are those of the policies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from rlft.core.files import PACKAGE
from rlft.data import DATASETS, PolicyBehaviour, about_behaviour, load_dataset, policy_names

PAGE = PACKAGE.parent / "docs" / "own_data.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    examples = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(examples) == 4
    scope: dict[str, Any] = {}
    for code in examples:
        exec(compile(code, str(PAGE), "exec"), scope)
    assert scope["again"].name == "mine/pendulum/cloned-v0" and len(scope["again"]) == 2_000
    assert scope["data"].name == "mine/pendulum/mixed-v0" and len(scope["data"]) == 4_000
    swung = load_dataset("mine/pendulum/swing-v0")
    assert 0.7 < (abs(swung.actions) == 0.5).mean() < 0.9


def test_every_environment_with_own_data_has_a_row() -> None:
    rows = re.findall(r"^\| `(rlft/[\w-]+/)\.\.\.-v0` \|", TEXT, re.MULTILINE)
    assert set(rows) == {name[: name.rindex("/") + 1] for name in DATASETS}


def test_the_table_of_returns_is_that_of_the_notes() -> None:
    used = {
        (spec.behaviour.policy, level)
        for spec in DATASETS.values()
        if isinstance(spec.behaviour, PolicyBehaviour)
        for level in spec.behaviour.levels
    }
    rows = re.findall(
        r"^\| `([\w-]+)`, ([\w-]+) \| ([\d,]+) \| (\S+) ± (\S+) \|", TEXT, re.MULTILINE
    )
    assert {(policy, level) for policy, level, *_ in rows} == used
    assert {policy for policy, _ in used} == set(policy_names())
    for policy, level, step, mean, spread in rows:
        told = about_behaviour(policy)["levels"][level]
        assert int(step.replace(",", "")) == told["step"]
        numbers = [float(text.replace(",", "").replace("−", "-")) for text in (mean, spread)]
        assert numbers == [round(told["sampled"]), round(told["sampled_std"])]
