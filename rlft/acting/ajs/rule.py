"""AJS's rule in numbers: when the gate opens, and what the estimate behind it is made of.

What the paper (arXiv 2505.00913) leaves open is a field here, so this is a reconstruction.

Letters: S seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from rlft.algorithms.fqe.config import FQEConfig
from rlft.core.checks import at_least, one_of, refused, within

REFERENCES = ("frozen", "tracked", "calibrated")
JUDGES = ("current", "candidate")
PLACES = ("start", "hand-off")


@dataclass(frozen=True)
class GateRule:
    """The numbers of the gate: h falls by `step` when estimate + bias >= reference - tolerance.

    Known from the paper: h starts at the longest episode; the estimator is fitted Q evaluation of
    the policy of guide and explorer on the buffer, updated now and then; it is compared with the
    offline value.
    Every field except `start_at` is unknown in the paper; its default is chosen here, as it says.

    Attributes:
        start_at: h at the beginning, 0 or more; None for the whole episode, as in the paper.
        step: steps by which h moves. Unknown in the paper; chosen as a twenty-fifth of the
            maze's time limit, so that one wrong decision costs little.
        check_every: environment steps between two decisions. Unknown in the paper; chosen as two
            longest episodes of the maze: the judge must have seen what the explorer does at this h,
            and learned from it, before it is asked again (studies/fqe/results.md).
        tolerance: what may be missing, in units of return, 0 or more. Unknown in the paper; chosen
            as two steps of a walk, several times what the estimate wobbles (0.5) while the policy
            stays.
        spreads: standard deviations of the ensemble added to the tolerance, 0 or more. Unknown in
            the paper; chosen 0, as the spread does not see what the data does not show.
        may_grow: whether h grows by `step`, up to `start_at`, when the estimate is too low. Unknown
            in the paper, which only speaks of reducing; chosen on, as a judge that learns of a fall
            late should be able to take back what it gave.
        judge: which policy is estimated: the one at the "current" h, or the "candidate" that would
            follow. Unknown in the paper beyond its words "current switching policy"; chosen so.
            With "candidate" the replay holds no explorer's action before the current h: what it
            would do there is extrapolated.
        read_at: where values are read: at "start", the data's first observations, or at "hand-off",
            the states seen at steps nearest h. Unknown in the paper; chosen "start", the usual
            place. With a discount the explorer's part weighs gamma^h there, next to nothing for a
            late hand-off; hence the undiscounted default of `fqe`.
        states: number of states at which values are read, 1 or more. Unknown in the paper; chosen
            64, enough for the mean over the maze's narrow start area.
        fqe: the estimator. Unknown in the paper, also whether it sees the clock; chosen to see it,
            as the jump-start policy does, and to estimate the plain return of an episode.
        mode: estimate most likely actions instead of sampled ones. Unknown in the paper; chosen
            off, as the policy acts with sampled ones.
        update_every: environment steps between two rounds of updates. Unknown in the paper
            ("periodically"); chosen 1.
        updates: updates in a round, 1 or more. Unknown in the paper; chosen 2, so that the judge is
            ahead of the policies that it judges.
        data_share: share of logged rows in the estimator's batches, in [0, 1], beside what the
            replay holds. The paper says "the buffer"; chosen 0: from its own steps the judge
            notices the bad hand-offs, from logged ones alone few (studies/fqe/results.md).
        reference: a "frozen" function, one that is "tracked", re-estimated along the run from the
            same batches, or "calibrated": from the first decision on what the first online episodes
            returned, at full h, as an estimate from logged data may be too high for anybody to
            reach. Unknown in the paper ("initial offline value"); chosen frozen.
        reference_updates: updates of the reference on the logged data, before the run. Unknown in
            the paper; chosen so that the estimate has stopped moving: on the maze's medium data it
            changes by less than 1 afterwards, but by up to 7 after 500 updates.
        warm_start: whether the estimator starts as a copy of the reference: at full h both are
            about the same policy. Unknown in the paper ("all networks initialised from offline
            training"); chosen so. If not, it starts from new networks.
        bias: added to the estimate, in units of return. Not in the paper: it provokes stagnation
            (negative) and collapse (positive).

    Raises:
        InputError: a value outside its range.
    """

    start_at: int | None = None
    step: int = 4
    check_every: int = 200
    tolerance: float = 2.0
    spreads: float = 0.0
    may_grow: bool = True
    judge: Literal["current", "candidate"] = "current"
    read_at: Literal["start", "hand-off"] = "start"
    states: int = 64
    fqe: FQEConfig = FQEConfig(gamma=1.0, time_aware=True, finite_horizon=True)
    mode: bool = False
    update_every: int = 1
    updates: int = 2
    data_share: float = 0.0
    reference: Literal["frozen", "tracked", "calibrated"] = "frozen"
    reference_updates: int = 2_000
    warm_start: bool = True
    bias: float = 0.0

    def __post_init__(self) -> None:
        at_least(
            1,
            step=self.step,
            check_every=self.check_every,
            states=self.states,
            update_every=self.update_every,
            updates=self.updates,
            reference_updates=self.reference_updates,
            hint="Start from the defaults, Automatic().",
            of="Automatic",
        )
        at_least(
            0,
            tolerance=self.tolerance,
            spreads=self.spreads,
            hint="To ask for more than the reference, use a negative bias.",
            of="Automatic",
        )
        at_least(0, start_at=self.start_at, hint="Give 0 for no guide.", of="Automatic")
        hint = "Use 0 for the replay's rows alone, 1 for logged rows alone."
        within(0, 1, data_share=self.data_share, hint=hint, of="Automatic")
        one_of(JUDGES, judge=self.judge)
        one_of(PLACES, read_at=self.read_at)
        one_of(REFERENCES, reference=self.reference)
        if self.reference == "calibrated" and self.read_at != "start":
            hint = "Leave read_at out, or take another reference."
            raise refused("read_at", self.read_at, "'start': episodes are seen whole", hint)


def moved(
    horizon: np.ndarray, opens: np.ndarray, step: int, longest: int, may_grow: bool
) -> np.ndarray:
    """The next h, (S,): lower where the gate opens, else as it is, or higher.

    Args:
        horizon: (S,), h now.
        opens: (S,) bool.
        step: by how much h moves.
        longest: the largest h.
        may_grow: whether it grows where the gate stays closed.
    """
    higher = np.minimum(horizon + step, longest) if may_grow else horizon
    return np.where(opens, np.maximum(horizon - step, 0), higher)
