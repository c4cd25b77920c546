"""Writing files and folders so that nobody ever sees half of one.

Everything is written beside its target under a hidden temporary name and then moved into place,
which the file system does at once or not at all. A program that is killed leaves at most such a
hidden leftover, which nothing reads.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from rlft.core.errors import InputError

PACKAGE = Path(__file__).resolve().parents[1]
"""The folder `rlft` itself: everything that reads the library's own files starts here."""

# The one entry of a safetensors file's metadata that is ours.
NOTE = "rlft"


@contextmanager
def _naming(folder: Path) -> Iterator[None]:
    """Turns a failure of the file system into an error that names the folder and a way out."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"Cannot write in the folder {str(folder)!r}: {error.strerror or error}. Free some "
            "space, change its permissions, or set RLFT_RESULTS to another folder."
        ) from error


def write_atomically(path: Path, writer: Callable[[Path], object]) -> None:
    """Writes a file completely or not at all.

    Args:
        path: the file; folders above it are made.
        writer: called with a temporary path in the same folder, with the same suffix.

    Raises:
        InputError: if the folder cannot be written to; the message names it.
    """
    with _naming(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.stem}.tmp-", suffix=path.suffix
        )
        os.close(handle)
        temporary = Path(name)
        try:
            writer(temporary)
            temporary.chmod(0o666 & ~_umask())  # mkstemp's 0600 would be unreadable to a class
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    """The permissions that this process withholds; they can only be read by setting them."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def folder_written_atomically(folder: Path) -> Iterator[Path]:
    """Gives a temporary folder to write into, which becomes `folder` when the block ends well.

    A folder that was there before is replaced. After an exception inside the block it is untouched.

    Args:
        folder: the target; folders above it are made.

    Yields:
        The temporary folder, beside the target.

    Raises:
        InputError: if the file system refuses; the message names the folder above.
    """
    with _naming(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        outer = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.tmp-"))
        try:
            fresh = outer / "new"
            fresh.mkdir()
            yield fresh
            if folder.exists():  # a folder cannot be moved over another: step aside first
                os.replace(folder, outer / "old")
            os.replace(fresh, folder)
        finally:
            shutil.rmtree(outer, ignore_errors=True)


def save_tensors(path: Path, tensors: Mapping[str, Tensor], note: str = "") -> None:
    """Writes named tensors as safetensors (never pickle: a file from elsewhere cannot run code).

    Args:
        path: the file.
        tensors: any shapes, types and devices.
        note: text to keep in the same file; see `load_note`.

    Raises:
        InputError: if the folder cannot be written to.
    """
    # The format refuses views and shared memory, so every tensor gets memory of its own.
    own = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    write_atomically(path, lambda temporary: save_file(own, temporary, {NOTE: note}))


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Reads what `save_tensors` wrote, onto the CPU.

    Raises:
        InputError: if the file is missing or damaged; the message names it.
    """
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise damaged(path, error) from error


def load_note(path: Path) -> str:
    """Reads the note that `save_tensors` wrote beside the tensors.

    Raises:
        InputError: if the file is missing or damaged; the message names it.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return (file.metadata() or {}).get(NOTE, "")
    except (OSError, SafetensorError) as error:
        raise damaged(path, error) from error


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes named arrays as .npz.

    Raises:
        InputError: if the folder cannot be written to.
    """

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    write_atomically(path, write)


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Reads what `save_arrays` wrote.

    Raises:
        InputError: if the file is missing or damaged; the message names it.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise damaged(path, error) from error


def damaged(path: Path, error: Exception) -> InputError:
    """Builds the error for a file that is missing or cannot be read."""
    what = "is missing" if isinstance(error, FileNotFoundError) else f"is damaged ({error})"
    return InputError(
        f"The file {str(path)!r} {what}. Delete the folder {str(path.parent)!r} and make it again."
    )
