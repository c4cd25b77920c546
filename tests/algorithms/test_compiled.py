"""Compiled updates: the noise of eager ones bit for bit, their numbers within its rounding."""

from __future__ import annotations

import copy
import math
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from probes import differing, random_batch
from small import CRITICS, MAZE_DATA, make_recipe, small

import rlft
from rlft.acting import GuideActs, JumpStart
from rlft.algorithms import ALGORITHMS, Learner, compiled, make_learner
from rlft.algorithms.compiled import Compiled, Outcome, Program
from rlft.algorithms.trainable import load_adam
from rlft.core.errors import InputError, NumericalError
from rlft.data import Batch
from rlft.experiments.experiment import Experiment
from rlft.finetune import RunPlan, finetune, pretrain
from rlft.nets.policies import PolicyConfig
from rlft.nets.stacked import CriticConfig
from rlft.recipes import Online

SEEDS = 2
PLAN = RunPlan(12, eval_every=6, eval_episodes=1, progress=False)


def learner_of(name: str) -> Learner:
    return make_learner(small(name), 2, 2, SEEDS)


@pytest.fixture
def taped(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Programs without the compiler: what they do beside it. The calls, by their learners."""
    calls: list[str] = []
    real = Program.__init__

    def init(self: Program, *arguments: object) -> None:
        real(self, *arguments)  # type: ignore[arg-type]

        def fast(
            learner: Learner, eager: object, batch: Batch, noise: list[torch.Tensor]
        ) -> Outcome:
            calls.append(type(self.learner).__name__)
            return compiled.taped(self.learner, self.eager, batch, noise)

        self.fast = fast

    monkeypatch.setattr(Program, "__init__", init)
    return calls


SUBSETS = {
    "sac": {"critics": CriticConfig(4, (8,)), "target_subset": 2, "target_actions": 2},
    "cql": {"critics": CriticConfig(4, (8,)), "penalty_subset": 2, "target_replacement": False},
}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_with_noise_from_a_tape_all_is_as_ever(name: str, taped: list[str]) -> None:
    config = replace(small(name), **SUBSETS.get(name, {}))
    eager, other = (make_learner(config, 2, 2, SEEDS) for _ in range(2))
    rlft.compile(other)
    for step in range(6):
        batch = random_batch(SEEDS, seed=step)
        if step < 3:
            theirs, ours = eager.update(batch), other.update(batch)
        else:
            theirs = {**eager.update_critics(batch), **eager.update_policy(batch)}
            ours = {**other.update_critics(batch), **other.update_policy(batch)}
        assert not differing(theirs, ours)
    assert not differing(eager.state_dict(), other.state_dict())
    assert len(taped) == 2 + 2 * 2  # the first call of each kind shows the noise


def test_resting_seeds_and_other_sizes_have_programs_of_their_own(taped: list[str]) -> None:
    eager, other = learner_of("sac"), rlft.compile(learner_of("sac"))
    for step in range(6):
        batch = random_batch(SEEDS, size=4 + 4 * (step % 2), seed=step)
        for learner in (eager, other):
            with learner.resting(torch.tensor([True, False])):
                learner.update_policy(batch)
            learner.update_policy(batch)
    assert not differing(eager.state_dict(), other.state_dict())
    assert isinstance(other.update_policy, Compiled) and len(other.update_policy.programs) == 4


def test_a_copy_has_programs_of_its_own(taped: list[str]) -> None:
    first = rlft.compile(learner_of("sac"))
    for step in range(2):
        first.update(random_batch(SEEDS, seed=step))
    twin = copy.deepcopy(first)
    before = first.state_dict()
    for step in range(2, 4):
        twin.update(random_batch(SEEDS, seed=step))
    assert not differing(before, first.state_dict())
    assert differing(before, twin.state_dict())


def test_a_loss_that_is_no_number_is_named(taped: list[str]) -> None:
    learner = rlft.compile(learner_of("sac"))
    batch = random_batch(SEEDS)
    learner.update(batch)
    rewards = batch.rewards.clone()
    rewards[1] = math.nan
    with pytest.raises(NumericalError, match=r"The critics loss is nan for seed \[1\] at update 2"):
        learner.update(replace(batch, rewards=rewards))
    with torch.no_grad(), pytest.raises(InputError, match="loss has no gradient"):
        learner.update(batch)


def test_training_and_runs_can_be_compiled(taped: list[str], tmp_path: Path) -> None:
    config = small("inac")
    data = MAZE_DATA
    priors = [
        pretrain(config, data, seeds=SEEDS, steps=4, progress=False, compile=compile)
        for compile in (False, True)
    ]
    assert taped == ["InAC"] * 3
    recipe = make_recipe(
        small("sac"),
        guide=Online(config),
        acting=JumpStart(guide=GuideActs(), schedule=rlft.Linear()),
    )
    runs = [
        finetune(prior, recipe, plan=replace(PLAN, compile=compile))
        for prior, compile in zip(priors, (False, True), strict=True)
    ]
    assert {"SAC", "InAC"} == set(taped[3:])
    np.testing.assert_array_equal(runs[0].returns_sampled, runs[1].returns_sampled)
    keys = [
        Experiment(data, tmp_path, SEEDS, replace(PLAN, compile=compile)).run_key(recipe)
        for compile in (False, True)
    ]
    assert keys[0] != keys[1]


def test_an_adam_that_idles_idles_once(taped: list[str]) -> None:
    eager, other = learner_of("sac"), rlft.compile(learner_of("sac"))
    for step in range(8):
        batch = random_batch(SEEDS, seed=step)
        for learner in (eager, other):
            if step < 4:  # the program is made where nobody asks who has stepped
                learner.update_critics(batch)
            else:
                with learner.idling():
                    learner.update_critics(batch)
    assert not differing(eager.state_dict(), other.state_dict())


def test_rates_configurations_and_states_may_change(taped: list[str]) -> None:
    eager, other = learner_of("sac"), rlft.compile(learner_of("sac"))
    for step in range(8):
        for learner in (eager, other):
            if step == 3:
                learner.optimizers()["policy"].param_groups[0]["lr"] = 0.0
            if step == 5:
                learner.config = replace(learner.config, polyak=0.5)
            if step == 6:
                learner.load_state_dict(learner.state_dict())
                load_adam(learner.optimizers()["critics"], {}, "critics")  # starts afresh
            learner.update(random_batch(SEEDS, seed=step))
        assert not differing(eager.state_dict(), other.state_dict())


class Noisy(type(learner_of("bc"))):  # type: ignore[misc]
    """Draws noise as its author likes."""

    def update_policy(self, batch: Batch) -> dict[str, torch.Tensor]:
        torch.randn(3, generator=self.generator)
        return super().update_policy(batch)


def test_noise_that_cannot_be_taped_is_named() -> None:
    noisy = rlft.compile(Noisy(small("bc"), 2, 2, SEEDS))
    with pytest.raises(InputError, match=r"Noisy.update draws noise by itself.*rlft\.core\.noise"):
        noisy.update(random_batch(SEEDS))


def test_where_nothing_can_be_compiled_it_goes_on_eagerly(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch._dynamo.exc import TorchDynamoException

    def fails(*arguments: object) -> Outcome:
        raise TorchDynamoException("No C++ compiler found.\nAnd more.")

    monkeypatch.setattr(torch, "compile", lambda function, **options: fails)
    eager, other = learner_of("sac"), rlft.compile(learner_of("sac"))
    batch = random_batch(SEEDS)
    for learner in (eager, other):
        learner.update(batch)
    with pytest.warns(UserWarning, match=r"go on eagerly.*It said: No C\+\+ compiler found\.$"):
        other.update(batch)
    eager.update(batch)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is said once
        other.update(batch)
    eager.update(batch)
    assert not differing(eager.state_dict(), other.state_dict())
    monkeypatch.setattr(compiled, "TRACES", "an option of tomorrow")
    with pytest.warns(UserWarning, match="go on eagerly.*This is PyTorch"):
        learner = rlft.compile(learner_of("sac"))
    assert not isinstance(learner.update, Compiled)


@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler here")
def test_the_first_hundred_compiled_updates_agree_with_eager_ones() -> None:
    from torch._dynamo import config as dynamo

    if not hasattr(dynamo, compiled.TRACES):
        pytest.skip(f"PyTorch {torch.__version__} cannot compile a backward pass with its update")
    shape = small(
        "sac", policy=PolicyConfig(hidden=(16, 16)), critics=replace(CRITICS, hidden=(16,))
    )
    eager, fast = (make_learner(shape, 2, 2, SEEDS) for _ in range(2))
    rlft.compile(fast)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # an eager update would agree as well
        for step in range(100):
            batch = random_batch(SEEDS, size=32, seed=step)
            theirs, ours = eager.update(batch), fast.update(batch)
            for name, value in theirs.items():
                torch.testing.assert_close(ours[name], value, rtol=1e-4, atol=1e-4, msg=name)
    assert torch.equal(eager.generator.get_state(), fast.generator.get_state())
    assert fast.updates == 100
