"""Draws the comparisons for the README, and writes the sentence above the figure.

Two marks in a line: one seed alone, and eight side by side. Both are named where they first appear,
and differ in shape and in colour.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from benchmarks.speed.comparisons import PLAIN, SB3
from benchmarks.speed.report import Line, lines
from benchmarks.speed.rounds import Ratio
from rlft.core.errors import InputError
from rlft.core.files import write_atomically
from rlft.course.make.readme import updated
from rlft.show.base.figure import CourseFigure, new_axes, save
from rlft.show.base.style import BLACK, BLUE, VERMILLION, readable, styled

MARKS = ((VERMILLION, "o", "one seed"), (BLUE, "D", "eight seeds"))
ASIDE = (-0.13, 0.13)  # one a little above the other, as the two may coincide
HEADLINE = "sac"  # the comparison that the sentence speaks of
LINK = "benchmarks/speed.md"
TICKS = (0.2, 0.5, 1, 2, 5, 10, 20)
# Sizes are 2 x 64 with 2 critics unless said.
NAMES = {
    "sac": "SAC",
    "sac-ten": "SAC, 10 critics",
    "sac-paper": "SAC, 2 x 256",
    "sac-paper-ten": "SAC, 2 x 256, 10 critics",
    "iql": "IQL",
    "fqe": "FQE",
    "bc": "BC",
    "cql": "CQL",
    "cql-ten": "CQL, 10 critics",
    "compiled": "SAC",
    "compiled-ten": "SAC, 10 critics",
    "loop": "whole loop, UTD 1",
    "loop-ten": "whole loop, UTD 4, 10 critics",
}
SHORT = {"policy every 4 (WSRL)": "WSRL"}


def drawn(results: dict[str, Any]) -> list[Line]:
    """Lines of the figure: complete ones, without the plain file, which is no library."""
    return [line for line in lines(results) if None not in line.ratios and line.peer != PLAIN]


def draw(results: dict[str, Any]) -> CourseFigure:
    """One line for each comparison, below the name of its peer: how many times as fast we are.

    Raises:
        InputError: nothing was measured yet.
    """
    chosen = drawn(results)
    if not chosen:
        raise InputError(
            "There is no comparison to draw: none of the peers was there. Install them with "
            "`pip install -e '.[bench]'`, and measure with `make bench`."
        )
    peers = dict.fromkeys(line.peer for line in chosen)
    rows = [row for peer in peers for row in (peer, *(x for x in chosen if x.peer == peer))]
    with styled():
        fig, ax = new_axes(7.4, 1.0 + 0.27 * len(rows))
        ax.axvline(1, color=BLACK, linewidth=1)
        for place, row in enumerate(rows):
            if isinstance(row, Line):
                draw_line(ax, place, row)
        name_marks(ax, 1, chosen[0])  # 0 is the first peer's name
        ax.set_yticks(
            range(len(rows)), [row if isinstance(row, str) else named(row) for row in rows]
        )
        for row, label in zip(rows, ax.get_yticklabels(), strict=True):
            label.set_fontweight("bold" if isinstance(row, str) else "normal")
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(len(rows) - 0.5, -0.6)
        ax.set_xscale("log")
        ax.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
        ax.minorticks_off()
        ax.set_xlabel("times as many updates per CPU second; 1 is as fast as the peer", loc="right")
        ax.grid(axis="y", visible=False)
    fig.alt = description(chosen)
    return fig


def draw_line(ax: Axes, place: int, line: Line) -> None:
    """Both medians with their ranges."""
    for found, (color, marker, _), aside in zip(line.ratios, MARKS, ASIDE, strict=True):
        assert found is not None
        height = place + aside
        ax.plot([found.low, found.high], [height, height], "-", color=color, linewidth=2)
        ax.plot(found.median, height, marker, color=color, markeredgecolor="white")


def name_marks(ax: Axes, place: int, line: Line) -> None:
    """The names of both marks, above those of one line."""
    for found, (color, _, label) in zip(line.ratios, MARKS, strict=True):
        assert found is not None
        ax.annotate(
            label,
            (found.median, place),
            color=readable(color),
            ha="center",
            textcoords="offset points",
            xytext=(0, 7),
        )


def named(line: Line) -> str:
    """A short name of a line; that of its peer stands elsewhere."""
    variant = line.ours.variant
    return NAMES[line.name] + (f", {SHORT.get(variant, variant)}" if variant else "")


def times(found: Ratio | None) -> str:
    """A ratio in words."""
    assert found is not None
    return f"{found.median:.1f}"


def description(chosen: list[Line]) -> str:
    """The alt text: each line's two medians."""
    each = "; ".join(
        f"{named(line)} beside {line.peer} {times(line.ratios[0])} and {times(line.ratios[1])}"
        for line in chosen
    )
    return (
        "How many times as many updates per CPU second as a peer the library makes, with one seed "
        f"and with eight side by side; networks of 2 x 64 and 2 critics unless said. {each}."
    )


def sentence(results: dict[str, Any]) -> str:
    """What the figure proves, with its numbers.

    Raises:
        InputError: the comparison that it speaks of was not measured.
    """
    for line in drawn(results):
        if line.name == HEADLINE and line.peer == SB3:
            alone, eight = map(times, line.ratios)
            return (
                f"Eight seeds side by side make {eight} times as many updates of SAC in a CPU "
                f"second as {SB3}, and one seed alone {alone} times as many, at the course's sizes."
            )
    raise InputError(f"SAC beside {SB3} was not measured. Install it, and run `make bench`.")


def block(results: dict[str, Any]) -> str:
    """The README's section: sentence, figure with alt text, and where the numbers are."""
    return (
        f"{sentence(results)}\n\n"
        f"![{description(drawn(results))}](benchmarks/speed.svg)\n\n"
        f"*Medians and ranges over rounds on one thread, in CPU time; [{LINK}]({LINK}) has all "
        "numbers, how they were measured, and how an update grows.*"
    )


def write(results: dict[str, Any], target: Path) -> None:
    """Writes the figure as SVG, alt text inside."""
    with tempfile.TemporaryDirectory() as folder:
        _, svg = save(draw(results), Path(folder, target.stem))
        text = svg.read_text(encoding="utf-8")
    write_atomically(target, lambda path: path.write_text(text, encoding="utf-8"))


def write_readme(results: dict[str, Any], readme: Path) -> None:
    """Puts sentence and figure into the README."""
    text = updated(readme.read_text(encoding="utf-8"), "speed", block(results))
    write_atomically(readme, lambda path: path.write_text(text, encoding="utf-8"))
