"""Compares losses and gradient steps with d3rlpy's: ``python parity/parity.py``.

Both libraries get the same weights, the same batch and the same random numbers, and every loss,
gradient and new weight that they share is put side by side. Where their conventions differ (a sum
for a mean, another order of steps), d3rlpy's number is converted, and the table says how. Needs the
extra: ``pip install -e .[bench]``. Critics have no LayerNorm here: d3rlpy's comes after the ReLU.

Letters: A action size.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import d3rlpy
import torch
from actor_critics import actor_critic, cql, sac, sac_pair
from d3rlpy.models.torch.distributions import SquashedGaussianDistribution
from rows import (
    CRITICS,
    ENCODER,
    GAMMA,
    HIDDEN,
    LR,
    POLYAK,
    SIZES,
    SQUASHED,
    SUM,
    TANH_MEAN,
    THEIR_SETTINGS,
    Row,
    critic_rows,
    implementation,
    policy_rows,
    row,
)
from twins import (
    ACTION,
    Twin,
    critic_twins,
    gradient_of,
    joined,
    same_batch,
    stir,
    value_of,
)

from rlft.algorithms import BC, IQL, SAC, BCConfig, IQLConfig, SACConfig
from rlft.algorithms.fqe.learner import FQE, FQEConfig
from rlft.nets.stacked import CriticConfig
from rlft.nets.timed import Stationary


class InSample(NamedTuple):
    """Our IQL and its twin."""

    learner: IQL
    impl: Any
    policy: Twin
    value: Twin
    critics: list[Twin]
    targets: list[Twin]


def iql_pair() -> InSample:
    """Weights clipped at 2, which some of them reach."""
    config = IQLConfig(
        TANH_MEAN,
        CRITICS,
        GAMMA,
        lr=LR,
        polyak=POLYAK,
        expectile=0.9,
        inverse_temperature=3.0,
        weight_clip=2.0,
    )
    learner = IQL(config, *SIZES)
    stir(*learner.parts().values())
    peer = d3rlpy.algos.IQLConfig(
        **THEIR_SETTINGS,
        value_encoder_factory=ENCODER,
        expectile=0.9,
        weight_temp=3.0,
        max_weight=2.0,
    )
    impl = implementation(peer.create())
    their_value = impl._modules.value_func
    value = Twin(learner.state_value.mlp, 0, their_value._encoder, their_value._fc)
    policy = Twin(learner.policy.mlp, 0, impl.policy._encoder, impl.policy._mu)
    for twin in (value, policy):
        twin.copy()
    share = learner.policy.state_dict()["spread"][0].sigmoid()  # of the range of log sigma, (1, A)
    impl.policy._logstd.data.copy_(((6 * share - 1) / 7).logit())  # -6 + 6 share = -5 + 7 theirs
    critics = critic_twins(learner.critics.mlp, impl.q_function)
    targets = critic_twins(learner.target_critics.mlp, impl._modules.targ_q_funcs)
    return InSample(learner, impl, policy, value, critics, targets)


def iql() -> list[Row]:
    """V, then Q, then the policy, each from the same networks on both sides."""
    batch, their_batch = same_batch()
    learner, impl, policy, value, critics, targets = iql_pair()
    loss = impl.compute_critic_grad(their_batch).v_loss
    metrics = learner.update_critics(batch)
    rows = [
        row("IQL", "value loss", metrics["value_loss"], loss),
        row("IQL", "value gradient", *joined([value], gradient_of)),
    ]
    impl._modules.critic_optim.step()
    rows.append(row("IQL", "value after a step", *joined([value], value_of)))

    learner, impl, policy, value, critics, targets = iql_pair()  # their critics moved with V
    metrics = learner.update_critics(batch)
    value.copy()
    theirs = impl.update_critic(their_batch)["q_loss"]
    note = f"{SUM}; from V after its step in both: d3rlpy bootstraps from V before it"
    rows += critic_rows("IQL", metrics["critic_loss"], theirs, critics, note)

    for twin in (value, *critics, *targets):
        twin.copy()
    theirs = impl.update_actor(their_batch)["actor_loss"]
    metrics = learner.update_policy(batch)
    note = (
        "from targets after their step in both: d3rlpy moves them after the policy; log sigma is "
        "-6 + 6 sigmoid(p) here, -5 + 7 sigmoid(p) there, and left out below"
    )
    return rows + policy_rows("IQL", metrics["policy_loss"], theirs, policy, note)


def bc() -> list[Row]:
    """Our likelihood at one width for all dimensions is d3rlpy's squared error, up to constants.

    d3rlpy has no likelihood loss: its "stochastic" BC is the squared error of a sampled action.
    """
    batch, their_batch = same_batch()
    learner = BC(BCConfig(TANH_MEAN, policy_lr=LR), *SIZES)
    stir(learner.policy.mlp)
    impl = implementation(d3rlpy.algos.BCConfig(learning_rate=LR, encoder_factory=ENCODER).create())
    policy = Twin(learner.policy.mlp, 0, impl.policy._encoder, impl.policy._fc)
    policy.copy()
    log_std = -3.0  # where an untrained policy starts
    factor = 2 * math.exp(2 * log_std) / ACTION
    theirs = torch.tensor(impl.update_imitator(their_batch)["loss"])
    loss = learner.update(batch)["policy_loss"]
    squared = (loss - ACTION * (log_std + 0.5 * math.log(2 * math.pi))) * factor
    ours, other = joined([policy], gradient_of)
    note = "mean squared error there; ours is (likelihood loss - constant) 2 sigma^2 / A"
    return [
        row("BC", "loss", squared, theirs, note),
        row("BC", "gradient", factor * ours, other, "ours times 2 sigma^2 / A"),
        row("BC", "policy after a step", *joined([policy], value_of), "Adam sees no factor"),
        squashed_density(),
    ]


def squashed_density() -> Row:
    """What our BC of a squashed policy maximises; d3rlpy has the density and no such loss."""
    batch, their_batch = same_batch()
    learner, impl, *_ = sac_pair(0.0)
    output = impl.policy(their_batch.observations)
    actions = their_batch.actions.clamp(-0.99, 0.99)
    density = SquashedGaussianDistribution(output.mu, output.logstd.exp()).log_prob(actions)
    ours = learner.policy.log_prob(batch.observations, actions.unsqueeze(0))
    note = "actions within 0.99: we clip logged ones at 0.999, d3rlpy at 0.999999"
    return row("BC", "squashed log-density", ours, density, note)


def fqe() -> list[Row]:
    """Fitted Q evaluation of the mode of a policy, one critic, hard target copies."""
    batch, their_batch = same_batch()
    single = CriticConfig(ensemble=1, hidden=HIDDEN, layer_norm=False)
    config = FQEConfig(single, GAMMA, lr=LR, target="hard", hard_every=1, clip=False)
    # Our network predicts shares of the largest return; with rewards this small, that unit is 1.
    learner = FQE(config, *SIZES, reward_range=(GAMMA - 1, 1 - GAMMA))
    stir(learner.critics, learner.target_critics)
    evaluated = d3rlpy.algos.SACConfig(**THEIR_SETTINGS).create()
    actor = actor_critic(SAC(SACConfig(SQUASHED, CRITICS), *SIZES), evaluated).learner
    settings = d3rlpy.ope.FQEConfig(
        learning_rate=LR,
        encoder_factory=ENCODER,
        gamma=GAMMA,
        n_critics=1,
        target_update_interval=1,
    )
    impl = implementation(d3rlpy.ope.FQE(evaluated, settings))
    critics = critic_twins(learner.critics.mlp, impl._modules.q_funcs)
    targets = critic_twins(learner.target_critics.mlp, impl._modules.targ_q_funcs)
    theirs = torch.tensor(impl.inner_update(their_batch, grad_step=1)["loss"])
    loss = learner.update(batch, Stationary(actor.policy, mode=True))["fqe_loss"]
    note = "one critic: of several, d3rlpy bootstraps all from the minimum, we each from its own"
    return [
        row("FQE", "loss", loss, theirs, note),
        row("FQE", "gradient", *joined(critics, gradient_of), "our unit of return set to 1"),
        row("FQE", "critic after a step", *joined(critics, value_of)),
        row("FQE", "target after a hard copy", *joined(targets, value_of)),
    ]


def comparisons() -> list[Row]:
    """Every row of the table."""
    variants = [(calibrated, best) for calibrated in (False, True) for best in (False, True)]
    conservative = [r for variant in variants for r in cql(*variant)]
    return [*bc(), *sac(), *conservative, *iql(), *fqe()]


def main() -> None:
    """Prints the table."""
    print(f"d3rlpy {d3rlpy.__version__}, torch {torch.__version__}\n")
    print("| method | quantity | ours | d3rlpy | difference | convention |")
    print("|---|---|---:|---:|---:|---|")
    for r in comparisons():
        numbers = f"{r.ours:.6f} | {r.theirs:.6f} | {r.difference:.0e}"
        print(f"| {r.method} | {r.quantity} | {numbers} | {r.note} |")


if __name__ == "__main__":
    main()
