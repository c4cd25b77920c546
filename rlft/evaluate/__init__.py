"""Measuring: returns, true values, metrics of a curve, and maps."""

from rlft.evaluate.hand_off import HandOffCost, hand_off_cost
from rlft.evaluate.intervals import Interval, curve_interval, interval
from rlft.evaluate.metrics import (
    average_return,
    drop,
    final_return,
    lowest_return,
    normalise,
    regret,
    smooth,
    start_return,
    time_below_start,
    training_regret,
)
from rlft.evaluate.noise import noise_floor
from rlft.evaluate.policy_distance import policy_kl
from rlft.evaluate.poses import Poses, record_poses
from rlft.evaluate.rollout import Evaluation, Evaluator, evaluate
from rlft.evaluate.statistics import (
    STATISTICS,
    Collapse,
    Power,
    Scores,
    Share,
    collapsed_share,
    iqm,
    performance_profile,
    power,
    probability_of_improvement,
    task_interval,
)
from rlft.evaluate.summary import RunSummary, summarise
from rlft.evaluate.support import QError, Support, estimate_q, q_error, support_distance
from rlft.evaluate.truth import monte_carlo_q, steps_that_count
from rlft.evaluate.value_map import ValueMap, value_map

__all__ = [
    "STATISTICS",
    "Collapse",
    "Evaluation",
    "Evaluator",
    "HandOffCost",
    "Interval",
    "Poses",
    "Power",
    "QError",
    "RunSummary",
    "Scores",
    "Share",
    "Support",
    "ValueMap",
    "average_return",
    "collapsed_share",
    "curve_interval",
    "drop",
    "estimate_q",
    "evaluate",
    "final_return",
    "hand_off_cost",
    "interval",
    "iqm",
    "lowest_return",
    "monte_carlo_q",
    "noise_floor",
    "normalise",
    "performance_profile",
    "policy_kl",
    "power",
    "probability_of_improvement",
    "q_error",
    "record_poses",
    "regret",
    "smooth",
    "start_return",
    "steps_that_count",
    "summarise",
    "support_distance",
    "task_interval",
    "time_below_start",
    "training_regret",
    "value_map",
]
