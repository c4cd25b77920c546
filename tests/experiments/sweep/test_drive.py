"""Until every job has ended: another sweep's jobs, workers that die, and jobs that kill them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from rlft.experiments.sweep import drive
from rlft.experiments.sweep.progress import Running
from rlft.experiments.sweep.worker import Outcome, Ticket, failure


class Scripted:
    """A backend that does as it is told, and notes in which order it was asked."""

    def __init__(self, answer: Callable[[Ticket, int], str]) -> None:
        self.answer, self.passes = answer, [[]]
        self.passes.clear()

    def perform(self, tickets: Sequence[Ticket]) -> Iterator[Outcome]:
        number = len(self.passes)
        self.passes.append([ticket.key for ticket in tickets])
        for ticket in tickets:
            yield Outcome(ticket.key, self.answer(ticket, number), "why")  # type: ignore[arg-type]


@pytest.fixture
def tickets(tmp_path: Path) -> list[Ticket]:
    return [Ticket(str(tmp_path), f"jobs/{key}", key, (), "") for key in "abc"]


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    taken: list[float] = []
    monkeypatch.setattr(drive.time, "sleep", taken.append)
    return taken


def ends(tickets: Sequence[Ticket], backend: Scripted) -> list[tuple[str, str]]:
    ended: list[tuple[str, str]] = []
    drive.drive(tickets, backend, lambda outcome: ended.append((outcome.key, outcome.state)))
    return ended


def test_each_job_ends_once(tickets: list[Ticket], naps: list[float]) -> None:
    states = {"a": "made", "b": "there", "c": "failed"}
    backend = Scripted(lambda ticket, number: states[ticket.key])
    assert ends(tickets, backend) == [("a", "made"), ("b", "there"), ("c", "failed")]
    assert (len(backend.passes), naps) == (1, [])


def test_what_another_sweep_is_making_is_asked_for_again_after_a_while(
    tickets: list[Ticket], naps: list[float]
) -> None:
    def answer(ticket: Ticket, number: int) -> str:
        return "taken" if ticket.key == "b" and number < 3 else "made"

    backend = Scripted(answer)
    assert sorted(ends(tickets, backend)) == [("a", "made"), ("b", "made"), ("c", "made")]
    assert backend.passes == [["a", "b", "c"], ["b"], ["b"], ["b"]]
    assert naps == [drive.PATIENCE] * 2  # not after the first pass, in which others ended


def test_jobs_that_were_running_when_workers_died_come_last_and_alone(
    tickets: list[Ticket],
) -> None:
    def answer(ticket: Ticket, number: int) -> str:
        if number == 0 and ticket.key == "a":
            Running(ticket.running, 1, 1).__enter__()  # it had begun
        return "lost" if number == 0 else "made"

    backend = Scripted(answer)
    assert len(ends(tickets, backend)) == 3
    assert backend.passes == [["a", "b", "c"], ["b", "c"], ["a"]]


def test_a_job_whose_workers_always_die_is_given_up_and_the_others_are_made(
    tickets: list[Ticket],
) -> None:
    def answer(ticket: Ticket, number: int) -> str:
        if ticket.key == "a":
            Running(ticket.running, 1, 1).__enter__()
            return "lost"
        return "lost" if number == 0 else "made"

    backend = Scripted(answer)
    assert ends(tickets, backend) == [("b", "made"), ("c", "made"), ("a", "failed")]
    assert backend.passes == [["a", "b", "c"], ["b", "c"], *[["a"]] * drive.DEATHS]
    assert "died 3 times (why), with no other job beside it. The usual reason is memory" in failure(
        tickets[0].path
    )
    assert not tickets[0].running.exists()


def test_workers_that_die_before_they_begin_end_the_sweep_too(tickets: list[Ticket]) -> None:
    backend = Scripted(lambda ticket, number: "lost")
    assert sorted(ends(tickets, backend)) == [("a", "failed"), ("b", "failed"), ("c", "failed")]
    assert len(backend.passes) == 1 + 3 * drive.DEATHS


def test_a_job_that_runs_beside_one_that_kills_its_worker_is_made(tickets: list[Ticket]) -> None:
    def answer(ticket: Ticket, number: int) -> str:
        if ticket.key == "a":
            Running(ticket.running, 1, 1).__enter__()
            return "lost"
        if ticket.key == "b" and number == 0:  # in one pool with it
            Running(ticket.running, 1, 1).__enter__()
            return "lost"
        return "made"

    backend = Scripted(answer)
    assert ends(tickets, backend) == [("c", "made"), ("a", "failed"), ("b", "made")]
    assert failure(tickets[0].path) and not failure(tickets[1].path)
