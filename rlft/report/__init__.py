"""What is said of runs: methods side by side, and what happened at the switch."""

from rlft.report.claim import Claim, claim, conclusions
from rlft.report.comparison import Comparison, compare_runs
from rlft.report.switch.findings import SwitchReport
from rlft.report.switch.measure import switch_report
from rlft.report.switch.parts import compare_parts, random_action_share

__all__ = [
    "Claim",
    "Comparison",
    "claim",
    "SwitchReport",
    "compare_parts",
    "compare_runs",
    "conclusions",
    "random_action_share",
    "switch_report",
]
