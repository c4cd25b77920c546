"""The library's own code as part of a key: a result of edited code is no result of this code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from rlft.core.files import PACKAGE

# What decides numbers: all that pre-training, the online loop and their evaluations run. A test
# holds this list against what they import. Whatever is not here (pictures, tables, exercises,
# storing) may change without any prior or run being made again. So may how data is made, read and
# checked: what it holds has a digest of its own, which is part of a key too.
DECIDES_NUMBERS = (
    "core/compute.py",
    "core/noise.py",
    "core/streams.py",
    "nets",
    "envs",
    "data/batch.py",
    "data/offline.py",
    "data/replay.py",
    "data/rewards.py",
    "data/transitions.py",
    "algorithms",
    "evaluate/policy_distance.py",
    "evaluate/rollout.py",
    "acting",
    "recipes/recipe.py",
    "finetune",
)


def code_digest(package: Path = PACKAGE) -> str:
    """SHA-256 of the files of the library that decide numbers."""
    digest = hashlib.sha256()
    for path in numeric_files(package):
        digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def numeric_files(package: Path = PACKAGE) -> list[Path]:
    """The files that `DECIDES_NUMBERS` names, in a fixed order."""
    files = []
    for name in DECIDES_NUMBERS:
        path = package / name
        files += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return files


def bytes_digest(names: Iterable[str], package: Path = PACKAGE) -> str:
    """SHA-256 of single files of the library, below its folder and in this order."""
    digest = hashlib.sha256()
    for name in names:
        digest.update(name.encode() + (package / name).read_bytes())
    return digest.hexdigest()
