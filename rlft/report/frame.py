"""Curves as a tidy table of pandas: a row for each evaluation of each seed.

Letters: S seeds, P evaluation points.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from rlft.core.extras import extra

if TYPE_CHECKING:
    from pandas import DataFrame  # pyright: ignore[reportMissingImports]

COLUMNS = {
    "return_sampled": "returns_sampled",
    "return_mode": "returns_mode",
    "return_behaviour": "returns_behaviour",
    "kl": "kl",
}


def curves_frame(
    curves: Mapping[str, np.ndarray | None], *, seeds: np.ndarray, about: Mapping[str, object]
) -> DataFrame:
    """The table of the curves of S runs.

    Args:
        curves: by the names of a run's fields: steps (P,), the returns and kl, each (S, P); NaN in
            the table where one is missing.
        seeds: (S,) number of each seed.
        about: the first columns, the same in every row.

    Returns:
        S * P rows, seed by seed: the columns of `about`, seed, step, return_sampled, return_mode,
        return_behaviour and kl.

    Raises:
        InputError: if pandas is not installed.
    """
    pandas = extra("pandas", "A table of runs")
    steps = curves["steps"]
    assert steps is not None  # every run has been evaluated
    rows = len(seeds) * len(steps)
    columns: dict[str, object] = {name: [value] * rows for name, value in about.items()}
    columns["seed"] = np.repeat(seeds, len(steps))
    columns["step"] = np.tile(steps, len(seeds))
    for column, name in COLUMNS.items():
        values = curves.get(name)
        columns[column] = np.full(rows, np.nan) if values is None else values.reshape(-1)
    return pandas.DataFrame(columns)
