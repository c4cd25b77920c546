"""Running somebody's function with a time limit, without leaving the process.

A thread and not a signal: signals work in the main thread only and not on Windows. A loop in Python
is stopped by an exception that is raised inside it; a call into C that never returns cannot be, and
its thread is left behind, asleep or busy, while the notebook goes on.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any

PATIENCE = 5  # times that a thread is asked to stop, a tenth of a second each


class _Stopped(BaseException):
    """Raised inside the function; not an Exception, so that `except Exception` lets it through."""


def run_limited(work: Callable[[], Any], seconds: float) -> Any:
    """Calls a function and waits for it no longer than it may take.

    Args:
        work: called without arguments, in a thread of its own.
        seconds: of wall time.

    Returns:
        What it returns.

    Raises:
        TimeoutError: it took longer.
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
    thread.start()
    thread.join(seconds)
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
