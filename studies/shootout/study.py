"""The study behind lesson 08: each method from a prior of its own, in mazes and on a pole.

    python studies/shootout/study.py            # some two hours on one core; resumes
    python studies/shootout/study.py --table    # only writes the table from the recorded rows

Ten seeds of each method fine-tune for 1,500 steps at each place. A row of `results.csv` is one seed
of one method at one place: the place's lowest and best known return, the return of whoever acts at
the switch (at 0) and at each evaluation after it (empty where there is none), that of the learner
alone in the end, how far its policy is then from the prior's (nats), and the core seconds of ten
seeds with their prior, counted and not measured.

Runs are jobs of the sweep engine below `--out`, as those of the claims are. W1, W4 and W6 ask for
many of the same: with the folder in which `python -m rlft claims` made them as `--out`, they are
read and not made again.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rlft.acting import Automatic, JumpStart
from rlft.acting.rules import GuideActs
from rlft.experiments.claims import ajs_arms
from rlft.experiments.claims.claim import Place
from rlft.experiments.claims.places import LARGE, NEAR, NOISY, WOBBLY
from rlft.experiments.claims.trying import BLOCK, EPISODES, FIRST
from rlft.experiments.entries import Entry, at_place, over_places, rows_of, run_entry
from rlft.experiments.rows import Results, Row
from rlft.experiments.study import Study, run_study
from rlft.finetune import RunPlan
from rlft.recipes import Online, Pretraining, Recipe, find_recipe

STEPS, EVERY = 1_500, 125
GRID = tuple(range(0, STEPS + 1, EVERY))  # evaluations, a column each
# Episodes last up to 1,000 steps there, so evaluations are fewer and of fewer episodes.
POLE_PLAN = (STEPS, 250, 5)
PLACES = (NEAR, NOISY, LARGE, WOBBLY)
# Each method once. Left out: `sac-retain` and `inac-retain`, which keep the data as others do here;
# the other three schedules of JSRL; `porl` (from CQL's policy) and `random-critic`, which is PORL
# without its pre-sampling; `wsrl-calql` and `wsrl-iql`.
METHODS = (
    *("sac", "cql", "cql-retain", "calql", "calql-retain", "iql", "iql-retain", "inac"),
    *("jsrl", "ajs", "porl-bc", "wsrl", "sac-fast", "rlpd"),
)
# One of each kind, where a run is dear.
ON_POLE = ("sac", "iql", "inac", "jsrl", "ajs", "porl-bc", "wsrl", "rlpd")
# In the mazes AJS's rule is that of its claims. On the pole h begins at the length of the guide's
# episodes and reaches 0 within the run if the gate always opens; a tenth of the range may be lost.
# So it decides several times an episode, which is more often than its judge can follow.
POLE_RULE = Automatic(start_at=450, step=30, check_every=100, tolerance=0.1 * WOBBLY.range)


def recipe_at(name: str, place: Place) -> Recipe:
    """A method with what has to differ from place to place: InAC's temperature, and AJS's rule."""
    recipe = find_recipe(name)
    if recipe.prior is None or recipe.prior.name != "inac":
        return recipe
    config = ajs_arms.inac(place)
    rule = POLE_RULE if place is WOBBLY else ajs_arms.rule(place)
    recipe = replace(recipe, prior=Pretraining("inac", config, ajs_arms.UPDATES))
    if recipe.guide is None:
        return replace(recipe, online=Online(config))
    acting = JumpStart(guide=GuideActs(), schedule=rule)
    return replace(recipe, guide=Online(config), acting=acting)


def entry(name: str, place: Place) -> Entry:
    """A method at a place, on the streams of the claims' first block."""
    numbers = POLE_PLAN if place is WOBBLY else (STEPS, EVERY, EPISODES)
    plan = RunPlan(*numbers, seed=FIRST, progress=False)
    return Entry(recipe_at(name, place), place, plan, BLOCK)


def measure(entry: Entry, folder: Path) -> list[Row]:
    """A row for each seed."""
    seconds = f"{sum(entry.job.cost()):.0f}"
    return [
        {**row, "core_seconds": seconds} for row in rows_of(entry, run_entry(entry, folder), GRID)
    ]


def table(results: Results) -> list[str]:
    """Each place by itself, then all of them."""
    there = {rows[0]["place"] for rows in results.values()}
    lines = []
    for place in PLACES:
        if place.name in there:
            title = f"## {place.name[0].upper()}{place.name[1:]}: `{place.dataset}`"
            lines += [title, "", *at_place(results, place), ""]
    return [*lines, "## Over the places where every method was", "", *over_places(results, "wsrl")]


STUDY = Study(
    name="shootout",
    title="Study behind lesson 08",
    about="Made by `python studies/shootout/study.py`: each method from its own prior or from "
    f"nothing, {BLOCK} seeds, {STEPS:,} steps since the switch, warm-ups included; mean [95 % "
    "bootstrap interval over seeds]. Returns are those of whoever acts, a guide or random actions "
    f"included, of {EPISODES} episodes every {EVERY} steps, on the pole of {POLE_PLAN[2]} every "
    f"{POLE_PLAN[1]}; average is over all steps, drop is the start minus the lowest evaluation "
    "(of a noisy curve it is never 0), final is the mean of the last three. *Learner, final*: of "
    "the learner alone, without a guide. *Collapsed*: seeds that dropped by more than half of what "
    "lay between their start and the lowest return, with Wilson's interval; what has no prior has "
    "nothing to lose. *Moved*: nats from the first policy in the end. *Core s*: for ten seeds with "
    "their prior, counted from the sizes of networks and good to a factor of three.\n\n"
    "Over places: the interquartile mean (IQM) of scores, 0 for the lowest and 1 for the best "
    "known return of a place, with its stratified bootstrap interval; and the probability that a "
    "run of the method is above a run of WSRL at the same place.\n\n"
    "Each method is as its own recipe has it: WSRL, RLPD and fast SAC make four updates of ten "
    "critics a step, PORL eight, the others one of two. InAC has the temperature, and AJS the "
    "rule, that the claims of AJS take at a place. On the pole AJS's gate decides every "
    f"{POLE_RULE.check_every} steps, less than an episode of its guide, so that h can reach 0 "
    "within the run: its judge has hardly seen what it is asked about, and the row says "
    "little of AJS.",
    arms=tuple(
        entry(name, place) for place in PLACES for name in (ON_POLE if place is WOBBLY else METHODS)
    ),
    measure=measure,
    table=table,
    notice="Recorded when an evaluation on which AJS's gate decided still showed the h after that "
    "decision. Runs made today show the h before it there; training is the same.",
    conclusions="""
## What it says

- Over all steps in the mazes IQL is first, 0.89 [0.88, 0.89], and much of that is its prior. In the
  end PORL from a cloned policy has the highest IQM, 0.91 [0.89, 0.92], after a costly way.
- SAC, started naively, collapses in 5 of 10 seeds on the near-optimal data and in all of 10
  elsewhere; in the mazes it ends at 0.83 [0.79, 0.85] all the same. WSRL loses none of 40 runs.
- WSRL, without its data, stays a little behind what keeps it in the mazes: a run of CQL with its
  data is above one of WSRL with a probability of 0.83 [0.72, 0.93]. On the pole it is second of
  eight, and intervals there are wide.
- RLPD starts from nothing and needs a thousand steps in the mazes; on the pole it ends where WSRL,
  PORL and IQL do. Fast SAC never arrives in a maze within 1,500 steps.
- What the learners of JSRL own in the end, without the guide, is little: -99.8 on the near-optimal
  data, 5.5 on the pole. AJS hands over in the large maze, and on the two others' data in few seeds.
""",
)

if __name__ == "__main__":
    run_study(STUDY, __file__)
