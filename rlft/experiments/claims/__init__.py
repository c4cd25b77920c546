"""The papers' claims on trial: each a value, with its places, its control arms and its rule."""

from rlft.core.errors import unknown
from rlft.experiments.claims import ajs, porl, wsrl
from rlft.experiments.claims.board import draw as draw_board
from rlft.experiments.claims.board import table as board_table
from rlft.experiments.claims.board import words as board_words
from rlft.experiments.claims.claim import Claim
from rlft.experiments.claims.record import Record, read_records
from rlft.results.records import find_record

CLAIMS: tuple[Claim, ...] = (*ajs.CLAIMS, *porl.CLAIMS, *wsrl.CLAIMS)
"""A1 to A8, P1 to P7, W1 to W6."""


def recorded_claims(*ids: str) -> list[Record]:
    """The course's own records of some claims; without ids, of all.

    Args:
        ids: as in "A1" and "W3".

    Returns:
        The records in the order of `CLAIMS`. One that is asked for and not made yet has no places.

    Raises:
        InputError: an unknown id, or no checkout of the course on this machine.
    """
    known = {claim.id: claim for claim in CLAIMS}
    for name in ids:
        if name not in known:
            raise unknown("claim", name, known)
    there = {r.claim.id: r for r in read_records(CLAIMS, find_record("results/claims"))}
    if not ids:
        return list(there.values())
    return [
        there.get(claim.id, Record(claim, {"places": []})) for claim in CLAIMS if claim.id in ids
    ]


__all__ = [
    "CLAIMS",
    "Claim",
    "Record",
    "board_table",
    "board_words",
    "draw_board",
    "read_records",
    "recorded_claims",
]
