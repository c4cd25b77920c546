"""The style checks of `make lint` and `make test`, each one tool on the whole project."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from rlft.core.files import PACKAGE

ROOT = PACKAGE.parent
NOTEBOOKS = sorted(
    notebook
    for folder in ("notebooks", "exercises", "solutions")
    for notebook in (ROOT / folder).glob("*.ipynb")
)
# nbval would skip such a cell, or expect it to fail, or (in a notebook without outputs) compare
# nothing: each of them reads like a check and is none.
EMPTY_CHECKS = ("nbval_skip", "nbval_raises_exception", "raises_exception", "nbval_check_output")


def run_module(*arguments: str) -> None:
    """Runs `python -m ...` in the project's root and fails with what it printed."""
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True)
    if done.returncode:
        pytest.fail(f"{' '.join(arguments)}\n{done.stdout}{done.stderr}", pytrace=False)


def test_ruff_check():
    run_module("ruff", "check", ".")


def test_ruff_format():
    run_module("ruff", "format", "--check", ".")


def test_pyright():
    run_module("pyright", "--pythonpath", sys.executable)


def test_notebooks_are_stored_without_outputs():
    # Without files nbstripout would wait for one on the standard input.
    if NOTEBOOKS:
        run_module("nbstripout", "--keep-id", "--verify", *map(str, NOTEBOOKS))


def test_no_cell_of_a_notebook_is_exempt_from_checking():
    exempt = []
    for notebook in NOTEBOOKS:
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
            tags = " ".join(cell["metadata"].get("tags", []))
            text = f"{tags} {''.join(cell['source'])}".lower().replace("-", "_")
            exempt += [f"{notebook.name}: {marker}" for marker in EMPTY_CHECKS if marker in text]
    assert not exempt


def test_the_cells_of_a_notebook_have_different_ids():
    for notebook in NOTEBOOKS:
        ids = [cell["id"] for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]]
        assert len(set(ids)) == len(ids), notebook.name


def test_pre_commit_configuration_is_valid():
    run_module("pre_commit", "validate-config", ".pre-commit-config.yaml")


def test_test_files_have_names_of_their_own():
    # Without packages pytest imports them by name alone: of two it refuses the second.
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert {name for name, count in names.items() if count > 1} == set()
