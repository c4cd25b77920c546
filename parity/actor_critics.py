"""SAC, CQL and Cal-QL beside d3rlpy's: the rows of `parity.py`'s table.

Letters: E ensemble members, n sampled actions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import d3rlpy
import torch
from rows import (
    CRITICS,
    GAMMA,
    LR,
    POLYAK,
    RATES,
    SIZES,
    SQUASHED,
    SUM,
    THEIR_SETTINGS,
    E,
    Row,
    critic_rows,
    implementation,
    policy_rows,
    row,
)
from twins import (
    ACTION,
    SAMPLES,
    Twin,
    critic_twins,
    given_noise,
    gradient_of,
    joined,
    same_batch,
    squashed_twin,
    stir,
    value_of,
)

from rlft.algorithms import CQL, SAC, CQLConfig, SACConfig


class ActorCritic(NamedTuple):
    """One of our learners of the SAC family and its twin."""

    learner: SAC
    impl: Any
    policy: Twin
    critics: list[Twin]
    targets: list[Twin]


def actor_critic(learner: SAC, peer: Any) -> ActorCritic:
    """Stirs our learner and copies it."""
    stir(*learner.parts().values())
    impl = implementation(peer)
    impl._modules.log_temp._parameter.data.fill_(learner.temperature.log.item())
    return ActorCritic(
        learner,
        impl,
        squashed_twin(learner.policy.mlp, impl.policy),
        critic_twins(learner.critics.mlp, impl.q_function),
        critic_twins(learner.target_critics.mlp, impl._modules.targ_q_funcs),
    )


def sac_pair(their_temperature_rate: float) -> ActorCritic:
    """Soft actor-critic with entropy in the backup: d3rlpy has no other."""
    config = SACConfig(SQUASHED, CRITICS, GAMMA, polyak=POLYAK, backup_entropy=True, **RATES)
    peer = d3rlpy.algos.SACConfig(**THEIR_SETTINGS, temp_learning_rate=their_temperature_rate)
    return actor_critic(SAC(config, *SIZES), peer.create())


def sac() -> list[Row]:
    """Critics, targets and policy; then the temperature."""
    batch, their_batch = same_batch()
    learner, impl, policy, critics, targets = sac_pair(0.0)
    with given_noise(1):
        theirs = impl.update_critic(their_batch)["critic_loss"]
    with given_noise(1):
        metrics = learner.update_critics(batch)
    impl.update_critic_target()
    rows = critic_rows("SAC", metrics["critic_loss"], theirs, critics)
    rows.append(row("SAC", "target critics after a step", *joined(targets, value_of)))
    with given_noise(1):
        theirs = impl.update_actor(their_batch)["actor_loss"]
    with given_noise(1):
        metrics = learner.update_policy(batch)
    note = "d3rlpy's temperature fixed: it moves before the policy's loss, ours after"
    return rows + policy_rows("SAC", metrics["policy_loss"], theirs, policy, note) + temperature()


def temperature() -> list[Row]:
    """Before any other step, as the entropy is that of the policy."""
    batch, their_batch = same_batch()
    learner, impl, *_ = sac_pair(LR)
    with given_noise(1):
        theirs = impl.compute_actor_loss(their_batch, impl.policy(their_batch.observations))
    with given_noise(1):
        metrics = learner.update_policy(batch)
    loss = metrics["temperature"] * (metrics["entropy"] + ACTION)
    ours, parameter = learner.temperature.log, impl._modules.log_temp._parameter
    return [
        row("SAC", "temperature loss", loss, theirs.temp_loss),
        row("SAC", "temperature gradient", gradient_of(ours), gradient_of(parameter)),
        row("SAC", "log temperature after a step", ours, parameter),
    ]


def cql(calibrated: bool, best_of_n: bool) -> list[Row]:
    """CQL or Cal-QL, with the soft target or with the best of n next actions.

    d3rlpy's default, the value of the policy's mode, is a target that we do not have.
    """
    batch, their_batch = same_batch()
    weight = 5.0
    config = CQLConfig(
        SQUASHED,
        CRITICS,
        GAMMA,
        polyak=POLYAK,
        weight=weight,
        sampled_actions=SAMPLES,
        calibrated=calibrated,
        backup_entropy=not best_of_n,
        target_actions=SAMPLES if best_of_n else 1,
        **RATES,
    )
    their_config = d3rlpy.algos.CalQLConfig if calibrated else d3rlpy.algos.CQLConfig
    peer = their_config(
        **THEIR_SETTINGS,
        conservative_weight=weight,
        alpha_threshold=0.0,
        alpha_learning_rate=0.0,
        n_action_samples=SAMPLES,
        soft_q_backup=not best_of_n,
        max_q_backup=best_of_n,
    ).create()
    learner, impl, _, critics, _ = actor_critic(CQL(config, *SIZES), peer)
    counts = (SAMPLES if best_of_n else 1, SAMPLES, SAMPLES)  # for the target, at s, at s'
    with given_noise(*counts):
        theirs = impl.update_critic(their_batch)
    with given_noise(*counts):
        metrics = learner.update_critics(batch)
    method = f"{'Cal-QL' if calibrated else 'CQL'}, {'best of n' if best_of_n else 'soft target'}"
    total = metrics["critic_loss"] + weight * metrics["cql_penalty"]
    penalty = torch.tensor(theirs["conservative_loss"])
    note = f"{SUM}; their penalty holds its weight, {weight:g}"
    return [
        row(method, "penalty", metrics["cql_penalty"], penalty, note, scale=1 / (E * weight)),
        *critic_rows(method, total, theirs["critic_loss"], critics),
    ]
