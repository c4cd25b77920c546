"""From claims to jobs of the sweep engine, and from what the jobs left behind to findings.

Arms of several claims that run the same thing are one job. A block of seeds is one job; it has
random streams of its own, so blocks are independent and those of two arms are paired. No study and
no lesson has looked at these streams before.

Letters: S seeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rlft.core.checks import at_least, refused
from rlft.experiments.claims.claim import Arm, Claim, Finding, Trial
from rlft.experiments.sweep.job import RUN, Job
from rlft.experiments.sweep.kept import Done, done_job
from rlft.experiments.sweep.make import ticket_of
from rlft.experiments.sweep.worker import Ticket
from rlft.finetune import RunPlan

BLOCK = 10  # seeds side by side
EPISODES = 20  # of an evaluation
FIRST = 200  # seed of the first block; first versions of four claims looked at 100 and on


def blocks_of(seeds: int) -> list[int]:
    """Seeds of each block: of ten, or all of fewer.

    Raises:
        InputError: below one seed, or a number that blocks of ten do not fill.
    """
    at_least(1, seeds=seeds, hint="20 are asked for where seeds collapse or do not.")
    if seeds > BLOCK and seeds % BLOCK:
        hint = f"Give {seeds + BLOCK - seeds % BLOCK}."
        raise refused("seeds", seeds, f"a multiple of {BLOCK}, or fewer", hint)
    return [min(seeds, BLOCK)] * max(1, seeds // BLOCK)


def job_of_arm(trial: Trial, arm: Arm, block: int, seeds: int) -> Job:
    """The job of one arm and block."""
    return Job(
        recipe=arm.recipe,
        base=arm.recipe.name,
        changes=(),
        dataset=trial.place.dataset,
        env=None,
        block=block,
        seeds=seeds,
        plan=RunPlan(arm.steps, arm.every, EPISODES, seed=FIRST + block, progress=False),
        probes=arm.probes,
        edit=arm.edit,
    )


@dataclass(frozen=True)
class Case:
    """A claim at one place with a number of seeds, and the tickets of its arms.

    Attributes:
        claim: it.
        trial: the place.
        seeds: S, of each arm.
        tickets: of each arm by its name, one for each block.
        jobs: by the ticket's key.
    """

    claim: Claim
    trial: Trial
    seeds: int
    tickets: Mapping[str, list[Ticket]]
    jobs: Mapping[str, Job]

    @property
    def done(self) -> bool:
        """Whether all its jobs are made."""
        every = [ticket for own in self.tickets.values() for ticket in own]
        return all((ticket.path / RUN).exists() for ticket in every)

    def results(self) -> dict[str, list[Done]]:
        """What the blocks of each arm left behind."""
        return {
            name: [done_job(ticket.path) for ticket in own] for name, own in self.tickets.items()
        }


def cases(
    claims: Iterable[Claim], folder: Path, seeds: int | None = None, place: str | None = None
) -> list[Case]:
    """The cases of claims.

    Args:
        claims: in the order in which they are to be made.
        folder: where jobs are made.
        seeds: of each arm; None for as many as each trial asks for.
        place: only those of which this is part of the place's name; None for all.
    """
    found = []
    for claim in claims:
        for trial in claim.trials:
            if place is not None and place not in trial.place.name:
                continue
            count = trial.seeds if seeds is None else seeds
            tickets, jobs = {}, {}
            for arm in trial.arms:
                own = []
                for block, size in enumerate(blocks_of(count)):
                    job = job_of_arm(trial, arm, block, size)
                    ticket = ticket_of(job, folder)
                    jobs[ticket.key] = job
                    own.append(ticket)
                tickets[arm.name] = own
            found.append(Case(claim, trial, count, tickets, jobs))
    return found


def find(case: Case) -> list[Finding]:
    """What a case that is done has found."""
    return case.trial.find(
        {
            name: joined([block.curves for block in blocks])
            for name, blocks in case.results().items()
        }
    )


def joined(blocks: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Columns of several blocks as those of all their seeds; steps are the same in all."""
    first = blocks[0]
    return {
        name: values if values.ndim == 1 else np.concatenate([block[name] for block in blocks])
        for name, values in first.items()
    }
