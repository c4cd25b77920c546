"""How the time of an update grows: with seeds, critics, UTD, width and batch, one at a time.

Letters: S seeds, E critics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from benchmarks.speed import online, ours
from benchmarks.speed.comparisons import PENDULUM
from benchmarks.speed.rounds import Call, Contender, Effort, measure
from benchmarks.speed.shape import COURSE, ten

SEEDS = 6  # as in the lessons
NORM = replace(COURSE, layer_norm=True)  # the library's default


@dataclass(frozen=True)
class Sweep:
    """One size that grows while the others stay.

    Attributes:
        title: what grows, and what stays.
        points: what is measured, by the size's value; the first is what others are compared with.
        unit: what the time is of; all points count the same.
    """

    title: str
    points: dict[str, Callable[[], Call]]
    unit: str = "an update of one seed"

    def measure(self, effort: Effort) -> dict[str, Any]:
        """Rates of all points, ready to be stored."""
        points = list(self.points.items())
        chosen = points[:2] if effort.quick else points
        return asdict(measure([Contender(name, make, own=True) for name, make in chosen], effort))


SWEEPS: dict[str, Sweep] = {
    "growth-seeds": Sweep(
        f"seeds S, SAC {COURSE}",
        {str(s): lambda s=s: ours.sac(COURSE, s) for s in (1, 2, 4, 8, 16, 32)},
    ),
    "growth-seeds-ten": Sweep(
        f"seeds S, SAC {ten(COURSE)}",
        {str(s): lambda s=s: ours.sac(ten(COURSE), s) for s in (1, 2, 4, 8, 16, 32)},
    ),
    "growth-critics": Sweep(
        f"critics E, SAC 2 x 64, batch 128, LayerNorm, S={SEEDS}",
        {str(e): lambda e=e: ours.sac(replace(NORM, ensemble=e), SEEDS) for e in (1, 2, 5, 10, 20)},
    ),
    "growth-utd": Sweep(
        f"updates for each environment step, online loop {PENDULUM}, S={SEEDS}",
        {str(u): lambda u=u: online.ours(PENDULUM, SEEDS, utd=u) for u in (1, 2, 4, 8)},
        "an environment step of one seed",
    ),
    "growth-width": Sweep(
        f"width of two layers, SAC batch 128, E=2, LayerNorm, S={SEEDS}",
        {
            str(width): lambda width=width: ours.sac(ours.wider(NORM, width), SEEDS)
            for width in (32, 64, 128, 256)
        },
    ),
    "growth-batch": Sweep(
        f"batch, SAC 2 x 64, E=2, LayerNorm, S={SEEDS}",
        {
            str(batch): lambda batch=batch: ours.sac(replace(NORM, batch=batch), SEEDS)
            for batch in (32, 64, 128, 256, 512)
        },
    ),
}
