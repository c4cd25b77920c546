"""A sweep of milliseconds that real worker processes can make: everything stands in an own file."""

from __future__ import annotations

import itertools
from pathlib import Path

from rlft.experiments.sweep.command import tickets_of
from rlft.experiments.sweep.grid import Grid, read_grid
from rlft.experiments.sweep.job import Job
from rlft.experiments.sweep.worker import Ticket

# A file is imported under its own name, once in a process: each test has a name of its own.
NUMBERS = itertools.count()

OWN = '''
"""Small recipes, a small dataset, and a rule that notes its runs and may kill its process."""

import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path

import rlft
from rlft.acting.rules import NO_GUIDE
from rlft.data import DatasetSpec
from rlft.nets.stacked import CriticConfig
from rlft.recipes import Pretraining


def small(algorithm):
    config = rlft.ALGORITHMS[algorithm]
    policy, critics = replace(config.policy, hidden=(8,)), CriticConfig(hidden=(8,))
    return replace(config, policy=policy, critics=critics, batch_size=4)


@rlft.register
@dataclass(frozen=True)
class Noted:
    """The learner acts; each run leaves a line, and the first one kills its process if asked."""

    notes: str
    kills: bool = False

    random_share = 0.0
    schedule = NO_GUIDE

    def check(self, policies):
        with open(self.notes, "a") as file:  # called once when a run starts
            file.write(f"{os.getpid()}\\n")

    def act(self, context):
        mark = Path(self.notes + ".killed")
        if self.kills and context.timesteps.max() > 2 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return context.policies.learner.sample(context.observations, context.generator)


online = rlft.Online(small("sac"), learning_starts=0)
prior = Pretraining("cql", small("cql"), 3)
TINY = rlft.Recipe("tiny", "a test", online, prior=prior)
NOTED = replace(TINY, name="noted", acting=Noted("{notes}", kills={kills}))
spec = DatasetSpec("rlft/Maze-Detour-v0", rlft.Behaviour(), "a few episodes", transitions=200)
rlft.register(spec, "own/maze/sweep-v0")
'''

SWEEP = """
seeds = 2
blocks = {blocks}
datasets = ["own/maze/sweep-v0"]
files = ["{own}.py"]

[plan]
steps = 6
eval_every = 3
eval_episodes = 1
{plan}
"""


def write_sweep(
    folder: Path, recipes: str = "", *, blocks: int = 2, kills: bool = False, plan: str = ""
) -> Path:
    """Writes an own file and a sweep's file into a folder; returns the latter.

    Args:
        folder: also of the notes: `notes` has a line for each run that was started.
        recipes: the [[recipes]] tables, "OWN" in place of the own file's name.
        blocks: of two seeds each.
        kills: whether NOTED kills the first process that it runs in.
        plan: further lines of the plan.
    """
    own = f"own_sweep_{next(NUMBERS)}"
    text = OWN.replace("{notes}", str(folder / "notes")).replace("{kills}", str(kills))
    (folder / f"{own}.py").write_text(text)
    recipes = recipes or '[[recipes]]\nname = "OWN:NOTED"\n'
    file = folder / "sweep.toml"
    head = SWEEP.format(blocks=blocks, own=own, plan=plan)
    file.write_text(head + recipes.replace("OWN:", f"{own}.py:"))
    return file


def small_sweep(folder: Path, recipes: str = "", **options: object) -> list[tuple[Ticket, Job]]:
    """The tickets of such a sweep, whose jobs are made below `folder / "out"`."""
    return tickets_of(small_grid(folder, recipes, **options), folder / "out")


def small_grid(folder: Path, recipes: str = "", **options: object) -> Grid:
    return read_grid(write_sweep(folder, recipes, **options))  # type: ignore[arg-type]


def starts(folder: Path) -> int:
    """How many runs of NOTED were started."""
    notes = folder / "notes"
    return len(notes.read_text().splitlines()) if notes.exists() else 0
