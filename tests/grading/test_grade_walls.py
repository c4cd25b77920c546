"""What the walls around a notebook keep in, at every level that this machine has."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from grading_fakes import (
    CATALOGUE,
    IMPORTS,
    STUB,
    attacks,
    grade_one,
    grading,
    hand_in,
    notebook,
    write_hidden,
)

from rlft.core.errors import InputError
from rlft.grading.marks.hidden import read_hidden
from rlft.grading.walls.hook import make_hook
from rlft.grading.walls.sandbox import LEVELS, Level, available_levels, make_sandbox

AVAILABLE = available_levels()


@dataclass(frozen=True)
class World:
    """A class folder with things around it that no notebook may touch."""

    root: Path
    aims: dict[str, Any]
    server: socket.socket

    def closed(self) -> list[Path]:
        return [self.root / name for name in ("submissions", "grades", "secret")]

    def untouched(self) -> None:
        """Fails if a file was made, changed or removed, or if somebody connected."""
        assert sorted(p.name for p in (self.root / "home").iterdir()) == ["victim", "victim_2"]
        assert (self.root / "home").stat().st_mode & 0o777 == 0o755
        assert Path(self.aims["other"]).read_text() == "other"
        with pytest.raises(BlockingIOError):
            self.server.accept()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    other = hand_in(tmp_path / "submissions", "other", "other")
    (tmp_path / "home").mkdir(mode=0o755)
    (tmp_path / "grades").mkdir()
    (tmp_path / "grades" / "grades.csv").write_text("x")
    for name in ("victim", "victim_2"):
        (tmp_path / "home" / name).write_text("x")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        aims = {
            "root": str(tmp_path),
            "hidden": str(write_hidden(tmp_path / "secret")),
            "other": str(other),
            "out": str(tmp_path / "grades" / "grades.csv"),
            "home": str(tmp_path / "home"),
            "victim": str(tmp_path / "home" / "victim"),
            "victim_2": str(tmp_path / "home" / "victim_2"),
            "port": server.getsockname()[1],
        }
        yield World(tmp_path, aims, server)


def without_level(level: Level) -> None:
    if level not in AVAILABLE:
        pytest.skip(f"this machine has no {level}")


def test_without_walls_every_attack_succeeds(world: World, tmp_path: Path) -> None:
    # Otherwise the tests below could not fail.
    code = attacks(world.aims) + "\nprint(json.dumps(attack(PLAIN) + attack(EXPERT)))"
    work = tmp_path / "work"
    work.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=work, capture_output=True, text=True, check=True
    )
    names = {
        line.split('"')[1] for line in code.splitlines() if line[:5] == '    "' and '": ' in line
    }
    assert set(json.loads(done.stdout)) == names
    assert len(names) == 22


@pytest.mark.parametrize("level", LEVELS)
def test_no_attack_succeeds(world: World, level: Level) -> None:
    without_level(level)
    kinds = "attack(PLAIN)" if level == "hook" else "attack(PLAIN) + attack(EXPERT)"
    hand_in(
        world.root / "submissions",
        "attacker",
        notebook(
            IMPORTS,
            STUB,
            attacks(world.aims),
            f"succeeded = {kinds}\nraise RuntimeError('succeeded: ' + ', '.join(succeeded))",
        ),
    )
    hidden = read_hidden(Path(world.aims["hidden"]), CATALOGUE)
    row = grade_one(grading(level, world.closed(), hidden), world.root / "submissions", "attacker")
    assert row.status == "not started"
    assert row.message.endswith("code cell 4 raised RuntimeError: succeeded: .")
    world.untouched()


def test_bubblewrap_alone_hides_everything(world: World, tmp_path: Path) -> None:
    without_level("bubblewrap")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    code = attacks(world.aims) + (
        "\nopen('mine', 'w').write('x')"
        "\npids = [name for name in os.listdir('/proc') if name.isdecimal()]"
        "\nprint(json.dumps([attack(PLAIN) + attack(EXPERT), len(pids), os.listdir(AIMS['root'])]))"
    )
    sandbox = make_sandbox(world.closed(), "bubblewrap")
    done = subprocess.run(
        sandbox.command([sys.executable, "-c", code], scratch),
        capture_output=True,
        text=True,
        check=True,
    )
    succeeded, processes, seen = json.loads(done.stdout)
    # Processes of its own it may have; they die with it, and are counted from outside.
    own = {"forks", "starts a program", "starts a shell", "C forks", "C signals"}
    assert set(succeeded) <= own | {"C reads the grader's memory"}
    assert processes <= 4
    assert seen == ["scratch"]
    assert (scratch / "mine").read_text() == "x"
    world.untouched()


def test_closed_folders_must_not_lie_where_notebooks_read(tmp_path: Path) -> None:
    inside = Path(sys.prefix) / "share"
    with pytest.raises(InputError, match="have to read"):
        make_sandbox([inside])


def test_a_level_that_the_machine_lacks_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="no program 'bwrap'"):
        make_sandbox([], "bubblewrap")
    assert make_sandbox([]).level in ("kernel", "hook")


@pytest.fixture
def hook(tmp_path: Path) -> Any:
    for name in ("own", "closed", "closed/again"):
        (tmp_path / name).mkdir()
    return make_hook([tmp_path / "own"], [tmp_path / "closed"], [tmp_path / "closed/again"])


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", ("@/own/file", "w", 0o1)),
        ("open", ("@/closed/again/file", "r", 0)),
        ("open", ("@/elsewhere", "r", 0)),
        ("open", (b"@/own/bytes", None, 0o101)),
        ("open", (3, "w", 0o1)),
        ("open", ("/dev/null", "w", 0o1)),
        ("os.remove", ("@/own/file", -1)),
        ("os.listdir", ("@/own",)),
        ("socket.__new__", (None, socket.AF_UNIX, 1, 0)),
        ("sqlite3.connect", (":memory:",)),
        ("import", ("os", None, None, None, None)),
    ],
)
def test_the_hook_lets_good_work_pass(
    hook: Any, tmp_path: Path, event: str, arguments: tuple
) -> None:
    hook(event, placed(arguments, tmp_path))


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", ("@/file", "w", 0o1)),
        ("open", ("@/own/../file", "a", 0o1)),
        ("open", ("@/file", None, 0o1101)),
        ("open", (b"@/file", "r+", 0)),
        ("open", ("@/closed/file", "r", 0)),
        ("open", ("@/closed/again/file", "w", 0o1)),
        ("os.listdir", ("@/closed",)),
        ("os.scandir", ("@/closed/inner",)),
        ("os.rename", ("@/own/file", "@/file", -1, -1)),
        ("os.rename", ("@/file", "@/own/file", -1, -1)),
        ("os.symlink", ("@/own/file", "@/link", -1)),
        ("os.mkdir", ("@/folder", 0o777, -1)),
        ("os.chmod", ("@", 0, -1)),
        ("os.fork", ()),
        ("subprocess.Popen", ("true", ["true"], None, None)),
        ("os.system", (b"true",)),
        ("os.posix_spawn", ("true", [], {})),
        ("os.kill", (1, 9)),
        ("socket.__new__", (None, socket.AF_INET, 1, 0)),
        ("socket.connect", (None, ("127.0.0.1", 80))),
        ("sqlite3.connect", ("@/data",)),
        ("ctypes.dlopen", (None,)),
        ("ctypes.dlopen", ("libc.so.6",)),
    ],
)
def test_the_hook_refuses_the_rest(hook: Any, tmp_path: Path, event: str, arguments: tuple) -> None:
    with pytest.raises(PermissionError, match="grading"):
        hook(event, placed(arguments, tmp_path))


def placed(arguments: tuple, folder: Path) -> tuple:
    """The arguments, with the folder for ``@``."""
    return tuple(
        value.replace("@", str(folder))
        if isinstance(value, str)
        else value.replace(b"@", bytes(folder))
        if isinstance(value, bytes)
        else value
        for value in arguments
    )
