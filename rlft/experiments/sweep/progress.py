"""How far a sweep is: each running job says so in a small file, and one bar adds them up.

The files are in the sweep's folder `running`, one for each job that is at work, so workers on any
machine are seen, and listing it costs the same for ten jobs and for ten thousand.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from tqdm.auto import tqdm

from rlft.core.files import write_atomically

# Seconds between two notes of a job, and between two looks at them: seldom where each look is a
# line in a file, as it is in the log of a batch system.
NOTE_EVERY, LOOK_EVERY, LOG_EVERY = 5.0, 2.0, 60.0


class Running:
    """The note that a running job keeps of how far it is; gone when the job ends.

    Args:
        file: of the note.
        prior: what the prior costs, in any unit.
        run: what the run costs, in the same unit.
    """

    def __init__(self, file: Path, prior: float, run: float) -> None:
        self.file = file
        self._before = prior / (prior + run)  # the share of the work that is the prior's
        self._last = -NOTE_EVERY

    def __enter__(self) -> Running:
        self._write("start", 0.0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.file.unlink(missing_ok=True)

    def at(self, phase: str, share: float) -> None:
        """Notes that a share in [0, 1] of a phase, "prior" or "run", is done; seldom writes."""
        if (now := time.monotonic()) - self._last < NOTE_EVERY:
            return
        self._last, before = now, self._before
        self._write(phase, before * share if phase == "prior" else before + (1 - before) * share)

    def _write(self, phase: str, share: float) -> None:
        note = {"phase": phase, "share": share, "machine": socket.gethostname(), "pid": os.getpid()}
        write_atomically(self.file, lambda file: file.write_text(json.dumps(note), "utf-8"))


def shares(folder: Path) -> dict[str, float]:
    """What share of its work each running job has done, by its key."""
    found = {}
    for file in folder.glob("[!.]*.json"):
        try:
            found[file.stem] = float(json.loads(file.read_text(encoding="utf-8"))["share"])
        except FileNotFoundError:  # it has just ended
            continue
    return found


class Bar:
    """One bar over all jobs, by their work, with the time that is left.

    Args:
        costs: what each job costs, by its key, in one unit.
        done: keys of those that have ended before.
        running: the folder of the notes.
        show: whether to draw it.
    """

    def __init__(
        self, costs: Mapping[str, float], done: set[str], running: Path, show: bool = True
    ) -> None:
        self._costs, self._done, self._running = costs, set(done), running
        self._failed, self._stop = 0, threading.Event()
        self._pause = LOOK_EVERY if sys.stderr.isatty() else LOG_EVERY
        self._bar = tqdm(
            total=sum(costs.values()),
            initial=sum(costs[key] for key in done),
            bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left",
            disable=not show,
            smoothing=0,  # jobs differ in length, so the mean of all is the better guess
        )
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Bar:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.refresh()
        self._bar.close()

    def ended(self, key: str, failed: bool) -> None:
        """Counts a job."""
        self._done.add(key)
        self._failed += failed

    def refresh(self) -> None:
        """Adds up what is done, running jobs by their share."""
        running = {key: share for key, share in shares(self._running).items() if key in self._costs}
        partly = sum(self._costs[key] * s for key, s in running.items() if key not in self._done)
        done = sum(self._costs[key] for key in list(self._done))
        self._bar.n = min(done + partly, self._bar.total)  # not above by rounding
        failed = f", {self._failed} failed" if self._failed else ""
        text = f"{len(self._done)}/{len(self._costs)} jobs, {len(running)} running{failed}"
        self._bar.set_description_str(text, refresh=True)

    def _look(self) -> None:
        while not self._stop.wait(self._pause):
            self.refresh()
