"""The 21 claims as they stand: complete, and each arm of each can be run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rlft
from rlft.algorithms import SACConfig
from rlft.core.encoding import cache_key
from rlft.data import load_dataset
from rlft.envs import MAZES, time_limit_of
from rlft.evaluate.references import best_return
from rlft.experiments.claims import CLAIMS, places
from rlft.experiments.claims.claim import Place
from rlft.experiments.claims.measures import Probed
from rlft.experiments.claims.trying import job_of_arm
from rlft.experiments.probes import LoggedQ, QErrors

TRIALS = [
    pytest.param(claim, trial, id=f"{claim.id}-{trial.place.name}")
    for claim in CLAIMS
    for trial in claim.trials
]
PLACES = {name: place for name, place in vars(places).items() if isinstance(place, Place)}
SEEN = {
    LoggedQ: {"q_logged"},
    QErrors: {"error_on_data", "error_off_data", "error_unseen"},
}


def test_all_claims_of_the_three_papers_are_there():
    counts = {"A": 8, "P": 7, "W": 6}
    expected = [f"{paper}{n + 1}" for paper, count in counts.items() for n in range(count)]
    assert [claim.id for claim in CLAIMS] == expected


def test_each_claim_is_tried_at_two_places_or_more_each_once():
    for claim in CLAIMS:
        names = [trial.place.name for trial in claim.trials]
        assert len(names) == len(set(names)) >= 2, claim.id


@pytest.mark.parametrize(("claim", "trial"), TRIALS)
def test_an_arm_is_evaluated_at_its_release_and_often_after_it(claim, trial):
    for arm in trial.arms:
        evaluations = {*range(0, arm.steps, arm.every), arm.steps}
        assert arm.recipe.warmup.steps in evaluations, arm.name
        assert len([step for step in evaluations if step >= arm.recipe.warmup.steps]) > 3


def test_every_arm_can_start_from_its_prior():
    """Each recipe once, as claims share most of them."""
    jobs = {}
    for claim in CLAIMS:
        for trial in claim.trials:
            for arm in trial.arms:
                job = job_of_arm(trial, arm, 0, 1)
                jobs[cache_key(arm.recipe)] = job
    for job in jobs.values():
        job.experiment(Path()).check(job.recipe)


@pytest.mark.parametrize(("claim", "trial"), TRIALS)
def test_a_trial_has_a_rule_enough_seeds_and_every_arm_in_a_contrast(claim, trial):
    assert trial.seeds >= 10
    assert any(not contrast.control for contrast in trial.contrasts)
    used = {name for contrast in trial.contrasts for name in (contrast.arm, contrast.minus)}
    assert {arm.name for arm in trial.arms} <= used
    # Arms that are compared differ, else the numbers of one would be the other's.
    recipes = {(arm.recipe, arm.edit, arm.steps) for arm in trial.arms}
    assert len(recipes) == len(trial.arms)


@pytest.mark.parametrize(("claim", "trial"), TRIALS)
def test_what_a_contrast_reads_is_seen_by_its_arms_probes(claim, trial):
    arms = {arm.name: arm for arm in trial.arms}
    for contrast in trial.contrasts:
        if isinstance(contrast.measure, Probed):
            for name in filter(None, (contrast.arm, contrast.minus)):
                seen = set().union(*(SEEN[type(probe)] for probe in arms[name].probes))
                assert contrast.measure.column in seen, contrast.sentence


@pytest.mark.parametrize("name", PLACES)
def test_a_place_lies_between_random_actions_and_the_best(name):
    place = PLACES[name]
    data = load_dataset(place.dataset)
    limit = time_limit_of(data.env_id)
    assert limit is not None
    if data.env_id in MAZES:
        assert place.high == pytest.approx(best_return(data.env_id), abs=0.1)
    else:
        best = load_dataset(place.dataset.replace("medium", "near-optimal"))
        assert place.high == pytest.approx(best.episode_returns().mean(), abs=0.01 * place.range)
    if place.low == -limit:
        return  # a cost of 1 a step, and never there
    found = random_returns(data.env_id, limit)
    assert place.low == pytest.approx(found.mean(), abs=0.03 * place.range)


def random_returns(env_id: str, limit: int) -> np.ndarray:
    """(100,) returns of uniformly random actions."""
    env, rng = rlft.make_vec(env_id, 100), np.random.default_rng(0)
    env.reset(seed=0)
    total, going = np.zeros(100), np.ones(100, bool)
    box = env.single_action_space
    for _ in range(limit):
        actions = rng.uniform(box.low, box.high, (100, *box.shape)).astype(np.float32)
        _, rewards, terminations, truncations, _ = env.step(actions)
        total += rewards * going
        going &= ~(terminations | truncations)
        if not going.any():
            break
    return total


@pytest.mark.parametrize("name", [name for name, place in PLACES.items() if place.spans])
def test_what_discounted_returns_span_where_a_step_costs_1(name):
    place, gamma = PLACES[name], SACConfig().gamma
    never, best = -1 / (1 - gamma), -(1 - gamma**-place.high) / (1 - gamma)
    assert place.spans == pytest.approx(best - never, abs=0.1)
