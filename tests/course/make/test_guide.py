"""The instructor guide: its tables are those of the course, and what it names exists."""

from __future__ import annotations

import re

import pytest

from rlft.core.errors import InputError
from rlft.course.catalogue import all_exercises
from rlft.course.make import guide

GUIDE = guide.GUIDE.read_text(encoding="utf-8")


def test_the_guide_is_in_sync():
    assert guide.whole(GUIDE) == GUIDE, "the guide is out of date: run `make readme`"


def test_every_exercise_that_a_plan_names_exists_and_four_sessions_cover_all():
    named = set(re.findall(r"\b\d\d-\d\b", GUIDE.split("<!-- misconceptions")[0]))
    assert named == set(all_exercises())


def test_every_misconception_stands_in_the_guide_with_its_hint():
    for exercise in all_exercises().values():
        for known in exercise.misconceptions:
            assert f"- *{known.name}*: {known.hint}" in GUIDE


def test_only_the_named_block_is_replaced():
    text = (
        "a\n<!-- x: written by `make readme`, do not edit -->\nold\n<!-- end of x -->\n"
        "<!-- y: written by `make readme`, do not edit -->\nkept\n<!-- end of y -->"
    )
    new = guide.updated(text, "x", r"new \1")
    assert "old" not in new
    assert r"new \1" in new
    assert "kept" in new
    with pytest.raises(InputError, match="lost its markers"):
        guide.updated(text, "z", "")
