"""Networks for S seeds at once: critics, policies, and policies that look at the clock."""

from rlft.nets.initial_weights import InitialWeights
from rlft.nets.policies import Policy, PolicyConfig, make_policy
from rlft.nets.stacked import CriticConfig, QEnsemble, ValueNet, random_members
from rlft.nets.timed import JumpStartPolicy, Stationary, TimedPolicy, guide_walks

__all__ = [
    "CriticConfig",
    "InitialWeights",
    "JumpStartPolicy",
    "Policy",
    "PolicyConfig",
    "QEnsemble",
    "Stationary",
    "TimedPolicy",
    "ValueNet",
    "guide_walks",
    "make_policy",
    "random_members",
]
