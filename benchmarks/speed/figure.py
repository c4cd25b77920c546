"""Draws the comparisons for the README, and writes the sentence above the figure.

Two marks in a line: one seed alone, and eight side by side. Both are named where they first appear,
and differ in shape and in colour.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.speed.comparisons import PLAIN, SB3
from benchmarks.speed.report import Line, lines
from benchmarks.speed.rounds import Ratio
from rlft.core.errors import InputError
from rlft.core.files import write_atomically
from rlft.course.make.readme import updated
from rlft.show.base.figure import CourseFigure, new_axes, save
from rlft.show.base.style import BLACK, BLUE, VERMILLION, readable, styled

MARKS = ((VERMILLION, "o", "one seed"), (BLUE, "D", "eight seeds"))
HEADLINE = "sac"  # the comparison that the sentence speaks of
LINK = "benchmarks/speed.md"
TICKS = (0.5, 1, 2, 5, 10, 20)


def drawn(results: dict[str, Any]) -> list[Line]:
    """Lines of the figure: complete ones, without the plain file, which is no library."""
    return [line for line in lines(results) if None not in line.ratios and line.peer != PLAIN]


def draw(results: dict[str, Any]) -> CourseFigure:
    """One line for each comparison, how many times as fast as the peer.

    Raises:
        InputError: nothing was measured yet.
    """
    chosen = drawn(results)
    if not chosen:
        raise InputError(
            "There is no comparison to draw: none of the peers was there. Install them with "
            "`pip install -e '.[bench]'`, and measure with `make bench`."
        )
    with styled():
        fig, ax = new_axes(8.6, 1.2 + 0.34 * len(chosen))
        ax.axvline(1, color=BLACK, linewidth=1)
        for row, line in enumerate(chosen):
            for found, (color, marker, _) in zip(line.ratios, MARKS, strict=True):
                assert found is not None
                ax.plot([found.low, found.high], [row, row], "-", color=color, linewidth=2.5)
                ax.plot(found.median, row, marker, color=color, markeredgecolor="white")
        for found, (color, _, label) in zip(chosen[0].ratios, MARKS, strict=True):
            assert found is not None
            place = {"textcoords": "offset points", "xytext": (0, 9), "ha": "center"}
            ax.annotate(label, (found.median, 0), color=readable(color), **place)
        ax.set_yticks(range(len(chosen)), [name_of(line) for line in chosen])
        ax.set_ylim(len(chosen) - 0.5, -1.1)
        ax.set_xscale("log")
        ax.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
        ax.minorticks_off()
        ax.set_xlabel("updates per CPU second, as a multiple of the peer's")
        ax.grid(axis="y", visible=False)
    fig.alt = description(chosen)
    return fig


def name_of(line: Line) -> str:
    """Sizes and peer of a line."""
    title = line.comparison.title.replace(" with LayerNorm", ", LayerNorm").replace(",,", ",")
    variant = f", {line.ours.variant}" if line.ours.variant else ""
    return f"{title}{variant}  |  {line.peer}"


def times(found: Ratio | None) -> str:
    """A ratio in words."""
    assert found is not None
    return f"{found.median:.1f}"


def description(chosen: list[Line]) -> str:
    """The alt text: each line's two medians."""
    each = "; ".join(
        f"{name_of(line).replace('  |  ', ' beside ')} {times(line.ratios[0])} and "
        f"{times(line.ratios[1])}"
        for line in chosen
    )
    return (
        "How many times as many updates per CPU second as a peer the library makes, with one seed "
        f"and with eight side by side. {each}."
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
