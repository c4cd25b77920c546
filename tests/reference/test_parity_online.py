"""WSRL's whole online step, from a CQL prior through the switch, against float64 NumPy.

The other parity tests judge one update of everything. Here is what only the online step has: four
updates of ten critics, one of policy and temperature on all their rows, Adams that go on from the
moments of pre-training and step on zeros in between; and several such steps without a restart.

Measured: the largest difference in any step is 4e-7 of the largest weight of its network (or of 1).
Without one part's idle steps it is 0.015 or more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy_sac
import pytest
import torch
from compare import (
    ACTION,
    OBSERVATION,
    SEEDS,
    assert_close,
    assert_parts_close,
    fixed_batch,
    recorded,
    restart,
    rows_of,
    stir,
    weights_of,
)
from numpy_learners import Reference
from small import MAZE_DATA, make_recipe

from rlft.algorithms import CQLConfig, Learner, SACConfig, make_learner
from rlft.data import Batch
from rlft.finetune import Prior, hand_over
from rlft.finetune.updates import learn
from rlft.recipes import Online
from rlft.recipes.paper_learners import TEN_CQL, WSRL_SAC
from rlft.recipes.registry import find_recipe

UPDATES, STEPS, UTD = 3, 5, 4
WEIGHTS, DATA = 4, 31  # where the random streams of the inputs start
POLICY = replace(WSRL_SAC.policy, hidden=(8, 8))
CRITICS = replace(WSRL_SAC.critics, hidden=(8, 8))
# Ten times the paper's rates, so that a wrong step is no rounding error, and far from each other.
FAST: dict[str, Any] = {"critic_lr": 3e-3, "policy_lr": 1e-3, "temperature_lr": 2e-3}
SHAPES: dict[str, Any] = {"policy": POLICY, "critics": CRITICS, "polyak": 0.05, **FAST}

CASES: dict[str, SACConfig] = {
    "locomotion": WSRL_SAC,
    "AntMaze, best of three actions": replace(WSRL_SAC, target_actions=3),
    "entropy in the target, mean of the critics": replace(
        WSRL_SAC, backup_entropy=True, policy_objective="mean"
    ),
}


class OneBatch:
    """Stands where a replay buffer would: always the same rows."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def sample(self, batch_size: int, generator: torch.Generator, batches: int) -> Batch:
        assert self.batch.size == batch_size * batches
        return self.batch


def pretrained() -> tuple[Learner, list[Reference]]:
    """A CQL learner after some updates, and references with its weights and their own moments."""
    config: CQLConfig = replace(TEN_CQL, **SHAPES, sampled_actions=2, target_actions=2)
    learner = make_learner(config, OBSERVATION, ACTION, SEEDS)
    stir(learner.parts(), WEIGHTS)
    sides: list[Reference] = [
        numpy_sac.CQL(config, weights_of(learner.parts(), seed), seed) for seed in range(SEEDS)
    ]
    for update in range(UPDATES):
        batch = fixed_batch(DATA + update)
        with recorded(learner.generator) as tapes:
            learner.update(batch)
        for seed, side in enumerate(sides):
            side.update(rows_of(batch, seed), tapes[seed])
            restart(side.parts, weights_of(learner.parts(), seed))
    return learner, sides


def switched(config: SACConfig, prior: Reference, seed: int) -> numpy_sac.SAC:
    """The reference after the switch, to which everything crosses, with Adam's memory."""
    side = numpy_sac.SAC(config, prior.parts)
    for name, adams in side.adams.items():
        for adam, given in zip(adams, prior.adams[name], strict=True):
            adam.steps, adam.first, adam.second = given.steps, dict(given.first), dict(given.second)
    return side


def online_batch(step: int) -> Batch:
    return Batch.concatenate([fixed_batch(DATA + UTD * step + i) for i in range(UTD)])


@pytest.mark.parametrize("case", CASES)
def test_the_online_step_agrees_with_numpy(case: str) -> None:
    learner, priors = pretrained()
    config = replace(CASES[case], **SHAPES, batch_size=fixed_batch(0).size)
    online = replace(find_recipe("wsrl", "paper").online, learner=config)
    ratios = Online(config, utd=UTD, policy_delay=UTD, policy_batch="all", idle_steps=True)
    assert online == replace(ratios, learning_starts=online.learning_starts)
    prior = Prior("cql", learner, MAZE_DATA, UPDATES, {}, 0.0)
    learner, _ = hand_over(prior, replace(make_recipe(), online=online))
    sides = [switched(config, given, seed) for seed, given in enumerate(priors)]
    for step in range(1, STEPS + 1):
        batch = online_batch(step)
        with recorded(learner.generator) as tapes:
            metrics = learn(learner, online, OneBatch(batch), step, learner.generator)  # type: ignore[arg-type]
        for seed, (side, draws) in enumerate(zip(sides, tapes, strict=True)):
            minibatches = [rows_of(part, seed) for part in batch.split(UTD)]
            expected = side.online_step(minibatches, draws)
            assert not (draws.normal or draws.uniform or draws.integer), "draws left over"
            for name, value in expected.items():
                assert_close(metrics[name][seed].numpy(), np.array(value), f"{name} {step}")
            assert_parts_close(weights_of(learner.parts(), seed), side.parts, f"weight {step}")
