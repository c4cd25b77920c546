"""The command line, `python -m rlft`: each command is a dataclass whose fields are its options."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

import tyro

from rlft.acting.horizon import SCHEDULES
from rlft.acting.rules import RULES
from rlft.algorithms import ALGORITHMS
from rlft.core.errors import InputError, NumericalError
from rlft.core.table import Table
from rlft.course.commands import Course
from rlft.data import list_datasets, make_datasets
from rlft.experiments.behaviour import Behaviour
from rlft.experiments.claims.command import Claims
from rlft.experiments.compare import Compare, describe_asked
from rlft.experiments.cost import cost_class
from rlft.experiments.demo import Demo
from rlft.experiments.own_files import load_file
from rlft.experiments.sweep.command import Sweep
from rlft.grading.marks.command import Grade
from rlft.recipes.registry import RECIPES, RECIPES_OF

DESCRIPTION = "Offline-to-online fine-tuning of policies, measured: the course's command line."
# The shell's convention for a program that was told to stop: 128 + SIGINT.
INTERRUPTED = 130
# And for one whose reader has gone: 128 + SIGPIPE.
CLOSED = 141


@dataclass(frozen=True)
class Data:
    """Make the course's datasets, or verify those that are there.

    Attributes:
        remake: datasets to write anew, for example one that is damaged; then only these.
    """

    remake: tuple[str, ...] = ()

    def run(self) -> None:
        """Makes or verifies, and prints one line for each dataset."""
        made = make_datasets(self.remake or None, remake=bool(self.remake))
        for name, data in made.items():
            episodes = len(data.episode_starts)
            print(
                f"{name:<34} {len(data):>7,} transitions {episodes:>5} episodes  {data.digest[:12]}"
            )


@dataclass(frozen=True)
class List:
    """List what there is by name: datasets, recipes, algorithms, acting rules, schedules.

    Attributes:
        file: files of your own, whose registered things are listed too.
    """

    file: tuple[Path, ...] = ()

    def run(self) -> None:
        """Prints tables of datasets, recipes and sources, and a line for each other kind."""
        for path in self.file:
            load_file(path)
        datasets = [
            (entry.name, entry.description + " (made on first use)" * (not entry.is_local))
            for entry in list_datasets()
        ]
        sources: dict[str, list[str]] = {}
        for name, recipe in RECIPES.items():
            sources.setdefault(f"{recipe.source.kind}: {recipe.source.paper}", []).append(name)
        for title, table in (
            ("Datasets, for rlft.load_dataset(name)", Table((), datasets)),
            (
                "Recipes, for rlft.finetune(prior, name), with the prior that `compare` makes for "
                "each, and\nwhat prior and run cost on a CPU, 8 seeds, counted and not timed, at "
                "--preset course and paper",
                recipe_table(),
            ),
            (
                "Where they come from",
                Table((), [(source, ", ".join(names)) for source, names in sources.items()]),
            ),
        ):
            print(f"{title}\n{indent(table.text(rule=True), '  ')}\n")
        for title, names in (
            ("Algorithms, for rlft.pretrain(name, data)", ALGORITHMS),
            ("Acting rules, for recipes", RULES),
            ("Schedules of a jump start", SCHEDULES),
        ):
            print(f"{title}\n  {', '.join(names)}\n")


def recipe_table() -> Table:
    """What each recipe does, starts from, and costs at each scale that it exists at."""
    rows = [
        (
            name,
            recipe.title,
            describe_asked(recipe.prior),
            *(cost_class(scale[name]) if name in scale else "-" for scale in RECIPES_OF.values()),
        )
        for name, recipe in RECIPES.items()
    ]
    return Table(("recipe", "", "prior", *RECIPES_OF), rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: of the command line; None for the program's own.

    Returns:
        The exit code: 0, or 2 for an error that has a clear message, as for wrong arguments; 130 if
        interrupted, 141 if nobody reads what it prints.
    """
    try:  # also around reading the options: a plan checks its numbers when it is made
        command = tyro.cli(
            Behaviour | Claims | Compare | Course | Data | Demo | Grade | List | Sweep,
            args=arguments,
            prog="python -m rlft",
            description=DESCRIPTION,
        )
        command.run()
        sys.stdout.flush()  # here, where somebody who has stopped reading is no error
    except (InputError, NumericalError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads has enough, as in `rlft list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at the end
        return CLOSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
