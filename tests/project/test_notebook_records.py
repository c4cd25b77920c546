"""A notebook is held to the cost that was recorded for it, on a quiet machine and on a busy one."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from course_fakes import ROOT, make_course, outcomes, records, run_over, write_notebook

INI = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
TOLERANCE = float(INI["notebook_tolerance"])
# A lesson whose cost is known: it makes the very rounds in which cost is measured.
LESSON = [
    "import sys; sys.path.insert(0, '..'); from budgets.loop import Loop; loop = Loop()",
    "loop.run(300)",
]
MORE = "loop.run({rounds})"
# So much longer that the tolerance lies halfway: an error of a quarter is allowed on both sides.
GROWN = TOLERANCE**2
BUSY = 4  # processes


@pytest.fixture(scope="module")
def lessons(tmp_path_factory) -> dict[str, Path]:
    """A lesson that was measured and has grown by more than half since: run on the machine as it
    is, and beside busy processes.
    """
    root = make_course(tmp_path_factory.mktemp("lessons") / "quiet", {"lesson": LESSON})
    run_over(root, recording=True)
    rounds = records(root)["notebooks/lesson.ipynb"]["rounds"]
    write_notebook(root, "lesson", [*LESSON, MORE.format(rounds=int((GROWN - 1) * rounds))])
    loaded = Path(shutil.copytree(root, root.with_name("loaded")))
    write_notebook(root, "unknown", ["1 + 1"])
    run_over(root, notebook_tolerance=TOLERANCE)
    with busy(BUSY):
        run_over(loaded, notebook_tolerance=TOLERANCE)
    return {"quiet": root, "loaded": loaded}


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Processes that compute all the time, and have begun."""
    # They end with this process, however it ends.
    code = "import os; mine = os.getppid(); print(flush=True)\nwhile os.getppid() == mine: pass"
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


@pytest.mark.parametrize("machine", ["quiet", "loaded"])
def test_a_lesson_passes_while_it_is_as_long_as_recorded_and_fails_when_it_has_grown(
    lessons, machine
):
    output = (lessons[machine] / "output").read_text()
    assert outcomes(lessons[machine], "lesson") == ["PASSED", "PASSED", "FAILED"], output
    message = (
        r"the time of [\d,]+ rounds; its record is [\d,]+. If it is meant to have grown, on a "
        r"quiet machine: make timings NOTEBOOKS=notebooks/lesson.ipynb"
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
