"""The learners at the papers' scale: every constant, and where the sources leave one open.

The papers' constants differ from task to task. Where they do, locomotion's are taken (2 x 256 units
everywhere) and the others named. Constants that the library does not have as a field (how the width
of a policy is bounded, LayerNorm's epsilon, initial weights) are named where they would stand.
"""

from __future__ import annotations

from dataclasses import replace

from rlft.algorithms.bc import BCConfig
from rlft.algorithms.cql import CQLConfig
from rlft.algorithms.fqe.learner import FQEConfig
from rlft.algorithms.inac import InACConfig
from rlft.algorithms.iql import IQLConfig
from rlft.algorithms.sac import SACConfig
from rlft.nets.policies import PolicyConfig
from rlft.nets.stacked import CriticConfig

# The same in every source. AntMaze and Adroit have wider or deeper nets (Cal-QL 4 x 256 and 3 x 512
# critics, RLPD 3 x 256), which change no method.
HIDDEN = (256, 256)
GAMMA = 0.99
BATCH = 256
POLYAK = 0.005

# How wide a policy may be is bounded differently everywhere: RLPD and CQL keep log sigma in
# [-20, 2], WSRL sigma in [1e-5, 10]. The library's squashed policy keeps log sigma in [-5, 2].
SQUASHED = PolicyConfig(hidden=HIDDEN)
# WSRL has LayerNorm in the policy as well, RLPD in the critics only.
SQUASHED_NORMED = PolicyConfig(hidden=HIDDEN, layer_norm=True)
# A Gaussian around a tanh mean, log sigma in [-6, 0] and the same in all states: InAC's own class.
# IQL's is the same but for its bounds [-5, 2].
UNSQUASHED = PolicyConfig(kind="tanh-mean-normal", hidden=HIDDEN)
UNSQUASHED_NORMED = replace(UNSQUASHED, layer_norm=True)

# CQL, Cal-QL, IQL, InAC and SAC: two critics, nothing normalised.
TWO = CriticConfig(ensemble=2, hidden=HIDDEN, layer_norm=False)
# RLPD, WSRL and PORL: ten critics. Linear, LayerNorm, ReLU, in every hidden layer. LayerNorm's
# epsilon is 1e-6 in the authors' flax and 1e-5 in PyTorch. WSRL starts its last hidden layer with
# weights of 1e-2, which the LayerNorm after it undoes; ours start as PyTorch's do.
TEN = CriticConfig(ensemble=10, hidden=HIDDEN, layer_norm=True)

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
# ten; -1 nat of entropy for each action dimension. Its code learns the temperature through softplus
# and reads the entropy at the next states; here its logarithm is learned, at the batch's states.
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
)

# RLPD on locomotion: two *different* critics make the target (one on AntMaze), entropy is inside it
# (not on AntMaze and Adroit), the policy climbs the *mean* of all ten, and half a nat of entropy
# for each action dimension is taken away. Its optimizers step with their own gradients only.
RLPD_SAC = SACConfig(
    policy=SQUASHED,
    critics=TEN,
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
# each kind in the penalty. One update of everything a step, so no zero gradients. The weight is 5
# on locomotion and Kitchen and 1 on Adroit; on AntMaze a Lagrange multiplier tunes it to a gap of
# 0.8, which the library does not have.
CQL = CQLConfig(
    policy=SQUASHED,
    critics=TWO,
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
)
CALQL = replace(CQL, calibrated=True)
# What WSRL pre-trains with: the ensemble, the subset and the LayerNorm that it goes on with.
TEN_CQL = replace(CQL, policy=SQUASHED_NORMED, critics=TEN, target_subset=2)
TEN_CALQL = replace(TEN_CQL, calibrated=True)

# IQL on locomotion: expectile 0.7, inverse temperature 3 (AntMaze 0.9 and 10; Adroit and Kitchen
# 0.7 and 0.5, with dropout). The policy's rate decays offline in the authors' code and not in their
# fine-tuning; a decay that goes on through the switch would be zero there, so ours is constant.
IQL = IQLConfig(
    policy=UNSQUASHED,
    critics=TWO,
    gamma=GAMMA,
    batch_size=BATCH,
    lr=3e-4,
    polyak=POLYAK,
    expectile=0.7,
    inverse_temperature=3.0,
    weight_clip=100.0,
)
TEN_IQL = replace(IQL, policy=UNSQUASHED_NORMED, critics=TEN)

# InAC: tau from 0.01 to 0.5 by dataset; 0.33 is that of HalfCheetah's and Walker2d's medium data
# (Hopper 0.1, Ant 0.5, all medium-replay 0.5, all expert 0.01). Entropy is inside both targets.
# The authors do not clip the actions sampled there; ours are clipped, as the environment does.
INAC = InACConfig(
    policy=UNSQUASHED,
    critics=TWO,
    gamma=GAMMA,
    batch_size=BATCH,
    lr=3e-4,
    polyak=POLYAK,
    temperature=0.33,
    weight_range=(1e-8, 1e4),
    backup_entropy=True,
)

# Behaviour cloning: Adam 3e-4 and batch 256 in both public code bases. WSRL's maximises the
# likelihood, as here, with a decaying rate; CORL's fits the mean action. PORL's own is unknown.
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
