"""Where a result comes from: versions, commit, command, time. Stored beside every result."""

from __future__ import annotations

import platform
import shlex
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from rlft.core.files import PACKAGE
from rlft.core.registry import stored

# The packages whose version can change a result.
PACKAGES = ("rlft", "torch", "numpy", "scipy", "gymnasium", "minari", "mujoco")


@stored
@dataclass(frozen=True)
class Provenance:
    """What is needed to make a result again.

    Attributes:
        versions: (package, version) pairs, Python first; "not installed" where it is not.
        commit: git commit of the library, followed by "+changes" if files differ from it;
            "unknown" outside a git checkout.
        command: the command line of the program.
        machine: operating system and processor.
        created: time in UTC, ISO 8601.
    """

    versions: tuple[tuple[str, str], ...]
    commit: str
    command: str
    machine: str
    created: str


def provenance() -> Provenance:
    """Collects the provenance of whatever this program is making now."""
    return Provenance(
        versions=versions(),
        commit=git_commit(PACKAGE.parent),
        command=shlex.join(sys.argv),
        machine=f"{platform.system()} {platform.machine()}",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def versions() -> tuple[tuple[str, str], ...]:
    """(package, version) of what can change a result, Python first."""
    return (("python", platform.python_version()), *((p, _version(p)) for p in PACKAGES))


def git_commit(checkout: Path) -> str:
    """The commit of a checkout, with "+changes" if tracked files differ; "unknown" without one.

    Args:
        checkout: the folder that must hold ``.git`` itself. An installed package lies somewhere
            inside another project's checkout at times, whose commit says nothing about it.
    """
    if not (checkout / ".git").exists():
        return "unknown"
    commit = _git(checkout, "rev-parse", "HEAD")
    if commit is None:
        return "unknown"
    changes = _git(checkout, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}+changes" if changes else commit


def _git(checkout: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(checkout), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,  # a network drive may take seconds; nothing here is worth waiting longer
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
