"""The steps of training that no loss sees: Adam, and targets that follow their networks.

The networks of the course are so small that an update is some hundred calls of microseconds, of
which PyTorch's own wrappers around Adam were a fifth. What follows makes the same steps, bit for
bit, in one call each.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from rlft.core.checks import refused

# What one call needs: first and second moments, step counts, and these as one tensor.
Slots = tuple[list[Tensor], list[Tensor], list[Tensor], Tensor]


class Adam(torch.optim.Adam):
    """PyTorch's fused Adam with a step of less overhead (Kingma and Ba 2015, algorithm 1).

    State and its dictionary are PyTorch's, so that it is stored, loaded and handed over as any.

    Args:
        parameters: what it moves.
        lr: step size, 0 or more; 0 moves nothing.

    Raises:
        InputError: a parameter that is a transposed or strided view.

    Attributes:
        parameters: the same, as a list.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float):
        moved = list(parameters)
        hint = "Make it a parameter of its own: nn.Parameter(x.contiguous())."
        for parameter in moved:
            if not parameter.is_contiguous():
                expected = "one whose rows lie one after the other"
                raise refused("parameter.stride()", parameter.stride(), expected, hint)
        super().__init__(moved, lr=lr, fused=True)
        self._slots: Slots | None = None

    @property
    def parameters(self) -> list[nn.Parameter]:
        return self.param_groups[0]["params"]

    @torch.no_grad()
    def advance(self, gradients: list[Tensor] | tuple[Tensor, ...]) -> None:
        """One step on gradients in the order of `parameters`, which are left as their `.grad`."""
        if torch.compiler.is_compiling():
            self._advance_written_out(gradients)
            return
        # The call below walks through memory, so gradients must lie there as their weights do.
        gradients = [gradient.contiguous() for gradient in gradients]
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = gradient
        first, second, steps, counts = self.slots()
        counts += 1
        group = self.param_groups[0]
        moved: list[Tensor] = [*self.parameters]
        torch._fused_adam_(
            moved,
            gradients,
            first,
            second,
            [],
            steps,
            lr=group["lr"],
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=False,
            maximize=False,
        )

    def _advance_written_out(self, gradients: list[Tensor] | tuple[Tensor, ...]) -> None:
        """The same step for PyTorch's compiler, which fuses it by itself."""
        assert self._slots is not None, "slots() has been called before"
        first, second, _, counts = self._slots
        group = self.param_groups[0]
        beta1, beta2 = group["betas"]
        counts += 1
        size = group["lr"] / (1 - beta1 ** counts[0])
        shrink = (1 - beta2 ** counts[0]).sqrt()
        each = zip(self.parameters, gradients, first, second, strict=True)
        for parameter, gradient, m, v in each:
            m.lerp_(gradient, 1 - beta1)
            v.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
            parameter.sub_(size * m / (v.sqrt() / shrink + group["eps"]))

    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step on the `.grad` of each parameter; where there is none, on zeros."""
        self.advance([torch.zeros_like(p) if p.grad is None else p.grad for p in self.parameters])

    def slots(self) -> Slots:
        """The state that the next step changes; made where there is none, as after a reset."""
        if self._slots is None or not self.state:
            self._slots = self._make_slots()
        return self._slots

    def _make_slots(self) -> Slots:
        """Puts zeros where there is no state yet, and lists all of it for the call."""
        slots = [self.state[parameter] for parameter in self.parameters]
        for parameter, slot in zip(self.parameters, slots, strict=True):
            if not slot:
                zero = torch.zeros((), device=parameter.device)
                first, second = torch.zeros_like(parameter), torch.zeros_like(parameter)
                slot.update(step=zero, exp_avg=first, exp_avg_sq=second)
        counts = torch.stack([slot["step"] for slot in slots])  # to count on all in one call
        for slot, count in zip(slots, counts, strict=True):
            slot["step"] = count  # a view
        firsts, seconds = ([slot[name] for slot in slots] for name in ("exp_avg", "exp_avg_sq"))
        return firsts, seconds, list(counts), counts

    def load_state_dict(self, state_dict: Any) -> None:
        super().load_state_dict(state_dict)
        self._slots = None

    def __setstate__(self, state: dict[str, Any]) -> None:  # of a copy
        super().__setstate__(state)
        self._slots = None


@torch.no_grad()
def polyak_update(targets: Iterable[Tensor], sources: Iterable[Tensor], rate: float) -> None:
    """Moves each target parameter by `rate` in (0, 1] of its distance to the source, in place."""
    torch._foreach_lerp_(list(targets), list(sources), rate)
