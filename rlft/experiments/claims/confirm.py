"""Whether code that has changed since a record was made still gives the same numbers.

A change that should not move a number, such as a new checkpoint, makes every record stale, and all
of them anew is hours. So one arm of each place is made anew. Which one is drawn by the new code's
key and the place, so that nobody chooses it, among those whose policy learns: one that stands still
comes out the same whatever the code does. Whoever doubts the others makes them. Where the code that
makes numbers of a run has changed, one arm's numbers say nothing of the contrasts, and nothing is
confirmed.

Letters: S seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlft.core.encoding import cache_key
from rlft.experiments.claims.claim import Arm, Claim
from rlft.experiments.claims.record import (
    CODE_CHANGED,
    Record,
    code,
    looked_at,
    read_records,
    summary,
    write_content,
)
from rlft.experiments.claims.trying import Case, cases, joined
from rlft.experiments.sweep.job import Job
from rlft.experiments.sweep.kept import done_job
from rlft.experiments.sweep.worker import Ticket
from rlft.results.provenance import provenance

Make = Callable[[list[tuple[Ticket, Job]]], int]


def drawn(case: Case, key: str) -> Arm:
    """The arm of a case that a key draws, of those whose policy learns."""
    arms = [arm for arm in case.trial.arms if learns(arm)]
    own = cache_key(key, case.claim.id, case.trial.place.name)
    return arms[int(own, 16) % len(arms)]


def learns(arm: Arm) -> bool:
    """Whether the arm's policy moves at all."""
    return getattr(arm.recipe.online.learner, "policy_lr", 1.0) > 0


def confirm(claims: Sequence[Claim], folder: Path, home: Path, make: Make) -> list[str]:
    """Makes an arm anew at each place of which nothing but the code has changed.

    Args:
        claims: whose records.
        folder: where jobs are made.
        home: where records are; those that are confirmed are written again.
        make: makes jobs, and returns how many have failed.

    Returns:
        One line for each place, with what differs where something does.

    Raises:
        InputError: a record is damaged, or its folder cannot be written to.
    """
    said = []
    for record in read_records(claims, home):
        places = []
        for place in record.content["places"]:
            if record.stale(place) == CODE_CHANGED:
                place, line = confirmed(record, place, folder, make)
                said.append(f"{record.claim.id}, {place['place']}, {line}")
            places.append(place)
        write_content(replace(record, content=record.content | {"places": places}), home)
    return said


def confirmed(
    record: Record, place: dict[str, Any], folder: Path, make: Make
) -> tuple[dict[str, Any], str]:
    """A place with what was seen today, if an arm comes out the same, else as it is; and a line."""
    if place["looked_at_by"] != looked_at():
        return place, "runs are looked at by other code: make the claim anew"
    (case,) = (
        case
        for case in cases([record.claim], folder, place["seeds"])
        if case.trial.place.name == place["place"]
    )
    arm = drawn(case, code())
    tickets = case.tickets[arm.name]
    if make([(ticket, case.jobs[ticket.key]) for ticket in tickets]):
        return place, f"{arm.name}: has failed"
    columns = joined([done_job(ticket.path).curves for ticket in tickets])
    found = summary(columns, case.trial.place, arm.recipe.warmup.steps)
    known = place["arms"][arm.name]
    if found != known:
        return place, f"{arm.name}: {found}, recorded was {known}; make the claim anew"
    seen = {"code": code(), "commit": provenance().commit, "arm": arm.name}
    return place | {"confirmed": seen}, f"{arm.name}: the same"
