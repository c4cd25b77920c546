"""`python -m rlft sweep FILE.toml`: makes the jobs of a grid, on many cores or machines."""

from __future__ import annotations

import json
import math
import os
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from rlft.core.checks import at_least, refused
from rlft.core.files import write_atomically
from rlft.core.table import Table
from rlft.experiments.sweep.backends import BACKENDS
from rlft.experiments.sweep.estimate import Cost, measure
from rlft.experiments.sweep.grid import Grid, read_grid
from rlft.experiments.sweep.job import FAILED, Job
from rlft.experiments.sweep.kept import LIST
from rlft.experiments.sweep.locks import check_locks
from rlft.experiments.sweep.make import make_jobs, ticket_of
from rlft.experiments.sweep.summary import report
from rlft.experiments.sweep.worker import Ticket
from rlft.results.store import results_root

# Evaluations that the summary needs, the one at the switch included.
POINTS = 3


@dataclass(frozen=True)
class Sweep:
    """Run a grid of recipes, datasets and seeds on many cores or machines; see docs/sweeps.md.

    The same command goes on where an earlier one stopped, and two at once share the work. The exit
    code is 1 if a job has failed.

    Attributes:
        file: what to run, in TOML.
        backend: joblib's processes on this machine, or the workers of a Dask or Ray cluster.
        address: of the cluster's scheduler; by default a cluster on this machine.
        workers: jobs at once on this machine; by default one per core.
        out: folder of jobs, tables and figures, the same path on all machines; by default the
            file's name in "sweeps" below the results folder.
        dry_run: only count the jobs, and time a few updates of each recipe.
        retry_failed: also try again what has failed before.
    """

    file: Positional[Path]
    backend: Literal["local", "dask", "ray"] = "local"
    address: str | None = None
    workers: int | None = None
    out: Path | None = None
    dry_run: bool = False
    retry_failed: bool = False

    def run(self) -> None:
        """Makes what is missing, then writes tables and figures of what is there.

        Raises:
            SystemExit: with code 1 if a job has failed, after all else.
            InputError: for a file, name or number that cannot be used, a recipe that cannot start
                from its prior, a folder without locks, or an engine that is missing.
        """
        at_least(1, workers=self.workers, hint="Each makes one job at a time.")
        if self.backend == "local" and self.address is not None:
            hint = "Leave it out, or choose --backend dask or ray."
            raise refused("address", self.address, "none with --backend local", hint)
        grid = read_grid(self.file)
        check(grid)
        if self.dry_run:
            print(estimated(grid, self.workers or os.cpu_count() or 1))
            return
        folder = (self.out or results_root() / "sweeps" / self.file.stem).resolve()
        check_locks(folder)
        tickets = tickets_of(grid, folder)
        write_list(folder, [ticket.place for ticket, _ in tickets])
        if self.retry_failed:
            for ticket, _ in tickets:
                (ticket.path / FAILED).unlink(missing_ok=True)
        failed = make_jobs(tickets, folder, BACKENDS[self.backend](self.address, self.workers))
        for path in report(folder):
            print(f"saved {path}")
        if failed:
            sys.exit(1)  # for a script around it


def check(grid: Grid) -> None:
    """Finds out before hours of training whether each recipe can start from its prior.

    Raises:
        InputError: what the run would raise, with recipe and prior named.
    """
    plan = grid.plan
    points = 1 + math.ceil(plan.steps / plan.eval_every)
    if points < POINTS:
        hint = f"Set plan.eval_every to {max(1, plan.steps // (POINTS - 1))} or less."
        expected = f"{POINTS} evaluations or more in {plan.steps} steps, of which the last count"
        raise refused("plan.eval_every", plan.eval_every, expected, hint)
    for job in grid.jobs():
        if job.block == 0:
            # The machine that hands out jobs for GPUs need not have one.
            experiment = job.experiment(Path())
            replace(experiment, plan=experiment.plan.but(device="cpu")).check(job.recipe)


def tickets_of(grid: Grid, folder: Path) -> list[tuple[Ticket, Job]]:
    """A ticket for each job, in the order of the grid."""
    files = tuple(str(file) for file in grid.files)
    return [(ticket_of(job, folder, files), job) for job in grid.jobs()]


def write_list(folder: Path, places: list[str]) -> None:
    """Leaves in the folder which jobs are this sweep's: older code's may lie beside them.

    Raises:
        InputError: if the folder cannot be written to.
    """
    text = json.dumps({"jobs": places}, indent=2) + "\n"
    write_atomically(folder / LIST, lambda file: file.write_text(text, encoding="utf-8"))


def estimated(grid: Grid, workers: int) -> str:
    """The number of jobs and what they cost, measured now, as a table with a line below it."""
    costs: dict[tuple[str, str, str | None], Cost] = {}
    priors: dict[str, float] = {}  # by key: those that jobs share are made once
    counts: Counter[tuple[str, str, str | None]] = Counter()
    made: defaultdict[tuple[str, str, str | None], float] = defaultdict(float)
    jobs = grid.jobs()
    for job in jobs:
        kind = (job.recipe.name, job.dataset, job.env)
        if kind not in costs:
            print(f"timing {job.recipe.name} on {job.dataset} ...", file=sys.stderr, flush=True)
            costs[kind] = measure(job.experiment(Path()), job.recipe)
        counts[kind] += 1
        made[kind] += costs[kind].run
        if job.recipe.prior is not None:
            key = job.experiment(Path()).prior_key(job.recipe.prior)
            if key not in priors:
                priors[key] = costs[kind].prior
                made[kind] += costs[kind].prior
    rows = [
        (
            recipe,
            dataset + (f" in {env}" if env else ""),
            f"{counts[recipe, dataset, env]:,}",
            f"{cost.prior:,.0f}",
            f"{cost.run:,.0f}",
            f"{made[recipe, dataset, env] / 3600:,.2f}",
        )
        for (recipe, dataset, env), cost in costs.items()
    ]
    head = ("recipe", "dataset", "jobs", "prior s", "run s", "core hours")
    hours = sum(made.values()) / 3600
    runs = len(jobs) * grid.seeds
    return (
        f"{Table(head, rows, align='llrrrr').text(rule=True)}\n\n"
        f"{len(jobs):,} jobs of {grid.seeds} seeds, {runs:,} runs; {len(priors):,} priors, each "
        "made once and counted with the first recipe that asks for it.\n"
        f"About {hours:,.2f} core hours, measured on this machine now: "
        f"{hours / workers:,.2f} hours with {workers} workers."
    )
