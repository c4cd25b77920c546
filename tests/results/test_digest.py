"""The library's code in a key: what decides numbers counts, and all of it is in the list."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from rlft.core.files import PACKAGE
from rlft.results.digest import DECIDES_NUMBERS, code_digest, numeric_files

# What these run decides every number that is kept.
ENTRIES = ("finetune/pretrain.py", "finetune/loop.py", "experiments/experiment.py")
# Imported on the way, but without a part in any number: checks, errors, names, files, storing,
# tables; and recipes and data, whose content is in the key itself.
WITHOUT_NUMBERS = (
    "core/checks.py",
    "core/errors.py",
    "core/files.py",
    "core/encoding.py",
    "core/extras.py",
    "core/former_names.py",
    "core/registry.py",
    "core/table.py",
    "data/actors.py",
    "data/agreement.py",
    "data/continuity.py",
    "data/convert.py",
    "data/datasets.py",
    "data/episodes.py",
    "data/folder.py",
    "data/inspection.py",
    "data/layouts.py",
    "data/logged.py",
    "data/minari_io.py",
    "data/policy_behaviour.py",
    "data/recording.py",
    "data/shipped.py",
    "data/specs.py",
    "evaluate/intervals.py",
    "evaluate/metrics.py",
    "evaluate/noise.py",
    "evaluate/poses.py",
    "evaluate/statistics/bootstrap.py",
    "evaluate/statistics/collapse.py",
    "evaluate/statistics/improvement.py",
    "evaluate/statistics/planning.py",
    "evaluate/statistics/profiles.py",
    "evaluate/statistics/scores.py",
    "evaluate/summary.py",
    "experiments/experiment.py",
    "recipes/course.py",
    "recipes/diff.py",
    "recipes/paper.py",
    "recipes/paper_learners.py",
    "recipes/papers.py",
    "recipes/registry.py",
    "recipes/switchboard.py",
    "report/frame.py",
    "results/digest.py",
    "results/provenance.py",
    "results/store.py",
)


def imported(path: Path) -> set[Path]:
    """The library's files that a file imports, where a name is defined and not handed on."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rlft"):
            parts = (node.module or "").split(".")[1:]
            for alias in node.names:
                for names in ([*parts, alias.name], parts):
                    base = PACKAGE.joinpath(*names)
                    if base.with_suffix(".py").exists():
                        found.add(base.with_suffix(".py"))
                        break
                    if (base / "__init__.py").exists():
                        found.add(base / "__init__.py")
                        break
    return found


def reached(entries: tuple[str, ...]) -> set[str]:
    """All files that the entries import, and those import."""
    waiting, seen = [PACKAGE / name for name in entries], set()
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += imported(path)
    return {path.relative_to(PACKAGE).as_posix() for path in seen}


def test_whatever_a_run_imports_counts_or_is_known_to_decide_nothing() -> None:
    counted = {path.relative_to(PACKAGE).as_posix() for path in numeric_files()}
    packages = {name for name in reached(ENTRIES) if name.endswith("__init__.py")}
    unlisted = reached(ENTRIES) - counted - packages - set(WITHOUT_NUMBERS)
    assert unlisted == set(), "add these to DECIDES_NUMBERS, or here with a reason"


def test_every_listed_part_exists_and_none_stands_in_both_lists() -> None:
    assert all((PACKAGE / name).exists() for name in (*DECIDES_NUMBERS, *WITHOUT_NUMBERS))
    counted = {path.relative_to(PACKAGE).as_posix() for path in numeric_files()}
    assert counted.isdisjoint(WITHOUT_NUMBERS)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A library of the same shape whose files say "1"."""
    for path in numeric_files():
        copy = tmp_path / path.relative_to(PACKAGE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text("1")
    return tmp_path


def test_an_edit_that_decides_numbers_changes_the_digest_and_no_other_does(package: Path) -> None:
    first = code_digest(package)
    (package / "show").mkdir()
    (package / "show" / "plots.py").write_text("2")
    (package / "course").mkdir()
    (package / "course" / "quiz.py").write_text("2")
    assert code_digest(package) == first
    (package / "algorithms" / "sac.py").write_text("2")
    assert code_digest(package) != first
