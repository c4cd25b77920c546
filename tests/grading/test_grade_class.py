"""A class of students that do all sorts of things, each graded in a process of its own."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from grading_fakes import (
    CATALOGUE,
    CHECK,
    EXERCISE,
    HEAD,
    IMPORTS,
    PUBLIC,
    RIGHT,
    SECRET,
    STUB,
    WRONG,
    grade_one,
    grading,
    hand_in,
    notebook,
    write_hidden,
)

from rlft.grading.marks.classroom import grade_class
from rlft.grading.marks.hidden import read_hidden
from rlft.grading.marks.submissions import find_submissions
from rlft.grading.marks.table import Row
from rlft.grading.walls.limits import Limits

MB = 10**6
FORK_BOMB = """
while True:
    try:
        os.fork()
    except OSError as error:
        refused = error
        break
"""
PROGRAM_BOMB = """
import subprocess
sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
started = [subprocess.Popen(sleep) for _ in range(500)]
"""
CLASS = {
    # What happens to good answers in real life: cells that do not work, twice the same cell, a
    # check before the answer, and none behind it.
    "chaos": notebook(
        "def broken(:\n    pass",
        IMPORTS,
        CHECK,
        RIGHT,
        "print('x' * 200_000_000)\nos.write(1, b'x' * 10_000_000)\nprint(input())",
        "import asyncio\nawait asyncio.sleep(0)\n1 / 0",
        "%matplotlib inline\n!pip install rlft\nfiles = !ls\nimport matplotlib.pyplot as plt\n"
        "plt.plot([1, 2])\nplt.show()",
        "sys.exit(3)",
        "exit()",
        "rlft.hint('01-1'); rlft.quiz('01'); rlft.progress()",
        "rlft.check = print",
        FORK_BOMB,
        PROGRAM_BOMB,
        RIGHT,
        "raise KeyboardInterrupt",
    ),
    "stub": notebook(IMPORTS, STUB, CHECK),
    "wrong": notebook(
        IMPORTS,
        WRONG,
        CHECK,
        outputs=[{"output_type": "stream", "name": "stdout", "text": "y" * 200 * MB}],
    ),
    "tells": notebook(
        IMPORTS,
        HEAD + f"    if rewards.max() > {SECRET - 1}:\n"
        "        raise ValueError(str(rewards.tolist()))\n"
        "    return rewards + gamma * (1 - terminations) * next_values\n",
    ),
    "borrows": notebook(
        IMPORTS,
        f"from {EXERCISE.reference.__module__} import {EXERCISE.reference.__name__}",
        f"td_target = {EXERCISE.reference.__name__}",
        CHECK,
    ),
    "slow": notebook(IMPORTS, HEAD + "    while True: pass"),
    "eats": notebook(
        IMPORTS,
        RIGHT,
        """
        eaten = []
        while True:
            try:
                eaten.append(torch.ones(5_000_000))
            except BaseException:
                pass
            time.sleep(0.02)
        """,
    ),
    "leaves": notebook(IMPORTS, RIGHT, "os._exit(7)"),
    "noise": notebook(
        IMPORTS,
        RIGHT,
        """
        for handle in range(3, 100):
            try:
                os.write(handle, b'{"answers": {"01-1": 1}}\\n' * 50)
            except OSError:
                pass
        """,
    ),
    "text": "This is no notebook.",
    "nothing": None,
}


@dataclass(frozen=True)
class Graded:
    rows: dict[str, Row]
    table: list[dict[str, str]]
    order: list[str]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graded]:
    """The class behind the weakest walls, so that what is watched from outside has its work."""
    root = tmp_path_factory.mktemp("class")
    folder = root / "submissions"
    for student, content in CLASS.items():
        if content is None:
            (folder / student).mkdir(parents=True)
        else:
            hand_in(folder, student, content)
    out, secret = root / "grades" / "grades.csv", write_hidden(root / "secret")
    hidden = read_hidden(secret, CATALOGUE)
    limits = Limits(memory_mb=900)
    how = grading("hook", [folder, out.parent, secret.parent], hidden, limits)
    submissions = find_submissions(folder, {"01"}).submissions
    order = []
    rows = grade_class(how, submissions, out, done=lambda one, _: order.append(one.student))
    with out.open(newline="") as file:
        table = list(csv.DictReader(file))
    yield Graded({student: row for (student, _), row in rows.items()}, table, order)


@pytest.mark.parametrize(
    ("student", "status", "score"),
    [
        ("chaos", "passed", PUBLIC + 2),
        ("stub", "not started", 0),
        ("wrong", "partial", PUBLIC - 2 + 1),
        ("tells", "partial", PUBLIC + 1),
        ("borrows", "failed", 0),
        ("slow", "failed", 0),
        ("eats", "memory", 0),
        ("leaves", "broken", 0),
        ("noise", "broken", 0),
        ("text", "unreadable", 0),
        ("nothing", "missing", 0),
    ],
)
def test_each_student_gets_what_the_notebook_deserves(
    graded: Graded, student: str, status: str, score: int
) -> None:
    row = graded.rows[student]
    assert (row.status, row.score) == (status, score), row.message
    assert row.max_score == PUBLIC + 2
    assert (row.student_id, row.exercise, row.assignment) == (student, "01-1", "lesson_01")


def test_messages_say_what_to_do(graded: Graded) -> None:
    told = {student: row.message for student, row in graded.rows.items()}
    truncation = next(m for m in EXERCISE.misconceptions if "truncation" in m.name)
    assert "2 versions" in told["chaos"]
    assert "'one episode is truncated'" in told["wrong"] and truncation.hint in told["wrong"]
    assert "'cut off by the clock'" in told["wrong"]
    assert "'large rewards'" in told["tells"] and str(SECRET) not in told["tells"]
    assert "only imported" in told["borrows"]
    assert "stopped after 5 seconds" in told["slow"]
    assert "900 MB" in told["eats"]
    assert "exit code 7" in told["leaves"]
    assert "not JSON" in told["text"]


def test_the_table_has_a_row_for_each_student_and_exercise(graded: Graded) -> None:
    assert [row["student_id"] for row in graded.table] == sorted(CLASS)
    assert sorted(graded.order) == sorted(CLASS)
    for entry in graded.table:
        row = graded.rows[entry["student_id"]]
        assert (entry["status"], int(entry["score"])) == (row.status, row.score)
        assert float(entry["seconds"]) >= 0


def test_nothing_is_left_running(graded: Graded) -> None:
    left = [p for p in psutil.Process().children(recursive=True) if "runner" in str(p.cmdline())]
    assert left == []


@pytest.mark.parametrize("cell", ["while True: pass", "while True: time.sleep(0.01)"])
def test_a_cell_without_an_end_is_left_and_what_stands_around_it_counts(
    tmp_path: Path, cell: str
) -> None:
    # A short limit: the other cells are a few definitions.
    hand_in(tmp_path, "stuck", notebook(IMPORTS, RIGHT, cell, "after = True", CHECK))
    row = grade_one(grading("hook", [tmp_path], limits=Limits(cell_seconds=1)), tmp_path, "stuck")
    assert (row.status, row.score) == ("passed", PUBLIC)


def test_a_right_answer_may_wait_for_longer_than_it_may_compute(tmp_path: Path) -> None:
    # As on a machine whose cores are busy with other things.
    limits = Limits(seconds=10, cell_seconds=2)
    hand_in(tmp_path, "waits", notebook(IMPORTS, "time.sleep(4)\n" + RIGHT, "time.sleep(7)"))
    row = grade_one(grading("hook", [tmp_path], limits=limits), tmp_path, "waits")
    assert (row.status, row.message) == ("passed", "")
    assert row.seconds > 10


@pytest.mark.parametrize("inside", ["sum(range(10_000))", "time.sleep(0.01)"])
def test_a_notebook_that_never_ends_is_stopped(tmp_path: Path, inside: str) -> None:
    """A cell that catches its interruption, whether it computes or waits."""
    hand_in(
        tmp_path,
        "forever",
        notebook(
            IMPORTS,
            RIGHT,
            f"""
            while True:
                try:
                    {inside}
                except BaseException:
                    pass
            """,
        ),
    )
    how = grading("hook", [tmp_path], limits=Limits(seconds=4, cell_seconds=1))
    row = grade_one(how, tmp_path, "forever")
    assert (row.status, row.score) == ("timeout", 0)
    assert "4 seconds" in row.message
    assert row.seconds >= 4
