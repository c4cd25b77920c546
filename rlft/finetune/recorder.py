"""Training metrics as arrays: what pre-training and the online loop leave for the plots.

Letters: S seeds, P recorded points.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rlft.algorithms.base import Metrics

History = dict[str, np.ndarray]  # metric name to (S, P); "step" to (P,)


class Recorder:
    """Keeps every k-th metrics dictionary and stacks them into (S, P) arrays.

    Args:
        every: k >= 1, in steps.
    """

    def __init__(self, every: int):
        self.every = every
        self.steps: list[int] = []
        self.rows: list[dict[str, np.ndarray]] = []

    def record(self, step: int, metrics: Metrics) -> None:
        """Keeps the metrics of a step (each (S,)) if its turn has come."""
        if step % self.every == 0:
            self.steps.append(step)
            self.rows.append({name: value.cpu().numpy().copy() for name, value in metrics.items()})

    def history(self) -> History:
        """The stacked metrics; NaN at the points at which a metric was not measured."""
        stacked: History = {"step": np.array(self.steps, dtype=np.int64)}
        for name in dict.fromkeys(name for row in self.rows for name in row):  # in order, once
            (example,) = {row[name].shape for row in self.rows if name in row}
            missing = np.full(example, np.nan, dtype=np.float32)
            stacked[name] = np.stack([row.get(name, missing) for row in self.rows], axis=1)  # (S,P)
        return stacked

    def restore(self, history: Mapping[str, np.ndarray]) -> None:
        """Goes on from what `history` returned."""
        self.steps = history["step"].tolist()
        names = [name for name in history if name != "step"]
        self.rows = [
            {name: history[name][:, point].copy() for name in names}
            for point in range(len(self.steps))
        ]
