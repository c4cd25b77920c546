"""The file that says what a sweep is: a grid of recipes, data, environments and blocks of seeds.

    seeds = 8                                    # in a block, side by side
    blocks = 2                                   # so 16 seeds of each
    datasets = ["rlft/maze/detour-medium-v0"]
    plan.steps = 4000                            # any field of RunPlan

    [[recipes]]
    name = "sac"

    [[recipes]]
    name = "wsrl"
    online.utd = [1, 4]                          # a list is an axis of the grid: two variants

`name` is a recipe of the course or my.py:MINE, and every other entry a field of it, by the dotted
name that `rlft.diff_recipes` prints; `prior.name` chooses another algorithm for the prior. A
variant is called by what differs, "wsrl-online.utd=4"; with `label = "mine"` by that, and by the
axes of the grid alone.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from pathlib import Path
from typing import Any

from rlft.core.checks import at_least, refused, within
from rlft.core.errors import InputError, unknown
from rlft.experiments.compare import with_prior
from rlft.experiments.own_files import load_file, recipe_of
from rlft.experiments.sweep.fields import with_field
from rlft.experiments.sweep.job import Job
from rlft.finetune import RunPlan
from rlft.recipes import Recipe, find_recipe
from rlft.recipes.registry import RECIPES_OF

ENTRIES = ("recipes", "datasets", "environments", "seeds", "blocks", "plan", "preset", "files")
# Beyond, seeds of a plan may meet the random streams of another one, see `rlft.core.streams`.
SEEDS_OF_PLANS = 1_000
# Chooses a prior as `compare --prior` does: with another algorithm's name goes all the rest of it.
PRIOR = "prior.name"
# What names a recipe, and would no longer say what it is.
DESCRIBING = ("name", "title", "source", "preset")


@dataclass(frozen=True)
class Variant:
    """A recipe of the grid: its base's name, what was changed, and what came of it."""

    base: str
    changes: tuple[tuple[str, Any], ...]
    recipe: Recipe


@dataclass(frozen=True)
class Grid:
    """What a sweep's file says.

    Attributes:
        variants: of the recipes, the first of which the others are compared with.
        datasets: names.
        environments: ids, each combined with each dataset; None for the data's own.
        seeds: S of a block.
        blocks: how many.
        plan: of the runs; its seed is that of the first block.
        files: own files that workers run first.
    """

    variants: tuple[Variant, ...]
    datasets: tuple[str, ...]
    environments: tuple[str | None, ...]
    seeds: int
    blocks: int
    plan: RunPlan
    files: tuple[Path, ...]

    def jobs(self) -> list[Job]:
        """Every combination, one dataset after the other: each is read once, and need not stay."""
        return [
            Job(
                recipe=variant.recipe,
                base=variant.base,
                changes=variant.changes,
                dataset=dataset,
                env=env,
                block=block,
                seeds=self.seeds,
                plan=replace(self.plan, seed=self.plan.seed + block, progress=False),
            )
            for dataset in self.datasets
            for env in self.environments
            for block in range(self.blocks)
            for variant in self.variants
        ]


def read_grid(path: Path) -> Grid:
    """Reads a sweep's file.

    Args:
        path: of a TOML file; paths in it start from its folder.

    Raises:
        InputError: it is missing or no TOML, has an unknown entry, a bad value or a recipe twice.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{str(path)!r} cannot be read ({error.strerror}). docs/sweeps.md has an example."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        hint = "Strings need quotes, and the file UTF-8."
        raise InputError(f"{str(path)!r} is no TOML: {error}. {hint}") from error
    try:
        return _grid(content, path.resolve().parent)
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from error


def _grid(content: Mapping[str, Any], folder: Path) -> Grid:
    """What the file's entries mean."""
    for name in content:
        if name not in ENTRIES:
            raise unknown("entry", name, ENTRIES)
    seeds, blocks = content.get("seeds", 8), content.get("blocks", 1)
    for name, value in (("seeds", seeds), ("blocks", blocks)):
        if type(value) is not int:
            raise refused(name, value, "a whole number", "Both count seeds: seeds * blocks.")
    at_least(1, seeds=seeds, blocks=blocks, hint="Both count seeds: seeds * blocks in all.")
    plan = _plan(content.get("plan", {}))
    hint = "Give fewer blocks and more seeds in each."
    within(0, SEEDS_OF_PLANS, **{"plan.seed + blocks": plan.seed + blocks}, hint=hint)
    preset = content.get("preset", "course")
    files = [folder / name for name in _names(content, "files", [])]
    for file in files:
        load_file(file)
    variants: dict[str, Variant] = {}
    entries = content.get("recipes", [])
    if not entries or not isinstance(entries, list):
        raise refused("recipes", entries, 'a table [[recipes]] with name = "sac"', "Add one.")
    for entry in entries:
        base, file = _base(entry, preset, folder)
        files += [file] if file is not None else []
        for variant in _variants(base, entry):
            called = variant.recipe.name
            if called in variants:
                hint = "Take one away, or change a field of it."
                raise refused("recipe", called, "each variant once", hint)
            variants[called] = variant
    return Grid(
        variants=tuple(variants.values()),
        datasets=tuple(_names(content, "datasets", None)),
        environments=tuple(_names(content, "environments", [])) or (None,),
        seeds=seeds,
        blocks=blocks,
        plan=plan,
        files=tuple(dict.fromkeys(files)),
    )


def _plan(entry: Mapping[str, Any]) -> RunPlan:
    """The plan with the entry's values."""
    if not isinstance(entry, dict):
        raise refused("plan", entry, "a table", "Write plan.steps = 4000.")
    plan, known = RunPlan(), [f.name for f in fields(RunPlan) if f.name != "progress"]
    for name, value in entry.items():
        if name not in known:
            raise unknown("field of plan", name, known)
        plan = with_field(plan, name, value)
    return plan


def _names(content: Mapping[str, Any], entry: str, default: list[str] | None) -> list[str]:
    """A list of different strings."""
    names = content.get(entry, default)
    fits = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not fits or (default is None and not names) or len(set(names)) < len(names):
        hint = f'Write {entry} = ["..."].'
        raise refused(entry, names, "a list of different names", hint)
    return names


def _base(entry: Any, preset: str, folder: Path) -> tuple[Recipe, Path | None]:
    """The recipe that an entry of the file starts from, and the own file that it stands in."""
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(name, str):
        raise refused("recipe", entry, "a table with a name", 'Write name = "sac".')
    file, colon, inside = name.rpartition(":")
    if colon:
        return recipe_of(f"{folder / file}:{inside}"), folder / file
    return find_recipe(name, preset), None


def _variants(base: Recipe, entry: Mapping[str, Any]) -> Iterator[Variant]:
    """The base with each combination of the values that the entry has for its fields."""
    axes = {path: value for path, value in _flat(entry) if path not in ("name", "label")}
    if PRIOR in axes:  # another one is chosen before fields of it are changed
        axes = {PRIOR: axes.pop(PRIOR), **axes}
    for path in axes:
        if axes[path] == []:
            hint = "Give it a value, or leave the field out."
            raise refused(path, [], "one value or more", hint)
        if path in DESCRIBING:
            raise refused("recipe", path, "a field that decides a run", "Use label for a name.")
    choices = [value if isinstance(value, list) else [value] for value in axes.values()]
    label = _label(base, entry)
    for values in itertools.product(*choices):
        changes = tuple(zip(axes, values, strict=True))
        said = [
            f"{path}={_text(value)}"
            for path, value in changes
            if isinstance(axes[path], list) or "label" not in entry
        ]
        names = {"name": "-".join([label, *said]), "title": ", ".join([base.title, *said])}
        yield Variant(base.name, changes, replace(_changed(base, changes), **names))


def _label(base: Recipe, entry: Mapping[str, Any]) -> str:
    """What the variants of an entry are called."""
    label = entry.get("label", base.name)
    if not isinstance(label, str) or not label:
        raise refused("label", label, "a name", 'Write label = "mine".')
    if label != base.name and label in RECIPES_OF[base.preset]:
        raise refused("label", label, "a name that no recipe has", "It would be taken for that.")
    return label


def _changed(base: Recipe, changes: Sequence[tuple[str, Any]]) -> Recipe:
    """The recipe with other values for some fields."""
    recipe = base
    for path, value in changes:
        try:
            if path == PRIOR and isinstance(value, str):
                recipe = with_prior(recipe, value)
            else:
                recipe = with_field(recipe, path, value)
        except InputError as error:
            raise InputError(f"Recipe {base.name!r}: {error}") from error
    for path, value in changes:
        _check_crossing(recipe, path, value)
    return recipe


def _check_crossing(recipe: Recipe, path: str, value: object) -> None:
    """Raises for the shape of a network that comes from the prior, which has another one."""
    if recipe.prior is None:
        return
    for part, crosses in (
        ("policy", recipe.handover.policy),
        ("critics", recipe.handover.critics),
    ):
        if not crosses or not path.startswith(f"online.learner.{part}."):
            continue
        of = attrgetter(path.removeprefix("online.learner."))
        if of(recipe.online.learner) != of(recipe.prior.config):
            there = path.replace("online.learner", "prior.config")
            hint = f"Change {there}, or set handover.{part} = false."
            expected = f"nothing: the {part} of {recipe.name!r} crosses the switch as it is"
            raise refused(path, value, expected, hint)


def _flat(entry: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Nested tables as dotted names: TOML reads `online.utd = 4` as a table in a table."""
    for name, value in entry.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _text(value: object) -> str:
    """A value in a variant's name."""
    return "x".join(map(str, value)) if isinstance(value, list) else str(value)
