"""Who meets whom, at which sizes, and how fast the library means to be.

Letters: S seeds, E critics, n sampled actions, UTD updates for each environment step.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch

from benchmarks.speed import d3rlpy_peer, online, ours, plain_sac, sb3_peer, sbx_peer
from benchmarks.speed.rounds import Call, Contender, Effort, measure
from benchmarks.speed.shape import COURSE, PAPER, Shape, ten

SB3, D3RLPY, PLAIN = "Stable-Baselines3", "d3rlpy", "plain file"
SBX = f"SBX, scan of {sbx_peer.SCAN}"
PENDULUM = replace(COURSE, **online.SIZES)
TEN_ONLINE = f"{ten(PENDULUM)}, UTD 4"


@dataclass(frozen=True)
class Ours:
    """A learner of ours, alone and with eight seeds side by side.

    Attributes:
        make: builds it with so many seeds.
        goals: how many times as fast as the peer it means to be, with S=1 and with S=8.
        variant: what sets it apart from the same row's other learners.
    """

    make: Callable[[int], Call]
    goals: tuple[float, float] | None = None
    variant: str = ""

    def name(self, seeds: int) -> str:
        """As a contender."""
        return f"rlft{self.variant and f', {self.variant},'} S={seeds}"


@dataclass(frozen=True)
class Comparison:
    """A row, or several: learners of ours beside the same peers.

    Attributes:
        title: algorithm and sizes.
        ours: the learners.
        peer: the name of the one that the goals speak of.
        theirs: peers by name.
        unit: what is counted.
    """

    title: str
    ours: tuple[Ours, ...]
    peer: str
    theirs: dict[str, Callable[[], Call]]
    unit: str = "updates"
    seeds: tuple[int, int] = field(default=(1, 8), init=False)

    def contenders(self) -> list[Contender]:
        """All of them, one of ours first."""
        own = [
            Contender(one.name(seeds), lambda one=one, seeds=seeds: one.make(seeds), own=True)
            for one in self.ours
            for seeds in self.seeds
        ]
        return own + [Contender(name, make) for name, make in self.theirs.items()]

    def measure(self, effort: Effort) -> dict[str, Any]:
        """Rates of all contenders, ready to be stored."""
        return asdict(measure(self.contenders(), effort))


def sac(shape: Shape, *goals: float) -> Comparison:
    """SAC beside SB3 and the plain file."""
    alone, eight = goals
    return Comparison(
        f"SAC {shape}",
        (Ours(lambda seeds: ours.sac(shape, seeds), (alone, eight)),),
        SB3,
        {SB3: lambda: sb3_peer.sac(shape), PLAIN: lambda: plain_sac.sac(shape)},
    )


def compiled(shape: Shape, *goals: float) -> Comparison:
    """SAC beside SBX, whose updates are compiled; the goals are those of a compiled learner."""
    alone, eight = goals
    return Comparison(
        f"SAC {shape}",
        (
            Ours(lambda seeds: ours.compiled_sac(shape, seeds), (alone, eight), "compiled"),
            Ours(lambda seeds: ours.sac(shape, seeds)),
        ),
        SBX,
        {SBX: lambda: sbx_peer.sac(shape)},
    )


def offline(
    name: str,
    shape: Shape,
    own: Callable[..., Call],
    peer: Callable[..., Call],
    *goals: float,
    compiled: bool = False,
) -> Comparison:
    """A learner beside d3rlpy's; on request also with its updates compiled."""
    alone, eight = goals
    learners = [Ours(lambda seeds: own(shape, seeds), (alone, eight))]
    if compiled:
        learners.append(Ours(lambda seeds: own(shape, seeds, compiled=True), variant="compiled"))
    return Comparison(f"{name} {shape}", tuple(learners), D3RLPY, {D3RLPY: lambda: peer(shape)})


def cql(shape: Shape, *goals: float, compiled: bool = False) -> Comparison:
    """CQL with the authors' ten actions of each kind."""
    return offline(
        "CQL, n=10,",
        shape,
        lambda shape, seeds, **how: ours.cql(shape, seeds, 10, **how),
        lambda shape: d3rlpy_peer.cql(shape, 10),
        *goals,
        compiled=compiled,
    )


def loop(title: str, learners: tuple[Ours, ...], shape: Shape, utd: int) -> Comparison:
    """A whole online loop beside SB3's and the plain one."""
    theirs: dict[str, Callable[[], Call]] = {
        SB3: lambda: online.sb3(shape, utd),
        PLAIN: lambda: online.plain(shape, utd),
    }
    return Comparison(f"Online loop, {title}", learners, SB3, theirs, "environment steps")


COMPARISONS: dict[str, Comparison] = {
    "sac": sac(COURSE, 2.5, 10),
    "sac-ten": sac(ten(COURSE), 3.5, 8),
    "sac-paper": sac(PAPER, 1.8, 2.5),
    "sac-paper-ten": sac(ten(PAPER), 1.6, 2),
    "iql": offline("IQL", COURSE, ours.iql, d3rlpy_peer.iql, 3.5, 12, compiled=True),
    "fqe": offline("FQE", COURSE, ours.fqe, d3rlpy_peer.fqe, 3.5, 12),
    "bc": offline("BC", COURSE, ours.bc, d3rlpy_peer.bc, 3.5, 12),
    "cql": cql(COURSE, 3, 5, compiled=True),
    "cql-ten": cql(ten(COURSE), 3, 4),
    "compiled": compiled(COURSE, 0.7, 1.5),
    "compiled-ten": compiled(ten(COURSE), 1.2, 1.5),
    "loop": loop(
        f"{PENDULUM}, UTD 1",
        (Ours(lambda seeds: online.ours(PENDULUM, seeds, utd=1), (2.5, 10)),),
        PENDULUM,
        utd=1,
    ),
    # SB3 cannot let its policy wait. With the very same settings ours does not either; WSRL's does.
    "loop-ten": loop(
        TEN_ONLINE,
        (
            Ours(lambda seeds: online.ours(ten(PENDULUM), seeds, utd=4), (3.5, 8)),
            Ours(
                lambda seeds: online.ours(ten(PENDULUM), seeds, utd=4, policy_delay=4),
                (3.5, 8),
                "policy every 4 (WSRL)",
            ),
        ),
        ten(PENDULUM),
        utd=4,
    ),
}

MANY = 64  # seeds side by side on a GPU


def gpu(effort: Effort) -> dict[str, Any]:
    """SAC with 64 seeds on a GPU, in wall time: there the processor only hands out the work."""
    if not torch.cuda.is_available():
        return {"rates": {}, "absent": {f"rlft S={MANY}": "no GPU here"}}

    def synchronised() -> float:
        torch.cuda.synchronize()
        return time.perf_counter()

    contenders = [
        Contender(f"rlft S={seeds}", lambda seeds=seeds: ours.sac(COURSE, seeds, "cuda"), own=True)
        for seeds in (1, 8, MANY)
    ]
    return asdict(measure(contenders, effort, synchronised))
