"""The instructor guide: its tables are those of the course, and what it names exists."""

from __future__ import annotations

import re

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
