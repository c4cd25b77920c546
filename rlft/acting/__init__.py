"""Who acts: rules, schedules of a guide, and AJS's gate."""

from rlft.acting.ajs.automatic import Automatic
from rlft.acting.ajs.gate import Gate
from rlft.acting.ajs.oracle import Oracle
from rlft.acting.horizon import Horizon, Schedule, ScheduleContext
from rlft.acting.roll_in import Geometric, Random
from rlft.acting.rules import (
    ActContext,
    Acting,
    EpsilonGreedy,
    FrozenActs,
    GuideActs,
    JumpStart,
    LearnerActs,
    Policies,
    RulePolicy,
)
from rlft.acting.schedules import Fixed, Linear, Stepped

__all__ = [
    "ActContext",
    "Acting",
    "Automatic",
    "EpsilonGreedy",
    "Fixed",
    "FrozenActs",
    "Gate",
    "Geometric",
    "GuideActs",
    "Horizon",
    "JumpStart",
    "LearnerActs",
    "Linear",
    "Oracle",
    "Policies",
    "Random",
    "RulePolicy",
    "Schedule",
    "ScheduleContext",
    "Stepped",
]
