"""What a worker does with a job: claim it, make it, and leave the run, or the error, in its folder.

A job that was made, has failed or is another worker's is left alone, so the same job may be asked
for as often as one likes, by two sweeps at once or again after a crash. A worker that is killed
leaves the checkpoint of its prior, from which the job goes on; its fine-tuning has no checkpoint
and begins again.
"""

from __future__ import annotations

import json
import socket
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import psutil

from rlft.core.errors import InputError
from rlft.core.files import save_arrays, write_atomically
from rlft.experiments.own_files import load_file
from rlft.experiments.probes import Watch
from rlft.experiments.sweep.job import FAILED, PROBED, RUN, TOOK, Job, job_of
from rlft.experiments.sweep.locks import claimed
from rlft.experiments.sweep.progress import Running
from rlft.finetune import Run, finetune
from rlft.results.store import save_run

State = Literal["made", "there", "failed", "taken", "lost"]


@dataclass(frozen=True)
class Ticket:
    """A job as it travels to a worker: text alone, which any engine can send.

    Attributes:
        folder: of the sweep, the same path on every machine.
        place: the job's folder below it.
        key: of the job, as the sweep sees it.
        files: own files to run first, for what they register.
        job: see `Job.text`.
    """

    folder: str
    place: str
    key: str
    files: tuple[str, ...]
    job: str

    @property
    def path(self) -> Path:
        """The job's folder."""
        return Path(self.folder) / self.place

    @property
    def running(self) -> Path:
        """The file that says how far it is, while it runs."""
        return Path(self.folder) / "running" / f"{self.key}.json"


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Attributes:
        key: of the job.
        state: "made" now, "there" already, "failed", "taken" by another sweep at the moment, or
            "lost" with its worker.
        error: why it failed or was lost, one line.
    """

    key: str
    state: State
    error: str = ""


def perform(ticket: Ticket) -> Outcome:
    """Makes a job, unless there is nothing to do; never raises for what is wrong with the job."""
    try:
        with claimed(ticket.path / "lock", wait=False) as ours:
            if not ours:
                return Outcome(ticket.key, "taken")
            if (ticket.path / RUN).exists():
                return Outcome(ticket.key, "there")
            if (ticket.path / FAILED).exists():
                return Outcome(ticket.key, "failed", failure(ticket.path))
            try:
                _make(ticket)
            except Exception as error:
                record_failure(ticket.path, error)
                return Outcome(ticket.key, "failed", f"{type(error).__name__}: {error}")
            return Outcome(ticket.key, "made")
    except Exception as error:  # no lock, or no room even for the failure
        return Outcome(ticket.key, "failed", f"{type(error).__name__}: {error}")


def _make(ticket: Ticket) -> None:
    """Makes the run and moves it into the job's folder."""
    for file in ticket.files:
        load_file(Path(file))
    job, begin, busy = job_of(ticket.job), time.perf_counter(), time.process_time()
    if (key := job.key()) != ticket.key:
        raise InputError(
            f"The worker on {socket.gethostname()!r} would make another run: its key is {key}, the "
            f"sweep's {ticket.key}. Install the same versions of rlft, Python and its packages "
            "there, keep files of your own as they are while a sweep runs, and start it again with "
            "--retry-failed."
        )
    job.write(ticket.path)
    with Running(ticket.running, *job.cost()) as progress:
        run, probed = run_job(job, Path(ticket.folder), progress)
    took = {
        "seconds": round(time.perf_counter() - begin, 2),
        "core_seconds": round(time.process_time() - busy, 2),
        "memory_mb": round(psutil.Process().memory_info().rss / 1e6),
        "machine": socket.gethostname(),
    }
    _write_json(ticket.path / TOOK, took)
    if probed:
        save_arrays(ticket.path / PROBED, probed)
    save_run(run, ticket.path / RUN)


def run_job(job: Job, folder: Path, progress: Running) -> tuple[Run, dict[str, np.ndarray]]:
    """Makes the prior, or reads the one that another job has made, and fine-tunes.

    Args:
        job: what to make.
        folder: of the sweep; a prior is made in its `priors`, by one worker at a time.
        progress: is told how far it is.

    Returns:
        The run, and what its probes saw at each evaluation, (S, P) each.
    """
    experiment, asked = job.experiment(folder), job.recipe.prior
    if asked is None:
        prior = experiment.prior(None)
    else:
        file = experiment.prior_file(asked)
        with claimed(file.with_suffix(".lock"), wait=True):
            prior = experiment.prior(
                asked, lambda update, _: progress.at("prior", update / asked.steps)
            )
    if job.edit is not None:
        prior = job.edit.apply(prior, job.plan.seed)
    watch = Watch(job.probes, prior.data)
    run = finetune(
        prior,
        job.recipe,
        plan=job.plan,
        callbacks=[lambda step, *_: progress.at("run", step / job.plan.steps), watch],
    )
    return run, watch.columns()


def record_failure(place: Path, error: BaseException | str) -> None:
    """Writes why a job failed into its folder.

    Raises:
        InputError: if the folder cannot be written to.
    """
    if isinstance(error, str):
        content = {"error": error, "traceback": ""}
    else:
        text = "".join(traceback.format_exception(error))
        content = {"error": f"{type(error).__name__}: {error}", "traceback": text}
    _write_json(place / FAILED, content | {"machine": socket.gethostname()})


def failure(place: Path) -> str:
    """Why a job failed, one line; "" if it has not."""
    try:
        return json.loads((place / FAILED).read_text(encoding="utf-8"))["error"]
    except FileNotFoundError:
        return ""


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    text = json.dumps(content, indent=2) + "\n"
    write_atomically(path, lambda file: file.write_text(text, encoding="utf-8"))
