"""The learners at the papers' scale: every constant, and where the sources leave one open.

The papers' constants differ from task to task. Where they do, locomotion's are taken (2 x 256 units
everywhere) and the others named. What the library does otherwise is named where it would stand.
"""

from __future__ import annotations

import math
from dataclasses import replace

from rlft.algorithms.bc import BCConfig
from rlft.algorithms.cql import CQLConfig
from rlft.algorithms.fqe.learner import FQEConfig
from rlft.algorithms.inac import InACConfig
from rlft.algorithms.iql import IQLConfig
from rlft.algorithms.sac import SACConfig
from rlft.nets.initial_weights import InitialWeights
from rlft.nets.policies import PolicyConfig
from rlft.nets.stacked import CriticConfig

# The same in every source. AntMaze and Adroit have wider or deeper nets (Cal-QL 4 x 256 and 3 x 512
# critics, RLPD 3 x 256), which change no method.
HIDDEN = (256, 256)
GAMMA = 0.99
BATCH = 256
POLYAK = 0.005

# Networks of no authors' own: plain SAC and behaviour cloning, as PyTorch starts them.
SQUASHED = PolicyConfig(hidden=HIDDEN)
TWO = CriticConfig(ensemble=2, hidden=HIDDEN, layer_norm=False)

# WSRL. Linear, LayerNorm, ReLU in every hidden layer of policy and critics; sigma in [1e-5, 10];
# one output layer for all ten critics. Orthogonal weights, the last hidden layer's at 1e-2:
# LayerNorm undoes that in the forward pass, but an Adam step is half of such a weight. Mean and log
# sigma have two matrices there and one here, of the same sizes.
FLAX = 1e-6  # LayerNorm's epsilon
SMALL_HIDDEN = InitialWeights("orthogonal", last_hidden=1e-2)
SQUASHED_NORMED = PolicyConfig(
    hidden=HIDDEN,
    layer_norm=True,
    norm_epsilon=FLAX,
    initial_weights=SMALL_HIDDEN,
    log_std_range=(math.log(1e-5), math.log(10)),
)
TEN = CriticConfig(
    ensemble=10,
    hidden=HIDDEN,
    layer_norm=True,
    norm_epsilon=FLAX,
    shared_output=True,
    initial_weights=SMALL_HIDDEN,
)

# RLPD: LayerNorm in the critics only, which share nothing; Xavier weights; log sigma in [-20, 2].
XAVIER = InitialWeights("xavier")
RLPD_POLICY = PolicyConfig(hidden=HIDDEN, initial_weights=XAVIER, log_std_range=(-20, 2))
RLPD_CRITICS = replace(TEN, shared_output=False, initial_weights=XAVIER)

# CQL and Cal-QL, both in Cal-QL's code: orthogonal weights, those of the output layer at 1e-2; log
# sigma is m x - 1 at first, m and -1 learned, in [-20, 2].
SMALL_OUTPUT = InitialWeights("orthogonal", output=1e-2)
CQL_POLICY = PolicyConfig(
    hidden=HIDDEN, initial_weights=SMALL_OUTPUT, log_std_range=(-20, 2), log_std_offset=-1.0
)
CQL_CRITICS = replace(TWO, initial_weights=SMALL_OUTPUT)

# IQL's own code: a Gaussian around a tanh mean, its log sigma free from 0 in [-5, 2].
ORTHOGONAL = InitialWeights("orthogonal")
IQL_POLICY = PolicyConfig(
    kind="tanh-mean-normal", hidden=HIDDEN, initial_weights=ORTHOGONAL, log_std="free"
)
IQL_CRITICS = replace(TWO, initial_weights=ORTHOGONAL)
# IQL in WSRL's code: the mean is unbounded, sigma in [1e-5, 10]. Hidden layers start as Xavier's,
# the policy's last one at a tenth (a variance of 1e-2); the output layers there are orthogonal, of
# a size that is Xavier's within one per cent.
TEN_IQL_POLICY = replace(
    SQUASHED_NORMED,
    kind="normal",
    log_std="free",
    initial_weights=InitialWeights("xavier", last_hidden=0.1),
)
TEN_IQL_CRITICS = replace(TEN, initial_weights=XAVIER)

# InAC: a Gaussian around a tanh mean, log sigma through a sigmoid in [-6, 0] and the same in all
# states; Xavier weights.
INAC_POLICY = PolicyConfig(kind="tanh-mean-normal", hidden=HIDDEN, initial_weights=XAVIER)
INAC_CRITICS = replace(TWO, initial_weights=XAVIER)

# Plain SAC: entropy inside the target, and -1 nat of entropy for each action dimension.
SAC = SACConfig(
    policy=SQUASHED,
    critics=TWO,
    gamma=GAMMA,
    batch_size=BATCH,
    critic_lr=3e-4,
    policy_lr=3e-4,
    temperature_lr=3e-4,
    polyak=POLYAK,
    backup_entropy=True,
    policy_objective="min",
    target_entropy=-1.0,
)

# WSRL online: the target is the minimum of two critics drawn *with* replacement, without entropy
# (on AntMaze the best of 10 next actions, target_actions=10); the policy climbs the minimum of all
# ten; -1 nat of entropy for each action dimension. Its code reads the temperature's entropy at the
# next states, from actions drawn anew; here at the states and actions of the policy's update.
WSRL_SAC = SACConfig(
    policy=SQUASHED_NORMED,
    critics=TEN,
    gamma=GAMMA,
    batch_size=BATCH,
    critic_lr=3e-4,
    policy_lr=1e-4,
    temperature_lr=1e-4,
    polyak=POLYAK,
    target_subset=2,
    target_replacement=True,
    backup_entropy=False,
    policy_objective="min",
    target_entropy=-1.0,
    temperature_form="softplus",
)

# RLPD on locomotion: two *different* critics make the target (one on AntMaze), entropy is inside it
# (not on AntMaze and Adroit), the policy climbs the *mean* of all ten, and half a nat of entropy
# for each action dimension is taken away. Its optimizers step with their own gradients only.
RLPD_SAC = SACConfig(
    policy=RLPD_POLICY,
    critics=RLPD_CRITICS,
    gamma=GAMMA,
    batch_size=BATCH,
    critic_lr=3e-4,
    policy_lr=3e-4,
    temperature_lr=3e-4,
    polyak=POLYAK,
    target_subset=2,
    target_replacement=False,
    backup_entropy=True,
    policy_objective="mean",
    target_entropy=-0.5,
)

# PORL says ten critics and SAC. Subset, objective, LayerNorm, entropy in the target and learning
# rates are in no source; WSRL's published ones stand here.
PORL_SAC = WSRL_SAC

# CQL and Cal-QL: no entropy in the target, which takes the best of 10 next actions; 10 actions of
# each kind in the penalty. One update of everything a step, all gradients at the same weights. The
# weight is 5 on locomotion and Kitchen and 1 on Adroit; on AntMaze a Lagrange multiplier tunes it
# to a gap of 0.8, which the library does not have.
CQL = CQLConfig(
    policy=CQL_POLICY,
    critics=CQL_CRITICS,
    gamma=GAMMA,
    batch_size=BATCH,
    critic_lr=3e-4,
    policy_lr=1e-4,
    temperature_lr=1e-4,
    polyak=POLYAK,
    target_actions=10,
    backup_entropy=False,
    policy_objective="min",
    target_entropy=-1.0,
    weight=5.0,
    sampled_actions=10,
    same_weights=True,
)
CALQL = replace(CQL, calibrated=True)
# What WSRL pre-trains with: the networks that it goes on with, and a random two of the critics,
# each time anew, for the target and for the penalty.
TEN_CQL = replace(
    CQL,
    policy=SQUASHED_NORMED,
    critics=TEN,
    target_subset=2,
    penalty_subset=2,
    temperature_form="softplus",
)
TEN_CALQL = replace(TEN_CQL, calibrated=True)

# IQL on locomotion: expectile 0.7, inverse temperature 3 (AntMaze 0.9 and 10; Adroit and Kitchen
# 0.7 and 0.5, with dropout). The policy's rate decays offline in the authors' code and not in their
# fine-tuning; a decay that goes on through the switch would be zero there, so ours is constant. On
# locomotion the authors train on rewards times `return_range_scale`, offline only; here the rewards
# are the environment's, so an inverse temperature of 3 says less (see `rlft.data.rewards`). They
# update the policy between V and Q, from targets that are one step older.
IQL = IQLConfig(
    policy=IQL_POLICY,
    critics=IQL_CRITICS,
    gamma=GAMMA,
    batch_size=BATCH,
    lr=3e-4,
    polyak=POLYAK,
    expectile=0.7,
    inverse_temperature=3.0,
    weight_clip=100.0,
)
# In WSRL's code: the minimum of a random two critics, all gradients at the same weights, no scaling
# of rewards.
TEN_IQL = replace(
    IQL, policy=TEN_IQL_POLICY, critics=TEN_IQL_CRITICS, critic_subset=2, same_weights=True
)

# InAC: tau from 0.01 to 0.5 by dataset; 0.33 is that of HalfCheetah's and Walker2d's medium data
# (Hopper 0.1, Ant 0.5, all medium-replay 0.5, all expert 0.01). Entropy is inside both targets.
# The authors do not clip the actions sampled there; ours are clipped, as the environment does.
INAC = InACConfig(
    policy=INAC_POLICY,
    critics=INAC_CRITICS,
    gamma=GAMMA,
    batch_size=BATCH,
    lr=3e-4,
    polyak=POLYAK,
    temperature=0.33,
    weight_range=(1e-8, 1e4),
    backup_entropy=True,
)

# Behaviour cloning: Adam 3e-4 and batch 256 in both public code bases. WSRL's maximises the
# likelihood, as here, of an unsquashed policy (kind="normal") and with a decaying rate; CORL's fits
# the action of a tanh mean by squared error. PORL's own is unknown. A squashed policy here, as SAC
# goes on with it in every recipe that starts from a cloned one.
BC = BCConfig(policy=SQUASHED, critics=TEN, gamma=GAMMA, batch_size=BATCH, policy_lr=3e-4)

# AJS names fitted Q evaluation and nothing of its size. These are DOPE's constants (which uses
# AdamW with a decay of 1e-5); seeing the clock and the plain return of an episode are the course's
# choice, see `Automatic`. Two members, so that their spread can be logged.
FQE = FQEConfig(
    critics=TWO,
    gamma=1.0,
    batch_size=BATCH,
    lr=3e-4,
    target="soft",
    polyak=POLYAK,
    clip=True,
    time_aware=True,
    finite_horizon=True,
)
