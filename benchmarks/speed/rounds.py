"""Times contenders in turns, in CPU time, and compares them round by round.

On a shared machine a second is worth now more, now less: caches and memory belong to others as
well. So all contenders take their turn in each round, a few tenths of a second each, and a ratio is
taken within a round, where they met the same conditions. The median over the rounds counts, and the
range says how far it can be trusted. CPU time leaves out what the machine did for others meanwhile.
"""

from __future__ import annotations

import contextlib
import io
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rlft.core.errors import InputError

# Makes some updates and returns how many; a step of 8 seeds is 8 of them.
Call = Callable[[], int]
Clock = Callable[[], float]
# Calls before the first round. A compiler works during the first, allocators settle in the next.
WARM_UP = 3


class Absent(Exception):
    """A contender that cannot take part here; the message says why, and what to do."""


@dataclass(frozen=True)
class Contender:
    """One of those that are compared.

    Attributes:
        name: as the table shows it.
        make: builds networks and data, and returns what is timed.
        own: whether it is the library's. An error of a peer is written into the table and stops
            nothing; an error of ours must be seen.
    """

    name: str
    make: Callable[[], Call]
    own: bool = False


@dataclass(frozen=True)
class Effort:
    """How long everything is measured.

    Attributes:
        rounds: turns of each contender.
        seconds: of CPU time, of one turn; a turn holds at least one call.
        quick: whether only to see that everything runs, so that long sweeps may be cut.

    Raises:
        InputError: no round, or no time.
    """

    rounds: int = 7
    seconds: float = 0.5
    quick: bool = False

    def __post_init__(self) -> None:
        if self.rounds < 1 or not self.seconds > 0:
            raise InputError(
                f"Effort(rounds={self.rounds}, seconds={self.seconds}): expected at least one "
                "round, and a time above 0. Use 7 rounds of 0.5 s."
            )


@dataclass(frozen=True)
class Measured:
    """What a set of contenders reached.

    Attributes:
        rates: updates per second of each, one number for each round.
        absent: why the others could not take part.
    """

    rates: dict[str, list[float]]
    absent: dict[str, str]


@dataclass(frozen=True)
class Ratio:
    """How many times as fast one is as another: the median over rounds, and the range."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


def ratio_of(values: Sequence[float]) -> Ratio:
    """The median and the range of a ratio's values, one for each round."""
    return Ratio(statistics.median(values), min(values), max(values))


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """Our rates over theirs, round by round."""
    return ratio_of([a / b for a, b in zip(ours, theirs, strict=True)])


def rate(call: Call, seconds: float, clock: Clock) -> float:
    """Updates per second of repeating a call for so long."""
    updates, begin = 0, clock()
    while True:
        updates += call()
        if (passed := clock() - begin) >= seconds:
            return updates / passed


def ready(contender: Contender, warm_up: int = WARM_UP) -> Call:
    """Builds a contender and warms it up with so many calls.

    Raises:
        Absent: it cannot take part.
    """
    # Peers greet, warn and log while they are imported and built; an error of theirs is told below.
    nowhere = io.StringIO()
    try:
        with contextlib.ExitStack() as stack:
            if not contender.own:
                stack.enter_context(contextlib.redirect_stdout(nowhere))
                stack.enter_context(contextlib.redirect_stderr(nowhere))
            call = contender.make()
            for _ in range(warm_up):
                call()
    except Absent:
        raise
    except ImportError as error:
        raise Absent("not installed: pip install 'rlft[bench]'") from error
    except Exception as error:
        if contender.own:
            raise
        reason = str(error).splitlines()[0] if str(error) else ""
        raise Absent(f"failed: {type(error).__name__}: {reason}") from error
    return call


def measure(
    contenders: Sequence[Contender], effort: Effort, clock: Clock = time.process_time
) -> Measured:
    """Measures contenders in turns.

    Args:
        contenders: of different names.
        effort: rounds, and the length of a turn.
        clock: seconds so far. CPU time counts all threads of the process; work on a GPU needs
            another clock.
    """
    calls: dict[str, Call] = {}
    absent: dict[str, str] = {}
    for contender in contenders:
        try:
            calls[contender.name] = ready(contender, 1 if effort.quick else WARM_UP)
        except Absent as reason:
            absent[contender.name] = str(reason)
    rates: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(effort.rounds):
        # The other way round in every second round: nobody always follows the same neighbour.
        for name, call in list(calls.items())[:: -1 if number % 2 else 1]:
            rates[name].append(rate(call, effort.seconds, clock))
    return Measured(rates, absent)
