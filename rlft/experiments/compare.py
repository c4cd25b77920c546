"""Several methods side by side: one table, one figure, and what differs between their recipes.

`python -m rlft compare sac wsrl` makes the prior of each recipe, once where two ask for the same,
fine-tunes from it, and keeps every prior and run in the output folder. The same call again goes on
where an interrupted one stopped: a prior at its last checkpoint, a finished run from its folder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from rlft.algorithms import make_learner
from rlft.core.checks import one_of
from rlft.core.errors import InputError, unknown
from rlft.core.files import write_atomically
from rlft.data import DATASETS, Transitions, load_dataset
from rlft.envs import is_maze
from rlft.evaluate import Collapse
from rlft.evaluate.references import best_return, floor_return
from rlft.experiments.experiment import DATASET, Experiment
from rlft.experiments.own_files import recipe_of
from rlft.finetune import Run, RunPlan
from rlft.recipes import Pretraining, Recipe, find_recipe
from rlft.recipes.diff import diff_recipes
from rlft.recipes.registry import RECIPES_OF
from rlft.report.comparison import Comparison, compare_runs, describe_training
from rlft.results.store import results_root

OWN = "own"


def with_prior(recipe: Recipe, prior: str, pretrain_steps: int | None = None) -> Recipe:
    """The recipe with a chosen prior.

    Args:
        recipe: its own prior is kept where it starts from nothing.
        prior: "own", or the name of an algorithm, which is then taken at the recipe's scale.
        pretrain_steps: gradient updates instead of the prior's own number.

    Raises:
        InputError: for an unknown prior, or fewer than 1 update.
    """
    if recipe.prior is None:
        return recipe
    chosen = recipe.prior
    if prior != OWN:
        # The first recipe that asks for an algorithm is its plain form (WSRL's ensembles are last).
        known = {
            other.prior.name: other.prior
            for other in reversed(list(RECIPES_OF[recipe.preset].values()))
            if other.prior is not None
        }
        if prior not in known:
            raise unknown("prior", prior, [OWN, *known])
        chosen = known[prior]
    if pretrain_steps is not None:
        chosen = replace(chosen, steps=pretrain_steps)
    return replace(recipe, prior=chosen)


def describe_asked(asked: Pretraining | None) -> str:
    """The prior that a recipe asks for, in words: "cql, 10 critics, 4,000 updates"."""
    if asked is None:
        return "none"
    return describe_training(asked.name, make_learner(asked.config, 1, 1, seeds=1), asked.steps)


def prior_advice(recipes: Sequence[Recipe], fits: Callable[[Recipe], bool]) -> str:
    """What to know before recipes that ask for different priors are compared; "" for one prior.

    Args:
        recipes: those that start from nothing are left aside.
        fits: whether a recipe can start from its prior.

    Returns:
        A note that names the priors, the options that make them one, and recipes of the course
        that differ from one of these by its prior alone.
    """
    trained = [recipe for recipe in recipes if recipe.prior is not None]
    asked = list({recipe.prior: None for recipe in trained})
    if len(asked) < 2:
        return ""
    each = "; ".join(f"{recipe.name} from {describe_asked(recipe.prior)}" for recipe in trained)
    names = dict.fromkeys(prior.name for prior in asked if prior is not None)
    ways = [
        f"--prior {name}"
        for name in names
        if all(fits(with_prior(recipe, name)) for recipe in trained)
    ]
    for recipe in trained:
        for other in RECIPES_OF[recipe.preset].values():
            words = {"name": recipe.name, "title": recipe.title, "source": recipe.source}
            twin = other.prior != recipe.prior and replace(other, **words, prior=recipe.prior)
            if twin == recipe and other.prior in asked:
                ways.append(f"{other.name} in place of {recipe.name}")
    how = f" To start from one: {', or '.join(ways)}." if ways else ""
    return f"Note: different priors are compared as well, {each}.{how}"


def choose_data(env: str | None, dataset: str | None) -> Transitions:
    """The dataset, for fine-tuning in `env`.

    Args:
        env: an environment; None for the data's own.
        dataset: its name; None for the first of the course that was logged in that environment.

    Raises:
        InputError: no dataset of the course was logged there, or what `load_dataset` raises.
    """
    if dataset is None:
        of_env = [name for name, spec in DATASETS.items() if env in (None, spec.env_id)]
        if not of_env:
            raise InputError(
                f"The course has no dataset of {env!r}. Name the one to pre-train on: "
                "--dataset NAME; `python -m rlft list` shows those there are."
            )
        dataset = DATASET if env is None else of_env[0]
    return load_dataset(dataset, env_id=env)


@dataclass(frozen=True)
class Compare:
    """Run fine-tuning methods side by side: a table, a figure, and what differs between them.

    Attributes:
        recipes: names of recipes, see `python -m rlft list`.
        recipe: recipes of your own, each as FILE:NAME, for example my.py:MINE.
        env: environment to fine-tune in; by default the data's own.
        dataset: data to pre-train on; by default the course's first of that environment.
        seeds: independent runs of each recipe, side by side.
        prior: "own" for the prior that each recipe's authors start from, or one for all: bc, cql,
            calql, iql, inac.
        preset: the course's scale or the papers'.
        out: folder of the table, the figure, and all priors and runs; by default "compare" below
            the results folder.
        pretrain_steps: gradient updates of every prior; by default each recipe's own.
        baseline: name of the recipe that those from the same prior are held against, seed by seed;
            by default the first.
        floor: return of a policy that can nothing. A seed that loses more than half of what lies
            between its start and this has collapsed; by default that of never arriving in a maze.
        plan: how long the runs are and how they are made; each field is an option of its own.
    """

    recipes: Positional[tuple[str, ...]] = ()
    recipe: tuple[str, ...] = ()
    env: str | None = None
    dataset: str | None = None
    seeds: int = 8
    prior: str = OWN
    preset: Literal["course", "paper"] = "course"
    out: Path | None = None
    pretrain_steps: int | None = None
    baseline: str | None = None
    floor: float | None = None
    plan: Annotated[RunPlan, arg(name="")] = RunPlan()

    def run(self) -> list[Run]:
        """Makes what is missing, prints the table and the differences, writes the files.

        Raises:
            InputError: for a name or number that cannot be used, a recipe that cannot start from
                its prior, or a folder that cannot be written.
            NumericalError: if training diverges.
        """
        named = [find_recipe(name, self.preset) for name in dict.fromkeys(self.recipes)]
        named += [recipe_of(place) for place in dict.fromkeys(self.recipe)]
        if not named:
            raise InputError(
                "There is nothing to compare: name one recipe or more, as in `compare sac wsrl`."
            )
        one_of([recipe.name for recipe in named], baseline=self.baseline)
        recipes = [with_prior(recipe, self.prior, self.pretrain_steps) for recipe in named]
        folder = self.out or results_root() / "compare"
        data = choose_data(self.env, self.dataset)
        experiment = Experiment(data, folder, self.seeds, self.plan)
        print(data)
        for recipe in recipes:
            experiment.check(recipe)
        if note := prior_advice(recipes, experiment.fits):
            print(note)
        runs = []
        for number, recipe in enumerate(recipes, start=1):
            prior = "nothing" if recipe.prior is None else recipe.prior.name
            print(f"[{number}/{len(recipes)}] {recipe.title} (from {prior})")
            runs.append(experiment.run(recipe))
        tables = compare_runs(runs, baseline=self.baseline, collapse=rule_of(runs[0], self.floor))
        print(f"\n{tables}\n\n{explain(runs)}\n")
        if len(recipes) > 1:
            print(f"{diff_recipes(*recipes)}\n")
        for path in [*write(tables, runs, folder), *draw(runs, folder / "comparison")]:
            print(f"saved {path}")
        return runs


def rule_of(run: Run, floor: float | None) -> Collapse | None:
    """What counts as collapsed where a run was played; None if its floor is not known."""
    if floor is None and not run.env_kwargs:
        floor = floor_return(run.env_id)
    return None if floor is None else Collapse(floor)


def explain(runs: Sequence[Run]) -> str:
    """What the numbers of the tables are, in words."""
    return (
        f"Undiscounted returns at {len(runs[0].steps)} evaluations from 0, the switch, to "
        f"{runs[0].steps[-1]:,} environment steps per seed.\n"
        "final = mean of the last evaluations, drop = max(0, start - lowest), noise floor = the\n"
        "drop that a policy which never changes would have, by evaluation noise alone. Where\n"
        "methods start from the same priors, judge them by the differences seed by seed.\n"
        "Seconds are for all seeds at once; a prior that recipes share was made once."
    )


def write(tables: Comparison, runs: Sequence[Run], folder: Path) -> tuple[Path, Path]:
    """Writes the tables as CSV and Markdown; returns both paths.

    Raises:
        InputError: if the folder cannot be written to.
    """
    head = f"{runs[0].env_id}, data {runs[0].dataset}, {runs[0].seeds} seeds"
    text = f"# Methods side by side\n\n{head}.\n\n{tables.markdown()}\n\n{explain(runs)}\n"
    if len(runs) > 1:
        text += f"\n## What differs\n\n```\n{diff_recipes(*(run.recipe for run in runs))}\n```\n"
    files = (folder / "comparison.csv", folder / "comparison.md")
    for path, content in zip(files, (tables.csv(), text), strict=True):
        write_atomically(path, lambda file, content=content: file.write_text(content, "utf-8"))
    return files


def draw(runs: Sequence[Run], stem: Path) -> tuple[Path, Path]:
    """Saves the behaviour's curves as PNG and SVG; returns both paths.

    Raises:
        InputError: if the folder cannot be written to.
    """
    from rlft.show import save  # takes a second, of no use to the other commands
    from rlft.show.curves.comparison import plot_comparison

    env_id, kwargs = runs[0].env_id, runs[0].env_kwargs
    best = best_return(env_id) if is_maze(env_id) and not kwargs else None
    return save(plot_comparison(runs, best=best, title="Methods side by side"), stem)
