"""A method at a place, as an arm of a study: what a shoot-out puts side by side, and its tables.

A row is one seed: the returns of whoever acts at each evaluation, what the learner can do alone in
the end, and how far its policy is then from the prior's.

Letters: S seeds, P evaluation points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rlft.core.errors import InputError
from rlft.evaluate import average_return, drop, final_return, interval
from rlft.evaluate.statistics import (
    Collapse,
    collapsed_share,
    probability_of_improvement,
    task_interval,
)
from rlft.experiments.claims.claim import Place
from rlft.experiments.rows import Results, Row, markdown_table
from rlft.experiments.sweep.job import Job
from rlft.experiments.sweep.kept import Done, done_job
from rlft.experiments.sweep.make import ticket_of
from rlft.experiments.sweep.worker import perform
from rlft.finetune import RunPlan
from rlft.recipes import Recipe, find_recipe


@dataclass(frozen=True)
class Entry:
    """One method at one place.

    Attributes:
        recipe: the method, as it is there.
        place: data, environment and range of returns.
        plan: of its run.
        seeds: S, of one job.
    """

    recipe: Recipe
    place: Place
    plan: RunPlan
    seeds: int

    @property
    def name(self) -> str:
        return f"{self.recipe.name}, {self.place.name}"

    @property
    def labels(self) -> Mapping[str, str]:
        return {"place": self.place.name, "method": self.recipe.name}

    @property
    def job(self) -> Job:
        """All its seeds, as one job of the sweep engine."""
        recipe, data = self.recipe, self.place.dataset
        return Job(recipe, recipe.name, (), data, None, block=0, seeds=self.seeds, plan=self.plan)

    def check(self) -> None:
        self.job.experiment(Path()).check(self.recipe)

    def key(self) -> str:
        return self.job.key()


def run_entry(entry: Entry, folder: Path) -> Done:
    """Makes an entry's job, or reads it if it is there.

    Raises:
        InputError: if it failed; the message says where its traceback is.
    """
    ticket = ticket_of(entry.job, folder)
    outcome = perform(ticket)
    if outcome.state not in ("made", "there"):
        raise InputError(f"{entry.name}: {outcome.state} {outcome.error}. See {ticket.path}.")
    return done_job(ticket.path)


def rows_of(entry: Entry, done: Done, grid: Sequence[int]) -> list[Row]:
    """A row for each seed.

    Args:
        entry: the method at its place.
        done: what its job left behind.
        grid: the steps that have a column each; empty where there was no evaluation.
    """
    acted, learner = done.curves["returns_behaviour"], done.curves["returns_sampled"]  # (S, P) each
    points = {int(step): point for point, step in enumerate(done.curves["steps"])}
    return [
        {
            "low": f"{entry.place.low:g}",
            "high": f"{entry.place.high:g}",
            "seed": str(seed),
            **{str(s): f"{acted[seed, points[s]]:.2f}" if s in points else "" for s in grid},
            "learner": f"{final_return(learner)[seed]:.2f}",
            "moved": f"{done.curves['kl'][seed, -1]:.3f}",
        }
        for seed in range(entry.seeds)
    ]


def curve(rows: list[Row]) -> tuple[np.ndarray, np.ndarray]:
    """Steps (P,) and the returns of whoever acts (S, P)."""
    there = [name for name, cell in rows[0].items() if name.isdigit() and cell]
    returns = np.array([[float(row[step]) for step in there] for row in rows])
    return np.array(there, int), returns


def column(rows: list[Row], name: str) -> np.ndarray:
    """One number of each seed, (S,)."""
    return np.array([float(row[name]) for row in rows])


def overall(rows: list[Row]) -> np.ndarray:
    """Mean return over all steps, (S,): what the run has cost is in it."""
    return average_return(*curve(rows))


def final(rows: list[Row]) -> np.ndarray:
    """Mean of the last three evaluations, (S,)."""
    return final_return(curve(rows)[1])


def at_place(results: Results, place: Place) -> list[str]:
    """A line for each method, in units of return."""
    body = []
    for rows in results.values():
        if rows[0]["place"] == place.name:
            _, returns = curve(rows)
            numbers = (returns[:, 0], overall(rows), drop(returns), final(rows))
            cells = [f"{interval(n):.1f}" for n in (*numbers, column(rows, "learner"))]
            nothing = find_recipe(rows[0]["method"]).prior is None  # to lose
            lost = "-" if nothing else str(collapsed_share(returns, Collapse(place.low)))
            moved = f"{column(rows, 'moved').mean():.2f}"
            body.append([rows[0]["method"], *cells, lost, moved, rows[0]["core_seconds"]])
    head = ["method", "start", "average", "drop", "final", "learner, final", "collapsed"]
    return markdown_table([*head, "moved", "core s"], body)


def scores(results: Results, of: Callable[[list[Row]], np.ndarray]) -> dict[str, dict]:
    """Of each method a share of the range for each seed, at the places where every method was."""
    found: dict[str, dict] = {}
    for rows in results.values():
        low, high = float(rows[0]["low"]), float(rows[0]["high"])
        own = found.setdefault(rows[0]["method"], {})
        own[rows[0]["place"]] = (of(rows) - low) / (high - low)
    shared = set.intersection(*(set(own) for own in found.values()))
    return {m: {p: own[p] for p in own if p in shared} for m, own in found.items()}


def over_places(results: Results, rival: str) -> list[str]:
    """A line for each method, the best first: both IQMs, and how often it is above a rival.

    Args:
        results: rows of entries by their names.
        rival: name of the method that the others are held against, and its own in the table.
    """
    cost, end = scores(results, overall), scores(results, final)
    if not cost.get(rival):
        return ["No place has all methods yet."]
    ranked = sorted(cost, key=lambda method: -task_interval(cost[method]).estimate)
    body = [
        [
            method,
            f"{task_interval(cost[method]):.2f}",
            f"{task_interval(end[method]):.2f}",
            *(
                "-" if method == rival else f"{probability_of_improvement(s[method], s[rival]):.2f}"
                for s in (cost, end)
            ),
        ]
        for method in ranked
    ]
    head = [
        "method",
        "IQM, average",
        "IQM, final",
        f"P(above {rival}), average",
        f"P(above {rival}), final",
    ]
    return markdown_table(head, body)
