"""Real engines with real processes, one of which is killed in the middle: nothing lost or twice.

Dask and Ray come with the extra `cluster` (`make cluster`); without them their tests are skipped.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sweep_fakes import small_sweep, starts, write_sweep

from rlft.core.errors import InputError
from rlft.core.files import PACKAGE
from rlft.experiments.sweep.backends import Backend, Dask, Local, Ray
from rlft.experiments.sweep.drive import drive
from rlft.experiments.sweep.job import RUN
from rlft.experiments.sweep.worker import Outcome, Ticket, perform

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
WITHOUT = "needs the extra `cluster`: make cluster"
BLOCKS = 3
MINUTES = 300  # seconds that only catch what hangs


@pytest.fixture
def killing(tmp_path: Path) -> list[Ticket]:
    """Three jobs, the first of which to run kills its process in the middle."""
    return [ticket for ticket, _ in small_sweep(tmp_path, blocks=BLOCKS, kills=True)]


@pytest.fixture(autouse=True)
def library_in_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(PACKAGE.parent))


def all_made_once(tickets: list[Ticket], backend: Backend, folder: Path) -> None:
    """Drives a sweep in which one worker dies, then asks for all of it again."""
    ended: list[Outcome] = []
    drive(tickets, backend, ended.append)
    assert (folder / "notes.killed").exists()
    assert sorted(o.key for o in ended) == sorted(t.key for t in tickets)
    assert {outcome.state for outcome in ended} == {"made"}, ended
    assert all((ticket.path / RUN / "run.json").exists() for ticket in tickets)
    # The killed one was started twice; with it, other workers' may have been ended (loky).
    assert BLOCKS < starts(folder) <= 2 * BLOCKS
    before = starts(folder)
    assert {perform(ticket).state for ticket in tickets} == {"there"}
    assert starts(folder) == before
    assert list((folder / "out" / "running").iterdir()) == []


def test_local_processes(killing: list[Ticket], tmp_path: Path) -> None:
    all_made_once(killing, Local(workers=2), tmp_path)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """The address of a Dask scheduler with two workers, each a process of its own."""
    pytest.importorskip("distributed", reason=WITHOUT)
    where, begin = tmp_path / "scheduler.json", time.monotonic()
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0"]
    ends = ["--no-dashboard", "--scheduler-file", str(where)]
    scheduler = subprocess.Popen([*command, "--host", "127.0.0.1", *ends], cwd=tmp_path)
    processes = [scheduler]
    try:
        while not where.exists():
            assert time.monotonic() < begin + MINUTES and scheduler.poll() is None
            time.sleep(0.1)
        worker = ["distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        worker = [sys.executable, "-m", *worker, "--scheduler-file", str(where)]
        processes += [subprocess.Popen(worker, cwd=tmp_path) for _ in range(2)]
        yield json.loads(where.read_text())["address"]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_dask_cluster(cluster: str, killing: list[Ticket], tmp_path: Path) -> None:
    all_made_once(killing, Dask(cluster), tmp_path)


def test_a_local_ray(killing: list[Ticket], tmp_path: Path) -> None:
    pytest.importorskip("ray", reason=WITHOUT)
    all_made_once(killing, Ray(workers=2), tmp_path)


def test_a_cluster_that_is_not_there_is_named(killing: list[Ticket], monkeypatch) -> None:
    pytest.importorskip("distributed", reason=WITHOUT)
    monkeypatch.setattr("rlft.experiments.sweep.backends.CONNECT", 1)
    with pytest.raises(InputError, match=r"no Dask scheduler at address='tcp://127\.0\.0\.1:9'"):
        list(Dask("tcp://127.0.0.1:9").perform(killing))


def test_an_engine_that_is_not_installed_is_named(
    killing: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, backend in (("joblib", Local()), ("distributed", Dask()), ("ray", Ray())):
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(InputError, match=rf"{name}.*pip install \"rlft\[cluster\]\""):
            list(backend.perform(killing))


def test_the_whole_command_is_killed_and_goes_on(tmp_path: Path) -> None:
    recipe = '[[recipes]]\nname = "OWN:NOTED"\n'
    file = write_sweep(tmp_path, recipe, blocks=BLOCKS, kills=True)
    arguments = ["sweep", str(file), "--workers", "1", "--out", str(tmp_path / "out")]
    command = [sys.executable, "-m", "rlft", *arguments]
    # With one worker joblib stays in the process, so the job kills the command itself.
    first = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True, timeout=MINUTES)
    assert first.returncode == -signal.SIGKILL, first.stderr
    assert len(list((tmp_path / "out" / "jobs").glob("*/run"))) < BLOCKS
    again = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True, timeout=MINUTES)
    assert again.returncode == 0, again.stderr
    assert len(list((tmp_path / "out" / "jobs").glob("*/run/run.json"))) == BLOCKS
    checks, killed = 2, 1  # each command looks first whether the recipe fits its prior
    assert starts(tmp_path) == checks + killed + BLOCKS
    assert "3 of 3 jobs are done." in (tmp_path / "out" / "summary.md").read_text()


def test_two_sweeps_at_once_share_the_work(tmp_path: Path) -> None:
    file = write_sweep(tmp_path, blocks=6)
    arguments = ["sweep", str(file), "--workers", "1", "--out", str(tmp_path / "out")]
    command = [sys.executable, "-m", "rlft", *arguments]
    both = [subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) for _ in range(2)]
    for process in both:
        _, errors = process.communicate(timeout=MINUTES)
        assert process.returncode == 0, errors.decode()
    assert starts(tmp_path) == 6 + len(both)  # each looked first whether the recipe fits
