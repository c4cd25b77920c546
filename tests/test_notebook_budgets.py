"""The root conftest.py: budgets, time-outs and timings, in real runs of small notebooks."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
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
    "notebook_tolerance": 1,
    "notebook_smallest_record": 0,
}
OLD = {
    "cpu_seconds": 1.0, "peak_mb": 1, "rounds": 1, "slowest_cell_seconds": 1.0, "wall_seconds": 1.0
}  # fmt: skip
# A lesson of true rounds.
LESSON_START = "import sys; sys.path.insert(0, '..'); from budgets.loop import Loop; loop = Loop()"
LESSON_ROUNDS = 200
INI = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
TOLERANCE = {"notebook_tolerance": float(INI["notebook_tolerance"])}
PLENTY = {"notebook_cell_rounds": 1e6, "notebook_rounds": 1e6, "notebook_peak_mb": 1e6}
BUSY = 4  # processes


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


def start(
    root: Path, *options: str, recording: bool = False, **budgets: float
) -> subprocess.Popen[str]:
    """Starts pytest on the course, in two processes."""
    command = [sys.executable, "-m", "pytest", "-rA", "--tb=short", "-n2", "--dist=loadfile"]
    command += ["--nbval-lax", "--nbval-current-env", "--color=no", *options]
    for budget in {**BUDGETS, **budgets}.items():
        command += ["-o", "{}={}".format(*budget)]
    environment = {
        name: value
        for name, value in os.environ.items()
        # What the run must set by itself, and what xdist would mistake for its own.
        if name not in ("HF_HUB_OFFLINE", "OMP_NUM_THREADS") and "PYTEST" not in name
    }
    environment["RLFT_WRITE_TIMINGS"] = "1" if recording else ""
    environment["MINARI_DATASETS_PATH"] = "where the reader keeps them"
    return subprocess.Popen(command, cwd=root, env=environment, text=True, stdout=subprocess.PIPE)


def finish(run: subprocess.Popen[str], root: Path) -> None:
    (root / "output").write_text(run.communicate()[0])


def outcomes(course: Path, notebook: str) -> list[str]:
    """The outcome of each cell of a notebook, in their order."""
    output = (course / "output").read_text()
    found = re.findall(rf"^([A-Z]+) notebooks/{notebook}\.ipynb::Cell (\d+)", output, re.MULTILINE)
    return [outcome for outcome, _ in sorted(set(found), key=lambda pair: int(pair[1]))]


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A folder that pytest has run over, with small budgets."""
    root = make_course(tmp_path_factory.mktemp("course") / "root", NOTEBOOKS)
    (root / "budgets" / "loop.py").write_text(LOOP)
    write_records(root, dict.fromkeys(("slow_cell", "deleted"), OLD))
    finish(start(root, recording=True), root)
    return root


@pytest.fixture(scope="module")
def lessons(tmp_path_factory) -> dict[str, Path]:
    """A lesson that was measured, the same once more, and one that has grown by half: run on the
    machine as it is, and beside busy processes.
    """
    quiet = make_course(
        tmp_path_factory.mktemp("lessons") / "quiet",
        {"lesson": [LESSON_START, f"loop.run({LESSON_ROUNDS})"]},
    )
    finish(start(quiet, recording=True, **PLENTY), quiet)
    record = records(quiet)["notebooks/lesson.ipynb"]
    longer = LESSON_ROUNDS + record["rounds"] // 2
    write_notebook(quiet, "grown", [LESSON_START, f"loop.run({longer})"])
    write_notebook(quiet, "unknown", ["1 + 1"])
    write_records(quiet, dict.fromkeys(("lesson", "grown"), record))
    loaded = Path(shutil.copytree(quiet, quiet.with_name("loaded")))
    finish(start(quiet, **PLENTY, **TOLERANCE), quiet)
    with busy(BUSY):
        finish(start(loaded, **PLENTY, **TOLERANCE), loaded)
    return {"quiet": quiet, "loaded": loaded}


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Processes that compute all the time, and have begun."""
    code = "print(flush=True)\nwhile True: pass"
    command = [sys.executable, "-c", code]
    others = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(count)]
    try:
        for other in others:
            assert other.stdout is not None
            other.stdout.readline()
        yield
    finally:
        for other in others:
            other.kill()
            other.communicate()


def write_records(root: Path, entries: dict[str, dict[str, float]]) -> None:
    notebooks = {f"notebooks/{name}.ipynb": entry for name, entry in entries.items()}
    content = {"machine": "another", "notebooks": notebooks}
    (root / "notebooks" / "timings.json").write_text(json.dumps(content))


def records(root: Path) -> dict[str, dict[str, float]]:
    return json.loads((root / "notebooks" / "timings.json").read_text())["notebooks"]


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
    finish(start(root, "--nbval-cell-timeout=3", recording=True), root)
    assert outcomes(root, "stubborn") == ["FAILED"] * 3
    summary = (root / "output").read_text().splitlines()[-1]
    assert "failed" in summary
    assert "xfailed" not in summary
    assert "xpassed" not in summary


@pytest.mark.parametrize("machine", ["quiet", "loaded"])
def test_a_lesson_as_long_as_recorded_passes_and_one_that_grew_by_half_fails(lessons, machine):
    course = lessons[machine]
    output = (course / "output").read_text()
    assert outcomes(course, "lesson") == ["PASSED", "PASSED"], output
    assert outcomes(course, "grown") == ["PASSED", "FAILED"], output
    message = (
        r"the time of [\d,]+ rounds; its record is [\d,]+. If it is meant to have grown, on a "
        r"quiet machine: make timings NOTEBOOKS=notebooks/grown.ipynb"
    )
    assert re.search(message, output)


def test_a_notebook_that_was_never_measured_says_how_to(lessons):
    assert outcomes(lessons["quiet"], "unknown") == ["FAILED"]
    message = "On a quiet machine: make timings NOTEBOOKS=notebooks/unknown.ipynb"
    assert message in (lessons["quiet"] / "output").read_text()


def test_the_records_keep_the_budgets():
    # Measured again, a cost may come out higher by the tolerance; what is promised may not.
    budget = float(INI["notebook_rounds"])
    entries = records(ROOT)
    assert {path for path, entry in entries.items() if entry["rounds"] > budget} == set()
