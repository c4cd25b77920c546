"""An arm of a study: one recipe on one dataset for several seeds, from a prior that arms share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rlft.data import load_dataset
from rlft.experiments.experiment import Experiment
from rlft.finetune import Prior, Run, RunPlan, finetune
from rlft.finetune.loop import Callback
from rlft.recipes import Recipe


@dataclass(frozen=True)
class Arm:
    """What one line of a study runs.

    Attributes:
        name: what differs from the other arms, in words; no two arms of a study share it.
        dataset: name of the logged data.
        recipe: how the prior is fine-tuned; its `prior` says how that is made.
        seeds: independent runs, side by side. Arms with the same data, prior and seeds start from
            the same policies.
        plan: how long the run is and how it is made.
        labels: the first cells of all its rows, by column; its name under "arm" if there are none.
    """

    name: str
    dataset: str
    recipe: Recipe
    seeds: int
    plan: RunPlan
    labels: Mapping[str, str] = field(default_factory=dict)

    def experiment(self, folder: Path) -> Experiment:
        """Where its prior is made and kept."""
        return Experiment(load_dataset(self.dataset), folder, self.seeds, self.plan)

    def check(self) -> None:
        """Finds out before hours of training whether the recipe can start from its prior.

        Raises:
            InputError: what the run would raise, with the recipe and the prior named.
        """
        self.experiment(Path()).check(self.recipe)

    def key(self) -> str:
        """Changes with whatever could change the run."""
        return self.experiment(Path()).run_key(self.recipe)

    def prior(self, folder: Path) -> Prior:
        """Makes the prior, or reads the one that an arm with the same prior made in this folder."""
        return self.experiment(folder).prior(self.recipe.prior)

    def run(self, prior: Prior, *callbacks: Callback) -> Run:
        """Fine-tunes; callbacks as in `finetune`."""
        return finetune(prior, self.recipe, plan=self.plan, callbacks=callbacks)
