"""Packages that only some readers need: imported when used, and named when they are missing."""

from __future__ import annotations

import importlib
from typing import Any

from rlft.core.errors import InputError


def extra(module: str, what_for: str, *, of: str = "cluster") -> Any:
    """Imports a package that an extra of the library brings along.

    Args:
        module: its name in Python, as in ``"pandas"``.
        what_for: what it is needed for, the beginning of a sentence: "A table of runs".
        of: the extra.

    Returns:
        The module.

    Raises:
        InputError: it is not installed; says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InputError(
            f"{what_for} needs the package {module.split('.')[0]!r}, which cannot be imported here "
            f'({error}). Install it: pip install "rlft[{of}]".'
        ) from error
