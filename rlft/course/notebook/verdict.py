"""A verdict as text for a terminal and as HTML for a notebook."""

from __future__ import annotations

from html import escape
from textwrap import indent

from rlft.core.table import Table
from rlft.course.check.judge import Verdict

SIGNS = {"passed": "✓", "failed": "✗", "not started": "○"}
# Colours tell apart what signs and words say as well: of the palette that colour-blind people see.
COLOURS = {"passed": "#009E73", "failed": "#D55E00", "not started": "#56B4E9"}


def headline(verdict: Verdict) -> str:
    """One line: sign, exercise and how far it is."""
    count = f"{len(verdict.passed)} of {verdict.total} cases pass"
    rest = {
        "passed": f"passed, all {verdict.total} cases",
        "failed": f"not yet right, {count}",
        "not started": "not started",
    }[verdict.status]
    return f"{SIGNS[verdict.status]} Exercise {verdict.exercise} · {verdict.title}: {rest}"


def to_text(verdict: Verdict) -> str:
    """The verdict for a terminal; lines of a case are indented."""
    lines = [headline(verdict)]
    failure = verdict.failure
    if verdict.status == "not started":
        lines.append(f"  Write the function, then run this cell again. {_where_to_go(verdict)}")
    if failure:
        lines += [f"  {SIGNS['passed']} {name}" for name in verdict.passed]
        lines.append(f"  {SIGNS['failed']} {failure.case}")
        lines.append(indent(_details(verdict).text(), "      "))
        lines.append("  " + (f"Hint: {verdict.hint}" if verdict.hint else _where_to_go(verdict)))
    return "\n".join(lines)


def to_html(verdict: Verdict) -> str:
    """The verdict for a notebook, readable in light and dark themes."""
    colour = COLOURS[verdict.status]
    parts = [f"<b>{escape(headline(verdict))}</b>"]
    if verdict.status == "not started":
        parts.append(
            "<div>Write the function, then run this cell again. Stuck? "
            f"<code>rlft.hint(&quot;{verdict.exercise}&quot;)</code></div>"
        )
    if verdict.failure:
        done = "".join(f"<li>{SIGNS['passed']} {escape(name)}</li>" for name in verdict.passed)
        case = f"<li>{SIGNS['failed']} <b>{escape(verdict.failure.case)}</b></li>"
        style = "list-style:none;margin:4px 0;padding-left:8px"
        parts.append(f'<ul style="{style}">{done}{case}</ul>')
        parts.append(f'<div style="margin:4px 0 4px 16px">{_details(verdict).html()}</div>')
        told = f"<b>Hint:</b> {escape(verdict.hint)}" if verdict.hint else _where_to_go(verdict)
        parts.append(f"<div>{told}</div>")
    return (
        f'<div class="rlft-check rlft-{verdict.status.replace(" ", "-")}" '
        f'style="border-left:5px solid {colour};padding:4px 12px">{"".join(parts)}</div>'
    )


def _details(verdict: Verdict) -> Table:
    failure = verdict.failure
    assert failure is not None
    rows = list(failure.inputs) + [("expected", failure.expected)]
    if failure.got:
        rows.append(("got", failure.got))
    return Table((), [*rows, ("problem", failure.problem)], code=(1,))


def _where_to_go(verdict: Verdict) -> str:
    return f'Stuck? rlft.hint("{verdict.exercise}") gives the next of three hints.'
