"""Small courses that pytest runs over as over the project, with its conftest.py and budgets."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from rlft.core.files import PACKAGE

ROOT = PACKAGE.parent
# Limits that no notebook meets; a test sets its own instead of some.
PLENTY = {
    "notebook_cell_rounds": 1e9,
    "notebook_rounds": 1e9,
    "notebook_peak_mb": 1e9,
    "notebook_tolerance": 1,
    "notebook_smallest_record": 0,
}


def make_course(root: Path, notebooks: dict[str, list[str]]) -> Path:
    """A folder that pytest can run over as over the project."""
    (root / "notebooks").mkdir(parents=True)
    for name, cells in notebooks.items():
        write_notebook(root, name, cells)
    shutil.copy(ROOT / "conftest.py", root)
    shutil.copytree(ROOT / "budgets", root / "budgets")
    (root / "pytest.ini").write_text("[pytest]\n")
    return root


def write_notebook(root: Path, name: str, cells: list[str]) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nbformat.write(notebook, root / "notebooks" / f"{name}.ipynb")


def run_over(root: Path, *options: str, recording: bool = False, **budgets: float) -> None:
    """Runs pytest over the course, in two processes, and keeps what it prints in `output`."""
    command = [sys.executable, "-m", "pytest", "-rA", "--tb=short", "-n2", "--dist=loadfile"]
    command += ["--nbval-lax", "--nbval-current-env", "--color=no", *options]
    for budget in {**PLENTY, **budgets}.items():
        command += ["-o", "{}={}".format(*budget)]
    environment = {
        name: value
        for name, value in os.environ.items()
        # What the run must set by itself, and what xdist would mistake for its own.
        if name not in ("HF_HUB_OFFLINE", "OMP_NUM_THREADS") and "PYTEST" not in name
    }
    environment["RLFT_WRITE_TIMINGS"] = "1" if recording else ""
    environment["MINARI_DATASETS_PATH"] = "where the reader keeps them"
    with (root / "output").open("w") as output:
        subprocess.run(command, cwd=root, env=environment, stdout=output)


def outcomes(course: Path, notebook: str) -> list[str]:
    """The outcome of each cell of a notebook, in their order."""
    output = (course / "output").read_text()
    found = re.findall(rf"^([A-Z]+) notebooks/{notebook}\.ipynb::Cell (\d+)", output, re.MULTILINE)
    return [outcome for outcome, _ in sorted(set(found), key=lambda pair: int(pair[1]))]


def write_records(root: Path, entries: dict[str, dict[str, float]]) -> None:
    notebooks = {f"notebooks/{name}.ipynb": entry for name, entry in entries.items()}
    content = {"machine": "another", "notebooks": notebooks}
    (root / "notebooks" / "timings.json").write_text(json.dumps(content))


def records(root: Path) -> dict[str, dict[str, float]]:
    return json.loads((root / "notebooks" / "timings.json").read_text())["notebooks"]
