"""Text for a person, with colours where there is a notebook."""

from __future__ import annotations

import html

from IPython.core.getipython import get_ipython
from IPython.display import display


def show_message(text: str, rich: str | None = None) -> None:
    """Shows text: in a notebook its HTML form, elsewhere plainly.

    Args:
        text: may have several lines; what `backticks` enclose is code.
        rich: its HTML form; None for the text itself.
    """
    if get_ipython() is None:
        print(text)
        return
    if rich is None:
        lines = html.escape(text).split("\n")
        rich = "".join(f"<div>{coded(line)}</div>" for line in lines)
    display({"text/plain": text, "text/html": rich}, raw=True)


def coded(line: str) -> str:
    """A line of HTML in which every pair of backticks has become a code element."""
    parts = line.split("`")
    if len(parts) % 2 == 0:
        return line
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(parts))
