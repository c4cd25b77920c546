from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from rlft.acting.ajs.automatic import Automatic
from rlft.acting.ajs.gate import Gate


def the_library(h, estimate, reference, tolerance, step, longest, may_grow):
    """The decision of a run's own gate, on the parts that it looks at."""
    parts: Any = SimpleNamespace(
        rule=Automatic(tolerance=tolerance, step=step, may_grow=may_grow),
        proposed=h.copy(),
        start=longest,
        estimate=torch.as_tensor(estimate),
        reference=torch.as_tensor(reference),
        spread=torch.zeros(len(h)),
        _tell_if_closed=lambda closed: None,
    )
    Gate._decide(parts)
    return parts.proposed


def with_a_loop(h, estimate, reference, tolerance, step, longest, may_grow):
    new_h = []
    for steps, said, asked in zip(h, estimate, reference, strict=True):
        if said + tolerance >= asked:
            new_h.append(max(steps - step, 0))
        elif may_grow:
            new_h.append(min(steps + step, longest))
        else:
            new_h.append(steps)
    return np.array(new_h)


def with_a_direction(h, estimate, reference, tolerance, step, longest, may_grow):
    missing = reference - estimate
    direction = np.where(missing > tolerance, int(may_grow), -1)
    return np.clip(h + direction * step, 0, longest)


def with_indices(h, estimate, reference, tolerance, step, longest, may_grow):
    new_h = h.copy()
    closed = estimate + tolerance < reference
    new_h[~closed] -= step
    if may_grow:
        new_h[closed] += step
    new_h[new_h < 0] = 0
    new_h[new_h > longest] = longest
    return new_h


def opens_when_worse(h, estimate, reference, tolerance, step, longest, may_grow):
    sign = np.where(estimate <= reference + tolerance, -1, 1 if may_grow else 0)
    return np.clip(h + sign * step, 0, longest)


def grows_when_safe(h, estimate, reference, tolerance, step, longest, may_grow):
    safe = estimate >= reference - tolerance
    return np.where(safe, np.minimum(h + step, longest), np.maximum(h - step, 0))


def asks_for_a_surplus(h, estimate, reference, tolerance, step, longest, may_grow):
    sign = np.where(estimate - tolerance < reference, 1 if may_grow else 0, -1)
    return np.clip(h + sign * step, 0, longest)


def allows_nothing(h, estimate, reference, tolerance, step, longest, may_grow):
    sign = np.where(reference - estimate > 0, 1 if may_grow else 0, -1)
    return np.clip(h + sign * step, 0, longest)


def strict(h, estimate, reference, tolerance, step, longest, may_grow):
    sign = np.where(reference - estimate < tolerance, -1, 1 if may_grow else 0)
    return np.clip(h + sign * step, 0, longest)


def strict_without_ends(h, estimate, reference, tolerance, step, longest, may_grow):
    return np.where(estimate > reference - tolerance, h - step, h + step if may_grow else h)


def all_must_agree(h, estimate, reference, tolerance, step, longest, may_grow):
    if (estimate >= reference - tolerance).all():
        return (h - step).clip(min=0)
    return (h + step).clip(max=longest) if may_grow else h


def only_a_floor(h, estimate, reference, tolerance, step, longest, may_grow):
    sign = np.where(estimate >= reference - tolerance, -1, 1 if may_grow else 0)
    return (h + sign * step).clip(min=0)


def only_a_ceiling(h, estimate, reference, tolerance, step, longest, may_grow):
    sign = np.where(estimate >= reference - tolerance, -1, 1 if may_grow else 0)
    return (h + sign * step).clip(max=longest)


def no_ends_at_all(h, estimate, reference, tolerance, step, longest, may_grow):
    sign = np.where(reference - estimate > tolerance, int(may_grow), -1)
    return h + sign * step


def waits(h, estimate, reference, tolerance, step, longest, may_grow):
    return np.where(estimate < reference - tolerance, h, np.maximum(h, step) - step)


def ignores_the_switch(h, estimate, reference, tolerance, step, longest, may_grow):
    sign = np.where(estimate >= reference - tolerance, -1, 1)
    return np.clip(h + sign * step, 0, longest)


RIGHT = [the_library, with_a_loop, with_a_direction, with_indices]
WRONG = {
    "compares the wrong way round": [opens_when_worse, grows_when_safe],
    "puts the tolerance on the wrong side": [asks_for_a_surplus],
    "forgets the tolerance": [allows_nothing],
    "asks for more than enough": [strict, strict_without_ends],
    "takes one decision for all seeds": [all_must_agree],
    "lets h fall below 0": [only_a_ceiling, no_ends_at_all],
    "lets h grow beyond the longest episode": [only_a_floor],
    "never takes h back": [waits],
    "grows without permission": [ignores_the_switch],
}
