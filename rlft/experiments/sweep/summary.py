"""What a sweep says: means with intervals, paired differences, and a figure for each environment.

Letters: S seeds of all blocks, P evaluation points.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rlft.core.errors import InputError
from rlft.core.extras import extra
from rlft.core.files import write_atomically
from rlft.core.table import Table
from rlft.evaluate.intervals import few_seeds, interval
from rlft.experiments.differences import AVERAGE, DROP, FINAL, LOWEST, SIDES, START, sides
from rlft.experiments.sweep.kept import Done, done_jobs, listed, load_sweep
from rlft.experiments.sweep.worker import failure

QUANTITIES = (START, LOWEST, DROP, AVERAGE, FINAL)
CURVE = "returns_sampled"


@dataclass(frozen=True)
class Cell:
    """One recipe in one environment, the blocks put together.

    Attributes:
        recipe: its name.
        steps: (P,) environment steps per seed.
        seeds: (S,) numbers, increasing.
        returns: (S, P) of sampled actions.
    """

    recipe: str
    steps: np.ndarray
    seeds: np.ndarray
    returns: np.ndarray


def cells(jobs: Sequence[Done]) -> dict[tuple[str, str], list[Cell]]:
    """Cells by dataset and environment, recipes in the order of the sweep."""
    found: dict[tuple[str, str], dict[str, list[Done]]] = {}
    for job in jobs:
        where = found.setdefault((job.about["dataset"], job.about["env"]), {})
        where.setdefault(job.about["recipe"], []).append(job)
    return {
        place: [_cell(recipe, blocks) for recipe, blocks in recipes.items()]
        for place, recipes in found.items()
    }


def _cell(recipe: str, blocks: Sequence[Done]) -> Cell:
    """The blocks of one recipe, by seed."""
    seeds = np.concatenate([block.seeds for block in blocks])
    returns = np.concatenate([block.curves[CURVE] for block in blocks])
    order = np.argsort(seeds)
    return Cell(recipe, blocks[0].curves["steps"], seeds[order], returns[order])


def means(recipes: Sequence[Cell]) -> Table:
    """Each quantity of each recipe: mean over seeds and 95 % interval."""
    rows = [
        (
            cell.recipe,
            _seeds(len(cell.seeds)),
            *(interval(quantity.of(cell.returns)).numbers(".1f") for quantity in QUANTITIES),
        )
        for cell in recipes
    ]
    return Table(("recipe", "seeds", *(quantity.name for quantity in QUANTITIES)), rows)


def differences(recipes: Sequence[Cell]) -> Table:
    """How far each recipe is above the first one, over the seeds that both have, in pairs."""
    first, rows = recipes[0], []
    for cell in recipes[1:]:
        shared, ours, theirs = np.intersect1d(cell.seeds, first.seeds, return_indices=True)
        if not len(shared):
            rows.append((cell.recipe, first.recipe, _seeds(0), *("-" for _ in QUANTITIES)))
            continue
        gaps = [q.of(cell.returns[ours]) - q.of(first.returns[theirs]) for q in QUANTITIES]
        cells = (f"{interval(own).numbers('.1f')} {sides(own)}" for own in gaps)
        rows.append((cell.recipe, first.recipe, _seeds(len(shared)), *cells))
    return Table(("recipe", "minus", "seeds", *(quantity.name for quantity in QUANTITIES)), rows)


def _seeds(count: int) -> str:
    return (few_seeds(count) if count else "") or str(count)


def summary(folder: Path) -> str:
    """The tables of a sweep in Markdown, with what is missing said first.

    Raises:
        InputError: the folder holds no sweep, or a file is damaged.
    """
    places, jobs = listed(folder), done_jobs(folder)
    failed = [why for place in places if (why := failure(place))]
    lines = ["# Sweep", "", f"{len(jobs):,} of {len(places):,} jobs are done."]
    if failed:
        lines += [
            f"{len(failed):,} failed, and their seeds are missing below: if they diverged, what is "
            "left looks better than the recipe is.",
            "",
            *(f"- {why}" for why in dict.fromkeys(failed)),
        ]
    lines += [
        "",
        "Undiscounted return of sampled actions, mean over seeds [95 % bootstrap interval]. lowest "
        "is the lowest evaluation, drop = max(0, start - lowest), average the mean over all "
        "evaluations, final the mean of the last ones.",
    ]
    for (dataset, env), recipes in cells(jobs).items():
        lines += ["", f"## {env}, data {dataset}", "", means(recipes).markdown()]
        if len(recipes) > 1:
            lines += ["", "Seed by seed, from the same data:", "", differences(recipes).markdown()]
            lines += ["", SIDES]
    return "\n".join(lines) + "\n"


def report(folder: Path) -> list[Path]:
    """Writes `summary.md`, a figure for each dataset and environment, and `table.parquet`.

    The table needs pandas and pyarrow, a figure not more recipes than there are styles; what cannot
    be had is left out, and said.

    Returns:
        The files.

    Raises:
        InputError: the folder holds no sweep, a file is damaged, or the folder cannot be written.
    """
    text = summary(folder)
    write_atomically(folder / "summary.md", lambda file: file.write_text(text, encoding="utf-8"))
    written = [folder / "summary.md"]
    for (dataset, env), recipes in cells(done_jobs(folder)).items():
        stem = re.sub(r"[^A-Za-z0-9.-]+", "-", f"{env}-{dataset}")
        try:
            written += draw(recipes, f"{env}, data {dataset}", folder / stem)
        except InputError as error:  # more recipes than can be told apart: the tables remain
            print(f"Without a figure of {env}: {error}")
    try:
        extra("pyarrow", "A table in a file")
        table = load_sweep(folder)
    except InputError as error:
        print(f"Without table.parquet: {error}")
        return written
    write_atomically(folder / "table.parquet", lambda file: table.to_parquet(file, index=False))
    return [*written, folder / "table.parquet"]


def draw(recipes: Sequence[Cell], title: str, stem: Path) -> tuple[Path, Path]:
    """Saves the curves of the recipes in one environment as PNG and SVG; returns both paths.

    Raises:
        InputError: if the folder cannot be written to, or there are more recipes than styles.
    """
    from rlft.show import Curve, plot_series, save, styles_for  # takes a second

    styles = styles_for([cell.recipe for cell in recipes])
    figure = plot_series(
        [Curve(c.steps, c.returns, style) for c, style in zip(recipes, styles, strict=True)],
        xlabel="environment steps since the switch",
        ylabel="return (undiscounted, actions sampled)",
        switch=True,
        title=title,
    )
    return save(figure, stem)
