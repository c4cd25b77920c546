"""The errors that `rlft` raises on purpose.

Every message names the value that was given, what was expected, and what to do next. Errors of
programming (a wrong type inside the library) stay Python's own.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """A value that a person gave cannot be used."""


class NumericalError(FloatingPointError):
    """A loss or a weight became NaN or infinite during training."""


def unknown(kind: str, name: str, choices: Iterable[str], hint: str = "") -> InputError:
    """Builds the error for a name that does not exist, with the nearest existing names.

    Args:
        kind: what the name stands for, for example ``"recipe"``.
        name: the name that was given.
        choices: the names that exist.
        hint: what else the person can do, a full sentence.

    Returns:
        The error, to be raised by the caller: ``raise unknown("recipe", name, RECIPES)``.
    """
    ordered = sorted(choices)
    near = difflib.get_close_matches(name, ordered, n=3, cutoff=0.5)
    advice = f"Did you mean {' or '.join(repr(n) for n in near)}? " if near else ""
    listed = ", ".join(ordered[:20]) + (", ..." if len(ordered) > 20 else "")
    return InputError(f"Unknown {kind} {name!r}. {advice}Known: {listed}. {hint}".rstrip())
