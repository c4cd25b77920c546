"""`rlft grade`: what is graded again and what is kept, and the command line."""

from __future__ import annotations

import csv
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import tyro
from grading_fakes import (
    CATALOGUE,
    CHECK,
    EXERCISE,
    IMPORTS,
    RIGHT,
    grading,
    hand_in,
    notebook,
    write_hidden,
)

from rlft.core.errors import InputError
from rlft.course.catalogue import all_exercises
from rlft.course.exercise import Exercise
from rlft.grading.marks import classroom
from rlft.grading.marks.classroom import Grading, grade_class
from rlft.grading.marks.command import Grade, summary
from rlft.grading.marks.hidden import read_hidden
from rlft.grading.marks.marking import Mark
from rlft.grading.marks.submissions import Submission, find_submissions
from rlft.grading.marks.table import read_table
from rlft.grading.process.child import Child, scratch_folder
from rlft.grading.walls.limits import Limits

STUDENTS = ("ana", "bo", "cy", "dora")


@pytest.fixture
def class_folder(tmp_path: Path) -> Path:
    for student in STUDENTS:
        hand_in(tmp_path / "submissions", student, student)
    (tmp_path / "submissions" / "absent").mkdir()
    return tmp_path / "submissions"


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The notebooks that were run, which here costs nothing; one that says SLOW is stopped."""
    texts: list[str] = []

    def mark(how: Grading, path: Path, exercises: object) -> dict[str, Mark]:
        text = path.read_text()
        texts.append(text)
        time.sleep(0.01)
        if text == "INTERRUPT":
            raise KeyboardInterrupt
        if text == "SLOW":
            return {EXERCISE.id: Mark(0, 5, "timeout", "slow")}
        return {EXERCISE.id: Mark(5, 5, "passed", "")}

    monkeypatch.setattr(classroom, "_mark", mark)
    return texts


def grade(folder: Path, how: Grading | None = None, **options: object) -> dict:
    submissions = find_submissions(folder, {"01"}).submissions
    how = how or grading("hook", [])
    return grade_class(how, submissions, folder.parent / "grades.csv", **options)  # type: ignore[arg-type]


def test_what_has_not_changed_is_kept(class_folder: Path, ran: list[str]) -> None:
    first = grade(class_folder)
    assert sorted(ran) == sorted(STUDENTS)
    assert first["absent", "01-1"].status == "missing"
    ran.clear()
    assert grade(class_folder) == first
    assert ran == []
    hand_in(class_folder, "bo", "better")
    hand_in(class_folder, "absent", "late")
    assert grade(class_folder)["absent", "01-1"].status == "passed"
    assert sorted(ran) == ["better", "late"]
    ran.clear()
    grade(class_folder, again=True)
    assert len(ran) == 5


def test_new_hidden_cases_and_limits_count(class_folder: Path, ran: list[str]) -> None:
    hand_in(class_folder, "cy", "SLOW")
    grade(class_folder)
    ran.clear()
    grade(class_folder, grading("hook", [], limits=Limits(seconds=600)))
    assert ran == ["SLOW"]
    ran.clear()
    secret = write_hidden(class_folder.parent / "secret")
    hidden = read_hidden(secret, CATALOGUE)
    grade(class_folder, grading("hook", [], hidden, Limits(seconds=600)))
    assert len(ran) == 4


def test_a_changed_course_counts(
    class_folder: Path, ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    grade(class_folder)
    ran.clear()
    monkeypatch.setattr("rlft.grading.marks.table._course", lambda: "another version")
    grade(class_folder)
    assert len(ran) == 4


def test_an_interrupted_class_goes_on_where_it_was(
    class_folder: Path, ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        hand_in(class_folder, f"student {number:02}", f"student {number:02}")
    how = grading("hook", [])
    mark, seen = classroom._mark, []

    def held(how: Grading, path: Path, exercises: Sequence[Exercise]) -> dict[str, Mark]:
        if path.parent.name == "student 20":  # the class is not through before the interruption
            how.stop.wait()
        return mark(how, path, exercises)

    def interrupt(submission: object, rows: object) -> None:
        seen.append(submission)
        if len(seen) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(classroom, "_mark", held)
    with pytest.raises(KeyboardInterrupt):
        grade(class_folder, how, workers=1, done=interrupt)
    monkeypatch.setattr(classroom, "_mark", mark)
    assert how.stop.is_set()
    table = read_table(class_folder.parent / "grades.csv")
    assert 3 <= len(table) < 35
    ran.clear()
    rows = grade(class_folder)
    assert len(rows) == 35 and table.items() <= rows.items()
    assert len(ran) == 35 - len(table)


def test_each_notebook_is_kept_as_soon_as_it_is_done(class_folder: Path, ran: list[str]) -> None:
    # Nobody is told when the machine goes down.
    seen = []

    def look(submission: Submission, rows: object) -> None:
        seen.append(submission.student)
        table = read_table(class_folder.parent / "grades.csv") if submission.path else {}
        assert submission.path is None or (submission.student, "01-1") in table

    grade(class_folder, done=look)
    assert len(seen) == 5


def test_rows_of_others_stay(class_folder: Path, ran: list[str]) -> None:
    grade(class_folder)
    out = class_folder.parent / "grades.csv"
    text = out.read_text()
    out.write_text(
        text + "lesson_03,ana,03-1,1,5,partial,,1.0,,x\nlesson_01,gone,01-1,5,5,passed,,1,,x\n"
    )
    grade(class_folder, again=True)
    table = read_table(out)
    assert table["ana", "03-1"].score == 1 and ("gone", "01-1") in table


def test_the_file_is_read_only_as_far_as_it_may_be(
    class_folder: Path, ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classroom, "LARGEST_MB", 1e-6)
    (class_folder / "ana" / "01_offline_pessimism.ipynb").unlink()
    (class_folder / "ana" / "01_offline_pessimism.ipynb").symlink_to("/etc/passwd")
    rows = grade(class_folder)
    assert "clear its outputs" in rows["bo", "01-1"].message
    assert "link out of the folder" in rows["ana", "01-1"].message
    assert ran == []


def command(*arguments: object) -> None:
    tyro.cli(Grade, args=[str(argument) for argument in arguments]).run()


def test_the_command(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "submissions"
    hand_in(folder, "ana", notebook(IMPORTS, RIGHT, CHECK))
    (folder / "bo").mkdir()
    out = tmp_path / "out" / "grades.csv"
    hidden = write_hidden(tmp_path / "secret")
    command(folder, "--out", out, "--hidden", hidden, "--lessons", "01")
    printed, bar = capfd.readouterr()
    assert printed.startswith("Sandbox: ")
    lessons = [exercise for exercise in all_exercises().values() if exercise.lesson == "01"]
    assert "2 students, 2 notebooks" in printed
    most = len(EXERCISE.cases) + 2
    assert f"01-1  mean score {most / 2:.1f} of {most}, passed by 1 of 2" in printed
    assert "Seconds for each notebook: mean" in printed and "ana" in printed
    assert "2/2" in bar
    with out.open() as file:
        assert len(list(csv.DictReader(file))) == 2 * len(lessons)
    command(folder, "--out", out, "--hidden", hidden)  # in no time
    assert "2 students" in capfd.readouterr().out


def test_an_interruption_says_how_to_go_on(
    class_folder: Path, ran: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    hand_in(class_folder, "ana", "INTERRUPT")
    with pytest.raises(KeyboardInterrupt):
        command(class_folder, "--out", class_folder.parent / "grades.csv", "--workers", 1)
    assert "The same command goes on" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--workers", "0"], "workers=0.*1 or more"),
        (["--seconds", "nan"], "seconds=nan.*1 or more"),
        (["--seconds", "inf"], "seconds=inf.*finite"),
        (["--memory-mb", "10"], "memory_mb=10.*600 or more"),
        (["--out", "{root}"], "name a file in it"),
        (["--out", "{root}/submissions/ana/01_offline_pessimism.ipynb"], "no table of grades"),
        (["--hidden", "{root}/none.json"], "cannot be read"),
        (["--lessons", "99"], "lesson '99'"),
    ],
)
def test_options_that_cannot_be_used(
    class_folder: Path, ran: list[str], options: list[str], message: str
) -> None:
    given = [option.format(root=class_folder.parent) for option in options]
    if "--out" not in given:
        given += ["--out", str(class_folder.parent / "grades.csv")]
    with pytest.raises(InputError, match=message):
        command(class_folder, *given)
    assert ran == []


def test_the_summary_of_an_empty_class_has_no_seconds() -> None:
    assert summary([]) == ["0 students, 0 notebooks"]


def nest(folder: Path) -> None:
    """Folders in folders, deeper than Python's recursion."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)


def shut(folder: Path) -> None:
    (folder / "inner").mkdir()
    (folder / "inner" / "file").write_text("")
    (folder / "inner").chmod(0)


@pytest.mark.parametrize("spoil", [nest, shut])
def test_the_scratch_folder_goes_whatever_became_of_it(spoil: Callable[[Path], None]) -> None:
    with scratch_folder() as folder:
        before = folder.parent.stat().st_mode
        spoil(folder)
    assert not folder.exists()
    assert folder.parent.stat().st_mode == before


def test_a_stop_ends_a_running_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(tmp_path, "ana", notebook("import time\ntime.sleep(600)"))
    how = grading("hook", [tmp_path])
    start_clock = Child.start_clock

    def soon(child: Child) -> None:
        start_clock(child)
        threading.Timer(0.5, how.stop.set).start()

    monkeypatch.setattr(Child, "start_clock", soon)
    (one,) = find_submissions(tmp_path, {"01"}).submissions
    with pytest.raises(classroom.Interrupted):
        classroom.grade_submission(how, one)
