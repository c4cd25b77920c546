"""What a measurement is made of, as part of a key: rows of an edited measurement are made again."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
import typing
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from rlft.core.encoding import cache_key
from rlft.core.files import PACKAGE

# What measurements call in the library beyond the code that decides runs.
MEASURING = PACKAGE / "evaluate"


def made_of(function: Callable[..., object]) -> list[str]:
    """Everything that decides what a function measures, apart from the run itself.

    That is its text, then that of each function, class and value of its own folder that it uses,
    and so on as deep as they go; and the part of the library that measures. The titles, tables and
    conclusions that stand in the same file may change without an arm being made again.

    Args:
        function: of a file or a notebook cell.

    Returns:
        Texts in a fixed order, for `cache_key`.

    Raises:
        InputError: if it uses a value that cannot be part of a key.
    """
    home = inspect.unwrap(function).__module__
    parts: dict[str, str] = {}
    waiting: list[Any] = [function]
    while waiting:
        one = inspect.unwrap(waiting.pop())
        if one.__qualname__ in parts:
            continue
        parts[one.__qualname__] = text = inspect.getsource(one)
        around = vars(sys.modules[one.__module__])
        tree = ast.parse(textwrap.dedent(text))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        for name in names & around.keys():
            used = around[name]
            if isinstance(used, ModuleType) or typing.get_origin(used) is not None:
                continue  # an import, or a name for a type such as dict[str, str]
            if not (inspect.isclass(used) or inspect.isfunction(inspect.unwrap(used))):
                parts[name] = cache_key(used)
            elif _folder(used.__module__) == _folder(home):
                waiting.append(used)
    library = [path.read_text(encoding="utf-8") for path in sorted(MEASURING.glob("*.py"))]
    return [*(f"{name} {parts[name]}" for name in sorted(parts)), *library]


def _folder(module: str) -> str:
    """Where a module lies; its own name where it has no file, as a notebook."""
    file = getattr(sys.modules[module], "__file__", None)
    return module if file is None else str(Path(file).parent)
