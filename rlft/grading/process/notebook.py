"""Runs a notebook's code cells as Jupyter would, and keeps the answers that they make.

Only the runner imports this file: it is the one place that needs IPython without its pictures.
"""

from __future__ import annotations

import functools
import json
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from traitlets.config import Config

from rlft.grading.walls.limits import WAITING

MOST_ANSWERS = 4  # versions of one function that are tried, the latest ones
LONGEST = 300  # characters of an error
NOT_FOUND = 127  # a shell's exit code for a program that is not there
AGAIN = 1.0  # seconds until a cell that caught its interruption is interrupted again


class Unreadable(ValueError):
    """The file is no notebook."""


class CellStopped(BaseException):
    """Raised in a cell that takes too long; no Exception, as those are often caught."""


class Shell(InteractiveShell):
    """IPython without a terminal: no history, and errors are kept, not printed."""

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """Nobody reads it."""

    def showsyntaxerror(self, *args: Any, **kwargs: Any) -> None:
        """Nobody reads it."""

    def enable_gui(self, gui: str | None = None) -> None:
        """There are no windows; the magics that ask for some do nothing."""

    def enable_matplotlib(self, gui: str | None = None) -> tuple[str, str]:  # type: ignore[override]
        """Figures are drawn in memory, whichever way the notebook asks for."""
        return "agg", "agg"

    def ask_exit(self) -> None:
        """`exit` in a cell does not end the others."""

    def system(self, cmd: str) -> None:
        """Lines such as `!pip install rlft` do nothing, and the cell goes on."""
        self.user_ns["_exit_code"] = NOT_FOUND

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """The same for `files = !ls`."""
        return SList() if split else ""


@dataclass
class Ran:
    """What came of a notebook.

    Attributes:
        answers: exercise id to the distinct objects that may be its answer, the latest first.
        foreign: ids whose only answers were not written in the notebook.
        errors: exercise id to the first error of a cell that names its function; "" to the first
            of all.
    """

    answers: dict[str, list[Any]] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)


def make_shell() -> InteractiveShell:
    """The shell, ready before the walls go up; its namespace is the module ``__main__``."""
    config = Config()
    config.HistoryManager.enabled = False  # a database, and a thread that writes to it
    config.InteractiveShell.colors = "nocolor"
    shell = Shell.instance(config=config)
    from IPython.core.async_helpers import get_asyncio_loop

    get_asyncio_loop()
    return shell


def read_cells(path: Path) -> list[str]:
    """The sources of a notebook's code cells.

    Raises:
        Unreadable: it is not JSON, or has no list of cells.
    """
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(f"the file is not JSON ({error})"[:LONGEST]) from error
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list):
        raise Unreadable("the file is JSON, but no notebook: it has no list of cells")
    sources = []
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source")
            lines = source if isinstance(source, list) else [source]
            sources.append("".join(line for line in lines if isinstance(line, str)))
    return sources


def run_cells(
    shell: InteractiveShell,
    sources: Sequence[str],
    names: Mapping[str, str],
    checked: Callable[[], Mapping[str, Sequence[Any]]],
    cell_seconds: float,
) -> Ran:
    """Runs cells in order; one that raises or takes too long does not stop the next.

    Args:
        shell: to run them in.
        sources: of the cells.
        names: exercise id to the name of its function.
        checked: gives exercise id to the objects that were given to its check so far.
        cell_seconds: that one cell may compute.
    """
    ran = Ran()
    # By identity, as a submission's objects may have any equality.
    found: dict[str, dict[int, Any]] = {exercise: {} for exercise in names}
    for number, source in enumerate(sources, start=1):
        if error := _run(shell, source, cell_seconds):
            told = f"code cell {number} {error}"[:LONGEST]
            ran.errors.setdefault("", told)
            for exercise, name in names.items():
                if re.search(rf"\b{re.escape(name)}\b", source):
                    ran.errors.setdefault(exercise, told)
        _close_figures()
        for exercise, name in names.items():
            for answer in (*checked().get(exercise, ()), shell.user_ns.get(name)):
                if answer is not None:
                    found[exercise].setdefault(id(answer), answer)
    for exercise, answers in found.items():
        own = [answer for answer in answers.values() if _is_own(answer)]
        ran.answers[exercise] = own[::-1][:MOST_ANSWERS]
        if answers and not own:
            ran.foreign.append(exercise)
    return ran


def _run(shell: InteractiveShell, source: str, seconds: float) -> str:
    """Runs one cell. Returns what went wrong, a clause, or ""."""
    try:
        with _interrupted_after(seconds):
            result = shell.run_cell(source, store_history=False)
        error = result.error_before_exec or result.error_in_exec
    except BaseException as raised:
        error = raised
    if error is None:
        return ""
    if isinstance(error, CellStopped):
        return f"was stopped after {seconds:g} seconds"
    try:
        message = (str(error).splitlines() or [""])[0]
    except Exception:
        message = ""
    return f"raised {type(error).__name__}: {message}"


@contextmanager
def _interrupted_after(seconds: float) -> Iterator[None]:
    """Raises `CellStopped` in the block when it has computed for so long, or lasted `WAITING` times
    as long. Not on Windows, which has no such clocks: there only the limit of the whole notebook
    holds.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: object) -> None:
        raise CellStopped

    clocks = (
        (signal.SIGPROF, signal.ITIMER_PROF, seconds),  # of the processor
        (signal.SIGALRM, signal.ITIMER_REAL, WAITING * seconds),
    )
    for number, clock, time_left in clocks:
        signal.signal(number, stop)
        signal.setitimer(clock, time_left, AGAIN)
    try:
        yield
    finally:
        for _, clock, _ in clocks:
            signal.setitimer(clock, 0)


def _close_figures() -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")


def _is_own(answer: Any) -> bool:
    """Whether an object was made by code of the notebook; the reference, imported, was not."""
    while isinstance(answer, functools.partial):
        answer = answer.func
    return getattr(answer, "__module__", None) == "__main__"
