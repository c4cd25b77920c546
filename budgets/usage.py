"""What a notebook's kernel has used so far, as the operating system counts it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil


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
