"""Four updates of fitted Q evaluation, and its read-out, against float64 NumPy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from compare import (
    ACTION,
    OBSERVATION,
    SEEDS,
    assert_close,
    assert_parts_close,
    double,
    fixed_batch,
    gradients_of,
    one_part,
    recorded,
    restart,
    rows_of,
    stir,
    weights_of,
)
from numpy_fqe import FQE as NumpyFQE
from numpy_fqe import Act, stationary, switching
from numpy_learners import Draws
from numpy_policies import Squashed

from rlft.algorithms.fqe.learner import FQE, FQEConfig
from rlft.data import Batch
from rlft.nets.policies import Policy, PolicyConfig, make_policy
from rlft.nets.stacked import CriticConfig, QEnsemble
from rlft.nets.timed import JumpStartPolicy, Stationary, TimedPolicy

UPDATES = 4
WEIGHTS, DATA = 4, 31  # where the random streams of the inputs start
TIME_LIMIT = 6  # the batches hold steps 0 to 5, so the last one reaches it
REWARDS = (-1.5, 0.5)
BEYOND = 0.1  # how far the batches' rewards leave what the log has: the possible returns grow
OTHER_REWARDS = {"clipped, only costs": (-0.9, -0.4), "clipped, only gains": (0.4, 0.9)}

PLAIN = FQEConfig(CriticConfig(ensemble=2, hidden=(4, 4)), lr=0.03, polyak=0.2, clip=False)
CLOCK = replace(PLAIN, time_aware=True)
CASES: dict[str, FQEConfig] = {
    "plain": PLAIN,
    "three critics without LayerNorm": replace(
        PLAIN, critics=CriticConfig(ensemble=3, hidden=(4, 4), layer_norm=False)
    ),
    "hard targets": replace(PLAIN, target="hard", hard_every=3),
    "clipped": replace(PLAIN, clip=True),
    "clipped, only costs": replace(PLAIN, clip=True),
    "clipped, only gains": replace(PLAIN, clip=True),
    "with a clock": CLOCK,
    "with a clock, clipped": replace(CLOCK, clip=True),
    "finite horizon": replace(CLOCK, finite_horizon=True),
    "finite horizon, clipped": replace(CLOCK, finite_horizon=True, clip=True),
    "undiscounted, clipped": replace(CLOCK, finite_horizon=True, clip=True, gamma=1.0),
}
POLICIES = ("mode", "sampled", "switching")


def new_policy(seed: int) -> Policy:
    config = PolicyConfig(hidden=(4, 4))
    generator = torch.Generator().manual_seed(seed)
    policy = make_policy(config, SEEDS, OBSERVATION, ACTION, generator)
    stir({"policy": policy}, seed)
    return policy


def both(kind: str) -> tuple[TimedPolicy, list[Act]]:
    """The policy under evaluation for the library, and for each seed of the reference."""
    guide, explorer = new_policy(1), new_policy(2)
    nets = [(one_part(guide, s)[0], one_part(explorer, s)[0]) for s in range(SEEDS)]
    plain = [(Squashed(first), Squashed(then)) for first, then in nets]
    if kind == "switching":
        horizon = torch.tensor([2, 5])
        acts = [switching(*pair, int(h)) for pair, h in zip(plain, horizon, strict=True)]
        return JumpStartPolicy(guide, explorer, horizon), acts
    mode = kind == "mode"
    return Stationary(guide, mode), [stationary(pair[0], mode) for pair in plain]


def new_learner(case: str) -> tuple[FQE, dict[str, QEnsemble]]:
    """A learner with stirred weights, and its parts."""
    sizes = (OBSERVATION, ACTION, SEEDS)
    rewards = OTHER_REWARDS.get(case, REWARDS)
    learner = FQE(CASES[case], *sizes, time_limit=TIME_LIMIT, reward_range=rewards)
    parts = {"critics": learner.critics, "target_critics": learner.target_critics}
    stir(parts, WEIGHTS)
    return learner, parts


def batch_of(case: str, update: int) -> Batch:
    """Rewards of the case's own range and a little more, in each seed its own."""
    low, high = OTHER_REWARDS.get(case, REWARDS)
    batch = fixed_batch(DATA + update)
    return replace(batch, rewards=batch.rewards.clamp(low - BEYOND, high + BEYOND))


def fingerprint(case: str, policy: str) -> float:
    """One number for what the library's weights are after the updates."""
    learner, parts = new_learner(case)
    timed, _ = both(policy)
    for update in range(UPDATES):
        learner.update(batch_of(case, update), timed)
    sums = [value.detach().double().sum() for part in parts.values() for value in part.parameters()]
    return round(float(torch.stack(sums).sum()), 6)


def test_every_case_takes_a_step_of_its_own() -> None:
    """An option that changes nothing on this data would be compared in name only."""
    prints = {(case, policy): fingerprint(case, policy) for case in CASES for policy in POLICIES}
    assert len(set(prints.values())) == len(prints), sorted(prints.items(), key=lambda x: x[1])


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("case", CASES)
def test_updates_agree_with_numpy(case: str, policy: str) -> None:
    config = CASES[case]
    learner, parts = new_learner(case)
    timed, acts = both(policy)
    sides = [
        NumpyFQE(config, weights_of(parts, s), TIME_LIMIT, OTHER_REWARDS.get(case, REWARDS))
        for s in range(SEEDS)
    ]
    for update in range(UPDATES):
        batch = batch_of(case, update)
        with recorded(learner.generator) as tapes:
            metrics = learner.update(batch, timed)
        for seed, (side, act, draws) in enumerate(zip(sides, acts, tapes, strict=True)):
            expected = side.update(rows_of(batch, seed), act, draws)
            assert not draws.normal, "draws left over"
            assert metrics.keys() == expected.keys()
            for name, value in expected.items():
                assert_close(metrics[name][seed].numpy(), np.array(value), f"{name} {update}")
            gradients = gradients_of(parts, ["critics"], seed)
            assert_parts_close(gradients, side.gradients, "gradient")
            weights = weights_of(parts, seed)
            assert_parts_close(weights, side.parts, "weight")
            restart(side.parts, weights)


@pytest.mark.parametrize("case", CASES)
def test_the_estimate_is_the_mean_over_states_and_members(case: str) -> None:
    config = CASES[case]
    learner, parts = new_learner(case)
    timed, acts = both("mode")
    batch = fixed_batch(DATA)
    estimate = learner.estimate(batch.observations, timed, batch.timesteps)
    read = "critics" if config.target == "hard" else "target_critics"
    for seed, act in enumerate(acts):
        side = NumpyFQE(
            config, weights_of(parts, seed), TIME_LIMIT, OTHER_REWARDS.get(case, REWARDS)
        )
        states, t = double(batch.observations[seed]), double(batch.timesteps[seed])
        actions = act(states, t, Draws([], [], []))  # the mode draws nothing
        q = side.q(side.parts[read], states, actions, t).mean(1)  # (E,)
        assert_close(double(estimate.mean[seed]), np.array(q.mean()), "mean")
        spread = np.sqrt(((q - q.mean()) ** 2).mean())
        assert_close(double(estimate.spread[seed]), spread, "spread")
