"""The study behind lesson 07: with and without the offline data, and WSRL with one part removed.

    python studies/wsrl/study.py            # about 40 minutes on one core; resumes
    python studies/wsrl/study.py --table    # only writes the table from the recorded rows

Each arm fine-tunes 10 seeds for 1,500 steps. A row of `results.csv` is one seed of one arm at one
evaluation: return, and Q on logged pairs. The table of intervals goes to `results.md`.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from rlft.algorithms import Learner, SACConfig
from rlft.data import ReplayBuffer
from rlft.evaluate import average_return, drop, final_return, interval
from rlft.evaluate.support import estimate_q
from rlft.experiments.arm import Arm
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


def table(results: Results) -> list[str]:
    """One line for each arm."""
    body = []
    for name, rows in results.items():
        returns, q = curves(rows, "return"), curves(rows, "q_logged")  # (S, P)
        steps = EVERY * np.arange(returns.shape[1])
        values = (
            returns[:, 0],
            average_return(steps, returns),
            drop(returns),
            final_return(returns),
            q[:, -1] - q[:, 0],
        )
        body.append([name, *(f"{interval(v):.1f}" for v in values), rows[0]["cpu_seconds"]])
    head = ["arm", "start", "average", "drop", "final", "Q moved", "CPU s"]
    return markdown_table(head, body)


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
    notice="Recorded when an online run still updated from its first step on, on one transition "
    "many times. Made again, the numbers differ.",
    measure=measure,
    table=table,
    conclusions="""
## What it says

- CQL without its data lets Q on the data's pairs fall, and its return with it. A warm-up alone
  stops that, and so does SAC's loss alone. IQL, which has no penalty, does not slide.
- The critics and the temperature must cross: without either the policy is lost in spite of
  the warm-up. Fresh optimizers alone cost nothing that six seeds can see.
- On the medium data two critics, one update a step or no warm-up do as well over 1,500 steps. On
  the near-optimal data the dip at the switch is smaller with a warm-up, by less than six seeds can
  tell from none.
- The defaults of `wsrl` stay: 500 steps of warm-up are some fifteen episodes, a third of a run.
""",
)

if __name__ == "__main__":
    run_study(STUDY, __file__)
