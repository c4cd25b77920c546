"""What each notebook may cost, and the file that says what it did cost: notebooks/timings.json.

A budget holds for every notebook; a record is one notebook's own. Without records a lesson of 90
seconds could grow to three times its length before it met the budget, and its readers would
notice before we did.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from budgets.meter import Reading

WRITE = "RLFT_WRITE_TIMINGS"  # the variable that `make timings` sets to 1
INI = {
    "notebook_rounds": "what a notebook may cost, in rounds of `loop`",
    "notebook_cell_rounds": "what a cell may cost, likewise",
    "notebook_peak_mb": "memory a notebook's kernel may use, in 10^6 bytes",
    "notebook_tolerance": "times a budget or record that a cost may be measured as",
    "notebook_smallest_record": "what a record counts as at least, in rounds",
}


def is_recording() -> bool:
    """Whether this run measures notebooks anew, instead of holding them to their records."""
    return os.environ.get(WRITE) == "1"


def timings_file(root: Path) -> Path:
    """Where the records are."""
    return root / "notebooks" / "timings.json"


def read_entries(root: Path) -> dict[str, dict[str, Any]]:
    """Path of a notebook to what was measured of it; empty if nothing ever was."""
    file = timings_file(root)
    return json.loads(file.read_text())["notebooks"] if file.exists() else {}


@dataclass(frozen=True)
class Limits:
    """What holds for the notebooks of one run.

    Attributes:
        ini: the numbers in pyproject.toml, by name.
        records: path of a notebook to its recorded cost in rounds; None while recording.
    """

    ini: Mapping[str, float]
    records: Mapping[str, float] | None

    @classmethod
    def of(cls, config: pytest.Config) -> Limits:
        """Reads both files."""
        ini = {name: float(config.getini(name)) for name in INI}
        if is_recording():
            return cls(ini, None)
        entries = read_entries(config.rootpath)
        return cls(ini, {path: e["rounds"] for path, e in entries.items() if "rounds" in e})

    def complaint(self, path: str, reading: Reading) -> str:
        """What is wrong with a notebook after one of its cells, or "".

        Args:
            path: of the notebook, from the root.
            reading: of the cell.
        """
        ini, tolerance = self.ini, self.ini["notebook_tolerance"]
        measure = f"make timings NOTEBOOKS={path}"
        if self.records is not None and path not in self.records:
            return f"No cost is recorded for this notebook. On a quiet machine: {measure}"
        if reading.peak_mb > ini["notebook_peak_mb"]:
            return (
                f"The notebook's memory has peaked at {reading.peak_mb:.0f} MB; the budget is "
                f"{ini['notebook_peak_mb']:g} (notebook_peak_mb)"
            )
        budget = ini["notebook_cell_rounds"]
        if reading.cell_rounds > tolerance * budget:
            return (
                f"This cell used {reading.cell_cpu_seconds:.1f} CPU seconds, the time of "
                f"{reading.cell_rounds:,.0f} rounds; the budget is {budget:,.0f} "
                "(notebook_cell_rounds)"
            )
        used = (
            f"The notebook has used {reading.cpu_seconds:.1f} CPU seconds, the time of "
            f"{reading.rounds:,.0f} rounds"
        )
        budget = ini["notebook_rounds"]
        # What is written down keeps the budget; only what is measured again gets the tolerance.
        if reading.rounds > budget * (1 if self.records is None else tolerance):
            return f"{used}; the budget is {budget:,.0f} (notebook_rounds)"
        if self.records is None:
            return ""
        record = self.records[path]
        if reading.rounds > tolerance * max(record, ini["notebook_smallest_record"]):
            return (
                f"{used}; its record is {record:,.0f}. If it is meant to have grown, on a quiet "
                f"machine: {measure}"
            )
        return ""


@dataclass
class Timing:
    """What one notebook used in this run."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    rounds: float = 0.0
    slowest_cell_seconds: float = 0.0
    peak_mb: float = 0.0
    failed: bool = False


class Timings:
    """A plugin that gathers the measurements of all notebooks; prints them, and writes them when
    asked.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.notebooks: dict[str, Timing] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Adds a cell."""
        path = report.nodeid.split("::")[0]
        if not path.endswith(".ipynb") or report.when == "teardown":
            return
        timing = self.notebooks.setdefault(path, Timing())
        timing.wall_seconds += report.duration  # of the set-up too: it starts the kernel
        timing.failed |= report.failed
        used = dict(report.user_properties)
        if "rounds" in used:
            timing.cpu_seconds, timing.rounds = used["cpu_seconds"], used["rounds"]
            timing.slowest_cell_seconds = max(timing.slowest_cell_seconds, used["cell_cpu_seconds"])
            timing.peak_mb = used["peak_mb"]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Prints the table."""
        if not self.notebooks:
            return
        entries = read_entries(self.root)
        terminalreporter.section("notebooks")
        terminalreporter.line(
            f"{'CPU s':>7}{'wall s':>8}{'slowest cell':>14}{'peak MB':>9}{'rounds':>9}{'record':>9}"
        )
        for path, timing in sorted(self.notebooks.items()):
            terminalreporter.line(
                f"{timing.cpu_seconds:7.1f}{timing.wall_seconds:8.1f}"
                f"{timing.slowest_cell_seconds:14.1f}{timing.peak_mb:9.0f}{timing.rounds:9.0f}"
                f"{entries.get(path, {}).get('rounds', '-'):>9}  {path}"
            )
        if is_recording():
            written = self.write()
            terminalreporter.line(f"Timings of {written} notebooks written. Now: make readme")

    def write(self) -> int:
        """Updates the file with this run's passed notebooks, drops those that no longer exist."""
        known = read_entries(self.root)
        new = {
            path: {
                "cpu_seconds": round(timing.cpu_seconds, 1),
                "peak_mb": round(timing.peak_mb),
                "rounds": round(timing.rounds),
                "slowest_cell_seconds": round(timing.slowest_cell_seconds, 1),
                "wall_seconds": round(timing.wall_seconds, 1),
            }
            for path, timing in self.notebooks.items()
            if not timing.failed
        }
        kept = {path: entry for path, entry in known.items() if (self.root / path).exists()}
        machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPU cores"
        content = {"machine": machine, "notebooks": dict(sorted((kept | new).items()))}
        timings_file(self.root).write_text(json.dumps(content, indent=2) + "\n")
        return len(new)
