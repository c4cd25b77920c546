"""A job: one recipe on one dataset for one block of seeds. It depends on no other job.

Block k starts its random streams at the sweep's seed + k. A seed of a plan owns a range of streams
of its own (see `rlft.core.streams`): weights, batches, actions, environments and evaluations of
two blocks have none in common, so their seeds are as independent as those within a block. Two
recipes' jobs of one block share it, and the prior too if they ask for the same one: their seeds
can be compared in pairs.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rlft.core.encoding import cache_key, from_json, to_json
from rlft.core.files import write_atomically
from rlft.core.registry import stored
from rlft.data import Transitions, load_dataset
from rlft.experiments.cost import prior_seconds, run_seconds
from rlft.experiments.experiment import Experiment
from rlft.experiments.probes import Probe
from rlft.experiments.told import Edit
from rlft.finetune import RunPlan
from rlft.recipes import Recipe
from rlft.results.digest import bytes_digest

LONGEST = 120  # characters of a name in a folder's; with the key systems take 255

# What a job's folder holds: what it is, the run when it is done, what it took, or why it failed.
ABOUT, RUN, TOOK, FAILED = "job.json", "run", "took.json", "failed.json"
# What probes saw, if there are any; and the code that decides what they and edits do.
PROBED = "probed.npz"
LOOKS = ("experiments/probes.py", "experiments/told.py", "evaluate/support.py", "evaluate/truth.py")


@stored
@dataclass(frozen=True)
class Job:
    """What one worker makes at a time.

    Attributes:
        recipe: the method; its name says which fields differ from the recipe it was made of.
        base: name of the recipe it was made of.
        changes: (dotted field, value) of those that differ.
        dataset: name of the logged data.
        env: environment to fine-tune in; None for the data's own.
        block: number of the block of seeds, from 0.
        seeds: S, independent runs side by side.
        plan: how long the runs are and how they are made; its seed is the block's own.
        probes: what else is measured at each evaluation.
        edit: what is done to the prior before it is fine-tuned; None for nothing.
    """

    recipe: Recipe
    base: str
    changes: tuple[tuple[str, Any], ...]
    dataset: str
    env: str | None
    block: int
    seeds: int
    plan: RunPlan
    probes: tuple[Probe, ...] = ()
    edit: Edit | None = None

    def experiment(self, folder: Path) -> Experiment:
        """Its data, plan and seeds, and the folder of the sweep, where priors are shared."""
        return Experiment(_data(self.dataset, self.env), folder, self.seeds, self.plan)

    def key(self) -> str:
        """Changes with whatever could change the run, own classes' source included."""
        key = self.experiment(Path()).run_key(self.recipe)
        if not self.probes and self.edit is None:
            return key
        return cache_key(key, self.probes, self.edit, bytes_digest(LOOKS))

    def place(self, key: str) -> str:
        """Its folder below the sweep's: a readable name, as far as systems take it, and the key."""
        name = re.sub(r"[^A-Za-z0-9_.=-]+", "-", self.recipe.name)
        return f"jobs/{name[:LONGEST]}-{key}"

    def cost(self) -> tuple[float, float]:
        """Seconds of a core for its prior and its run, counted and not measured."""
        prior = prior_seconds(self.recipe, self.seeds)
        return prior, run_seconds(self.recipe, self.seeds, self.plan.steps)

    def title(self) -> str:
        """One line for messages."""
        where = "" if self.env is None else f" in {self.env}"
        return f"{self.recipe.name} on {self.dataset}{where}, block {self.block}"

    def write(self, folder: Path) -> None:
        """Leaves in its folder what it is, for `load_sweep` and for people.

        Raises:
            InputError: if the folder cannot be written to.
        """
        first = self.block * self.seeds  # seeds are counted through all blocks
        about = {
            "recipe": self.recipe.name,
            "base": self.base,
            "changes": dict(self.changes),
            "dataset": self.dataset,
            "env": self.experiment(folder).data.env_id,
            "block": self.block,
            "first_seed": first,
            "job": to_json(self),
        }
        text = json.dumps(about, indent=2) + "\n"
        write_atomically(folder / ABOUT, lambda file: file.write_text(text, encoding="utf-8"))

    def text(self) -> str:
        """The job as JSON, to be sent to a worker; `job_of` reads it."""
        return json.dumps(to_json(self))


def job_of(text: str) -> Job:
    """The job that `Job.text` wrote; what it names of yours must have been registered before."""
    return from_json(json.loads(text))


# A sweep has few datasets and thousands of jobs, and a worker makes one after the other.
@lru_cache(maxsize=4)
def _data(dataset: str, env: str | None) -> Transitions:
    return load_dataset(dataset, env_id=env)
