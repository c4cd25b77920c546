"""Pre-training, the switch, and the online loop."""

from rlft.finetune.handover import HandoverRecord, hand_over
from rlft.finetune.loop import finetune
from rlft.finetune.pretrain import Prior, pretrain, untrained
from rlft.finetune.run import Run

__all__ = [
    "HandoverRecord",
    "Prior",
    "Run",
    "finetune",
    "hand_over",
    "pretrain",
    "untrained",
]
