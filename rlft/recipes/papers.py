"""What both scales of the recipes share: whom they cite, and what crosses the switch.

Neither depends on the size of a network, so it is written once. `course.py` is the course's scale,
`paper.py` the papers'.
"""

from __future__ import annotations

from dataclasses import replace

from rlft.recipes.recipe import Handover

SAC_PAPER = "Haarnoja et al. 2018, arXiv 1812.05905"
INAC_PAPER = "Xiao et al. 2023, arXiv 2302.14372"
CQL_PAPER = "Kumar et al. 2020, arXiv 2006.04779"
CALQL_PAPER = "Nakamoto et al. 2023, arXiv 2303.05479"
IQL_PAPER = "Kostrikov et al. 2022, arXiv 2110.06169"
RLPD_PAPER = "Ball et al. 2023, arXiv 2302.02948"
JSRL_PAPER = "Uchendu et al. 2022, arXiv 2204.02372"
EXPLORE_PAPER = "Li et al. 2023, arXiv 2311.05067"
AJS_PAPER = "Wang, White and White 2025, arXiv 2505.00913"
PORL_PAPER = "Xiao et al. 2025, arXiv 2505.16856"
WSRL_PAPER = "Zhou et al. 2024, arXiv 2412.07762"

# What a newcomer's script does: load the two networks into a fresh SAC and go on. The temperature
# restarts at 1, Adam starts without moments, targets are copied from the critics, the data is gone.
NAIVE = Handover(target_critics=False, temperature=False, optimizers=())
# PORL's input: a policy and nothing else.
POLICY_ONLY = Handover(critics=False, target_critics=False, temperature=False, optimizers=())
# For a prior whose policy was fitted to a weighted likelihood (InAC, IQL) and goes on with SAC's
# loss: its second moments would make the steps a hundred times too small for some 10^4 updates.
FRESH_POLICY_ADAM = Handover(optimizers=("critics", "temperature"))
NOTHING = replace(POLICY_ONLY, policy=False)
