"""The size of the first steps, as the second moments that crossed let them be."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from small import MAZE_DATA, make_prior, make_recipe, same_state

from rlft.algorithms import Learner
from rlft.data import Batch, OfflineData
from rlft.finetune import hand_over
from rlft.recipes import Handover
from rlft.report import switch_report
from rlft.report.switch.first_steps import effective_steps


def first_batch(learner: Learner) -> Batch:
    logged = OfflineData(MAZE_DATA, learner.seeds, gamma=learner.config.gamma)
    return logged.sample(4, torch.Generator().manual_seed(1))


def scaled(handover: Handover, second_moment: float) -> Learner:
    """SAC after a handover, its policy's second moments as if all gradients had been that size."""
    learner, _ = hand_over(make_prior("sac"), make_recipe(handover=handover))
    for slots in learner.optimizers()["policy"].state.values():
        slots["exp_avg_sq"].fill_(second_moment**2 * (1 - 0.999 ** int(slots["step"])))
    return learner


def test_a_step_is_the_gradient_over_the_root_of_the_second_moment() -> None:
    learner = scaled(Handover(), 1e4)
    batch = first_batch(learner)
    before = learner.state_dict()
    steps = effective_steps(learner, batch)
    assert same_state(learner.state_dict(), before) and learner.updates == 0
    learner.update(batch)  # the same noise: the twin has the generator's state
    gradients = torch.cat([p.grad.flatten() for p in learner.policy.parameters()])  # type: ignore[union-attr]
    assert steps["policy"] == pytest.approx(float(gradients.abs().mean()) / 1e4, rel=1e-4)
    assert set(steps) == {"policy", "critics", "temperature"}


def test_it_is_never_larger_than_a_fresh_adams() -> None:
    assert scaled(Handover(optimizers=()), 1.0).optimizers()["policy"].state == {}
    learner = scaled(Handover(optimizers=()), 1.0)
    assert effective_steps(learner, first_batch(learner))["policy"] == 1.0
    tiny = scaled(Handover(), 1e-12)
    assert 0.5 < effective_steps(tiny, first_batch(tiny))["policy"] <= 1.0


def test_the_switch_report_warns_of_a_policy_that_all_but_stands_still() -> None:
    prior = make_prior("sac")
    for second_moment, warned in ((1e4, True), (1e-3, False)):
        learner = scaled(Handover(), second_moment)
        report = switch_report(prior, learner, MAZE_DATA.env_id, MAZE_DATA, episodes=1, pairs=8)
        found = [text for text in report.findings() if "learning rate says" in text]
        assert bool(found) is warned
        [policy] = [part for part in report.parts if part.name == "policy"]
        assert policy.effective_step is not None
        assert f"first steps {policy.effective_step:.2g} of a learning rate" in str(report)
        if warned:
            assert f"policy's first steps are {1 / policy.effective_step:.0f} times" in found[0]


def test_the_report_says_where_a_temperature_starts_that_no_prior_gives() -> None:
    for algorithm, text, finding in (
        ("iql", "nothing to cross; starts at 1", True),
        ("inac", "0.1 [0.1, 0.1]", False),
    ):
        prior = make_prior(algorithm)
        learner, _ = hand_over(prior, replace(make_recipe(), handover=Handover()))
        report = switch_report(prior, learner, MAZE_DATA.env_id, MAZE_DATA, episodes=1, pairs=8)
        assert text in dict(report.rows())["temperature's value"]
        assert any("no temperature to hand over" in t for t in report.findings()) is finding
