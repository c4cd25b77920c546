"""What a notebook costs: CPU seconds of its kernel, over those of a round at the same time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import fmean

import psutil

from budgets.calibration import Calibration
from budgets.usage import Usage

LATEST = 3  # bursts that speak for a cell which is too short for as many of its own


@dataclass(frozen=True)
class Reading:
    """A cell, and its notebook up to its end.

    Attributes:
        cell_cpu_seconds: of the cell.
        cell_rounds: what it cost.
        cpu_seconds: of the notebook so far, the start of the kernel included.
        rounds: what that cost.
        peak_mb: largest memory of the notebook so far, see `Usage`.
    """

    cell_cpu_seconds: float
    cell_rounds: float
    cpu_seconds: float
    rounds: float
    peak_mb: float


class Meter:
    """Measures one notebook, cell by cell.

    Args:
        kernel: the notebook's process, just started.
        calibration: makes rounds beside it.
    """

    def __init__(self, kernel: psutil.Process, calibration: Calibration) -> None:
        self._kernel, self._calibration = kernel, calibration
        self._latest = deque([calibration.burst()], maxlen=LATEST)
        self._usage, self._rounds = Usage(0.0, 0.0), 0.0

    @contextmanager
    def cell(self) -> Iterator[list[Reading]]:
        """Measures what happens in the block; its list then holds the reading.

        Raises:
            psutil.NoSuchProcess: the kernel has died.
        """
        reading: list[Reading] = []
        before = Usage.of(self._kernel)
        with self._calibration.beside(self._kernel) as samples:
            yield reading
        self._latest.extend(samples)
        after = Usage.of(self._kernel)
        one_round = fmean(samples if len(samples) > LATEST else self._latest)  # CPU seconds
        self._rounds += (after.cpu_seconds - self._usage.cpu_seconds) / one_round
        self._usage = after
        cell = after.cpu_seconds - before.cpu_seconds
        reading.append(
            Reading(cell, cell / one_round, after.cpu_seconds, self._rounds, after.peak_mb)
        )
