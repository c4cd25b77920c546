"""The walls around a notebook, the strongest that the machine has.

Three levels; each has all that the next one has.

``bubblewrap`` (Linux with the program `bwrap`, which needs user namespaces)
    The notebook has a file system of its own that holds the system's libraries, Python, the course,
    its datasets and a scratch folder, of which only the last can be written. It has no network at
    all and sees no process but its own; they all die with it.
``kernel`` (Linux from 5.13 on 64-bit x86 or ARM, where Landlock is switched on)
    Landlock opens the same files and no others. Seccomp shuts the network, starting processes,
    looking into and signalling other processes, and memory that no limit counts.
``hook`` (everywhere)
    Python's audit hook refuses network, processes, writing outside of the scratch folder, and
    reading the folders of the submissions, the hidden cases and the grades. The system's limits on
    memory, CPU time, size of files and processes are set where there are such limits, so not on
    Windows; the last one does not bind an administrator. The hook stops accidents and simple
    attempts, and no expert: code in C, or whoever gets at the C library, passes it.

At every level the grader watches time, memory, processes and written bytes from outside and ends
the notebook with all that it started. What no level can hide is the course itself: an answer may
call the library's own function, or the exercise's reference. Hidden values are safe all the same,
as only their arguments ever reach the notebook, and only after it ran.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rlft.core.errors import InputError
from rlft.core.files import PACKAGE
from rlft.data.folder import datasets_root
from rlft.grading.walls.landlock import landlock_version
from rlft.grading.walls.seccomp import has_seccomp

Level = Literal["bubblewrap", "kernel", "hook"]
LEVELS: tuple[Level, ...] = ("bubblewrap", "kernel", "hook")
KEEPS = {
    "bubblewrap": "own file system and processes, no network, only the scratch folder writable",
    "kernel": "no network, no processes, only the scratch folder writable, files of others shut",
    "hook": "no network, processes and writing from Python code; stops accidents and simple "
    "attempts, not experts",
}
SYSTEM = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/nix/store",
    "/gnu/store",
    "/sys",
]
DEVICES = ["/dev/urandom", "/dev/random", "/dev/zero"]


@dataclass(frozen=True)
class Sandbox:
    """Which walls there are.

    Attributes:
        level: see above.
        readable: what a notebook may read, besides its scratch folder.
        closed: folders that it must not read: of submissions, hidden cases and grades.
    """

    level: Level
    readable: tuple[Path, ...]
    closed: tuple[Path, ...]

    def told(self) -> str:
        """One line on what is enforced."""
        return f"Sandbox: {self.level} ({KEEPS[self.level]})."

    def command(self, command: Sequence[str], scratch: Path) -> list[str]:
        """The command line that runs a command behind the walls that stand around a process."""
        if self.level != "bubblewrap":
            return list(command)
        return [*_bubblewrap(self.readable, scratch), *command]


def make_sandbox(closed: Sequence[Path], level: Level | None = None) -> Sandbox:
    """The strongest sandbox of this machine.

    Args:
        closed: folders that notebooks must not read.
        level: a certain one instead.

    Raises:
        InputError: this machine does not have that level; or a closed folder lies inside of what
            notebooks have to read.
    """
    shut = tuple(path.resolve() for path in closed)
    sandbox = Sandbox("hook", _readable(shut), shut)
    candidates: tuple[Level, ...] = (level,) if level else LEVELS
    for candidate in candidates:
        if not (problem := _missing(candidate, sandbox.readable)):
            return Sandbox(candidate, sandbox.readable, shut)
    raise InputError(f"The sandbox {level!r} is not to be had here: {problem}. Leave it out.")


def available_levels() -> list[Level]:
    """The levels of this machine, the strongest first."""
    readable = _readable(())
    return [level for level in LEVELS if not _missing(level, readable)]


def environment(scratch: Path) -> dict[str, str]:
    """The variables that a notebook sees: few of the grader's, and folders of its own."""
    kept = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH")
    made = {name: os.environ[name] for name in kept if name in os.environ}
    home, temporary = str(scratch / "home"), str(scratch / "tmp")
    root = PACKAGE.parent
    if str(root) not in sysconfig.get_paths().values():  # not installed among the other packages
        made["PYTHONPATH"] = str(root)
    return {
        **made,
        "HOME": home,
        "USERPROFILE": home,
        "TMPDIR": temporary,
        "TEMP": temporary,
        "TMP": temporary,
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": str(scratch / "matplotlib"),
        "IPYTHONDIR": str(scratch / "ipython"),
        "RLFT_RESULTS": str(scratch / "results"),
        "RLFT_PROGRESS": str(scratch / "progress.json"),
        "MINARI_DATASETS_PATH": str(datasets_root()),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",  # with more, workers that share a core wait for each other
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def python_folders() -> list[Path]:
    """What every notebook needs: Python, the packages, the course with its data."""
    needed = [sys.prefix, sys.base_prefix, PACKAGE, datasets_root()]
    measured = PACKAGE.parent / "studies"  # in a clone: some notebooks draw what is in there
    needed += [measured] if measured.is_dir() else []
    return list(dict.fromkeys(p for path in needed for p in (Path(path), Path(path).resolve())))


def _readable(closed: Sequence[Path]) -> tuple[Path, ...]:
    """All that a notebook may read; raises InputError if something closed lies in it."""
    needed = python_folders() + [Path(path) for path in (*SYSTEM, *DEVICES) if Path(path).exists()]
    for folder in closed:
        for path in needed:
            if folder.is_relative_to(path.resolve()):
                raise InputError(
                    f"The folder {str(folder)!r} lies inside of {str(path)!r}, which notebooks "
                    "have to read. Keep submissions, hidden cases and grades elsewhere."
                )
    # Other places of packages, but not the one that holds the course's whole repository.
    root = PACKAGE.parent
    others = [Path(entry).resolve() for entry in sys.path if entry and Path(entry).exists()]
    others = [
        path
        for path in others
        if path != root and not any(folder.is_relative_to(path) for folder in closed)
    ]
    inside = [path for path in others if not any(path.is_relative_to(p) for p in needed)]
    return tuple(dict.fromkeys(needed + inside))


def _missing(level: Level, readable: Sequence[Path]) -> str:
    """Why this machine does not have a level, "" if it does."""
    if level == "bubblewrap":
        if not shutil.which("bwrap"):
            return "there is no program 'bwrap' (Debian and Ubuntu: apt install bubblewrap)"
        walls = _bubblewrap(readable, Path(sys.prefix), writable=False)
        trial = [*walls, sys.executable, "-c", "import ctypes, ssl"]
        done = subprocess.run(trial, capture_output=True, text=True, errors="replace")
        return (done.stderr.strip()[-200:] or "bwrap fails") if done.returncode else ""
    if level == "kernel":
        if not landlock_version():
            return "this system has no Landlock"
        return "" if has_seccomp() else "this system or processor has no seccomp"
    return ""


def _bubblewrap(readable: Sequence[Path], scratch: Path, *, writable: bool = True) -> list[str]:
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    for path in readable:
        if not path.is_relative_to("/dev"):
            command += ["--ro-bind-try", str(path), str(path)]
    command += ["--proc", "/proc", "--dev", "/dev"]
    command += ["--bind" if writable else "--ro-bind", str(scratch), str(scratch)]
    # Everything else is a file system in memory, which nobody would limit: shut it.
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", str(scratch)]
