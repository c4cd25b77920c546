"""The methods at the course's scale.

Small networks, short phases and large learning rates make each method a matter of a minute on two
cores. `paper.py` has the sizes of the papers, and
`rlft.diff_recipes(name, name, presets=("course", "paper"))` prints what the scale changes. It is
more than sizes: `rlpd` makes 4 critic updates a step in place of its authors' 20, without entropy
in its target and with a target entropy of -1 in place of -0.5 for each action dimension; PORL makes
8 updates in place of 16; plain SAC has no entropy in its target; CQL and Cal-QL take one next
action in place of the best of ten. WSRL's ratios are its authors' own.
"""

from __future__ import annotations

from dataclasses import replace

from rlft.acting.ajs.automatic import Automatic
from rlft.acting.roll_in import Geometric, Random
from rlft.acting.rules import EpsilonGreedy, GuideActs, JumpStart
from rlft.acting.schedules import Linear, Stepped
from rlft.algorithms.bc import BCConfig
from rlft.algorithms.cql import CQLConfig
from rlft.algorithms.inac import InACConfig
from rlft.algorithms.iql import IQLConfig
from rlft.algorithms.sac import SACConfig
from rlft.nets.stacked import CriticConfig
from rlft.recipes.papers import (
    AJS_PAPER,
    CALQL_PAPER,
    CQL_PAPER,
    EXPLORE_PAPER,
    FRESH_POLICY_ADAM,
    INAC_PAPER,
    IQL_PAPER,
    JSRL_PAPER,
    NAIVE,
    NOTHING,
    POLICY_ONLY,
    PORL_PAPER,
    RLPD_PAPER,
    SAC_PAPER,
    WSRL_PAPER,
)
from rlft.recipes.recipe import Handover, Online, Pretraining, Recipe, Source, Warmup

# Ten critics, of which two make the target: the ensemble of WSRL, PORL and RLPD. Half the usual
# width keeps ten critics of six seeds at the cost of five.
TEN = CriticConfig(ensemble=10, hidden=(32, 32))
# WSRL's policy has a third of its critics' rate, and an Adam that steps on zeros as well. Here none
# does (`Online.idle_steps`), as lesson 07 writes the loop by hand: twice the rate stands for it.
# With idle steps the policy would move 0.8 times as far, 125 to 1,000 steps after the switch.
POLICY_LR = 7e-4
FAST_SAC = SACConfig(
    critics=TEN, batch_size=64, target_subset=2, policy_lr=POLICY_LR, temperature_lr=POLICY_LR
)
FAST = Online(FAST_SAC, utd=4, policy_delay=4, policy_batch="all")

# From 3,000 updates to 6,000 CQL's return at the start still rises by 7 of 34 steps, and InAC's
# falls by as much (studies/defaults/results.md): this lies between.
CQL_PRIOR = Pretraining("cql", CQLConfig(), 4_000)
CALQL_PRIOR = Pretraining("calql", CQLConfig(calibrated=True), 4_000)
IQL_PRIOR = Pretraining("iql", IQLConfig(), 4_000)
INAC_PRIOR = Pretraining("inac", InACConfig(), 4_000)
BC_PRIOR = Pretraining("bc", BCConfig(), 2_000)
# WSRL pre-trains with the ensemble that it goes on with.
TEN_CQL = Pretraining("cql", CQLConfig(critics=TEN, target_subset=2), 4_000)
TEN_CALQL = Pretraining("calql", CQLConfig(critics=TEN, target_subset=2, calibrated=True), 4_000)
TEN_IQL = Pretraining("iql", IQLConfig(critics=TEN), 4_000)

BASELINES = (
    Recipe(
        name="sac",
        title="SAC, started naively",
        online=Online(SACConfig()),
        handover=NAIVE,
        prior=CQL_PRIOR,
        source=Source(SAC_PAPER, "baseline"),
    ),
    Recipe(
        name="sac-retain",
        title="SAC, started naively, offline data kept in the buffer",
        online=Online(SACConfig()),
        handover=replace(NAIVE, retention="append"),
        prior=CQL_PRIOR,
        source=Source(SAC_PAPER, "baseline"),
    ),
    Recipe(
        name="inac",
        title="InAC, offline data dropped",
        online=Online(InACConfig()),
        prior=INAC_PRIOR,
        source=Source(INAC_PAPER, "baseline"),
    ),
    Recipe(
        name="inac-retain",
        title="InAC, offline data kept in the buffer",
        online=Online(InACConfig()),
        handover=Handover(retention="append"),
        prior=INAC_PRIOR,
        source=Source(INAC_PAPER, "baseline"),
    ),
    Recipe(
        name="cql",
        title="CQL, offline data dropped",
        online=Online(CQLConfig()),
        prior=CQL_PRIOR,
        source=Source(CQL_PAPER, "baseline"),
    ),
    Recipe(
        name="cql-retain",
        title="CQL, half of each batch offline",
        online=Online(CQLConfig()),
        handover=Handover(retention="mix"),
        prior=CQL_PRIOR,
        source=Source(CQL_PAPER, "baseline"),
    ),
    Recipe(
        name="calql",
        title="Cal-QL, offline data dropped",
        online=Online(CQLConfig(calibrated=True)),
        prior=CALQL_PRIOR,
        source=Source(CALQL_PAPER, "baseline"),
    ),
    Recipe(
        name="calql-retain",
        title="Cal-QL, half of each batch offline",
        online=Online(CQLConfig(calibrated=True)),
        handover=Handover(retention="mix"),
        prior=CALQL_PRIOR,
        source=Source(CALQL_PAPER, "baseline"),
    ),
    Recipe(
        name="iql",
        title="IQL, offline data dropped",
        online=Online(IQLConfig()),
        prior=IQL_PRIOR,
        source=Source(IQL_PAPER, "baseline"),
    ),
    Recipe(
        name="iql-retain",
        title="IQL, offline data kept in the buffer",
        online=Online(IQLConfig()),
        handover=Handover(retention="append"),
        prior=IQL_PRIOR,
        source=Source(IQL_PAPER, "baseline"),
    ),
)

FROM_NOTHING = (
    Recipe(
        name="sac-fast",
        title="Fast SAC from scratch",
        online=FAST,
        handover=NOTHING,
        warmup=Warmup(steps=250, acting=EpsilonGreedy(1.0)),
        source=Source(WSRL_PAPER, "baseline"),
    ),
    Recipe(
        name="rlpd",
        title="RLPD: from scratch, half of each batch offline",
        online=Online(
            replace(FAST_SAC, target_replacement=False, policy_objective="mean"),
            utd=4,
            policy_delay=4,
        ),
        handover=replace(NOTHING, retention="mix"),
        warmup=Warmup(steps=250, acting=EpsilonGreedy(1.0)),
        source=Source(RLPD_PAPER, "baseline"),
    ),
)

# The frozen policy walks, a fresh SAC takes over earlier and earlier.
JSRL = Recipe(
    name="jsrl",
    title="JSRL: the guide leaves stage by stage",
    online=Online(SACConfig()),
    handover=NOTHING,
    acting=JumpStart(schedule=Stepped()),
    prior=BC_PRIOR,
    source=Source(JSRL_PAPER, "baseline"),
)
JUMP_STARTS = (
    JSRL,
    replace(
        JSRL,
        name="jsrl-linear",
        title="JSRL: the guide leaves at a fixed pace",
        acting=JumpStart(schedule=Linear()),
    ),
    replace(
        JSRL,
        name="jsrl-random",
        title="JSRL: the guide leaves at a random step",
        acting=JumpStart(schedule=Random()),
    ),
    replace(
        JSRL,
        name="jsrl-geometric",
        title="Roll-in: the guide walks a geometric number of steps",
        acting=JumpStart(schedule=Geometric()),
        source=Source(EXPLORE_PAPER, "baseline"),
    ),
    Recipe(
        name="ajs",
        title="AJS: an InAC guide, a SAC explorer, FQE decides",
        # All networks come from offline training, as the paper says; of Adam it says nothing.
        online=Online(SACConfig()),
        handover=FRESH_POLICY_ADAM,
        acting=JumpStart(guide=GuideActs(), schedule=Automatic()),
        guide=Online(InACConfig()),
        prior=INAC_PRIOR,
        source=Source(AJS_PAPER, "reconstruction"),
    ),
)

# The paper says neither temperature nor T nor epsilon: studies/porl/results.md chose them. Half of
# its UTD of 16, as 16 updates a step would double the minutes.
PORL = Recipe(
    name="porl",
    title="PORL: epsilon-greedy pre-sampling, then fast SAC",
    online=Online(replace(FAST_SAC, initial_temperature=0.1), utd=8, policy_delay=8),
    handover=POLICY_ONLY,
    warmup=Warmup(steps=500, acting=EpsilonGreedy(0.2), critic_updates=8),
    prior=CQL_PRIOR,
    source=Source(PORL_PAPER, "reconstruction"),
)
WSRL = Recipe(
    name="wsrl",
    title="WSRL: warm-up, then fast SAC, offline data dropped",
    online=FAST,
    warmup=Warmup(steps=500),
    prior=TEN_CQL,
    source=Source(WSRL_PAPER, "course scale of a reproduction"),
)
POLICY_AND_MORE = (
    PORL,
    replace(PORL, name="porl-bc", title="PORL from a cloned policy", prior=BC_PRIOR),
    replace(
        PORL,
        name="random-critic",
        title="Fast SAC with random critics",
        warmup=Warmup(),
        prior=BC_PRIOR,
        source=Source(PORL_PAPER, "baseline"),
    ),
    WSRL,
    replace(WSRL, name="wsrl-calql", title="WSRL after Cal-QL", prior=TEN_CALQL),
    replace(WSRL, name="wsrl-iql", title="WSRL after IQL", prior=TEN_IQL),
)

COURSE = (*BASELINES, *FROM_NOTHING, *JUMP_STARTS, *POLICY_AND_MORE)
