"""The study behind the switchboard: every combination of its ticks, from the same ten priors.

    python studies/switchboard/study.py            # about 30 minutes on one core; resumes
    python studies/switchboard/study.py --table    # only writes the table from the recorded rows

A row of `results.csv` is one seed of one combination: its ticks, its return at the switch (at 0)
and at each evaluation after the release of the policy, how far the policy is from the prior's in
the end (nats), and the CPU seconds of the whole combination. A complete record is copied into the
library, where `rlft.switchboard` reads it.
"""

from __future__ import annotations

import shutil
import time
from functools import cache
from pathlib import Path

import numpy as np

from rlft.evaluate import interval
from rlft.experiments.arm import Arm
from rlft.experiments.rows import Results, Row, markdown_table
from rlft.experiments.study import ROWS, Study, run_study
from rlft.finetune import RunPlan
from rlft.recipes.switchboard import (
    AFTER,
    DATASET,
    EVERY,
    NAMED,
    PRIOR,
    TICKS,
    Ticks,
    combinations,
    recipe_of,
    release_of,
)
from rlft.results.switchboard import MEASURES, RECORD, Grid, grid_of, share

SEEDS = 10


def arm(ticks: Ticks) -> Arm:
    """A combination, which learns for as many steps after its release as all others."""
    recipe = recipe_of(ticks)
    plan = RunPlan(release_of(recipe) + AFTER, EVERY, progress=False)
    labels = {name: str(int(getattr(ticks, name))) for name in TICKS}
    return Arm(str(ticks), DATASET, recipe, SEEDS, plan, labels)


def measure(arm: Arm, folder: Path) -> list[Row]:
    """A row for each seed: the return at the switch, then after the release, by steps since."""
    prior = arm.prior(folder)
    began = time.process_time()
    run = arm.run(prior)
    spent = time.process_time() - began
    assert run.kl is not None, "a new run measures it"
    released = release_of(arm.recipe)
    # At the release it is still the policy of the switch, whose return all combinations share.
    points = {0: 0} | {
        int(step) - released: point for point, step in enumerate(run.steps) if step > released
    }
    return [
        {
            "seed": str(seed),
            **{str(s): f"{run.returns_sampled[seed, point]:.1f}" for s, point in points.items()},
            "moved": f"{run.kl[seed, -1]:.2f}",
            "cpu_seconds": f"{spent:.1f}",
        }
        for seed in range(arm.seeds)
    ]


def table(results: Results) -> list[str]:
    """What each tick does, then every combination; of a part of them nothing but their number."""
    if len(results) < len(STUDY.arms):
        return [f"{len(results)} combinations so far."]
    return list(lines(tuple(tuple(row.items()) for rows in results.values() for row in rows)))


@cache  # a study is written after each arm, also where all of them are there already
def lines(cells: tuple[tuple[tuple[str, str], ...], ...]) -> tuple[str, ...]:
    """The tables of a complete record, given as the cells of its rows."""
    rows = [dict(row) for row in cells]
    grid = grid_of(rows)
    effects = [
        [TICKS[tick], *(f"{interval(grid.effect(tick, name)):.2f}" for name in MEASURES)]
        for tick in TICKS
    ]
    names = {ticks: name for name, ticks in NAMED.items()}
    every = []
    for ticks in combinations():
        one = grid.outcome(ticks)
        numbers = (f"{interval(values):.1f}" for values in (one.change, one.lowest, one.final))
        shares, moved = (str(share(one.fell)), str(share(one.found))), f"{one.moved.mean():.2f}"
        name = f" (*{names[ticks]}*)" if ticks in names else ""
        every.append([f"{ticks}{name}", *numbers, *shares, moved])
    seconds = sum(float(row["cpu_seconds"]) for row in rows) / SEEDS
    return (
        *said(grid),
        "",
        "## What each tick does",
        "",
        "Ticked minus not ticked, seed by seed, mean over all settings of the other ticks in which "
        "it changes something; the policy crosses in all but the line of its own.",
        "",
        *markdown_table(["tick", *MEASURES], effects),
        "",
        "## Every combination",
        "",
        *markdown_table(["ticked", *COLUMNS], every),
        "",
        f"All of it took {seconds / 60:.0f} minutes of CPU time, besides the priors.",
    )


def said(grid: Grid) -> list[str]:
    """What the record says of three questions, in its own numbers."""
    fell = {ticks: int(grid.outcome(ticks).fell.sum()) for ticks in combinations()}
    kept = [ticks for ticks, count in fell.items() if count <= 1]
    free = [ticks for ticks in fell if ticks.policy and not ticks.policy_optimizer]
    new = [ticks for ticks in fell if not ticks.policy]
    best = max(new, key=lambda ticks: grid.outcome(ticks).final.mean())
    return [
        "## What keeps the return",
        "",
        f"- In {len(kept)} of {len(fell)} combinations at most one of {grid.seeds} seeds falls. In "
        f"{sum(ticks.policy_optimizer for ticks in kept)} of these the policy's optimizer is "
        "ticked, and half of the policies or more end within "
        f"{max(float(np.median(grid.moved[ticks])) for ticks in kept):.2f} nats of the prior: "
        "InAC's moments in SAC's Adam all but stop them.",
        f"- Where the policy crosses and its optimizer does not, {min(fell[t] for t in free)} of "
        f"{grid.seeds} seeds or more fall in each of {len(free)} combinations.",
        "- Where no policy crosses, the best end is "
        f"{interval(grid.outcome(best).final):.1f}, with {best}.",
    ]


COLUMNS = ("change", "lowest", "final", "fell", "found", "moved")
STUDY = Study(
    name="switchboard",
    title="Study behind the switchboard",
    about="Made by `python studies/switchboard/study.py`: SAC from InAC priors "
    f"({PRIOR.steps:,} updates) on `{DATASET}`, {SEEDS} seeds, {AFTER} steps after the release of "
    "the policy, mean [95 % bootstrap interval over seeds]. Returns are those of sampled actions, "
    f"with an evaluation every {EVERY} steps. Change: mean return over these steps, minus that of "
    "the priors' policies. Lowest: of the evaluations after the release. Final: mean of the last "
    "three. Fell: seeds that lost more than half of what lay between their prior and never "
    "arriving. Found: seeds that end more than 2 above the long way, walked without noise. Moved: "
    "nats between the policy in the end and the prior's.",
    arms=tuple(arm(ticks) for ticks in combinations()),
    measure=measure,
    table=table,
)

if __name__ == "__main__":
    run_study(STUDY, __file__)
    record = Path(__file__).with_name(ROWS)
    if record.exists():
        shutil.copyfile(record, RECORD)
