"""Parts of grading that need no process: finding notebooks, hidden cases, the table, the watch."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from grading_fakes import CATALOGUE, EXERCISE, notebook, write_hidden

from rlft.core.errors import InputError
from rlft.course.exercise import Case
from rlft.grading.marks.hidden import read_hidden
from rlft.grading.marks.submissions import find_submissions
from rlft.grading.marks.table import COLUMNS, Row, digest_of, read_table, tidied, write_table
from rlft.grading.process.notebook import Unreadable, read_cells
from rlft.grading.walls.limits import TOKEN, Ended, Limits, Watch

KNOWN = ("01", "03", "05")
ROW = Row("lesson_01", "ana", "01-1", 3, 5, "partial", "text", 1.5, "", "digest")


def place(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")
    return folder


# --- finding -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "student", "assignment"),
    [
        ("ana/03_values.ipynb", "ana", "lesson_03"),
        ("ana/03 values (1).ipynb", "ana", "lesson_03"),
        ("ana/homework 3/03_values.ipynb", "ana", "homework 3"),
        ("ana__03_values.ipynb", "ana", "lesson_03"),
        ("ana_03_values.ipynb", "ana", "lesson_03"),
        ("o_neil_77_03_values.ipynb", "o_neil_77", "lesson_03"),
        ("ana_01__03_values.ipynb", "ana_01", "lesson_03"),
    ],
)
def test_layouts(tmp_path: Path, name: str, student: str, assignment: str) -> None:
    found = find_submissions(place(tmp_path, name), KNOWN)
    (one,) = found.submissions
    assert (one.student, one.lesson, one.assignment) == (student, "03", assignment)
    assert one.path == tmp_path / name and one.refused == "" and found.left_out == ()


def test_every_student_has_every_lesson_that_anybody_handed_in(tmp_path: Path) -> None:
    place(
        tmp_path,
        "ana/03_a.ipynb",
        "bo/05_b.ipynb",
        "cy/readme.txt",
        "bo/.ipynb_checkpoints/03_a.ipynb",
        "__MACOSX/ana/03_a.ipynb",
        "bo/notes.ipynb",
        "bo/09_unknown.ipynb",
    )
    found = find_submissions(tmp_path, KNOWN)
    got = [(one.student, one.lesson, one.path is not None) for one in found.submissions]
    assert got == [
        ("ana", "03", True),
        ("ana", "05", False),
        ("bo", "03", False),
        ("bo", "05", True),
        ("cy", "03", False),
        ("cy", "05", False),
    ]
    assert [path.name for path in found.left_out] == ["09_unknown.ipynb", "notes.ipynb"]
    wanted = find_submissions(tmp_path, KNOWN, ["01"]).submissions
    assert [(one.student, one.path) for one in wanted] == [
        ("ana", None),
        ("bo", None),
        ("cy", None),
    ]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["ana/readme.txt"], "no notebook of a lesson"),
        (["ana/03_a.ipynb", "ana/03_b.ipynb"], "03_a.ipynb and ana/03_b.ipynb"),
        (["ana/03_a.ipynb", "ana/hw/03_a.ipynb"], "Several notebooks"),
        (["ana_01_03_a.ipynb"], r"any of \['01', '03'\]"),
    ],
)
def test_folders_that_cannot_be_graded(tmp_path: Path, names: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_submissions(place(tmp_path, *names), KNOWN)


def test_folders_and_lessons_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        find_submissions(tmp_path / "nowhere", KNOWN)
    with pytest.raises(InputError, match=r"lesson '02'.*Known: 01, 03"):
        find_submissions(tmp_path, KNOWN, ["02"])


def test_links_out_of_the_folder_and_pipes_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "own.ipynb").write_text("{}")
    folder = place(tmp_path / "class", "cy/03_a.ipynb")
    for student in ("ana", "bo"):
        (folder / student).mkdir()
    (folder / "ana" / "03_a.ipynb").symlink_to(tmp_path / "own.ipynb")
    os.mkfifo(folder / "bo" / "03_a.ipynb")
    (folder / "dora").symlink_to(tmp_path)
    found = {one.student: one for one in find_submissions(folder, KNOWN).submissions}
    assert "link out of the folder" in found["ana"].refused
    assert "no regular file" in found["bo"].refused
    assert found["cy"].refused == "" and found["dora"].path is None


# --- hidden cases --------------------------------------------------------------------------


def test_hidden_cases_take_over_what_they_do_not_say(tmp_path: Path) -> None:
    hidden = read_hidden(write_hidden(tmp_path), CATALOGUE)
    first, second = hidden.cases[EXERCISE.id]
    assert first.like == EXERCISE.cases[0].name and set(first.given) == {"rewards"}
    assert second.given["truncations"].dtype == torch.float32
    expected = second.case.arguments["rewards"] + 0.5 * second.case.arguments["next_values"]
    assert torch.equal(second.expected.value, expected)


def test_arguments_get_the_types_of_the_public_case(tmp_path: Path) -> None:
    like = {
        "floats": torch.zeros(2),
        "whole": torch.zeros(2, dtype=torch.int64),
        "array": np.zeros((1, 2), dtype=np.float32),
        "pair": (1.0, torch.zeros(1)),
        "parts": {"a": np.zeros(1, dtype=bool)},
        "number": 0.5,
        "flag": True,
        "word": "x",
        "call": print,
    }
    exercise = replace(
        EXERCISE,
        reference=lambda **given: given,
        cases=(Case("one", like), Case("two", like)),
    )
    given = {
        "floats": [1, 2, 3],
        "whole": [1.0, 2.0],
        "array": [[1, 2], [3, 4]],
        "pair": [2, [3]],
        "parts": {"a": [1]},
        "number": 2,
        "flag": False,
        "word": "y",
    }
    content = {EXERCISE.id: [{"name": "new", "arguments": given}]}
    (made,) = read_hidden(write_hidden(tmp_path, content), {EXERCISE.id: exercise}).cases["01-1"]
    got = made.given
    assert got["floats"].dtype == torch.float32 and got["floats"].tolist() == [1, 2, 3]
    assert got["whole"].dtype == torch.int64
    assert got["array"].dtype == np.float32 and got["array"].shape == (2, 2)
    assert got["pair"][0] == 2.0 and isinstance(got["pair"], tuple)
    assert got["pair"][1].dtype == torch.float32
    assert got["parts"]["a"].dtype == bool
    assert type(got["number"]) is float and got["flag"] is False
    for key, wrong in (
        ("floats", [[1.0]]),
        ("floats", "text"),
        ("floats", [[1.0], [1.0, 2.0]]),
        ("whole", [0.5]),
        ("pair", 1),
        ("parts", {"b": [1]}),
        ("number", True),
        ("flag", 1),
        ("call", "print"),
    ):
        content = {EXERCISE.id: [{"name": "new", "arguments": {key: wrong}}]}
        with pytest.raises(InputError, match=f"argument '{key}'"):
            read_hidden(write_hidden(tmp_path, content), {EXERCISE.id: exercise})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read"),
        ([], "expected a mapping"),
        ({"99-1": []}, "Unknown exercise '99-1'"),
        ({"01-1": {}}, "expected a list"),
        ({"01-1": [{}]}, "Hidden case 1 of 01-1"),
        ({"01-1": [{"name": "a"}]}, "expected 'arguments'"),
        ({"01-1": [{"name": "a", "arguments": {"q": 1}}]}, "argument 'q'.*Known.*of 01-1"),
        ({"01-1": [{"name": "a", "arguments": {"gamma": 1}, "like": "b"}]}, "like 'b'.*Known"),
        ({"01-1": [{"name": "a", "arguments": {"gamma": 1}, "expect": 1}]}, "'expect'"),
        ({"01-1": [{"name": "a", "arguments": {"gamma": 1}}] * 2}, "a name stands twice"),
        (
            {"01-1": [{"name": EXERCISE.cases[0].name, "arguments": {"gamma": 1}}]},
            "that of a public case",
        ),
        ({"01-1": [{"name": "a", "arguments": {"rewards": [[1, 2]]}}]}, "the reference fails"),
    ],
)
def test_hidden_files_that_cannot_be_used(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_hidden(write_hidden(tmp_path, content), CATALOGUE)


# --- the table -----------------------------------------------------------------------------


def test_rows_come_back_and_spreadsheets_compute_nothing(tmp_path: Path) -> None:
    rows = [
        replace(ROW, message='=HYPERLINK("x")'),
        replace(ROW, student_id="-bo", message='two, "quoted"'),
        replace(ROW, student_id="Çelik 李", seconds=0.0),
        replace(ROW, student_id="odd\udce9name"),
    ]
    path = tmp_path / "deep" / "grades.csv"
    write_table(path, rows)
    assert read_table(path) == {(row.student_id, row.exercise): row for row in rows}
    text = path.read_text(errors="surrogateescape")
    assert text.splitlines()[0].split(",") == list(COLUMNS)
    for entry in csv.reader(text.splitlines()[1:]):
        assert not any(value.startswith(("=", "+", "-", "@")) for value in entry)


def test_nbgraders_columns_have_their_names() -> None:
    # Of its export plugin; those about people and due dates are not known here.
    assert {"assignment", "timestamp", "student_id", "score", "max_score"} <= set(COLUMNS)


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n",
        "\0\1\2",
        ",".join(COLUMNS) + "\nlesson_01,ana,1-Jan,3,5,passed,,1,,x\n",
        ",".join(COLUMNS) + "\nlesson_01,ana,01-1,3,5,fine,,1,,x\n",
        ",".join(COLUMNS) + "\nlesson_01,ana,01-1,three,5,passed,,1,,x\n",
    ],
)
def test_other_files_are_not_overwritten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "grades.csv"
    path.write_text(text)
    with pytest.raises(InputError, match="no table of grades"):
        read_table(path)


def test_a_table_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="--out"):
        write_table(tmp_path / "file" / "grades.csv", [])


def test_digests_follow_what_decides() -> None:
    base = digest_of(b"a", {}, {"seconds": 1}, "passed")
    assert base == digest_of(b"a", {}, {"seconds": 2}, "passed")
    assert base != digest_of(b"b", {}, {"seconds": 1}, "passed")
    assert base != digest_of(b"a", {"01-1": []}, {"seconds": 1}, "passed")
    slow = [digest_of(b"a", {}, {"seconds": seconds}, "timeout") for seconds in (1, 2)]
    assert slow[0] != slow[1]


def test_messages_are_one_line_of_text() -> None:
    assert tidied("a\n\tb\x1b[31m\u202e \ud800") == "a b [31m ?"
    assert len(tidied("x" * 10_000)) == 600


# --- notebooks -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not JSON"),
        (b"\x80\x81", "not JSON"),
        (b"<<<<<<< HEAD\n{}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no notebook"),
        (b'{"cells": {}}', "no notebook"),
    ],
)
def test_files_that_are_no_notebooks(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(Unreadable, match=message):
        read_cells(tmp_path / "file")


def test_odd_cells_are_passed_over(tmp_path: Path) -> None:
    content = json.loads(notebook("a = 1\nb = 2"))
    content["cells"] += [1, None, {}, {"cell_type": "code"}, {"cell_type": "code", "source": [1]}]
    content["cells"].append({"cell_type": "code", "source": "c = 3"})
    (tmp_path / "file").write_bytes(b"\xef\xbb\xbf" + json.dumps(content).encode())
    assert read_cells(tmp_path / "file") == ["a = 1\nb = 2", "", "", "c = 3"]


# --- the watch -----------------------------------------------------------------------------

# Starts processes that start the next one and end, each in a session of its own, so that nobody's
# children they are; and some that stay.
RUNAWAY = """
import os, time
for _ in range(12):
    if os.fork() == 0:
        time.sleep(300)
        os._exit(0)
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            time.sleep(300)
        os._exit(0)
print("ready", flush=True)
time.sleep(300)
"""


def ours(token: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(TOKEN) == token and process.status() != "zombie":
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_the_watch_finds_and_ends_all_processes(tmp_path: Path) -> None:
    token = f"test-{tmp_path}"
    process = subprocess.Popen(
        [sys.executable, "-c", RUNAWAY],
        stdout=subprocess.PIPE,
        env={TOKEN: token},
        start_new_session=True,
    )
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    watch = Watch(process.pid, tmp_path, Limits(processes=10), token)
    with pytest.raises(Ended) as ended:
        watch.check()
    assert ended.value.status == "processes"
    deadline = time.monotonic() + 200  # for a busy machine; it takes no second on a quiet one
    while len(ours(token)) != 16 and time.monotonic() < deadline:  # until the ones between ended
        time.sleep(0.05)
    assert len(ours(token)) == 16
    watch.end()
    process.wait()
    while ours(token) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert ours(token) == []
    watch.end()  # once more does no harm


def test_the_watch_counts_memory_and_files(tmp_path: Path) -> None:
    hold = "import time; held = b'x' * 60_000_000; print(flush=True); time.sleep(300)"
    process = subprocess.Popen(
        [sys.executable, "-c", hold], stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        Watch(process.pid, tmp_path, Limits(memory_mb=500), "").check()
        with pytest.raises(Ended) as ended:
            Watch(process.pid, tmp_path, Limits(memory_mb=50), "").check()
        assert ended.value.status == "memory"
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "large").write_bytes(b"x" * 3_000_000)
        watch = Watch(process.pid, tmp_path, Limits(files_mb=2), "")
        watch._next_look = 0.0
        with pytest.raises(Ended, match="2 MB of files"):
            watch.check()
    finally:
        Watch(process.pid, tmp_path, Limits(), "").end()
        process.wait()
