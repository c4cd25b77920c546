"""The project's own record of the claims: older rules, today's board, numbers that repeat."""

from __future__ import annotations

import json
import subprocess

import pytest

import rlft
from rlft.core.files import PACKAGE
from rlft.experiments.claims import CLAIMS
from rlft.experiments.claims.board import markdown
from rlft.experiments.claims.porl import CLONED
from rlft.experiments.claims.record import Record, read_records, summary
from rlft.experiments.claims.trying import blocks_of, job_of_arm

ROOT = PACKAGE.parent
HOME = ROOT / "results" / "claims"
RECORDS = read_records(CLAIMS, HOME)
by_id = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.claim.id)


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@by_id
def test_the_rule_is_older_than_the_record(record: Record) -> None:
    """Runs were made from a commit without changes, which had the rule that the record names.

    If today's claim has another rule, the record is stale and the board says so.
    """
    for place in record.content["places"]:
        commit = place["provenance"]["commit"]
        assert len(commit) == 40, "made from a checkout that differed from its commit"
        if git("cat-file", "-e", f"{commit}^{{commit}}").returncode:
            pytest.skip("the history that would tell is not here: a shallow clone, or no checkout")
        assert git("merge-base", "--is-ancestor", commit, "HEAD").returncode == 0
        file = f"results/claims/{record.claim.id}.json"
        added = git("log", "--format=%H", "--", file).stdout.split()
        if added:  # the record itself came with a later commit
            assert commit not in added
            assert git("merge-base", "--is-ancestor", commit, added[0]).returncode == 0


@by_id
def test_a_record_is_whole(record: Record) -> None:
    content = record.content
    assert content["places"] and content["core_seconds"] > 0
    lines = (HOME / f"{record.claim.id}.csv").read_text().splitlines()
    for place in content["places"]:
        made_by = place["provenance"]["command"]
        assert made_by.startswith(f"python -m rlft claims {record.claim.id}")
        assert "/" not in made_by
        assert place["seeds"] >= 10
        rows = [line for line in lines if place["place"] in line]
        assert len(rows) >= place["seeds"] * len(place["contrasts"])


def test_the_board_is_made_of_the_records() -> None:
    assert RECORDS
    assert (HOME / "board.md").read_text() == markdown(RECORDS)
    names = {path.stem for path in HOME.glob("*.json")}
    assert names == {record.claim.id for record in RECORDS}
    assert json.loads((HOME / f"{RECORDS[0].claim.id}.json").read_text())["id"] in names


def test_an_arm_that_is_made_anew_gives_what_is_recorded() -> None:
    """The cheapest arm with an effect: random critics, which ruin a cloned policy within 300 steps.

    On another machine sums are rounded otherwise, and single seeds may end elsewhere; ten of them
    do not.
    """
    recorded = {record.claim.id: record for record in RECORDS}
    (place,) = (p for p in recorded["P2"].content["places"] if p["place"] == "near-optimal data")
    if recorded["P2"].stale(place):
        pytest.skip(f"its record says so itself: {recorded['P2'].stale(place)}")
    trial = recorded["P2"].claim.trial("near-optimal data")
    (arm,) = (arm for arm in trial.arms if arm.name == "random critic")
    job = job_of_arm(trial, arm, 0, blocks_of(place["seeds"])[0])
    experiment = job.experiment(ROOT)
    prior = rlft.pretrain(
        CLONED.config, experiment.data, seeds=job.seeds, steps=CLONED.steps, seed=job.plan.seed,
        progress=False,
    )  # fmt: skip
    made = summary(vars(rlft.finetune(prior, job.recipe, plan=job.plan)), trial.place, 0)
    known = place["arms"][arm.name]
    assert made["start"] == pytest.approx(known["start"], abs=3)
    assert made["drop"] == pytest.approx(known["drop"], abs=10)
    share = made["collapsed"] / job.seeds - known["collapsed"] / place["seeds"]
    assert abs(share) <= 0.15
