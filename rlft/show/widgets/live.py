"""Runs a combination of the switchboard now, and says how far it is.

The kernel is busy meanwhile, but what it tells the browser arrives at once.
"""

from __future__ import annotations

from collections.abc import Callable

from rlft.core.checks import at_least
from rlft.data import load_dataset
from rlft.finetune import Prior, Run, finetune, pretrain
from rlft.recipes import Recipe
from rlft.recipes.switchboard import AFTER, DATASET, EVERY, PRIOR, release_of

Told = Callable[[str, float], None]
"""Called with what is being done, and how much of it is done, in [0, 1]."""


class Live:
    """Runs from one prior.

    Args:
        prior: where they start; None to make one as the recorded grid's, when it is needed.
    """

    def __init__(self, prior: Prior | None = None) -> None:
        self.given, self.made = prior, prior

    def prior(self, seeds: int, told: Told) -> Prior:
        """The prior that was given, or one of so many seeds, which is made once.

        Raises:
            InputError: fewer than 1 seed.
            NumericalError: if training diverges.
        """
        at_least(1, seeds=seeds, hint="An interval needs 5 or more; 3 are a first look.")
        if self.made is None or (self.given is None and self.made.seeds != seeds):
            self.made = pretrain(
                PRIOR.config,
                load_dataset(DATASET),
                seeds=seeds,
                steps=PRIOR.steps,
                callback=lambda update, _: told("pre-training", update / PRIOR.steps),
                progress=False,
            )
        return self.made

    def run(self, recipe: Recipe, seeds: int, told: Told) -> Run:
        """Fine-tunes for as many steps after the release as the recorded runs.

        Args:
            recipe: a combination, or one's own.
            seeds: of the prior, where none was given.
            told: see `Told`.

        Raises:
            InputError: the recipe does not fit the prior, or fewer than 1 seed.
            NumericalError: if training diverges.
        """
        prior = self.prior(seeds, told)
        steps = release_of(recipe) + AFTER
        return finetune(
            prior,
            recipe,
            steps=steps,
            eval_every=EVERY,
            progress=False,
            callbacks=[lambda step, *_: told("fine-tuning", step / steps)],
        )
