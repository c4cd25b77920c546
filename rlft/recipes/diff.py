"""What differs between recipes, field by field: a method is its difference from another one.

Recipes are nested dataclasses, so a field has a dotted name such as
`online.learner.critics.ensemble`. Networks that cross the switch keep the prior's shape, and that
is the shape that is shown. Names, titles and sources describe a recipe and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from html import escape
from typing import Any

from rlft.core.checks import at_least
from rlft.core.errors import InputError
from rlft.core.table import Table
from rlft.recipes.recipe import Handover, Recipe, online_config
from rlft.recipes.registry import find_recipe

DESCRIPTIONS = ("name", "title", "source")
# What stands where a recipe has no such field, because its learner or rule is of another kind.
ABSENT = "-"
# A kind with more fields of its own than this (a learner, AJS's schedule) shows those of them that
# are not at their defaults; the name of the kind stands for the rest.
FEW = 5
# Characters in a line of text: recipes beyond that go on below.
WIDEST = 99


@dataclass(frozen=True)
class RecipeDiff:
    """The fields in which recipes differ.

    Attributes:
        names: the recipes, one for each column.
        rows: (dotted name of the field, its value in each recipe), in the recipes' order of fields.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]

    def __str__(self) -> str:
        if not self.rows:
            return f"{' and '.join(self.names)} do not differ."
        blocks, start = [], 0
        for stop in range(1, len(self.names) + 1):
            if stop == len(self.names) or len(self._text(start, stop + 1).splitlines()[1]) > WIDEST:
                blocks.append(self._text(start, stop))
                start = stop
        return "\n\n".join(blocks)

    def _repr_html_(self) -> str:
        if not self.rows:
            return f"<p>{escape(str(self))}</p>"
        return self._table(0, len(self.names)).html()

    def _table(self, start: int, stop: int) -> Table:
        """The columns of some of the recipes."""
        lines = [(field, *values[start:stop]) for field, values in self.rows]
        head = ("field", *self.names[start:stop])
        return Table(head, lines, caption=self.title(), code=(0,))

    def _text(self, start: int, stop: int) -> str:
        return self._table(start, stop).text(rule=True)

    def title(self) -> str:
        """One line that says what is compared."""
        return f"What differs between {', '.join(self.names[:-1])} and {self.names[-1]}"


def diff_recipes(*recipes: str | Recipe, presets: str | Sequence[str] = "course") -> RecipeDiff:
    """Lists the fields in which recipes differ.

    Args:
        *recipes: two or more names of `rlft.RECIPES`, or recipes of your own.
        presets: the scale of those that are given by name: "course" or "paper" for all of them, or
            one for each recipe, as in ``presets=("course", "paper")``.

    Returns:
        A table: print it, or let a notebook show it.

    Raises:
        InputError: fewer than two recipes, an unknown name or scale, or not one scale for each.
    """
    at_least(2, recipes=len(recipes), hint="Try diff_recipes('sac', 'wsrl').", of="diff_recipes")
    scales = [presets] * len(recipes) if isinstance(presets, str) else list(presets)
    if len(scales) != len(recipes):
        raise InputError(
            f"presets has {len(scales)} scales for {len(recipes)} recipes: give one for each, or "
            "one word for all of them."
        )
    found = [
        find_recipe(recipe, scale) if isinstance(recipe, str) else recipe
        for recipe, scale in zip(recipes, scales, strict=True)
    ]
    whole = [_as_it_runs(recipe) for recipe in found]
    rows: list[tuple[str, tuple[str, ...]]] = []
    for field in fields(Recipe):
        if field.name not in DESCRIPTIONS:
            rows += _rows(field.name, [getattr(recipe, field.name) for recipe in whole])
    return RecipeDiff(tuple(_headers(found)), tuple(rows))


def _as_it_runs(recipe: Recipe) -> Recipe:
    """The recipe with the prior's network shapes where networks cross."""
    if recipe.prior is None:
        return recipe
    given = recipe.prior.config
    online = replace(recipe.online, learner=online_config(given, recipe))
    if recipe.guide is None:
        return replace(recipe, online=online)
    whole = replace(recipe, online=recipe.guide, handover=Handover())  # the guide takes everything
    guide = replace(recipe.guide, learner=online_config(given, whole))
    return replace(recipe, online=online, guide=guide)


def _headers(recipes: Sequence[Recipe]) -> list[str]:
    """The recipes' names, with their scales where these differ."""
    if len({recipe.preset for recipe in recipes}) == 1:
        return [recipe.name for recipe in recipes]
    return [f"{recipe.name} ({recipe.preset})" for recipe in recipes]


def _rows(name: str, values: Sequence[Any]) -> list[tuple[str, tuple[str, ...]]]:
    """The rows of one field and of what lies below it; none where all values are equal."""
    if all(value == values[0] and type(value) is type(values[0]) for value in values):
        return []
    if not any(is_dataclass(value) for value in values):
        return [(name, tuple(map(value_text, values)))]
    rows = []
    if len({type(value) for value in values}) > 1:
        rows.append((name, tuple(map(value_text, values))))
    for field in _fields_to_compare(values):
        # A rule's properties (its schedule) are no fields: they are not in `vars`.
        below = [vars(v).get(field, ABSENT) if is_dataclass(v) else ABSENT for v in values]
        rows += _rows(f"{name}.{field}", below)
    return rows


def _fields_to_compare(values: Sequence[Any]) -> list[str]:
    """The fields of all kinds, without the defaults of a kind that has many fields of its own."""
    kinds = [{f.name: f for f in fields(v)} if is_dataclass(v) else {} for v in values]
    shared = set.intersection(*map(set, kinds))
    chosen: dict[str, None] = {}
    for value, kind in zip(values, kinds, strict=True):
        few = len(kind.keys() - shared) <= FEW
        for name, field in kind.items():
            if few or name in shared or getattr(value, name) != field.default:
                chosen[name] = None
    return list(chosen)


def value_text(value: object) -> str:
    """A value in a cell; of a dataclass its kind, as its fields have rows of their own."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, tuple):
        return f"({', '.join(map(value_text, value))})"
    return type(value).__name__ if is_dataclass(value) else str(value)
