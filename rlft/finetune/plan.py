"""How long a run is and how it is made: the one list of these parameters and their defaults."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rlft.core.checks import at_least
from rlft.core.registry import stored


@stored
@dataclass(frozen=True)
class RunPlan:
    """How long a run is and how it is made, apart from what runs: prior, recipe, environment.

    Attributes:
        steps: environment steps per seed after the switch, 1 or more; a warm-up is part of them.
        eval_every: environment steps between two evaluations, 1 or more.
        eval_episodes: episodes per seed and evaluation, 1 or more.
        seed: start of the random streams, 0 or more; the same seed gives the same numbers.
        device: where the networks live, for example cpu or cuda.
        progress: show progress bars.
        compile: compile the updates of the learner and its guide, see `rlft.compile`; priors too,
            where this plan is also theirs.

    Raises:
        InputError: a number below these.
    """

    # Long enough to see the fall, the way back, and whether something new is found.
    steps: int = 4_000
    eval_every: int = 250
    # Episodes differ by where they start and by sampled actions: ten average that away.
    eval_episodes: int = 10
    seed: int = 0
    device: str = "cpu"
    progress: bool = True
    compile: bool = False

    def __post_init__(self) -> None:
        at_least(
            1,
            steps=self.steps,
            eval_every=self.eval_every,
            eval_episodes=self.eval_episodes,
            hint="A run takes a step and is evaluated at least once.",
        )
        at_least(0, seed=self.seed, hint="Each number from 0 on has random streams of its own.")

    def but(self, **changes: int | str | bool | None) -> RunPlan:
        """The plan with other values for some fields, by name; None leaves a field as it is."""
        return replace(self, **{name: v for name, v in changes.items() if v is not None})
