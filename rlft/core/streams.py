"""One `seed=` argument, several independent random streams.

Every role (the learner's weights and noise, the batches, acting, ...) draws from a stream of its
own, so that changing one of them leaves the others as they were. Each `seed` owns a block of
streams: neighbouring seeds share none.
"""

from __future__ import annotations

from enum import IntEnum, unique

# More than there are roles. Seeds from 0 to 999 are apart from each other in every role and in the
# evaluations; beyond, the numbers stay valid but a stream may be met twice.
STREAMS_PER_SEED = 1_000
# Evaluations get streams far behind the blocks, one for each point of the curve.
EVALUATION_STRIDE = 1_000_003


@unique
class Role(IntEnum):
    """Who draws. A number is never used again for another role, and no role has two names."""

    PRETRAINED_LEARNER = 0
    PRETRAINING_BATCHES = 1
    LEARNER = 2
    LOOP = 3
    GUIDE = 4
    SCHEDULE = 5
    ENVIRONMENT = 6


def stream(seed: int, role: Role) -> int:
    """The seed of a role's generator."""
    return seed * STREAMS_PER_SEED + role


def evaluation_stream(seed: int, point: int) -> int:
    """The seed of the `point`-th evaluation: other starts and noise each time, for all the same."""
    return seed * STREAMS_PER_SEED + EVALUATION_STRIDE * point
