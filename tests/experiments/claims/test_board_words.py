"""The board in words, and the course's own records by their ids."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rlft.core.errors import InputError
from rlft.experiments.claims import (
    CLAIMS,
    Record,
    board_table,
    board_words,
    draw_board,
    recorded_claims,
)

CLAIM = CLAIMS[0]


def place(name: str, verdict: str, *parts: tuple[str, str, float]) -> dict:
    contrasts = [
        {"claimed": said, "verdict": found, "low": low, "above": 0.0, "control": False}
        for said, found, low in parts
    ]
    return {"place": name, "verdict": verdict, "contrasts": contrasts, "key": "of another rule"}


def test_places_stand_behind_their_verdict_and_the_weakest_part_is_named() -> None:
    falls, holds = ("SAC falls", "reproduced", 0.4), ("InAC stands", "unclear", -0.2)
    worse = ("SAC falls", "unclear", -0.3)
    record = Record(
        CLAIM,
        {
            "places": [
                place("here", "reproduced", falls, falls),
                place("there", "unclear", falls, holds),
                place("above", "unclear", worse, holds),
                place("alone", "not reproduced", ("SAC falls", "not reproduced", -0.1)),
            ]
        },
    )
    said = board_words([record])
    assert said.startswith(f"- **{CLAIM.id}** {CLAIM.sentence}. *reproduced (stale)*: here; ")
    assert '*unclear (stale)*: there ("InAC stands") · above ("SAC falls"); ' in said
    assert "*not reproduced (stale)*: alone; " in said  # of one part: it is the claim's sentence
    assert said.endswith(f"*not made yet*: {' · '.join(record.missing)}.")


def test_the_course_has_records_that_are_asked_for_by_id() -> None:
    assert [record.claim.id for record in recorded_claims("P2", "A1")] == ["A1", "P2"]
    everything = recorded_claims()
    assert all(record.content["places"] for record in everything)
    assert len(board_words(everything).split("\n")) == len(everything) > 5
    said = board_words(recorded_claims("P4"))
    assert re.match(r"- \*\*P4\*\* .*matters\. \*\w", said)
    with pytest.raises(InputError, match="claim 'A9'"):
        recorded_claims("A1", "A9")


def test_a_claim_that_is_asked_for_and_not_made_is_said_to_be_so(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr("rlft.experiments.claims.find_record", lambda name: tmp_path)
    assert recorded_claims() == []
    (nothing,) = found = recorded_claims("A3")
    places = " · ".join(trial.place.name for trial in nothing.claim.trials)
    assert board_words(found).endswith(f"*not made yet*: {places}.")
    assert draw_board(found).alt.startswith("The claims on trial")
    assert "not made yet" in {text.get_text() for text in draw_board(found).axes[0].texts}
    _, _, first, *others = board_table(found).markdown().split("\n")
    assert first.startswith("| A3") and "not made" in first and "A3" not in " ".join(others)
