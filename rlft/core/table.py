"""One table of text cells, and how it reads in a terminal, a notebook, Markdown and CSV."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from rlft.core.checks import refused

SIDES = {"l": "left", "r": "right"}


@dataclass(frozen=True)
class Table:
    """A head and rows of text; the first column names the rows.

    Attributes:
        header: names of the columns; () for a table that explains itself.
        rows: a cell for each column.
        align: a letter for each column, "l" for left or "r" for right; "" is left everywhere.
        caption: what the table holds. It belongs to the HTML, where a screen reader announces it;
            elsewhere the text above a table says it.
        code: columns, counted from 0, that HTML sets in the font of code.

    Raises:
        InputError: a row or `align` has another number of columns.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    align: str = ""
    caption: str = ""
    code: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        width = len(self.header or next(iter(self.rows), self.align))
        for row in (*self.rows, self.align or "l" * width):
            if len(row) != width:
                raise refused("row", row, f"{width} columns", 'Fill gaps with "".', of="Table")
        if set(self.align) - SIDES.keys():
            raise refused("align", self.align, "letters l and r", "As in 'lr'.", of="Table")

    def text(self, *, rule: bool = False) -> str:
        """Columns side by side, for a terminal.

        Args:
            rule: whether a line of dashes parts the head from the rows.
        """
        widths, lines = self._aligned(self._lines())
        texts = ["  ".join(line).rstrip() for line in lines]
        if rule and self.header:
            texts.insert(1, "-" * (sum(widths) + 2 * (len(widths) - 1)))
        return "\n".join(texts)

    def markdown(self) -> str:
        """A Markdown table that is aligned, so that it reads as plain text too."""
        head = self.header or [""] * len(self._sides())
        lines = [[cell.replace("|", "\\|") for cell in line] for line in (head, *self.rows)]
        marks = ["--:" if side == "r" else "---" for side in self._sides()]
        widths, (first, _, *rest) = self._aligned([lines[0], marks, *lines[1:]])
        rule = [mark.rjust(width, "-") for mark, width in zip(marks, widths, strict=True)]
        return "\n".join(f"| {' | '.join(line)} |" for line in (first, rule, *rest))

    def html(self) -> str:
        """A table for a notebook, with the marks that a screen reader needs."""
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        head = ""
        if self.header:
            head = f"<thead>{self._html_row(self.header, head=True)}</thead>"
        body = "".join(map(self._html_row, self.rows))
        return f"<table>{caption}{head}<tbody>{body}</tbody></table>"

    def csv(self) -> str:
        """Comma-separated values, one line for each row; cells are quoted where they must be."""
        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows(self._lines())
        return stream.getvalue()

    def _lines(self) -> list[Sequence[str]]:
        return [self.header, *self.rows] if self.header else list(self.rows)

    def _sides(self) -> str:
        """A letter for each column."""
        return self.align or "l" * len(next(iter(self._lines()), ""))

    def _aligned(self, lines: Sequence[Sequence[str]]) -> tuple[list[int], list[list[str]]]:
        """The columns' widths, and the lines with every cell, now without breaks, as wide."""
        flat = [[" ".join(cell.splitlines()) for cell in line] for line in lines]
        widths = [max(map(screen_width, column)) for column in zip(*flat, strict=True)]
        for line in flat:
            for column, side in enumerate(self._sides()):
                blank = " " * (widths[column] - screen_width(line[column]))
                line[column] = blank + line[column] if side == "r" else line[column] + blank
        return widths, flat

    def _html_row(self, line: Sequence[str], head: bool = False) -> str:
        cells = []
        for column, (cell, side) in enumerate(zip(line, self._sides(), strict=True)):
            scope = "col" if head else "row" if column == 0 else ""
            tag, mark = ("th", f" scope='{scope}'") if scope else ("td", "")
            style = f"style='text-align:{SIDES[side]};vertical-align:top'"
            text = escape(cell)
            if column in self.code and not head:
                text = f"<code>{text}</code>"
            cells.append(f"<{tag}{mark} {style}>{text}</{tag}>")
        return f"<tr>{''.join(cells)}</tr>"


def screen_width(text: str) -> int:
    """How many columns of a terminal a text takes: 2 for a wide character, 0 for an accent."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
