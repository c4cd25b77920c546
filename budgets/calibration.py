"""How long a round of the loop takes here and now, in a notebook's place.

A second process for the loop, because a thread would share Python's lock and PyTorch's state with
pytest. While it makes a burst of rounds the kernel stands still: both would else share caches and
memory on a quiet machine too, where the notebook runs alone most of the time, and a round would
seem slower than the notebook is.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

LOOP = Path(__file__).with_name("loop.py")
# Between two bursts, as a multiple of the last one's wall time: so they take 5 % of the time, also
# where each of them takes long. The first ones follow each other sooner, so that a cell of a few
# seconds has some, too.
FIRST_PAUSE = 0.1  # seconds
PAUSE_PER_BURST = 20
FIRST_PAUSES = 5


class Calibration:
    """The process that runs the loop; one serves all notebooks of a pytest process.

    It starts at once and needs some seconds to import PyTorch; the first burst waits for that.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(LOOP)],
            cwd=LOOP.parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def burst(self) -> float:
        """Makes some rounds now.

        Returns:
            CPU seconds of one of them.

        Raises:
            RuntimeError: the process is gone; what it had to say is on the standard error.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write("\n")
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the calibration has ended with code {self._process.wait()}")
        return float(answer)

    @contextmanager
    def beside(self, process: psutil.Process) -> Iterator[list[float]]:
        """Makes a burst now and then while the block runs.

        Args:
            process: stands still during each burst.

        Yields:
            A list that grows: the CPU seconds of a round, one number for each burst.
        """
        samples: list[float] = []
        done = threading.Event()
        thread = threading.Thread(target=self._repeat, args=(process, done, samples), daemon=True)
        thread.start()
        try:
            yield samples
        finally:
            done.set()
            thread.join()

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.communicate()  # waits, and closes the pipes

    def _repeat(self, process: psutil.Process, done: threading.Event, samples: list[float]) -> None:
        pause = FIRST_PAUSE
        for number in itertools.count(1):
            if done.wait(pause):
                return
            begin = time.monotonic()
            try:
                process.suspend()
                try:
                    samples.append(self.burst())
                finally:
                    process.resume()
            except psutil.NoSuchProcess:  # the cell has ended its own kernel
                return
            pause = min(PAUSE_PER_BURST, FIRST_PAUSES * number) * (time.monotonic() - begin)
