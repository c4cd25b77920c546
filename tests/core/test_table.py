"""Tables: what is escaped, quoted and aligned in each of the four ways to show one."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

import pytest

from rlft.core.errors import InputError
from rlft.core.table import Table, screen_width

SIMPLE = Table(("name", "return"), (("sac", "-29.5"), ("calql", "7")), align="lr")


def test_text_has_columns_as_wide_as_their_widest_cell() -> None:
    assert SIMPLE.text().splitlines() == [
        "name   return",
        "sac     -29.5",
        "calql       7",
    ]


def test_a_rule_parts_the_head_from_the_rows() -> None:
    assert SIMPLE.text(rule=True).splitlines()[1] == "-" * len("name   return")
    assert Table((), (("a", "b"),)).text(rule=True) == "a  b"


def test_no_line_of_text_ends_in_blanks() -> None:
    assert Table(("a", "long"), (("x", ""),)).text() == "a  long\nx"


def test_wide_characters_and_accents_take_the_columns_they_take_on_a_screen() -> None:
    assert [screen_width(text) for text in ("李", "e\u0301", "é", "✓", "")] == [2, 1, 1, 1, 0]
    text = Table((), (("李", "1"), ("ab", "2"), ("e\u0301", "3"))).text()
    assert text.splitlines() == ["李  1", "ab  2", "e\u0301   3"]


def test_markdown_is_aligned_and_says_the_side_of_each_column() -> None:
    assert SIMPLE.markdown().splitlines() == [
        "| name  | return |",
        "| ----- | -----: |",
        "| sac   |  -29.5 |",
        "| calql |      7 |",
    ]


def test_a_pipe_or_a_line_break_in_a_cell_does_not_break_markdown() -> None:
    head, _, row = Table(("a|b", "c"), (("x", "two\nlines"),)).markdown().splitlines()
    assert head == "| a\\|b | c         |"
    assert row == "| x    | two lines |"


def test_markdown_always_has_a_head_and_three_dashes() -> None:
    assert Table((), (("a", "b"),)).markdown() == "|     |     |\n| --- | --- |\n| a   | b   |"


def test_html_is_escaped_and_marked_for_screen_readers() -> None:
    html = Table(("<b>", "x"), (("a & b", "'y'"),), caption="1 < 2").html()
    assert "<caption>1 &lt; 2</caption>" in html
    assert re.findall(r"<th scope='(\w+)' [^>]*>(.*?)</th>", html) == [
        ("col", "&lt;b&gt;"),
        ("col", "x"),
        ("row", "a &amp; b"),
    ]
    assert re.findall(r"<td [^>]*>(.*?)</td>", html) == ["&#x27;y&#x27;"]


def test_html_aligns_cells_and_sets_code_below_the_head() -> None:
    html = Table(("field", "n"), (("a.b", "1"),), align="lr", code=(0,)).html()
    assert re.findall(r"text-align:(\w+)", html) == ["left", "right", "left", "right"]
    assert html.count("<code>") == 1 and "<code>a.b</code>" in html
    assert "<caption>" not in html


def test_csv_quotes_what_it_must() -> None:
    cells = ("a,b", 'say "x"', "two\nlines", "", " plain")
    table = Table(("1", "2", "3", "4", "5"), (cells,))
    assert table.csv().splitlines()[1] == '"a,b","say ""x""","two'
    assert list(csv.reader(io.StringIO(table.csv()))) == [list(table.header), list(cells)]


def test_empty_tables() -> None:
    head, nothing = Table(("a", "b"), ()), Table((), ())
    assert (head.text(), head.csv()) == ("a  b", "a,b\n")
    assert head.markdown() == "| a   | b   |\n| --- | --- |"
    assert head.html().endswith("</thead><tbody></tbody></table>")
    assert (nothing.text(), nothing.csv()) == ("", "")
    assert nothing.html() == "<table><tbody></tbody></table>"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Table(("a", "b"), (("x",),)), r"row=\('x',\).*2 columns.*Fill"),
        (lambda: Table((), (("x", "y"), ())), r"row=\(\).*2 columns"),
        (lambda: Table(("a", "b"), (), align="l"), "row='l'.*2 columns"),
        (lambda: Table(("a", "b"), (), align="lc"), "align='lc'.*l and r.*'lr'"),
    ],
)
def test_what_is_no_table(make: Callable[[], Table], words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()
