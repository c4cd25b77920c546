"""From the command to records and the board, on a claim of milliseconds."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small import SHORT_DATA, make_recipe, small

from rlft.__main__ import main
from rlft.core.errors import InputError
from rlft.experiments.claims import command, record, trying
from rlft.experiments.claims import confirm as confirming
from rlft.experiments.claims.claim import Arm, Claim, Contrast, Place, Trial
from rlft.experiments.claims.command import Claims
from rlft.experiments.claims.measures import Curve, Probed
from rlft.experiments.claims.record import read_records
from rlft.experiments.claims.trying import blocks_of, cases
from rlft.experiments.probes import LoggedQ
from rlft.experiments.sweep import job as jobs
from rlft.experiments.sweep import worker
from rlft.experiments.sweep.worker import perform
from rlft.recipes import Pretraining, Warmup

RECIPE = replace(make_recipe(), prior=Pretraining("cql", small("cql"), 3))
STILL = replace(RECIPE, online=replace(RECIPE.online, learner=small("sac", policy_lr=0.0)))
PROBES = (LoggedQ(pairs=8),)
HERE = Place("here", "short", low=-10.0, high=0.0, spans=10.0)
ARMS = (
    Arm("moves", replace(RECIPE, name="moves"), 12, 3, PROBES),
    Arm("stays", replace(STILL, name="stays"), 12, 3, PROBES),
)
CONTRASTS = (
    Contrast("It falls", Curve("drop"), "moves", "stays"),
    Contrast("Q falls", Probed("q_logged", change=True), "moves", "stays", control=True),
)
CLAIM = Claim("T1", "It falls", "nobody", (Trial(HERE, ARMS, CONTRASTS, seeds=20),))
SHARED = replace(CLAIM, id="T2", trials=(replace(CLAIM.trials[0], contrasts=CONTRASTS[:1]),))


class Here:
    """A backend in this process."""

    def __init__(self, *_: object) -> None:
        pass

    def perform(self, tickets):
        yield from (perform(ticket) for ticket in tickets)


@pytest.fixture(autouse=True)
def small_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "CLAIMS", (CLAIM, SHARED))
    monkeypatch.setattr(jobs, "_data", lambda dataset, env: SHORT_DATA)
    monkeypatch.setattr(trying, "EPISODES", 1)
    monkeypatch.setitem(command.BACKENDS, "local", Here)


def made(folder: Path) -> list[Path]:
    return sorted(folder.glob("jobs/*/run"))


def test_blocks_are_of_ten_seeds():
    assert blocks_of(3) == [3]
    assert blocks_of(20) == [10, 10]
    with pytest.raises(InputError, match=r"seeds=15.*Give 20"):
        blocks_of(15)
    with pytest.raises(InputError, match="seeds=0"):
        blocks_of(0)


def test_a_claim_leaves_a_record_and_the_board(tmp_path: Path, capsys) -> None:
    Claims(("T1",), seeds=5, out=tmp_path).run()
    home = tmp_path / "record"
    content = json.loads((home / "T1.json").read_text())
    (place,) = content["places"]
    assert (place["place"], place["seeds"], place["asked"]) == ("here", 5, 20)
    assert place["provenance"]["commit"] and content["core_seconds"] >= 0
    assert place["provenance"]["command"] == "python -m rlft claims T1 --seeds 5"
    assert [c["control"] for c in place["contrasts"]] == [False, True]
    assert place["arms"].keys() == {"moves", "stays"}
    rows = list(csv.DictReader((home / "T1.csv").open()))
    contrasts = [row for row in rows if row["claimed"]]
    assert len(contrasts) == 2 * 5
    fell = [
        float(r["value"]) for r in rows if (r["arm"], r["measure"]) == ("moves", "drop, return")
    ]
    assert sum(fell) / 5 == pytest.approx(place["arms"]["moves"]["drop"], abs=0.01)
    assert len(rows) == 2 * 5 + 2 * 3 * 5  # two arms, three numbers of each
    values = [float(row["value"]) for row in rows if row["claimed"] == "It falls"]
    assert sum(values) / 5 == pytest.approx(place["contrasts"][0]["mean"], abs=1e-3)
    board = (home / "board.md").read_text()
    assert "control: Q falls" in board and "5 of 20" in board
    assert (home / "board.svg").exists() and (home / "board.png").exists()
    assert "It falls" in capsys.readouterr().out


def test_the_same_command_makes_nothing_twice_and_claims_share_their_arms(tmp_path: Path) -> None:
    Claims(("T1",), seeds=5, out=tmp_path).run()
    before = {path: path.stat().st_mtime_ns for path in made(tmp_path)}
    assert len(before) == 2
    Claims(seeds=5, out=tmp_path).run()  # both claims
    assert {path: path.stat().st_mtime_ns for path in made(tmp_path)} == before
    assert (tmp_path / "record" / "T2.json").exists()


def test_twenty_seeds_are_two_blocks_with_streams_of_their_own(tmp_path: Path) -> None:
    Claims(("T1",), out=tmp_path).run()
    assert len(made(tmp_path)) == 4
    rows = list(csv.DictReader((tmp_path / "record" / "T1.csv").open()))
    values = [row["value"] for row in rows if row["claimed"] == "Q falls"]
    assert len(values) == 20 and values[:10] != values[10:]


def stale(claim: Claim, home: Path) -> list[str]:
    (found,) = read_records([claim], home)
    return [found.stale(place) for place in found.content["places"]]


def test_a_record_is_stale_when_the_claim_or_the_code_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Claims(("T1",), seeds=5, out=tmp_path).run()
    home = tmp_path / "record"
    assert stale(CLAIM, home) == [""]
    assert stale(replace(CLAIM, sentence="It rises"), home) == ["the claim has changed"]
    more = replace(CLAIM.trials[0], place=replace(HERE, name="yonder"))
    assert stale(replace(CLAIM, trials=(*CLAIM.trials, more)), home) == [""]
    shorter = replace(CLAIM.trials[0], contrasts=CONTRASTS[:1])
    assert stale(replace(CLAIM, trials=(shorter,)), home) == ["the claim has changed"]
    monkeypatch.setattr(record, "code", lambda: "another")
    assert stale(CLAIM, home) == ["the code has changed"]
    Claims(board=True, record=home).run()
    assert "stale: the code has changed" in (home / "board.md").read_text()


def test_a_record_is_confirmed_by_an_arm_that_comes_out_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "record"
    Claims(("T1",), seeds=5, out=tmp_path).run()
    Claims(("T1",), out=tmp_path, confirm=True).run()
    assert "No record is stale by its code alone" in capsys.readouterr().out
    for module in (record, confirming):
        monkeypatch.setattr(module, "code", lambda: "1")
    Claims(("T1",), out=tmp_path / "anew", record=home, confirm=True).run()
    assert len(made(tmp_path / "anew")) == 1
    assert stale(CLAIM, home) == [""]
    assert "Code has changed since; 'moves' comes out the same." in (home / "board.md").read_text()
    assert "T1, here, moves: the same" in capsys.readouterr().out


def test_which_arm_confirms_depends_on_code_and_place_and_is_none_that_stands_still(
    tmp_path: Path,
) -> None:
    more = tuple(Arm(f"moves {n}", replace(RECIPE, warmup=Warmup(n)), 12, 3) for n in range(1, 6))
    there = replace(CLAIM.trials[0], place=replace(HERE, name="there"), arms=(*ARMS, *more))
    here = replace(there, place=HERE)
    one, other = cases([replace(CLAIM, trials=(here, there))], tmp_path, 5)
    drawn = [[confirming.drawn(case, f"{key}").name for key in range(40)] for case in (one, other)]
    assert set(drawn[0]) == {"moves", *(arm.name for arm in more)} and drawn[0] != drawn[1]


def test_a_record_is_not_confirmed_by_another_number_or_another_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "record"
    Claims(("T1",), seeds=5, out=tmp_path).run()
    content = json.loads((home / "T1.json").read_text())
    content["places"][0]["arms"]["moves"]["drop"] += 1
    (home / "T1.json").write_text(json.dumps(content))
    for module in (record, confirming):
        monkeypatch.setattr(module, "code", lambda: "1")
    Claims(("T1",), out=tmp_path, confirm=True).run()
    assert stale(CLAIM, home) == ["the code has changed"]
    assert "make the claim anew" in capsys.readouterr().out
    monkeypatch.setattr(confirming, "looked_at", lambda: "another")
    Claims(("T1",), out=tmp_path, confirm=True).run()
    assert stale(CLAIM, home) == ["the code has changed"]
    assert "looked at by other code" in capsys.readouterr().out


def test_a_part_of_a_claim_leaves_the_rest_of_its_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = tuple(replace(arm, steps=9) for arm in ARMS)  # runs of its own
    yonder = replace(CLAIM.trials[0], place=replace(HERE, name="yonder"), arms=shorter)
    both = replace(CLAIM, trials=(CLAIM.trials[0], yonder))
    monkeypatch.setattr(command, "CLAIMS", (both,))
    home = tmp_path / "record"

    def seeds_and_rows() -> tuple[dict[str, int], list[str]]:
        content = json.loads((home / "T1.json").read_text())
        rows = [row for row in csv.DictReader((home / "T1.csv").open()) if row["claimed"]]
        return {p["place"]: p["seeds"] for p in content["places"]}, [r["place"] for r in rows]

    Claims(out=tmp_path, seeds=5, place="yonder").run()
    assert seeds_and_rows() == ({"yonder": 5}, ["yonder"] * 10)
    assert read_records([both], home)[0].missing == ["here"]
    assert "Not made: here." in (home / "board.md").read_text()
    Claims(out=tmp_path, seeds=6, place="here").run()
    assert seeds_and_rows() == ({"here": 6, "yonder": 5}, ["here"] * 12 + ["yonder"] * 10)
    assert "Not made" not in (home / "board.md").read_text()
    # Fewer seeds do not take the place of more, and more do.
    Claims(out=tmp_path, seeds=3).run()
    assert seeds_and_rows()[0] == {"here": 6, "yonder": 5}
    Claims(out=tmp_path, seeds=7).run()
    assert seeds_and_rows() == ({"here": 7, "yonder": 7}, ["here"] * 14 + ["yonder"] * 14)
    # What other code has made gives way to fewer seeds, and says of itself elsewhere that it is.
    monkeypatch.setattr(record, "code", lambda: "another")
    Claims(out=tmp_path, seeds=3, place="yonder").run()
    assert seeds_and_rows()[0] == {"here": 7, "yonder": 3}
    assert stale(both, home) == ["the code has changed", ""]
    # What another rule has made does not stay.
    other = replace(CLAIM.trials[0], contrasts=CONTRASTS[:1])
    monkeypatch.setattr(command, "CLAIMS", (replace(both, trials=(other, yonder)),))
    Claims(out=tmp_path, seeds=3, place="yonder").run()
    assert seeds_and_rows()[0] == {"yonder": 3}


def test_a_probe_or_an_edit_makes_another_job(tmp_path: Path) -> None:
    (case,) = cases([CLAIM], tmp_path, seeds=5)
    bare = replace(CLAIM.trials[0], arms=tuple(replace(arm, probes=()) for arm in ARMS))
    (other,) = cases([replace(CLAIM, trials=(bare,))], tmp_path, seeds=5)
    assert not set(case.jobs) & set(other.jobs)


def test_what_cannot_be_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="T3"):
        Claims(("T3",), out=tmp_path).run()
    with pytest.raises(InputError, match=r"place='nowhere'.*\['here'\]"):
        Claims(place="nowhere", out=tmp_path).run()
    with pytest.raises(InputError, match="a folder with records"):
        Claims(board=True, out=tmp_path).run()


def test_arms_are_summed_up_from_the_release_on() -> None:
    """Before it whoever pre-samples acts: here at random half of the time, and lower."""
    columns = {
        "steps": np.array([0, 10, 20, 30]),
        "returns_behaviour": np.array([[-8.0, -9.0, -2.0, -6.0], [-8.0, -9.0, -2.0, -2.0]]),
    }
    found = record.summary(columns, HERE, release=20)
    assert (found["start"], found["drop"], found["collapsed"]) == (-2.0, 2.0, 0)
    fell = columns | {"returns_behaviour": columns["returns_behaviour"] - [0, 0, 0, 1]}
    assert record.summary(fell, HERE, release=20)["collapsed"] == 1


def test_when_all_has_failed_the_failures_are_what_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no luck")

    monkeypatch.setattr(worker, "run_job", broken)
    with pytest.raises(SystemExit):
        Claims(("T1",), seeds=3, out=tmp_path).run()
    assert "no luck" in capsys.readouterr().err


def test_a_dry_run_makes_nothing(tmp_path: Path, capsys) -> None:
    assert main(["claims", "--dry-run", "--out", str(tmp_path)]) == 0
    assert "2 trials, 4 jobs" in capsys.readouterr().out
    assert not made(tmp_path)
