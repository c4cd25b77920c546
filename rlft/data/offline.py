"""A dataset alone as a source of batches, for pre-training and for evaluation on logged data.

`OfflineData.sample` has the signature of `ReplayBuffer.sample`, so that a learner cannot tell the
two apart.
"""

from __future__ import annotations

import torch

from rlft.core.checks import at_least
from rlft.data.batch import (
    Batch,
    draw_indices,
    gather_transitions,
    pack_transitions,
    transition_layout,
    unpack_transitions,
)
from rlft.data.transitions import Transitions


class OfflineData:
    """A dataset as one packed tensor on the device; each of S seeds draws its own batches.

    Args:
        data: the logged transitions; kept once, whatever S is.
        seeds: S, at least 1.
        gamma: discount of the returns-to-go, in [0, 1].
        device: where the transitions live and where batches appear.

    Raises:
        InputError: seeds < 1, or gamma outside [0, 1].
    """

    def __init__(
        self,
        data: Transitions,
        seeds: int,
        *,
        gamma: float,
        device: torch.device | str = "cpu",
    ) -> None:
        at_least(1, seeds=seeds, hint="Use 1 for a single run.")
        self.seeds = seeds
        self.observation_size = data.observation_size
        self.action_size = data.action_size
        self._layout = transition_layout(self.observation_size, self.action_size)
        columns = [
            data.observations,
            data.actions,
            data.rewards,
            data.next_observations,
            data.terminations,
            data.return_floor(gamma),
            data.timesteps,
        ]
        packed = pack_transitions(self._layout, columns, len(data))
        self.packed = torch.from_numpy(packed).to(device)  # (N, W)

    def __len__(self) -> int:
        return self.packed.shape[0]

    def as_batch(self) -> Batch:
        """The whole dataset for each seed, (S, N, ...): views of the one copy that there is."""
        return unpack_transitions(self._layout, self.packed.expand(self.seeds, -1, -1))

    def sample(self, batch_size: int, generator: torch.Generator, batches: int = 1) -> Batch:
        """Draws transitions with replacement, independently for each seed.

        Args:
            batch_size: B, of one minibatch.
            generator: decides which.
            batches: minibatches at once, to be taken apart with `Batch.split(batches)`.

        Returns:
            A batch of shape (S, batches * B).

        Raises:
            InputError: batch_size or batches < 1.
        """
        at_least(1, batch_size=batch_size, batches=batches, hint="Draw one transition or more.")
        index = draw_indices(
            len(self), (self.seeds, batch_size * batches), generator, self.packed.device
        )
        return unpack_transitions(self._layout, gather_transitions(self.packed, index))
