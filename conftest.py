"""Holds every notebook that pytest runs to the course's budgets and its own record.

nbval turns each code cell into a test. Around each of them this file measures what the notebook's
kernel uses, fails the cell that breaks a limit (budgets stand in pyproject.toml, records in
notebooks/timings.json), prints a table at the end and, when asked, writes the records anew.

What counts is the time of the processor, because wall time grows with everybody else's work, and
not its seconds but how many rounds of the library's own work it was enough for, because a second of
a slow or crowded core is worth less; see the package `budgets`. A lesson that only waits would slip
through; there the limit is nbval's own, of wall time.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Generator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from queue import Empty

import psutil
import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile

from budgets.calibration import Calibration
from budgets.meter import Meter
from budgets.records import INI, Limits, Timings

# No test may wait for a network, and two threads on a shared core spin instead of working.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")

# tests/conftest.py moves the datasets of unit tests to a temporary folder; a notebook reads them
# where its reader does.
READERS_DATASETS = os.environ.get("MINARI_DATASETS_PATH")
# nbval gives a cell's output 5 s to follow the message that the cell is done. That is a hand-over
# between two processes, and a busy machine may let each of them wait.
OUTPUT_SECONDS = 300
LOOK = 5.0  # seconds between two looks whether a kernel that says nothing is still there

CALIBRATION = pytest.StashKey[Calibration]()
LIMITS = pytest.StashKey[Limits]()
METER = pytest.StashKey[Meter]()


def pytest_addoption(parser: pytest.Parser) -> None:
    for name, meaning in INI.items():
        parser.addini(name, meaning)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LIMITS] = Limits.of(config)
    if not hasattr(config, "workerinput"):  # xdist's workers have nothing to sum up
        config.pluginmanager.register(Timings(config.rootpath), "notebook-timings")


def pytest_unconfigure(config: pytest.Config) -> None:
    if CALIBRATION in config.stash:
        config.stash[CALIBRATION].close()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Makes the calibration ready before the first notebook, whose wall time this must not be."""
    if isinstance(item, IPyNbCell) and CALIBRATION not in item.config.stash:
        item.config.stash[CALIBRATION] = Calibration()
        item.config.stash[CALIBRATION].burst()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Starts the kernel in its reader's environment, but with no results cached by other runs."""
    if not isinstance(item, IPyNbCell):
        return (yield)
    item.output_timeout = OUTPUT_SECONDS
    if item.parent.kernel is not None:
        return (yield)
    notebook: IPyNbFile = item.parent
    results = tempfile.TemporaryDirectory(prefix="rlft-results-")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RLFT_RESULTS", results.name)
        patch.setenv("RLFT_PROGRESS", str(Path(results.name, "progress.json")))
        if notebook.path.parent.name != "exercises":  # they may be unsolved; what claims may not
            patch.setenv("RLFT_STRICT", "1")
        if READERS_DATASETS is None:
            patch.delenv("MINARI_DATASETS_PATH", raising=False)
        else:
            patch.setenv("MINARI_DATASETS_PATH", READERS_DATASETS)
        yield
    notebook.addfinalizer(results.cleanup)
    kernel = notebook.kernel
    kernel.await_reply = partial(await_reply, kernel)
    process = psutil.Process(kernel.km.provisioner.pid)
    notebook.stash[METER] = Meter(process, item.config.stash[CALIBRATION])


def await_reply(kernel: RunningKernel, msg_id: str, timeout: float) -> None:
    """Waits for the end of a cell as nbval does, but no longer for a kernel that has died.

    Raises:
        Empty: the time is over.
        RuntimeError: the kernel is gone.
    """
    end = time.monotonic() + timeout
    while (left := end - time.monotonic()) > 0:
        try:
            return RunningKernel.await_reply(kernel, msg_id, timeout=min(left, LOOK))
        except Empty as nothing:
            if not kernel.is_alive():
                raise RuntimeError("The kernel has died") from nothing
    raise Empty


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Measures one cell and fails it when it, or the notebook so far, is over a limit."""
    if not isinstance(item, IPyNbCell):
        return (yield)
    if item.parent.timed_out:
        item.raise_cell_error("Not run: an earlier cell of this notebook timed out")
    with item.parent.stash[METER].cell() as readings:
        yield
    (reading,) = readings
    item.user_properties += list(asdict(reading).items())
    path = item.path.relative_to(item.config.rootpath).as_posix()
    if complaint := item.config.stash[LIMITS].complaint(path, reading):
        item.raise_cell_error(complaint)


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
