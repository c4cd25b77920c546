"""A dataset's name becomes `Transitions`: made, found or downloaded, checked, and read.

The course's own datasets (`DATASETS`) are made on first use. Every other name is a Minari dataset,
on this machine or in the public collection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import EnvSpec
from tqdm.auto import tqdm

from rlft.core.errors import InputError, unknown
from rlft.data.agreement import check_environment
from rlft.data.folder import (
    datasets_root,
    download,
    is_dataset_id,
    is_local,
    local_names,
    publish,
    staging,
    unwritable,
)
from rlft.data.minari_io import StoredDataset, read_dataset, write_dataset
from rlft.data.specs import DATASETS
from rlft.data.transitions import Transitions
from rlft.envs import env_boxes
from rlft.envs.spec import bare_id, recorded_options


@dataclass(frozen=True)
class DatasetEntry:
    """One line of `list_datasets`.

    Attributes:
        name: what `load_dataset` takes.
        description: what is in it; empty for datasets of others.
        is_own: whether the course makes it.
        is_local: whether it is on this machine already.
    """

    name: str
    description: str
    is_own: bool
    is_local: bool


def load_dataset(
    name: str, *, env_id: str | None = None, clip_actions: bool = False
) -> Transitions:
    """Loads a dataset: an own one is made on first use, another one downloaded if not there.

    Args:
        name: an own dataset (see `list_datasets`), or any Minari id with flat observations and
            actions, for example ``"mujoco/hopper/medium-v0"``.
        env_id: environment to fine-tune in; None takes the one that the dataset names.
        clip_actions: clip actions that leave the environment's box, instead of raising. Right
            where that environment clips too.

    Returns:
        The transitions, with actions normalised to [-1, 1].

    Raises:
        InputError: unknown name, no network, damaged files, a folder that cannot be written, data
            that no learner can use, or an environment that does not fit.
    """
    if name in DATASETS:
        stored = _read(name) if is_local(name) else None
        if stored is None or stored.recipe != DATASETS[name].recipe:
            _make(name, replace=stored is not None)
            stored = _read(name)
    else:
        if not (is_dataset_id(name) and is_local(name)):
            _check_name(name)
            download(name)
        stored = _read(name)
    arrays: dict[str, Any] = dict(stored.arrays)
    as_written = dict(arrays)
    if clip_actions:
        arrays["actions"] = np.clip(arrays["actions"], -1.0, 1.0)
    same = stored.env_spec is not None and bare_id(env_id or stored.env_id) == stored.env_id
    data = Transitions(
        **arrays,
        name=name,
        env_id=env_id or stored.env_id,
        env_kwargs=_options(stored.env_spec, name) if same and stored.env_spec else (),
    )
    if stored.digest:
        # Clipping may move an action by what rounding left of it: that is no damage.
        unclipped = Transitions(**as_written) if clip_actions else data
        if unclipped.digest != stored.digest:
            raise _damaged(name, "its content is not what was written")
    # Who names another environment than the recording's means to change something.
    check_environment(data, stored.boxes, replay=same or not stored.env_id)
    return data


def list_datasets() -> list[DatasetEntry]:
    """Lists the own datasets, made or not, and all others on this machine."""
    local = local_names()
    own = [DatasetEntry(n, spec.description, True, n in local) for n, spec in DATASETS.items()]
    return own + [DatasetEntry(n, "", False, True) for n in local if n not in DATASETS]


def make_datasets(
    names: Sequence[str] | None = None, *, remake: bool = False, progress: bool = True
) -> dict[str, Transitions]:
    """Makes own datasets ahead of their first use.

    Args:
        names: which ones; None makes all but those that take long.
        remake: write those that exist anew, for example after damage.
        progress: show a progress bar.

    Returns:
        Name -> transitions.

    Raises:
        InputError: a name that is no own dataset, or a folder that cannot be written.
    """
    ahead = [name for name, spec in DATASETS.items() if spec.ahead]
    chosen = ahead if names is None else list(names)
    for name in chosen:
        DATASETS.find(name, "Only these are made on this machine.")
    made = {}
    for name in tqdm(chosen, desc="datasets", disable=not progress):
        if remake:
            _make(name, replace=True)
        made[name] = load_dataset(name)
    return made


def _options(spec: EnvSpec, name: str) -> tuple[tuple[str, object], ...]:
    """The options that make the recording's environment, see `recorded_options`."""
    try:
        return recorded_options(spec)
    except InputError as error:
        raise InputError(f"The environment of dataset {name!r} cannot be made: {error}") from error


def _make(name: str, *, replace: bool) -> None:
    """Logs the episodes of an own dataset and puts them in place; see `publish` for `replace`."""
    spec = DATASETS[name]
    try:
        box = env_boxes(spec.env_id)[1]
    except (InputError, gym.error.Error) as error:
        raise InputError(
            f"Dataset {name!r} is logged on this machine, in the environment {spec.env_id!r}, "
            f"which cannot be made here: {error} Install the package that has it; those of MuJoCo "
            'come with pip install "gymnasium[mujoco]".'
        ) from error
    episodes = spec.log()
    notes = {
        "description": spec.description,
        "algorithm_name": str(spec.behaviour),
        "rlft_recipe": spec.recipe,
    }
    root = datasets_root()
    with staging() as staged:
        try:
            write_dataset(name, episodes, spec.env_id, notes=notes, box=box)
        except OSError as error:
            raise unwritable(root, error) from error
        publish(staged, root, name, replace=replace)


def _read(name: str) -> StoredDataset:
    """Reads a dataset that is on this machine; whatever fails in its files names them."""
    try:
        return read_dataset(datasets_root() / name)
    except InputError:
        raise
    except Exception as error:  # h5py and Minari raise a dozen types on damaged files
        raise _damaged(name, f"{type(error).__name__}: {error}") from error


def _damaged(name: str, reason: str) -> InputError:
    """The error for files that are truncated, garbled or changed."""
    folder = datasets_root() / name
    files = folder / "data"
    main = next(iter(sorted(files.glob("main_data*"))), files)
    if name in DATASETS:
        advice = f"Make it again: python -m rlft data --remake {name}"
    else:
        advice = f"Delete {folder} and load it again, which downloads it."
    return InputError(f"Dataset {name!r} is damaged: {main} ({reason.rstrip('.')}). {advice}")


def _check_name(name: str) -> None:
    """Raises for a name that cannot be downloaded, before anything touches the disk or network."""
    if is_dataset_id(name) and not name.startswith("rlft/"):
        return
    hint = "Datasets of others have ids such as 'mujoco/hopper/medium-v0'."
    raise unknown("dataset", name, {*DATASETS, *local_names()}, hint)
