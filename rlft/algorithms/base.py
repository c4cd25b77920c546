"""What every learner is: named parts, an optimizer for each trained one, an update.

A learner's `parts()` are what can cross the switch from offline to online: the handover works on
these names and never on a method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

from rlft.core.errors import InputError, NumericalError
from rlft.data import Batch
from rlft.nets.policies import Policy, PolicyConfig, make_policy
from rlft.nets.stacked import CriticConfig

Metrics = dict[str, Tensor]  # each (S,)


class Config(Protocol):
    """Fields that every algorithm's configuration, a frozen dataclass, has."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def policy(self) -> PolicyConfig: ...
    @property
    def critics(self) -> CriticConfig: ...
    @property
    def gamma(self) -> float: ...
    @property
    def batch_size(self) -> int: ...


class Learner:
    """S independent learners of one algorithm, trained at once.

    Args:
        config: the algorithm's configuration.
        observation_size: O.
        action_size: A.
        seeds: S, at least 1.
        seed: start of the random stream, for weights and for noise.
        device: where weights and batches live.

    Attributes:
        policy: the policy that acts.

    Raises:
        InputError: if `seeds` < 1 or `gamma` is outside [0, 1).
    """

    def __init__(
        self,
        config: Config,
        observation_size: int,
        action_size: int,
        seeds: int,
        seed: int = 0,
        device: str | torch.device = "cpu",
    ):
        if seeds < 1:
            raise InputError(f"seeds={seeds}: give the number of independent runs, 1 or more.")
        if not 0 <= config.gamma < 1:
            raise InputError(f"gamma={config.gamma}: the discount must lie in [0, 1); use 0.98.")
        self.config, self.seeds = config, seeds
        self.observation_size, self.action_size = observation_size, action_size
        self.device = torch.device(device)
        self.generator = torch.Generator(self.device).manual_seed(seed)
        self.policy: Policy = make_policy(
            config.policy, seeds, observation_size, action_size, self.generator
        )
        self.updates = 0

    def parts(self) -> dict[str, nn.Module]:
        """The named networks; what a prior holds and what a handover may copy."""
        raise NotImplementedError

    def optimizers(self) -> dict[str, torch.optim.Adam]:
        """The optimizer of each trained part, under the part's name."""
        raise NotImplementedError

    def update_critics(self, batch: Batch) -> Metrics:
        """One gradient step for everything that estimates values, and their targets."""
        raise NotImplementedError

    def update_policy(self, batch: Batch) -> Metrics:
        """One gradient step for the policy (and the temperature, where there is one)."""
        raise NotImplementedError

    def value(self, observations: Tensor, actions: Tensor) -> Tensor:
        """The learner's own estimate of Q: (S, B, O), (S, B, A) to (S, B)."""
        raise NotImplementedError

    def update(self, batch: Batch) -> Metrics:
        """One update of everything, values first. Returns the metrics of both halves, each (S,)."""
        metrics = self.update_critics(batch)
        return {**metrics, **self.update_policy(batch)}

    def descend(self, name: str, loss: Tensor) -> None:
        """One step of the part's optimizer on a loss per seed.

        Args:
            name: the part; gradients go to its parameters only, so a policy step leaves the
                critics' gradients alone.
            loss: (S,). Seeds are summed, not averaged: each seed's gradient is as if it were alone.

        Raises:
            NumericalError: if a seed's loss is NaN or infinite; the part is not changed then.
        """
        finite = loss.detach().isfinite()
        if not finite.all():
            bad = (~finite).nonzero().flatten().tolist()
            raise NumericalError(
                f"The {name} loss is {loss.detach()[bad[0]].item()} for seed {bad} at update "
                f"{self.updates}. Try a smaller learning rate, LayerNorm in the critics, or "
                "smaller rewards; check the data with `repr(data)`."
            )
        optimizer = self.optimizers()[name]
        optimizer.zero_grad(set_to_none=True)
        inputs = list(self.parts()[name].parameters())
        loss.sum().backward(inputs=inputs)
        optimizer.step()

    def state_dict(self) -> dict[str, Tensor]:
        """Everything that training changes, as one flat dictionary: weights, Adam, random state."""
        state = {
            f"{name}/{key}": value.detach().clone()
            for name, part in self.parts().items()
            for key, value in part.state_dict().items()
        }
        for name, optimizer in self.optimizers().items():
            for i, slots in optimizer.state_dict()["state"].items():
                for slot, value in slots.items():
                    state[f"adam/{name}/{i}/{slot}"] = value.detach().clone()
        state["generator"] = self.generator.get_state()
        state["updates"] = torch.tensor(self.updates)
        return state

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restores what `state_dict` returned.

        Raises:
            InputError: if a part is missing or has another shape.
        """
        for name, part in self.parts().items():
            load_part(part, {k: v for k, v in state.items() if k.startswith(f"{name}/")}, name)
        for name, optimizer in self.optimizers().items():
            load_adam(optimizer, state, name)
        self.generator.set_state(state["generator"].cpu())
        self.updates = int(state["updates"])


def load_part(part: nn.Module, state: Mapping[str, Tensor], name: str) -> None:
    """Copies weights into a part; `state` has the keys ``name/...``.

    Raises:
        InputError: if weights are missing or of another shape.
    """
    own = part.state_dict()
    given = {key.removeprefix(f"{name}/"): value for key, value in state.items()}
    if own.keys() != given.keys():
        raise InputError(
            f"The weights of {name!r} do not fit: expected {sorted(own)}, got {sorted(given)}. "
            "Both sides need the same network kind and depth."
        )
    for key, value in given.items():
        if own[key].shape != value.shape:
            raise InputError(
                f"The weights {name}/{key} have shape {tuple(value.shape)}, expected "
                f"{tuple(own[key].shape)}. Both sides need the same seeds, ensemble and widths."
            )
    part.load_state_dict(given)


def load_adam(optimizer: torch.optim.Adam, state: Mapping[str, Tensor], name: str) -> None:
    """Copies Adam's moments and step counts from ``adam/name/...``; without such keys: fresh."""
    slots: dict[int, dict[str, Tensor]] = {}
    for key, value in state.items():
        if key.startswith(f"adam/{name}/"):
            index, slot = key.removeprefix(f"adam/{name}/").split("/")
            slots.setdefault(int(index), {})[slot] = value.clone()
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": slots, "param_groups": groups})
