"""Scripted policies that walk through a maze, and the episodes that they log.

A behaviour is the way that leads to the goal, made worse on purpose: less of the right direction,
Gaussian noise, uniform actions, other starts. With ``avoid`` it never enters the cells that the
layout marks ``x``, so the logged data does not know that they are free (unless the environment adds
noise of its own to the actions).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlft.core.checks import at_least, refused, within
from rlft.envs.dynamics import maze_step
from rlft.envs.geodesic import geodesic_actions, geodesic_targets
from rlft.envs.geometry import MazeLayout
from rlft.envs.maze import MazeVectorEnv
from rlft.envs.vectorise import make_vec, true_next_observations


@dataclass(frozen=True)
class Behaviour:
    """How a scripted policy differs from the best one.

    The action is ``quality`` x ``speed`` x direction + (1 - ``quality``) x uniform +
    ``action_noise`` x normal, clipped to [-1, 1]; a share ``random_actions`` of the actions is
    uniform altogether.

    Attributes:
        quality: weight of the direction that leads to the goal; in [0, 1].
        action_noise: standard deviation of the Gaussian noise, in units of the action; >= 0.
        random_actions: share of actions that are uniform in [-1, 1]^2; in [0, 1].
        coverage: share of episodes that start anywhere free instead of at the start; in [0, 1].
        avoid: whether the cells marked ``x`` are never entered.
        speed: share of full speed at which the direction is walked; in (0, 1].

    Raises:
        InputError: a value outside of its range.
    """

    quality: float = 1.0
    action_noise: float = 0.0
    random_actions: float = 0.0
    coverage: float = 0.0
    avoid: bool = True
    # Not in the text that logged data is known by, which older data has without it.
    speed: float = field(default=1.0, repr=False)

    def __post_init__(self) -> None:
        within(0, 1, without=(0,), speed=self.speed, hint="Use 0.5 to walk half as fast.")
        within(
            0,
            1,
            quality=self.quality,
            random_actions=self.random_actions,
            coverage=self.coverage,
            hint="Use 1 for the whole, 0 for none.",
        )
        within(0, np.inf, without=(np.inf,), action_noise=self.action_noise, hint="Use 0 for none.")


@dataclass(frozen=True)
class Episode:
    """One logged episode of T steps.

    Attributes:
        observations: (T + 1, 2) float32, the last one included.
        actions: (T, 2) float32 in [-1, 1].
        rewards: (T,) float32.
        terminations: (T,) bool, True at most at the last step.
        truncations: (T,) bool, True at most at the last step.
    """

    observations: NDArray[np.float32]
    actions: NDArray[np.float32]
    rewards: NDArray[np.float32]
    terminations: NDArray[np.bool_]
    truncations: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.rewards)


def behaviour_actions(
    layout: MazeLayout,
    targets: NDArray[np.float64],
    behaviour: Behaviour,
    observations: NDArray[np.float32],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Draws the behaviour's actions (N, 2) in [-1, 1] at the observations (N, 2)."""
    shape = observations.shape
    uniform = rng.uniform(-1.0, 1.0, shape)
    guided = (
        behaviour.quality * behaviour.speed * geodesic_actions(layout, targets, observations)
        + (1.0 - behaviour.quality) * uniform
        + behaviour.action_noise * rng.standard_normal(shape)
    )
    replaced = rng.random((shape[0], 1)) < behaviour.random_actions
    actions = np.where(replaced, uniform, guided).clip(-1.0, 1.0).astype(np.float32)
    if behaviour.avoid:
        x, y = layout.cells_at(maze_step(layout, observations, actions)[0])
        # Turned back: the opposite of a step that enters a cell leads away from it.
        actions[layout.avoided_mask[y, x]] *= -1.0
    return actions


def log_episodes(
    env_id: str,
    behaviour: Behaviour,
    *,
    transitions: int,
    seed: int,
    num_envs: int = 16,
    env_kwargs: Mapping[str, Any] | None = None,
) -> list[Episode]:
    """Logs whole episodes until there are at least ``transitions`` steps.

    Episodes run in rounds of ``num_envs``, each round until its last episode is over: stopping at
    a step count instead would favour short episodes.

    Args:
        env_id: a maze's id.
        behaviour: who acts.
        transitions: steps wanted, >= 1; the last episode is logged to its end.
        seed: of the environment and the policy; the same seed gives the same bytes.
        num_envs: episodes at once, >= 1.
        env_kwargs: options of the maze.

    Returns:
        The episodes.

    Raises:
        InputError: an environment other than a maze, no time limit, or transitions < 1.
    """
    at_least(1, transitions=transitions, hint="Give the number of steps to log.")
    env = make_vec(env_id, num_envs, env_kwargs=env_kwargs)
    if not isinstance(env, MazeVectorEnv):
        hint = "Scripted policies walk through mazes only; load other data from Minari."
        raise refused("env_id", env_id, "a maze, such as 'rlft/Maze-Detour-v0'", hint)
    if env.options.time_limit is None:
        hint = f"Without one an episode of {env_id!r} might never end and never be logged."
        raise refused("time_limit", None, "a number of steps", hint)
    rng = np.random.default_rng(seed)
    env.reset(seed=seed)
    targets = geodesic_targets(env.layout, avoid=behaviour.avoid)
    episodes: list[Episode] = []
    logged = 0
    while True:
        for episode in _run_round(env, behaviour, targets, rng):
            episodes.append(episode)
            logged += len(episode)
            if logged >= transitions:
                return episodes


def _run_round(
    env: MazeVectorEnv,
    behaviour: Behaviour,
    targets: NDArray[np.float64],
    rng: np.random.Generator,
) -> list[Episode]:
    """Runs one episode in each of the sub-environments, from its start to its end."""
    start = _draw_starts(env, behaviour, rng)
    observations, _ = env.reset(options={"state": start})
    lengths = np.zeros(env.num_envs, np.int64)
    seen, acted, paid, ended, cut = [observations], [], [], [], []
    while (lengths == 0).any():
        actions = behaviour_actions(env.layout, targets, behaviour, observations, rng)
        observations, rewards, terminations, truncations, info = env.step(actions)
        seen.append(true_next_observations(observations, info))
        acted.append(actions)
        paid.append(rewards)
        ended.append(terminations)
        cut.append(truncations)
        over = (terminations | truncations) & (lengths == 0)
        lengths[over] = len(acted)
    observed = np.stack(seen, axis=1)  # (N, T + 1, 2)
    taken = np.stack(acted, axis=1)  # (N, T, 2)
    rewarded, terminated, truncated = (np.stack(x, axis=1) for x in (paid, ended, cut))  # (N, T)
    return [
        Episode(
            observed[i, : n + 1], taken[i, :n], rewarded[i, :n], terminated[i, :n], truncated[i, :n]
        )
        for i, n in enumerate(lengths)
    ]


def _draw_starts(
    env: MazeVectorEnv, behaviour: Behaviour, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Starts (N, 2): as the environment draws them, or for a share of them anywhere free."""
    layout = env.layout
    starts = env.maze.starts(env.np_random)
    open_cells = ~layout.walls & ~(layout.avoided_mask & behaviour.avoid)  # (H, W)
    open_cells[layout.goal[1], layout.goal[0]] = False  # an episode of no steps teaches nothing
    cells = np.argwhere(open_cells)[:, ::-1]  # (F, 2) as x, y
    chosen = cells[rng.integers(len(cells), size=env.num_envs)]  # (N, 2)
    # 0.49 and not 0.5: a start exactly on a cell's edge could round into the wall beside it.
    anywhere = layout.to_observation(chosen + rng.uniform(-0.49, 0.49, chosen.shape))
    elsewhere = rng.random((env.num_envs, 1)) < behaviour.coverage
    return np.where(elsewhere, anywhere, starts)
