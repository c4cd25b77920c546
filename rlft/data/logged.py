"""Whole episodes of whoever acts, in any environment that truncates.

Copies of the environment run side by side, each one episode after the other. Which episodes count
is settled by when they began, never by when they ended: taking those that end first would favour
short ones, and a policy that falls over would look like most of the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from rlft.core.checks import at_least, refused
from rlft.data.actors import Actable, make_actor, with_noise
from rlft.envs import Episode, env_boxes, make_vec, time_limit_of, true_next_observations

# Enough that a network is asked for 16 actions at once, which costs little more than for one.
COPIES = 16


def log_policy(
    policy: Actable,
    env_id: str,
    *,
    transitions: int,
    seed: int = 0,
    mode: bool = False,
    of_seed: int = 0,
    action_noise: float = 0.0,
    random_actions: float = 0.0,
    clip_actions: bool = False,
    env_kwargs: Mapping[str, Any] | None = None,
    progress: bool = False,
) -> list[Episode]:
    """Logs whole episodes until there are at least so many steps; see `rlft.record`.

    Returns:
        The episodes in the order in which they began, actions (T, A) in [-1, 1].

    Raises:
        InputError: an environment without a time limit, or whatever `make_vec`, `make_actor` and
            `with_noise` refuse.
    """
    hint = "Give a whole number: of steps to log, and of the random stream."
    at_least(1, transitions=transitions, hint=hint)
    at_least(0, seed=seed, hint=hint)
    for name, value in (("transitions", transitions), ("seed", seed)):
        if not isinstance(value, int | np.integer):
            raise refused(name, value, "a whole number", hint)
    limit = time_limit_of(env_id, env_kwargs)
    if limit is None:
        hint = (
            f"Without one an episode of {env_id!r} might never end: give "
            "env_kwargs={'max_episode_steps': 1000}."
        )
        raise refused("time limit", None, "a number of steps", hint)
    box = env_boxes(env_id, env_kwargs)[1]
    # Spread apart: copies of an environment are seeded by neighbouring numbers.
    of_env, of_actions, of_noise = (
        int(number) for number in np.random.SeedSequence(seed).generate_state(3)
    )
    actor = make_actor(
        policy, box, seed=of_actions, mode=mode, of_seed=of_seed, clip_actions=clip_actions
    )
    actor = with_noise(
        actor, action_noise=action_noise, random_actions=random_actions, seed=of_noise
    )
    copies = int(np.clip(transitions // limit, 1, COPIES))
    with (
        closing(make_vec(env_id, copies, env_kwargs=env_kwargs)) as env,
        tqdm(total=transitions, desc=f"log {env_id}", disable=not progress) as bar,
    ):
        observations, _ = env.reset(seed=of_env)  # (N, O)
        log = _Log(copies)
        while (rows := log.rows()) < transitions:
            bar.update(min(rows, transitions) - bar.n)
            actions = actor(observations, log.timesteps)  # (N, A)
            shown, rewards, ended, cut, info = env.step(actions)
            reached = true_next_observations(shown, info)
            log.add(observations, actions, rewards, reached, ended, cut)
            observations = shown
        bar.update(transitions - bar.n)
    return log.episodes(transitions)


class _Log:
    """What all copies met, and which part of it each episode is.

    Args:
        copies: N.

    Attributes:
        timesteps: (N,), the step of each copy within its episode.
    """

    def __init__(self, copies: int) -> None:
        self.timesteps = np.zeros(copies, np.int64)
        self._steps: list[tuple[NDArray[Any], ...]] = []
        self._numbers = np.arange(copies)  # of the episode that each copy is in
        self._begun = copies
        self._ends: dict[int, tuple[int, int, int]] = {}  # episode: copy, first step, behind last
        self._in_order = 0  # episodes that are whole, and all before them too
        self._rows = 0  # of these

    def add(self, *step: NDArray[Any]) -> None:
        """One step of all copies: o (N, O), a (N, A), r (N,), o' (N, O), terminated, truncated."""
        self._steps.append(step)
        self.timesteps += 1
        now = len(self._steps)
        for copy in np.flatnonzero(step[-2] | step[-1]):
            begin = now - int(self.timesteps[copy])
            self._ends[int(self._numbers[copy])] = (int(copy), begin, now)
            self._numbers[copy] = self._begun
            self._begun += 1
            self.timesteps[copy] = 0

    def rows(self) -> int:
        """Steps of the whole episodes before the first that still runs."""
        while self._in_order in self._ends:
            _, begin, end = self._ends[self._in_order]
            self._rows += end - begin
            self._in_order += 1
        return self._rows

    def episodes(self, transitions: int) -> list[Episode]:
        """The first episodes, by when they began, that have so many steps together."""
        columns = [np.stack(column) for column in zip(*self._steps, strict=True)]  # (T, N, ...)
        chosen: list[Episode] = []
        for number in range(self._in_order):
            copy, begin, end = self._ends[number]
            seen, acted, paid, reached, ended, cut = (c[begin:end, copy] for c in columns)
            chosen.append(Episode(np.concatenate([seen, reached[-1:]]), acted, paid, ended, cut))
            transitions -= end - begin
            if transitions <= 0:
                break
        return chosen
