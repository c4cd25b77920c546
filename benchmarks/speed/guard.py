"""Holds the library to its recorded speed: SAC beside the plain file, cheap enough for a test.

A ratio of CPU times measured in turns hardly knows how quick or how busy the machine is. It does
know the processor, as Python's share of an update differs; away from the kind of processor that the
record was made on, twice the fall is allowed.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.speed import ours, plain_sac
from benchmarks.speed.rounds import Contender, Effort, measure, ratio
from benchmarks.speed.settings import processor
from benchmarks.speed.shape import COURSE
from rlft.core.errors import InputError
from rlft.core.files import write_atomically

FILE = Path(__file__).resolve().parents[1] / "guard.json"
FALL = 0.2  # a fifth
TRIES = 4
# Many short turns: what else happens on the machine comes and goes in tenths of a second.
EFFORT = Effort(rounds=11, seconds=0.04)
RECORDS = 7  # measurements whose median is recorded
PLAIN, SEEDS = "plain", (1, 8)


@dataclass(frozen=True)
class Record:
    """What the library is held to.

    Attributes:
        processor: where it was measured.
        ratios: updates per CPU second over those of the plain file, by number of seeds: "S=1".
    """

    processor: str
    ratios: dict[str, float]


def ratios() -> dict[str, float]:
    """Measures once; a few seconds."""
    contenders = [
        Contender(f"S={seeds}", lambda seeds=seeds: ours.sac(COURSE, seeds), own=True)
        for seeds in SEEDS
    ]
    contenders.append(Contender(PLAIN, lambda: plain_sac.sac(COURSE), own=True))
    rates = measure(contenders, EFFORT).rates
    return {name: ratio(rates[name], rates[PLAIN]).median for name in rates if name != PLAIN}


def record(file: Path = FILE) -> Record:
    """Measures several times and records the medians."""
    measured = [ratios() for _ in range(RECORDS)]
    medians = {name: round(statistics.median(m[name] for m in measured), 2) for name in measured[0]}
    made = Record(processor(), medians)
    text = json.dumps(asdict(made), indent=1) + "\n"
    write_atomically(file, lambda path: path.write_text(text, encoding="utf-8"))
    return made


def recorded(file: Path = FILE) -> Record:
    """What was recorded.

    Raises:
        InputError: nothing readable was.
    """
    try:
        return Record(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"The file {str(file)!r} has no record of ratios ({type(error).__name__}). Make it "
            "with `python -m benchmarks.speed --record-guard`."
        ) from error


def fallen(now: dict[str, float], before: Record, here: str) -> list[str]:
    """Complaints about ratios that fell too far, none if all is well.

    Args:
        now: ratios as measured.
        before: ratios as recorded.
        here: this processor.
    """
    allowed = FALL if here == before.processor else 2 * FALL
    return [
        f"{name}: {now[name]:.2f} times the plain file, recorded {expected:.2f}, at least "
        f"{(1 - allowed) * expected:.2f} wanted"
        for name, expected in before.ratios.items()
        if now[name] < (1 - allowed) * expected
    ]


def check(file: Path = FILE) -> list[str]:
    """Complaints of each try, up to the first that has none.

    Returns:
        One line for each try; none if a try passed.
    """
    before, complaints = recorded(file), []
    for _ in range(TRIES):
        if not (found := fallen(ratios(), before, processor())):
            return []
        complaints.append("; ".join(found))
    return complaints
