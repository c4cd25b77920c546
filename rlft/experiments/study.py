"""A study: a question, the arms that answer it, what is measured of each, what the table says.

The rows of each arm are kept in a file of their own, named by a key of everything that could change
them, and written when the arm is done. So an interrupted study goes on at the first arm that is
missing, and an arm is made again when its recipe, its data, its prior, its plan, the versions, the
library's code or what is measured has changed. All else that is written is made of these files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import tyro

from rlft.core.checks import refused
from rlft.core.encoding import cache_key
from rlft.core.errors import InputError, NumericalError, unknown
from rlft.core.files import write_atomically
from rlft.experiments.made_of import made_of
from rlft.experiments.rows import Results, Row, read_rows, write_rows
from rlft.results.digest import code_digest
from rlft.results.provenance import provenance
from rlft.results.store import results_root

ROWS, TABLE = "results.csv", "results.md"


class Runnable(Protocol):
    """What a study needs of an arm; `Arm` is the usual one."""

    @property
    def name(self) -> str:
        """What differs, in words."""
        ...

    @property
    def labels(self) -> Mapping[str, str]:
        """The first cells of its rows, by column."""
        ...

    def check(self) -> None:
        """Raises InputError if it cannot be run."""
        ...

    def key(self) -> str:
        """Changes with whatever could change its numbers."""
        ...


A = TypeVar("A", bound=Runnable)


@dataclass(frozen=True)
class Study(Generic[A]):
    """A question and how it is answered.

    Attributes:
        name: its folder, below `studies` and below the kept results.
        title: the heading of its results.
        about: what was done, and what the columns are.
        arms: in the order of the table.
        measure: runs an arm, given the folder where priors are kept, and returns its rows, each
            with the same columns.
        table: the lines of Markdown that the rows of the arms make; an arm may be missing.
        conclusions: what follows from the table, in Markdown; "" for nothing yet.
        notice: what a reader must know of the rows that are recorded; "" for nothing.

    Raises:
        InputError: if two arms have one name or the same labels.
    """

    name: str
    title: str
    about: str
    arms: tuple[A, ...]
    measure: Callable[[A, Path], list[Row]]
    table: Callable[[Results], list[str]]
    conclusions: str = ""
    notice: str = ""

    def __post_init__(self) -> None:
        for arm in self.arms:
            alike = [
                one.name
                for one in self.arms
                if one.name == arm.name or labels_of(one) == labels_of(arm)
            ]
            if len(alike) > 1:
                raise refused("arms", alike, "arms that differ by name and labels", "Rename one.")

    def chosen(self, names: Sequence[str]) -> list[A]:
        """The arms of these names, all of them without any.

        Raises:
            InputError: for an unknown name.
        """
        known = {arm.name: arm for arm in self.arms}
        for name in names:
            if name not in known:
                raise unknown("arm", name, known)
        return [arm for arm in self.arms if not names or arm.name in names]

    def files(self, folder: Path) -> dict[str, Path]:
        """Where the rows of each arm are kept below a folder, by its name."""
        shared = (made_of(self.measure), provenance().versions, code_digest())
        files = {}
        for arm in self.arms:
            stem = re.sub(r"[^\w.-]+", "-", arm.name)
            key = cache_key(arm.name, arm.key(), *shared)
            files[arm.name] = folder / self.name / "arms" / f"{stem}-{key}.csv"
        return files

    def kept(self, files: Mapping[str, Path]) -> Results:
        """The rows of the arms whose files are there; see `files`."""
        return {
            arm.name: [{**labels_of(arm), **row} for row in read_rows(files[arm.name])]
            for arm in self.arms
            if files[arm.name].exists()
        }

    def make(self, folder: Path, names: Sequence[str] = ()) -> Results:
        """Makes the arms that are missing, one after the other.

        After each arm `results.csv` and `results.md` are written into the study's own folder below
        `folder`, from the arms that are there.

        Args:
            folder: where priors and rows are kept.
            names: of the arms to make; without any, all.

        Returns:
            The rows of all arms that are there then.

        Raises:
            InputError: for an unknown arm, or one that cannot start from its prior; before anything
                is made.
            NumericalError: if training diverges; names the arm.
        """
        chosen, files = self.chosen(names), self.files(folder)
        for arm in chosen:
            arm.check()
        for number, arm in enumerate(chosen, start=1):
            there = files[arm.name].exists()
            print(f"[{number}/{len(chosen)}] {arm.name}{', already made' * there}", flush=True)
            if not there:
                try:
                    write_rows(files[arm.name], self.measure(arm, folder))
                except NumericalError as error:
                    raise NumericalError(f"Arm {arm.name!r}: {error}") from error
            self.write(self.kept(files), folder / self.name)
        return self.kept(files)

    def missing(self, results: Results) -> list[str]:
        """Names of the arms that have no rows."""
        return [arm.name for arm in self.arms if arm.name not in results]

    def markdown(self, results: Results) -> str:
        """Title, what was done, the table and what follows; says which arms are missing."""
        missing = "; ".join(self.missing(results))
        known = [f"**{self.notice}**", ""] if self.notice else []
        known += [f"**Without the arms that are not made yet: {missing}.**", ""] if missing else []
        lines = [f"# {self.title}", "", *known, self.about, "", *self.table(results)]
        return "\n".join(lines) + "\n" + self.conclusions

    def write(self, results: Results, folder: Path) -> None:
        """Writes rows and table, each file whole or not at all.

        Raises:
            InputError: if the folder cannot be written to.
        """
        text = self.markdown(results)  # first: if the table fails, both files stay as they were
        write_rows(folder / ROWS, [row for rows in results.values() for row in rows])
        write_atomically(folder / TABLE, lambda file: file.write_text(text, encoding="utf-8"))

    def read(self, folder: Path) -> Results:
        """The rows that `write` left, by arm, in the order of the file.

        Raises:
            InputError: if the file is missing, or holds rows of an arm that the study has not.
        """
        names = {tuple(labels_of(arm).items()): arm.name for arm in self.arms}
        columns = [column for column, _ in next(iter(names), ())]
        results: Results = {}
        for row in read_rows(folder / ROWS):
            labels = tuple((column, row.get(column, "")) for column in columns)
            if labels not in names:
                raise refused(
                    str(folder / ROWS),
                    dict(labels),
                    "rows of the study's arms only",
                    "Take the rows out, or give the study the arm that they are of.",
                )
            results.setdefault(names[labels], []).append(row)
        return results


def labels_of(arm: Runnable) -> Row:
    """The first cells of an arm's rows."""
    return dict(arm.labels) or {"arm": arm.name}


@dataclass(frozen=True)
class Command:
    """Make the arms that are missing, then rows and table of all.

    Attributes:
        table: make nothing; only write the table again, from the rows that were recorded.
        arms: names of the arms to make; by default all.
        out: where priors, rows and table go in a trial, which leaves the record beside the script
            alone; by default below the results folder, and with all arms the record is replaced.
    """

    table: bool = False
    arms: tuple[str, ...] = ()
    out: Path | None = None


def run_study(study: Study[A], script: str | Path, arguments: Sequence[str] | None = None) -> None:
    """The command line of a study's script.

    Args:
        study: what it is about.
        script: the file; `results.csv` and `results.md` beside it are the record.
        arguments: of the command line; None for the program's own.

    Raises:
        SystemExit: with a message, for what `make` and `read` raise and for an interruption.
    """
    program = f"python studies/{study.name}/study.py"
    command = tyro.cli(Command, args=arguments, prog=program, description=study.title)
    folder = command.out or results_root() / "studies"
    trial, record = folder / study.name, Path(script).parent
    home = record if command.out is None else trial
    try:
        results = study.read(home) if command.table else study.make(folder, command.arms)
        missing = study.missing(results)
        if missing:
            print(f"{len(missing)} of {len(study.arms)} arms are missing: {'; '.join(missing)}.")
            home = home if command.table else trial  # a record is replaced by a whole one only
        study.write(results, home)
    except (InputError, NumericalError) as error:
        raise SystemExit(f"Error: {error}") from error
    except KeyboardInterrupt:
        raise SystemExit("Interrupted. The same call goes on with this arm.") from None
    print(f"saved {home / TABLE}")
