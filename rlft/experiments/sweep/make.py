"""Makes the jobs that have neither a run nor an error, under one progress bar."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rlft.experiments.sweep.backends import Backend
from rlft.experiments.sweep.drive import drive
from rlft.experiments.sweep.job import RUN, Job
from rlft.experiments.sweep.locks import claimed
from rlft.experiments.sweep.progress import Bar
from rlft.experiments.sweep.worker import Outcome, Ticket, failure

SHOWN = 10  # failed jobs that are listed; the rest have their errors in their folders


def ticket_of(job: Job, folder: Path, files: tuple[str, ...] = ()) -> Ticket:
    """The ticket of a job below a folder; files are own ones, to be run first."""
    key = job.key()
    return Ticket(str(folder), job.place(key), key, files, job.text())


def make_jobs(tickets: Sequence[tuple[Ticket, Job]], folder: Path, backend: Backend) -> int:
    """Runs what is missing, and lists the first jobs that have failed.

    Args:
        tickets: all jobs, those that have ended before included.
        folder: where they are made.
        backend: what makes them.

    Returns:
        How many have failed, now or before.

    Raises:
        InputError: as the backend.
    """
    done = {ticket.key for ticket, _ in tickets if (ticket.path / RUN).exists()}
    failed = {ticket.key for ticket, _ in tickets if failure(ticket.path)} - done
    ended_before = done | failed
    waiting = in_turns([pair for pair in tickets if pair[0].key not in ended_before])
    print(
        f"{len(tickets):,} jobs in {folder}: {len(done):,} done, {len(failed):,} failed, "
        f"{len(waiting):,} to make."
    )
    for ticket in waiting:
        forget_the_dead(ticket)
    costs = {ticket.key: sum(job.cost()) for ticket, job in tickets}
    titles = {ticket.key: job.title() for ticket, job in tickets}
    with Bar(costs, ended_before, folder / "running") as bar:

        def ended(outcome: Outcome) -> None:
            bar.ended(outcome.key, outcome.state == "failed")
            if outcome.state == "failed":
                failed.add(outcome.key)

        drive(waiting, backend, ended)
    if failed:
        jobs = f"{len(failed):,} job{'s' * (len(failed) > 1)}"
        print(f"{jobs} failed; --retry-failed tries again:", file=sys.stderr)
    for ticket in [ticket for ticket, _ in tickets if ticket.key in failed][:SHOWN]:
        why = failure(ticket.path)
        print(f"  {titles[ticket.key]}: {why}\n    ({ticket.path})", file=sys.stderr)
    return len(failed)


def forget_the_dead(ticket: Ticket) -> None:
    """Removes the note of a worker that was killed: nobody holds the lock of its job."""
    if ticket.running.exists():
        with claimed(ticket.path / "lock", wait=False) as ours:
            if ours:
                ticket.running.unlink(missing_ok=True)


def in_turns(tickets: Sequence[tuple[Ticket, Job]]) -> list[Ticket]:
    """First one job for each prior, then their next ones, and so on.

    So few workers wait for a prior that another one is making.
    """
    seen: Counter[str] = Counter()
    turns = []
    for ticket, job in tickets:
        asked = job.recipe.prior
        prior = ticket.key if asked is None else job.experiment(Path()).prior_key(asked)
        turns.append((seen[prior], ticket))
        seen[prior] += 1
    return [ticket for _, ticket in sorted(turns, key=lambda one: one[0])]
