"""Measures how fast the library is: `make bench`, or ``python -m benchmarks.speed``.

Each result is kept in speed.json as it comes; the same command goes on where a run was stopped, and
measures again what was measured with other code. speed.md, speed.svg and the README's section are
written from the results, with no measurement, by ``--write``.
"""

from __future__ import annotations

import fnmatch
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from benchmarks.speed import figure, guard, lesson, startup
from benchmarks.speed.comparisons import COMPARISONS, gpu
from benchmarks.speed.floor import FLOORS
from benchmarks.speed.growth import SWEEPS
from benchmarks.speed.report import markdown
from benchmarks.speed.rounds import Effort
from benchmarks.speed.settings import ROOT
from benchmarks.speed.store import Store, read
from rlft.core.errors import InputError
from rlft.core.files import write_atomically

OUT = ROOT / "benchmarks"
SHORT = Effort(rounds=3, seconds=0.2)  # what is compared with itself only
QUICK = Effort(rounds=1, seconds=0.001, quick=True)
Job = Callable[[Effort], dict[str, Any]]


@dataclass(frozen=True)
class Options:
    """Measure the library's speed beside its peers'.

    Attributes:
        only: names or patterns of jobs, as in "sac*"; all by default. The others' results stay.
        fresh: measure also what was measured with this very code.
        quick: a turn of everything, to see that it runs; the numbers mean nothing.
        out: folder of speed.json, speed.md and speed.svg; of a quick run a temporary one.
        write: measure nothing, and write page, figure and README from the results that are there.
        record_guard: record the ratios that a test holds the library to, and nothing else.
        guard: hold the library to them, and nothing else; exit code 1 if it fell.
    """

    only: tuple[str, ...] = ()
    fresh: bool = False
    quick: bool = False
    out: Path | None = None
    write: bool = False
    record_guard: bool = False
    guard: bool = False


def jobs() -> dict[str, Job]:
    """Everything that is measured, by name; JAX last, whose threads stay once it has started."""
    late = {name: c.measure for name, c in COMPARISONS.items() if name.startswith("compiled")}
    own = {name: one.measure for name, one in {**SWEEPS, **FLOORS}.items()}
    return {
        **{name: c.measure for name, c in COMPARISONS.items() if name not in late},
        **own,
        "lesson": lesson.measure,
        "starts": startup.starts,
        "memory": startup.memory,
        "gpu": gpu,
        **late,
    }


def chosen(patterns: tuple[str, ...]) -> dict[str, Job]:
    """The jobs of these names.

    Raises:
        InputError: a name or pattern that fits none.
    """
    every = jobs()
    for pattern in patterns:
        if not fnmatch.filter(every, pattern):
            raise InputError(f"--only {pattern}: there is no such job. Jobs: {', '.join(every)}.")
    return {
        name: job
        for name, job in every.items()
        if not patterns or any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
    }


def effort_of(name: str, options: Options) -> Effort:
    """Comparisons are what ratios are quoted from, and get the most."""
    if options.quick:
        return QUICK
    return Effort() if name in COMPARISONS or name == "gpu" else SHORT


def measure(options: Options, out: Path) -> None:
    """Runs the jobs that are wanted and not up to date, and keeps each result."""
    store = Store(out / "speed.json", QUICK if options.quick else Effort())
    todo = chosen(options.only)
    if not options.fresh:
        todo = {name: job for name, job in todo.items() if not store.has(name)}
    if not todo:
        print("All of this was measured with this very code; --fresh measures it again.")
    for number, (name, job) in enumerate(todo.items(), start=1):
        print(f"{number}/{len(todo)} {name}", flush=True)
        store.keep(name, job(effort_of(name, options)))


def write(out: Path) -> None:
    """Writes the page, and where peers were there the figure; the README from the usual folder."""
    content = read(out / "speed.json")
    page = markdown(content)
    write_atomically(out / "speed.md", lambda path: path.write_text(page, encoding="utf-8"))
    with suppress(InputError):  # without peers there is a page, and no figure
        figure.write(content["results"], out / "speed.svg")
        if out == OUT:
            figure.write_readme(content["results"], ROOT / "README.md")
    print(page)


def main(options: Options) -> int:
    """Does what is asked; returns the exit code."""
    if options.record_guard:
        print(guard.record())
        return 0
    if options.guard:
        complaints = guard.check()
        print("\n".join(complaints) or "as fast as recorded")
        return int(bool(complaints))
    with tempfile.TemporaryDirectory() as folder:
        out = options.out or (Path(folder) if options.quick else OUT)
        if not options.write:
            measure(options, out)
        write(out.resolve())
    return 0


def run() -> None:
    """The command: reads the options, and ends the program."""
    try:
        sys.exit(main(tyro.cli(Options)))
    except InputError as error:
        sys.exit(f"error: {error}")
