"""The rule of a contrast, and what a trial finds in the curves of its arms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small import make_recipe

from rlft.core.errors import InputError
from rlft.evaluate.intervals import Interval
from rlft.experiments.claims.claim import (
    Arm,
    Claim,
    Contrast,
    Place,
    Trial,
    as_good,
    at_place,
    over_places,
)
from rlft.experiments.claims.measures import (
    Curve,
    GuideLeft,
    JudgeError,
    JudgeFollows,
    Moved,
    Probed,
    Quantity,
)
from rlft.experiments.claims.record import trial_key
from rlft.recipes import Warmup

STEPS = np.array([0, 10, 20, 30, 40])
# Of two seeds: one falls to -8 and comes back, one climbs.
RETURNS = np.array([[-2.0, -8.0, -4.0, -2.0, 0.0], [-4.0, -4.0, -3.0, -2.0, -1.0]])
COLUMNS = {
    "steps": STEPS,
    "returns_sampled": RETURNS,
    "returns_behaviour": RETURNS - 1,
    "metrics.estimate": RETURNS[:, 1:] + np.array([[2.0], [-1.0]]),
    "metrics.decided_at": np.array([[10, 20, 30, 40]] * 2),
    "metrics.guide_steps": np.array([[8, 4, 2], [8, 8, 8]]),
    "q_logged": 10 * RETURNS,
    "kl": np.abs(RETURNS),
}
PLACE = Place("here", "own/data-v0", low=-10.0, high=10.0, spans=5.0)
DROP = Curve("drop")


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.01, 0.5, "reproduced"),
        (-0.01, 0.5, "unclear"),
        (-0.01, 0.09, "not reproduced"),
        (0.01, 0.09, "not reproduced"),  # surely there, surely too small
        (-0.5, -0.1, "not reproduced"),
    ],
)
def test_an_effect_must_be_above_zero_and_may_not_be_excluded(low, high, verdict):
    contrast = Contrast("it falls", DROP, "a", "b")
    assert contrast.verdict(Interval((low + high) / 2, low, high, seeds=10)) == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.04, 0.5, "reproduced"),
        (-0.06, 0.5, "unclear"),
        (-0.5, -0.06, "not reproduced"),
    ],
)
def test_as_good_as_has_a_margin(low, high, verdict):
    contrast = as_good("a is as good as b", DROP, "a", "b", margin=0.05)
    assert contrast.verdict(Interval((low + high) / 2, low, high, seeds=10)) == verdict


def test_few_seeds_decide_nothing():
    contrast = Contrast("it falls", DROP, "a")
    assert contrast.verdict(Interval(1.0, 0.9, 1.1, seeds=4)) == "unclear"
    assert contrast.verdict(Interval(1.0, float("nan"), float("nan"), seeds=1)) == "unclear"
    assert contrast.verdict(Interval(1.0, 0.9, 1.1, seeds=5)) == "reproduced"


def test_a_rule_that_contradicts_itself_is_refused():
    with pytest.raises(InputError, match=r"smallest=-0\.1.*0\.0 or more"):
        Contrast("it falls", DROP, "a", smallest=-0.1)
    with pytest.raises(InputError, match="high=1"):
        Place("here", "data", low=1, high=1)


def test_quantities_of_a_curve():
    expected: dict[Quantity, list[float]] = {
        "start": [-2, -4],
        "lowest": [-8, -4],
        "drop": [6, 0],
        "average": [(-1 - 8 - 4 - 2 + 0) / 4, (-2 - 4 - 3 - 2 - 0.5) / 4],
        "final": [-2, -2],
        "gain": [0, 2],
    }
    for quantity, values in expected.items():
        found = Curve(quantity).of(COLUMNS, release=0)
        np.testing.assert_allclose(found, values, err_msg=quantity)
    np.testing.assert_allclose(Curve("start", "whoever acts").of(COLUMNS, 0), [-3, -5])


def test_a_curve_counts_from_the_release_unless_it_is_whole():
    np.testing.assert_allclose(Curve("drop").of(COLUMNS, release=20), [0, 0])
    np.testing.assert_allclose(Curve("start").of(COLUMNS, release=20), [-4, -3])
    np.testing.assert_allclose(Curve("drop", whole=True).of(COLUMNS, release=20), [6, 0])
    with pytest.raises(InputError, match=r"release=15.*\[0, 10, 20, 30, 40\]"):
        Curve("drop").of(COLUMNS, release=15)


def test_what_probes_saw():
    np.testing.assert_allclose(Probed("q_logged").of(COLUMNS, 10), [0, -10])
    np.testing.assert_allclose(Probed("q_logged", steps=10).of(COLUMNS, 10), [-40, -30])
    np.testing.assert_allclose(Probed("q_logged", change=True).of(COLUMNS, 0), [20, 30])
    np.testing.assert_allclose(Probed("q_logged", 0, sign=-1.0).of(COLUMNS, 0), [20, 40])


def test_an_error_of_q_is_taken_beside_another_and_measured_in_discounted_returns():
    columns = COLUMNS | {"error_off": np.full((2, 5), -3.0), "error_on": np.full((2, 5), -1.0)}
    gap = Probed("error_off", minus="error_on", sign=-1.0)
    np.testing.assert_allclose(gap.of(columns, 0), [2, 2])
    assert gap.in_words == "minus (error off - error on), at the end"
    (found,) = trial(Contrast("it is lower", gap, "now")).find({"now": columns})
    np.testing.assert_allclose(found.values, [0.4, 0.4])
    silent = replace(trial(Contrast("it is lower", gap, "now")), place=replace(PLACE, spans=0.0))
    with pytest.raises(InputError, match=r"spans=0\.0"):
        silent.find({"now": columns})


def test_the_judge_beside_the_truth():
    # It says 3 too much of seed 0, and nothing wrong of seed 1.
    np.testing.assert_allclose(JudgeError().of(COLUMNS, 0), [-3, 0])
    np.testing.assert_allclose(JudgeFollows().of(COLUMNS, 0), [1, 1])
    still = COLUMNS | {"metrics.estimate": np.zeros((2, 4))}
    np.testing.assert_allclose(JudgeFollows().of(still, 0), [0, 0])
    # Behind a decision h has moved: what was said before is of another policy.
    seldom = COLUMNS | {"metrics.decided_at": np.array([[0, 20, 20, 40]] * 2)}
    seldom["metrics.estimate"] = COLUMNS["metrics.estimate"] + [99, 0, -99, 0]
    np.testing.assert_allclose(JudgeError().of(seldom, 0), [-3, 0])
    between = COLUMNS | {"metrics.decided_at": np.array([[5, 15, 25, 35]] * 2)}
    with pytest.raises(InputError, match=r"decisions=\[5, 15, 25, 35\].*same steps"):
        JudgeError().of(between, 0)
    np.testing.assert_allclose(GuideLeft(start=8).of(COLUMNS, 0), [0.25, 1])
    np.testing.assert_allclose(Moved().of(COLUMNS, 0), [0, 1])


def trial(*contrasts: Contrast) -> Trial:
    late = make_recipe(warmup=Warmup(20))
    return Trial(PLACE, (Arm("now", make_recipe(), 40, 10), Arm("late", late, 40, 10)), contrasts)


def test_arms_are_compared_seed_by_seed_in_shares_of_the_place_range():
    (found,) = trial(Contrast("it falls", DROP, "now", "late")).find(
        {"now": COLUMNS, "late": COLUMNS}
    )
    np.testing.assert_allclose(found.values, [6 / 20, 0])
    assert found.found.mean == pytest.approx(0.15)
    (alone,) = trial(Contrast("h stays", GuideLeft(start=8), "now")).find({"now": COLUMNS})
    np.testing.assert_allclose(alone.values, [0.25, 1])  # no return, so no share of returns


def test_a_control_has_no_part_in_the_verdict():
    def finding(verdict, control=False):
        (made,) = trial(Contrast("x", DROP, "now", control=control)).find({"now": COLUMNS})
        return replace(made, verdict=verdict)

    assert at_place([finding("reproduced"), finding("not reproduced", True)]) == "reproduced"
    assert at_place([finding("reproduced"), finding("unclear")]) == "unclear"
    assert at_place([finding("unclear"), finding("not reproduced")]) == "not reproduced"


def test_verdicts_over_places():
    assert over_places(["reproduced", "reproduced"]) == "reproduced"
    assert over_places(["reproduced", "not reproduced"]) == "depends on the place"
    assert over_places(["reproduced", "unclear"]) == "unclear in part"


def test_a_trial_names_arms_that_are_not_there_and_arms_of_one_name():
    with pytest.raises(InputError, match="nwo"):
        trial(Contrast("it falls", DROP, "nwo"))
    arm = Arm("now", make_recipe(), 40, 10)
    with pytest.raises(InputError, match="a name for each"):
        Trial(PLACE, (arm, arm), ())


def test_the_key_of_a_place_changes_with_the_words_the_rule_and_the_arms():
    claim = Claim("A0", "It falls", "nobody", (trial(Contrast("it falls", DROP, "now")),))
    other_rule = replace(claim, trials=(trial(Contrast("it falls", DROP, "now", smallest=0.2)),))
    more_steps = replace(claim.trials[0].arms[0], steps=50)
    other_arms = replace(claim, trials=(replace(claim.trials[0], arms=(more_steps,)),))
    other_words = replace(claim, sentence="It rises")
    every = (claim, other_rule, other_arms, other_words)
    assert len({trial_key(one, one.trials[0]) for one in every}) == 4
    with pytest.raises(InputError, match="there"):
        claim.trial("there")
