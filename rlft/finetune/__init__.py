"""Pre-training, the switch, and the online loop."""

from rlft.finetune.acting import Acting, FrozenActs, LearnerActs
from rlft.finetune.handover import Crossing, hand_over
from rlft.finetune.loop import finetune
from rlft.finetune.prior import Prior, pretrain
from rlft.finetune.recipe import (
    RECIPES,
    Handover,
    Online,
    Recipe,
    Source,
    Warmup,
    find_recipe,
)
from rlft.finetune.run import Run

__all__ = [
    "RECIPES",
    "Acting",
    "Crossing",
    "FrozenActs",
    "Handover",
    "LearnerActs",
    "Online",
    "Prior",
    "Recipe",
    "Run",
    "Source",
    "Warmup",
    "find_recipe",
    "finetune",
    "hand_over",
    "pretrain",
]
