"""Measures what a second core brings a sweep: ``python benchmarks/sweep_speed.py``.

Blocks of seeds are made by one worker, then as many again by two; rounds take turns, and the median
counts. Workers are started before the clock is. Goal: two within 10 % of twice the speed of one.

It needs two cores that nobody else uses: what others take is missing here, and the share of the
cores that was idle before is printed for that reason.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import tyro

from rlft.experiments.sweep.backends import Local
from rlft.experiments.sweep.command import in_turns, tickets_of
from rlft.experiments.sweep.grid import read_grid

SWEEP = """
seeds = {seeds}
blocks = {blocks}
datasets = ["rlft/maze/detour-medium-v0"]
plan.steps = {steps}
plan.seed = {seed}

[[recipes]]
name = "sac"
prior.steps = {updates}
"""


@dataclass(frozen=True)
class Options:
    """What to measure."""

    seeds: int = 8
    """In each block."""
    blocks: int = 4
    """Jobs of one round; an even number, so that two workers have as many each."""
    updates: int = 500
    """Of each prior."""
    steps: int = 500
    """Of each run."""
    rounds: int = 3
    """Of each kind, of which the median counts."""


def seconds(folder: Path, workers: int, seed: int, options: Options) -> float:
    """Makes the blocks that begin at a seed; returns how long it took, without starting workers."""
    file, pool = folder / f"{seed}.toml", Local(workers)
    values = vars(options) | {"seed": seed}
    file.write_text(SWEEP.format(**values))
    tickets = in_turns(tickets_of(read_grid(file), folder / "out"))
    # One short job for each worker, so that each has imported the library.
    first = tickets_of(read_grid(short(file, seed + options.blocks)), folder / "out")
    list(pool.perform([ticket for ticket, _ in first]))
    begin = time.perf_counter()
    states = [outcome.state for outcome in pool.perform(tickets)]
    took = time.perf_counter() - begin
    assert states == ["made"] * len(tickets), states
    return took


def short(file: Path, seed: int) -> Path:
    """The sweep with jobs of a second."""
    values = {"seeds": 2, "blocks": 4, "steps": 140, "seed": seed, "updates": 100}
    brief = file.with_suffix(".short.toml")
    brief.write_text(SWEEP.format(**values))
    return brief


def main(options: Options) -> None:
    """Measures and prints."""
    idle = 100 - psutil.cpu_percent(interval=2)
    print(f"{psutil.cpu_count()} cores, {idle:.0f} % idle before the start")
    times: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.rounds):
            for workers in times:
                seed = 20 * (2 * number + workers)
                times[workers].append(seconds(Path(folder), workers, seed, options))
    one, two = (statistics.median(values) for values in times.values())
    for workers, values in times.items():
        print(f"{workers} worker{'s' * (workers > 1)}: {', '.join(f'{v:.1f}' for v in values)} s")
    verdict = "reached" if one / two >= 1.8 else "missed"
    print(f"two workers are {one / two:.2f} times as fast as one; goal 1.80, {verdict}")


if __name__ == "__main__":
    main(tyro.cli(Options))
