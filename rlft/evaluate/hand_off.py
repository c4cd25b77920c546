"""What a late hand-off costs: whether a guide can protect at all, before anything is trained.

A jump start promises that little can be lost while the guide walks most of the episode. That is so
where each step earns its own. Where only arriving counts, whoever is handed to late and cannot
arrive loses nearly all that there is to lose.

Letters: S seeds, P hand-offs, K episodes, B batch, A action size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rlft.core.checks import at_least, refused, within
from rlft.core.table import Table
from rlft.envs import time_limit_of
from rlft.evaluate.intervals import interval
from rlft.evaluate.rollout import ActingPolicy, Evaluator, device_of

SHARES = (0.0, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class HandOffCost:
    """What handing over to a useless explorer costs, by the share of the episode behind it.

    Attributes:
        env_id: the environment.
        shares: (P,) of the guide's own episode, walked before the hand-off.
        horizons: (P,) h, in steps.
        returns: (S, P) mean return of guide and explorer together.
        alone: (S,) mean return of the guide alone.
    """

    env_id: str
    shares: tuple[float, ...]
    horizons: tuple[int, ...]
    returns: np.ndarray
    alone: np.ndarray

    @property
    def cost(self) -> np.ndarray:
        """(S, P), lost by the hand-off, as a share of what is lost without a guide; 1 at h = 0."""
        lost = self.alone[:, None] - self.returns  # (S, P)
        return lost / lost[:, :1]

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Share, h, return and cost of each hand-off, for a table."""
        columns = zip(self.shares, self.horizons, self.returns.T, self.cost.T, strict=True)
        return [
            (f"{share:.0%}", str(h), f"{interval(returns):.1f}", f"{interval(cost):.2f}")
            for share, h, returns, cost in columns
        ]

    def table(self) -> Table:
        """The rows under their head."""
        head = ("walked by the guide", "h", "return", "cost, of that at h = 0")
        caption = f"What a late hand-off costs in {self.env_id}"
        return Table(head, self.rows(), align="rrrr", caption=caption)

    def __str__(self) -> str:
        return self.table().text(rule=True)

    def _repr_html_(self) -> str:
        return self.table().html()


class Useless:
    """An explorer that knows nothing: uniform actions, as many as the guide's."""

    def __init__(self, guide: ActingPolicy) -> None:
        self.seeds, self.device, self._guide = guide.seeds, device_of(guide), guide

    def mode(self, obs: Tensor, /) -> Tensor:
        """The middle of the box, (S, B, A)."""
        return torch.zeros_like(self._guide.mode(obs))

    def sample(self, obs: Tensor, generator: torch.Generator, /) -> Tensor:
        """Uniform in [-1, 1], (S, B, A)."""
        size = self._guide.mode(obs).shape
        return 2 * torch.rand(size, generator=generator, device=obs.device) - 1


class HandsOver:
    """A guide for h steps, then somebody else, for `Evaluator`; counts its own calls.

    Args:
        guide: S policies.
        then: S policies.
        horizon: h, steps of the guide; the same for all.
    """

    def __init__(self, guide: ActingPolicy, then: ActingPolicy, horizon: int) -> None:
        self.seeds, self.device = guide.seeds, device_of(guide)
        self._guide, self._then, self._left = guide, then, horizon

    def sample(self, obs: Tensor, generator: torch.Generator, /) -> Tensor:
        """The action of whose turn it is, (S, B, A)."""
        who = self._guide if self._left > 0 else self._then
        self._left -= 1
        return who.sample(obs, generator)

    def mode(self, obs: Tensor, /) -> Tensor:
        """Likewise, the most likely one."""
        who = self._guide if self._left > 0 else self._then
        self._left -= 1
        return who.mode(obs)


def hand_off_cost(
    guide: ActingPolicy,
    env_id: str,
    *,
    explorer: ActingPolicy | None = None,
    shares: Sequence[float] = SHARES,
    episodes: int = 20,
    seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
) -> HandOffCost:
    """Measures what it costs to hand over late to an explorer that knows nothing.

    Args:
        guide: S policies.
        env_id: the environment, which must have a time limit.
        explorer: who takes over; None for uniform actions.
        shares: of the guide's own mean episode, each in [0, 1], increasing from 0.
        episodes: K for each seed and hand-off, 1 or more.
        seed: of starts and actions.
        env_kwargs: options of the environment.

    Returns:
        Returns and costs.

    Raises:
        InputError: shares that do not increase from 0, no episode, an environment without a time
            limit, or a guide that is no better than the explorer.
    """
    at_least(1, episodes=episodes, hint="20 leave little noise.")
    for share in shares:
        within(0, 1, share=share, hint="0.75 hands over after three quarters of an episode.")
    if shares[0] != 0 or list(shares) != sorted(set(shares)):
        raise refused("shares", tuple(shares), "numbers that increase from 0", "As in (0, 0.5).")
    if time_limit_of(env_id, dict(env_kwargs or {})) is None:
        hint = "Register it with max_episode_steps."
        raise refused("env_id", env_id, "an environment with a time limit", hint)
    then = explorer or Useless(guide)
    made = {"seeds": guide.seeds, "episodes": episodes, "env_kwargs": env_kwargs}
    with Evaluator(env_id, **made) as evaluator:
        alone = evaluator(guide, mode=False, seed=seed)
        length = alone.lengths.mean()
        horizons = tuple(round(share * length) for share in shares)
        returns = [
            evaluator(HandsOver(guide, then, h), mode=False, seed=seed).mean_returns
            for h in horizons
        ]
    found = HandOffCost(env_id, tuple(shares), horizons, np.stack(returns, 1), alone.mean_returns)
    if not (found.alone > found.returns[:, 0]).all():
        better = found.returns[:, 0] - found.alone  # (S,)
        worst = int(better.argmax())
        raise refused(
            "guide",
            f"a return of {found.alone[worst]:.1f} in seed {worst}",
            f"more than the explorer alone returns, in each seed; it is {better[worst]:.1f} less",
            "Train the guide longer: one that loses nothing by leaving protects nothing.",
        )
    return found
