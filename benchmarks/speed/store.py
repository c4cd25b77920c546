"""Keeps each result as it comes, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.speed.rounds import Effort
from benchmarks.speed.settings import machine, versions
from rlft.core.errors import InputError
from rlft.core.files import PACKAGE, write_atomically

HERE = Path(__file__).resolve().parent
# What only writes results down may change without a result being made again.
WRITING = {
    "__main__.py",
    "command.py",
    "figure.py",
    "guard.py",
    "report.py",
    "settings.py",
    "store.py",
}


def stamp(effort: Effort) -> str:
    """What a result was measured with: a digest of the code, the versions and the effort."""
    own = [path for path in HERE.glob("*.py") if path.name not in WRITING]
    files = sorted([*PACKAGE.rglob("*.py"), *own])
    whole = hashlib.sha256(repr((versions(), asdict(effort))).encode())
    for path in files:
        whole.update(path.read_bytes())
    return whole.hexdigest()[:12]


class Store:
    """Results in one JSON file.

    Args:
        path: the file; made with the first result.
        effort: how long everything is measured now.

    Attributes:
        results: by name; each has a "stamp" beside what its job returned.

    Raises:
        InputError: the file is there and cannot be read.
    """

    def __init__(self, path: Path, effort: Effort) -> None:
        self.path, self.stamp = path, stamp(effort)
        self.results: dict[str, Any] = read(path)["results"] if path.exists() else {}
        self._head = {"machine": machine(), "versions": versions()}

    def has(self, name: str) -> bool:
        """Whether a result was measured with this very code, these versions and this effort."""
        return self.results.get(name, {}).get("stamp") == self.stamp

    def keep(self, name: str, result: dict[str, Any]) -> None:
        """Adds a result, and writes the file."""
        self.results[name] = {"stamp": self.stamp, **result}
        text = json.dumps(rounded({**self._head, "results": self.results}), indent=1) + "\n"
        write_atomically(self.path, lambda path: path.write_text(text, encoding="utf-8"))


def rounded(value: Any) -> Any:
    """Numbers to four digits: more are noise."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def read(path: Path) -> dict[str, Any]:
    """The content of a file of results: machine, versions, results by name.

    Raises:
        InputError: it is missing or damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        assert content.keys() >= {"machine", "versions", "results"}
    except (OSError, ValueError, AssertionError) as error:
        raise InputError(
            f"The file {str(path)!r} has no results of speed ({type(error).__name__}). Delete it, "
            "and measure with `make bench`."
        ) from error
    return content
