"""The papers' claims on trial: each a value, with its places, its control arms and its rule."""

from rlft.experiments.claims import ajs, porl, wsrl
from rlft.experiments.claims.board import draw as draw_board
from rlft.experiments.claims.board import table as board_table
from rlft.experiments.claims.claim import Claim
from rlft.experiments.claims.record import Record, read_records

CLAIMS: tuple[Claim, ...] = (*ajs.CLAIMS, *porl.CLAIMS, *wsrl.CLAIMS)
"""A1 to A8, P1 to P7, W1 to W6."""

__all__ = ["CLAIMS", "Claim", "Record", "board_table", "draw_board", "read_records"]
