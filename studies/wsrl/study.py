"""The study behind lesson 07: with and without the offline data, and WSRL with one part removed.

    python studies/wsrl/study.py            # about 40 minutes on one core; resumes
    python studies/wsrl/study.py --table    # only writes the table from the recorded rows

Each arm fine-tunes 10 seeds for 1,500 steps. A row of `results.csv` is one seed of one arm at one
evaluation: return, Q on logged pairs, how far the policy moved. The tables of intervals go to
`results.md`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from rlft.algorithms import Learner, SACConfig
from rlft.data import ReplayBuffer
from rlft.evaluate import drop, final_return, interval
from rlft.evaluate.support import estimate_q
from rlft.experiments.arm import Arm
from rlft.experiments.differences import (
    AVERAGE,
    FINAL,
    LOWEST,
    START,
    Quantity,
    average,
    differences,
)
from rlft.experiments.rows import Results, Row, curves, markdown_table
from rlft.experiments.study import Study, run_study
from rlft.finetune import RunPlan
from rlft.recipes import Handover, Online, Recipe, Warmup, find_recipe

SEEDS, STEPS, EVERY, PAIRS = 10, 1_500, 125, 512
MEDIUM, NEAR = "rlft/maze/detour-medium-v0", "rlft/maze/detour-near-optimal-v0"
SAC = SACConfig(batch_size=64)  # CQL's batches, so that only the loss differs


def arm(name: str, recipe: Recipe, dataset: str = MEDIUM) -> Arm:
    return Arm(name, dataset, recipe, SEEDS, RunPlan(STEPS, EVERY))


def arms() -> tuple[Arm, ...]:
    """Every arm; what the arms of a block change something of stands first in it."""
    cql, wsrl = find_recipe("cql"), find_recipe("wsrl")
    assert wsrl.prior is not None, "WSRL starts from a prior"
    critics = replace(wsrl.prior.config.critics, layer_norm=False)
    plain = replace(wsrl.prior, config=replace(wsrl.prior.config, critics=critics))
    bare = Handover(optimizers=(), target_critics=False, temperature=False)

    def without(name: str, dataset: str = MEDIUM, **fields: object) -> Arm:
        return arm(name, replace(wsrl, **fields), dataset)

    def early(recipe: Recipe) -> Online:
        return replace(recipe.online, learning_starts=0)

    # Nothing held over from before the switch, and a policy step after each critic update: the
    # fastest start that there is.
    fast = replace(
        wsrl,
        prior=cql.prior,
        online=replace(wsrl.online, policy_delay=1),
        handover=Handover(optimizers=()),
    )
    third = SACConfig().critic_lr / 3  # the authors' own ratio, which their idle steps go with
    learner = replace(wsrl.online.learner, policy_lr=third, temperature_lr=third)
    idle = replace(wsrl.online, learner=learner, idle_steps=True)

    return (
        arm("cql", cql),
        arm("cql, data kept", find_recipe("cql-retain")),
        arm("cql, warm-up", replace(cql, warmup=wsrl.warmup)),
        arm("cql, then SAC's loss", replace(cql, online=Online(SAC))),
        arm("wsrl", wsrl),
        without("no warm-up", warmup=Warmup()),
        without("2 critics", prior=cql.prior),
        without("UTD 1", online=Online(wsrl.online.learner)),
        without("fresh optimizers", handover=Handover(optimizers=())),
        without("temperature restarts", handover=Handover(temperature=False)),
        without("only policy and critics", handover=bare),
        arm("iql", find_recipe("iql")),
        arm("iql, data kept", find_recipe("iql-retain")),
        without("wsrl, near-optimal data", NEAR),
        without("no warm-up, near-optimal data", NEAR, warmup=Warmup()),
        arm("calql", find_recipe("calql")),
        arm("calql, data kept", find_recipe("calql-retain")),
        arm("wsrl after Cal-QL", find_recipe("wsrl-calql")),
        without("fresh critics", handover=Handover(critics=False)),
        arm("wsrl after IQL", find_recipe("wsrl-iql")),
        without("no policy delay", online=replace(wsrl.online, policy_delay=1)),
        without("no LayerNorm", prior=plain),
        arm("cql, updates from step 1", replace(cql, online=early(cql))),
        without("no warm-up, updates from step 1", warmup=Warmup(), online=early(wsrl)),
        without("idle steps, policy's rate a third", online=idle),
        arm("fast start, near-optimal data", fast, NEAR),
        arm("fast start, no warm-up, near-optimal data", replace(fast, warmup=Warmup()), NEAR),
        arm("rlpd", find_recipe("rlpd")),
        arm("sac-fast", find_recipe("sac-fast")),
        arm("jsrl", find_recipe("jsrl")),
    )


def measure(arm: Arm, folder: Path) -> list[Row]:
    """A row for each seed and evaluation."""
    prior = arm.prior(folder)
    pairs = np.random.default_rng(0).choice(len(prior.data), PAIRS, replace=False)
    logged = prior.data.observations[pairs], prior.data.actions[pairs]  # (N, O), (N, A)
    said: list[np.ndarray] = []

    def listen(step: int, learner: Learner, replay: ReplayBuffer) -> None:
        said.append(estimate_q(learner, *logged).mean(1))  # (S,)

    began = time.process_time()
    run = arm.run(prior, listen)
    spent = time.process_time() - began
    q = np.stack(said, 1)  # (S, P)
    return [
        {
            "seed": str(seed),
            "step": str(step),
            "return": f"{run.returns_sampled[seed, point]:.2f}",
            "q_logged": f"{q[seed, point]:.2f}",
            "moved": "" if run.kl is None else f"{run.kl[seed, point]:.3f}",
            "cpu_seconds": f"{spent:.0f}",
        }
        for seed in range(arm.seeds)
        for point, step in enumerate(run.steps)
    ]


QUANTITIES = (
    *(START, LOWEST, AVERAGE, FINAL),
    Quantity("Q moved", lambda q: q[:, -1] - q[:, 0], "q_logged"),
)


def table(results: Results) -> list[str]:
    """One line for each arm, then the differences of those that are to be compared."""
    body = []
    for name, rows in results.items():
        returns, q = curves(rows, "return"), curves(rows, "q_logged")  # (S, P)
        values = (
            returns[:, 0],
            average(returns),
            drop(returns),
            final_return(returns),
            q[:, -1] - q[:, 0],
        )
        moved = f"{interval(curves(rows, 'moved')[:, -1]):.2f}" if rows[0]["moved"] else "-"
        numbers = (f"{interval(value):.1f}" for value in values)
        body.append([name, *numbers, moved, rows[0]["cpu_seconds"]])
    head = ["arm", "start", "average", "drop", "final", "Q moved", "policy moved", "CPU s"]
    return [
        *markdown_table(head, body),
        "",
        "## Seed by seed, aligned at the release: the first arm minus the second",
        "",
        "From the step at which the policy of each may move, as many evaluations of both. Start: "
        "of policies that have not moved; arms from the same prior differ there by chance only.",
        "",
        *differences(
            results, COMPARED, QUANTITIES, lambda one, other: aligned(results, one, other)
        ),
        "",
        "## Seed by seed, over all steps since the switch",
        "",
        *differences(results, IN_ALL, QUANTITIES),
    ]


def aligned(results: Results, one: str, other: str) -> tuple[Sequence[Row], Sequence[Row]]:
    """As many rows of each seed of both arms, from the release of the policy on."""
    begins = RELEASE[one], RELEASE[other]
    last = STEPS - max(begins)  # steps after the release that both arms have
    first, second = (
        [row for row in results[name] if begin <= int(row["step"]) <= begin + last]
        for name, begin in zip((one, other), begins, strict=True)
    )
    return first, second


# The step at which the policy of each arm may move.
RELEASE = {one.name: one.recipe.warmup.steps for one in arms()}
# What is asked of the study, as pairs of arms.
COMPARED = (
    ("wsrl", "no warm-up"),
    ("wsrl, near-optimal data", "no warm-up, near-optimal data"),
    ("fast start, near-optimal data", "fast start, no warm-up, near-optimal data"),
    ("no warm-up, updates from step 1", "no warm-up"),
    ("cql, updates from step 1", "cql"),
    ("cql, warm-up", "cql"),
    ("cql, then SAC's loss", "cql"),
    *((f"{name}, data kept", name) for name in ("cql", "calql", "iql")),
    *(
        (name, "wsrl")
        for name in (
            "2 critics",
            "no LayerNorm",
            "UTD 1",
            "no policy delay",
            "fresh optimizers",
            "temperature restarts",
            "only policy and critics",
            "fresh critics",
            "idle steps, policy's rate a third",
        )
    ),
    ("only policy and critics", "temperature restarts"),
)
IN_ALL = (
    ("2 critics", "cql"),
    ("2 critics", "cql, data kept"),
    *(("wsrl", name) for name in ("cql, data kept", "jsrl", "sac-fast", "rlpd")),
)


STUDY = Study(
    name="wsrl",
    title="Study behind lesson 07",
    about=f"Made by `python studies/wsrl/study.py`: `{MEDIUM}` where nothing else is said, "
    f"{SEEDS} seeds, {STEPS:,} steps, mean [95 % bootstrap interval over seeds]. Returns "
    "are those of sampled actions; average is over all steps, drop is the start minus the "
    f"lowest of {STEPS // EVERY} evaluations (of a noisy curve it is never 0), final is the "
    "mean of the last three. Q moved: Q on logged pairs in the end, minus at the switch. CPU "
    "seconds are those of fine-tuning, for all seeds at once. `wsrl` is the whole method; each "
    "arm without a method's name changes one thing of it.",
    arms=arms(),
    measure=measure,
    table=table,
    conclusions="""
## What it says

- Without its data CQL's Q on the data's pairs ends 7.2 [6.2, 8.3] lower than with it, Cal-QL's 3.7
  [3.2, 4.2]; IQL's, which has no penalty, does not fall. **The return does not follow**: over all
  steps the data is worth -0.2 [-2.6, 2.4] to CQL and 0.3 [-1.6, 2.2] to Cal-QL.
- After a warm-up CQL's Q falls 2.2 [1.4, 3.0] less, under SAC's loss 5.6 [4.5, 6.8] less. With
  updates from the first transition on it falls 5.4 [3.6, 7.1] more, and the return over all steps
  may be lower: -2.8 [-5.9, -0.0]. WSRL has no penalty, and there they change the return by 0.7
  [-0.5, 1.8].
- The critics and the temperature must cross: without either WSRL's policy is lost for some hundred
  steps in spite of the warm-up. Optimizers and targets need not.
- Aligned at the release, ten seeds see no effect of WSRL's warm-up: on average -0.3 [-2.5, 1.7] on
  the medium data, 0.2 [-3.8, 4.0] on the near-optimal data, and 3.5 [-0.4, 7.7] there after a fast
  start, where the lowest return may be higher with it: 13.4 [-6.7, 34.1]. It costs 500 steps
  without learning.
- A policy step after each critic update gains 3.2 [1.5, 4.9] on average, fresh optimizers 1.9 [0.4,
  3.7]; two critics and one update a step make no difference that ten seeds see, and without
  LayerNorm the lowest return may be lower: -11.0 [-24.7, 0.4].
- From the priors of CQL, WSRL (two critics) ends 3.1 [-0.5, 7.9] above CQL that keeps its data:
  open. RLPD, from nothing but the data, ends 7.3 [-0.5, 16.6] below WSRL, also open; fast SAC from
  nothing never arrives, and the learner of JSRL in few seeds.
- The defaults of `wsrl` stay, as they are the method's and not this maze's.
""",
)

if __name__ == "__main__":
    run_study(STUDY, __file__)
