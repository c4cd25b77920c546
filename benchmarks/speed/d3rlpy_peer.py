"""d3rlpy's offline learners as contenders: batches from its own replay buffer, its own `update`."""

from __future__ import annotations

from typing import Any

from benchmarks.speed.ours import HARD_EVERY
from benchmarks.speed.rounds import Call
from benchmarks.speed.shape import GAMMA, LR, POLYAK, Shape, random_log


def updates(learner: Any, shape: Shape) -> Call:
    """Draws a batch from d3rlpy's buffer of the random log, and updates."""
    import d3rlpy

    log = random_log(shape)
    buffer = d3rlpy.dataset.MDPDataset(
        observations=log.observations,
        actions=log.actions,
        rewards=log.rewards,
        terminals=log.truncations & False,
        timeouts=log.truncations,
    )
    learner.create_impl((shape.observation,), shape.action)

    def call() -> int:
        learner.update(buffer.sample_transition_batch(shape.batch))
        return 1

    return call


def encoder(shape: Shape, layer_norm: bool = False) -> Any:
    """Hidden layers; d3rlpy's LayerNorm comes after the ReLU, at the same cost."""
    from d3rlpy.models.encoders import VectorEncoderFactory

    return VectorEncoderFactory(hidden_units=list(shape.hidden), use_layer_norm=layer_norm)


def actor_critic(shape: Shape) -> dict[str, Any]:
    """Settings of all that have policy and critics."""
    return {
        "actor_encoder_factory": encoder(shape),
        "critic_encoder_factory": encoder(shape, shape.layer_norm),
        "actor_learning_rate": LR,
        "critic_learning_rate": LR,
        "n_critics": shape.ensemble,
        "gamma": GAMMA,
        "tau": POLYAK,
    }


def cql(shape: Shape, sampled_actions: int) -> Call:
    """CQL with a fixed weight of the penalty, as ours has it: one optimizer less."""
    import d3rlpy

    config = d3rlpy.algos.CQLConfig(
        **actor_critic(shape),
        temp_learning_rate=LR,
        alpha_learning_rate=0.0,
        n_action_samples=sampled_actions,
        soft_q_backup=True,
    )
    return updates(config.create(), shape)


def iql(shape: Shape) -> Call:
    """Implicit Q-learning."""
    import d3rlpy

    value = {"value_encoder_factory": encoder(shape, shape.layer_norm)}
    return updates(d3rlpy.algos.IQLConfig(**actor_critic(shape), **value).create(), shape)


def bc(shape: Shape) -> Call:
    """Behaviour cloning: the squared error of the mean."""
    import d3rlpy

    config = d3rlpy.algos.BCConfig(learning_rate=LR, encoder_factory=encoder(shape))
    return updates(config.create(), shape)


def fqe(shape: Shape) -> Call:
    """Fitted Q evaluation of the mode of an untrained policy."""
    import d3rlpy

    evaluated = d3rlpy.algos.SACConfig(**actor_critic(shape)).create()
    evaluated.create_impl((shape.observation,), shape.action)
    config = d3rlpy.ope.FQEConfig(
        learning_rate=LR,
        encoder_factory=encoder(shape, shape.layer_norm),
        gamma=GAMMA,
        n_critics=shape.ensemble,
        target_update_interval=HARD_EVERY,
    )
    return updates(d3rlpy.ope.FQE(evaluated, config), shape)
