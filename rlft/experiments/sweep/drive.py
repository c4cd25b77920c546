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

# Deaths of a job's workers after which the job is to blame: it takes more memory than there is.
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
    while waiting:
        lost: dict[str, str] = {}
        before = len(waiting)
        for outcome in backend.perform(list(waiting.values())):
            if outcome.state == "lost":
                lost[outcome.key] = outcome.error
            elif outcome.state != "taken":
                del waiting[outcome.key]
                ended(outcome)
        # Of all that a broken pool has lost, those are suspects that had begun: they come last.
        suspects = [key for key in lost if waiting[key].running.exists()] or list(lost)
        for key in suspects:
            deaths[key] += 1
            ticket = waiting.pop(key)
            if deaths[key] < DEATHS:
                waiting[key] = ticket
                continue
            error = (
                f"Its worker died {DEATHS} times ({lost[key]}). The usual reason is memory: give "
                "fewer --workers or smaller blocks, and start again with --retry-failed."
            )
            record_failure(ticket.path, error)
            ticket.running.unlink(missing_ok=True)
            ended(Outcome(key, "failed", error))
        if len(waiting) == before and not lost:
            time.sleep(PATIENCE)
