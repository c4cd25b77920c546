"""Minari datasets as flat arrays and back.

Reading costs per episode, so the flat arrays are kept beside the dataset, in a file named by the
hash of what they were read from. Own datasets carry the digest of their content and the recipe
that made them.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import minari
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.spaces import Box, Dict
from minari.data_collector import EpisodeBuffer

from rlft.core.errors import InputError
from rlft.data.convert import as_stored, as_type, normalise_actions, to_units
from rlft.data.episodes import ARRAYS, timesteps_of
from rlft.data.transitions import Transitions
from rlft.envs import Episode

# Part of the cache's file name: raise it when `flatten` changes what it returns.
CACHE_FORMAT = 2


@dataclass(frozen=True, eq=False)
class StoredDataset:
    """What a folder holds.

    Attributes:
        arrays: the arrays of `Transitions`, actions normalised, nothing clipped.
        env_spec: the environment of the recording; None where none was noted.
        boxes: of the recorded observations and of the recorded actions.
        recipe: of an own dataset, see `DatasetSpec.recipe`; else empty.
        digest: of the content of a dataset that this library wrote; else empty.
    """

    arrays: dict[str, np.ndarray]
    env_spec: EnvSpec | None
    boxes: tuple[Box, Box]
    recipe: str
    digest: str

    @property
    def env_id(self) -> str:
        """Id of the recording's environment, or nothing where none was noted."""
        return self.env_spec.id if self.env_spec else ""


def write_dataset(
    name: str,
    episodes: Sequence[Episode],
    env: str | EnvSpec,
    *,
    notes: dict[str, str],
    box: Box | None = None,
) -> None:
    """Writes episodes as a Minari dataset (hdf5) into Minari's current root.

    Args:
        name: id of the dataset, well-formed and not taken.
        episodes: at least one, with actions in [-1, 1].
        env: registered environment in which they were logged, or its whole specification.
        notes: texts for the dataset's metadata: `description` and whatever else.
        box: the environment's actions, in whose units they are written; None where it is [-1, 1].

    Raises:
        InputError: numbers that no learner can use; nothing is written then.
    """
    low, high = (box.low, box.high) if box else (-1.0, 1.0)
    episodes = [replace(e, actions=to_units(e.actions, low, high)) for e in episodes]
    arrays: Any = flatten(episodes, low, high, name)
    digest = Transitions(**arrays, name=name).digest
    buffers = []
    for episode in episodes:
        arrays: Any = episode  # Minari annotates lists; arrays are what its files are made of
        buffers.append(
            EpisodeBuffer(
                observations=arrays.observations,
                actions=arrays.actions,
                rewards=arrays.rewards,
                terminations=arrays.terminations,
                truncations=arrays.truncations,
                infos={},
            )
        )
    with warnings.catch_warnings():
        # Minari recommends an author's e-mail and a link to the code; data that is made on the
        # reader's own machine has neither.
        warnings.simplefilter("ignore", UserWarning)
        dataset = minari.create_dataset_from_buffers(
            name, buffers, env=env, eval_env=env, author="rlft", data_format="hdf5"
        )
    dataset.storage.update_metadata({**notes, "rlft_digest": digest})


def read_dataset(folder: Path) -> StoredDataset:
    """Reads a dataset, from the flat arrays beside it where they are still its own.

    Args:
        folder: the dataset's folder, the one that has `data/` in it.

    Raises:
        InputError: observations or actions that are no flat boxes.
        Exception: whatever a damaged file makes h5py or Minari raise.
    """
    dataset = minari.MinariDataset(folder / "data")
    boxes = _boxes(dataset)
    cache = folder / f"flat-{CACHE_FORMAT}-{_hash_of_files(folder / 'data')[:16]}.npz"
    arrays = _read_cache(cache)
    if arrays is None:
        arrays = flatten(dataset.iterate_episodes(), boxes[1].low, boxes[1].high, dataset.id)
        _write_cache(cache, arrays)
    metadata = dataset.storage.metadata
    return StoredDataset(
        arrays=arrays,
        env_spec=dataset.env_spec,
        boxes=boxes,
        recipe=str(metadata.get("rlft_recipe", "")),
        digest=str(metadata.get("rlft_digest", "")),
    )


def flatten(
    episodes: Iterable[Episode] | Iterable[minari.EpisodeData],
    low: np.ndarray | float = -1.0,
    high: np.ndarray | float = 1.0,
    name: str = "unnamed",
) -> dict[str, np.ndarray]:
    """Joins episodes to the arrays of `Transitions`.

    A recording that stopped within an episode has neither flag on its last row; it becomes a
    truncation, as the task did not end there.

    Args:
        episodes: episodes, of which empty ones are left out.
        low: (A,) lower bounds of the actions; -1 and 1 leave the actions as they are.
        high: (A,) upper bounds of the actions.
        name: the dataset's name, for messages.

    Returns:
        One array for each name in `ARRAYS`; actions rescaled from [low, high] to [-1, 1].

    Raises:
        InputError: no episode, one without its last observation, or numbers that cannot be stored.
    """
    parts: dict[str, list[np.ndarray]] = {field: [] for field in ARRAYS}
    for number, episode in enumerate(episodes):
        steps = len(episode.rewards)
        if steps == 0:
            continue
        observations = np.asarray(episode.observations)  # (T + 1, O)
        if len(observations) != steps + 1:
            raise InputError(
                f"Episode {number} has {len(observations)} observations for {steps} steps, "
                f"expected {steps + 1}: the last observation belongs to it. Record it again with "
                f"Minari 0.4 or later."
            )
        terminations, truncations = (
            as_type(field, values, np.bool_, name).copy()
            for field, values in (
                ("terminations", episode.terminations),
                ("truncations", episode.truncations),
            )
        )  # (T,) each
        truncations[-1] |= not terminations[-1]
        parts["observations"].append(observations[:-1])
        parts["actions"].append(np.asarray(episode.actions))
        parts["rewards"].append(np.asarray(episode.rewards))
        parts["next_observations"].append(observations[1:])
        parts["terminations"].append(terminations)
        parts["truncations"].append(truncations)
        parts["timesteps"].append(timesteps_of(terminations | truncations))
    if not parts["rewards"]:
        raise InputError("The dataset holds no transition. Record at least one episode.")
    arrays = as_stored({field: np.concatenate(pieces) for field, pieces in parts.items()}, name)
    return {**arrays, "actions": normalise_actions(arrays["actions"], low, high, name)}


def _boxes(dataset: minari.MinariDataset) -> tuple[Box, Box]:
    """The boxes of observations and actions; raises where they are not what learners can use."""
    for kind, space in (
        ("observations", dataset.observation_space),
        ("actions", dataset.action_space),
    ):
        if not isinstance(space, Box) or len(space.shape) != 1:
            parts = f" with the parts {list(space)}" if isinstance(space, Dict) else ""
            raise InputError(
                f"The {kind} of dataset {dataset.id!r} are of the kind {type(space).__name__}"
                f"{parts}, expected a Box with one axis. Flatten them and record the dataset "
                f"anew (gymnasium.wrappers.FlattenObservation), or choose another one."
            )
    seen, action = dataset.observation_space, dataset.action_space
    assert isinstance(seen, Box) and isinstance(action, Box)
    if not np.issubdtype(action.dtype, np.floating):
        raise InputError(
            f"The actions of dataset {dataset.id!r} are whole numbers ({action}), expected a Box "
            f"of floats: all learners here are for continuous control. Choose another dataset."
        )
    if not action.is_bounded():
        raise InputError(
            f"The actions of dataset {dataset.id!r} have no finite bounds ({action}), so they "
            f"cannot be scaled to [-1, 1]. Record the dataset with a bounded action space."
        )
    return seen, action


def _hash_of_files(folder: Path) -> str:
    """SHA-256 of all files of a folder and their names."""
    content = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        content.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as file:
            content.update(hashlib.file_digest(file, "sha256").digest())
    return content.hexdigest()


def _read_cache(path: Path) -> dict[str, np.ndarray] | None:
    """The flat arrays, or nothing where they are missing or damaged: they can be made again."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {field: stored[field] for field in ARRAYS}
    except Exception:  # a damaged zip file raises one of a dozen types
        return None


def _write_cache(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Writes the flat arrays at one stroke and removes older ones.

    A folder that cannot be written is no error: the cache only saves time.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            np.savez(file, **arrays)  # pyright: ignore[reportArgumentType]
        for older in path.parent.glob("flat-*.npz"):
            older.unlink()
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
