"""Progress: counted, kept, carried to another machine, and never lost."""

from __future__ import annotations

import json

import pytest

import rlft
from rlft.core.errors import InputError
from rlft.course.catalogue import all_exercises
from rlft.course.notebook.overview import overview_html, overview_text
from rlft.course.notebook.progress import (
    Done,
    Progress,
    merge,
    own_progress,
    progress_file,
    read_progress,
    write_progress,
)


@pytest.fixture(autouse=True)
def own_file(monkeypatch, tmp_path):
    monkeypatch.setenv("RLFT_PROGRESS", str(tmp_path / "own" / "progress.json"))
    return tmp_path


def test_the_first_pass_is_kept_when_later_attempts_fail():
    done = Progress()
    done.checked("01-1", passed=False)
    assert done.exercises["01-1"] == Done(attempts=1)
    done.checked("01-1", passed=True)
    first = done.exercises["01-1"].passed
    assert first.startswith("20")
    done.checked("01-1", passed=False)
    assert done.exercises["01-1"] == Done(attempts=3, passed=first)


def test_what_is_written_is_read_again(tmp_path):
    done = Progress({"01-1": Done(2, 1, "2026-01-01T00:00:00+00:00")}, {"03": [1, 3]})
    write_progress(done, tmp_path / "new" / "p.json")
    assert read_progress(tmp_path / "new" / "p.json") == done


def test_a_file_that_cannot_be_read_is_put_aside_and_not_overwritten(capsys):
    progress_file().parent.mkdir()
    progress_file().write_text("{ half a fi")
    assert own_progress() == Progress()
    assert "starts afresh; the old file is" in capsys.readouterr().out
    aside = progress_file().with_suffix(".unreadable.json")
    assert aside.read_text() == "{ half a fi"
    assert not progress_file().exists()


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"format": 2, "exercises": {}, "quizzes": {}}', '{"format": 1}',
     '{"format": 1, "exercises": {"01-1": {"grade": 6}}, "quizzes": {}}',
     '{"format": 1, "exercises": {}, "quizzes": {"03": ["x"]}}'],
)  # fmt: skip
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "p.json").write_text(content)
    with pytest.raises(InputError, match="is not a file of progress"):
        read_progress(tmp_path / "p.json")


def test_merging_loses_nothing():
    here = Progress({"01-1": Done(3, 0, "2026-02-01"), "01-2": Done(1, 2)}, {"03": [1]})
    there = Progress({"01-1": Done(1, 1, "2026-01-01"), "01-3": Done(1, 0, "2026-03-01")},
                     {"03": [2], "04": [1]})  # fmt: skip
    both = merge(here, there)
    assert both.exercises == {
        "01-1": Done(3, 1, "2026-01-01"),
        "01-2": Done(1, 2),
        "01-3": Done(1, 0, "2026-03-01"),
    }
    assert both.quizzes == {"03": [1, 2], "04": [1]}
    assert merge(both, both) == both


def test_progress_is_saved_and_loaded_on_another_machine(tmp_path, monkeypatch, capsys):
    exercise = all_exercises()["01-1"]
    rlft.check("01-1", exercise.reference)
    rlft.hint("01-1")
    rlft.progress(save=tmp_path / "carried.json")
    assert json.loads((tmp_path / "carried.json").read_text())["exercises"]["01-1"]["hints"] == 1
    monkeypatch.setenv("RLFT_PROGRESS", str(tmp_path / "elsewhere.json"))
    capsys.readouterr()
    rlft.progress()
    assert "0 of" in capsys.readouterr().out
    rlft.progress(load=tmp_path / "carried.json")
    assert "1 of" in capsys.readouterr().out
    assert own_progress().exercises["01-1"].passed


def test_a_wrong_file_to_load_is_said_and_changes_nothing(tmp_path, capsys):
    rlft.hint("01-1")
    before = progress_file().read_text()
    rlft.progress(load=tmp_path / "nowhere.json")
    assert "is not a file of progress" in capsys.readouterr().out
    assert progress_file().read_text() == before


def test_the_overview_tells_passed_from_tried_and_from_open():
    exercises = list(all_exercises().values())[:3]
    done = Progress({exercises[0].id: Done(2, 1, "2026-01-01"), exercises[1].id: Done(4)})
    lines = overview_text(done, exercises).splitlines()
    assert lines[0] == f"1 of {len(exercises)} exercises passed; 0 quiz questions answered right"
    assert [line[0] for line in lines[2:]] == ["✓", "·", "○"][: len(exercises)]
    assert exercises[0].title in overview_html(done, exercises)
