"""The methods at the papers' scale: the same names as in `course.py`, the sources' numbers.

The constants of the learners are in `paper_learners.py`; here are the phases and ratios. Rewards
are the environment's own: WSRL and Cal-QL train on 10 r - 5 (AntMaze), 10 r + 5 (Adroit) and r - 4
(Kitchen) and evaluate without it; to follow them, wrap the environment and log the data in it.
"""

from __future__ import annotations

from dataclasses import replace

from rlft.acting.ajs.automatic import Automatic
from rlft.acting.roll_in import Geometric, Random
from rlft.acting.rules import EpsilonGreedy, GuideActs, JumpStart, LearnerActs
from rlft.acting.schedules import Linear, Stepped
from rlft.recipes.paper_learners import (
    BC,
    CALQL,
    CQL,
    FQE,
    INAC,
    IQL,
    PORL_SAC,
    RLPD_SAC,
    SAC,
    TEN_CALQL,
    TEN_CQL,
    TEN_IQL,
    WSRL_SAC,
)
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

# Environment steps per seed before the first update, in RLPD's and in WSRL's code (there the first
# update comes after 5,002 transitions, by the way its loop counts).
WARMUP_STEPS = 5_000

# Gradient updates: CQL on locomotion and Kitchen 250k, Adroit 20k, AntMaze 1M. Cal-QL has AntMaze's
# 1M: its authors report no locomotion. IQL, InAC and behaviour cloning train for 1M.
CQL_STEPS = 250_000
LONG_STEPS = 1_000_000
CQL_PRIOR = Pretraining("cql", CQL, CQL_STEPS)
CALQL_PRIOR = Pretraining("calql", CALQL, LONG_STEPS)
IQL_PRIOR = Pretraining("iql", IQL, LONG_STEPS)
INAC_PRIOR = Pretraining("inac", INAC, LONG_STEPS)
BC_PRIOR = Pretraining("bc", BC, LONG_STEPS)
TEN_CQL_PRIOR = Pretraining("cql", TEN_CQL, CQL_STEPS)
TEN_CALQL_PRIOR = Pretraining("calql", TEN_CALQL, LONG_STEPS)
TEN_IQL_PRIOR = Pretraining("iql", TEN_IQL, LONG_STEPS)

# Four minibatches of 256 for the critics, then one update of policy and temperature on all 1,024.
# Its code passes all networks to each of the five, so that every Adam steps in every one. No update
# before the replay holds as many (finetune.py: batch_size * (1 - offline_data_ratio)).
WSRL_ONLINE = Online(
    WSRL_SAC, utd=4, policy_delay=4, policy_batch="all", learning_starts=1_024, idle_steps=True
)
# Cal-QL's code collects whole trajectories and waits for the first (1,000 steps on locomotion).
CALQL_ONLINE = Online(CALQL, learning_starts=1_000)

# Restarting the temperature at 1 adds a large entropy bonus, which destroys a narrow policy, and
# restarting the targets moves them by a jump: SAC does both here on purpose, as a plain script does
# (`NAIVE`). Every other recipe that hands critics over keeps them all.
BASELINES = (
    Recipe(
        name="sac",
        title="SAC, started naively",
        online=Online(SAC),
        handover=NAIVE,
        prior=CQL_PRIOR,
        source=Source(SAC_PAPER, "baseline"),
        preset="paper",
    ),
    Recipe(
        name="sac-retain",
        title="SAC, started naively, offline data kept in the buffer",
        online=Online(SAC),
        handover=replace(NAIVE, retention="append"),
        prior=CQL_PRIOR,
        source=Source(SAC_PAPER, "baseline"),
        preset="paper",
    ),
    # The authors' checkpoint has neither optimizers nor targets nor the behaviour policy; ours has.
    Recipe(
        name="inac",
        title="InAC, offline data dropped",
        online=Online(INAC),
        prior=INAC_PRIOR,
        source=Source(INAC_PAPER, "baseline"),
        preset="paper",
    ),
    Recipe(
        name="inac-retain",
        title="InAC, offline data kept in the buffer",
        online=Online(INAC),
        handover=Handover(retention="append"),
        prior=INAC_PRIOR,
        source=Source(INAC_PAPER, "baseline"),
        preset="paper",
    ),
    Recipe(
        name="cql",
        title="CQL, offline data dropped",
        online=Online(CQL),
        prior=CQL_PRIOR,
        source=Source(CQL_PAPER, "baseline"),
        preset="paper",
    ),
    # The library mixes before it splits: each minibatch has the same offline share, as in RLPD's
    # code. (WSRL's own run of RLPD splits its batch into online and offline minibatches.)
    Recipe(
        name="cql-retain",
        title="CQL, half of each batch offline",
        online=Online(CQL),
        handover=Handover(retention="mix", offline_share=0.5),
        prior=CQL_PRIOR,
        source=Source(CQL_PAPER, "baseline"),
        preset="paper",
    ),
    Recipe(
        name="calql",
        title="Cal-QL, offline data dropped",
        online=CALQL_ONLINE,
        prior=CALQL_PRIOR,
        source=Source(CALQL_PAPER, "baseline"),
        preset="paper",
    ),
    Recipe(
        name="calql-retain",
        title="Cal-QL, half of each batch offline",
        online=CALQL_ONLINE,
        handover=Handover(retention="mix", offline_share=0.5),
        prior=CALQL_PRIOR,
        source=Source(CALQL_PAPER, "baseline"),
        preset="paper",
    ),
    Recipe(
        name="iql",
        title="IQL, offline data dropped",
        online=Online(IQL),
        prior=IQL_PRIOR,
        source=Source(IQL_PAPER, "baseline"),
        preset="paper",
    ),
    Recipe(
        name="iql-retain",
        title="IQL, offline data kept in the buffer",
        online=Online(IQL),
        handover=Handover(retention="append"),
        prior=IQL_PRIOR,
        source=Source(IQL_PAPER, "baseline"),
        preset="paper",
    ),
)

FROM_NOTHING = (
    # WSRL's code acts with the untrained policy while it waits, where RLPD acts uniformly.
    Recipe(
        name="sac-fast",
        title="Fast SAC from scratch",
        online=WSRL_ONLINE,
        handover=NOTHING,
        warmup=Warmup(steps=WARMUP_STEPS, acting=LearnerActs()),
        source=Source(WSRL_PAPER, "baseline"),
        preset="paper",
    ),
    Recipe(
        name="rlpd",
        title="RLPD: from scratch, half of each batch offline",
        online=Online(RLPD_SAC, utd=20, policy_delay=20, policy_batch="last"),
        handover=replace(NOTHING, retention="mix", offline_share=0.5),
        warmup=Warmup(steps=WARMUP_STEPS, acting=EpsilonGreedy(1.0)),
        source=Source(RLPD_PAPER, "baseline"),
        preset="paper",
    ),
)

# The public JSRL on IQL's code: 10 stages, a moving mean of 5 evaluations, 5 per cent tolerance.
# Its guide is an IQL policy; a cloned one here, so that guide and explorer are of one class.
JSRL = Recipe(
    name="jsrl",
    title="JSRL: the guide leaves stage by stage",
    online=Online(SAC),
    handover=NOTHING,
    acting=JumpStart(schedule=Stepped(count=10, tolerance=0.05, window=5)),
    prior=BC_PRIOR,
    source=Source(JSRL_PAPER, "baseline"),
    preset="paper",
)
JUMP_STARTS = (
    JSRL,
    # Over how many steps AJS's linear baseline falls is in no source: half the run, as in the
    # course.
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
    # ExPLORe rolls in with 0.9 on AntMaze (0.5 on Adroit) and goes on with the discount.
    replace(
        JSRL,
        name="jsrl-geometric",
        title="Roll-in: the guide walks a geometric number of steps",
        acting=JumpStart(schedule=Geometric(0.9, 0.99)),
        source=Source(EXPLORE_PAPER, "baseline"),
    ),
    # Known: h starts at the longest episode and falls where the estimate is no lower than the
    # offline one, which is a tolerance of 0. Unknown: by how much (here a twentieth of an episode
    # of 1,000 steps), how often (once in such an episode), how the reference is fitted (DOPE's 1M
    # updates), and SAC's temperature, fixed or learned.
    Recipe(
        name="ajs",
        title="AJS: an InAC guide, a SAC explorer, FQE decides",
        online=Online(SAC),
        handover=FRESH_POLICY_ADAM,
        acting=JumpStart(
            guide=GuideActs(),
            schedule=Automatic(
                step=50, check_every=1_000, tolerance=0.0, fqe=FQE, reference_updates=LONG_STEPS
            ),
        ),
        guide=Online(INAC),
        prior=INAC_PRIOR,
        source=Source(AJS_PAPER, "reconstruction"),
        preset="paper",
    ),
)

# Known: a random ensemble of ten, 16 critic updates a step, already while the frozen policy
# collects. Unknown: for how long (here WSRL's 5,000 steps), epsilon, what epsilon-greedy means for
# continuous actions, which transitions the one policy update sees, and whether Adam idles.
PORL = Recipe(
    name="porl",
    title="PORL: epsilon-greedy pre-sampling, then fast SAC",
    online=Online(PORL_SAC, utd=16, policy_delay=16, policy_batch="last"),
    handover=POLICY_ONLY,
    warmup=Warmup(steps=WARMUP_STEPS, acting=EpsilonGreedy(0.2), critic_updates=16),
    prior=CQL_PRIOR,
    source=Source(PORL_PAPER, "reconstruction"),
    preset="paper",
)
# Everything crosses: policy, critics, their targets, the temperature, all Adam states. The frozen
# policy, sampled, collects for 5,000 steps without any update.
WSRL = Recipe(
    name="wsrl",
    title="WSRL: warm-up, then fast SAC, offline data dropped",
    online=WSRL_ONLINE,
    warmup=Warmup(steps=WARMUP_STEPS),
    prior=TEN_CQL_PRIOR,
    source=Source(WSRL_PAPER, "reproduction"),
    preset="paper",
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
    replace(WSRL, name="wsrl-calql", title="WSRL after Cal-QL", prior=TEN_CALQL_PRIOR),
    replace(WSRL, name="wsrl-iql", title="WSRL after IQL", prior=TEN_IQL_PRIOR),
)

PAPER = (*BASELINES, *FROM_NOTHING, *JUMP_STARTS, *POLICY_AND_MORE)
