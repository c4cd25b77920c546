"""What a sweep's folder holds, read without the learners: one table, or the curves of each recipe.

Letters: S seeds, P evaluation points.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rlft.core.checks import refused
from rlft.core.extras import extra
from rlft.core.files import damaged, load_arrays
from rlft.experiments.sweep.job import ABOUT, PROBED, RUN, TOOK
from rlft.report.frame import curves_frame
from rlft.results.store import load_curves

if TYPE_CHECKING:
    from pandas import DataFrame  # pyright: ignore[reportMissingImports]

LIST = "sweep.json"


@dataclass(frozen=True)
class Done:
    """A job that is done.

    Attributes:
        about: what it is, see `Job.write`.
        took: seconds, core_seconds, memory_mb and machine; empty if it is not known.
        curves: arrays by name, see `load_curves`; what probes saw, (S, P) each, is among them.
    """

    about: dict[str, Any]
    took: dict[str, Any]
    curves: dict[str, np.ndarray]

    @property
    def seeds(self) -> np.ndarray:
        """(S,) numbers of its seeds among those of all blocks."""
        return self.about["first_seed"] + np.arange(len(self.curves["returns_sampled"]))


def listed(folder: Path) -> list[Path]:
    """The folders of a sweep's jobs, made or not, in the sweep's order.

    Raises:
        InputError: there is no sweep.
    """
    if not (folder / LIST).exists():
        expected = f"a sweep's folder, with {LIST!r} in it"
        raise refused("folder", str(folder), expected, "Give what --out was.")
    return [folder / place for place in _json(folder / LIST)["jobs"]]


def done_jobs(folder: Path) -> list[Done]:
    """Those of them that are done."""
    return [done_job(place) for place in listed(folder) if (place / RUN).exists()]


def done_job(place: Path) -> Done:
    """The job that is done in a folder."""
    took = _json(place / TOOK) if (place / TOOK).exists() else {}
    probed = load_arrays(place / PROBED) if (place / PROBED).exists() else {}
    return Done(_json(place / ABOUT), took, load_curves(place / RUN) | probed)


def load_sweep(folder: str | Path) -> DataFrame:
    """Reads all runs of a sweep into one tidy table.

    Args:
        folder: of the sweep, `--out`. Of an unfinished one, what is done.

    Returns:
        A pandas DataFrame with a row for each evaluation of each seed: recipe, dataset, env, block,
        seed (counted through all blocks), step, return_sampled, return_mode, return_behaviour, kl,
        and a column for each field that the grid changes, by its dotted name, empty for recipes
        without it. Rows of one seed number, dataset and environment are paired across recipes.

    Raises:
        InputError: the folder holds no sweep, a file is damaged, or pandas is not installed.
    """
    pandas = extra("pandas", "A table of a sweep")
    frames = [pandas.DataFrame(columns=["recipe", "dataset", "env", "block", "seed"])]
    for job in done_jobs(Path(folder)):
        about = {name: job.about[name] for name in ("recipe", "dataset", "env", "block")}
        frame = curves_frame(job.curves, seeds=job.seeds, about=about)
        for field, value in job.about["changes"].items():
            frame[field] = str(value) if isinstance(value, list) else value
        frames.append(frame)
    table = pandas.concat(frames[1:] or frames, ignore_index=True)
    for field in table.columns:  # a number beside "none" is a word as well
        kinds = {type(value) for value in table[field].dropna().unique()}
        if str in kinds and len(kinds) > 1:
            table[field] = table[field].map(str, na_action="ignore")
    return table


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise damaged(path, error) from error
