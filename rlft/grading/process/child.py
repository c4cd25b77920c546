"""The grader's side of one notebook's process: starts it, asks it, watches it, ends it."""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rlft.core.errors import InputError
from rlft.grading.process.wire import LONGEST_LINE, WireError, pack, unpack
from rlft.grading.walls.limits import TOKEN, WAITING, Ended, Limits, Watch
from rlft.grading.walls.sandbox import Sandbox, environment

RUNNER = "rlft.grading.process.runner"
LOOK = 0.2  # seconds between two looks at memory and processes
START = 300.0  # seconds until Python and PyTorch are imported, on a very busy machine
FOLDERS = ("home", "tmp", "matplotlib", "ipython", "results", "work")


class Interrupted(Exception):
    """The person who grades wants to stop."""


class Child:
    """A process in which one notebook runs.

    Use it as a context: it is ended, with all that it started, when the block ends.

    Args:
        sandbox: the walls.
        scratch: an empty folder, the only one that it may write to.
        limits: that hold.
        stop: set when grading is interrupted.
    """

    def __init__(
        self, sandbox: Sandbox, scratch: Path, limits: Limits, stop: threading.Event
    ) -> None:
        self._sandbox, self._scratch, self._limits, self._stop = sandbox, scratch, limits, stop
        self._deadline, self._computed = time.monotonic() + START, math.inf

    def __enter__(self) -> Child:
        for name in FOLDERS:
            (self._scratch / name).mkdir()
        _copy_font_list(self._scratch / "matplotlib")
        # Where no wall keeps a process from starting others, they are found by this.
        token = uuid.uuid4().hex if self._sandbox.level == "hook" else ""
        self._complaints = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            self._sandbox.command([sys.executable, "-m", RUNNER], self._scratch),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            bufsize=0,
            cwd=self._scratch,
            env={**environment(self._scratch), TOKEN: token},
            start_new_session=True,
        )
        self._watch = Watch(self._process.pid, self._scratch, self._limits, token)
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.end()
        self._process.wait()
        self._complaints.close()
        # A thread may still be reading from a pipe that a lost process holds: leave it to that.

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Sends a message and waits for the answer.

        Raises:
            Ended: a limit was passed, the process is gone, or its answer has another form.
            Interrupted: the person who grades wants to stop.
        """
        answer: list[bytes | Exception] = []

        def talk() -> None:
            try:
                answer.append(self._exchange(pack(message)))
            except Exception as error:
                answer.append(error)

        # In a thread, as both writing and reading may wait for as long as the notebook wants.
        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(LOOK)
            if thread.is_alive():
                self._look()
        if isinstance(answer[0], EOFError | OSError):
            raise self._gone()
        if isinstance(answer[0], Exception):
            raise Ended("broken", f"its process sent {answer[0]}")
        try:
            content = unpack(answer[0])
        except WireError as error:
            raise Ended("broken", f"its process sent {error}") from error
        if "failed" in content:
            raise Ended("broken", f"its process failed: {str(content['failed'])[:200]}")
        return content

    def start_clock(self) -> None:
        """From now on the notebook's time runs."""
        seconds = self._limits.seconds
        self._deadline = time.monotonic() + WAITING * seconds
        self._computed = self._watch.computed() + seconds

    def _start(self) -> None:
        """Waits until the walls stand; what goes wrong so far is not the submission's fault."""
        start = {
            "scratch": str(self._scratch),
            "level": self._sandbox.level,
            "readable": [str(path) for path in self._sandbox.readable],
            "closed": [str(path) for path in self._sandbox.closed],
            "limits": asdict(self._limits),
        }
        try:
            self.ask(start)
        except Ended as error:
            self._complaints.seek(0)
            lines = self._complaints.read(100_000).decode(errors="replace").strip().splitlines()
            raise InputError(
                f"Python cannot be started in the sandbox {self._sandbox.level!r} "
                f"({error.message}): {lines[-1] if lines else 'it says nothing'}. Try another one "
                "with --sandbox."
            ) from error

    def _look(self) -> None:
        if self._stop.is_set():
            raise Interrupted
        if time.monotonic() > self._deadline or self._watch.computed() > self._computed:
            raise Ended("timeout", f"it took more than {self._limits.seconds:g} seconds")
        self._watch.check()

    def _exchange(self, line: bytes) -> bytes:
        """Writes a line and reads one.

        Raises:
            EOFError: the process ended.
            WireError: it sent too much.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        view = memoryview(line)
        while view:
            view = view[self._process.stdin.write(view) :]
        received = bytearray()
        while not received.endswith(b"\n"):
            part = os.read(self._process.stdout.fileno(), 1 << 16)
            received += part
            if not part:
                raise EOFError
            if len(received) > LONGEST_LINE or b"\n" in received[:-1]:
                raise WireError("more than it was asked for")
        return bytes(received)

    def _gone(self) -> Ended:
        """Why there is no process any more."""
        try:
            code = self._process.wait(timeout=30)  # it ends at once, but for a busy machine
        except subprocess.TimeoutExpired:
            return Ended("broken", "its process closed the grader's channel")
        number = -code if code < 0 else code - 128 if code > 128 else 0
        if number == getattr(signal, "SIGKILL", None):
            return Ended("memory", "the system ended its process, most likely for its memory")
        if number == getattr(signal, "SIGXCPU", None):
            return Ended("timeout", "it used too much time of the processor")
        with suppress(ValueError):
            if number:
                return Ended("broken", f"its process crashed ({signal.Signals(number).name})")
        return Ended("broken", f"it ended its own process, with exit code {code}")


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder that is removed afterwards, whatever a notebook has made of it."""
    folder = Path(tempfile.mkdtemp(prefix="rlft-grade-")).resolve()
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Removes a folder. Its folders may lie in each other thousands deep, which is too much for
    Python, and the rights to them may have been taken away.
    """
    rm, chmod = shutil.which("rm"), shutil.which("chmod")
    if rm and chmod:
        subprocess.run([rm, "-rf", "--", str(folder)], capture_output=True)
        if folder.exists():
            subprocess.run([chmod, "-R", "u+rwx", "--", str(folder)], capture_output=True)
            subprocess.run([rm, "-rf", "--", str(folder)], capture_output=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_font_list(folder: Path) -> None:
    """Gives Matplotlib the list of fonts that it made for this user; making it takes seconds."""
    homes = [Path(os.environ["MPLCONFIGDIR"])] if os.environ.get("MPLCONFIGDIR") else []
    with suppress(OSError, RuntimeError):
        homes += [Path.home() / ".cache/matplotlib", Path.home() / ".matplotlib"]
        for home in homes:
            for path in home.glob("fontlist-*.json"):
                shutil.copyfile(path, folder / path.name)
