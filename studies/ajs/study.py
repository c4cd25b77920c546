"""The study behind lesson 05: AJS against what it is made of, and what its gate is sensitive to.

    python studies/ajs/study.py            # about 50 minutes on one quiet core; resumes
    python studies/ajs/study.py --table    # only writes the table from what is there

Each arm fine-tunes several seeds from the same InAC prior: 6, or 20 on the medium data, where six
left open whether AJS ends above InAC. A row of `results.csv` is one seed of one arm at one
evaluation: return of whoever acts, of the explorer alone, h and both estimates. The table of
intervals goes to `results.md`. Priors are kept below the results folder.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rlft.acting import Automatic, GuideActs, JumpStart, Linear
from rlft.algorithms import InACConfig
from rlft.data import load_dataset
from rlft.evaluate import average_return, drop, final_return, interval
from rlft.finetune import Prior, finetune, pretrain
from rlft.recipes import Online, Recipe, find_recipe
from rlft.results.store import load_prior, results_root, save_prior

HERE = Path(__file__).parent
CSV, TABLE = HERE / "results.csv", HERE / "results.md"
EVERY, EPISODES = 250, 20
UPDATES = 3_000  # of InAC; its return has stopped moving by then
NARROW, MEDIUM = "near-optimal data", "medium data"
DATASETS = {NARROW: "rlft/maze/detour-near-optimal-v0", MEDIUM: "rlft/maze/detour-medium-v0"}
# InAC's own temperature: the course's default, and what its authors take for medium data (0.33).
CONFIGS = {NARROW: InACConfig(), MEDIUM: InACConfig(temperature=0.33)}
SEEDS = {NARROW: 6, MEDIUM: 20}
# Online. The noisier policy learns more slowly: after 4,000 steps AJS was 2.4 [0.2, 4.9] above InAC
# and still rising, where InAC no longer was, so the run was made twice as long.
STEPS = {NARROW: 2_500, MEDIUM: 8_000}
COLUMNS: tuple[str, ...] = (
    "prior",
    "arm",
    "seed",
    "step",
    "return",
    "explorer",
    "h",
    "estimate",
    "reference",
    "cpu_seconds",
)


@dataclass(frozen=True)
class Arm:
    """One line of the study.

    Attributes:
        prior: a key of PRIORS.
        name: what differs, in words.
        recipe: how the prior is fine-tuned.
    """

    prior: str
    name: str
    recipe: Recipe


def arms() -> Iterator[Arm]:
    """Every arm, the whole method first."""
    # Episodes of these guides last 25 to 40 steps: above 40, h would change nothing but its number.
    rule = Automatic(start_at=40)

    def gate(prior: str = NARROW, **fields: object) -> Recipe:
        schedule = replace(rule, **fields)
        return replace(
            find_recipe("ajs"),
            guide=Online(CONFIGS[prior]),
            acting=JumpStart(guide=GuideActs(), schedule=schedule),
        )

    naive, started = find_recipe("sac"), find_recipe("ajs")
    for prior in DATASETS:
        yield Arm(prior, "AJS", gate(prior))
        inac = replace(find_recipe("inac"), online=Online(CONFIGS[prior]))
        yield Arm(prior, "InAC alone", inac)
        yield Arm(prior, "SAC alone, started naively", naive)
        alone = replace(naive, online=started.online, handover=started.handover)
        yield Arm(prior, "SAC alone, started as AJS's explorer", alone)
    yield Arm(NARROW, "explorer started naively", replace(gate(), handover=naive.handover))
    yield Arm(NARROW, "h never grows", gate(may_grow=False))
    yield Arm(NARROW, "tolerance 0", gate(tolerance=0.0))
    yield Arm(NARROW, "tolerance 10", gate(tolerance=10.0))
    yield Arm(NARROW, "decides every 50 steps", gate(check_every=50))
    yield Arm(NARROW, "judge learns every 8 steps", gate(update_every=8))
    yield Arm(NARROW, "half of the judge's rows logged", gate(data_share=0.5))
    yield Arm(NARROW, "values read at the hand-off", gate(read_at="hand-off"))
    blind = replace(rule.fqe, gamma=0.98, time_aware=False, finite_horizon=False)
    yield Arm(NARROW, "judge without a clock", gate(fqe=blind))
    fixed = JumpStart(guide=GuideActs(), schedule=Linear(start_at=40, steps=STEPS[NARROW]))
    yield Arm(NARROW, "no gate: h falls evenly", replace(gate(), acting=fixed))


def make_prior(name: str, folder: Path) -> Prior:
    """Trains a prior, or reads the one that an earlier call left."""
    path = folder / name.replace(",", "").replace(" ", "-")
    if path.exists():
        return load_prior(path)
    data = load_dataset(DATASETS[name])
    prior = pretrain(CONFIGS[name], data, seeds=SEEDS[name], steps=UPDATES, progress=False)
    save_prior(prior, path)
    return prior


def measure(arm: Arm, folder: Path) -> list[dict[str, str]]:
    """Runs one arm: a row for each seed and evaluation."""
    prior = make_prior(arm.prior, folder)
    began = time.process_time()
    run = finetune(
        prior,
        arm.recipe,
        steps=STEPS[arm.prior],
        eval_every=EVERY,
        eval_episodes=EPISODES,
        progress=False,
    )
    spent = time.process_time() - began
    unknown = np.full((SEEDS[arm.prior], len(run.steps) - 1), np.nan)
    logs = {name: run.metrics.get(name, unknown) for name in ("estimate", "reference")}
    logs["h"] = run.metrics.get("guide_steps", unknown)
    return [
        {
            "prior": arm.prior,
            "arm": arm.name,
            "seed": str(seed),
            "step": str(step),
            "return": f"{run.returns_behaviour[seed, point]:.2f}",
            "explorer": f"{run.returns_sampled[seed, point]:.2f}",
            **{
                name: f"{values[seed, point - 1]:.2f}" if point else ""
                for name, values in logs.items()
            },
            "cpu_seconds": f"{spent:.0f}",
        }
        for seed in range(SEEDS[arm.prior])
        for point, step in enumerate(run.steps)
    ]


def values_of(rows: list[dict[str, str]], column: str) -> np.ndarray:
    """The values of one arm, (S, P)."""
    seeds = len({row["seed"] for row in rows})
    return np.array([float(row[column] or "nan") for row in rows]).reshape(seeds, -1)


def write_table(rows: list[dict[str, str]]) -> None:
    """Writes the Markdown tables, one for each prior."""
    lines = [
        "# Study behind lesson 05",
        "",
        f"Made by `python studies/ajs/study.py`: {UPDATES:,} updates of InAC; "
        "mean [95 % bootstrap interval over seeds]. Returns are those of whoever acts, with "
        "sampled actions. average is over all steps; drop is the start minus the lowest "
        f"evaluation (one every {EVERY} steps, {EPISODES} episodes; of a noisy curve it is never "
        "0); final is the mean of the last three; gain over InAC is final minus InAC's, seed by "
        "seed. Each line changes the first one of its table.",
    ]
    for prior in dict.fromkeys(row["prior"] for row in rows):
        lines += [
            "",
            f"## {prior}, {SEEDS[prior]} seeds, {STEPS[prior]:,} online steps",
            "",
            "| arm | start | average | drop | final | gain over InAC | h at the end | CPU s |",
            "|---|---|---|---|---|---|---|---|",
        ]
        here = [row for row in rows if row["prior"] == prior]
        inac = final_return(values_of([r for r in here if r["arm"] == "InAC alone"], "return"))
        for name in dict.fromkeys(row["arm"] for row in here):
            own = [row for row in here if row["arm"] == name]
            returns, h = values_of(own, "return"), values_of(own, "h")[:, -1]
            steps = EVERY * np.arange(returns.shape[1])
            cells = (
                returns[:, 0],
                average_return(steps, returns),
                drop(returns),
                final_return(returns),
                final_return(returns) - inac,
            )
            text = " | ".join(f"{interval(cell):.1f}" for cell in cells)
            more = f"{interval(h):.0f}" if "SAC" not in name and "InAC" not in name else ""
            lines.append(f"| {name} | {text} | {more} | {own[0]['cpu_seconds']} |")
    TABLE.write_text("\n".join(lines) + "\n")


def main() -> None:
    """Runs the missing arms, in order, and writes the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--table", action="store_true", help="only write the table")
    only_table = parser.parse_args().table
    rows = list(csv.DictReader(CSV.open())) if CSV.exists() else []
    done = {(row["prior"], row["arm"]) for row in rows}
    folder = results_root() / "ajs-study"
    for arm in arms():
        if (arm.prior, arm.name) in done or only_table:
            continue
        print(arm.prior, arm.name, flush=True)
        rows += measure(arm, folder)
        with CSV.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
    write_table(rows)


if __name__ == "__main__":
    main()
