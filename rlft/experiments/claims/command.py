"""`python -m rlft claims`: puts the papers' claims on trial, and draws the board."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from rlft.core.checks import refused
from rlft.core.errors import unknown
from rlft.experiments.claims import CLAIMS, Claim
from rlft.experiments.claims.board import table, write_board
from rlft.experiments.claims.confirm import confirm
from rlft.experiments.claims.record import read_records, write_record
from rlft.experiments.claims.trying import Case, cases
from rlft.experiments.sweep.backends import BACKENDS, Backend
from rlft.experiments.sweep.job import FAILED, Job
from rlft.experiments.sweep.locks import check_locks
from rlft.experiments.sweep.make import make_jobs
from rlft.experiments.sweep.worker import Ticket
from rlft.results.store import results_root

HOUR = 3_600


@dataclass(frozen=True)
class Claims:
    """Put the papers' claims on trial, one job for each arm and ten seeds.

    The same command goes on where an earlier one stopped; arms that several claims share are made
    once. Records and the board are written from what is there. The exit code is 1 if a job failed.

    Attributes:
        id: of the claims, as in A1 W3; without any, all.
        seeds: of each arm, up to ten or a multiple of ten; by default as many as each trial asks
            for.
        place: only places whose name has this part.
        backend: joblib's processes on this machine, or the workers of a Dask or Ray cluster.
        address: of the cluster's scheduler; by default a cluster on this machine.
        workers: jobs at once on this machine; by default one per core.
        out: where runs, records and the board go; by default "claims" below the results folder.
        record: where records and the board go, if they are to go elsewhere; `results/claims` of a
            checkout is the project's own record.
        dry_run: only count the jobs and their cost.
        board: make nothing; write the board again from the records that are there.
        confirm: make one arm anew wherever only the code has changed, and note whether it comes out
            the same.
        retry_failed: also try again what has failed before.
    """

    id: Positional[tuple[str, ...]] = ()
    seeds: int | None = None
    place: str | None = None
    backend: Literal["local", "dask", "ray"] = "local"
    address: str | None = None
    workers: int | None = None
    out: Path | None = None
    record: Path | None = None
    dry_run: bool = False
    board: bool = False
    confirm: bool = False
    retry_failed: bool = False

    def run(self) -> None:
        """Makes what is missing, then records and board.

        Raises:
            SystemExit: with code 1 if a job has failed, after all else.
            InputError: an unknown claim or place, or what the engine refuses.
        """
        folder = (self.out or results_root() / "claims").resolve()
        home = self.record or folder / "record"
        if self.board:
            self.show(home)
            return
        asked = chosen(self.id)
        if self.confirm:
            check_locks(folder)
            said = confirm(asked, folder, home, lambda t: make_jobs(t, folder, self.engine()))
            print("\n".join(said) or "No record is stale by its code alone.")
            self.show(home)
            return
        found = cases(asked, folder, self.seeds, self.place)
        if not found:
            places = sorted({trial.place.name for claim in asked for trial in claim.trials})
            hint = "Give a part of one, or leave it out."
            raise refused("place", self.place, f"a part of one of {places}", hint)
        tickets = tickets_of(found)
        if self.dry_run:
            hours = sum(sum(job.cost()) for _, job in tickets) / HOUR
            print(f"{len(found)} trials, {len(tickets)} jobs, some {hours:.1f} core hours.")
            return
        check_locks(folder)
        if self.retry_failed:
            for ticket, _ in tickets:
                (ticket.path / FAILED).unlink(missing_ok=True)
        failed = 0
        # Claim by claim, so that a record is there as soon as its runs are.
        for claim in asked:
            own = [case for case in found if case.claim is claim]
            failed += make_jobs(tickets_of(own), folder, self.engine())
            if any(case.done for case in own):
                write_record(claim, own, home)
                self.show(home, quiet=True)
        if not failed or any(home.glob("*.json")):
            self.show(home)
        if failed:
            sys.exit(1)  # for a script around it

    def engine(self) -> Backend:
        """The engine that makes jobs."""
        return BACKENDS[self.backend](self.address, self.workers)

    def show(self, home: Path, quiet: bool = False) -> None:
        """Writes the board from the records in a folder, and prints it."""
        records = read_records(CLAIMS, home)
        if not records:
            raise refused("record", str(home), "a folder with records", "Run some claims first.")
        files = write_board(records, home)
        if not quiet:
            print(table(records).text(rule=True))
            print("\n".join(f"saved {path}" for path in files))


def chosen(ids: tuple[str, ...]) -> list[Claim]:
    """The claims of these ids, all of them without any.

    Raises:
        InputError: there is none of that id.
    """
    known = {claim.id: claim for claim in CLAIMS}
    for name in ids:
        if name not in known:
            raise unknown("claim", name, known)
    return [claim for claim in CLAIMS if not ids or claim.id in ids]


def tickets_of(found: list[Case]) -> list[tuple[Ticket, Job]]:
    """The tickets of all arms, each job once, those of one block before the next block's."""
    pairs = {
        ticket.key: (ticket, case.jobs[ticket.key])
        for case in found
        for own in case.tickets.values()
        for ticket in own
    }
    return sorted(pairs.values(), key=lambda pair: pair[1].block)
