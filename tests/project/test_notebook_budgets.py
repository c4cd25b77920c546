"""The root conftest.py: budgets, time-outs and timings, in real runs of small notebooks."""

import re
from pathlib import Path

import pytest
from course_fakes import make_course, outcomes, records, run_over, write_records

# Work, not seconds: of these a slow machine needs more.
WORK = "for _ in range({loops}): sum(i * i for i in range(20_000))"
# What a cell with a broad `except` does when nbval interrupts it: carry on.
STUBBORN = "import time\ntry:\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    print('anyway')"
ENVIRONMENT = """import os, pathlib
assert os.environ["MINARI_DATASETS_PATH"] == "where the reader keeps them"
assert os.environ["HF_HUB_OFFLINE"] == "1"
assert os.environ["OMP_NUM_THREADS"] == "1"
results = pathlib.Path(os.environ["RLFT_RESULTS"])
assert results.is_dir() and not list(results.iterdir())
(results / "left behind").touch()"""
NOTEBOOKS = {
    "fine": [ENVIRONMENT, "import time; time.sleep(1.5)"],
    "fine_too": [ENVIRONMENT],
    "slow_cell": [
        WORK.format(loops=600),
        "1 + 1",
        f"import subprocess, sys\nwork = {WORK.format(loops=600)!r}\n"
        "subprocess.run([sys.executable, '-c', work], check=True)",
    ],
    "long": [WORK.format(loops=200)] * 14,
    "greedy": ["x = bytearray(400_000_000); del x", "1 + 1"],
    "dying": ["1 + 1", "import os; os._exit(1)", "1 + 1"],
}
# The unit here: a loop of that work, so that what the notebooks cost is known. It needs no PyTorch.
LOOP = f"""import sys, time
for _ in sys.stdin:
    begin = time.process_time()
    {WORK.format(loops=10)}
    print((time.process_time() - begin) / 10, flush=True)
"""
# In that unit. To start a kernel costs some 500.
BUDGETS = {
    "notebook_cell_rounds": 300,
    "notebook_rounds": 2400,
    "notebook_peak_mb": 400,
}
OLD = {
    "cpu_seconds": 1.0, "peak_mb": 1, "rounds": 1, "slowest_cell_seconds": 1.0, "wall_seconds": 1.0
}  # fmt: skip


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A folder that pytest has run over, with small budgets."""
    root = make_course(tmp_path_factory.mktemp("course") / "root", NOTEBOOKS)
    (root / "budgets" / "loop.py").write_text(LOOP)
    write_records(root, dict.fromkeys(("slow_cell", "deleted"), OLD))
    run_over(root, recording=True, **BUDGETS)
    return root


def test_waiting_costs_nothing_and_each_kernel_starts_in_an_empty_results_folder(course):
    assert outcomes(course, "fine") == ["PASSED", "PASSED"]
    assert outcomes(course, "fine_too") == ["PASSED"]


def test_a_cell_over_its_budget_fails_and_the_processes_that_it_starts_count(course):
    assert outcomes(course, "slow_cell") == ["FAILED", "PASSED", "FAILED"]
    message = (
        r"This cell used \d+\.\d CPU seconds, the time of [4-9]\d\d rounds; the budget is 300 "
        r"\(notebook_cell_rounds\)"
    )
    assert re.search(message, (course / "output").read_text())


def test_a_notebook_over_its_budget_fails_from_the_cell_that_breaks_it(course):
    found = outcomes(course, "long")
    assert found[0] == "PASSED"
    assert found[-1] == "FAILED"
    message = (
        r"The notebook has used \d+\.\d CPU seconds, the time of 2,\d{3} rounds; the budget is "
        r"2,400 \(notebook_rounds\)"
    )
    assert re.search(message, (course / "output").read_text())


def test_memory_that_was_given_back_still_counts(course):
    assert outcomes(course, "greedy") == ["FAILED", "FAILED"]
    message = r"memory has peaked at 4\d\d MB; the budget is 400 \(notebook_peak_mb\)"
    assert re.search(message, (course / "output").read_text())


def test_nobody_waits_for_a_kernel_that_has_died(course):
    # For nbval's time-out of a cell, that is: 2,000 s here.
    assert outcomes(course, "dying") == ["PASSED", "FAILED", "FAILED"]
    assert records(course).keys().isdisjoint({"notebooks/dying.ipynb"})


def test_timings_are_written_of_what_passed_and_kept_of_what_exists(course):
    written = records(course)
    passed = [f"notebooks/{name}.ipynb" for name in ("fine", "fine_too")]
    assert list(written) == [*passed, "notebooks/slow_cell.ipynb"]  # sorted, "deleted" is gone
    assert written["notebooks/slow_cell.ipynb"] == OLD
    fine = written["notebooks/fine.ipynb"]
    assert list(fine) == sorted(OLD)
    assert fine["wall_seconds"] > 1.5
    assert fine["slowest_cell_seconds"] < fine["cpu_seconds"]
    assert 20 < fine["peak_mb"] < 400
    assert 0 < fine["rounds"] < 2400


def test_from_a_time_out_on_all_cells_fail_and_none_is_called_xfail(tmp_path):
    # The first cell swallows the interrupt, so nbval itself would call it passed. The others are
    # not run, so this time-out can be short, however slow the machine is.
    root = make_course(tmp_path / "root", {"stubborn": [STUBBORN, "1 + 1", "1 / 0"]})
    (root / "budgets" / "loop.py").write_text(LOOP)
    run_over(root, "--nbval-cell-timeout=3", recording=True)
    assert outcomes(root, "stubborn") == ["FAILED"] * 3
    summary = (root / "output").read_text().splitlines()[-1]
    assert "failed" in summary
    assert "xfailed" not in summary
    assert "xpassed" not in summary
