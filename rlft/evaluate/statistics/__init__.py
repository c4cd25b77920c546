"""Statistics that hold: over tasks, of shares of seeds, and before a run is made.

Sources: Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice"
(arXiv 2108.13264), and those that each file names.
"""

from rlft.evaluate.statistics.bootstrap import task_interval
from rlft.evaluate.statistics.collapse import Collapse, Share, collapsed_share
from rlft.evaluate.statistics.improvement import probability_of_improvement
from rlft.evaluate.statistics.planning import Power, power
from rlft.evaluate.statistics.profiles import performance_profile
from rlft.evaluate.statistics.scores import STATISTICS, Scores, iqm

__all__ = [
    "STATISTICS",
    "Collapse",
    "Power",
    "Scores",
    "Share",
    "collapsed_share",
    "iqm",
    "performance_profile",
    "power",
    "probability_of_improvement",
    "task_interval",
]
