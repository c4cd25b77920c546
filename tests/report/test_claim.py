"""A claim holds where the whole interval lies where it must, and stops nobody but the suite."""

from __future__ import annotations

import numpy as np
import pytest

from rlft.core.errors import InputError
from rlft.evaluate import interval
from rlft.report.claim import Verdict, claim, conclusions

GAINS = np.array([3.0, 4.0, 5.0, 4.5, 3.5, 4.0])  # (S,): its interval is about [3.4, 4.6]


@pytest.fixture(autouse=True)
def as_a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RLFT_STRICT", raising=False)


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ({"above": 0}, "holds"),
        ({"above": 4}, "open"),
        ({"above": 6}, "contrary"),
        ({"below": 6}, "holds"),
        ({"below": 4}, "open"),
        ({"below": 0}, "contrary"),
        ({"within": (0, 6)}, "holds"),
        ({"within": (0, 4)}, "open"),
        ({"within": (6, 9)}, "contrary"),
    ],
)
def test_the_interval_decides(rule: dict[str, float], verdict: Verdict) -> None:
    assert claim("It gains", GAINS, **rule).verdict == verdict
    assert claim("It gains", interval(GAINS), **rule).verdict == verdict


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        (True, "holds"),
        (np.bool_(False), "contrary"),
        (np.array([True, True]), "holds"),
        (np.array([True, False]), "open"),
        (np.array([False, False]), "contrary"),
    ],
)
def test_truth_values_decide(values: np.ndarray | bool, verdict: Verdict) -> None:
    assert claim("All arrive", values).verdict == verdict


def test_one_seed_says_nothing_of_the_others() -> None:
    assert claim("It gains", np.array([5.0]), above=0).verdict == "open"


def test_an_end_on_the_line_does_not_hold() -> None:
    assert claim("It gains", np.zeros(6), above=0).verdict == "contrary"
    assert claim("It gains", np.array([0.0, 0, 0, 0, 0, 1]), above=0).verdict == "open"


def test_it_says_sentence_numbers_rule_and_what_the_course_found() -> None:
    text = str(claim("It gains", GAINS, above=6, digits=2))
    assert text.startswith("**Contrary in your run:** It gains (4.00 [")
    assert text.endswith("where it must be above 6). In the course's run: holds.")
    assert str(claim("All arrive", np.array([True] * 6))) == (
        "**Holds:** All arrive (in 6 of 6 seeds)."
    )
    assert str(claim("All arrive", np.array([True, False]), recorded="open")) == (
        "**Open:** All arrive (in 1 of 2 seeds)."
    )
    assert "(2 seeds: covers about 50 %)" in str(claim("It gains", GAINS[:2], above=0))


def test_two_are_worth_what_the_weaker_is() -> None:
    holds, open_ = claim("It gains", GAINS, above=0), claim("it lasts", GAINS, above=4)
    both = holds & open_
    assert (both.verdict, (holds & holds).verdict, both.holds) == ("open", "holds", False)
    assert str(both).startswith("**Open in your run:** It gains, and it lasts (4.0 [")
    assert str(both).count("where it must") == 2


@pytest.mark.parametrize(
    ("rule", "recorded", "stops"),
    [
        ({"above": 0}, "holds", False),
        ({"above": 4}, "holds", True),
        ({"above": 6}, "holds", True),
        ({"above": 6}, "open", False),
        ({"above": 0}, "open", False),
        ({"above": 6}, "contrary", False),
        ({"above": 0}, "contrary", True),
    ],
)
def test_only_the_suite_is_strict(
    monkeypatch: pytest.MonkeyPatch, rule: dict[str, float], recorded: Verdict, stops: bool
) -> None:
    claim("It gains", GAINS, recorded=recorded, **rule)
    monkeypatch.setenv("RLFT_STRICT", "1")
    if stops:
        with pytest.raises(AssertionError, match="It gains"):
            claim("It gains", GAINS, recorded=recorded, **rule)
    else:
        claim("It gains", GAINS, recorded=recorded, **rule)


def test_a_summary_has_a_bullet_for_each() -> None:
    text = str(conclusions(claim("It gains", GAINS, above=0), "We did **not** try snow."))
    assert text.splitlines() == [
        f"- {claim('It gains', GAINS, above=0)}",
        "- We did **not** try snow.",
    ]


@pytest.mark.parametrize(
    ("values", "rule", "said"),
    [
        (GAINS, {}, "one of above=, below= and within="),
        (GAINS, {"above": 0, "below": 9}, "one of above=, below= and within="),
        (True, {"above": 0}, "no rule for truth values"),
        (GAINS, {"within": (3, 1)}, r"low < high"),
        (GAINS, {"above": 0, "recorded": "hold"}, "holds"),
        (np.array([[1.0]]), {"above": 0}, "one number per seed"),
        (np.array([np.nan, 1.0]), {"above": 0}, "finite"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    values: np.ndarray | bool, rule: dict[str, object], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        claim("It gains", values, **rule)


def test_a_summary_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="one claim or more"):
        conclusions()
