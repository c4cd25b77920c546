"""The library's own datasets, each of them a line in one table: where, who acts, how much, seed.

A dataset is made from its line on first use and is the same bytes each time. To add one, add a
line; to change one, raise its version (`-v1`), as somebody may have results on the old one.
"""

from __future__ import annotations

from dataclasses import dataclass

from rlft.core.registry import Registry, needs_a_name
from rlft.data.policy_behaviour import PolicyBehaviour
from rlft.envs import (
    GOAL_RADIUS,
    STEP_SIZE,
    Behaviour,
    Episode,
    log_episodes,
    time_limit_of,
)


@dataclass(frozen=True)
class DatasetSpec:
    """Everything that decides the content of one own dataset.

    Attributes:
        env_id: environment in which the behaviour acts, with its registered options.
        behaviour: who acts: a scripted walk through a maze, or a trained policy.
        description: what the data knows and what it does not, a few words.
        transitions: rows wanted, >= 1; the last episode is kept whole.
        seed: of the environment and of the behaviour.
        ahead: whether `make_datasets` makes it unasked; what takes longer waits for its first use.
    """

    env_id: str
    behaviour: Behaviour | PolicyBehaviour
    description: str
    # 10,000 rows are 250 to 720 episodes: enough that every learner of the course imitates them,
    # and logged in half a second.
    transitions: int = 10_000
    seed: int = 0
    ahead: bool = True

    @property
    def recipe(self) -> str:
        """The content-deciding part as text; stored in the dataset, compared when it is read.

        The maze's own rules are part of it, and a policy's weights: data of a maze that moved
        otherwise, or of another policy, is made again.
        """
        how_much = f"transitions={self.transitions} seed={self.seed}"
        if isinstance(self.behaviour, PolicyBehaviour):
            return f"{self.env_id} {self.behaviour} weights={self.behaviour.weights} {how_much}"
        rules = f"step={STEP_SIZE} goal={GOAL_RADIUS} time_limit={time_limit_of(self.env_id)}"
        speed = self.behaviour.speed
        slowly = "" if speed == 1 else f"speed={speed:g} "
        return f"{self.env_id} {rules} {self.behaviour} {slowly}{how_much}"

    def log(self) -> list[Episode]:
        """Logs the episodes, actions in [-1, 1]; the same bytes each time."""
        rows, seed = self.transitions, self.seed
        if isinstance(self.behaviour, PolicyBehaviour):
            return self.behaviour.log(self.env_id, transitions=rows, seed=seed)
        return log_episodes(self.env_id, self.behaviour, transitions=rows, seed=seed)


# Noise of 0.4 of the step and a tenth of uniform actions cost a third more steps than the walk
# needs: a policy worth improving, whose best imitation is already better than the data.
_MEDIUM = Behaviour(action_noise=0.4, random_actions=0.1)


def _logged(
    env_id: str, policy: str, levels: str, transitions: int, description: str, ahead: bool = True
) -> DatasetSpec:
    """A dataset of a trained policy's sampled actions, at levels that stand in one string."""
    behaviour = PolicyBehaviour(policy, tuple(levels.split()))
    return DatasetSpec(env_id, behaviour, description, transitions, ahead=ahead)


def _walker(env_id: str, policy: str, body: str) -> dict[str, DatasetSpec]:
    """Three datasets of a walker's policy; made when asked."""
    levels = {
        "medium": ("medium", "SAC half-way to its best"),
        "medium-replay": ("untrained weak fair medium", "as it learns, up to half-way"),
        "near-optimal": ("best", "SAC at its best"),
    }
    return {
        f"rlft/{policy}/{name}-v0": _logged(
            env_id, policy, of, 50_000, f"{body}; {said}", ahead=False
        )
        for name, (of, said) in levels.items()
    }


_OWN = {
    "rlft/maze/detour-medium-v0": DatasetSpec(
        "rlft/Maze-Detour-v0", _MEDIUM, "the long way, walked noisily; the short way is unknown"
    ),
    "rlft/maze/detour-near-optimal-v0": DatasetSpec(
        "rlft/Maze-Detour-v0", Behaviour(action_noise=0.15), "the long way, walked well"
    ),
    "rlft/maze/detour-narrow-v0": DatasetSpec(
        "rlft/Maze-Detour-v0",
        Behaviour(action_noise=0.05),
        "one thin line along the long way, nothing beside it",
    ),
    "rlft/maze/detour-wide-v0": DatasetSpec(
        "rlft/Maze-Detour-v0",
        Behaviour(quality=0.6, action_noise=0.4, random_actions=0.3, coverage=1.0),
        "starts everywhere and much randomness; only the shortcut's middle is unknown",
    ),
    "rlft/maze/sparse-medium-v0": DatasetSpec(
        "rlft/Maze-Sparse-v0", _MEDIUM, "as detour-medium, reward +1 at the goal and 0 elsewhere"
    ),
    "rlft/maze/dense-slow-v0": DatasetSpec(
        "rlft/Maze-Dense-v0",
        Behaviour(action_noise=0.1, speed=0.5),
        "the long way at half speed; each step costs what is still to be walked",
    ),
    "rlft/maze/umaze-medium-v0": DatasetSpec(
        "rlft/Maze-UMaze-v0", _MEDIUM, "one corridor with two bends, walked noisily"
    ),
    "rlft/maze/medium-medium-v0": DatasetSpec(
        "rlft/Maze-Medium-v0", _MEDIUM, "one of several ways, walked noisily"
    ),
    "rlft/maze/large-medium-v0": DatasetSpec(
        "rlft/Maze-Large-v0", _MEDIUM, "the longest walk of the course, walked noisily"
    ),
    "rlft/pendulum/medium-v0": _logged(
        "Pendulum-v1", "pendulum", "medium", 20_000, "SAC half-way: it stands in some episodes"
    ),
    "rlft/pendulum/near-optimal-v0": _logged(
        "Pendulum-v1", "pendulum", "best", 20_000, "SAC at its best: swung up, it stands"
    ),
    "rlft/inverted-pendulum/medium-v0": _logged(
        "InvertedPendulum-v5",
        "inverted-pendulum",
        "medium",
        20_000,
        "SAC half-way: the pole stands for some hundred steps, then it falls",
    ),
    "rlft/inverted-pendulum/near-optimal-v0": _logged(
        "InvertedPendulum-v5",
        "inverted-pendulum",
        "best",
        20_000,
        "SAC at its best: the pole never falls, and how it falls is unknown",
    ),
    **_walker("Hopper-v5", "hopper", "one leg"),
    **_walker("HalfCheetah-v5", "half-cheetah", "two legs, and no fall ends an episode"),
}

DATASETS: Registry[DatasetSpec] = Registry(
    "own dataset", lambda value: isinstance(value, DatasetSpec), needs_a_name
)
"""Own datasets by Minari id, in the order of the lessons."""
for _name, _spec in _OWN.items():
    DATASETS.add(_name, _spec)
