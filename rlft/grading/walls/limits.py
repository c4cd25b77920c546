"""How much a notebook may use, watched from outside, and set inside where the system has limits."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

TOKEN = "RLFT_GRADING"  # the variable by which processes are found that left their parents
LOOK_AT_FILES = 2.0  # seconds between two looks at the scratch folder, which takes some time
MOST_FILES = 20_000
# A notebook for 20 s of a quick core takes 5 minutes on a slow one that it shares with four others;
# one that only waits keeps a class waiting, too.
WAITING = 4
PASSES = 20  # of looking for processes that start others while they are being ended


@dataclass(frozen=True)
class Limits:
    """What one notebook may use.

    Attributes:
        seconds: that the notebook and the tests of its answers may compute. On a busy machine they
            may wait longer; after `WAITING` times as long in all it is over in any case.
        cell_seconds: that a cell may compute, likewise, before the next one runs.
        memory_mb: resident memory of all its processes, in 10^6 bytes.
        processes: that it may have at a time, where it can start any.
        files_mb: that it may write, in 10^6 bytes.
    """

    seconds: float = 300.0
    cell_seconds: float = 120.0
    memory_mb: int = 2000
    processes: int = 32
    files_mb: int = 500


End = Literal["timeout", "memory", "processes", "broken"]


class Ended(Exception):
    """A notebook is over before it was graded.

    Attributes:
        status: as in the table.
        message: for its author.
    """

    status: End
    message: str

    def __init__(self, status: End, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Watch:
    """Looks at a process and all that it started, and ends them.

    Args:
        process: to watch; it leads a process group.
        scratch: the folder that it writes to.
        limits: that hold.
        token: value of `TOKEN` in the environment of the process, "" where none can leave it.
    """

    def __init__(self, process: int, scratch: Path, limits: Limits, token: str) -> None:
        self._process = psutil.Process(process)
        self._scratch, self._limits, self._token = scratch, limits, token
        self._next_look = time.monotonic() + LOOK_AT_FILES

    def check(self) -> None:
        """Raises `Ended` if there is too much of something."""
        tree = self._tree()
        limits = self._limits
        if len(tree) > limits.processes:
            raise Ended("processes", f"it started more than {limits.processes} processes")
        used = sum(_resident(process) for process in tree)
        if used > limits.memory_mb * 1e6:
            raise Ended("memory", f"it used more than {limits.memory_mb} MB of memory")
        if time.monotonic() > self._next_look:
            if _written(self._scratch) > limits.files_mb * 1e6:
                raise Ended("broken", f"it wrote more than {limits.files_mb} MB of files")
            self._next_look = time.monotonic() + LOOK_AT_FILES

    def computed(self) -> float:
        """CPU seconds of the process and what it started, but for what has left its tree."""
        seconds = 0.0
        for process in self._tree():
            with suppress(psutil.Error):  # it has ended
                seconds += sum(process.cpu_times()[: 4 if process == self._process else 2])
        return seconds

    def end(self) -> None:
        """Ends everything, also what has left the group or the tree."""
        for process in self._tree():
            _kill(process)
        if hasattr(os, "killpg"):
            with suppress(OSError):  # gone already
                os.killpg(self._process.pid, signal.SIGKILL)
        for _ in range(PASSES if self._token else 0):
            left = [process for process in psutil.process_iter() if self._is_ours(process)]
            for process in left:  # first all stand still, so that none starts others meanwhile
                with suppress(psutil.Error, OSError):
                    process.suspend()
            for process in left:
                _kill(process)
            if not left:
                break
            time.sleep(0.02)

    def _tree(self) -> list[psutil.Process]:
        try:
            return [self._process, *self._process.children(recursive=True)]
        except psutil.Error:
            return []

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return process.environ().get(TOKEN) == self._token
        except (psutil.Error, OSError):
            return False


def limit_this_process(limits: Limits) -> None:
    """Sets what the system can limit, for this process and what it starts. Not on Windows."""
    if sys.platform == "win32":
        return
    import resource

    memory = limits.memory_mb * 10**6
    now = psutil.Process()
    # Above what the grader ends it for: only a single huge request meets these, and is refused as
    # a MemoryError. Libraries reserve much more address space than they use.
    wanted = {
        "RLIMIT_AS": now.memory_info().vms + 2 * memory + 4 * 10**9,
        "RLIMIT_DATA": _own_data() + memory + memory // 4 + 500 * 10**6,
        # Should the grader itself be killed; a computation with two threads counts twice.
        "RLIMIT_CPU": int(now.cpu_times().user + 4 * limits.seconds + 60),
        "RLIMIT_FSIZE": limits.files_mb * 10**6,
        "RLIMIT_CORE": 0,
    }
    if os.getuid() != 0:  # it counts all of a user's threads, and does not bind root
        threads = sum(_threads(process) for process in psutil.process_iter())
        wanted["RLIMIT_NPROC"] = threads + limits.processes + 200
    for name, value in wanted.items():
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        _, most = resource.getrlimit(kind)
        allowed = value if most == resource.RLIM_INFINITY else min(value, most)
        with suppress(ValueError, OSError):  # macOS refuses some
            resource.setrlimit(kind, (allowed, allowed))


def _own_data() -> int:
    """Bytes that count for RLIMIT_DATA; 0 where that is not known."""
    with suppress(OSError, IndexError, ValueError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return 4 * 10**9


def _threads(process: psutil.Process) -> int:
    try:
        return process.num_threads() if process.uids().real == os.getuid() else 0
    except psutil.Error:
        return 0


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:  # it ended meanwhile
        return 0


def _kill(process: psutil.Process) -> None:
    with suppress(psutil.Error, OSError):
        process.kill()


def _written(folder: Path) -> float:
    """Bytes in a folder; infinite if it holds too many files to count."""
    total, seen, folders = 0.0, 0, [str(folder)]
    while folders:
        with suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                seen += 1
                if seen > MOST_FILES:
                    return float("inf")
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
    return total
