"""Networks that training changes: their names, an Adam for each, and what a checkpoint holds.

The names are all that handing over and storing know of a learner.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar, TypeVar

import torch
from torch import Tensor, nn

from rlft.core.checks import at_least, refused
from rlft.core.compute import check_default_type
from rlft.core.errors import InputError, NumericalError
from rlft.nets.adam import Adam, polyak_update

Net = TypeVar("Net", bound=nn.Module)


class Trainable:
    """S independent sets of networks, trained at once.

    Args:
        seeds: S, at least 1.
        seed: start of the random stream, for weights and for noise.
        device: where weights and batches live.

    Attributes:
        generator: the random stream.
        updates: how many there have been.
        descended: names of the parts that stepped since `idling` last began.
        checks_late: whether losses are looked at by `settle` only. Off the CPU, as to read a number
            back after each loss would let the device wait.
        remedy: what to try when a loss is NaN or infinite, sentences of the error's message.

    Raises:
        InputError: if `seeds` < 1.
    """

    remedy: ClassVar[str] = (
        "Try a smaller learning rate, LayerNorm in the critics, or smaller rewards; check the data "
        "with `repr(data)`."
    )

    def __init__(self, seeds: int, seed: int, device: str | torch.device):
        at_least(1, seeds=seeds, hint="Give the number of independent runs.")
        check_default_type()
        self.seeds, self.device = seeds, torch.device(device)
        self.generator = torch.Generator(self.device).manual_seed(seed)
        self.updates = 0
        self._ones = torch.ones(seeds, device=self.device)
        self._parts: dict[str, nn.Module] = {}
        # Listed once: to walk through the modules took 7 % of an update.
        self._weights: dict[str, list[nn.Parameter]] = {}
        self._optimizers: dict[str, Adam] = {}
        self.descended: set[str] = set()
        self._resting: Tensor | None = None  # (S,) bool, inside of `resting`
        # Inside of a compiled update, which cannot raise: the losses, to be checked after it.
        self.unchecked: dict[str, Tensor] | None = None
        self.checks_late = self.device.type != "cpu"
        self._broken: dict[str, Tensor] = {}  # (S,) bool of each loss, since `settle`

    def add_part(self, name: str, part: Net) -> Net:
        """Names a network and returns it: what has a name is stored, and can be handed over."""
        self._parts[name], self._weights[name] = part, list(part.parameters())
        return part

    def add_optimizer(self, name: str, rate: float) -> None:
        """Gives the part of that name an Adam of its own, with this step size, 0 or more.

        Raises:
            InputError: a rate that is negative or no number.
        """
        if not 0 <= rate < math.inf:
            hint = "Start from 1e-3; 0 leaves the part as it is."
            raise refused(f"learning rate of the {name}", rate, "a number, 0 or more", hint)
        self._weights[name] = list(self._parts[name].parameters())
        self._optimizers[name] = Adam(self._weights[name], rate)

    def parts(self) -> dict[str, nn.Module]:
        """The named networks; what a prior holds and what a handover may copy."""
        return self._parts

    def optimizers(self) -> dict[str, Adam]:
        """The optimizer of each trained part, under the part's name."""
        return self._optimizers

    def descend(self, name: str, loss: Tensor) -> None:
        """One step of the part's optimizer on a loss per seed; see `descend_all`."""
        self.descend_all({name: loss})

    def descend_all(self, losses: Mapping[str, Tensor]) -> None:
        """One step of several optimizers, each on a loss of its own, from one backward pass.

        Args:
            losses: (S,) for each part that steps, which depends on no other of these parts.
                Gradients go to their parameters only, so a policy step leaves the critics'
                gradients alone. Seeds are summed, not averaged: each seed's gradient is as if it
                were alone. A weight that the loss does not depend on has a gradient of zero.

        Raises:
            InputError: under `torch.no_grad` or `torch.inference_mode`.
            NumericalError: if a seed's loss is NaN or infinite; nothing is changed then. Where
                losses are checked late, `settle` raises it.
        """
        for name, loss in losses.items():
            if not loss.requires_grad:
                raise InputError(
                    f"The {name} loss has no gradient: gradients are switched off around this "
                    "update. Call it outside of torch.no_grad() and torch.inference_mode()."
                )
            if self.unchecked is not None:
                self.unchecked[name] = loss.detach()
            elif self.checks_late or not math.isfinite(loss.detach().sum().item()):
                self.check_finite(name, loss.detach())  # rarely: one number is quicker to read
        weights = [weight for name in losses for weight in self._weights[name]]
        ones = [self._ones] * len(losses)
        gradients = torch.autograd.grad(
            list(losses.values()), weights, ones, materialize_grads=True
        )
        if self._resting is not None:
            # Not in place: a gradient may be one number for all of its weights.
            gradients = tuple(
                gradient.masked_fill(self._resting.view(-1, *[1] * (gradient.ndim - 1)), 0.0)
                for gradient in gradients  # (S, ...) each
            )
        begin = 0
        for name in losses:
            end = begin + len(self._weights[name])
            self._optimizers[name].advance(gradients[begin:end])
            begin = end
        if not torch.compiler.is_compiling():
            self.descended.update(losses)

    def check_finite(self, name: str, loss: Tensor) -> None:
        """Raises NumericalError if the part's loss (S,) is NaN or infinite, now or in `settle`."""
        bad = ~loss.isfinite()  # (S,)
        if self.checks_late:
            self._broken[name] = self._broken[name] | bad if name in self._broken else bad
        elif seeds := bad.nonzero().flatten().tolist():
            said = loss[seeds[0]].item()
            raise NumericalError(
                f"The {name} loss is {said} for seed {seeds} at update {self.updates}. "
                f"{self.remedy}"
            )

    def settle(self) -> None:
        """Looks at the losses that were not looked at yet; for loops, where they record anyway.

        Raises:
            NumericalError: if one was NaN or infinite; that seed's weights are lost then.
        """
        broken, self._broken = self._broken, {}
        for name, bad in broken.items():
            if seeds := bad.nonzero().flatten().tolist():
                raise NumericalError(
                    f"The {name} loss was NaN or infinite for seed {seeds} before update "
                    f"{self.updates}. {self.remedy}"
                )

    def follow(self, name: str, leader: str, share: float) -> None:
        """Moves the weights of one part by a share in (0, 1] of their way to another's."""
        polyak_update(self._weights[name], self._weights[leader], share)

    @property
    def rests(self) -> bool:
        """Whether some seeds are left alone; see `resting`."""
        return self._resting is not None

    @contextmanager
    def resting(self, seeds: Tensor) -> Iterator[None]:
        """Lets an update leave some seeds alone: their gradients are zero in this block.

        Args:
            seeds: (S,) bool, those that rest. A momentum that crossed the switch still moves them.
        """
        before, self._resting = self._resting, seeds
        try:
            yield
        finally:
            self._resting = before

    @contextmanager
    def idling(self) -> Iterator[None]:
        """Leaves no Adam out of an update: one without a step in this block makes it at the end.

        That step is on gradients of zero. The means shrink and the step count grows; momentum goes
        on moving the part, and one that never had a gradient stays where it is.
        """
        self.descended.clear()
        yield
        for name in self._optimizers.keys() - self.descended:
            self._idle(name)

    def _idle(self, name: str) -> None:
        """One step of the part's Adam on gradients of zero."""
        self._optimizers[name].advance([torch.zeros_like(w) for w in self._weights[name]])

    def state_dict(self) -> dict[str, Tensor]:
        """Everything that training changes, as one flat dictionary: weights, Adam, random state.

        Raises:
            NumericalError: as `settle`, so that nothing broken is stored.
        """
        self.settle()
        state = {
            f"{name}/{key}": value.detach().clone()
            for name, part in self._parts.items()
            for key, value in part.state_dict().items()
        }
        for name, optimizer in self._optimizers.items():
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
        for name, part in self._parts.items():
            load_part(part, {k: v for k, v in state.items() if k.startswith(f"{name}/")}, name)
        for name, optimizer in self._optimizers.items():
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
