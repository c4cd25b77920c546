"""A run: the honest curves that fine-tuning leaves behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rlft.algorithms import Learner
from rlft.evaluate.statistics import Collapse
from rlft.evaluate.summary import RunSummary, summarise
from rlft.finetune.handover import HandoverRecord
from rlft.finetune.pretrain import Prior
from rlft.finetune.recorder import History
from rlft.recipes.recipe import Recipe
from rlft.report.frame import curves_frame

if TYPE_CHECKING:
    from pandas import DataFrame  # pyright: ignore[reportMissingImports]


@dataclass(frozen=True)
class Run:
    """S fine-tuning runs of one recipe from one prior.

    Attributes:
        recipe: the method.
        env_id: the environment.
        dataset: name of the data behind the prior.
        seeds: S.
        seed: start of the random stream.
        steps: (P,), environment steps per seed at each evaluation; 0 is the switch itself.
        returns_mode: (S, P), undiscounted return of the mode action, mean over episodes.
        returns_sampled: (S, P), the same for sampled actions.
        returns_behaviour: (S, P), the same for the whole rule that acts next, with its guide and
            its random actions; where the learner's policy acts alone, `returns_sampled`.
        episode_steps: S arrays, the step at which each training episode ended.
        episode_returns: S arrays, the return of each training episode.
        metrics: training metrics, each (S, P'), with ``"step"`` (P',).
        handover: what crossed the switch.
        prior: where it started.
        learner: where it ended.
        guide: the second learner at the end, where the recipe has one.
        seconds: wall-clock time.
        env_kwargs: options of the environment.
        switch_returns: of each curve, by "mode", "sampled" and "behaviour", the returns of the
            single episodes of its evaluation at the switch, (S, K): how much of a drop is noise.
            Empty for a run that an older version kept.
        kl: (S, P), how far the learner's policy is from the prior's, in nats at logged states, see
            `policy_kl`: a curve that does not fall may be that of a policy that does not move. None
            for a run that an older version kept.
    """

    recipe: Recipe
    env_id: str
    dataset: str
    seeds: int
    seed: int
    steps: np.ndarray
    returns_mode: np.ndarray
    returns_sampled: np.ndarray
    returns_behaviour: np.ndarray
    episode_steps: list[np.ndarray]
    episode_returns: list[np.ndarray]
    metrics: History
    handover: HandoverRecord
    prior: Prior
    learner: Learner
    guide: Learner | None
    seconds: float
    env_kwargs: dict[str, Any] = field(default_factory=dict)
    switch_returns: dict[str, np.ndarray] = field(default_factory=dict)
    kl: np.ndarray | None = None

    def summary(
        self,
        *,
        best: float | None = None,
        curve: str = "sampled",
        window: int = 1,
        collapse: Collapse | None = None,
    ) -> RunSummary:
        """Start, lowest, final return, drop, time below the start and regret, with intervals.

        Args:
            best: best known return, for the regret; None for the best point of this run.
            curve: "sampled" for the return of the policy's sampled actions, "mode" of its most
                likely ones, "behaviour" of the rule that acts, guide and random actions included.
            window: evaluation points averaged before the lowest is taken; see `metrics.drop`.
            collapse: what counts as collapsed, as in ``rlft.Collapse(floor=-100)``; how many seeds
                did then stands beside the drop.

        Raises:
            InputError: for an unknown curve, or a window longer than the curve.
        """
        return summarise(self, best=best, curve=curve, window=window, collapse=collapse)

    def to_frame(self) -> DataFrame:
        """The curves as a tidy table.

        Returns:
            A pandas DataFrame of S * P rows: recipe, dataset, env, seed (0 to S - 1), step,
            return_sampled, return_mode, return_behaviour and kl.

        Raises:
            InputError: if pandas is not installed; ``pip install "rlft[cluster]"`` brings it.
        """
        about = {"recipe": self.recipe.name, "dataset": self.dataset, "env": self.env_id}
        return curves_frame(vars(self), seeds=np.arange(self.seeds), about=about)

    def __repr__(self) -> str:
        start, end = self.returns_sampled[:, 0].mean(), self.returns_sampled[:, -1].mean()
        return (
            f"Run({self.recipe.name!r}, prior={self.prior.name!r}, env={self.env_id!r}, "
            f"seeds={self.seeds}, steps={self.steps[-1]}, return {start:.1f} -> {end:.1f}, "
            f"seconds={self.seconds:.0f})"
        )
