"""Pre-training, the switch, and the online loop."""

from rlft.finetune.acting import (
    Acting,
    EpsilonGreedy,
    FrozenActs,
    GuideActs,
    JumpStart,
    LearnerActs,
)
from rlft.finetune.automatic import Automatic
from rlft.finetune.diff import RecipeDiff, diff_recipes
from rlft.finetune.handover import Crossing, hand_over
from rlft.finetune.horizon import Schedule
from rlft.finetune.loop import finetune
from rlft.finetune.prior import Prior, pretrain, untrained
from rlft.finetune.recipe import Handover, Online, Pretraining, Recipe, Source, Warmup
from rlft.finetune.recipes import RECIPES, find_recipe
from rlft.finetune.roll_in import Geometric, Random
from rlft.finetune.run import Run
from rlft.finetune.schedule import Fixed, Linear, Stepped

__all__ = [
    "RECIPES",
    "Acting",
    "Automatic",
    "Crossing",
    "EpsilonGreedy",
    "Fixed",
    "FrozenActs",
    "Geometric",
    "GuideActs",
    "Handover",
    "JumpStart",
    "LearnerActs",
    "Linear",
    "Online",
    "Pretraining",
    "Prior",
    "Random",
    "Recipe",
    "RecipeDiff",
    "Run",
    "Schedule",
    "Source",
    "Stepped",
    "Warmup",
    "diff_recipes",
    "find_recipe",
    "finetune",
    "hand_over",
    "pretrain",
    "untrained",
]
