"""The recorded grid of the switchboard: every combination of ticks answers at once.

`studies/switchboard/study.py` made it; the file lies inside the package, so that an installed
library has it too. Every combination starts from the same priors, so that differences between two
are taken seed by seed.

Letters: S seeds, P evaluation points, the first at the switch, the others after the release.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import product
from pathlib import Path

import numpy as np

from rlft.core.checks import one_of
from rlft.core.errors import InputError
from rlft.core.files import PACKAGE, damaged
from rlft.data import DATASETS
from rlft.envs import Behaviour, log_episodes
from rlft.evaluate import Collapse, Share, average_return, evaluate, final_return, lowest_return
from rlft.evaluate.references import floor_return
from rlft.finetune import Run
from rlft.recipes.switchboard import (
    DATASET,
    PARENTS,
    TICKS,
    Ticks,
    combinations,
    release_of,
)

RECORD = PACKAGE / "results" / "switchboard.csv"
# Steps by which a return must beat the long way, walked without noise, to have found a shorter
# one: lesson 02's rule.
MARGIN = 2.0
POLICY = Ticks(policy=True)


@dataclass(frozen=True)
class Outcome:
    """What became of S policies, beside what their priors could do.

    Attributes:
        steps: (P,) environment steps since the release, 0 for the switch: until the release the
            policy is the one of the switch.
        returns: (S, P) undiscounted, of sampled actions.
        prior: (S,) returns of the priors' policies.
        moved: (S,) nats between the policy in the end and the prior's, at logged states.
        env_id: the environment.
    """

    steps: np.ndarray
    returns: np.ndarray
    prior: np.ndarray
    moved: np.ndarray
    env_id: str

    @property
    def change(self) -> np.ndarray:
        """Mean return over the steps since the release, minus the prior's, (S,)."""
        return average_return(self.steps, self.returns) - self.prior

    @property
    def lowest(self) -> np.ndarray:
        """The lowest return after the release, (S,)."""
        return lowest_return(self.returns)

    @property
    def drop(self) -> np.ndarray:
        """How far that lies below the prior's return, (S,), never negative."""
        return np.maximum(self.prior - self.lowest, 0)

    @property
    def final(self) -> np.ndarray:
        """Mean of the last three evaluations, (S,)."""
        return final_return(self.returns)

    @property
    def fell(self) -> np.ndarray:
        """Who lost more than half of what lay between the prior and never arriving, (S,) bool."""
        floor = floor_return(self.env_id)
        assert floor is not None, "the course's mazes have one"
        # From the prior on, also where the policy did not cross and never had anything to lose.
        return Collapse(floor).collapsed(np.column_stack([self.prior, self.returns[:, 1:]]))

    @property
    def found(self) -> np.ndarray:
        """Who ends more than 2 above the long way: a shorter one was found, (S,) bool."""
        return self.final > long_way(self.env_id) + MARGIN


def share(which: np.ndarray) -> Share:
    """How many of (S,) bool, as in "2 of 10 [6 %, 51 %]"."""
    return Share(int(which.sum()), len(which))


MEASURES: dict[str, Callable[[Outcome], np.ndarray]] = {
    "change": lambda outcome: outcome.change,
    "lowest": lambda outcome: outcome.lowest,
    "final": lambda outcome: outcome.final,
    "fell": lambda outcome: outcome.fell.astype(float),
    "found": lambda outcome: outcome.found.astype(float),
    "moved": lambda outcome: outcome.moved,
}
"""What an effect may be measured in, each (S,); see the properties of `Outcome`."""


@cache
def long_way(env_id: str) -> float:
    """Return of the script that walks the long way without noise, the best that the data knows."""
    walks = log_episodes(env_id, Behaviour(), transitions=2_000, seed=0)
    return float(np.mean([walk.rewards.sum() for walk in walks]))


@dataclass(frozen=True)
class Grid:
    """All combinations.

    Attributes:
        steps: (P,), see `Outcome`.
        returns: (S, P) of each canonical combination.
        moved: (S,) of each.
    """

    steps: np.ndarray
    returns: Mapping[Ticks, np.ndarray]
    moved: Mapping[Ticks, np.ndarray]

    @cached_property
    def prior(self) -> np.ndarray:
        """Returns of the priors' policies, (S,): those at a switch that the policy crosses."""
        return self.returns[POLICY][:, 0]

    @property
    def seeds(self) -> int:
        """S."""
        return len(self.prior)

    def outcome(self, ticks: Ticks) -> Outcome:
        """What was recorded of a combination; ticks that have no effect change nothing."""
        one = ticks.canonical
        env_id = DATASETS.find(DATASET).env_id
        return Outcome(self.steps, self.returns[one], self.prior, self.moved[one], env_id)

    def measured(self, measure: str) -> dict[Ticks, np.ndarray]:
        """A number of every combination, each (S,); taken once.

        Args:
            measure: of `MEASURES`.

        Raises:
            InputError: for an unknown measure.
        """
        one_of(MEASURES, measure=measure)
        if measure not in self._measured:
            take = MEASURES[measure]
            self._measured[measure] = {t: take(self.outcome(t)) for t in self.returns}
        return self._measured[measure]

    @cached_property
    def _measured(self) -> dict[str, dict[Ticks, np.ndarray]]:
        return {}

    def effect(
        self,
        name: str,
        measure: str = "change",
        *,
        free: Sequence[str] = tuple(TICKS),
        others: Ticks = POLICY,
    ) -> np.ndarray:
        """What a tick does: ticked minus not ticked, seed by seed, mean over the other ticks.

        A combination in which it changes nothing, as that of targets without critics, is left out.
        Where no policy crosses there is nothing to lose, and little that any tick could change: the
        effect of all others is taken where it does.

        Args:
            name: the tick.
            measure: of `MEASURES`.
            free: the ticks over whose settings the mean is taken.
            others: where all that are not free stand.

        Returns:
            (S,).

        Raises:
            InputError: for an unknown tick or measure.
        """
        one_of(TICKS, tick=name)
        values = self.measured(measure)
        for other in free:
            one_of(TICKS, tick=other)
        turned = [tick for tick in TICKS if tick in set(free) - {name, "policy"}]
        differences = []
        for setting in product((False, True), repeat=len(turned)):
            ticks = replace(others, **dict(zip(turned, setting, strict=True)))
            with_it, without = (ticks.but(name, on).canonical for on in (True, False))
            if with_it != without:
                differences.append(values[with_it] - values[without])
        if not differences:
            raise InputError(
                f"The tick {name!r} changes nothing while {TICKS[PARENTS[name]]!r} is not ticked. "
                f"Give others=Ticks({PARENTS[name]}=True), or let it be free."
            )
        return np.mean(differences, axis=0)


def outcome_of(run: Run) -> Outcome:
    """A run of one's own in the form of the recorded ones.

    Raises:
        InputError: if the run has no evaluation after the release.
    """
    released = release_of(run.recipe)
    after = run.steps > released
    if not after.any():
        raise InputError(
            f"The run of {run.recipe.name!r} ends at {run.steps[-1]:,} steps, and its policy may "
            f"move from {released:,} on. Give steps={released + 100} or more."
        )
    prior = run.returns_sampled[:, 0]
    if not run.recipe.handover.policy:
        policy, options = run.prior.learner.policy, run.env_kwargs
        prior = evaluate(policy, run.env_id, mode=False, env_kwargs=options).mean_returns
    points = np.flatnonzero(after)
    steps = np.concatenate([[0], run.steps[points] - released])
    returns = run.returns_sampled[:, [0, *points]]
    moved = np.full(run.seeds, np.nan) if run.kl is None else run.kl[:, -1]
    return Outcome(steps, returns, prior, moved, run.env_id)


def grid_of(rows: Sequence[Mapping[str, str]]) -> Grid:
    """The grid that rows of text make: a row for each seed of each combination.

    Raises:
        InputError: combinations are missing.
        KeyError: so is a column.
        ValueError: a cell is no number, or a combination has other seeds.
    """
    points = [column for column in (rows[0] if rows else {}) if column.isdigit()]
    curves: dict[Ticks, list[list[float]]] = {}
    moved: dict[Ticks, list[float]] = {}
    for row in rows:
        ticks = Ticks(*(bool(int(row[name])) for name in TICKS))
        curves.setdefault(ticks, []).append([float(row[point]) for point in points])
        moved.setdefault(ticks, []).append(float(row["moved"]))
    missing = [ticks for ticks in combinations() if ticks not in curves]
    if missing:
        raise InputError(
            f"{len(missing)} combinations of ticks were not recorded, the first: {missing[0]}. "
            "Make them with `python studies/switchboard/study.py`."
        )
    returns = {ticks: np.array(rows) for ticks, rows in curves.items()}
    if len({values.shape for values in returns.values()}) > 1:
        raise ValueError("combinations have different seeds")
    steps = np.array([int(point) for point in points])
    return Grid(steps, returns, {ticks: np.array(values) for ticks, values in moved.items()})


@cache
def read_switchboard(path: Path = RECORD) -> Grid:
    """Reads the recorded grid.

    Args:
        path: the study's `results.csv`; by default the copy inside the package.

    Raises:
        InputError: the file is missing or damaged, or combinations are missing in it.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return grid_of(list(csv.DictReader(file)))
    except InputError:
        raise
    except (OSError, KeyError, ValueError) as error:
        raise damaged(path, error) from error
