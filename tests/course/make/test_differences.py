"""The page about the authors' code: it says what the recipes hold, and nothing changes silently."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlft.core.encoding import cache_key
from rlft.course.make import differences
from rlft.recipes import Recipe
from rlft.recipes.authors import CONSTANTS, DIFFERENCES, Constant
from rlft.recipes.registry import PAPER_RECIPES, RECIPES

CHECKED = Path(__file__).with_name("paper_keys.json")


def key_of(recipe: Recipe) -> str:
    """Changes with every constant of a recipe, not with what it is called."""
    parts = (recipe.online, recipe.handover, recipe.warmup, recipe.acting, recipe.guide)
    return cache_key(*parts, recipe.prior)


def test_the_page_is_in_sync() -> None:
    page = differences.PAGE.read_text(encoding="utf-8")
    assert differences.whole(page) == page, "the page is out of date: run `make readme`"


@pytest.mark.parametrize("row", CONSTANTS, ids=lambda row: f"{row.recipes[0]}-{row.field}")
def test_the_paper_preset_has_the_authors_constant(row: Constant) -> None:
    for name in row.recipes:
        found = differences.at(PAPER_RECIPES[name], row.field)
        assert (found, type(found)) == (row.value, type(row.value)), name
        differences.at(RECIPES[name], row.field)  # the course has the field too


def test_no_constant_has_two_rows_and_every_row_says_where_to_look() -> None:
    named = [(name, row.field) for row in CONSTANTS for name in row.recipes]
    assert len(named) == len(set(named))
    assert all(row.where for row in (*CONSTANTS, *DIFFERENCES))
    assert {name for row in DIFFERENCES for name in row.recipes} <= PAPER_RECIPES.keys()


def test_a_constant_of_the_paper_preset_changes_with_its_row_only() -> None:
    """Whoever changes one reads here that rlft/recipes/authors.py wants to know, too."""
    keys = {name: key_of(recipe) for name, recipe in PAPER_RECIPES.items()}
    checked = json.loads(CHECKED.read_text(encoding="utf-8"))
    changed = [name for name in keys | checked if keys.get(name) != checked.get(name)]
    assert not changed, (
        f"constants of {changed} have changed: give them rows in rlft/recipes/authors.py, run "
        f"`make readme`, and then write these keys into {CHECKED.name}: {json.dumps(keys)}"
    )
