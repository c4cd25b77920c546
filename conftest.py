"""Holds every notebook that pytest runs to the course's budgets, and measures it.

nbval turns each code cell into a test. Around each of them this file reads what the notebook's
kernel has used, fails the cell that breaks a budget (they stand in pyproject.toml), prints a table
at the end and, when asked, writes the timings file that the README's table is made from.

The seconds that count are CPU seconds of the kernel and of the processes it starts: on a busy
machine wall time grows with everybody else's work, CPU time does not. A lesson that only waits
would slip through; there the limit is nbval's own 120 s of wall time a cell.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

# No test may wait for a network, and two threads on a shared core spin instead of working.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")

# tests/conftest.py moves the datasets of unit tests to a temporary folder; a notebook reads them
# where its reader does.
READERS_DATASETS = os.environ.get("MINARI_DATASETS_PATH")
KERNEL = pytest.StashKey[psutil.Process]()


@dataclass(frozen=True)
class Usage:
    """What a kernel has used since it started.

    Attributes:
        cpu_seconds: user and system time, of the kernel and the processes it started.
        peak_mb: largest resident memory of the kernel, plus that of processes still alive, in
            10^6 bytes. Outside Linux the memory at the moment of asking stands in for the peak.
    """

    cpu_seconds: float
    peak_mb: float

    @classmethod
    def of(cls, kernel: psutil.Process) -> Usage:
        """Measures the kernel now; raises `psutil.NoSuchProcess` if it has died."""
        cpu = sum(kernel.cpu_times()[:4])  # user, system and both of finished children
        peak = _peak_bytes(kernel)
        for child in kernel.children(recursive=True):
            try:
                cpu += sum(child.cpu_times()[:2])
                peak += _peak_bytes(child)
            except psutil.NoSuchProcess:  # it ended meanwhile: its time is in the kernel's now
                continue
        return cls(cpu, peak / 1e6)


def _peak_bytes(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):  # high-water mark of resident memory, in KiB
                return int(line.split()[1]) * 1024
    return process.memory_info().rss


# --- in the process that runs the notebook -------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Starts the kernel in its reader's environment, but with no results cached by other runs."""
    if not isinstance(item, IPyNbCell) or item.parent.kernel is not None:
        return (yield)
    notebook: IPyNbFile = item.parent
    results = tempfile.TemporaryDirectory(prefix="rlft-results-")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RLFT_RESULTS", results.name)
        patch.setenv("RLFT_PROGRESS", str(Path(results.name, "progress.json")))
        if notebook.path.parent.name == "solutions":
            patch.setenv("RLFT_STRICT", "1")  # an exercise may be unsolved, a solution may not
        if READERS_DATASETS is None:
            patch.delenv("MINARI_DATASETS_PATH", raising=False)
        else:
            patch.setenv("MINARI_DATASETS_PATH", READERS_DATASETS)
        yield
    notebook.addfinalizer(results.cleanup)
    notebook.stash[KERNEL] = psutil.Process(notebook.kernel.km.provisioner.pid)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Measures one cell and fails it when it, or the notebook so far, is over budget."""
    if not isinstance(item, IPyNbCell):
        return (yield)
    if item.parent.timed_out:
        item.raise_cell_error("Not run: an earlier cell of this notebook timed out")
    kernel = item.parent.stash[KERNEL]
    before = Usage.of(kernel)
    yield
    after = Usage.of(kernel)
    cell_seconds = after.cpu_seconds - before.cpu_seconds
    item.user_properties += [
        ("cell_cpu_seconds", cell_seconds),
        ("cpu_seconds", after.cpu_seconds),
        ("peak_mb", after.peak_mb),
    ]
    for what, used, limit in (
        ("This cell used {:.1f} CPU seconds", cell_seconds, "notebook_cell_cpu_seconds"),
        ("The notebook has used {:.1f} CPU seconds", after.cpu_seconds, "notebook_cpu_seconds"),
        ("The notebook's memory has peaked at {:.0f} MB", after.peak_mb, "notebook_peak_mb"),
    ):
        allowed = float(item.config.getini(limit))
        if used > allowed:
            item.raise_cell_error(f"{what.format(used)}; the budget is {allowed:g} ({limit})")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Counts every cell from a timed-out one on as failed, where nbval says xfail or even passed.

    nbval marks the cells after a time-out xfail, which would not fail the run, and the timed-out
    cell itself passes when its code swallows the KeyboardInterrupt that stops it.
    """
    report = yield
    timed_out = isinstance(item, IPyNbCell) and item.parent.timed_out
    if timed_out and report.when == "call" and not report.failed:
        report.outcome = "failed"
        report.longrepr = (
            f"{item.name}: this cell, or one before it in the notebook, ran into the time-out of "
            f"{item.config.option.nbval_cell_timeout:g} s"
        )
        if hasattr(report, "wasxfail"):
            del report.wasxfail
    return report


# --- in the process that collects the reports (with xdist, another one) --------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("notebook_cpu_seconds", "CPU seconds a notebook may use")
    parser.addini("notebook_cell_cpu_seconds", "CPU seconds a cell may use")
    parser.addini("notebook_peak_mb", "memory a notebook's kernel may use, in 10^6 bytes")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # xdist's workers have nothing to sum up
        config.pluginmanager.register(Timings(config.rootpath), "notebook-timings")


@dataclass
class Timing:
    """What one notebook used in this run."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    slowest_cell_seconds: float = 0.0
    peak_mb: float = 0.0
    failed: bool = False


class Timings:
    """Gathers the measurements of all notebooks; prints them, and writes them when asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.notebooks: dict[str, Timing] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        path = report.nodeid.split("::")[0]
        if not path.endswith(".ipynb") or report.when == "teardown":
            return
        timing = self.notebooks.setdefault(path, Timing())
        timing.wall_seconds += report.duration  # of the set-up too: it starts the kernel
        timing.failed |= report.failed
        used = dict(report.user_properties)
        if "cpu_seconds" in used:
            timing.cpu_seconds = used["cpu_seconds"]
            timing.slowest_cell_seconds = max(timing.slowest_cell_seconds, used["cell_cpu_seconds"])
            timing.peak_mb = used["peak_mb"]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.notebooks:
            return
        terminalreporter.section("notebooks")
        terminalreporter.line(f"{'CPU s':>7}{'wall s':>8}{'slowest cell':>14}{'peak MB':>9}")
        for path, timing in sorted(self.notebooks.items()):
            terminalreporter.line(
                f"{timing.cpu_seconds:7.1f}{timing.wall_seconds:8.1f}"
                f"{timing.slowest_cell_seconds:14.1f}{timing.peak_mb:9.0f}  {path}"
            )
        if os.environ.get("RLFT_WRITE_TIMINGS") == "1":
            written = self.write(self.root / "notebooks" / "timings.json")
            terminalreporter.line(f"Timings of {written} notebooks written. Now: make readme")

    def write(self, target: Path) -> int:
        """Updates the file with this run's passed notebooks, drops those that no longer exist."""
        known = json.loads(target.read_text())["notebooks"] if target.exists() else {}
        new = {
            path: {
                "cpu_seconds": round(timing.cpu_seconds, 1),
                "peak_mb": round(timing.peak_mb),
                "slowest_cell_seconds": round(timing.slowest_cell_seconds, 1),
                "wall_seconds": round(timing.wall_seconds, 1),
            }
            for path, timing in self.notebooks.items()
            if not timing.failed
        }
        kept = {path: entry for path, entry in known.items() if (self.root / path).exists()}
        machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPU cores"
        content = {"machine": machine, "notebooks": dict(sorted((kept | new).items()))}
        target.write_text(json.dumps(content, indent=2) + "\n")
        return len(new)
