"""Pre-training, the switch, and the online loop."""

from rlft.finetune.diff import RecipeDiff, diff_recipes
from rlft.finetune.handover import Crossing, hand_over
from rlft.finetune.loop import finetune
from rlft.finetune.prior import Prior, pretrain, untrained
from rlft.finetune.recipe import Handover, Online, Pretraining, Recipe, Source, Warmup
from rlft.finetune.recipes import RECIPES, find_recipe
from rlft.finetune.run import Run

__all__ = [
    "RECIPES",
    "Crossing",
    "Handover",
    "Online",
    "Pretraining",
    "Prior",
    "Recipe",
    "RecipeDiff",
    "Run",
    "Source",
    "Warmup",
    "diff_recipes",
    "find_recipe",
    "finetune",
    "hand_over",
    "pretrain",
    "untrained",
]
