"""Which runs may stand side by side: what is refused, and what is said beside the numbers.

Returns of two environments have no common unit. A lowest return is a minimum over evaluations, so
that it and the drop sink with every further one, and with fewer episodes in each. Such runs are
refused. Runs from other priors, data or random streams have numbers of one kind: they are compared,
and it is said that more differs than the method.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch

from rlft.core.errors import InputError


class Placed(Protocol):
    """What is needed of a run to say where it was played (see `rlft.finetune`)."""

    @property
    def recipe(self) -> Any:
        """The recipe; its `name` stands in messages."""
        ...

    @property
    def env_id(self) -> str:
        """The environment."""
        ...

    @property
    def env_kwargs(self) -> Mapping[str, object]:
        """Its options."""
        ...


class Measured(Placed, Protocol):
    """What is needed of a run to say how it was made and measured."""

    @property
    def steps(self) -> np.ndarray:
        """(P,) environment steps per seed at each evaluation."""
        ...

    @property
    def returns_sampled(self) -> np.ndarray:
        """(S, P) return of sampled actions."""
        ...

    @property
    def switch_returns(self) -> Mapping[str, np.ndarray]:
        """Of each curve the returns of single episodes at the switch, (S, K), where kept."""
        ...

    @property
    def seed(self) -> int:
        """Start of the random streams."""
        ...

    @property
    def prior(self) -> Any:
        """Where the run started."""
        ...


def check_environments(runs: Sequence[Placed]) -> None:
    """Refuses runs of different environments, for tables and figures of returns.

    Raises:
        InputError: names two runs and where each was played.
    """
    _same(
        runs,
        [(run.env_id, json.dumps(run.env_kwargs, default=str, sort_keys=True)) for run in runs],
        [f"{run.env_id} {dict(run.env_kwargs) or ''}".rstrip() for run in runs],
        "returns have no common unit. Compare the runs of each environment by themselves",
    )


def check_measured_alike(runs: Sequence[Measured]) -> None:
    """Refuses runs whose start, lowest and final return and drop mean different things.

    Raises:
        InputError: names two runs and the environments, evaluations or episodes that differ.
    """
    check_environments(runs)
    _same(
        runs,
        [run.steps.tolist() for run in runs],
        [
            f"{len(run.steps)} evaluations, every {run.steps[1]:,} steps up to {run.steps[-1]:,},"
            for run in runs
        ],
        "a drop grows with the evaluations, and the last ones mean other steps. Fine-tune all with "
        "one RunPlan(steps=..., eval_every=...)",
    )
    kept = [run for run in runs if "sampled" in run.switch_returns]  # not by older versions
    episodes = [run.switch_returns["sampled"].shape[1] for run in kept]
    _same(
        kept,
        episodes,
        [f"{count} episodes for each evaluation" for count in episodes],
        "with fewer episodes a drop is larger by noise alone. Fine-tune all with one "
        "RunPlan(eval_episodes=...)",
    )


def differences(runs: Sequence[Measured]) -> list[str]:
    """What differs between the runs besides the method, a sentence each.

    Runs from nothing have no prior that could differ.
    """
    found = []
    trained = [run for run in runs if run.prior.steps > 0]
    datasets = [f"{run.prior.data.name} ({run.prior.data.digest[:8]})" for run in trained]
    if len(set(datasets)) > 1:
        found.append(f"Their priors learned from different data: {_each(trained, datasets)}.")
    if any(not same_prior(trained[0].prior, run.prior) for run in trained[1:]):
        found.append("They do not start from one prior, so a difference is not the method's alone.")
    seeds = [str(run.seed) for run in runs]
    if len(set(seeds)) > 1:
        found.append(
            f"Their random streams differ (seed: {_each(runs, seeds)}): episodes start elsewhere, "
            "and differences are not paired."
        )
    return found


def _each(runs: Iterable[Placed], values: Iterable[str]) -> str:
    return ", ".join(f"{run.recipe.name} {v}" for run, v in zip(runs, values, strict=True))


def _same(runs: Sequence[Placed], values: Sequence[Any], words: Sequence[str], why: str) -> None:
    """Raises unless all values are equal; names the first run and the first that differs."""
    for run, value, said in zip(runs, values, words, strict=True):
        if value != values[0]:
            raise InputError(
                f"The runs cannot be compared: {words[0]} for {runs[0].recipe.name!r}, {said} for "
                f"{run.recipe.name!r}; {why}."
            )


def same_prior(one: Any, other: Any) -> bool:
    """Whether two priors are one, also when each was read from its own file: by their weights."""
    if one is other:
        return True
    ours, theirs = (prior.learner.state_dict() for prior in (one, other))
    return ours.keys() == theirs.keys() and all(
        ours[key].shape == theirs[key].shape and torch.equal(ours[key].cpu(), theirs[key].cpu())
        for key in ours
        if key != "generator"  # where its random numbers stand, which no recipe hands over
    )
