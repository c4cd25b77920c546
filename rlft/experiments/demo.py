"""The headline experiment: a good policy goes on learning online and forgets what it could do.

`python -m rlft demo` pre-trains on the data of the detour, which knows only the long way round,
fine-tunes with plain SAC, and prints and draws what happens to the return.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from rlft.data import load_dataset
from rlft.evaluate.references import best_return
from rlft.experiments.compare import rule_of
from rlft.experiments.experiment import DATASET
from rlft.finetune import Run, RunPlan, finetune, pretrain
from rlft.results.store import results_root

# The same experiment as in lesson 00. studies/defaults/results.md compares priors and settings.
ALGORITHM = "cql"
RECIPE = "sac"
# With fewer updates some seeds' policies still get stuck on the way (lesson 00 stops half-way).
PRETRAIN_STEPS = 5_000
# Seeds run side by side, so that six cost little more than one; fewer give no usable interval.
SEEDS = 6
# Evaluations averaged before the lowest is taken: none. The minimum of single ones is biased
# downwards by a few steps, which does not matter beside a fall of dozens.
WINDOW = 1


@dataclass(frozen=True)
class Demo:
    """Play the headline experiment: SAC, naively, from a policy trained on logged data.

    Attributes:
        out: folder of the figure; by default "demo" below the results folder.
        seeds: independent runs, side by side.
        pretrain_steps: gradient updates before the switch.
        plan: how long the run is and how it is made; each field is an option of its own.
    """

    out: Path | None = None
    seeds: int = SEEDS
    pretrain_steps: int = PRETRAIN_STEPS
    plan: Annotated[RunPlan, arg(name="")] = RunPlan()

    def run(self) -> Run:
        """Pre-trains, fine-tunes, prints the table, saves the figure.

        Raises:
            InputError: for numbers out of range or a folder that cannot be written.
            NumericalError: if training diverges.
        """
        data = load_dataset(DATASET)
        print(data)
        prior = pretrain(
            ALGORITHM,
            data,
            seeds=self.seeds,
            steps=self.pretrain_steps,
            seed=self.plan.seed,
            device=self.plan.device,
            progress=self.plan.progress,
        )
        run = finetune(prior, RECIPE, plan=self.plan)
        best = best_return(data.env_id)
        collapse = rule_of(run, floor=None)  # losing half of the way down to never arriving
        print(f"\n{run.summary(best=best, window=WINDOW, collapse=collapse)}")
        print(f"\n{definitions(run, self.plan.eval_episodes)}")
        stem = (self.out or results_root() / "demo") / "naive-fine-tuning"
        for path in draw(run, best, stem):
            print(f"saved {path}")
        return run


def definitions(run: Run, episodes: int) -> str:
    """What the numbers of the table are, in words."""
    return (
        f"J(t) is the undiscounted return of sampled actions after t environment steps per seed, "
        f"mean of {episodes} episodes,\n"
        f"evaluated at {len(run.steps)} points from 0, the switch, to {run.steps[-1]:,}. "
        "start = J(0), lowest = min J after the switch,\n"
        "final = mean of the last evaluations, drop = max(0, start - lowest); "
        "rlft.evaluate.metrics has each definition.\n"
        "noise floor = the drop that evaluations of a policy that never changes would show.\n"
        f"Pre-training took {run.prior.seconds:.0f} s, fine-tuning {run.seconds:.0f} s, "
        f"for {run.seeds} seeds at once."
    )


def draw(run: Run, best: float, stem: Path) -> tuple[Path, Path]:
    """Saves the curve of sampled actions as PNG and SVG; returns both paths.

    Raises:
        InputError: if the folder cannot be written to.
    """
    from rlft.show import plot_curves, save  # takes a second, of no use to the other commands

    figure = plot_curves(
        [run], best=best, title="A pre-trained policy that goes on learning with SAC"
    )
    return save(figure, stem)
