"""Compiled updates: the same steps as one program that PyTorch's compiler makes of them.

An update is some hundred small operations, each a call from Python. Compiled they are a few loops
in C++: 1.7 to 3.6 times as many updates of SAC (benchmarks/speed.md), after about half a minute of
compiling for each kind of batch.
There is nothing to learn from it, so no lesson uses it; it pays where runs are long.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from types import FunctionType
from typing import Any, TypeVar

import torch
from torch import Tensor

from rlft.algorithms.base import Learner, Metrics
from rlft.core.errors import InputError
from rlft.core.noise import Draw, Recording, Tape
from rlft.data import Batch

# Without it no backward pass can be a part of a program.
TRACES = "trace_autograd_ops"
GOES_ON = (
    "The updates are not compiled and go on eagerly. Compiling takes a newer PyTorch (2.13 does) "
    "and a C++ compiler."
)
UPDATES = ("update", "update_critics", "update_policy")

# Metrics, the losses unchecked, and their sum.
Outcome = tuple[Metrics, dict[str, Tensor], Tensor]
L = TypeVar("L", bound=Learner)
_numbers = itertools.count()


def compile(learner: L) -> L:
    """Lets a learner's updates be compiled, each when it is first called.

    Curves agree with those of the eager learner within the noise of floating point: the random
    numbers are the same, the order in which sums are taken is not. A loss that is no number is
    found after its step, so the weights are lost then. A copy of the learner compiles anew.

    Args:
        learner: changed in place.

    Returns:
        The same learner.

    A program keeps the Python values that an update reads: a learner of your own that counts, or
    that has its policy wait until `updates` is even, must stay eager. Learning rates and `config`
    may change, and weights and Adam's state may be loaded.

    Where there is no C++ compiler, or PyTorch is too old, a warning says so and it goes on eagerly.
    """
    from torch._dynamo import config  # it takes a second to import

    if not hasattr(config, TRACES):
        warnings.warn(f"{GOES_ON} This is PyTorch {torch.__version__}.", stacklevel=2)
        return learner
    setattr(config, TRACES, True)
    for name in UPDATES:
        setattr(learner, name, Compiled(learner, name))
    return learner


def taped(
    learner: Learner, eager: Callable[[Batch], Metrics], batch: Batch, noise: Sequence[Tensor]
) -> Outcome:
    """An update with its noise from a tape; of this the programs are made."""
    losses: dict[str, Tensor] = {}
    learner.generator, learner.unchecked = Tape(noise), losses  # type: ignore[assignment]
    metrics = eager(batch)
    learner.unchecked = None
    return metrics, losses, torch.cat([batch.rewards.new_zeros(1), *losses.values()]).sum()


class Program:
    """An update for one kind of batch.

    PyTorch would check some hundred tensors before each call, which takes a third of it. What can
    change between two calls is said by `Compiled.kind_of`, and each kind has a program of its own.
    So nothing is left to check, and as programs are kept with the code that they are made of, each
    is made of a copy of `taped`.

    Args:
        learner: whose update it is.
        eager: the update.
        draws: the noise that it takes.
        parts: names of those that step in it.
    """

    def __init__(
        self,
        learner: Learner,
        eager: Callable[[Batch], Metrics],
        draws: Sequence[Draw],
        parts: Iterable[str],
    ) -> None:
        self.learner, self.eager, self.draws, self.parts = learner, eager, draws, tuple(parts)
        self.config = learner.config  # kept, so that no other one can get its id; see `kind_of`
        options: dict[str, Any] = {"guard_filter_fn": _no_guards, "cpp_wrapper": True}
        code = taped.__code__.replace(co_name=f"taped_{next(_numbers)}")
        own = FunctionType(code, taped.__globals__)
        self.fast: Callable[..., Outcome] = torch.compile(
            own, fullgraph=True, dynamic=False, options=options
        )

    def __call__(self, batch: Batch) -> Metrics:
        from torch._dynamo.exc import FailOnRecompileLimitHit, TorchDynamoException

        learner, source = self.learner, self.learner.generator
        for name in self.parts:
            learner.optimizers()[name].slots()
        noise = [draw.take(source) for draw in self.draws]
        updates, learner.updates = learner.updates, 0  # the count would be a constant of it
        try:
            metrics, losses, total = self.fast(learner, self.eager, batch, noise)
        except (TorchDynamoException, FailOnRecompileLimitHit) as error:  # nothing has changed yet
            reason = str(error).strip().splitlines()[0]
            warnings.warn(f"{GOES_ON} It said: {reason}", stacklevel=3)
            self.fast = taped
            metrics, losses, total = taped(learner, self.eager, batch, noise)
        finally:
            learner.generator, learner.unchecked = source, None
            learner.updates += updates
        learner.descended.update(losses)
        if learner.checks_late or not math.isfinite(total.item()):
            for name, loss in losses.items():
                learner.check_finite(name, loss)
        return metrics


def _no_guards(guards: Sequence[object]) -> list[bool]:
    return [False] * len(guards)


class Compiled:
    """One of a learner's updates, with a program for each kind of batch that it meets.

    The first call of a kind is eager, and shows which noise an update takes.

    Args:
        learner: whose it is.
        name: one of `UPDATES`.
    """

    def __init__(self, learner: Learner, name: str) -> None:
        self.learner, self.name = learner, name
        self.eager: Callable[[Batch], Metrics] = getattr(type(learner), name).__get__(learner)
        self.programs: dict[object, Program] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Compiled:
        return Compiled(memo[id(self.learner)], self.name)  # its copy is being made, and in there

    def __call__(self, batch: Batch) -> Metrics:
        inner = not isinstance(self.learner.generator, torch.Generator)  # a part of another update
        if inner or not torch.is_grad_enabled():
            return self.eager(batch)
        kind = self.kind_of(batch)
        if kind in self.programs:
            return self.programs[kind](batch)
        return self.recorded(kind, batch)

    def kind_of(self, batch: Batch) -> object:
        """All that a program depends on."""
        learner = self.learner
        tensors = (getattr(batch, field.name) for field in fields(batch))
        rates = tuple(adam.param_groups[0]["lr"] for adam in learner.optimizers().values())
        of_learner = (learner.rests, id(learner.config), rates)
        return *of_learner, *((x.shape, x.stride(), x.dtype) for x in tensors)

    def recorded(self, kind: object, batch: Batch) -> Metrics:
        """An eager update that notes which noise it takes."""
        learner, source = self.learner, self.learner.generator
        recording, before = Recording(source), set(learner.descended)
        learner.descended.clear()
        learner.generator = recording  # type: ignore[assignment]
        try:
            metrics = self.eager(batch)
        except TypeError as error:
            if "generator" not in str(error):
                raise
            raise InputError(
                f"{type(learner).__name__}.{self.name} draws noise by itself, so it cannot be "
                "compiled. Let it ask `normal`, `uniform` and `integers` of rlft.core.noise."
            ) from error
        finally:
            learner.generator = source
        self.programs[kind] = Program(learner, self.eager, recording.draws, learner.descended)
        learner.descended.update(before)
        return metrics
