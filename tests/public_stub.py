"""Writes `rlft/__init__.pyi`: what type checkers know of `rlft`, made from the table in `__init__`.

`make format` runs this file, and tests/project/test_public.py compares.
"""

from __future__ import annotations

import rlft
from rlft.core.files import PACKAGE

STUB = PACKAGE / "__init__.pyi"
HEAD = '"""Written by `make format` from the table in `__init__.py`, do not edit."""\n'


def kind(name: str) -> int:
    """Constants, then classes, then functions, as in every sorted import."""
    return 0 if name.isupper() else 1 if name[0].isupper() else 2


def stub() -> str:
    """The stub's text; only what is imported "as" itself can be imported from a stub."""
    homes = {**dict.fromkeys(rlft._PACKAGES, "rlft"), **rlft._HOMES}
    names = sorted(homes, key=lambda name: (homes[name], kind(name), name))
    lines = [f"from {homes[name]} import {name} as {name}" for name in names]
    return "\n".join([HEAD, *lines, "", "__all__: list[str]", ""])


if __name__ == "__main__":
    STUB.write_text(stub(), encoding="utf-8")
