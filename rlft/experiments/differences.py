"""Arms of a study compared seed by seed: the differences, and the table of them.

Letters: S seeds, P evaluation points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from rlft.core.checks import refused, shaped
from rlft.evaluate import average_return, drop, final_return
from rlft.evaluate.intervals import Interval, interval
from rlft.experiments.rows import Results, Row, by_seed, markdown_table


@dataclass(frozen=True)
class Quantity:
    """What is compared.

    Attributes:
        name: in the head of a table.
        of: what is made of the curves: (S, P) to (S,).
        column: of the rows, where the curves are.
    """

    name: str
    of: Callable[[np.ndarray], np.ndarray]
    column: str = "return"


def average(returns: np.ndarray) -> np.ndarray:
    """Mean over the steps of curves whose evaluations are evenly spaced, (S, P) to (S,)."""
    return average_return(np.arange(returns.shape[1]), returns)


START = Quantity("start", lambda returns: returns[:, 0])
# Lowest and not drop where arms start by chance apart: two evaluations of a policy that has not
# moved yet differ, and a drop would count that as a gain.
LOWEST = Quantity("lowest", lambda returns: returns.min(1))
AVERAGE = Quantity("average", average)
DROP = Quantity("drop", drop)
FINAL = Quantity("final", final_return)

# A mean of differences may be one seed's: beside each interval stand those on either side of 0.
SIDES = "After each interval: the number of seeds above 0 and below it."

# Takes the rows of two arms that are to be compared, for example from some step on.
Cut = Callable[[str, str], tuple[Sequence[Row], Sequence[Row]]]


def by_pairs(rows: Sequence[Row], control: Sequence[Row], quantity: Quantity) -> np.ndarray:
    """How far an arm is above another one, seed by seed.

    Args:
        rows: of the arm.
        control: of the arm that it is compared with.
        quantity: what is compared.

    Returns:
        (S,) differences.

    Raises:
        InputError: if the two arms do not have the same seeds and as many evaluations.
    """
    ours, theirs = by_seed(rows, quantity.column), by_seed(control, quantity.column)
    if ours.keys() != theirs.keys():
        raise refused(
            "seeds",
            sorted(ours),
            f"those of the other arm, {sorted(theirs)}",
            "Differences are taken seed by seed: make both arms with the same seeds.",
        )
    one, other = (np.stack([curve[seed] for seed in ours]) for curve in (ours, theirs))  # (S, P)
    hint = "A drop grows with the evaluations: make both arms with one RunPlan."
    shaped(other.shape, curves=one, hint=hint)
    return quantity.of(one) - quantity.of(other)


def paired(rows: Sequence[Row], control: Sequence[Row], quantity: Quantity) -> Interval:
    """The mean of `by_pairs` and its interval.

    Seeds that started from the same prior have their luck in common: the interval of their
    differences is much narrower than the two arms' own intervals let one think.
    """
    return interval(by_pairs(rows, control, quantity))


def sides(gaps: np.ndarray) -> str:
    """How many of the differences, (S,), lie above and below 0, as in "7:3"."""
    return f"{(gaps > 0).sum()}:{(gaps < 0).sum()}"


def differences(
    results: Results,
    pairs: Iterable[tuple[str, str]],
    quantities: Sequence[Quantity],
    cut: Cut | None = None,
) -> list[str]:
    """A table of differences: one line for each pair of arms that are both there, and a legend.

    Args:
        results: the rows of the arms.
        pairs: names of an arm and of what it is compared with.
        quantities: the columns.
        cut: which rows of the two; None for all.

    Returns:
        The lines, in Markdown.

    Raises:
        InputError: as `paired`.
    """
    body = []
    for one, other in pairs:
        if one in results and other in results:
            ours, theirs = cut(one, other) if cut else (results[one], results[other])
            gaps = [by_pairs(ours, theirs, quantity) for quantity in quantities]  # (S,) each
            body.append([one, other, *(f"{interval(own):.1f} {sides(own)}" for own in gaps)])
    head = ["arm", "minus", *(quantity.name for quantity in quantities)]
    return [*markdown_table(head, body), "", SIDES]
