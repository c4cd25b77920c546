"""Where the recipes differ from their authors' code, and where they took a constant from it.

The page `docs/where_we_differ.md` is written from these rows and from the recipes themselves, and a
test holds both together: a constant of the paper preset cannot change without its row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Constant:
    """Something that the authors' code fixes and that is a field here.

    Attributes:
        recipes: whose it is, names of `RECIPES`.
        field: where it stands in them, as in ``"online.utd"``.
        value: the authors', which the paper preset has.
        where: file and function of the authors' code.
        effect: what was measured with and without it; "" for not measured.
    """

    recipes: tuple[str, ...]
    field: str
    value: Any
    where: str
    effect: str = ""


@dataclass(frozen=True)
class Difference:
    """Something that is otherwise here, at both scales.

    Attributes:
        recipes: whose it is, names of `RECIPES`.
        detail: what.
        authors: what their code does.
        where: file and function of it.
        ours: what the library does.
        reason: why, and how to have it as the authors do, where that can be had.
        effect: what was measured; "" for not measured.
    """

    recipes: tuple[str, ...]
    detail: str
    authors: str
    where: str
    ours: str
    reason: str
    effect: str = ""


_WSRL = ("wsrl", "wsrl-calql", "wsrl-iql")
_FAST = ("sac-fast", *_WSRL)
_CQL = ("cql", "cql-retain", "calql", "calql-retain")
_CALQL = ("calql", "calql-retain", "wsrl-calql")
_IQL = ("iql", "iql-retain")
_INAC = ("inac", "inac-retain")
_FLAX = "`nn.LayerNorm()` of flax; wsrl/networks/mlp.py: MLP, rlpd/networks/mlp.py: MLP"

CONSTANTS = (
    # What happens around the losses, in the first steps after the switch.
    Constant(
        _FAST,
        "online.idle_steps",
        True,
        "wsrl/agents/sac.py: update; wsrl/common/common.py: apply_gradients",
        "without: policy 39 % otherwise in 40 online steps, critics 17 %; without, at sqrt(5) "
        "times the policy's rate: 105 % and 16 %",
    ),
    Constant(
        _FAST,
        "online.learner.temperature_form",
        "softplus",
        "wsrl/networks/lagrange.py: LagrangeMultiplier",
        "exp: from 0.91, alpha moves 1.5 times as far; policy 1.7 % otherwise in 40 online steps, "
        "critics 2.5 %",
    ),
    Constant(_FAST, "online.learning_starts", 1_024, "finetune.py: min_steps_to_update"),
    Constant(
        ("calql", "calql-retain"),
        "online.learning_starts",
        1_000,
        "JaxCQL/conservative_sac_main.py: main, a trajectory before the first update",
    ),
    Constant(
        _WSRL,
        "handover.optimizers",
        ("policy", "critics", "temperature"),
        "finetune.py: restore_checkpoint",
    ),
    Constant(_FAST, "warmup.steps", 5_000, "finetune.py: warmup_steps"),
    Constant(("rlpd",), "warmup.steps", 5_000, "README.md: --start_training"),
    # Ratios and rates.
    Constant(_FAST, "online.utd", 4, "scripts of locomotion: utd"),
    Constant(_FAST, "online.policy_delay", 4, "wsrl/agents/sac.py: update_high_utd"),
    Constant(_FAST, "online.policy_batch", "all", "wsrl/agents/sac.py: update_high_utd"),
    Constant(_FAST, "online.learner.policy_lr", 1e-4, "experiments/configs/train_config.py"),
    Constant(_FAST, "online.learner.critic_lr", 3e-4, "experiments/configs/train_config.py"),
    Constant(("rlpd",), "online.utd", 20, "train_finetuning.py: utd_ratio"),
    Constant(
        ("rlpd",), "online.learner.target_entropy", -0.5, "rlpd/agents/sac/sac_learner.py: create"
    ),
    Constant(
        ("rlpd",),
        "online.learner.policy_objective",
        "mean",
        "rlpd/agents/sac/sac_learner.py: update_actor",
    ),
    Constant(_CQL, "online.learner.target_actions", 10, "JaxCQL/conservative_sac.py: _train_step"),
    Constant(_INAC, "online.learner.weight_range", (1e-8, 1e4), "core/agent/in_sample.py"),
    # Networks.
    Constant(
        _FAST,
        "online.learner.critics.shared_output",
        True,
        "wsrl/networks/actor_critic_nets.py: Critic, one `Dense(1)` over a vmapped MLP",
    ),
    Constant(
        (*_FAST, "rlpd"),
        "online.learner.critics.norm_epsilon",
        1e-6,
        _FLAX,
        "1e-5: policy moves 26 % otherwise in 20 updates, critics 8 %",
    ),
    Constant(
        ("sac-fast", "wsrl", "wsrl-calql"),
        "online.learner.critics.initial_weights.last_hidden",
        1e-2,
        "experiments/configs/train_config.py: kernel_scale_final; wsrl/networks/mlp.py: MLP",
    ),
    Constant(
        _CQL,
        "online.learner.critics.initial_weights.output",
        1e-2,
        "JaxCQL/model.py: FullyConnectedNetwork",
    ),
    Constant(
        _CQL,
        "online.learner.policy.log_std_offset",
        -1.0,
        "JaxCQL/model.py: TanhGaussianPolicy",
    ),
    Constant(_IQL, "online.learner.policy.log_std", "free", "policy.py: NormalTanhPolicy"),
    Constant(_IQL, "online.learner.policy.log_std_range", (-5.0, 2.0), "learner.py: log_std_min"),
    Constant(
        ("wsrl-iql",), "prior.config.policy.kind", "normal", "experiments/configs/iql_config.py"
    ),
    Constant(
        (*_INAC, "rlpd"),
        "online.learner.critics.initial_weights.kind",
        "xavier",
        "core/network/network_utils.py: layer_init_xavier; rlpd/networks/mlp.py: default_init",
    ),
    # Losses of pre-training.
    Constant(
        ("wsrl", "wsrl-calql"),
        "prior.config.penalty_subset",
        2,
        "wsrl/agents/cql.py: _get_cql_q_diff",
        "all ten: policy 59 % otherwise in 3 updates, critics 33 %",
    ),
    Constant(
        ("cql", "calql", "wsrl", "wsrl-calql"),
        "prior.config.same_weights",
        True,
        "JaxCQL/conservative_sac.py: _train_step; wsrl/common/common.py: apply_loss_fns",
        "critics first: policy 1.4 % otherwise in its first step, 0.1 % in 20 updates",
    ),
    Constant(
        ("wsrl-iql",),
        "prior.config.critic_subset",
        2,
        "wsrl/agents/iql.py: _get_ensemble_q_value",
        "all ten: policy 79 % otherwise in 10 updates, critics 34 %",
    ),
)

DIFFERENCES = (
    Difference(
        ("ajs",),
        "Adam's moments of the policy at the switch",
        "open: no code is public; InAC's authors store no optimizer state",
        "core/agent/in_sample.py: save",
        "fresh for the explorer's policy, carried for its critics",
        "Moments of a weighted likelihood all but stop SAC's policy; `Handover()` has them cross.",
        "the first steps are some thousand times smaller with them (lesson 02)",
    ),
    Difference(
        ("ajs",),
        "where the explorer's temperature starts",
        "open",
        "AJS paper; in the InAC lab's code tau is the entropy's weight in Q",
        "at the guide's fixed tau, learned from there on",
        "Q was trained with that weight. `Handover(temperature=False)` starts at 1.",
    ),
    Difference(
        ("wsrl-iql",),
        "where SAC's temperature starts after IQL",
        "1, as IQL has none to hand over",
        "wsrl/agents/sac.py: create, temperature_init",
        "the same; the report about the switch says so",
        "The authors' choice. `SACConfig(initial_temperature=...)` changes it.",
    ),
    Difference(
        _CALQL,
        "floor of an episode that the clock cut off",
        "the sum of what was seen, also where the rest costs something",
        "JaxCQL/replay_buffer.py: calc_return_to_go",
        "what was seen plus gamma^n r_min / (1 - gamma), a bound that holds",
        "Both are the same for terminated and for all-fail episodes.",
    ),
    Difference(
        _CALQL,
        "which online rows are sampled",
        "a whole trajectory is collected, then there are length x UTD updates",
        "JaxCQL/conservative_sac_main.py: main; sampler.py: TrajSampler.sample",
        "an update at each step; rows of the running episode have no floor yet",
        "One loop for all methods. A run logs `floor_known`, the share of rows with a floor.",
    ),
    Difference(
        _IQL,
        "order of an update",
        "V, policy, Q, targets",
        "learner.py: _update_jit",
        "V, Q, targets, policy",
        "Ratios need values and policy as two halves of an update.",
        "the targets are one step of 0.5 % newer",
    ),
    Difference(
        (*_IQL, "wsrl-iql"),
        "rewards of MuJoCo",
        "times 1000 / (largest - smallest return of an episode)",
        "train_offline.py: normalize",
        "the environment's",
        "Q would be in other units than rollouts. `rlft.data.transform_rewards` gives it.",
    ),
    Difference(
        (*_IQL, "rlpd", *_WSRL, "calql", "calql-retain"),
        "rewards of AntMaze, Adroit and Kitchen",
        "r - 1 (IQL, RLPD); 10 r - 5, 10 r + 5, r - 4 (WSRL, Cal-QL)",
        "train_finetune.py; train_finetuning.py; scripts",
        "the environment's",
        "As above; online `gymnasium.wrappers.TransformReward`.",
    ),
    Difference(
        _IQL,
        "the policy's learning rate offline",
        "decays with a cosine",
        "learner.py: opt_decay_schedule",
        "constant",
        "A decay that went on through the switch would be zero there.",
    ),
    Difference(
        ("jsrl", "jsrl-linear", "jsrl-random", "jsrl-geometric", "porl-bc", "random-critic"),
        "policy class of behaviour cloning",
        "unsquashed Gaussian (WSRL), mean squared error of a tanh mean (CORL); PORL's is unknown",
        "wsrl/agents/bc.py: create; any_percent_bc.py",
        "squashed Gaussian, its likelihood",
        'SAC goes on with it, squashed everywhere. `PolicyConfig(kind="normal")` is the other.',
    ),
    Difference(
        (*_INAC, "wsrl-iql"),
        "sampled actions before Q",
        "not clipped; the environment clips",
        "core/network/policy_factory.py: MLPCont; wsrl/agents/iql.py",
        "clipped to the box, with the density of the unclipped sample",
        "Q is asked about the action that the environment takes.",
    ),
    Difference(
        _FAST,
        "where the temperature's update reads the entropy",
        "at the next states, from actions drawn anew",
        "wsrl/agents/sac.py: temperature_loss_fn",
        "at the states and actions of the policy's update",
        "One update of the temperature for all recipes.",
        "within what rounding makes of 40 online steps: policy 0.3 %, critics 1 %",
    ),
    Difference(
        _CQL,
        "weight of the penalty on AntMaze",
        "a Lagrange multiplier tunes it to a gap of 0.8",
        "wsrl/agents/cql.py: cql_lagrange",
        "fixed, locomotion's 5",
        "The course's tasks need no second dual variable.",
    ),
    Difference(
        ("inac", "inac-retain"),
        "what their checkpoint holds",
        "neither Adam's state nor targets nor the behaviour policy",
        "core/agent/in_sample.py: save",
        "everything crosses",
        "A run that goes on loses nothing. `Handover(optimizers=(), target_critics=False)` is "
        "theirs.",
    ),
)
