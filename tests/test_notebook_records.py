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
from course_fakes import (
    ROOT,
    finish,
    make_course,
    outcomes,
    records,
    start,
    write_notebook,
    write_records,
)

INI = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
TOLERANCE = float(INI["notebook_tolerance"])
# A lesson whose cost is known: it makes the very rounds in which cost is measured.
LESSON_START = "import sys; sys.path.insert(0, '..'); from budgets.loop import Loop; loop = Loop()"
LESSON_ROUNDS = 200
BUSY = 4  # processes


@pytest.fixture(scope="module")
def lessons(tmp_path_factory) -> dict[str, Path]:
    """A lesson that was measured, the same once more, and one that has grown by half: run on the
    machine as it is, and beside busy processes.
    """
    quiet = make_course(
        tmp_path_factory.mktemp("lessons") / "quiet",
        {"lesson": [LESSON_START, f"loop.run({LESSON_ROUNDS})"]},
    )
    finish(start(quiet, recording=True), quiet)
    record = records(quiet)["notebooks/lesson.ipynb"]
    longer = LESSON_ROUNDS + record["rounds"] // 2
    write_notebook(quiet, "grown", [LESSON_START, f"loop.run({longer})"])
    write_notebook(quiet, "unknown", ["1 + 1"])
    write_records(quiet, dict.fromkeys(("lesson", "grown"), record))
    loaded = Path(shutil.copytree(quiet, quiet.with_name("loaded")))
    finish(start(quiet, notebook_tolerance=TOLERANCE), quiet)
    with busy(BUSY):
        finish(start(loaded, notebook_tolerance=TOLERANCE), loaded)
    return {"quiet": quiet, "loaded": loaded}


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
