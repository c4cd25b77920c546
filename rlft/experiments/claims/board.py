"""The claims board: for each claim and place the effect that decides, its interval, the verdict.

A table in Markdown, and a picture. The effect that decides is the weakest of those that must hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlft.core.files import write_atomically
from rlft.core.table import Table
from rlft.evaluate import Share
from rlft.experiments.claims.claim import VERDICTS
from rlft.experiments.claims.record import Record

if TYPE_CHECKING:
    from rlft.show.base.figure import CourseFigure

HEAD = ("claim", "", "place", "what decides", "effect [95 %]", "seeds", "verdict")
ABOUT = (
    "Effects are shares of what lies between never arriving, or random actions, and the best known "
    "return, seed by seed, from the same priors where methods can share one; correlations and "
    "shares of h are as they are. Of Q and its errors 1 is what discounted returns span. "
    "*Not reproduced*: the interval excludes the smallest effect of interest, a tenth where "
    "nothing else is said; a smaller one there may be. *Reproduced*: it does not, and all of it "
    "lies where the claim puts it. *Unclear*: neither. A claim of several parts is worth its "
    "weakest. The rules stand in `rlft/experiments/claims`, and were fixed before the runs. "
    "Start, end, drop and collapsed seeds of the arms are of whoever acts, from the release of the "
    "policy on."
)


def deciding(place: dict[str, Any]) -> dict[str, Any]:
    """The contrast of a place that its verdict comes from: the weakest, nearest to its rule."""
    own = [contrast for contrast in place["contrasts"] if not contrast["control"]]
    return min(own, key=lambda c: (VERDICTS.index(c["verdict"]), c["low"] - c["above"]))


def numbers(contrast: dict[str, Any]) -> str:
    """Mean and interval in text."""
    return f"{contrast['mean']:.2f} [{contrast['low']:.2f}, {contrast['high']:.2f}]"


def table(records: Sequence[Record]) -> Table:
    """A line for each claim and place."""
    rows = []
    for record in records:
        for index, place in enumerate(record.content["places"]):
            contrast, first = deciding(place), index == 0
            few = f" of {place['asked']}" if place["seeds"] < place["asked"] else ""
            why = record.stale(place)
            stale = f" (stale: {why})" if why else ""
            rows.append(
                (
                    record.claim.id if first else "",
                    record.claim.sentence if first else "",
                    place["place"],
                    contrast["claimed"],
                    numbers(contrast),
                    f"{place['seeds']}{few}",
                    f"{place['verdict']}{stale}",
                )
            )
        alone = not record.content["places"]
        for index, name in enumerate(record.missing):
            first = alone and index == 0
            named = (record.claim.id, record.claim.sentence) if first else ("", "")
            rows.append((*named, name, "", "", "0", "not made"))
    return Table(HEAD, rows)


def markdown(records: Sequence[Record]) -> str:
    """The board, then each claim with all that was asked of it."""
    lines = ["# The claims on trial", "", ABOUT, "", table(records).markdown()]
    for record in records:
        content = record.content
        lines += ["", f"## {record.claim.id}: {record.claim.sentence}", ""]
        lines += [f"Source: {content['source']}. Over places: **{record.verdict}**."]
        lines += [content["note"]] if content["note"] else []
        lines += [f"Not made: {', '.join(record.missing)}."] if record.missing else []
        for place in content["places"]:
            why = f" ({place['why']})" if place["why"] else ""
            lines += ["", f"**{place['place']}**{why}: {place['verdict']}.{made(place)}", ""]
            lines += [contrasts(place).markdown(), "", arms(place).markdown()]
    return "\n".join(lines) + "\n"


def words(records: Sequence[Record]) -> str:
    """The verdicts alone: a line of Markdown for each claim, with the places of each verdict.

    Where a claim has several parts and does not hold, the part that decides is named.
    """
    lines = []
    for record in records:
        at: dict[str, list[str]] = {}
        for place in record.content["places"]:
            said = f"{place['verdict']}{' (stale)' * bool(record.stale(place))}"
            at.setdefault(said, []).append(f"{place['place']}{weak_part(place)}")
        at |= {"not made yet": record.missing} if record.missing else {}
        found = "; ".join(f"*{said}*: {' · '.join(places)}" for said, places in at.items())
        lines.append(f"- **{record.claim.id}** {record.claim.sentence}. {found}.")
    return "\n".join(lines)


def weak_part(place: dict[str, Any]) -> str:
    """The part of a claim that does not hold at a place; "" where all do, or there is but one."""
    parts = [contrast for contrast in place["contrasts"] if not contrast["control"]]
    if len(parts) == 1 or place["verdict"] == VERDICTS[-1]:
        return ""
    return f' ("{deciding(place)["claimed"]}")'


def made(place: dict[str, Any]) -> str:
    """Whether later code has been seen to give the same; "" where no later code was asked."""
    later = place.get("confirmed")
    return f" Code has changed since; '{later['arm']}' comes out the same." if later else ""


def contrasts(place: dict[str, Any]) -> Table:
    """All that was asked at a place, controls marked."""
    rows = [
        (
            f"{'control: ' * c['control']}{c['claimed']}",
            f"{c['measure']}: {c['arm']}" + (f" - {c['minus']}" if c["minus"] else ""),
            numbers(c),
            f"> {c['above']:g}, {c['smallest']:g}",
            c["verdict"],
        )
        for c in place["contrasts"]
    ]
    return Table(("claimed", "measured", "effect [95 %]", "rule", "verdict"), rows)


def arms(place: dict[str, Any]) -> Table:
    """Start, end, drop and collapsed seeds of each arm, in units of return.

    Of whoever acts, from the release on.
    """
    digits = 1 if place["range"] > 5 else 2  # where only the goal pays, a return is a share
    rows = [
        (
            name,
            *(f"{arm[key]:.{digits}f}" for key in ("start", "final", "drop")),
            str(Share(arm["collapsed"], place["seeds"])),
        )
        for name, arm in place["arms"].items()
    ]
    return Table(("arm", "start", "final", "drop", "collapsed"), rows, align="lrrrr")


def draw(records: Sequence[Record]) -> CourseFigure:
    """Below each claim a mark with its interval for each place, the verdict in words and colour."""
    from rlft.show.base.figure import across, new_axes  # takes a second
    from rlft.show.base.style import BLACK, BLUE, GREY, VERMILLION, styled

    colours = dict(zip(VERDICTS, (VERMILLION, GREY, BLUE), strict=True))
    marks = dict(zip(VERDICTS, "Xso", strict=True))
    rows: list[Record | tuple[dict[str, Any], bool]] = []
    for record in records:
        places = record.content["places"]
        rows += [record, *((place, bool(record.stale(place))) for place in places)]
    with styled():
        fig, ax = new_axes(9.5, 1.2 + 0.23 * len(rows))
        beside = ax.get_yaxis_transform()  # x in shares of the axes
        for y, row in enumerate(rows):
            if isinstance(row, Record):
                title = f"{row.claim.id}  {row.claim.sentence}"
                white = {"facecolor": "white", "edgecolor": "none", "pad": 1}
                head = ax.text(0.01, y, title, va="center", weight="bold", transform=across(ax))
                head.set(bbox=white, in_layout=False)  # over the names of places, which are blank
                if not row.content["places"]:
                    ax.text(1.02, y, "not made yet", color=GREY, va="center", transform=beside)
                continue
            place, stale = row
            contrast, colour = deciding(place), colours[place["verdict"]]
            ax.plot([contrast["low"], contrast["high"]], [y, y], "-", color=colour, linewidth=2)
            ax.plot(contrast["above"], y, "|", color=BLACK, markersize=11)  # where it must lie
            ax.plot(contrast["mean"], y, marks[place["verdict"]], color=colour, markersize=6)
            said = place["verdict"] + " (stale)" * stale
            ax.text(1.02, y, said, color=colour, va="center", transform=beside)
        names = ["" if isinstance(row, Record) else row[0]["place"] for row in rows]
        ax.set_yticks(range(len(rows)), names)
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(len(rows) - 0.5, -0.6)
        ax.set_xlabel(
            "effect that decides, as a share of the place's range [95 %]; right of | as claimed"
        )
        ax.grid(axis="y", visible=False)
    fig.alt = "The claims on trial. " + "; ".join(
        f"{record.claim.id}, {place['place']}: {place['verdict']}, {numbers(deciding(place))}"
        for record in records
        for place in record.content["places"]
    )
    return fig


def write_board(records: Sequence[Record], folder: Path) -> list[Path]:
    """Writes `board.md` and the picture; returns the files.

    Raises:
        InputError: if the folder cannot be written to.
    """
    from rlft.show import save

    text = markdown(records)
    write_atomically(folder / "board.md", lambda file: file.write_text(text, encoding="utf-8"))
    return [folder / "board.md", *save(draw(records), folder / "board")]
