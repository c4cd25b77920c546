"""docs/how_to_add.md: each example adds something from outside and uses it, each list is short."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from maze_fakes import Constant

import rlft
from rlft.acting.horizon import SCHEDULES
from rlft.acting.rules import RULES
from rlft.algorithms import ALGORITHMS
from rlft.core.files import PACKAGE
from rlft.data import DATASETS
from rlft.results import load_run, save_run
from rlft.show import illustrate

ROOT = PACKAGE.parent
DOCUMENT = ROOT / "docs" / "how_to_add.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
# Kind to the most files of the library that adding one may take.
MOST_FILES = {
    "A learner": 3,
    "A recipe part": 1,
    "An environment": 3,
    "A dataset": 1,
    "An exercise": 1,
    "A plot": 3,
    "A claim": 0,
}
FILE = re.compile(r"`([\w/]+/[\w.]+\.\w+)`( \(new\))?")
NEW = "mine"  # what every new file or folder is called

Scope = dict[str, Any]


def section(kind: str) -> str:
    """The text below the heading of a kind."""
    return TEXT.split(f"\n## {kind}\n")[1].split("\n## ")[0]


def steps_into_the_library(kind: str) -> list[list[tuple[str, bool]]]:
    """Step by step, the files that its first words name, and whether they are new."""
    starts = re.findall(r"^\d\. (.*?): ", section(kind), flags=re.MULTILINE)
    return [[(path, bool(new)) for path, new in FILE.findall(start)] for start in starts]


@pytest.fixture
def example() -> Iterator[Callable[[str], Scope]]:
    """Runs a kind's example as a notebook's cell; an error shows its line in the document."""

    def run(kind: str) -> Scope:
        before, code = section(kind).split("```python\n")
        above = TEXT.split(f"\n## {kind}\n")[0].count("\n") + before.count("\n") + 3
        scope: Scope = {"__name__": "__main__"}
        code = "\n" * above + code.split("```\n")[0]
        exec(compile(code, str(DOCUMENT), "exec", dont_inherit=True), scope)
        return scope

    known = set(gym.registry)
    yield run
    for name in set(gym.registry) - known:
        del gym.registry[name]


# --- from outside ----------------------------------------------------------------------------


def test_a_learner_trains_before_and_after_the_switch(
    example: Callable[[str], Scope], tmp_path: Path
) -> None:
    scope = example("A learner")
    run, kind = scope["run"], scope["Tamed"]
    assert ALGORITHMS["tamed"] == scope["TamedConfig"]()
    assert type(run.prior.learner) is type(run.learner) is kind and run.learner.updates == 23
    save_run(run, tmp_path / "run")
    assert type(load_run(tmp_path / "run", data=scope["data"]).learner) is kind


def test_a_recipe_part_acts_is_kept_and_is_seen_in_the_difference(
    example: Callable[[str], Scope], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scope = example("A recipe part")
    run = scope["run"]
    assert RULES["Timid"] is scope["Timid"] and SCHEDULES["Part"] is scope["Part"]
    assert (run.metrics["guide_steps"] == 50).all()  # half of the maze's time limit
    printed = capsys.readouterr().out
    assert "Timid" in printed and "Part" in printed
    save_run(run, tmp_path / "run")
    assert load_run(tmp_path / "run", data=scope["data"]).recipe == scope["MINE"]


def test_an_environment_is_logged_learned_and_fine_tuned_in(
    example: Callable[[str], Scope], capsys: pytest.CaptureFixture[str]
) -> None:
    scope = example("An environment")
    run = scope["run"]
    assert len(scope["data"].episode_starts) == 5
    assert run.env_id == "my/Line-v0" and run.learner.updates == 23
    assert (run.returns_mode <= 0).all() and (run.returns_mode >= -20).all()  # at most 1 a step
    where, act = np.zeros((1, 1)), np.ones((1, 1))
    truth = rlft.monte_carlo_q(Constant((1.0,)), "my/Line-v0", where, act, gamma=0.5)
    # It pays 0.1, 0.2, 0.3, ... on the way out; after 10 steps 0.5^10 counts as nothing.
    paid = sum(0.1 * k * 0.5 ** (k - 1) for k in range(1, 11))
    np.testing.assert_allclose(truth, -paid, rtol=1e-5)
    assert "out_of_support" in capsys.readouterr().out


def test_a_dataset_is_made_listed_and_loaded(
    example: Callable[[str], Scope], capsys: pytest.CaptureFixture[str]
) -> None:
    scope = example("A dataset")
    assert len(scope["data"]) >= 500 and scope["data"].env_id == "rlft/Maze-Detour-v0"
    assert scope["data"].name in capsys.readouterr().out
    entries = {entry.name: entry for entry in rlft.list_datasets()}
    assert entries["my/maze/detour-noisy-v0"].is_local
    assert DATASETS["my/maze/detour-noisy-v0"] is scope["spec"]


def test_an_exercise_knows_right_answers_and_mistakes(example: Callable[[str], Scope]) -> None:
    scope = example("An exercise")
    assert (scope["verdict"].status, scope["verdict"].misconception) == ("failed", "adds")
    right = scope["judge"](scope["EXERCISE"], lambda q, factor: torch.mul(q, factor))
    assert right.status == "passed"
    for mistake in scope["EXERCISE"].misconceptions:
        assert scope["judge"](scope["EXERCISE"], mistake.wrong).misconception == mistake.name


def test_a_plot_is_drawn_in_its_style_and_has_words(example: Callable[[str], Scope]) -> None:
    figure = example("A plot")["figure"]
    assert "of the very noisy data end within" in figure.alt
    bars = figure.axes[0].patches
    assert sum(bar.get_height() for bar in bars) > 0
    assert {bar.get_facecolor()[:3] for bar in bars} == {(96 / 255,) * 3}
    assert illustrate(figure).png.startswith(b"\x89PNG")


def test_a_claim_is_measured_and_its_rule_decides(
    example: Callable[[str], Scope], capsys: pytest.CaptureFixture[str]
) -> None:
    scope = example("A claim")
    said = capsys.readouterr().out.strip()
    assert said == str(rlft.claim("SAC drops by more than CQL", scope["more"], above=0))


# --- into the library ------------------------------------------------------------------------


def test_the_document_has_the_seven_kinds_and_the_tests_run_all_examples() -> None:
    assert re.findall(r"^## (.+)$", TEXT, flags=re.MULTILINE) == list(MOST_FILES)
    assert all(section(kind).count("```python\n") == 1 for kind in MOST_FILES)
    ran = re.findall(r'example\("(.+?)"\)', Path(__file__).read_text(encoding="utf-8"))
    assert ran == list(MOST_FILES)


@pytest.mark.parametrize("kind", MOST_FILES)
def test_moving_in_takes_few_files_of_the_library(kind: str) -> None:
    steps = steps_into_the_library(kind)
    assert len(steps) == len(re.findall(r"^\d\. ", section(kind), flags=re.MULTILINE)) >= 2
    assert all(steps), steps  # each step begins with a file
    # Files that one step names are alternatives.
    library = [files for files in steps if any(path.startswith("rlft/") for path, _ in files)]
    assert len(library) <= MOST_FILES[kind]


@pytest.mark.parametrize("kind", MOST_FILES)
def test_files_to_change_exist_and_files_to_write_have_their_folder(kind: str) -> None:
    for path, new in (file for files in steps_into_the_library(kind) for file in files):
        if new:
            assert NEW in (Path(path).stem.removeprefix("test_"), Path(path).parent.name), path
            folder = ROOT / Path(path).parent
            assert (folder.parent if folder.name == NEW else folder).is_dir(), path
        assert (ROOT / path).exists() is not new, path
