"""The record of a claim: what was found, by which code, and whether that code is still today's.

`A1.json` holds verdicts, intervals and provenance, `A1.csv` the numbers of each seed: of each
contrast in its own unit, then of each arm. Both are small, so that they can be committed and read
without a run.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rlft.core.encoding import cache_key, to_json
from rlft.core.files import damaged, write_atomically
from rlft.evaluate import Collapse, collapsed_share, drop
from rlft.experiments.claims.claim import Arm, Claim, Finding, Place, Trial, at_place, over_places
from rlft.experiments.claims.measures import from_step
from rlft.experiments.claims.trying import Case, find, joined
from rlft.experiments.sweep.job import LOOKS
from rlft.results.digest import bytes_digest, code_digest
from rlft.results.provenance import provenance

# What decides the numbers of a claim besides the library's own numeric code.
ALSO = (
    *LOOKS,
    "evaluate/intervals.py",
    "evaluate/metrics.py",
    "evaluate/statistics/collapse.py",
    "experiments/claims/claim.py",
    "experiments/claims/measures.py",
    "experiments/claims/trying.py",
)
DIGITS = 4
Row = tuple[object, ...]
HEAD = ("place", "claimed", "arm", "minus", "measure", "seed", "value")


def code() -> str:
    """A key of all code that decides a claim's numbers."""
    return cache_key(code_digest(), looked_at())


def looked_at() -> str:
    """A key of the code that makes numbers of a run."""
    return bytes_digest(ALSO)


def trial_key(claim: Claim, trial: Trial) -> str:
    """Changes with the sentence, or with the arms, the rule, or anything else of one place."""
    return cache_key(claim.sentence, trial)


CLAIM_CHANGED, CODE_CHANGED = "the claim has changed", "the code has changed"


def stale(claim: Claim, place: dict[str, Any]) -> str:
    """Why what was found at a place of a record is not today's; "" if it is."""
    keys = {trial.place.name: trial_key(claim, trial) for trial in claim.trials}
    if keys.get(place["place"]) != place.get("key"):  # none in records of earlier versions
        return CLAIM_CHANGED
    known = {place["code"], (place["confirmed"] or {}).get("code")}
    return "" if code() in known else CODE_CHANGED


@dataclass(frozen=True)
class Record:
    """What is kept of a claim.

    Attributes:
        claim: today's claim of that id.
        content: the JSON file.
    """

    claim: Claim
    content: dict[str, Any]

    def stale(self, place: dict[str, Any]) -> str:
        """Why what was found at one of its places is not today's; "" if it is."""
        return stale(self.claim, place)

    @property
    def missing(self) -> list[str]:
        """Places of the claim that the record does not have."""
        there = {place["place"] for place in self.content["places"]}
        return [t.place.name for t in self.claim.trials if t.place.name not in there]

    @property
    def verdict(self) -> str:
        """Over the places that are there, in words."""
        return over_places([place["verdict"] for place in self.content["places"]])


def write_record(claim: Claim, cases: Sequence[Case], folder: Path) -> None:
    """Writes what the cases of a claim found; places that are not done are left out.

    What an earlier record has of the other places stays, unless the claim has changed there; what
    other code has made says so itself. So does a place stay of which it has more seeds by today's
    code.

    Raises:
        InputError: if the folder cannot be written to, or the earlier record is damaged.
    """
    earlier = kept_places(claim, folder)
    made: dict[str, tuple[dict[str, Any], list[Row]]] = {}
    for case in cases:
        known, _ = earlier.get(case.trial.place.name, (None, []))
        today = known is not None and not stale(claim, known)
        if not case.done or (known is not None and today and known["seeds"] > case.seeds):
            continue
        findings, results = find(case), case.results()
        arms = {name: joined([done.curves for done in blocks]) for name, blocks in results.items()}
        took = [
            done.took.get("core_seconds", 0.0) for blocks in results.values() for done in blocks
        ]
        place = case.trial.place
        own = {
            "place": place.name,
            "dataset": place.dataset,
            "range": place.range,
            "why": case.trial.why,
            "seeds": case.seeds,
            "asked": case.trial.seeds,
            "verdict": at_place(findings),
            "core_seconds": round(sum(took)),
            "key": trial_key(claim, case.trial),
            "code": code(),
            "looked_at_by": looked_at(),
            "confirmed": None,
            "provenance": to_json(replace(provenance(), command=command(claim, case))),
            "contrasts": [contrast_of(finding) for finding in findings],
            "arms": {
                arm.name: summary(arms[arm.name], place, arm.recipe.warmup.steps)
                for arm in case.trial.arms
            },
        }
        rows = [row for finding in findings for row in rows_of(finding, place)]
        for arm in case.trial.arms:
            rows += rows_of_arm(arm, arms[arm.name], place)
        made[place.name] = (own, rows)
    if not made:
        return
    whole = earlier | made
    names = [t.place.name for t in claim.trials if t.place.name in whole]
    places = [whole[name][0] for name in names]
    content = {
        "id": claim.id,
        "sentence": claim.sentence,
        "source": claim.source,
        "note": claim.note,
        "core_seconds": sum(place["core_seconds"] for place in places),
        "places": places,
    }
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows(row for name in names for row in whole[name][1])
    rows = stream.getvalue()
    write_atomically(folder / f"{claim.id}.csv", lambda f: f.write_text(rows, encoding="utf-8"))
    write_content(Record(claim, content), folder)


def write_content(record: Record, folder: Path) -> None:
    """Writes the JSON file of a record.

    Raises:
        InputError: if the folder cannot be written to.
    """
    text = json.dumps(record.content, indent=1, ensure_ascii=False) + "\n"
    path = folder / f"{record.claim.id}.json"
    write_atomically(path, lambda file: file.write_text(text, encoding="utf-8"))


def command(claim: Claim, case: Case) -> str:
    """What makes the record again; the one that was typed has somebody's folders in it."""
    seeds = "" if case.seeds == case.trial.seeds else f" --seeds {case.seeds}"
    return f"python -m rlft claims {claim.id}{seeds}"


def kept_places(claim: Claim, folder: Path) -> dict[str, tuple[dict[str, Any], list[Row]]]:
    """The places of a record where the claim is still the same, with their rows.

    Raises:
        InputError: a file is damaged.
    """
    records = read_records([claim], folder)
    if not records:
        return {}
    path = folder / f"{claim.id}.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            _, *rows = csv.reader(file)
    except (OSError, ValueError) as error:
        raise damaged(path, error) from error
    return {
        place["place"]: (place, [tuple(row) for row in rows if row[0] == place["place"]])
        for record in records
        for place in record.content["places"]
        if record.stale(place) != CLAIM_CHANGED
    }


def contrast_of(finding: Finding) -> dict[str, Any]:
    """A finding as JSON."""
    contrast, found = finding.contrast, finding.found
    return {
        "claimed": contrast.sentence,
        "measure": contrast.measure.in_words,
        "arm": contrast.arm,
        "minus": contrast.minus,
        "above": contrast.above,
        "smallest": contrast.smallest,
        "control": contrast.control,
        "mean": round(found.mean, DIGITS),
        "low": round(found.low, DIGITS),
        "high": round(found.high, DIGITS),
        "verdict": finding.verdict,
    }


def numbers(columns: dict[str, np.ndarray], release: int) -> dict[str, np.ndarray]:
    """What a reader asks of an arm besides the contrasts, of each seed: (S,), in units of return.

    Of whoever acts, from the release on. Before it another rule acts, with random actions of its
    own where there is pre-sampling: a start there would be lower than the policy's, and the fall
    from it smaller.
    """
    _, returns = from_step(columns, "returns_behaviour", release)  # (S, P)
    return {"start": returns[:, 0], "final": returns[:, -3:].mean(1), "drop": drop(returns)}


def summary(columns: dict[str, np.ndarray], place: Place, release: int) -> dict[str, float | int]:
    """Means of `numbers` over seeds, and how many seeds collapsed."""
    _, returns = from_step(columns, "returns_behaviour", release)  # (S, P)
    means = {k: round(float(v.mean()), 2) for k, v in numbers(columns, release).items()}
    return means | {"collapsed": collapsed_share(returns, Collapse(place.low)).count}


def rows_of_arm(arm: Arm, columns: dict[str, np.ndarray], place: Place) -> list[Row]:
    """The numbers of each seed of an arm, in units of return."""
    return [
        (place.name, "", arm.name, "", f"{name}, return", seed, f"{value:.2f}")
        for name, values in numbers(columns, arm.recipe.warmup.steps).items()
        for seed, value in enumerate(values)
    ]


def rows_of(finding: Finding, place: Place) -> list[Row]:
    """The values of each seed."""
    contrast = finding.contrast
    head = (place.name, contrast.sentence, contrast.arm, contrast.minus or "")
    return [
        (*head, contrast.measure.in_words, seed, f"{value:.{DIGITS}f}")
        for seed, value in enumerate(finding.values)
    ]


def read_records(claims: Sequence[Claim], folder: Path) -> list[Record]:
    """The records of claims that have one, in the order of the claims.

    Raises:
        InputError: a file is damaged.
    """
    found = []
    for claim in claims:
        path = folder / f"{claim.id}.json"
        if path.exists():
            try:
                content = json.loads(path.read_text(encoding="utf-8"))
                found.append(Record(claim, content))
            except (OSError, ValueError) as error:
                raise damaged(path, error) from error
    return found
