"""`Batch`, the transitions that learners see, and how transitions are packed where they are kept.

All numbers of a transition lie side by side, so that drawing a batch is one gather and not seven,
and the fields of a `Batch` are slices of what was gathered. The layout is written down once, in
`transition_layout`, for logged and online transitions alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from rlft.core.checks import refused
from rlft.core.errors import InputError


@dataclass(frozen=True, eq=False)
class Batch:
    """B transitions for each of S seeds, all float32.

    Attributes:
        observations: (S, B, O).
        actions: (S, B, A), in [-1, 1].
        rewards: (S, B).
        next_observations: (S, B, O).
        terminations: (S, B), 1 where the task ended (no bootstrap), else 0, also at truncations.
        returns_to_go: (S, B), discounted return from here on, at least: after an episode that the
            clock cut off, the smallest reward for ever. -inf while the online episode still runs,
            so that max(Q, return-to-go) leaves Q as it is.
        timesteps: (S, B), step within the episode, from 0.
    """

    observations: Tensor
    actions: Tensor
    rewards: Tensor
    next_observations: Tensor
    terminations: Tensor
    returns_to_go: Tensor
    timesteps: Tensor

    @property
    def size(self) -> int:
        """B, transitions for each seed."""
        return self.rewards.shape[1]

    def split(self, parts: int) -> list[Batch]:
        """Minibatches that each keep the offline share: every `parts`-th transition, as views.

        Args:
            parts: number of minibatches, a divisor of B.

        Raises:
            InputError: B is no multiple of parts.
        """
        if parts < 1 or self.size % parts:
            raise InputError(
                f"A batch of {self.size} transitions cannot be split into {parts} equal parts. "
                f"Draw it with sample(batch_size, generator, batches=parts)."
            )
        return [
            Batch(*(getattr(self, field.name)[:, part::parts] for field in fields(self)))
            for part in range(parts)
        ]

    def rows(self, index: Tensor) -> Batch:
        """The rows that an index (S, N) names, each seed's of its own: a batch of N."""
        seeds = torch.arange(index.shape[0], device=index.device).unsqueeze(1)  # (S, 1)
        return Batch(*(getattr(self, field.name)[seeds, index] for field in fields(self)))

    @staticmethod
    def concatenate(batches: Sequence[Batch]) -> Batch:
        """One batch of the transitions of several, at least one, in order."""
        names = [field.name for field in fields(Batch)]
        return Batch(*(torch.cat([getattr(b, name) for b in batches], 1) for name in names))

    def to(self, device: torch.device | str) -> Batch:
        """The batch on another device."""
        return Batch(*(getattr(self, field.name).to(device) for field in fields(self)))


def transition_layout(observation_size: int, action_size: int) -> dict[str, slice]:
    """Where each field of a `Batch` lies in a packed transition.

    Args:
        observation_size: O.
        action_size: A.

    Returns:
        Field name -> columns, in the order of the columns; the last one ends at W = 2 O + A + 4.
    """
    widths = {
        "observations": observation_size,
        "actions": action_size,
        "rewards": 1,
        "next_observations": observation_size,
        "terminations": 1,
        "returns_to_go": 1,
        "timesteps": 1,
    }
    ends = np.cumsum(list(widths.values())).tolist()
    return {
        name: slice(end - width, end)
        for (name, width), end in zip(widths.items(), ends, strict=True)
    }


def pack_transitions(
    layout: dict[str, slice], columns: Sequence[np.ndarray | Tensor], count: int
) -> np.ndarray:
    """Packs `count` transitions.

    NumPy, because one transition for each environment is far too little for torch: seven
    conversions and a concatenation cost four times as much there.

    Args:
        layout: from `transition_layout`.
        columns: one array for each entry of the layout: (count, width), or (count,) for numbers.
        count: transitions.

    Returns:
        (count, W) float32.

    Raises:
        InputError: a column of another shape.
    """
    packed = np.empty((count, layout["timesteps"].stop), dtype=np.float32)
    for (name, where), column in zip(layout.items(), columns, strict=True):
        values = column.numpy(force=True) if isinstance(column, Tensor) else np.asarray(column)
        width = where.stop - where.start
        matrix = name in ("observations", "actions", "next_observations")
        expected = (count, width) if matrix else (count,)
        if values.shape != expected:  # and no call of `shaped`: seven at every step would be felt
            hint = "Check the sizes that the buffer was made with."
            raise refused(f"{name}.shape", values.shape, str(expected), hint)
        packed[:, where] = values if matrix else values[:, None]
    return packed


def unpack_transitions(layout: dict[str, slice], packed: Tensor) -> Batch:
    """Views of packed transitions.

    Args:
        layout: from `transition_layout`.
        packed: (S, B, W).

    Returns:
        The batch; its tensors share the memory of `packed`.
    """
    parts = {name: packed[..., where] for name, where in layout.items()}
    return Batch(
        observations=parts["observations"],  # (S, B, O)
        actions=parts["actions"],  # (S, B, A)
        rewards=parts["rewards"].squeeze(-1),  # (S, B)
        next_observations=parts["next_observations"],  # (S, B, O)
        terminations=parts["terminations"].squeeze(-1),  # (S, B)
        returns_to_go=parts["returns_to_go"].squeeze(-1),  # (S, B)
        timesteps=parts["timesteps"].squeeze(-1),  # (S, B)
    )


def gather_transitions(packed: Tensor, index: Tensor) -> Tensor:
    """Takes the transitions (S, B) out of packed ones (M, W): (S, B, W)."""
    return packed.index_select(0, index.flatten()).view(*index.shape, packed.shape[1])


def draw_indices(
    count: int, shape: tuple[int, int], generator: torch.Generator, device: torch.device
) -> Tensor:
    """Draws from 0 ... count-1 where the generator lives; they end on the device."""
    return torch.randint(count, shape, generator=generator, device=generator.device).to(device)
