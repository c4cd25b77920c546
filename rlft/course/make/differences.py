"""Writes the blocks of `docs/where_we_differ.md` from rows about the authors' code and the recipes.

Run it with `make readme`. The library's own values are read from the recipes of both scales, so the
page cannot drift away from what runs.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from rlft.core.files import PACKAGE
from rlft.core.table import Table
from rlft.course.make.readme import updated
from rlft.recipes.authors import CONSTANTS, DIFFERENCES
from rlft.recipes.diff import value_text
from rlft.recipes.recipe import Recipe
from rlft.recipes.registry import PAPER_RECIPES, RECIPES

PAGE = PACKAGE.parent / "docs" / "where_we_differ.md"


def at(recipe: Recipe, field: str) -> Any:
    """The value of a nested field, as in ``at(recipe, "online.utd")``."""
    return reduce(getattr, field.split("."), recipe)


def constants_table() -> str:
    """A row for each constant: the authors', where it stands, and what both scales have."""
    rows = []
    for row in CONSTANTS:
        course = {value_text(at(RECIPES[name], row.field)): None for name in row.recipes}
        paper = {value_text(at(PAPER_RECIPES[name], row.field)): None for name in row.recipes}
        rows.append(
            (
                ", ".join(row.recipes),
                f"`{row.field}`",
                value_text(row.value),
                row.where,
                " or ".join(paper),
                " or ".join(course),
                row.effect or "not measured",
            )
        )
    head = ("recipes", "field", "authors", "where", "paper preset", "course", "measured effect")
    return Table(head, rows).markdown()


def differences_list() -> str:
    """A paragraph for each thing that is otherwise here at both scales."""
    lines = []
    for row in DIFFERENCES:
        effect = f" Measured: {row.effect}." if row.effect else ""
        lines.append(
            f"- **{row.detail[0].upper()}{row.detail[1:]}** ({', '.join(row.recipes)}). The "
            f"authors: {row.authors} ({row.where}). Here: {row.ours}. {row.reason}{effect}"
        )
    return "\n".join(lines)


def whole(page: str) -> str:
    """The page with both blocks as they should be."""
    page = updated(page, "constants", constants_table())
    return updated(page, "differences", differences_list())
