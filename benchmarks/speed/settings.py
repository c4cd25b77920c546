"""The environment in which everything is measured: the one that `make` exports."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("torch", "numpy", "stable-baselines3", "d3rlpy", "sbx-rl", "jax")


def exported() -> dict[str, str]:
    """The Makefile's variables: one thread."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return dict(re.findall(r"^export (\w+) \?= (\d+)$", text, flags=re.MULTILINE))


def restart_with_settings() -> None:
    """Starts this program again if variables lack: some are read before Python's first line."""
    wanted = exported()
    if not wanted.keys() <= os.environ.keys():
        os.execve(sys.executable, sys.orig_argv, wanted | dict(os.environ))


def processor() -> str:
    """What decides ratios of speed: the kind of processor, and the instructions that torch uses."""
    import torch  # not before the settings stand

    return f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}"


def machine() -> str:
    """The machine in words, with its load at this moment."""
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    return f"{platform.system()}, {os.cpu_count()} cores ({processor()}){load}"


def versions() -> dict[str, str]:
    """Python and the packages that take part; a package that is missing is left out."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
