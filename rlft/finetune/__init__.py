"""Pre-training, the switch, and the online loop."""

from rlft.finetune.handover import HandoverRecord, hand_over
from rlft.finetune.plan import RunPlan
from rlft.finetune.pretrain import Prior, pretrain, untrained
from rlft.finetune.run import Run
from rlft.finetune.start import finetune
from rlft.finetune.updates import learn

__all__ = [
    "HandoverRecord",
    "Prior",
    "Run",
    "RunPlan",
    "finetune",
    "hand_over",
    "learn",
    "pretrain",
    "untrained",
]
