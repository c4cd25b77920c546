"""Writes results down as Markdown: benchmarks/speed.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks.speed import floor
from benchmarks.speed.comparisons import COMPARISONS, Comparison, Ours
from benchmarks.speed.floor import FLOORS
from benchmarks.speed.growth import SWEEPS
from benchmarks.speed.rounds import Ratio, ratio, ratio_of
from rlft.core.table import Table

Results = dict[str, Any]
NOT_YET = "not measured yet"
INTRODUCTION = """\
Made by `make bench`. All contenders of a row take turns in short rounds on one thread, and a ratio
is taken within a round: the median over the rounds, and in brackets the range. Time is the CPU's.
Everybody has the same sizes and settings, draws each batch from a replay buffer of its own that
holds the same 10,000 random transitions. glibc keeps its memory for all, as rlft tells it.
Eight seeds (S=8) make 8 updates at once. The plain file is `benchmarks/speed/plain_sac.py`, a
single-file SAC in PyTorch."""
NOTES = """\
d3rlpy's BC is a squared error and ours a likelihood; of several critics, d3rlpy's FQE bootstraps
all from the minimum, and ours each from its own. SB3 cannot let the policy wait, so its loop
updates the policy 4 times a step also where ours does once (WSRL). A call of SBX is 16 updates,
compiled; ours are not, except where the row says so."""


class Line(NamedTuple):
    """A learner of ours beside one peer.

    Attributes:
        name: the comparison's.
        comparison: what is compared.
        ours: the learner.
        peer: the peer's name.
        ratios: with S=1 and with S=8; None where one of both could not take part.
    """

    name: str
    comparison: Comparison
    ours: Ours
    peer: str
    ratios: tuple[Ratio | None, Ratio | None]


def lines(results: Results) -> Iterator[Line]:
    """All lines of the table, in its order."""
    for name, comparison in COMPARISONS.items():
        rates = results.get(name, {}).get("rates", {})
        for one in comparison.ours:
            for peer in comparison.theirs:
                alone, eight = (
                    ratio(rates[one.name(seeds)], rates[peer])
                    if {one.name(seeds), peer} <= rates.keys()
                    else None
                    for seeds in comparison.seeds
                )
                yield Line(name, comparison, one, peer, (alone, eight))


def comparison_rows(results: Results) -> Iterator[list[str]]:
    """Cells of the table of comparisons."""
    for line in lines(results):
        result = results.get(line.name)
        absent = {} if result is None else result["absent"]
        title = line.comparison.title + (f"; ours {line.ours.variant}" if line.ours.variant else "")
        cells = [title, line.peer, rate_of(result, line.peer)]
        goals = line.ours.goals if line.peer == line.comparison.peer else None
        for i, seeds in enumerate(line.comparison.seeds):
            found, own = line.ratios[i], line.ours.name(seeds)
            if found is None:
                reason = absent.get(own) or absent.get(line.peer) or NOT_YET
                cells += [reason, "" if goals is None else f"{goals[i]:g}"]
            else:
                reached = goals is not None and found.median >= goals[i]
                goal = "" if goals is None else f"{goals[i]:g}{', reached' if reached else ''}"
                cells += [str(found), goal]
        yield cells


def rate_of(result: Any, name: str) -> str:
    """The median rate of a contender."""
    if result is None or name not in result["rates"]:
        return ""
    return f"{ratio_of(result['rates'][name]).median:,.0f}"


def growth(results: Results) -> Iterator[str]:
    """A table for each sweep."""
    for name, sweep in SWEEPS.items():
        rates = results.get(name, {}).get("rates", {})
        yield f"### {sweep.title}\n"
        if not rates:
            yield NOT_YET + ".\n"
            continue
        first = next(iter(rates.values()))
        rows = [
            [point, f"{1000 / ratio_of(found).median:.2f}", str(ratio(first, found))]
            for point, found in rates.items()
        ]
        header = ("", f"ms for {sweep.unit}", "times the first")
        yield Table(header, rows, align="rrr").markdown() + "\n"


def floors(results: Results) -> str:
    """The share of an update that its products would take by themselves."""
    rows = []
    for name, one in FLOORS.items():
        rates = results.get(name, {}).get("rates", {})
        if rates:
            share = ratio(rates[floor.UPDATE], rates[floor.FLOOR])
            cells = [rate_of(results[name], which) for which in (floor.UPDATE, floor.FLOOR)]
            rows.append([f"SAC {one.shape}, S={one.seeds}", *cells, str(share)])
    header = ("", "updates a second", "its products alone", "share of the products")
    return Table(header, rows, align="lrrr").markdown() if rows else NOT_YET + "."


def lesson(results: Results) -> str:
    """A lesson's CPU seconds by activity."""
    found = results.get("lesson")
    if found is None:
        return NOT_YET + "."
    whole = sum(found["seconds"].values())
    rows = [[name, f"{s:.2f}", f"{s / whole:.1%}"] for name, s in found["seconds"].items()]
    head = (
        f"Fine-tuning with `sac`, {found['steps']} steps of {found['seeds']} seeds, with its "
        f"evaluations: {whole:.1f} s.\n\n"
    )
    return head + Table(("", "CPU seconds", "share"), rows, align="lrr").markdown()


def processes(result: Any, key: str, unit: str, digits: int) -> str:
    """One number of each process that was started: the median, and the range of several."""
    if result is None:
        return NOT_YET + "."
    rows = []
    for name, runs in result["took"].items():
        found = ratio_of([run[key] for run in runs])
        spread = f" ({found.low:.{digits}f} to {found.high:.{digits}f})" if len(runs) > 1 else ""
        rows.append([name, f"{found.median:,.{digits}f}{spread}"])
    rows += [[name, reason] for name, reason in result["absent"].items()]
    return Table(("", unit), rows, align="lr").markdown()


def gpu(result: Any) -> str:
    """Many seeds on a GPU."""
    if result is None:
        return NOT_YET + "."
    rows = [[name, f"{ratio_of(rates).median:,.0f}"] for name, rates in result["rates"].items()]
    rows += [[name, reason] for name, reason in result["absent"].items()]
    return Table(("SAC 2 x 64, batch 128, E=2", "updates a second"), rows, align="lr").markdown()


def markdown(content: dict[str, Any]) -> str:
    """The whole page."""
    results = content["results"]
    header = ("what", "beside", "its rate, 1/s", "S=1: times as fast", "goal", "S=8: times", "goal")
    versions = ", ".join(f"{name} {number}" for name, number in content["versions"].items())
    stamps = {result["stamp"] for result in results.values()}
    mixed = " Some rows were measured with another version of the code." * (len(stamps) > 1)
    parts = (
        "# How fast is the library?",
        INTRODUCTION,
        f"{content['machine']}; {versions}.{mixed}",
        "## Beside other libraries",
        Table(header, list(comparison_rows(results)), align="llrrrrr").markdown(),
        NOTES,
        "## How an update grows",
        "\n".join(growth(results)).rstrip(),
        "## How near the floor",
        "The matrix products that an update makes, by themselves; 1.00 would be nothing else.",
        floors(results),
        "## What a lesson's seconds go to",
        lesson(results),
        "## Before the first update",
        "CPU seconds of a process that does nothing but this.",
        processes(results.get("starts"), "seconds", "CPU seconds", 2),
        "Peak memory of a process that does nothing but this.",
        processes(results.get("memory"), "mb", "MB", 0),
        "## On a GPU",
        gpu(results.get("gpu")),
    )
    return "\n\n".join(parts) + "\n"
