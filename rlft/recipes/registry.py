"""All recipes by name, at both scales; `rlft.register` adds your own."""

from __future__ import annotations

from rlft.core.checks import one_of
from rlft.core.registry import Registry
from rlft.recipes.course import COURSE
from rlft.recipes.paper import PAPER
from rlft.recipes.recipe import PRESETS, Recipe


def _registry(preset: str, recipes: tuple[Recipe, ...]) -> Registry[Recipe]:
    """The recipes of one scale."""
    registry: Registry[Recipe] = Registry(
        "recipe",
        lambda value: isinstance(value, Recipe) and value.preset == preset,
        lambda recipe: recipe.name,
    )
    for recipe in recipes:
        registry.add(recipe.name, recipe)
    return registry


RECIPES = _registry("course", COURSE)
"""Every method at the course's scale, in the order of the lessons."""
PAPER_RECIPES = _registry("paper", PAPER)
"""The same methods at the scale of the papers."""
RECIPES_OF = {"course": RECIPES, "paper": PAPER_RECIPES}


def find_recipe(name: str, preset: str = "course") -> Recipe:
    """The recipe of a method.

    Args:
        name: a key of `RECIPES`.
        preset: "course" for the course's scale, "paper" for the paper's.

    Raises:
        InputError: if there is none; the message lists near matches.
    """
    one_of(PRESETS, preset=preset)
    return RECIPES_OF[preset].find(name)
