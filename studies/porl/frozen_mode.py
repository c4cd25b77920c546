"""An acting rule of this study: in a file of its own, whose text is part of its arms' keys."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rlft.acting import FrozenActs
from rlft.acting.rules import ActContext
from rlft.core.registry import register


@register
@dataclass(frozen=True)
class FrozenMode(FrozenActs):
    """The pre-trained policy without its own noise: what only epsilon then explores."""

    @torch.no_grad()
    def act(self, context: ActContext) -> Tensor:
        """The most likely action."""
        return context.policies.frozen.mode(context.observations)
