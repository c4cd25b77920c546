"""The shoot-out's study: runs that claims share, what differs between places, what a row holds."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from rlft.core.errors import InputError
from rlft.core.files import PACKAGE
from rlft.experiments import entries
from rlft.experiments.claims import CLAIMS
from rlft.experiments.claims.trying import job_of_arm
from rlft.recipes import RECIPES, find_recipe

SCRIPT = PACKAGE.parent / "studies" / "shootout" / "study.py"


@pytest.fixture(scope="module")
def study() -> Iterator[ModuleType]:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("shootout_study", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_what_the_claims_run_as_well_is_the_very_same_job(study: ModuleType) -> None:
    own = [entry.job for entry in study.STUDY.arms]
    shared = [
        (claim.id, arm.recipe.name)
        for claim in CLAIMS
        for trial in claim.trials
        for arm in trial.arms
        if job_of_arm(trial, arm, 0, 10) in own
    ]
    keeps = {"cql", "cql-retain", "calql", "calql-retain", "iql", "iql-retain"}
    assert {name for claim, name in shared if claim == "W1"} == keeps
    assert {name for claim, name in shared if claim == "W4"} >= {"wsrl", "rlpd", "sac-fast", "jsrl"}


def test_a_method_is_its_recipe_but_for_inac_and_its_noise(study: ModuleType) -> None:
    tuned = {"inac", "ajs"}
    for name in study.METHODS:
        for place in (study.NEAR, study.NOISY, study.LARGE, study.WOBBLY):
            same = study.recipe_at(name, place) == find_recipe(name)
            assert same == (name not in tuned), (name, place.name)
    assert study.recipe_at("ajs", study.WOBBLY).acting.schedule == study.POLE_RULE
    assert study.recipe_at("ajs", study.NOISY).guide.learner.temperature == 0.33
    assert study.recipe_at("inac", study.NEAR).online.learner.temperature == 0.1
    left_out = set(RECIPES) - set(study.METHODS)
    text = SCRIPT.read_text(encoding="utf-8")
    assert {name for name in left_out if f"`{name}`" not in text} == {
        "jsrl-linear", "jsrl-random", "jsrl-geometric"
    }  # fmt: skip


def test_a_row_holds_what_whoever_acts_has_earned(
    study: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    entry = study.entry("jsrl", study.NEAR)
    acted = np.arange(30.0).reshape(10, 3)  # (S, P)
    curves = {
        "steps": np.array([0, 250, 500]),
        "returns_behaviour": acted,
        "returns_sampled": acted - 100,
        "kl": acted / 10,
    }
    monkeypatch.setattr(entries, "perform", lambda ticket: SimpleNamespace(state="there", error=""))
    monkeypatch.setattr(entries, "done_job", lambda path: SimpleNamespace(curves=curves))
    rows = study.measure(entry, tmp_path)
    assert [row["seed"] for row in rows] == [str(seed) for seed in range(10)]
    one = rows[1]
    assert (one["0"], one["125"], one["250"], one["500"]) == ("3.00", "", "4.00", "5.00")
    assert (one["learner"], one["moved"], one["low"]) == ("-96.00", "0.500", "-100")
    steps, returns = entries.curve(rows)
    assert steps.tolist() == [0, 250, 500]
    np.testing.assert_array_equal(returns, acted)
    np.testing.assert_allclose(entries.overall(rows), acted[:, 1])
    refused = SimpleNamespace(state="failed", error="no room")
    monkeypatch.setattr(entries, "perform", lambda ticket: refused)
    with pytest.raises(InputError, match="jsrl, near-optimal data: failed no room"):
        study.measure(entry, tmp_path)


def test_methods_are_put_together_over_the_places_that_all_have(study: ModuleType) -> None:
    def rows(method: str, place: str, value: float) -> list[dict[str, str]]:
        made = dict.fromkeys(map(str, study.GRID), f"{value}")
        head = {"place": place, "method": method, "low": "-100", "high": "0"}
        return [{**head, **made, "seed": str(seed)} for seed in range(10)]

    results = {
        "wsrl, one": rows("wsrl", "one", -20.0),
        "sac, one": rows("sac", "one", -60.0),
        "wsrl, other": rows("wsrl", "other", -100.0),
    }
    found = entries.scores(results, entries.final)
    assert {method: list(own) for method, own in found.items()} == {"wsrl": ["one"], "sac": ["one"]}
    np.testing.assert_allclose(found["sac"]["one"], 0.4)
    lines = entries.over_places(results, "wsrl")
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| wsrl", "| sac"]
    assert lines[3].endswith("| 0.00 [0.00, 0.00] | 0.00 [0.00, 0.00] |")
