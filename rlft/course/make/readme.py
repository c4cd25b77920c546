"""Writes the README's table of lessons from the notebooks and their measured timings.

Run it with `make readme`, after `make timings`. A lesson's first cell gives its row: the heading
`# 01 · Title` and the first line that starts with `>`, which is the question that the lesson
answers. Minutes and memory come from notebooks/timings.json, so no number in the table is typed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlft.core.errors import InputError
from rlft.core.files import PACKAGE
from rlft.core.table import Table

ROOT = PACKAGE.parent
README = ROOT / "README.md"


def first_cell(notebook: Path) -> tuple[str, str]:
    """Reads the title and the question (empty if there is none) from a lesson's first cell."""
    source = json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"]
    lines = "".join(source).splitlines()
    titles = [line.removeprefix("# ").strip() for line in lines if line.startswith("# ")]
    questions = [line.removeprefix(">").strip() for line in lines if line.startswith(">")]
    if not titles:
        raise InputError(f"{notebook.name}: the first cell has no line '# Title'. Begin with one.")
    return titles[0], questions[0].strip("*_ ") if questions else ""


def used_by(path: str, measured: Mapping[str, Any]) -> dict[str, float]:
    """What a notebook took, from the content of notebooks/timings.json.

    Raises:
        InputError: it has never been measured.
    """
    if path not in measured["notebooks"]:
        raise InputError(f"{path} is not in notebooks/timings.json: run `make timings`.")
    return measured["notebooks"][path]


def table(root: Path = ROOT) -> str:
    """Builds the table in Markdown, with the line that says where its numbers were measured.

    Raises:
        InputError: a lesson has no heading, or has never been measured.
    """
    timings = root / "notebooks" / "timings.json"
    measured = json.loads(timings.read_text()) if timings.exists() else {"notebooks": {}}
    rows = []
    for notebook in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        path = notebook.relative_to(root).as_posix()
        title, question = first_cell(notebook)
        used = used_by(path, measured)
        minutes, memory = used["wall_seconds"] / 60, f"{used['peak_mb']:,} MB"
        rows.append((f"[{title}]({path})", question, f"{minutes:.1f}", memory))
    text = Table(("Lesson", "The question", "Minutes", "Memory"), rows, align="llrr").markdown()
    where = f"Measured by running each notebook from top to bottom ({measured['machine']})."
    return f"{text}\n\n{where}"


def updated(text: str, name: str, block: str) -> str:
    """A document's text with the block of one name replaced.

    Raises:
        InputError: the document has lost that block's markers.
    """
    start = f"<!-- {name}: written by `make readme`, do not edit -->"
    end = f"<!-- end of {name} -->"
    pattern = re.escape(start) + ".*?" + re.escape(end)
    if not re.search(pattern, text, flags=re.DOTALL):
        raise InputError(f"The document has lost its markers: put {start} ... {end} back.")
    return re.sub(pattern, lambda _: f"{start}\n{block}\n{end}", text, count=1, flags=re.DOTALL)


def whole(readme: str) -> str:
    """The README's text with the table as it should be."""
    return updated(readme, "lessons", table())
