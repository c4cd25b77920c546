"""Measuring: returns, true values, metrics of a curve, maps, and the report at the switch."""

from rlft.evaluate.comparison import Comparison, compare_runs
from rlft.evaluate.diagnose import switch_report
from rlft.evaluate.intervals import Interval, curve_interval, interval
from rlft.evaluate.maps import ValueMap, value_map
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
from rlft.evaluate.report import SwitchReport
from rlft.evaluate.rollout import Evaluation, Evaluator, evaluate
from rlft.evaluate.summary import RunSummary, summarise
from rlft.evaluate.support import QError, Support, estimate_q, q_error, support_distance
from rlft.evaluate.switch import compare_parts, random_action_share, temperature_of
from rlft.evaluate.truth import horizon_of, monte_carlo_q

__all__ = [
    "Comparison",
    "Evaluation",
    "Evaluator",
    "Interval",
    "QError",
    "RunSummary",
    "Support",
    "SwitchReport",
    "ValueMap",
    "average_return",
    "compare_parts",
    "compare_runs",
    "curve_interval",
    "drop",
    "estimate_q",
    "evaluate",
    "final_return",
    "horizon_of",
    "interval",
    "lowest_return",
    "monte_carlo_q",
    "normalise",
    "q_error",
    "random_action_share",
    "regret",
    "smooth",
    "start_return",
    "summarise",
    "support_distance",
    "switch_report",
    "temperature_of",
    "time_below_start",
    "training_regret",
    "value_map",
]
