"""The root conftest.py: budgets, time-outs and timings, in one real run of six notebooks."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
# Spends CPU time, however busy the machine is.
SPEND = "import time\nend = time.process_time() + {seconds}\nwhile time.process_time() < end: pass"
# What a cell with a broad `except` does when nbval interrupts it: carry on.
STUBBORN = "import time\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('anyway')"
ENVIRONMENT = """import os, pathlib
assert os.environ["MINARI_DATASETS_PATH"] == "where the reader keeps them"
assert os.environ["HF_HUB_OFFLINE"] == "1"
assert os.environ["OMP_NUM_THREADS"] == "1"
results = pathlib.Path(os.environ["RLFT_RESULTS"])
assert results.is_dir() and not list(results.iterdir())
(results / "left behind").touch()"""
NOTEBOOKS = {
    "fine": [ENVIRONMENT, "import time; time.sleep(1.5)"],  # waits longer than a cell may compute
    "fine_too": [ENVIRONMENT],
    "slow_cell": [
        SPEND.format(seconds=0.6),
        "1 + 1",
        f"import subprocess, sys\nspend = {SPEND.format(seconds=0.6)!r}\n"
        "subprocess.run([sys.executable, '-c', spend], check=True)",
    ],
    "long": [SPEND.format(seconds=0.3)] * 8,
    "greedy": ["x = bytearray(400_000_000); del x", "1 + 1"],
    "stubborn": [STUBBORN, "1 + 1", "1 / 0"],
}
BUDGETS = {"notebook_cell_cpu_seconds": 0.5, "notebook_cpu_seconds": 2.5, "notebook_peak_mb": 400}
OLD = {"cpu_seconds": 1.0, "peak_mb": 1, "slowest_cell_seconds": 1.0, "wall_seconds": 1.0}


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A folder that pytest has run over, with small budgets, in two processes."""
    root = tmp_path_factory.mktemp("course")
    (root / "notebooks").mkdir()
    for name, cells in NOTEBOOKS.items():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        nbformat.write(notebook, root / "notebooks" / f"{name}.ipynb")
    old = {f"notebooks/{name}.ipynb": OLD for name in ("slow_cell", "deleted")}
    timings = {"machine": "another", "notebooks": old}
    (root / "notebooks" / "timings.json").write_text(json.dumps(timings))
    shutil.copy(ROOT / "conftest.py", root)
    (root / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-rA", "--tb=short", "-n2", "--dist=loadfile"]
    command += ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=5", "--color=no"]
    for budget in BUDGETS.items():
        command += ["-o", "{}={}".format(*budget)]
    environment = {
        name: value
        for name, value in os.environ.items()
        # What the run must set by itself, and what xdist would mistake for its own.
        if name not in ("HF_HUB_OFFLINE", "OMP_NUM_THREADS") and "PYTEST" not in name
    }
    environment["RLFT_WRITE_TIMINGS"] = "1"
    environment["MINARI_DATASETS_PATH"] = "where the reader keeps them"
    done = subprocess.run(command, cwd=root, env=environment, text=True, stdout=subprocess.PIPE)
    (root / "output").write_text(done.stdout)
    return root


def outcomes(course: Path, notebook: str) -> list[str]:
    """The outcome of each cell of a notebook, in their order."""
    output = (course / "output").read_text()
    found = re.findall(rf"^([A-Z]+) notebooks/{notebook}\.ipynb::Cell (\d+)", output, re.MULTILINE)
    return [outcome for outcome, _ in sorted(set(found), key=lambda pair: int(pair[1]))]


def test_waiting_costs_nothing_and_each_kernel_starts_in_an_empty_results_folder(course):
    assert outcomes(course, "fine") == ["PASSED", "PASSED"]
    assert outcomes(course, "fine_too") == ["PASSED"]


def test_a_cell_over_its_budget_fails_and_the_processes_that_it_starts_count(course):
    assert outcomes(course, "slow_cell") == ["FAILED", "PASSED", "FAILED"]
    message = r"This cell used \d\.\d CPU seconds; the budget is 0.5 \(notebook_cell_cpu_seconds\)"
    assert re.search(message, (course / "output").read_text())


def test_a_notebook_over_its_budget_fails_from_the_cell_that_breaks_it(course):
    found = outcomes(course, "long")
    assert found[0] == "PASSED"
    assert found[-1] == "FAILED"
    message = (
        r"The notebook has used [23]\.\d CPU seconds; the budget is 2.5 \(notebook_cpu_seconds\)"
    )
    assert re.search(message, (course / "output").read_text())


def test_memory_that_was_given_back_still_counts(course):
    assert outcomes(course, "greedy") == ["FAILED", "FAILED"]
    message = r"memory has peaked at 4\d\d MB; the budget is 400 \(notebook_peak_mb\)"
    assert re.search(message, (course / "output").read_text())


def test_from_a_time_out_on_all_cells_fail_and_none_is_called_xfail(course):
    # The first cell swallows the interrupt, so nbval itself would call it passed.
    assert outcomes(course, "stubborn") == ["FAILED"] * 3
    summary = (course / "output").read_text().splitlines()[-1]
    assert "failed" in summary
    assert "xfailed" not in summary
    assert "xpassed" not in summary


def test_timings_are_written_of_what_passed_and_kept_of_what_exists(course):
    written = json.loads((course / "notebooks" / "timings.json").read_text())["notebooks"]
    passed = [f"notebooks/{name}.ipynb" for name in ("fine", "fine_too")]
    assert list(written) == [*passed, "notebooks/slow_cell.ipynb"]  # sorted, "deleted" is gone
    assert written["notebooks/slow_cell.ipynb"] == OLD
    fine = written["notebooks/fine.ipynb"]
    assert list(fine) == sorted(OLD)
    assert fine["wall_seconds"] > 1.5
    assert fine["slowest_cell_seconds"] < fine["cpu_seconds"]
    assert 20 < fine["peak_mb"] < 400
