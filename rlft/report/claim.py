"""A sentence on trial: it holds, it is open, or your run says the contrary.

What a lesson says of its own runs is true on the machine that they were made on. On another one a
number may fall otherwise, and then the sentence must change and not the notebook stop. So a lesson
writes its sentences as claims, with the numbers that they rest on and the rule that they must meet,
and its summary is made of them: it cannot say more than the cells above it found.

Letters: S seeds.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rlft.core.checks import one_of, refused
from rlft.evaluate.intervals import Interval, interval

Verdict = Literal["holds", "open", "contrary"]
# From the weakest on: a claim of several parts is worth what its weakest part is.
VERDICTS: tuple[Verdict, ...] = ("contrary", "open", "holds")
STRICT = "RLFT_STRICT"


def weakest(verdicts: Sequence[Verdict]) -> Verdict:
    """What is left of several verdicts when all of them must hold."""
    return VERDICTS[min(VERDICTS.index(verdict) for verdict in verdicts)]


@dataclass(frozen=True)
class Evidence:
    """What a sentence rests on.

    Attributes:
        verdict: of this evidence alone.
        text: the numbers and what they had to be, in words.
    """

    verdict: Verdict
    text: str


@dataclass(frozen=True)
class Claim:
    """A sentence and what a run says of it. Shown in a notebook as one paragraph.

    Attributes:
        sentence: without its full stop.
        evidence: one part or more; the claim is worth what the weakest of them is.
        recorded: the verdict of the course's own run.
    """

    sentence: str
    evidence: tuple[Evidence, ...]
    recorded: Verdict = "holds"

    @property
    def verdict(self) -> Verdict:
        """*holds*, *open* or *contrary*."""
        return weakest([part.verdict for part in self.evidence])

    @property
    def holds(self) -> bool:
        """Whether the sentence may be said without a reservation."""
        return self.verdict == "holds"

    def __and__(self, other: Claim) -> Claim:
        """Both in one sentence; it holds if both do."""
        recorded = weakest((self.recorded, other.recorded))
        return Claim(
            f"{self.sentence}, and {other.sentence}", (*self.evidence, *other.evidence), recorded
        )

    def __str__(self) -> str:
        """One paragraph of Markdown."""
        numbers = "; ".join(part.text for part in self.evidence)
        verdict, course = self.verdict.capitalize(), ""
        if self.verdict != self.recorded:
            verdict += " in your run"
            course = f" In the course's run: {self.recorded}."
        return f"**{verdict}:** {self.sentence} ({numbers}).{course}"

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return str(self)


def claim(
    sentence: str,
    values: np.ndarray | Interval | bool | np.bool_,
    *,
    above: float | None = None,
    below: float | None = None,
    within: tuple[float, float] | None = None,
    recorded: Verdict = "holds",
    digits: int = 1,
) -> Claim:
    """Puts a sentence on trial; stops nobody's notebook.

    Numbers, one for each seed, give a mean and its 95 % interval. The sentence *holds* if the whole
    interval lies where it must, your run says the *contrary* if none of it does, and else it is
    *open*: with one seed always. A truth value holds or is contrary; one for each seed holds if
    true in all, is contrary if true in none, and else open.

    `first & second` makes one claim of two. `rlft.conclusions` makes a summary of many.

    Args:
        sentence: what is claimed, without a full stop, so that it reads well after "Holds:".
        values: (S,) numbers or truth values, an interval, or one truth value.
        above: where the numbers must lie; give one of the three for numbers, none for truth values.
        below: likewise.
        within: likewise, (low, high).
        recorded: the verdict of the course's own run. Where a run differs the claim says so.
        digits: of the numbers, after the point.

    Returns:
        The claim. With the variable RLFT_STRICT=1, which the test suite sets, a claim that was
        recorded as settled must come out as it was recorded.

    Raises:
        InputError: no rule or two for numbers, one for truth values, a range whose ends are
            reversed, or an unknown verdict.
        AssertionError: only if strict; says the claim.
    """
    one_of(VERDICTS, recorded=recorded)
    rules = {"above": above, "below": below, "within": within}
    given = {name: value for name, value in rules.items() if value is not None}
    found = values if isinstance(values, Interval) else np.asarray(values)
    truths = isinstance(found, np.ndarray) and found.dtype == bool
    if len(given) != (0 if truths else 1):
        expected = "no rule for truth values" if truths else "one of above=, below= and within="
        raise refused("claim", given or "no rule", expected, "As in claim('...', gain, above=0).")
    measured = interval(found) if isinstance(found, np.ndarray) and not truths else found
    if isinstance(measured, np.ndarray):
        evidence = _told(measured)
    else:
        evidence = _measured(measured, digits, given)
    made = Claim(sentence, (evidence,), recorded)
    if os.environ.get(STRICT) == "1" and recorded != "open":
        assert made.verdict == recorded, str(made)
    return made


def _told(values: np.ndarray) -> Evidence:
    """The verdict of truth values, () or (S,)."""
    if values.ndim == 0:
        return Evidence("holds" if values else "contrary", "so it is" if values else "not so")
    count = int(values.sum())
    verdict = "holds" if count == len(values) else "open" if count else "contrary"
    return Evidence(verdict, f"in {count} of {len(values)} seeds")


def _measured(
    found: Interval, digits: int, given: dict[str, float | tuple[float, float]]
) -> Evidence:
    """The verdict of an interval: whether it lies where it must."""
    [(name, place)] = given.items()
    if isinstance(place, tuple):
        low, high = place
        words = f"between {low:g} and {high:g}"
    else:
        low, high = (place, np.inf) if name == "above" else (-np.inf, place)
        words = f"{name} {place:g}"
    if not low < high:
        raise refused(name, place, "(low, high) with low < high", "Turn the two around.")
    inside = low < found.low and found.high < high
    outside = found.high <= low or found.low >= high
    verdict = "holds" if inside else "contrary" if outside else "open"  # NaN of one seed: open
    return Evidence(verdict, f"{found:.{digits}f}, where it must be {words}")


@dataclass(frozen=True)
class Conclusions:
    """The summary of a lesson, as bullets of Markdown.

    Attributes:
        lines: claims, or text that no number could change.
    """

    lines: tuple[Claim | str, ...]

    def __str__(self) -> str:
        return "\n".join(f"- {line}" for line in self.lines)

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return str(self)


def conclusions(*lines: Claim | str) -> Conclusions:
    """A summary of claims, in their order, each with the verdict of this very run.

    Args:
        lines: claims; or text in Markdown, for what does not hang on a number.

    Raises:
        InputError: without a line.
    """
    if not lines:
        raise refused("lines", lines, "one claim or more", "As in conclusions(claim('...', ...)).")
    return Conclusions(lines)
