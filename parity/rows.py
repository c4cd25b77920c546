"""Rows of the comparison with d3rlpy, and the settings that both libraries share.

A row holds one loss, one gradient or one set of new weights, ours and d3rlpy's. d3rlpy's number is
converted to our convention before the difference is taken, and the row's note says how.

Letters: E ensemble members.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from d3rlpy.models.encoders import VectorEncoderFactory
from torch import Tensor
from twins import ACTION, OBSERVATION, Twin, gradient_of, joined, value_of

from rlft.nets.policies import PolicyConfig
from rlft.nets.stacked import CriticConfig

SIZES = (OBSERVATION, ACTION, 1)  # one seed: d3rlpy has no seed axis
E, HIDDEN = 2, (8, 8)
GAMMA, POLYAK, LR = 0.98, 0.2, 0.01  # fast, so that one step and one average can be seen
CRITICS = CriticConfig(ensemble=E, hidden=HIDDEN, layer_norm=False)
SQUASHED, TANH_MEAN = (PolicyConfig(k, HIDDEN) for k in ("squashed-gaussian", "tanh-mean-normal"))
RATES: dict[str, Any] = {"critic_lr": LR, "policy_lr": LR, "temperature_lr": LR}
ENCODER = VectorEncoderFactory(hidden_units=list(HIDDEN))
THEIR_SETTINGS: dict[str, Any] = {
    "actor_encoder_factory": ENCODER,
    "critic_encoder_factory": ENCODER,
    "gamma": GAMMA,
    "tau": POLYAK,
    "n_critics": E,
    "actor_learning_rate": LR,
    "critic_learning_rate": LR,
}
SUM = "d3rlpy sums over critics, we average: theirs / E"


@dataclass(frozen=True)
class Row:
    """One quantity on both sides.

    Attributes:
        method: algorithm.
        quantity: what is compared; of a gradient or weights the table shows the norm.
        ours: our number, or norm.
        theirs: d3rlpy's, before any conversion.
        difference: largest difference after the conversion, as a share of the largest entry or 1.
        note: how the conventions differ, and the conversion.
    """

    method: str
    quantity: str
    ours: float
    theirs: float
    difference: float
    note: str


def row(
    method: str, quantity: str, ours: Tensor, theirs: Tensor, note: str = "", scale: float = 1.0
) -> Row:
    """Compares `ours` with `scale` times `theirs`."""
    ours, theirs = (x.detach().double().flatten() for x in (ours, theirs))
    largest = max(1.0, ours.abs().max().item())
    difference = (ours - scale * theirs).abs().max().item() / largest
    shown = [x.item() if len(x) == 1 else x.norm().item() for x in (ours, theirs)]
    return Row(method, quantity, shown[0], shown[1], difference, note)


def implementation(peer: Any) -> Any:
    """The networks and losses inside a d3rlpy algorithm, which it makes when it sees the sizes."""
    peer.create_impl((OBSERVATION,), ACTION)
    return peer.impl


def critic_rows(
    method: str, ours: Tensor, theirs: float, critics: list[Twin], note: str = SUM
) -> list[Row]:
    """Loss, gradient and Adam step of an ensemble; Adam does not see the factor E."""
    gradients, weights = joined(critics, gradient_of), joined(critics, value_of)
    return [
        row(method, "critic loss", ours, torch.tensor(theirs), note, scale=1 / E),
        row(method, "critic gradient", *gradients, SUM, scale=1 / E),
        row(method, "critics after a step", *weights, "Adam does not see the factor E"),
    ]


def policy_rows(method: str, ours: Tensor, theirs: float, twin: Twin, note: str = "") -> list[Row]:
    """Loss, gradient and Adam step of a policy."""
    return [
        row(method, "policy loss", ours, torch.tensor(theirs), note),
        row(method, "policy gradient", *joined([twin], gradient_of)),
        row(method, "policy after a step", *joined([twin], value_of)),
    ]
