"""The wall that Python itself can build: an audit hook, which sees what code is about to do.

It works everywhere and says in plain words what is refused. It stops accidents and simple attempts,
not an expert: code in C, and whoever gets at the C library through `ctypes`, is not seen by it. On
Linux the kernel's walls (`landlock`, `seccomp`, bubblewrap) stand behind it.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

PROCESSES = frozenset(
    [
        "os.fork",
        "os.forkpty",
        "os.exec",
        "os.posix_spawn",
        "os.spawn",
        "os.system",
        "os.startfile",
        "os.startfile/2",
        "subprocess.Popen",
        "pty.spawn",
        "_winapi.CreateProcess",
    ]
)
SIGNALS = frozenset(("os.kill", "os.killpg", "signal.pthread_kill"))
NETWORK = frozenset(
    [
        "socket.connect",
        "socket.bind",
        "socket.sendto",
        "socket.sendmsg",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.gethostbyaddr",
        "socket.getnameinfo",
    ]
)
# Event: which of its arguments are paths that are changed.
CHANGES = {
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.mkdir": (0,),
    "os.rmdir": (0,),
    "os.link": (0, 1),
    "os.symlink": (1,),
    "os.truncate": (0,),
    "os.chmod": (0,),
    "os.chown": (0,),
    "os.lchmod": (0,),
    "os.chflags": (0,),
    "os.lchflags": (0,),
    "os.utime": (0,),
    "os.setxattr": (0,),
    "os.removexattr": (0,),
}
LOOKS = frozenset(("os.listdir", "os.scandir", "os.chdir"))
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def install_hook(
    writable: Iterable[Path], closed: Iterable[Path], open_again: Iterable[Path]
) -> None:
    """From now on refuses, with a PermissionError, what a notebook must not do; for good.

    Args:
        writable: folders to write in.
        closed: folders that are not to be read.
        open_again: folders that may be read even inside of those: Python's and the course's.
    """
    sys.addaudithook(make_hook(writable, closed, open_again))


def make_hook(
    writable: Iterable[Path], closed: Iterable[Path], open_again: Iterable[Path]
) -> Callable[[str, tuple], None]:
    """The hook; see `install_hook`."""
    # Bound here, so that a notebook that replaces a function of `os` does not change the hook's.
    real, fsdecode, separator, null = os.path.realpath, os.fsdecode, os.sep, os.devnull
    own = os.getpid()
    own_folders = tuple(real(path) for path in writable)
    shut = tuple(real(path) for path in closed)
    readable = own_folders + tuple(real(path) for path in open_again)

    def inside(path: str, folders: tuple[str, ...]) -> bool:
        return any(path == f or path.startswith(f.rstrip(separator) + separator) for f in folders)

    def check(path: object, *, writes: bool) -> None:
        if isinstance(path, int) or path is None:  # a file that is open already
            return
        found = real(fsdecode(path))  # type: ignore[arg-type]
        if writes and found != null and not inside(found, own_folders):
            raise PermissionError(f"grading: no writing outside of the notebook's folder: {path}")
        if inside(found, shut) and not inside(found, readable):
            raise PermissionError(f"grading: this folder is closed: {path}")

    def hook(event: str, arguments: tuple) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = bool(flags & WRITING) or (
                isinstance(mode, str) and any(letter in mode for letter in "wax+")
            )
            check(path, writes=writes)
        elif event in PROCESSES:
            raise PermissionError("grading: notebooks cannot start processes")
        elif event in NETWORK:
            raise PermissionError("grading: there is no network")
        elif event == "socket.__new__":
            # A pair of connected sockets inside of the process, as asyncio makes it, is no network.
            if arguments[1] != getattr(socket, "AF_UNIX", None):
                raise PermissionError("grading: there is no network")
        elif event in SIGNALS:
            if arguments[0] != own:
                raise PermissionError("grading: no signals to other processes")
        elif event in CHANGES:
            for place in CHANGES[event]:
                check(arguments[place], writes=True)
        elif event in LOOKS:
            check(arguments[0], writes=False)
        elif event == "sqlite3.connect":
            if arguments[0] not in (":memory:", b":memory:"):
                check(arguments[0], writes=True)
        elif event == "ctypes.dlopen":
            library = arguments[0]  # None, or a bare name, leads to the C library
            if not library or not inside(real(fsdecode(library)), readable):
                raise PermissionError("grading: no libraries of the system")

    return hook
