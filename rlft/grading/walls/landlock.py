"""Files that a process and all that it starts may touch: Linux's Landlock, called directly.

Any user may use it, and it cannot be taken back. There is no Python module for it among the
course's dependencies, and three system calls are enough. Numbers and layouts are the kernel's, from
`linux/landlock.h`; the calls have the same numbers on all processors.
"""

from __future__ import annotations

import ctypes
import os
import signal
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

CREATE, ADD_RULE, RESTRICT = 444, 445, 446
READ_FILE, READ_DIR = 1 << 2, 1 << 3
WRITE_FILE, TRUNCATE = 1 << 1, 1 << 14
TCP = 0b11  # to bind and to connect
OUTSIDE = 0b11  # abstract Unix sockets of others, and signals to them


def landlock_version() -> int:
    """The kernel's version of Landlock; 0 where there is none or it is switched off."""
    if not sys.platform.startswith("linux"):
        return 0
    version = _libc().syscall(CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    return max(version, 0)


def restrict_files(readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """From now on this thread, and all that it starts, opens only these files.

    Also shuts TCP, and signals to other processes, where the kernel's version can.

    Args:
        readable: files, and folders with all that they hold; what does not exist is left out.
        writable: the same, to read, write, make and remove in.

    Raises:
        OSError: the kernel refuses.
    """
    version, libc = landlock_version(), _libc()
    # Rights came with versions: 13 at first, then moving, truncating, and orders to devices.
    rights = (1 << 13) - 1
    for since, right in ((2, 1 << 13), (3, TRUNCATE), (5, 1 << 15)):
        rights |= right if version >= since else 0
    attributes = (ctypes.c_uint64 * 3)(rights, TCP, OUTSIDE)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _checked(libc.syscall(CREATE, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0)))
    try:
        for path in readable:
            _allow(ruleset, path, READ_FILE | READ_DIR)
        for path in writable:
            _allow(ruleset, path, rights)
        no_new_privileges()
        _checked(libc.syscall(RESTRICT, ruleset, ctypes.c_uint32(0)))
    finally:
        os.close(ruleset)


def no_new_privileges() -> None:
    """Gives up gaining rights from programs with the set-user-id bit; the kernel asks for it."""
    _checked(_libc().prctl(38, 1, 0, 0, 0))


def die_with_parent() -> None:
    """Has the kernel end this process when the one that started it is gone. Linux only."""
    if sys.platform.startswith("linux"):
        _checked(_libc().prctl(1, int(signal.SIGKILL), 0, 0, 0))


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        # O_PATH: without opening it for reading; a missing file needs no rule
        handle = os.open(path, getattr(os, "O_PATH", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):  # a file takes no rights of folders
            rights &= READ_FILE | WRITE_FILE | TRUNCATE
        # The kernel's structure is packed: 8 bytes of rights, 4 of the open file.
        rule = rights.to_bytes(8, sys.byteorder) + handle.to_bytes(4, sys.byteorder)
        _checked(_libc().syscall(ADD_RULE, ruleset, 1, rule, ctypes.c_uint32(0)))
    finally:
        os.close(handle)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
