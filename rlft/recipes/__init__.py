"""A method is data: the recipe, all recipes at both scales, and what differs between two."""

from rlft.recipes.diff import RecipeDiff, diff_recipes
from rlft.recipes.recipe import Handover, Online, Pretraining, Recipe, Source, Warmup
from rlft.recipes.registry import RECIPES, find_recipe
from rlft.recipes.switchboard import Ticks

__all__ = [
    "RECIPES",
    "Handover",
    "Online",
    "Pretraining",
    "Recipe",
    "RecipeDiff",
    "Source",
    "Ticks",
    "Warmup",
    "diff_recipes",
    "find_recipe",
]
