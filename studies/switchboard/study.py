"""The study behind the switchboard: every combination of its ticks, from the same ten priors.

    python studies/switchboard/study.py            # about 30 minutes on one core; resumes
    python studies/switchboard/study.py --table    # only writes the table from the recorded rows

A row of `results.csv` is one seed of one combination: its ticks, its return at the switch (at 0)
and at each evaluation after the release of the policy, how far the policy is from the prior's in
the end (nats), and the CPU seconds of the whole combination. A complete record is copied into the
library, where `rlft.switchboard` reads it.
"""

from __future__ import annotations

import time
from pathlib import Path

from rlft.experiments.arm import Arm
from rlft.experiments.rows import Results, Row
from rlft.experiments.study import Study, run_study
from rlft.finetune import RunPlan
from rlft.recipes.switchboard import (
    AFTER,
    DATASET,
    EVERY,
    TICKS,
    Ticks,
    combinations,
    recipe_of,
    release_of,
)

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
    return [f"{len(results)} combinations."]


STUDY = Study(
    name="switchboard",
    title="Study behind the switchboard",
    about="Made by `python studies/switchboard/study.py`.",
    arms=tuple(arm(ticks) for ticks in combinations()),
    measure=measure,
    table=table,
)

if __name__ == "__main__":
    run_study(STUDY, __file__)
