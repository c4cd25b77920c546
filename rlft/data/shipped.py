"""Trained behaviour policies in files: weights at several levels, and how they were made.

A policy is two files side by side, `NAME.safetensors` with the weights of each level and
`NAME.json` with the environment, the sizes, the command that trains it again, versions, the return
of each level and the learning curve. Those of the library lie in `rlft/data/policies`; `python -m
rlft behaviour` writes new ones anywhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rlft.core.checks import refused
from rlft.core.encoding import from_json, to_json
from rlft.core.errors import InputError, unknown
from rlft.core.files import PACKAGE, damaged, load_tensors, save_tensors, write_atomically
from rlft.nets import Policy, PolicyConfig, make_policy

SHIPPED = PACKAGE / "data" / "policies"
"""The library's own behaviour policies."""


def policy_names() -> list[str]:
    """Names of the policies that come with the library, sorted."""
    return sorted(path.stem for path in SHIPPED.glob("*.safetensors"))


def save_levels(
    path: Path, levels: Mapping[str, Policy], config: PolicyConfig, about: Mapping[str, Any]
) -> None:
    """Writes a policy at several levels.

    Args:
        path: of the weights, ending in ``.safetensors``; the JSON file lies beside it.
        levels: policies of one seed by level.
        config: their shape.
        about: what else the JSON file says: strings, numbers, lists and dictionaries.

    Raises:
        InputError: no level, more than one seed, or a folder that cannot be written.
    """
    if not levels or any(policy.seeds != 1 for policy in levels.values()):
        hint = "Give policies of one seed, by level."
        raise refused("levels", list(levels), "one or more, of one seed each", hint)
    first = next(iter(levels.values()))
    tensors = {
        f"{level}/{key}": value
        for level, policy in levels.items()
        for key, value in policy.state_dict().items()
    }
    sizes = {"observation_size": first.observation_size, "action_size": first.action_size}
    told = {**about, **sizes, "policy": to_json(config)}
    save_tensors(path, tensors)
    text = json.dumps(told, indent=1) + "\n"
    write_atomically(path.with_suffix(".json"), lambda temporary: temporary.write_text(text))


def load_behaviour(name: str | Path, level: str) -> Policy:
    """Loads a trained behaviour policy.

    Args:
        name: of one that comes with the library, see `policy_names`, or the path of a
            ``.safetensors`` file that ``python -m rlft behaviour`` wrote.
        level: one of its levels, such as ``"medium"``.

    Returns:
        The policy, one seed, on the CPU.

    Raises:
        InputError: no such policy or level, or files that are missing or damaged.
    """
    path = _path_of(name)
    told = about_behaviour(name)
    tensors = _tensors_of(path, level)
    config = from_json(told["policy"])
    sizes = (told["observation_size"], told["action_size"])
    policy = make_policy(config, 1, *sizes, torch.Generator().manual_seed(0))
    try:
        policy.load_state_dict(tensors)
    except RuntimeError as error:  # PyTorch's, for keys or shapes that do not fit
        raise damaged(path, error) from error
    return policy


def about_behaviour(name: str | Path) -> dict[str, Any]:
    """What the JSON file of a policy says; errors as `load_behaviour`."""
    path = _path_of(name).with_suffix(".json")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise damaged(path, error) from error


def behaviour_digest(name: str | Path, level: str) -> str:
    """SHA-256 of a level's weights, 64 hexadecimal digits; errors as `load_behaviour`."""
    content = hashlib.sha256()
    for key, tensor in sorted(_tensors_of(_path_of(name), level).items()):
        content.update(f"{key}{tuple(tensor.shape)}".encode())
        content.update(tensor.numpy().tobytes())
    return content.hexdigest()


def _path_of(name: str | Path) -> Path:
    if Path(name).suffix == ".safetensors":
        return Path(name)
    if name not in policy_names():
        hint = "Or give the path of a .safetensors file that `python -m rlft behaviour` wrote."
        raise unknown("behaviour policy", str(name), policy_names(), hint)
    return SHIPPED / f"{name}.safetensors"


def _tensors_of(path: Path, level: str) -> dict[str, Tensor]:
    """The weights of a level, by name."""
    stored = _read(path, path.stat().st_mtime_ns if path.exists() else 0)
    levels = dict.fromkeys(key.split("/")[0] for key in stored)
    if level not in levels:
        raise unknown("level", level, levels, f"They are those of {path.name}.")
    return {k.removeprefix(f"{level}/"): v for k, v in stored.items() if k.startswith(f"{level}/")}


@cache
def _read(path: Path, written: int) -> dict[str, Tensor]:
    """The file's tensors; read once, as `written` says when it was changed."""
    try:
        return load_tensors(path)
    except InputError as error:
        raise InputError(
            f"The behaviour policy {str(path)!r} cannot be read ({error.__cause__}). Install the "
            "library again, or train it again: python -m rlft behaviour ENVIRONMENT."
        ) from error
