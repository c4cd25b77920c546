"""Notebooks that a class hands in: good ones, poor ones, and some that attack the grader."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rlft.course.catalogue import find_exercise
from rlft.grading.marks.classroom import Grading, grade_submission
from rlft.grading.marks.hidden import NOTHING, Hidden
from rlft.grading.marks.submissions import find_submissions
from rlft.grading.marks.table import Row
from rlft.grading.walls.limits import Limits
from rlft.grading.walls.sandbox import Level, make_sandbox

# One exercise only, whatever else the course has.
EXERCISE = find_exercise("01-1")
CATALOGUE = {EXERCISE.id: EXERCISE}
PUBLIC = len(EXERCISE.cases)
HEAD = "def td_target(rewards, terminations, truncations, next_values, gamma):\n"
RIGHT = HEAD + "    return rewards + gamma * (1 - terminations) * next_values\n"
STUB = HEAD + "    # Your turn.\n    raise NotImplementedError('yours to write')\n"
WRONG = HEAD + (
    "    over = torch.maximum(terminations, truncations)\n"
    "    return rewards + gamma * (1 - over) * next_values\n"
)
IMPORTS = "import os, sys, time\nimport torch\nimport rlft"
CHECK = 'rlft.check("01-1", td_target)'
SECRET = 123.25  # stands in hidden cases only
HIDDEN = {
    "01-1": [
        {"name": "large rewards", "arguments": {"rewards": [[SECRET, -SECRET, 0.0]]}},
        {
            "name": "cut off by the clock",
            "like": "one episode is truncated",
            "arguments": {"truncations": [[1, 1, 1]], "gamma": 0.5},
        },
    ]
}


def notebook(*cells: str, outputs: Sequence[Any] = ()) -> str:
    """A notebook file with these code cells; the first one stores the outputs."""
    made = [
        {
            "cell_type": "code",
            "id": f"cell-{i}",
            "metadata": {},
            "execution_count": None,
            "source": textwrap.dedent(cell).splitlines(keepends=True),
            "outputs": list(outputs) if i == 0 else [],
        }
        for i, cell in enumerate(cells)
    ]
    text = {"cell_type": "markdown", "id": "text", "metadata": {}, "source": "## 01-1 · A title"}
    return json.dumps({"cells": [text, *made], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def hand_in(folder: Path, student: str, content: str | bytes) -> Path:
    """Writes a student's file for lesson 01."""
    path = folder / student / "01_offline_pessimism.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def write_hidden(folder: Path, content: Any = HIDDEN) -> Path:
    """A file of hidden cases in a folder of its own; a text is written as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "hidden.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def grading(
    level: Level,
    closed: Sequence[Path],
    hidden: Hidden = NOTHING,
    limits: Limits | None = None,
) -> Grading:
    """A grading of the one exercise."""
    sandbox = make_sandbox(closed, level)
    return Grading(CATALOGUE, sandbox, limits or Limits(), hidden)


def grade_one(how: Grading, folder: Path, student: str) -> Row:
    """Grades one student of a folder, without a table."""
    (one,) = [s for s in find_submissions(folder, {"01"}).submissions if s.student == student]
    (row,) = grade_submission(how, one)
    return row


# Each attack is a function that returns true if it got what it wanted. AIMS is filled in by a test.
ATTACKS = '''
import json, os, socket, subprocess, sys
AIMS = json.loads("""@AIMS@""")

def reads(path):
    with open(path) as file:
        return "SECRET" in file.read() or True

def writes(path):
    with open(path, "a") as file:
        file.write("x")
    return True

def walks():
    for folder, _, names in os.walk(AIMS["root"]):
        for name in names:
            try:
                if "123.25" in open(os.path.join(folder, name)).read():
                    return True
            except (OSError, UnicodeDecodeError):
                pass
    return False

def forks():
    if not (child := os.fork()):
        os._exit(0)
    os.waitpid(child, 0)
    return True

def connects():
    with socket.create_connection(("127.0.0.1", AIMS["port"]), timeout=60):
        return True

def removes():
    os.remove(AIMS["victim"])
    return True

def moves():
    os.rename(AIMS["victim_2"], "mine")
    return True

def changes_rights():
    os.chmod(AIMS["home"], 0o700)
    return True

PLAIN = {
    "reads hidden cases": lambda: reads(AIMS["hidden"]),
    "reads another submission": lambda: reads(AIMS["other"]),
    "reads the grades": lambda: reads(AIMS["out"]),
    "walks to hidden cases": walks,
    "writes into a home folder": lambda: writes(AIMS["home"] + "/python"),
    "writes into the submissions": lambda: writes(AIMS["other"]),
    "makes a folder": lambda: os.mkdir(AIMS["home"] + "/folder") is None,
    "makes a link": lambda: os.symlink("/", AIMS["home"] + "/link") is None,
    "removes": removes,
    "moves": moves,
    "changes rights": changes_rights,
    "forks": forks,
    "starts a program": lambda: subprocess.run(["true"]).returncode == 0,
    "starts a shell": lambda: os.system("true") == 0,
    "connects": connects,
}

def find_c():
    """The C library, without asking for it by name: what an audit hook does not see."""
    import ctypes
    return ctypes.pythonapi

def c_opens(path, flags):
    return find_c().open(path.encode(), flags, 0o600) >= 0

def c_forks():
    child = find_c().fork()
    if child == 0:
        find_c()._exit(0)
    return child > 0

def c_connects():
    import ctypes, struct
    handle = find_c().socket(2, 1, 0)
    address = struct.pack("=H", 2) + struct.pack(">H", AIMS["port"]) + bytes((127, 0, 0, 1))
    return handle >= 0 and find_c().connect(handle, address + bytes(8), 16) == 0

EXPERT = {
    "C reads hidden cases": lambda: c_opens(AIMS["hidden"], os.O_RDONLY),
    "C reads another submission": lambda: c_opens(AIMS["other"], os.O_RDONLY),
    "C reads the grader's memory": lambda: c_opens(f"/proc/{os.getppid()}/environ", os.O_RDONLY),
    "C writes": lambda: c_opens(AIMS["home"] + "/c", os.O_WRONLY | os.O_CREAT),
    "C forks": c_forks,
    "C connects": c_connects,
    "C signals": lambda: find_c().kill(os.getppid(), 0) == 0,
}

def attack(attacks):
    succeeded = []
    for name, aim in attacks.items():
        try:
            if aim():
                succeeded.append(name)
        except Exception:
            pass
    return succeeded
'''


def attacks(aims: dict[str, Any]) -> str:
    """The code of all attacks on these aims."""
    return ATTACKS.replace("@AIMS@", json.dumps(aims))
