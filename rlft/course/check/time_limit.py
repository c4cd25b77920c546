"""Running somebody's function with a time limit, without leaving the process.

What is limited is the time that it computes: on a busy machine a right answer may wait much longer
than it works, and must not be called endless. A function that waits for something that never comes
computes nothing, so there is a limit of wall time, too, `WAITING` times as long.

A thread and not a signal: signals work in the main thread only and not on Windows. A loop in Python
is stopped by an exception that is raised inside it; a call into C that never returns cannot be, and
its thread is left behind, asleep or busy, while the notebook goes on.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any

PATIENCE = 5  # times that a thread is asked to stop, a tenth of a second each
WAITING = 10  # a slow core, shared with many, leaves a program a tenth of the time of a quick one
LOOK = 0.05  # seconds between two looks at what it has used


class _Stopped(BaseException):
    """Raised inside the function; not an Exception, so that `except Exception` lets it through."""


def run_limited(work: Callable[[], Any], seconds: float) -> Any:
    """Calls a function and waits for it no longer than it may take.

    Computing is that of the whole process, as not every system says how much a thread has computed:
    it counts what the function's own threads do, and also a thread that could not be stopped.

    Args:
        work: called without arguments, in a thread of its own.
        seconds: that it may compute.

    Returns:
        What it returns.

    Raises:
        TimeoutError: it computed longer, or was not done after `WAITING` times as long.
        BaseException: whatever it raises, `SystemExit` included.
    """
    returned: list[Any] = []
    raised: list[BaseException] = []

    def body() -> None:
        try:
            returned.append(work())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=body, daemon=True)
    computed, end = time.process_time() + seconds, time.monotonic() + WAITING * seconds
    thread.start()
    while thread.is_alive() and time.process_time() < computed and time.monotonic() < end:
        thread.join(LOOK)
    if thread.is_alive():
        for _ in range(PATIENCE):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_Stopped)
            )
            thread.join(0.1)
            if not thread.is_alive():
                break
        raise TimeoutError(f"still running after {seconds:g} seconds")
    if raised:
        raise raised[0]
    return returned[0]
