"""What an option of the authors' changes: how far apart two learners move that differ in it alone.

    python parity/effects.py    # about two minutes of one core; docs/where_we_differ.md quotes it

Both start from the same weights and see the same random batches at the papers' sizes. A part's
displacement is what training added to its weights; printed is the difference of both displacements
as a share of the authors' own. Where an option draws random critics, some of it is their draw.

Letters: S seeds (1 here), B batch, O observation size, A action size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from rlft.algorithms import Config, Learner, make_learner
from rlft.data import Batch
from rlft.recipes.paper_learners import CQL, TEN_CQL, TEN_IQL, WSRL_SAC

SIZES, BATCH = (11, 3), 256  # O and A of Hopper
EPSILON = replace(
    WSRL_SAC,
    critics=replace(WSRL_SAC.critics, norm_epsilon=1e-5),
    policy=replace(WSRL_SAC.policy, norm_epsilon=1e-5),
)
PAIRS: tuple[tuple[str, Config, Config, int], ...] = (
    ("CQL: critics first", CQL, replace(CQL, same_weights=False), 20),
    ("CQL: penalty on all ten", TEN_CQL, replace(TEN_CQL, penalty_subset=None), 3),
    ("IQL: in turn", TEN_IQL, replace(TEN_IQL, same_weights=False), 10),
    ("IQL: minimum of all ten", TEN_IQL, replace(TEN_IQL, critic_subset=None), 10),
    ("WSRL: LayerNorm epsilon 1e-5", WSRL_SAC, EPSILON, 20),
)


def batches(count: int) -> Iterator[Batch]:
    """Random transitions, the same at each call."""
    for number in range(count):
        generator = torch.Generator().manual_seed(100 + number)

        def normal(*sizes: int, source: torch.Generator = generator) -> Tensor:
            return torch.randn(1, BATCH, *sizes, generator=source)  # (S, B, ...)

        zeros, unknown = torch.zeros(1, BATCH), torch.full((1, BATCH), -torch.inf)
        yield Batch(
            observations=normal(SIZES[0]),
            actions=normal(SIZES[1]).tanh(),
            rewards=normal().abs() + 1,
            next_observations=normal(SIZES[0]),
            terminations=zeros,
            returns_to_go=unknown,
            timesteps=zeros,
        )


def weights(learner: Learner, part: str) -> Tensor:
    """All weights of a part in a row."""
    return torch.cat([p.detach().flatten() for p in learner.parts()[part].parameters()])


def displacements(config: Config, start: Learner, updates: int) -> dict[str, Tensor]:
    """What training adds to the weights of policy and critics."""
    learner = make_learner(config, *SIZES, 1)
    for name, part in learner.parts().items():
        part.load_state_dict(start.parts()[name].state_dict())
    learner.generator.manual_seed(5)
    for batch in batches(updates):
        learner.update(batch)
    return {name: weights(learner, name) - weights(start, name) for name in ("policy", "critics")}


def main() -> None:
    """Prints a line for each option."""
    for name, theirs, ours, updates in PAIRS:
        start = make_learner(theirs, *SIZES, 1)
        for count in (1, updates):
            authors, other = (displacements(c, start, count) for c in (theirs, ours))
            parts = (
                f"{part} {float((other[part] - authors[part]).norm() / authors[part].norm()):.1%}"
                for part in authors
            )
            print(f"{name}, {count} updates: {', '.join(parts)}", flush=True)


if __name__ == "__main__":
    main()
