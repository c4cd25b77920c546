"""Until every job has ended: ask for those that have not, again and again where it is needed.

A job may not end in a pass because another sweep is making it (it may die, then the job is ours) or
because its worker died. Whoever is killed in whatever moment, the folders say what is left.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

from rlft.experiments.sweep.backends import Backend
from rlft.experiments.sweep.worker import Outcome, Ticket, record_failure

# Deaths of a job's workers, while it ran alone, after which the job is to blame: it takes more
# memory than there is.
DEATHS = 3
# Seconds before jobs that another sweep is making are asked for again.
PATIENCE = 5.0


def drive(tickets: Sequence[Ticket], backend: Backend, ended: Callable[[Outcome], None]) -> None:
    """Runs jobs until each is made or has failed.

    Args:
        tickets: of the jobs, in the order in which they are asked for.
        backend: where they run.
        ended: called once for each, with the outcome "made", "there" or "failed".

    Raises:
        InputError: as the backend.
    """
    deaths: Counter[str] = Counter()
    waiting = {ticket.key: ticket for ticket in tickets}
    suspects: dict[str, Ticket] = {}  # each is asked for alone, when all others have ended
    while waiting or suspects:
        asked = list(waiting.values()) or [next(iter(suspects.values()))]
        lost: dict[str, str] = {}
        progress = False
        for outcome in backend.perform(asked):
            if outcome.state == "lost":
                lost[outcome.key] = outcome.error
            elif outcome.state != "taken":
                progress = True
                waiting.pop(outcome.key, None)
                suspects.pop(outcome.key, None)
                ended(outcome)
        if waiting:  # of all that a broken pool has lost, those had begun, or nobody knows which
            for key in [key for key in lost if waiting[key].running.exists()] or list(lost):
                suspects[key] = waiting.pop(key)
        else:
            for key, why in lost.items():
                deaths[key] += 1
                if deaths[key] == DEATHS:
                    ended(_given_up(suspects.pop(key), why))
        if not progress and not lost:
            time.sleep(PATIENCE)


def _given_up(ticket: Ticket, why: str) -> Outcome:
    """Records that a job has no more tries."""
    error = (
        f"Its worker died {DEATHS} times ({why}), with no other job beside it. The usual reason is "
        "memory: make smaller blocks, and start again with --retry-failed."
    )
    record_failure(ticket.path, error)
    ticket.running.unlink(missing_ok=True)
    return Outcome(ticket.key, "failed", error)
