"""Three updates of every method: losses, gradients and new weights against float64 NumPy.

Both sides start from the same weights and see the same batches and the same random numbers. After
each update they must agree for both seeds, which have different weights and data. The step size is
far larger than in training: Adam's first steps have the size `lr` whatever the gradient, and with
1e-3 a wrong step would hide below a tolerance of 1e-5. Three updates, so that Adam's memory counts.

Measured: the largest difference over all cases is 2e-6. Inputs are fixed, as not every draw is so
well conditioned: LayerNorm over 4 units that happen to be nearly equal divides by next to nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy_learners
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
    gradients_of,
    recorded,
    restart,
    rows_of,
    stir,
    weights_of,
)
from numpy_learners import Parts, Reference

from rlft.algorithms import (
    BCConfig,
    Config,
    CQLConfig,
    InACConfig,
    IQLConfig,
    SACConfig,
    make_learner,
)
from rlft.nets.policies import PolicyConfig
from rlft.nets.stacked import CriticConfig

UPDATES = 3
WEIGHTS, DATA = 4, 31  # where the random streams of the inputs start
SQUASHED, TANH_MEAN, NORMAL = (
    PolicyConfig(kind, (4, 4)) for kind in ("squashed-gaussian", "tanh-mean-normal", "normal")
)
FREE: dict[str, Any] = {"log_std": "free", "log_std_range": (-0.3, 0.2)}
TWO, THREE = (CriticConfig(ensemble=n, hidden=(4, 4)) for n in (2, 3))
# A rate of its own for each part, so that none can take another's.
RATES: dict[str, Any] = {"critic_lr": 0.03, "policy_lr": 0.02, "temperature_lr": 0.05}


def sac(**changes: Any) -> SACConfig:
    return replace(SACConfig(policy=SQUASHED, critics=TWO, polyak=0.2, **RATES), **changes)


def cql(**changes: Any) -> CQLConfig:
    return replace(CQLConfig(policy=SQUASHED, critics=TWO, polyak=0.2, **RATES), **changes)


def iql(**changes: Any) -> IQLConfig:
    return replace(IQLConfig(policy=TANH_MEAN, critics=TWO, polyak=0.2, lr=0.03), **changes)


def inac(**changes: Any) -> InACConfig:
    base = InACConfig(policy=TANH_MEAN, critics=TWO, polyak=0.2, lr=0.03, temperature=0.5)
    return replace(base, **changes)


CASES: dict[str, Config] = {
    "bc squashed": BCConfig(policy=SQUASHED, policy_lr=0.02),
    "bc tanh mean": BCConfig(policy=TANH_MEAN, policy_lr=0.02),
    "bc with LayerNorm": BCConfig(policy=replace(SQUASHED, layer_norm=True), policy_lr=0.02),
    "bc normal": BCConfig(policy=NORMAL, policy_lr=0.02),
    "sac": sac(),
    "sac, entropy in the backup": sac(backup_entropy=True),
    "sac, mean of the critics": sac(policy_objective="mean", critics=THREE),
    "sac, minimum of three": sac(critics=THREE),
    "sac, two of three with replacement": sac(critics=THREE, target_subset=2),
    "sac, two of three without": sac(critics=THREE, target_subset=2, target_replacement=False),
    "sac, one of three": sac(critics=THREE, target_subset=1),
    "sac, best of four actions": sac(target_actions=4),
    "sac, best of four with entropy": sac(target_actions=4, backup_entropy=True),
    "sac, fixed temperature": sac(temperature_lr=0.0, initial_temperature=0.2),
    "sac, half the target entropy": sac(target_entropy=-0.5),
    "sac, no LayerNorm": sac(critics=replace(TWO, layer_norm=False)),
    "sac, LayerNorm in the policy": sac(policy=replace(SQUASHED, layer_norm=True)),
    "sac, normal": sac(policy=NORMAL),
    "sac, a free log sigma": sac(policy=replace(SQUASHED, **FREE)),
    "sac, tanh mean": sac(policy=TANH_MEAN, backup_entropy=True),
    "sac, one output layer for three": sac(critics=replace(THREE, shared_output=True)),
    "sac, one output layer, subset": sac(
        critics=replace(THREE, shared_output=True), target_subset=2
    ),
    "sac, another epsilon": sac(critics=replace(TWO, norm_epsilon=0.1)),
    "sac as in rlpd": sac(
        critics=THREE,
        target_subset=2,
        target_replacement=False,
        backup_entropy=True,
        policy_objective="mean",
        target_entropy=-0.5,
    ),
    "cql": cql(),
    "cql, a weight for each seed": cql(weight=(0.5, 5.0)),
    "cql, best of three actions, subset": cql(target_actions=3, critics=THREE, target_subset=2),
    "cql, tanh mean": cql(policy=TANH_MEAN),
    "cql, penalty of two of three": cql(critics=THREE, penalty_subset=2),
    "cql, both subsets": cql(critics=THREE, penalty_subset=2, target_subset=1),
    "cql, all gradients at the same weights": cql(same_weights=True),
    "cql as in wsrl": cql(
        critics=replace(THREE, shared_output=True, norm_epsilon=1e-6),
        policy=replace(SQUASHED, layer_norm=True, norm_epsilon=1e-6, log_std_range=(-11.5, 2.3)),
        target_subset=2,
        target_actions=4,
        penalty_subset=2,
        same_weights=True,
        weight=5.0,
    ),
    "cql, one output layer": cql(critics=replace(TWO, shared_output=True)),
    "cql, one action of each kind": cql(sampled_actions=1),
    "cal-ql": cql(calibrated=True),
    "cal-ql, five actions": cql(calibrated=True, sampled_actions=5, weight=5.0),
    "cal-ql, an offset": cql(calibrated=True, policy=replace(SQUASHED, log_std_offset=-1.0)),
    "iql": iql(),
    "iql, a free log sigma": iql(policy=replace(TANH_MEAN, **FREE)),
    "iql, an unbounded mean": iql(policy=replace(NORMAL, **FREE)),
    "iql, mean": iql(expectile=0.5),
    "iql, clipped weights": iql(inverse_temperature=10.0, weight_clip=2.0),
    "iql, two of three": iql(critics=THREE, critic_subset=2),
    "iql, all gradients at the same weights": iql(same_weights=True),
    "iql as in wsrl": iql(
        policy=replace(NORMAL, layer_norm=True, norm_epsilon=1e-6, **FREE),
        critics=replace(THREE, shared_output=True, norm_epsilon=1e-6),
        critic_subset=2,
        same_weights=True,
    ),
    "iql, one output layer": iql(critics=replace(TWO, shared_output=True)),
    "iql, squashed": iql(policy=SQUASHED),
    "inac": inac(),
    "inac, no entropy in the backup": inac(backup_entropy=False),
    "inac, clipped weights": inac(temperature=0.1, weight_range=(0.5, 2.0)),
    "inac, small temperature": inac(temperature=0.02),
    "inac, squashed": inac(policy=SQUASHED),
}


def reference(config: Config, parts: Parts, seed: int) -> Reference:
    if isinstance(config, CQLConfig):
        return numpy_sac.CQL(config, parts, seed)
    kinds: dict[type, Any] = {
        BCConfig: numpy_learners.BC,
        SACConfig: numpy_sac.SAC,
        IQLConfig: numpy_learners.IQL,
        InACConfig: numpy_learners.InAC,
    }
    return kinds[type(config)](config, parts)


def fingerprint(case: str) -> float:
    """One number for what the library's weights are after the updates."""
    learner = make_learner(CASES[case], OBSERVATION, ACTION, SEEDS)
    stir(learner.parts(), WEIGHTS)
    for update in range(UPDATES):
        learner.update(fixed_batch(DATA + update))
    sums = [
        value.detach().double().sum()
        for part in learner.parts().values()
        for value in part.parameters()
    ]
    return round(float(torch.stack(sums).sum()), 6)


def test_every_case_takes_a_step_of_its_own() -> None:
    """An option that changes nothing on this data would be compared in name only."""
    prints = {case: fingerprint(case) for case in CASES}
    assert len(set(prints.values())) == len(CASES), sorted(prints.items(), key=lambda item: item[1])


@pytest.mark.parametrize("case", CASES)
def test_updates_agree_with_numpy(case: str) -> None:
    learner = make_learner(CASES[case], OBSERVATION, ACTION, SEEDS)
    stir(learner.parts(), WEIGHTS)
    sides = [
        reference(CASES[case], weights_of(learner.parts(), seed), seed) for seed in range(SEEDS)
    ]
    for update in range(UPDATES):
        batch = fixed_batch(DATA + update)
        with recorded(learner.generator) as tapes:
            metrics = learner.update(batch)
        for seed, (side, draws) in enumerate(zip(sides, tapes, strict=True)):
            expected = side.update(rows_of(batch, seed), draws)
            assert not (draws.normal or draws.uniform or draws.integer), "draws left over"
            assert metrics.keys() == expected.keys()
            for name, value in expected.items():
                assert_close(metrics[name][seed].numpy(), np.array(value), f"{name} {update}")
            gradients = gradients_of(learner.parts(), learner.optimizers(), seed)
            assert_parts_close(gradients, side.gradients, "gradient")
            weights = weights_of(learner.parts(), seed)
            assert_parts_close(weights, side.parts, "weight")
            restart(side.parts, weights)
