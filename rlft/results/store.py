"""Results on disk: one folder for each prior and each run, readable without this library.

A run's folder holds ``run.json`` (recipe, configuration, provenance), ``curves.npz`` (all arrays),
``learner.safetensors`` (weights, optimizer and random state) and ``prior/``, which looks the same.
A folder appears complete or not at all. The dataset is not copied: its name and digest are stored,
and a run is only loaded with data of that very digest.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from rlft.algorithms import Learner, make_learner
from rlft.core.encoding import from_json, to_json
from rlft.core.errors import InputError
from rlft.core.files import (
    damaged,
    folder_written_atomically,
    load_arrays,
    load_tensors,
    save_arrays,
    save_tensors,
)
from rlft.data import Transitions, load_dataset
from rlft.data.transitions import options_of
from rlft.finetune import Prior, Run
from rlft.results.provenance import provenance

# Raised whenever an older file could be misread. Format 2 named the modules of types, which are
# read through the table of former names. An older or newer file is refused.
FORMAT = 3
READ = (2, 3)
# What a run's JSON and its arrays hold under the names of the run's own fields.
ABOUT = ("recipe", "env_id", "dataset", "seeds", "seed", "handover", "seconds")
CURVES = ("steps", "returns_mode", "returns_sampled", "returns_behaviour")


def results_root() -> Path:
    """Where results are kept: the folder RLFT_RESULTS, else the user's data folder."""
    given = os.environ.get("RLFT_RESULTS")
    return Path(given) if given else Path(platformdirs.user_data_dir("rlft")) / "results"


def save_run(run: Run, folder: str | Path) -> None:
    """Writes a run into a folder; a folder of that name is replaced.

    Args:
        run: to be stored, with its learner and its prior.
        folder: for example ``results_root() / "sac"``.

    Raises:
        InputError: if the folder cannot be written to.
    """
    arrays = {
        **{name: getattr(run, name) for name in CURVES},
        **{f"episode_steps.{s}": values for s, values in enumerate(run.episode_steps)},
        **{f"episode_returns.{s}": values for s, values in enumerate(run.episode_returns)},
        **{f"metrics.{name}": values for name, values in run.metrics.items()},
        **{f"switch_returns.{name}": values for name, values in run.switch_returns.items()},
        **({} if run.kl is None else {"kl": run.kl}),
    }
    # Of options what JSON has not is kept as text: it is only compared.
    options = json.loads(json.dumps(run.env_kwargs, default=str))
    about = {name: getattr(run, name) for name in ABOUT} | {"env_kwargs": options}
    with folder_written_atomically(Path(folder)) as target:
        _write(target, "run", about, arrays, {"learner": run.learner, "guide": run.guide})
        save_prior(run.prior, target / "prior")


def load_run(folder: str | Path, *, data: Transitions | None = None, device: str = "cpu") -> Run:
    """Reads a run with its learner and its prior.

    Args:
        folder: where `save_run` wrote it.
        data: the dataset of the prior; loaded by its name if None.
        device: where the learners go.

    Raises:
        InputError: if the folder holds no run, a file is damaged or of another version, or the
            data is not what the run was made with.
    """
    folder = Path(folder)
    about, arrays = _read(folder, "run")
    prior = load_prior(folder / "prior", data=data, device=device)
    curves: dict[str, Any] = {name: arrays[name] for name in CURVES}
    return Run(
        **{name: about[name] for name in ABOUT},
        **curves,
        episode_steps=[arrays[f"episode_steps.{s}"] for s in range(about["seeds"])],
        episode_returns=[arrays[f"episode_returns.{s}"] for s in range(about["seeds"])],
        metrics=_with_prefix(arrays, "metrics."),
        prior=prior,
        learner=_learner(folder, "learner", about, device),
        guide=_learner(folder, "guide", about, device) if about["guide"] else None,
        # Older runs say nothing of options: those of the data, unless asked for others.
        env_kwargs=options_of(prior.data, about["env_id"], about.get("env_kwargs")),
        switch_returns=_with_prefix(arrays, "switch_returns."),
        kl=arrays.get("kl"),
    )


def load_curves(folder: str | Path) -> dict[str, np.ndarray]:
    """Reads the curves of a run without its learners, which takes milliseconds.

    Args:
        folder: where `save_run` wrote the run.

    Returns:
        Arrays by the names of the run's fields: steps (P,), returns_mode, returns_sampled,
        returns_behaviour and, where it was kept, kl, each (S, P); and the training metrics, as in
        "metrics.guide_steps", each (S, P').

    Raises:
        InputError: if the folder holds no run, or the file is damaged.
    """
    arrays = load_arrays(Path(folder) / "curves.npz")
    names = [*CURVES, "kl", *(name for name in arrays if name.startswith("metrics."))]
    return {name: arrays[name] for name in names if name in arrays}


def save_prior(prior: Prior, folder: str | Path) -> None:
    """Writes a prior into a folder; a folder of that name is replaced.

    Raises:
        InputError: if the folder cannot be written to.
    """
    about = {name: getattr(prior, name) for name in ("name", "data", "steps", "seconds")}
    arrays = {f"history.{name}": values for name, values in prior.history.items()}
    with folder_written_atomically(Path(folder)) as target:
        _write(target, "prior", about, arrays, {"learner": prior.learner})


def load_prior(
    folder: str | Path, *, data: Transitions | None = None, device: str = "cpu"
) -> Prior:
    """Reads a prior. Arguments and errors as in `load_run`."""
    folder = Path(folder)
    about, arrays = _read(folder, "prior")
    expected = about["data"]
    data = load_dataset(expected["dataset"]) if data is None else data
    if data.digest != expected["digest"]:
        raise InputError(
            f"The prior in {str(folder)!r} was trained on {expected['dataset']!r} with digest "
            f"{expected['digest'][:12]}, but the data given is {data.name!r} with digest "
            f"{data.digest[:12]}. Give the data it was trained on, or pre-train again."
        )
    return Prior(
        name=about["name"],
        learner=_learner(folder, "learner", about, device),
        data=data,
        steps=about["steps"],
        history=_with_prefix(arrays, "history."),
        seconds=about["seconds"],
    )


def saved_runs(root: str | Path | None = None) -> list[Path]:
    """The folders below `root` (default `results_root()`) that hold a run, sorted."""
    root = results_root() if root is None else Path(root)
    found = (path.parent for path in root.rglob("run.json"))
    hidden = (path for path in found if not any(p[0] == "." for p in path.relative_to(root).parts))
    return sorted(hidden)


def _write(
    folder: Path,
    kind: str,
    about: Mapping[str, object],
    arrays: Mapping[str, np.ndarray],
    learners: Mapping[str, Learner | None],
) -> None:
    """Writes the files that a run and a prior have in common."""
    content = {
        "format": FORMAT,
        "about": to_json(about),
        "learners": {name: _shape(learner) for name, learner in learners.items()},
        "provenance": to_json(provenance()),
    }
    (folder / f"{kind}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    save_arrays(folder / "curves.npz", arrays)
    for name, learner in learners.items():
        if learner is not None:
            save_tensors(folder / f"{name}.safetensors", learner.state_dict())


def _shape(learner: Learner | None) -> object:
    """What it takes to build a learner again; None for none."""
    if learner is None:
        return None
    return {
        "config": to_json(learner.config),
        "observation_size": learner.observation_size,
        "action_size": learner.action_size,
        "seeds": learner.seeds,
    }


def _read(folder: Path, kind: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Reads the JSON, with each learner's shape added under its name, and the arrays."""
    path = folder / f"{kind}.json"
    if not path.exists():
        raise InputError(
            f"There is no {kind} in {str(folder)!r}: it has no {path.name}. saved_runs() lists the "
            "runs there are."
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = content["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(path, error) from error
    if found not in READ:
        raise InputError(
            f"{str(path)!r} has format {found}, this version of rlft reads formats {READ[0]} to "
            f"{READ[-1]}. Use the version that wrote it, or make the result again."
        )
    try:
        about = {**from_json(content["about"]), **from_json(content["learners"])}
        if found == 2:  # the record of the handover was called the crossing
            about["handover"] = about.pop("crossing", None)
    except (KeyError, TypeError) as error:
        raise damaged(path, error) from error
    return about, load_arrays(folder / "curves.npz")


def _learner(folder: Path, name: str, about: Mapping[str, Any], device: str) -> Learner:
    """Makes the learner of the stored shape and gives it the stored weights."""
    shape = about[name]
    learner = make_learner(
        shape["config"],
        shape["observation_size"],
        shape["action_size"],
        shape["seeds"],
        device=device,
    )
    learner.load_state_dict(load_tensors(folder / f"{name}.safetensors"))
    return learner


def _with_prefix(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name[len(prefix) :]: a for name, a in arrays.items() if name.startswith(prefix)}
