"""How long a recipe takes: what makes it longer, beside what was measured."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from small import make_recipe, small

from rlft.algorithms import BCConfig, CQLConfig, SACConfig
from rlft.experiments.cost import CLASSES, cost_class, seconds, update_seconds
from rlft.finetune import RunPlan
from rlft.recipes import RECIPES, Online, Pretraining
from rlft.recipes.registry import PAPER_RECIPES

PLAIN = make_recipe()


@pytest.mark.parametrize(
    ("recipe", "prior_ms", "online_ms"),
    [("sac", 24, 16), ("iql", 19, 20), ("rlpd", 0, 43), ("porl", 24, 70), ("wsrl", 45, 59)],
)
def test_the_estimate_is_within_a_factor_of_two_and_a_bit_of_what_was_measured(
    recipe: str, prior_ms: float, online_ms: float
) -> None:
    """CPU time of 8 seeds; updates of the prior and steps of the run, each in milliseconds."""
    found = RECIPES[recipe]
    steps = 0 if found.prior is None else found.prior.steps
    measured = (steps * prior_ms + RunPlan().steps * online_ms) / 1_000
    assert measured / 2.2 < seconds(found) < 2.2 * measured


def test_what_makes_an_update_dearer() -> None:
    plain, cheap = update_seconds(SACConfig(), 8), update_seconds(BCConfig(), 8)
    assert cheap < plain < update_seconds(CQLConfig(batch_size=128), 8)
    assert plain < update_seconds(SACConfig(batch_size=256), 8)
    assert plain < update_seconds(SACConfig(), 16)
    asked = [update_seconds(CQLConfig(sampled_actions=count), 8) for count in (1, 10)]
    assert asked[0] < asked[1]


def test_prior_run_and_guide_are_added_up() -> None:
    steps, sac, inac = RunPlan().steps, small("sac"), small("inac")
    run = steps * update_seconds(sac, 8)
    assert seconds(PLAIN) == pytest.approx(run)
    assert seconds(replace(PLAIN, online=Online(sac, utd=4))) == pytest.approx(4 * run)
    asked = Pretraining("inac", inac, 50)
    prior = 50 * update_seconds(inac, 8)
    assert seconds(replace(PLAIN, prior=asked)) == pytest.approx(run + prior)
    guided = replace(PLAIN, guide=Online(inac))
    assert seconds(guided) == pytest.approx(run + steps * update_seconds(inac, 8))


def test_classes_are_words_for_every_recipe() -> None:
    lengths = list(CLASSES.values())
    assert lengths == sorted(lengths)
    assert all(2 <= b / a <= 4 for a, b in pairwise(lengths))
    assert cost_class(RECIPES["jsrl"]) == "1 minute" and cost_class(RECIPES["sac"]) == "3 minutes"
    for name, recipe in RECIPES.items():
        assert "minute" in cost_class(recipe), name
        assert "minute" not in cost_class(PAPER_RECIPES[name]), name
