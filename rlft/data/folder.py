"""The folder of Minari datasets on disk: what lies there, and how something new gets into it.

New datasets, made or downloaded, grow in a hidden folder beside their place and are moved there
when they are whole. So what an interruption leaves behind is never taken for a dataset.
"""

from __future__ import annotations

import os
import socket
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import minari
from minari.dataset.minari_dataset import parse_dataset_id
from minari.storage.datasets_root_dir import get_dataset_path

from rlft.core.errors import InputError

ROOT_VARIABLE = "MINARI_DATASETS_PATH"
NAMESPACE_FILE = "namespace_metadata.json"


def datasets_root() -> Path:
    """The folder of all datasets: MINARI_DATASETS_PATH, else Minari's default in the home folder.

    Raises:
        InputError: the folder does not exist and cannot be made.
    """
    try:
        return get_dataset_path()
    except OSError as error:
        raise unwritable(
            Path(os.environ.get(ROOT_VARIABLE, "~/.minari/datasets")), error
        ) from error


def is_local(name: str) -> bool:
    """Whether the dataset's folder is there with something in it."""
    return (datasets_root() / name / "data").is_dir()


def local_names() -> list[str]:
    """Ids of all datasets in the folder, sorted; hidden folders are none."""
    root = datasets_root()
    found = (path.parent.relative_to(root) for path in root.rglob("data/metadata.json"))
    names = (folder.parent for folder in found)
    return sorted(n.as_posix() for n in names if not any(p.startswith(".") for p in n.parts))


def is_dataset_id(name: str) -> bool:
    """Whether Minari could have a dataset of that name.

    Minari itself finds out too late: it has made a folder by then, which stays and breaks its
    listing.
    """
    try:
        parse_dataset_id(name)
    except (ValueError, TypeError):  # TypeError: the version is missing
        return False
    return True


@contextmanager
def staging() -> Iterator[Path]:
    """A hidden folder that Minari takes for the datasets' root meanwhile; removed at the end.

    It lies within the true root, so that moving a dataset out of it is one rename.

    Yields:
        The hidden folder.

    Raises:
        InputError: the root cannot be written.
    """
    root = datasets_root()
    before = os.environ.get(ROOT_VARIABLE)
    try:
        hidden = tempfile.TemporaryDirectory(prefix=".rlft-", dir=root, ignore_cleanup_errors=True)
    except OSError as error:
        raise unwritable(root, error) from error
    with hidden as path:
        os.environ[ROOT_VARIABLE] = path
        try:
            yield Path(path)
        finally:
            if before is None:
                del os.environ[ROOT_VARIABLE]
            else:
                os.environ[ROOT_VARIABLE] = before


def publish(staged: Path, root: Path, name: str, *, replace: bool = False) -> None:
    """Moves a whole dataset from the staging folder to its place.

    Args:
        staged: the staging folder.
        root: the folder of all datasets.
        name: id of the dataset.
        replace: whether a dataset that is there gives way. If not, it stays: another process made
            the same one meanwhile, and may be reading it.

    Raises:
        InputError: the root cannot be written.
    """
    target = root / name
    if (target / "data").is_dir() and not replace:
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for parent in Path(name).parents:  # Minari lists a namespace by this file
            file = parent / NAMESPACE_FILE
            if (staged / file).exists() and not (root / file).exists():
                os.replace(staged / file, root / file)
        if target.exists():
            os.replace(target, staged / "replaced")
        os.replace(staged / name, target)
    except OSError as error:
        # Another process was first by less than a moment: its dataset is as good.
        if not (target / "data").is_dir():
            raise unwritable(target.parent, error) from error


def download(name: str) -> None:
    """Fetches a dataset of the public Minari collection.

    Args:
        name: id of the dataset, well-formed.

    Raises:
        InputError: no network, no client, no such dataset, or a download that broke off.
    """
    root = datasets_root()
    reason = _offline()
    if not reason:
        with staging() as staged:
            # The clients raise what they like, also exceptions that are neither OSError nor
            # ValueError; and whatever it is, the person needs the same sentence.
            try:
                minari.download_dataset(name)
            except Exception as error:
                reason = f"{type(error).__name__}: {error}".rstrip(".")
            else:
                publish(staged, root, name)
                return
    raise InputError(
        f"Dataset {name!r} is not in {root} and could not be downloaded ({reason}). Check the name "
        f"and the network, set {ROOT_VARIABLE} to a folder that has it, or use a dataset that is "
        f"made on this machine: rlft.list_datasets() shows them."
    )


def unwritable(folder: Path, error: OSError) -> InputError:
    """The error for a folder that cannot be written."""
    return InputError(
        f"Cannot write to the datasets folder {folder} ({error.strerror or error}). Make it "
        f"writable, or set {ROOT_VARIABLE} to a folder that is."
    )


def _offline() -> str:
    """Why a download cannot succeed, or nothing; the client itself would retry for 23 seconds."""
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        return "HF_HUB_OFFLINE is set"
    if urllib.request.getproxies() or "MINARI_REMOTE" in os.environ:
        return ""  # a proxy resolves names for us; another remote is another host
    address = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    host = urllib.parse.urlparse(address).hostname or address
    try:
        socket.getaddrinfo(host, 443)
    except OSError:
        return f"no network: the name {host} cannot be resolved"
    return ""
