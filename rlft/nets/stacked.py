"""Critics and value networks for S seeds at once, and the helpers around them.

Letters: S seeds, E ensemble members, B batch, O observation size, A action size.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rlft.core.checks import at_least, positive, refused
from rlft.core.noise import integers, uniform
from rlft.core.registry import stored
from rlft.nets.initial_weights import InitialWeights
from rlft.nets.layers import MLP


@stored
@dataclass(frozen=True)
class CriticConfig:
    """Shape of a Q ensemble.

    Attributes:
        ensemble: number of critics E per seed (WSRL, PORL and RLPD use 10).
        hidden: width of each hidden layer.
        layer_norm: LayerNorm before every ReLU, which bounds extrapolation (RLPD, section 4.2).
        initial_value: what an untrained critic predicts everywhere, in units of return. With -1 a
            step, 0 is optimistic and -1 / (1 - gamma) pessimistic about what was never seen; adding
            a constant to all rewards has the same effect, which is why a reward convention matters.
        norm_epsilon: what LayerNorm adds to the variance: PyTorch's 1e-5, or flax's 1e-6 (WSRL,
            RLPD).
        shared_output: the critics of a seed have one output layer together, which learns from all
            of them (WSRL's code), or one each (RLPD's).
        initial_weights: how weights start.

    Raises:
        InputError: an epsilon that is not positive.
    """

    ensemble: int = 2
    hidden: tuple[int, ...] = (64, 64)
    layer_norm: bool = True
    initial_value: float = 0.0
    norm_epsilon: float = 1e-5
    shared_output: bool = False
    initial_weights: InitialWeights = InitialWeights()

    def __post_init__(self) -> None:
        hint = "It keeps LayerNorm from dividing by zero; PyTorch's is 1e-5."
        positive(norm_epsilon=self.norm_epsilon, hint=hint, of="CriticConfig")


class QEnsemble(nn.Module):
    """E critics for each of S seeds.

    Args:
        seeds: S.
        observation_size: O.
        action_size: A.
        config: ensemble size, widths, LayerNorm.
        generator: source of the initial weights.
    """

    def __init__(
        self,
        seeds: int,
        observation_size: int,
        action_size: int,
        config: CriticConfig,
        generator: torch.Generator,
    ):
        super().__init__()
        at_least(1, ensemble=config.ensemble, hint="Use 2 critics, or 10.", of="CriticConfig")
        self.seeds, self.ensemble = seeds, config.ensemble
        self.mlp = MLP(
            seeds * config.ensemble,
            observation_size + action_size,
            1,
            config,
            generator,
            sharing=config.ensemble if config.shared_output else 1,
        )
        self.mlp.shift_output(config.initial_value)

    def forward(
        self, observations: Tensor, actions: Tensor, members: Tensor | None = None
    ) -> Tensor:
        """Q values.

        Args:
            observations: (S, B, O).
            actions: (S, B, A) in [-1, 1].
            members: (S, M) int64, the critics to ask for each seed; all of them if None.

        Returns:
            (S, E, B), or (S, M, B) with `members`.
        """
        x = torch.cat((observations, actions), -1)  # (S, B, O + A)
        count = self.ensemble if members is None else members.shape[1]
        x = x.unsqueeze(1).expand(-1, count, -1, -1).flatten(0, 1)  # (S * count, B, O + A)
        rows = None
        if members is not None:
            first = torch.arange(self.seeds, device=members.device) * self.ensemble  # (S,)
            rows = (first.unsqueeze(1) + members).flatten()  # (S * M,)
        return self.mlp(x, rows).squeeze(-1).unflatten(0, (self.seeds, count))  # (S, count, B)


class ValueNet(nn.Module):
    """State value V(s) for S seeds: (S, B, O) to (S, B)."""

    def __init__(
        self, seeds: int, observation_size: int, config: CriticConfig, generator: torch.Generator
    ):
        super().__init__()
        self.mlp = MLP(seeds, observation_size, 1, config, generator)
        self.mlp.shift_output(config.initial_value)

    def forward(self, observations: Tensor) -> Tensor:
        """Maps (S, B, O) to (S, B)."""
        return self.mlp(observations).squeeze(-1)


def check_subset(name: str, subset: int | None, ensemble: int) -> None:
    """Raises InputError unless the subset of that name can be drawn from so many critics."""
    if subset is not None and not 1 <= subset <= ensemble:
        hint = "Make the ensemble larger or the subset smaller."
        raise refused(name, subset, f"a number in [1, {ensemble}]", hint)


def random_members(
    seeds: int, ensemble: int, subset: int | None, replacement: bool, generator: torch.Generator
) -> Tensor | None:
    """Draws, for each seed, critics that stand for all of them (REDQ, algorithm 1).

    Args:
        seeds: S.
        ensemble: E.
        subset: M, the number of critics drawn, 1 to E (E itself or None: all, nothing is drawn).
        replacement: True as in WSRL's code (the same critic may come twice), False as in RLPD's.
        generator: source of randomness.

    Returns:
        (S, M) int64, or None when all critics are used.

    Raises:
        InputError: if `subset` is not in 1..E.
    """
    check_subset("subset", subset, ensemble)
    if subset is None or subset == ensemble:
        return None
    if replacement:
        return integers(ensemble, (seeds, subset), generator)
    scores = uniform((seeds, ensemble), generator)  # (S, E)
    return scores.topk(subset, dim=1).indices  # (S, M)
