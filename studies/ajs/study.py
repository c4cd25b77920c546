"""The study behind lesson 05: AJS against what it is made of, and what its gate is sensitive to.

    python studies/ajs/study.py            # about 100 minutes on one quiet core; resumes
    python studies/ajs/study.py --table    # only writes the table from the recorded rows

Each arm fine-tunes several seeds from the same InAC prior: 10, or 20 on the medium data, where six
left open whether AJS ends above InAC. A row of `results.csv` is one seed of one arm at one
evaluation: return of whoever acts, of the explorer alone, how far the explorer is from the prior,
h and both estimates. The table of intervals goes to `results.md`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rlft.acting import Automatic, GuideActs, JumpStart, Linear, Oracle
from rlft.algorithms import InACConfig
from rlft.evaluate import average_return, drop, final_return, interval
from rlft.experiments.arm import Arm
from rlft.experiments.rows import Results, Row, curves, markdown_table, paired
from rlft.experiments.study import Study, run_study
from rlft.finetune import RunPlan
from rlft.recipes import Handover, Online, Pretraining, Recipe, find_recipe

EVERY, EPISODES = 250, 20
UPDATES = 3_000  # of InAC; its return has stopped moving by then
CONTROL = "InAC alone"


@dataclass(frozen=True)
class Block:
    """Arms that start from one prior.

    Attributes:
        name: of the data, in words.
        dataset: what the prior learns from.
        config: InAC's, offline and online.
        seeds: of each arm.
        steps: online.
        tolerance: of the gate, in units of return.
    """

    name: str
    dataset: str
    config: InACConfig
    seeds: int
    steps: int
    tolerance: float = 2.0


NEAR = Block("near-optimal data", "rlft/maze/detour-near-optimal-v0", InACConfig(), 10, 2_500)
# The temperature is what InAC's authors take for medium data. The noisier policy learns more
# slowly: after 4,000 steps AJS was 2.4 [0.2, 4.9] above InAC and still rising, where InAC no longer
# was, so the run was made twice as long.
MEDIUM = Block("medium data", "rlft/maze/detour-medium-v0", InACConfig(temperature=0.33), 20, 8_000)
LINE = Block("narrow coverage", "rlft/maze/detour-narrow-v0", InACConfig(), 10, 2_500)
# A step in the right direction raises the return to come by 1 there, and by about 0.01 here: so
# much smaller is the temperature. A tenth of the episodes may be lost, as 2 of 20 to 40 steps are.
SPARSE = Block(
    "sparse reward", "rlft/maze/sparse-medium-v0", InACConfig(temperature=0.0033), 10, 4_000, 0.1
)
BLOCKS = (NEAR, MEDIUM, LINE, SPARSE)


def arm(block: Block, name: str, recipe: Recipe) -> Arm:
    """A recipe from the block's prior."""
    return Arm(
        name=f"{name}, {block.name}",
        dataset=block.dataset,
        recipe=replace(recipe, prior=Pretraining("inac", block.config, UPDATES)),
        seeds=block.seeds,
        plan=RunPlan(block.steps, EVERY, EPISODES),
        labels={"prior": block.name, "arm": name},
    )


def arms() -> Iterator[Arm]:
    """Every arm, the whole method first."""
    # Episodes of these guides last 25 to 40 steps: above 40, h would change nothing but its number.
    rule = Automatic(start_at=40)
    naive, ajs = find_recipe("sac"), find_recipe("ajs")

    def gate(block: Block = NEAR, **fields: object) -> Recipe:
        fields = {"tolerance": block.tolerance, **fields}
        schedule = replace(rule, **fields)
        acting = JumpStart(guide=GuideActs(), schedule=schedule)
        return replace(ajs, guide=Online(block.config), acting=acting)

    def started(block: Block, name: str, **parts: object) -> Arm:
        """AJS with its explorer started otherwise."""
        return arm(block, name, replace(gate(block), **parts))

    for block in BLOCKS:
        yield arm(block, "AJS", gate(block))
        yield arm(block, CONTROL, replace(find_recipe("inac"), online=Online(block.config)))
        yield arm(block, "SAC alone, started naively", naive)
        alone = replace(naive, online=ajs.online, handover=ajs.handover)
        yield arm(block, "SAC alone, started as AJS's explorer", alone)
    for block in (NEAR, MEDIUM):
        yield started(block, "frozen start", handover=Handover())
        frozen = replace(naive, online=ajs.online, handover=Handover())
        yield arm(block, "SAC alone, frozen start", frozen)
        truth = JumpStart(guide=GuideActs(), schedule=Oracle(start_at=40))
        yield started(block, "oracle gate", acting=truth)
    colder = replace(NEAR.config, temperature=NEAR.config.temperature / 3)
    yield started(NEAR, "guide's temperature a third", guide=Online(colder))
    yield started(NEAR, "explorer started naively", handover=naive.handover)
    again = replace(ajs.handover, temperature=False)
    yield started(NEAR, "explorer's temperature starts at 1", handover=again)
    yield arm(NEAR, "h never grows", gate(may_grow=False))
    yield arm(NEAR, "tolerance 0", gate(tolerance=0.0))
    yield arm(NEAR, "tolerance 10", gate(tolerance=10.0))
    yield arm(NEAR, "decides every 50 steps", gate(check_every=50))
    yield arm(NEAR, "candidate judged", gate(judge="candidate"))
    yield arm(NEAR, "tracked reference", gate(reference="tracked"))
    yield arm(NEAR, "judge learns every 8 steps", gate(update_every=8))
    yield arm(NEAR, "half of the judge's rows logged", gate(data_share=0.5))
    yield arm(NEAR, "values read at the hand-off", gate(read_at="hand-off"))
    blind = replace(rule.fqe, gamma=0.98, time_aware=False, finite_horizon=False)
    yield arm(NEAR, "judge without a clock", gate(fqe=blind))
    fixed = JumpStart(guide=GuideActs(), schedule=Linear(start_at=40, steps=NEAR.steps))
    yield started(NEAR, "no gate: h falls evenly", acting=fixed)


def measure(arm: Arm, folder: Path) -> list[Row]:
    """A row for each seed and evaluation."""
    prior = arm.prior(folder)
    began = time.process_time()
    run = arm.run(prior)
    spent = time.process_time() - began
    unknown = np.full((arm.seeds, len(run.steps) - 1), np.nan)  # without a gate: (S, P - 1)
    logs = {"h": "guide_steps", "estimate": "estimate", "reference": "reference"}
    logged = {name: run.metrics.get(metric, unknown) for name, metric in logs.items()}
    return [
        {
            "seed": str(seed),
            "step": str(step),
            "return": f"{run.returns_behaviour[seed, point]:.2f}",
            "explorer": f"{run.returns_sampled[seed, point]:.2f}",
            "moved": f"{run.kl[seed, point]:.3f}",
            **{
                name: f"{values[seed, point - 1]:.2f}" if point else ""
                for name, values in logged.items()
            },
            "cpu_seconds": f"{spent:.0f}",
        }
        for seed in range(arm.seeds)
        for point, step in enumerate(run.steps)
    ]


def table(results: Results) -> list[str]:
    """One table for each prior."""
    lines = []
    for block in BLOCKS:
        here = {r[0]["arm"]: r for r in results.values() if r[0]["prior"] == block.name}
        if not here:
            continue
        head = ("arm", "start", "average", "drop", "final", "gain over InAC", "h at the end")
        body = [[name, *cells(rows, here.get(CONTROL, []))] for name, rows in here.items()]
        lines += [
            "" if lines else None,
            f"## {block.name}, {block.seeds} seeds, {block.steps:,} online steps",
            "",
            *markdown_table([*head, "CPU s"], body),
        ]
    return [line for line in lines if line is not None]


def cells(rows: list[Row], control: list[Row]) -> list[str]:
    """The numbers of one arm; the gain is empty where InAC is missing."""
    returns, h = curves(rows, "return"), curves(rows, "h")[:, -1]  # (S, P), (S,)
    steps = EVERY * np.arange(returns.shape[1])
    values = (returns[:, 0], average_return(steps, returns), drop(returns), final_return(returns))
    gain = f"{paired(rows, control, 'return', final_return):.1f}" if control else ""
    gated = f"{interval(h):.0f}" if np.isfinite(h).all() else ""
    return [*(f"{interval(v):.1f}" for v in values), gain, gated, rows[0]["cpu_seconds"]]


STUDY = Study(
    name="ajs",
    title="Study behind lesson 05",
    about=f"Made by `python studies/ajs/study.py`: {UPDATES:,} updates of InAC; "
    "mean [95 % bootstrap interval over seeds]. Returns are those of whoever acts, with "
    "sampled actions. average is over all steps; drop is the start minus the lowest "
    f"evaluation (one every {EVERY} steps, {EPISODES} episodes; of a noisy curve it is never "
    "0); final is the mean of the last three; gain over InAC is final minus InAC's, seed by "
    "seed. Each line changes the first one of its table.",
    arms=tuple(arms()),
    notice="Recorded when an online run still updated from its first step on, on one transition "
    "many times, and with the frozen start: all of Adam's state crossed to the explorer, "
    "whose temperature started at 1. Made again, AJS is the recipe of today, and the "
    "numbers differ.",
    measure=measure,
    table=table,
)

if __name__ == "__main__":
    run_study(STUDY, __file__)
