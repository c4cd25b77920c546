"""Who acts: rules, schedules of a guide, and AJS's gate."""

from rlft.acting.ajs.automatic import Automatic
from rlft.acting.horizon import Schedule
from rlft.acting.roll_in import Geometric, Random
from rlft.acting.rules import Acting, EpsilonGreedy, FrozenActs, GuideActs, JumpStart, LearnerActs
from rlft.acting.schedules import Fixed, Linear, Stepped

__all__ = [
    "Acting",
    "Automatic",
    "EpsilonGreedy",
    "Fixed",
    "FrozenActs",
    "Geometric",
    "GuideActs",
    "JumpStart",
    "LearnerActs",
    "Linear",
    "Random",
    "Schedule",
    "Stepped",
]
