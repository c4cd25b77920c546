"""Who may work on a job or a prior: one process at a time, on one machine or on many.

A lock is the operating system's own, on an empty file: it is released when its process ends, in
whatever way, so that a killed worker's job is free again at once. Nothing is ever cleaned up by
guessing from the age of a file.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rlft.core.errors import InputError


@contextmanager
def claimed(file: Path, *, wait: bool) -> Iterator[bool]:
    """Holds a lock while the block runs.

    Args:
        file: the lock's file, which stays there; folders above it are made.
        wait: whether to wait for whoever holds it.

    Yields:
        Whether the lock is ours; with `wait` it always is.

    Raises:
        InputError: the file system refuses locks.
    """
    with warnings.catch_warnings():
        # Without locks of the system, newer versions of filelock would make do with the mere file,
        # which a killed worker leaves behind for ever.
        warnings.simplefilter("error")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(file)
            lock.acquire(timeout=-1 if wait else 0)
        except Timeout:
            lock = None
        except (OSError, NotImplementedError, Warning) as error:
            raise _without_locks(file.parent, error) from error
    if lock is None:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def check_locks(folder: Path) -> None:
    """Finds out before hours of training whether the folder's file system has locks.

    It cannot find out here whether another machine would respect them: see docs/sweeps.md.

    Raises:
        InputError: it has none, or they keep nobody out.
    """
    with _naming(folder), tempfile.TemporaryDirectory(dir=folder, prefix=".locks-") as trial:
        file = Path(trial) / "lock"
        with claimed(file, wait=False) as ours, claimed(file, wait=False) as again:
            if not ours or again:
                raise _without_locks(folder, OSError("a lock keeps nobody out"))


@contextmanager
def _naming(folder: Path) -> Iterator[None]:
    """A folder that cannot be written, as an error with a way out."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise InputError(
            f"Cannot write in the folder {str(folder)!r}: {error.strerror or error}. Give another "
            "one: --out FOLDER."
        ) from error


def _without_locks(folder: Path, error: BaseException) -> InputError:
    return InputError(
        f"The file system of {str(folder)!r} has no locks that work ({error}), so two workers "
        "could make the same job. Put the sweep on another one: --out FOLDER on a local disk, on "
        "NFS 4, or on Lustre that is mounted with `flock`."
    )
