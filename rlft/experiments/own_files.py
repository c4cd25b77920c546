"""Files of a user's own on the command line: what they register, and the recipe that is meant.

`compare --recipe my.py:MINE` runs the file, as an import would, and takes the recipe MINE of it.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from rlft.core.errors import InputError, unknown
from rlft.core.registry import register
from rlft.recipes import RECIPES, Recipe


def load_file(path: Path) -> ModuleType:
    """Runs a Python file, so that what it registers is known here.

    Args:
        path: the file; it is imported under its own name, once.

    Raises:
        InputError: there is no such file, another module has its name, or it fails; names the
            line.
    """
    path = path.resolve()
    if path.suffix != ".py" or not path.is_file():
        raise InputError(
            f"{str(path)!r} is no Python file: give the path of one, as in my.py:MINE."
        )
    known = sys.modules.get(path.stem)
    if known is not None:
        if getattr(known, "__file__", None) == str(path):
            return known
        raise InputError(
            f"{str(path)!r} has the name of the module {path.stem!r}, which is in use: rename it."
        )
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None  # it ends in .py and exists
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses look their module up there
    try:
        spec.loader.exec_module(module)
    except InputError:
        del sys.modules[path.stem]
        raise
    except Exception as error:
        del sys.modules[path.stem]
        raise InputError(
            f"{str(path)!r} cannot be run: {type(error).__name__}: {error}. "
            f"`python {path.name}` in its folder shows where."
        ) from error
    return module


def recipe_of(place: str) -> Recipe:
    """The recipe that "FILE:NAME" means; it is registered if the file has not done so itself.

    Raises:
        InputError: no such file or name, or the name is no recipe.
    """
    file, colon, name = place.rpartition(":")
    if not colon:
        raise InputError(
            f"recipe={place!r}: expected a file and the name of a recipe in it, as in my.py:MINE."
        )
    module = load_file(Path(file))
    recipes = {key: value for key, value in vars(module).items() if isinstance(value, Recipe)}
    if name not in recipes:
        raise unknown(f"recipe of {file}", name, recipes, "It must be an rlft.Recipe.")
    recipe = recipes[name]
    if RECIPES.key_of(recipe) is None:
        register(recipe)
    return recipe
