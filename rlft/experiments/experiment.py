"""Priors and runs that are kept: what was made once is not made again.

A file's name ends in a key of everything that decides its content: recipe, data, numbers, versions,
and the library's own code, so that a student who edits a learner does not look at the old curve.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rlft.acting.rules import Policies
from rlft.algorithms import Learner, make_learner
from rlft.core.compute import find_device
from rlft.core.encoding import cache_key
from rlft.core.errors import InputError, NumericalError
from rlft.data import Transitions
from rlft.finetune import Prior, Run, RunPlan, finetune, pretrain, untrained
from rlft.finetune.handover import hand_over, hand_over_guide
from rlft.finetune.start import check_length, environment_of
from rlft.recipes import Pretraining, Recipe
from rlft.results.digest import code_digest
from rlft.results.provenance import versions
from rlft.results.store import load_run, save_run

# The data of an experiment unless it is told otherwise.
DATASET = "rlft/maze/detour-medium-v0"


@dataclass(frozen=True)
class Experiment:
    """Everything that recipes which are compared have in common.

    Attributes:
        data: the logged transitions; `data.env_id` is where they are fine-tuned.
        folder: where priors and runs are kept.
        seeds: independent runs of each recipe, side by side.
        plan: how long the runs are and how they are made; the priors share its seed and device.
    """

    data: Transitions
    folder: Path
    seeds: int
    plan: RunPlan = RunPlan()

    def check(self, recipe: Recipe) -> None:
        """Finds out before hours of training whether a recipe can start from its prior.

        Raises:
            InputError: what the run would raise, with the recipe and the prior named.
        """
        name = "nothing" if recipe.prior is None else f"the prior {recipe.prior.name!r}"
        try:
            prior = self.blank(recipe.prior)
            check_length(recipe, self.plan)
            environment_of(prior)
            learner, _ = hand_over(prior, recipe)
            guide = hand_over_guide(prior, recipe) or prior.learner
            recipe.acting.check(Policies(learner.policy, guide.policy, prior.learner.policy))
        except InputError as error:
            raise InputError(f"Recipe {recipe.name!r} from {name}: {error}") from error

    def fits(self, recipe: Recipe) -> bool:
        """Whether a recipe can start from its prior."""
        try:
            self.check(recipe)
        except InputError:
            return False
        return True

    def blank(self, asked: Pretraining | None, seeds: int = 1) -> Prior:
        """The prior before its first update, which has all the shapes."""
        blank = untrained(self.data, seeds=seeds, device=self.plan.device)
        if asked is None:
            return blank
        sizes = (self.data.observation_size, self.data.action_size)
        learner = make_learner(asked.config, *sizes, seeds, device=find_device(self.plan.device))
        return replace(blank, name=asked.name, learner=learner)

    def prior_key(self, asked: Pretraining | None) -> str:
        """A name for a prior that changes with whatever could change the prior."""
        plan = self.plan
        shared = (self.data, self.seeds, plan.seed, plan.device, plan.compile)
        return cache_key(asked, *shared, versions(), code_digest())

    def run_key(self, recipe: Recipe) -> str:
        """A name for a run that changes with whatever could change the run."""
        env = (self.data.env_id, dict(self.data.env_kwargs))
        plan = replace(self.plan, progress=False)  # all of it but what is shown meanwhile
        return cache_key(recipe, self.prior_key(recipe.prior), *env, plan)

    def prior_file(self, asked: Pretraining) -> Path:
        """Where a prior is kept, from its first checkpoint on."""
        return self.folder / "priors" / f"{asked.name}-{self.prior_key(asked)}.safetensors"

    def prior(
        self, asked: Pretraining | None, callback: Callable[[int, Learner], None] | None = None
    ) -> Prior:
        """Makes a prior, or goes on with what there is of it.

        Args:
            asked: what is made; None for nothing.
            callback: called with update and learner now and then, see `pretrain`.
        """
        seed, device = self.plan.seed, self.plan.device
        if asked is None:
            return untrained(self.data, seeds=self.seeds, seed=seed, device=device)
        made = pretrain(
            asked.config,
            self.data,
            seeds=self.seeds,
            steps=asked.steps,
            seed=seed,
            device=device,
            callback=callback,
            checkpoint=self.prior_file(asked),
            progress=self.plan.progress,
            compile=self.plan.compile,
        )
        return replace(made, name=asked.name)

    def run(self, recipe: Recipe) -> Run:
        """Makes a run and keeps it, or reads the one that was kept.

        Raises:
            NumericalError: if training diverges; names the recipe.
        """
        folder = self.folder / "runs" / f"{recipe.name}-{self.run_key(recipe)}"
        if folder.exists():
            print(f"{recipe.name}: already made, read from {folder}")
            return load_run(folder, data=self.data, device=self.plan.device)
        try:
            run = finetune(self.prior(recipe.prior), recipe, plan=self.plan)
        except NumericalError as error:
            raise NumericalError(
                f"Recipe {recipe.name!r}: {error} What was made before is kept in "
                f"{str(self.folder)!r}."
            ) from error
        save_run(run, folder)
        return run
