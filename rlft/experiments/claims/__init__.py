"""The papers' claims on trial: each a value, with its places, its control arms and its rule."""

from rlft.experiments.claims import ajs, porl, wsrl
from rlft.experiments.claims.claim import Claim

CLAIMS: tuple[Claim, ...] = (*ajs.CLAIMS, *porl.CLAIMS, *wsrl.CLAIMS)
"""A1 to A8, P1 to P7, W1 to W6."""

__all__ = ["CLAIMS", "Claim"]
