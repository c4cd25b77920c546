"""The README's table of lessons: made from notebooks and timings, and in sync with both."""

import json
import re
from pathlib import Path

import pytest

from rlft.core.errors import InputError
from rlft.course.make import readme

TIMING = {"cpu_seconds": 80.0, "peak_mb": 1050, "slowest_cell_seconds": 30.0, "wall_seconds": 90.0}


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course of one lesson."""
    (tmp_path / "notebooks").mkdir()
    cell = {"cell_type": "markdown", "source": ["# 01 · Pessimism\n", "\n", "> **Why?**\n", "text"]}
    (tmp_path / "notebooks" / "01_pessimism.ipynb").write_text(json.dumps({"cells": [cell]}))
    timings = {"machine": "Linux, 2 cores", "notebooks": {"notebooks/01_pessimism.ipynb": TIMING}}
    (tmp_path / "notebooks" / "timings.json").write_text(json.dumps(timings))
    return tmp_path


def test_a_row_is_the_lessons_title_question_minutes_and_memory(course):
    lines = readme.table(course).splitlines()
    row = "| [01 · Pessimism](notebooks/01_pessimism.ipynb) | Why? | 1.5 | 1,050 MB |"
    assert re.sub(r" +", " ", lines[2]) == row
    assert "Linux, 2 cores" in lines[-1]


def test_a_lesson_that_was_never_measured_is_an_error(course):
    (course / "notebooks" / "timings.json").unlink()
    with pytest.raises(InputError, match=r"01_pessimism.ipynb is not in .*run `make timings`"):
        readme.table(course)


def test_a_lesson_without_a_heading_is_an_error(course):
    cell = {"cell_type": "markdown", "source": "no heading"}
    (course / "notebooks" / "01_pessimism.ipynb").write_text(json.dumps({"cells": [cell]}))
    with pytest.raises(InputError, match="the first cell has no line"):
        readme.table(course)


def test_only_the_text_between_the_markers_is_replaced():
    x, y = (
        f"<!-- {name}: written by `make readme`, do not edit -->\n{{}}\n<!-- end of {name} -->\n"
        for name in "xy"
    )
    text = "above\n" + x.format("old") + y.format("kept") + "below"
    expected = "above\n" + x.format(r"new \1") + y.format("kept") + "below"
    assert readme.updated(text, "x", r"new \1") == expected
    with pytest.raises(InputError, match=r"lost its markers.*end of z"):
        readme.updated(text, "z", "new")


def test_the_readme_is_in_sync():
    text = readme.README.read_text(encoding="utf-8")
    assert readme.whole(text) == text, "README.md's table is out of date: run `make readme`"
