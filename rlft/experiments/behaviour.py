"""Behaviour policies: the library's own SAC from nothing, kept at several levels on its way.

`python -m rlft behaviour Hopper-v5` trains one, and writes the policy as it was before training,
on its way, and at its best, with the return of each. Ctrl-C ends the training early, and what there
is by then is written. The policies that come with the library, which log its own datasets, were
made by this command and nothing else.

Letters: S seeds, P evaluations.
"""

from __future__ import annotations

import copy
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm.auto import tqdm
from tyro.conf import Positional

from rlft.acting.rules import EpsilonGreedy
from rlft.algorithms import Learner, SACConfig
from rlft.core.encoding import to_json
from rlft.data import ReplayBuffer, Transitions
from rlft.data.logged import log_policy
from rlft.data.minari_io import flatten
from rlft.data.shipped import save_levels
from rlft.envs import env_boxes
from rlft.envs.spec import bare_id
from rlft.evaluate import evaluate
from rlft.finetune import RunPlan, untrained
from rlft.finetune.loop import OnlineLoop
from rlft.finetune.start import check_length
from rlft.nets import CriticConfig, Policy, PolicyConfig, make_policy
from rlft.recipes.papers import NOTHING, SAC_PAPER
from rlft.recipes.recipe import Online, Recipe, Source, Warmup
from rlft.results.provenance import versions
from rlft.results.store import results_root

# A policy of 128 units takes 80 kB a level. Gamma, batch and target rate are those of Haarnoja et
# al. 2018, and entropy is in the target as there.
LARGE = SACConfig(
    policy=PolicyConfig(hidden=(128, 128)),
    critics=CriticConfig(hidden=(128, 128)),
    gamma=0.99,
    batch_size=256,
    critic_lr=5e-4,
    policy_lr=5e-4,
    temperature_lr=5e-4,
    polyak=0.005,
    backup_entropy=True,
)
# In the two pendulums the course's own rates do, in a minute.
SMALL = SACConfig(backup_entropy=True)


@dataclass(frozen=True)
class Training:
    """How long a policy is trained, and with what.

    Attributes:
        learner: SAC's configuration.
        steps: environment steps, an update at each.
        eval_every: steps between two evaluations, at each of which the policy may be kept.
        random_steps: at the start, with uniform actions.
    """

    learner: SACConfig = LARGE
    steps: int = 250_000
    eval_every: int = 10_000
    random_steps: int = 2_000


TRAININGS = {
    "Pendulum-v1": Training(SMALL, steps=6_000, eval_every=100, random_steps=500),
    "InvertedPendulum-v5": Training(SMALL, steps=6_000, eval_every=100, random_steps=500),
}
"""Environments that are trained in another way than `Training()`."""

UNTRAINED, BEST = "untrained", "best"
# Where on the way from the untrained policy's return to the best one a level is taken.
LEVELS = {"weak": 0.15, "fair": 0.3, "medium": 0.5, "good": 0.75}
# How far from there, as a share of the way; further off the name would be wrong.
CLOSE = 0.12
# A level is chosen by few episodes, where luck decides too: its return is measured anew with these.
FINAL_EPISODES = 50
# The prior of a training from nothing is never used; it only has to be of the right sizes.
FILLER = 1_000


@dataclass(frozen=True)
class Behaviour:
    """Train a behaviour policy with SAC from nothing, and keep it at several levels.

    Attributes:
        env: Gymnasium id with continuous observations and actions, such as Hopper-v5.
        steps: environment steps; by default 250,000, and 6,000 for the two pendulums.
        seed: start of the random streams.
        seeds: trained side by side, of which the one with the highest return is kept.
        eval_episodes: episodes of each evaluation during training.
        out: folder of the two files; by default "behaviour" below the results folder.
        compile: compile the updates: four times as fast, with the same random numbers.
        progress: show progress bars.
    """

    env: Positional[str]
    steps: int | None = None
    seed: int = 0
    seeds: int = 1
    eval_episodes: int = 10
    out: Path | None = None
    compile: bool = False
    progress: bool = True

    def run(self) -> Path:
        """Trains, writes both files, and prints a line for each level.

        Returns:
            The file of the weights.

        Raises:
            InputError: an environment that cannot be used, or a folder that cannot be written.
            NumericalError: if training diverges.
        """
        training = TRAININGS.get(bare_id(self.env), Training())
        steps = training.steps if self.steps is None else self.steps
        kept, returns, seconds = self._train(training, steps)
        at = np.array(list(kept))  # (P,)
        reached = returns["sampled"].max(1)  # (S,)
        best = int(np.argmax(reached))
        own = {name: of_all[best] for name, of_all in returns.items()}  # (P,) each
        chosen = choose_levels(at, own["sampled"], training.random_steps)
        levels = {
            level: of_seed(kept[step], training.learner.policy, best)
            for level, step in chosen.items()
        }
        measured = {
            level: {"step": chosen[level], **self._measure(policy)}
            for level, policy in levels.items()
        }
        about = {
            "environment": self.env,
            "command": self._command(int(at[-1])),
            "versions": dict(versions()),
            "seconds": round(seconds),
            "levels": measured,
            "learner": to_json(training.learner),
            "best_of_each_seed": np.round(reached, 2).tolist(),
            "curve": {
                "step": at.tolist(),
                **{name: np.round(values, 2).tolist() for name, values in own.items()},
            },
        }
        folder = self.out or results_root() / "behaviour"
        path = folder / f"{file_name(self.env)}.safetensors"
        save_levels(path, levels, training.learner.policy, about)
        for level, told in measured.items():
            print(
                f"{level:<13} step {told['step']:>8,}  return of sampled actions "
                f"{told['sampled']:.1f} ± {told['sampled_std']:.1f}, of the mode {told['mode']:.1f}"
            )
        print(f"saved {path}")
        return path

    def _train(
        self, training: Training, steps: int
    ) -> tuple[dict[int, Policy], dict[str, np.ndarray], float]:
        """The policies at each evaluation, their returns there, (S, P) each, and seconds."""
        plan = RunPlan(
            steps=steps,
            eval_every=min(training.eval_every, max(1, steps)),
            eval_episodes=self.eval_episodes,
            seed=self.seed,
            progress=self.progress,
            compile=self.compile,
        )
        prior = untrained(random_data(self.env, self.seed), seeds=self.seeds, seed=self.seed)
        recipe = from_nothing(training)
        check_length(recipe, plan)
        loop = OnlineLoop(prior, recipe, plan, self.env, {})
        kept: dict[int, Policy] = {}

        def keep(step: int, learner: Learner, replay: ReplayBuffer) -> None:
            kept[step] = copy.deepcopy(learner.policy)
            if self.progress:  # an hour of training should not be a black box
                told = " ".join(f"{value:,.0f}" for value in loop.curves["sampled"][-1])
                tqdm.write(f"step {step:,}: return {told}", file=sys.stderr)

        start = time.perf_counter()
        try:
            loop.run([keep])
        except KeyboardInterrupt:
            # As far as it came it is the same as a shorter training, and minutes are not lost.
            if len(kept) < 2:
                raise
        returns = {
            name: np.stack(loop.curves[name][: len(kept)], 1) for name in ("sampled", "mode")
        }
        return kept, returns, time.perf_counter() - start

    def _command(self, steps: int) -> str:
        """The command that trains the policy again, wherever its files are to go."""
        of = f"--steps {steps} --seed {self.seed} --eval-episodes {self.eval_episodes}"
        of += f" --seeds {self.seeds}" * (self.seeds > 1)
        return f"python -m rlft behaviour {self.env} {of}{' --compile' * self.compile}"

    def _measure(self, policy: Policy) -> dict[str, Any]:
        """Mean and standard deviation of fresh episodes' returns."""
        told: dict[str, Any] = {"episodes": FINAL_EPISODES}
        for name in ("sampled", "mode"):
            # Behind every seed that training evaluates with.
            seed = 10**9 + self.seed
            played = evaluate(
                policy, self.env, episodes=FINAL_EPISODES, mode=name == "mode", seed=seed
            )
            told[name] = round(float(played.returns.mean()), 2)
            told[f"{name}_std"] = round(float(played.returns.std(ddof=1)), 2)
        return told


def of_seed(policies: Policy, config: PolicyConfig, seed: int) -> Policy:
    """One of S policies, as one of its own."""
    sizes = (policies.observation_size, policies.action_size)
    own = make_policy(config, 1, *sizes, torch.Generator().manual_seed(0))
    own.load_state_dict(
        {name: rows[seed : seed + 1] for name, rows in policies.state_dict().items()}
    )
    return own


def from_nothing(training: Training) -> Recipe:
    """SAC that starts with nothing and with some random actions."""
    return Recipe(
        name="behaviour",
        title="SAC from scratch",
        online=Online(training.learner),
        handover=NOTHING,
        warmup=Warmup(steps=training.random_steps, acting=EpsilonGreedy(1.0)),
        source=Source(SAC_PAPER, "baseline"),
    )


def random_data(env_id: str, seed: int) -> Transitions:
    """Some uniform actions in an environment, as data that is never written."""
    box = env_boxes(env_id)[1]
    rng = np.random.default_rng(seed)
    episodes = log_policy(
        lambda _: rng.uniform(box.low, box.high), env_id, transitions=FILLER, seed=seed
    )
    # `flatten` rescales actions by bounds; those of `log_policy` lie in [-1, 1] already.
    arrays: dict[str, Any] = flatten(episodes)
    return Transitions(**arrays, name=f"uniform actions in {env_id}", env_id=env_id)


def choose_levels(steps: np.ndarray, returns: np.ndarray, random_steps: int = 0) -> dict[str, int]:
    """Which evaluation each level is.

    Args:
        steps: (P,), of the evaluations; the first is before training.
        returns: (P,), of the policy.
        random_steps: up to here it did not learn, so that returns differ by luck alone.

    Returns:
        Level to step, from untrained to best, in order of training. A level is the evaluation
        between the level before it and the best whose return comes closest to its share of the
        way; one that training jumped over is left out.
    """
    best = int(np.argmax(returns))
    lowest, highest = float(returns[0]), float(returns[best])
    chosen, place = {UNTRAINED: int(steps[0])}, int((steps <= random_steps).sum()) - 1
    for level, share in LEVELS.items():
        between = slice(place + 1, best)
        off = np.abs(returns[between] - (lowest + share * (highest - lowest)))  # (P',)
        if off.size and off.min() <= CLOSE * (highest - lowest):
            place += 1 + int(np.argmin(off))
            chosen[level] = int(steps[place])
    return {**chosen, BEST: int(steps[best])}


def file_name(env_id: str) -> str:
    """A policy's file name: ``"InvertedPendulum-v5"`` becomes ``"inverted-pendulum"``."""
    name = bare_id(env_id).split("/")[-1].rsplit("-v", 1)[0]
    dashed = "".join(f"-{c.lower()}" if c.isupper() else c for c in name)
    return dashed.lstrip("-").replace("--", "-")
