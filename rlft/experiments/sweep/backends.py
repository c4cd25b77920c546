"""Where jobs run: joblib on this machine, Dask or Ray on many. None of them knows what a job is.

Each backend takes tickets and yields what became of them, in the order in which they end. A job
whose worker died is "lost"; what it had done is in its folder, and whoever asked may ask again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Protocol

from rlft.core.errors import InputError
from rlft.core.extras import extra
from rlft.experiments.sweep.worker import Outcome, Ticket, perform

CONNECT = 30  # seconds to wait for a scheduler that is there


class Backend(Protocol):
    """An engine that runs functions elsewhere."""

    def perform(self, tickets: Sequence[Ticket]) -> Iterator[Outcome]:
        """Runs `perform` on each ticket; yields an outcome for each that it has one of.

        Raises:
            InputError: the engine is not installed, or cannot be reached.
        """
        ...


@dataclass(frozen=True)
class Local:
    """Processes of this machine, through joblib and loky.

    Attributes:
        workers: processes; None for one per core.
    """

    workers: int | None = None

    def perform(self, tickets: Sequence[Ticket]) -> Iterator[Outcome]:
        joblib = extra("joblib", "A sweep on this machine")
        missing = {ticket.key for ticket in tickets}
        # One thread each: as many processes as cores are at work already.
        with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
            pool = joblib.Parallel(
                n_jobs=self.workers or -1, batch_size=1, return_as="generator_unordered"
            )
            try:
                for outcome in pool(joblib.delayed(perform)(ticket) for ticket in tickets):
                    missing.discard(outcome.key)
                    yield outcome
            except BrokenProcessPool as error:
                # loky ends all workers when one dies, and does not say which.
                reason = str(error).splitlines()[0]
                yield from (Outcome(key, "lost", reason) for key in missing)


@dataclass(frozen=True)
class Dask:
    """The workers of a Dask scheduler, or of a small cluster that is made for this sweep.

    Attributes:
        address: of the scheduler, as in "tcp://head:8786"; None makes a cluster on this machine.
        workers: of that cluster; None for one per core.
    """

    address: str | None = None
    workers: int | None = None

    def perform(self, tickets: Sequence[Ticket]) -> Iterator[Outcome]:
        dask = extra("distributed", "A sweep on Dask")
        own = {"n_workers": self.workers, "threads_per_worker": 1}
        try:
            if self.address is None:
                client = dask.Client(**own)
            else:
                client = dask.Client(self.address, timeout=CONNECT)
        except (OSError, ValueError) as error:
            raise _unreachable("Dask scheduler", self.address, "tcp://host:8786") from error
        with client:
            # Not pure: the same ticket may be asked for again, and must not be remembered.
            futures = client.map(perform, tickets, pure=False)
            keys = {future.key: ticket.key for future, ticket in zip(futures, tickets, strict=True)}
            for future in dask.as_completed(futures):
                if future.status == "finished":
                    yield future.result()
                else:
                    yield _without_outcome(keys[future.key], future.exception())


@dataclass(frozen=True)
class Ray:
    """The workers of a Ray cluster, or of this machine.

    Attributes:
        address: of the cluster, "auto" or "ray://head:10001"; None starts Ray on this machine.
        workers: jobs at once on this machine; None for one per core.
    """

    address: str | None = None
    workers: int | None = None

    def perform(self, tickets: Sequence[Ticket]) -> Iterator[Outcome]:
        ray = extra("ray", "A sweep on Ray")
        where = {"address": self.address or "local", "log_to_driver": False}
        if self.address is None and self.workers is not None:
            where["num_cpus"] = self.workers
        try:
            ray.init(**where)
        except (OSError, ValueError, ConnectionError) as error:
            raise _unreachable("Ray cluster", self.address, "auto") from error
        try:
            remote = ray.remote(num_cpus=1, max_retries=3)(perform)
            keys = {remote.remote(ticket): ticket.key for ticket in tickets}
            waiting = list(keys)
            while waiting:
                (ended,), waiting = ray.wait(waiting, num_returns=1)
                try:
                    outcome = ray.get(ended)
                except Exception as error:
                    outcome = _without_outcome(keys[ended], error)
                yield outcome
        finally:
            ray.shutdown()


def _without_outcome(key: str, error: BaseException) -> Outcome:
    """What is said of a job of which nothing came back: `perform` itself raises nothing."""
    return Outcome(key, "lost", f"{type(error).__name__}: {str(error).splitlines()[0]}")


def _unreachable(what: str, address: str | None, example: str) -> InputError:
    return InputError(
        f"There is no {what} at address={address!r} within {CONNECT} s. Start it, or give its "
        f"address, as in --address {example}; without one, a cluster is made on this machine."
    )


BACKENDS = {"local": lambda address, workers: Local(workers), "dask": Dask, "ray": Ray}
