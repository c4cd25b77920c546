"""The process in which a notebook runs: `python -m rlft.grading.process.runner`, begun by `Child`.

It is asked in lines of JSON on its standard input and answers on its standard output, which it puts
out of the notebook's reach first: what a cell prints, to Python's streams or to the system's, goes
nowhere. Everything that it says may be the notebook's doing, so the grader trusts none of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

STATES = ("cpuinfo", "meminfo", "stat", "self", "sys", "filesystems")  # in /proc


def main() -> None:
    """Answers until the grader says no more."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    # Imported before the walls go up, which would only be in the way, and without the channel in
    # place of standard output, where an import may print.
    from rlft.course.catalogue import all_exercises
    from rlft.grading.process.notebook import make_shell
    from rlft.grading.process.wire import pack, unpack

    exercises, shell = all_exercises(), make_shell()
    if not (first := requests.readline()):
        os._exit(0)
    start = unpack(first)
    folder = Path(start["scratch"]) / "work"
    os.chdir(folder)
    build_walls(start)
    os.dup2(null, 2)  # until here, errors are the grader's
    # Nothing may be left in the streams' buffers that goes to the old places.
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    work = Work(exercises, shell, folder, start["limits"]["cell_seconds"])
    _send(replies, pack({"ready": True}))
    while line := requests.readline():
        try:
            reply = work.answer(unpack(line))
        except BaseException as error:  # also SystemExit, raised by some object's method
            reply = {"failed": f"{type(error).__name__}: {error}"[:300]}
        _send(replies, pack(reply))
    os._exit(0)  # whatever the notebook has registered for the end


class Work:
    """Runs the notebook and tries its answers.

    Args:
        exercises: the catalogue.
        shell: in which cells run.
        folder: that holds the notebook.
        cell_seconds: that one cell may take.
    """

    def __init__(
        self, exercises: Mapping[str, Any], shell: Any, folder: Path, cell_seconds: float
    ) -> None:
        self._exercises, self._shell = exercises, shell
        self._folder, self._cell_seconds = folder, cell_seconds
        self._answers: dict[str, list[Any]] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The reply to a request: to run the notebook, or to try an answer on a case."""
        return self._run(request) if "notebook" in request else self._try(request)

    def _run(self, request: dict[str, Any]) -> dict[str, Any]:
        from rlft.course.notebook.session import SESSION
        from rlft.grading.process.notebook import Unreadable, read_cells, run_cells

        try:
            sources = read_cells(self._folder / request["notebook"])
        except Unreadable as error:
            return {"unreadable": str(error)}
        names = {key: self._exercises[key].name for key in request["exercises"]}
        ran = run_cells(self._shell, sources, names, lambda: SESSION.answers, self._cell_seconds)
        self._answers = ran.answers
        answers = {key: len(found) for key, found in ran.answers.items()}
        return {"answers": answers, "foreign": ran.foreign, "errors": ran.errors}

    def _try(self, request: dict[str, Any]) -> dict[str, Any]:
        from rlft.course.check.observe import observe
        from rlft.course.exercise import Case
        from rlft.grading.process.wire import decode, encode_observation

        exercise = self._exercises[request["exercise"]]
        like = next(case for case in exercise.cases if case.name == request["like"])
        case = Case("", {**like.arguments, **decode(request["arguments"])}, like.observe)
        answer = self._answers[exercise.id][request["answer"]]
        return encode_observation(observe(exercise, answer, [case])[0])


def build_walls(start: Mapping[str, Any]) -> None:
    """Sets limits and shuts this process in, for good; see `sandbox`.

    Args:
        start: what the grader says first, see `Child`.

    Raises:
        OSError: the kernel does not build a wall that the level has.
    """
    from rlft.grading.walls.hook import install_hook
    from rlft.grading.walls.landlock import die_with_parent, landlock_version, restrict_files
    from rlft.grading.walls.limits import Limits, limit_this_process
    from rlft.grading.walls.seccomp import has_seccomp, refuse_calls

    die_with_parent()
    limit_this_process(Limits(**start["limits"]))
    scratch = Path(start["scratch"])
    readable = [Path(path) for path in start["readable"]]
    level = start["level"]
    # Inside of bubblewrap's walls the kernel's are a second row, where there are any.
    if level == "kernel" or (level == "bubblewrap" and landlock_version() and has_seccomp()):
        states = [Path("/proc") / name for name in STATES]
        restrict_files(readable + states, [scratch, Path(os.devnull)])
        refuse_calls()
    install_hook([scratch], [Path(path) for path in start["closed"]], readable)


def _send(replies: int, line: bytes) -> None:
    view = memoryview(line)
    while view:
        view = view[os.write(replies, view) :]


if __name__ == "__main__":
    main()
