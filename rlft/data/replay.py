"""Replay for S seeds at once: each seed has its own online transitions, all share the logged ones.

`ReplayBuffer` holds what the S environments deliver, in one packed tensor, and mixes in a dataset:
not at all, in proportion to the sizes, or with a fixed share of each minibatch. What is drawn
depends on the generator and on the sizes, never on the contents.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from rlft.core.checks import at_least, refused, within
from rlft.core.errors import InputError, NumericalError
from rlft.data.batch import (
    Batch,
    draw_indices,
    gather_transitions,
    pack_transitions,
    transition_layout,
    unpack_transitions,
)
from rlft.data.episodes import check_gamma, return_floors
from rlft.data.offline import OfflineData
from rlft.data.transitions import Transitions


class ReplayBuffer:
    """A ring of online transitions for each seed, with or without a dataset beside it.

    `offline` and `offline_share` give the three ways of public code: without `offline` the online
    transitions alone (WSRL); with `offline` and no share, both in proportion to what there is, as
    one buffer pre-filled with the dataset does, save that what was logged is never overwritten
    (CORL); with a share, exactly round(share * B) logged ones in each minibatch (0.5 in RLPD).

    Args:
        seeds: S, at least 1.
        capacity: online transitions kept for each seed, at least 1; then the oldest is overwritten.
        observation_size: O.
        action_size: A.
        gamma: discount of the returns-to-go, in [0, 1].
        offline: the dataset to draw from too.
        offline_share: logged share of each minibatch, in [0, 1]; None is proportional.
        smallest_reward: of one step, as far as is known; `offline`, and what a seed sees until an
            episode's end, count too. It bounds what episodes that the clock cut off still cost.
        device: where the transitions live and where batches appear.

    Raises:
        InputError: a value outside its range, a share without a dataset, or a dataset whose sizes
            are not O and A.
    """

    def __init__(
        self,
        seeds: int,
        capacity: int,
        observation_size: int,
        action_size: int,
        *,
        gamma: float,
        offline: Transitions | None = None,
        offline_share: float | None = None,
        smallest_reward: float = 0.0,
        device: torch.device | str = "cpu",
    ) -> None:
        hint = "Use seeds=1 for a single run; capacity counts the rows that each seed keeps."
        at_least(1, seeds=seeds, capacity=capacity, hint=hint)
        check_gamma(gamma)
        hint = "Or give None to draw in proportion to the sizes."
        within(0, 1, offline_share=offline_share, hint=hint)
        if offline_share and offline is None:
            hint = "There is no dataset to draw from: pass offline=..., or set the share to None."
            raise refused("offline_share", offline_share, "0 or None", hint)
        self.seeds, self.capacity, self.gamma = seeds, capacity, gamma
        self.observation_size, self.action_size = observation_size, action_size
        self.offline, self.offline_share = None, offline_share
        if offline is not None:
            sizes = (offline.observation_size, offline.action_size)
            if sizes != (observation_size, action_size):
                raise InputError(
                    f"Dataset {offline.name!r} has observation and action sizes "
                    f"{sizes}, the buffer has {(observation_size, action_size)}. Use "
                    f"a dataset of the same environment."
                )
            self.offline = OfflineData(offline, seeds, gamma=gamma, device=device)
            smallest_reward = min(smallest_reward, offline.reward_range[0])
        self._smallest = np.full(seeds, smallest_reward, dtype=np.float64)
        self._layout = transition_layout(observation_size, action_size)
        width = self._layout["timesteps"].stop
        self.packed = torch.zeros(seeds, capacity, width, device=device)  # (S, capacity, W)
        self._first = torch.arange(seeds, device=device)[:, None] * capacity  # (S, 1)
        self._next = 0
        self._filled = 0
        self._episode_lengths = np.zeros(seeds, dtype=np.int64)

    def __len__(self) -> int:
        """Online transitions of each seed."""
        return self._filled

    @property
    def offline_size(self) -> int:
        """Logged transitions, shared by all seeds."""
        return 0 if self.offline is None else len(self.offline)

    def add(
        self,
        observations: np.ndarray | Tensor,
        actions: np.ndarray | Tensor,
        rewards: np.ndarray | Tensor,
        next_observations: np.ndarray | Tensor,
        terminations: np.ndarray | Tensor,
        truncations: np.ndarray | Tensor,
        timesteps: np.ndarray | Tensor,
    ) -> None:
        """Stores one transition of each seed; at an episode's end its returns-to-go are filled in.

        Args:
            observations: (S, O).
            actions: (S, A), in [-1, 1].
            rewards: (S,).
            next_observations: (S, O), at an episode's end the true last observation and not the
                one after the reset.
            terminations: (S,) bool.
            truncations: (S,) bool.
            timesteps: (S,), step within the episode, from 0.

        Raises:
            InputError: a wrong shape.
            NumericalError: NaN or infinite values.
        """
        columns = [
            observations,
            actions,
            rewards,
            next_observations,
            terminations,
            np.zeros(self.seeds),  # the return-to-go, unknown before the episode's end
            timesteps,
        ]
        new = pack_transitions(self._layout, columns, self.seeds)  # (S, W)
        finite = np.isfinite(new).all(axis=1)  # (S,)
        if not finite.all():
            raise NumericalError(
                f"The transition of seed {int(np.argmin(finite))} has NaN or infinite values. "
                f"Check the policy's actions and the environment."
            )
        new[:, self._layout["returns_to_go"]] = -np.inf
        self.packed[:, self._next] = torch.from_numpy(new)
        self._next = (self._next + 1) % self.capacity
        self._filled = min(self._filled + 1, self.capacity)
        # An episode longer than the ring has lost its first steps: fill in those that are left.
        self._episode_lengths = np.minimum(self._episode_lengths + 1, self.capacity)
        self._smallest = np.minimum(self._smallest, new[:, self._layout["rewards"].start])
        for seed in range(self.seeds):
            if terminations[seed] or truncations[seed]:
                self._finish_episode(seed, bool(terminations[seed]))

    def recent(self, count: int) -> Batch:
        """The last transitions of each seed, the oldest first; all of them if there are fewer.

        Args:
            count: B, 0 or more.

        Returns:
            A batch of shape (S, B). Its tensors are views that change when the buffer goes on,
            or copies where the transitions lie around the ring's end.

        Raises:
            InputError: count < 0.
        """
        at_least(0, count=count, hint="Ask for 0 or more of the last transitions.")
        end = self._next or len(self)  # a ring that has just been filled ends where it began
        start = end - min(count, len(self))
        packed = self.packed[:, max(start, 0) : end]  # (S, B, W)
        if start < 0:
            packed = torch.cat((self.packed[:, start:], packed), dim=1)
        return unpack_transitions(self._layout, packed)

    def sample(self, batch_size: int, generator: torch.Generator, batches: int = 1) -> Batch:
        """Draws transitions with replacement, independently for each seed.

        Args:
            batch_size: B, of one minibatch.
            generator: decides which.
            batches: minibatches at once, to be taken apart with `Batch.split(batches)`; each of
                them has the same number of logged ones when a share is set.

        Returns:
            A batch of shape (S, batches * B).

        Raises:
            InputError: nothing to draw from, or batch_size or batches < 1.
        """
        at_least(1, batch_size=batch_size, batches=batches, hint="Draw one row or more.")
        if self.offline is not None and self.offline_share is None:
            drawn = self._draw_proportional(batch_size * batches, generator)
        else:
            logged = round((self.offline_share or 0.0) * batch_size)
            # Position-major order: b * batches + m is number b of minibatch m, so that both
            # `split(batches)` and any other equal split keep the share.
            drawn = self._draw_fixed(logged * batches, (batch_size - logged) * batches, generator)
        return unpack_transitions(self._layout, drawn)

    def _finish_episode(self, seed: int, terminated: bool) -> None:
        """Fills in the returns-to-go of the episode of one seed that just ended.

        They are not filled in again when a smaller reward is seen later.
        """
        length = int(self._episode_lengths[seed])
        self._episode_lengths[seed] = 0
        # Where the episode lies, oldest first, around the ring's end where need be.
        index = (self._next - length + torch.arange(length)) % self.capacity
        rewards = self.packed[seed, index, self._layout["rewards"].start]  # (T,)
        ends = np.zeros(length, dtype=bool)
        ends[-1] = True
        smallest = float(self._smallest[seed])
        returns = return_floors(
            rewards.numpy(force=True), ends, ends & terminated, self.gamma, smallest
        )
        column = self._layout["returns_to_go"].start
        self.packed[seed, index, column] = torch.from_numpy(returns).to(self.packed.device)

    def _draw_fixed(self, logged: int, online: int, generator: torch.Generator) -> Tensor:
        """Draws exactly so many logged and online ones for each seed, in this order: (S, B, W)."""
        parts = []
        if logged > 0 and self.offline is not None:
            index = draw_indices(
                self.offline_size, (self.seeds, logged), generator, self.packed.device
            )
            parts.append(gather_transitions(self.offline.packed, index))
        if online > 0:
            parts.append(self._online(self._draw_online(online, generator)))
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)

    def _draw_proportional(self, count: int, generator: torch.Generator) -> Tensor:
        """Draws as from one buffer of logged and online transitions together: (S, B, W)."""
        assert self.offline is not None
        logged = self.offline_size
        shape = (self.seeds, count)
        index = draw_indices(logged + len(self), shape, generator, self.packed.device)  # (S, B)
        # Both are gathered and one is kept: cheaper than sorting by where they lie.
        return torch.where(
            (index < logged)[..., None],
            gather_transitions(self.offline.packed, index.clamp(max=logged - 1)),
            self._online((index - logged).clamp(min=0)),
        )

    def _draw_online(self, count: int, generator: torch.Generator) -> Tensor:
        """Draws which online transitions each seed gets, (S, count)."""
        if len(self) == 0:
            raise InputError(
                "The replay buffer holds no online transitions yet. Call add() "
                "before sample(), or draw from a dataset alone (offline_share=1)."
            )
        return draw_indices(len(self), (self.seeds, count), generator, self.packed.device)

    def _online(self, index: Tensor) -> Tensor:
        """Takes online transitions (S, B), each seed from its own ring: (S, B, W)."""
        return gather_transitions(self.packed.flatten(0, 1), index + self._first)
