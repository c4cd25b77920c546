"""What can be measured along a run besides its curves, at each evaluation.

Letters: S seeds.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rlft.algorithms import Learner
from rlft.core.checks import at_least
from rlft.core.registry import stored
from rlft.data import Transitions
from rlft.evaluate import q_error
from rlft.evaluate.support import estimate_q


class Probe(Protocol):
    """Looks at a learner; must not move it, nor draw from its random stream."""

    def look(self, learner: Learner, data: Transitions) -> Mapping[str, np.ndarray]:
        """Numbers by name, each (S,).

        Args:
            learner: as it is at this step.
            data: what its prior learned from.
        """
        ...


@stored
@dataclass(frozen=True)
class LoggedQ:
    """Mean Q of the learner on logged pairs, "q_logged", in units of discounted return.

    Attributes:
        pairs: how many, the same ones each time; 1 or more.

    Raises:
        InputError: fewer than one pair.
    """

    pairs: int = 512

    def __post_init__(self) -> None:
        at_least(1, pairs=self.pairs, hint="512 leave a standard error below 0.5 in the maze.")

    def look(self, learner: Learner, data: Transitions) -> Mapping[str, np.ndarray]:
        count = min(self.pairs, len(data))
        rows = np.random.default_rng(0).choice(len(data), count, replace=False)
        return {
            "q_logged": estimate_q(learner, data.observations[rows], data.actions[rows]).mean(1)
        }


@stored
@dataclass(frozen=True)
class QErrors:
    """Q minus Monte-Carlo truth, as `q_error` has it: on data, off it, and at unseen states.

    Only where an environment can begin in any state. In units of discounted return.

    Attributes:
        pairs: of each kind, 1 or more.

    Raises:
        InputError: fewer than one pair.
    """

    pairs: int = 256

    def __post_init__(self) -> None:
        at_least(1, pairs=self.pairs, hint="256 leave a standard error of about 0.3 in the maze.")

    def look(self, learner: Learner, data: Transitions) -> Mapping[str, np.ndarray]:
        # A copy, as rollouts draw from the policy's random stream.
        found = q_error(copy.deepcopy(learner), data, data.env_id, n=self.pairs)
        return {
            "error_on_data": found.in_support,
            "error_off_data": found.out_of_support,
            "error_unseen": found.unseen_states,
        }


class Watch:
    """Gathers what probes see; a callback of `finetune`.

    Args:
        probes: asked at each evaluation.
        data: what the prior learned from.
    """

    def __init__(self, probes: tuple[Probe, ...], data: Transitions) -> None:
        self._probes, self._data = probes, data
        self._seen: dict[str, list[np.ndarray]] = {}

    def __call__(self, step: int, learner: Learner, replay: object) -> None:
        for probe in self._probes:
            for name, values in probe.look(learner, self._data).items():
                self._seen.setdefault(name, []).append(values)

    def columns(self) -> dict[str, np.ndarray]:
        """All that was seen, by name, each (S, P)."""
        return {name: np.stack(values, 1) for name, values in self._seen.items()}
