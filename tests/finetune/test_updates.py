"""The gradient steps of one environment step: how many, on which batches, what must not move."""

from __future__ import annotations

import copy
from typing import Any, Literal

import numpy as np
import pytest
import torch
from small import MAZE_DATA, make_prior, make_recipe, same_state, small

from rlft.algorithms import ALGORITHMS, Learner, make_learner
from rlft.algorithms.base import Metrics
from rlft.core.errors import InputError
from rlft.data import Batch, ReplayBuffer
from rlft.finetune import hand_over
from rlft.finetune.updates import learn, warm_up
from rlft.recipes import Online, Warmup
from rlft.report.switch.parts import adam_steps

SEEDS = 3
LEARNERS = [name for name in ALGORITHMS if name != "bc"]  # BC has nothing to warm up


def one_episode(steps: int = 10) -> ReplayBuffer:
    """Of all seeds, under way; the observation is the time step."""
    replay = ReplayBuffer(SEEDS, steps, 2, 2, gamma=0.9)
    no = np.zeros(SEEDS, bool)
    for t in range(steps):
        state = np.full((SEEDS, 2), float(t))
        replay.add(state, 0 * state, np.zeros(SEEDS), state, no, no, np.full(SEEDS, t))
    return replay


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def logged_replay(share: float | None = 1.0, online: int = 0) -> ReplayBuffer:
    """The data, and online rows whose reward, 50, tells them apart."""
    replay = ReplayBuffer(SEEDS, 8, 2, 2, gamma=0.9, offline=MAZE_DATA, offline_share=share)
    for t in range(online):
        pair, no = np.zeros((SEEDS, 2)), np.zeros(SEEDS, bool)
        replay.add(pair, pair, np.full(SEEDS, 50.0), pair, no, no, np.full(SEEDS, t))
    return replay


class Watched:
    """Stands where a learner would: writes down which half it was asked for, with which batch."""

    def __init__(self, batch_size: int = 4) -> None:
        self.config = small("sac", batch_size=batch_size)
        self.calls: list[tuple[str, Batch]] = []

    def update_critics(self, batch: Batch) -> Metrics:
        self.calls.append(("critics", batch))
        return {"critic_loss": torch.full((SEEDS,), float(len(self.calls)))}

    def update_policy(self, batch: Batch) -> Metrics:
        self.calls.append(("policy", batch))
        return {"policy_loss": torch.full((SEEDS,), float(len(self.calls)))}

    def update(self, batch: Batch) -> Metrics:
        return {**self.update_critics(batch), **self.update_policy(batch)}

    @property
    def halves(self) -> str:
        return "".join("C" if half == "critics" else "P" for half, _ in self.calls)


def online(**ratios: Any) -> Online:
    return Online(small("sac"), **ratios)


def after(steps: int, *, replay: ReplayBuffer | None = None, **ratios: Any) -> Watched:
    """A watched learner after some environment steps."""
    watched, source = Watched(), generator()
    for step in range(1, steps + 1):
        learn(watched, online(**ratios), replay or logged_replay(), step, source)  # type: ignore[arg-type]
    return watched


# --- learn -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ratios", "steps", "halves"),
    [
        ({}, 2, "CPCP"),
        ({"utd": 3, "policy_delay": 3}, 2, "CCCPCCCP"),
        ({"utd": 4, "policy_delay": 2}, 1, "CCPCCP"),
        ({"utd": 3, "policy_delay": 1}, 1, "CPCPCP"),
        ({"policy_delay": 3}, 7, "CCCPCCCPC"),
        ({"utd": 2, "policy_delay": 4}, 4, "CCCCPCCCCP"),
    ],
)
def test_the_policy_has_its_turn_after_every_policy_delay_critic_updates(
    ratios: dict[str, int], steps: int, halves: str
) -> None:
    assert after(steps, **ratios).halves == halves


@pytest.mark.parametrize("policy_batch", ["last", "all"])
def test_the_policy_sees_the_last_batch_or_all_since_its_own_last_turn(
    policy_batch: Literal["last", "all"],
) -> None:
    calls = after(2, utd=4, policy_delay=2, policy_batch=policy_batch).calls
    for first in range(0, len(calls), 3):
        (_, a), (_, b), (half, seen) = calls[first : first + 3]
        expected = Batch.concatenate([a, b]) if policy_batch == "all" else b
        assert half == "policy" and seen.size == expected.size
        assert torch.equal(seen.observations, expected.observations)
        assert torch.equal(seen.actions, expected.actions)
    assert not torch.equal(calls[0][1].actions, calls[1][1].actions)


def test_each_minibatch_has_the_share_of_offline_rows() -> None:
    calls = after(
        3, replay=logged_replay(0.25, online=5), utd=4, policy_delay=4, policy_batch="all"
    ).calls
    for half, batch in calls:
        size = 4 if half == "critics" else 16
        assert batch.size == size
        assert (batch.rewards != 50).sum(1).tolist() == [size // 4] * SEEDS


def test_batches_follow_the_generator() -> None:
    def drawn(seed: int) -> torch.Tensor:
        watched = Watched()
        learn(watched, online(), logged_replay(), 1, generator(seed))  # type: ignore[arg-type]
        return watched.calls[0][1].observations

    assert torch.equal(drawn(0), drawn(0))
    assert not torch.equal(drawn(0), drawn(1))


def test_learn_returns_what_was_measured_last() -> None:
    learner, _ = hand_over(make_prior("sac"), make_recipe())
    replay, source = logged_replay(), generator()
    first = learn(learner, online(policy_delay=2), replay, 1, source)
    second = learn(learner, online(policy_delay=2), replay, 2, source)
    assert "policy_loss" not in first and "policy_loss" in second
    assert all(value.shape == (SEEDS,) for value in second.values())
    metrics = learn(Watched(), online(utd=2, policy_delay=2), replay, 1, source)  # type: ignore[arg-type]
    assert metrics["critic_loss"].tolist() == [2, 2, 2]  # of the second update
    assert metrics["policy_loss"].tolist() == [3, 3, 3]


def adam_counts(learner: Learner) -> dict[str, int]:
    return {name: adam_steps(adam) for name, adam in learner.optimizers().items()}


def learned(name: str, steps: int = 2, **ratios: Any) -> Learner:
    learner, source = make_learner(small(name), 2, 2, SEEDS), generator()
    for step in range(1, steps + 1):
        learn(learner, Online(small(name), **ratios), logged_replay(), step, source)
    return learner


@pytest.mark.parametrize("name", LEARNERS)
def test_with_idle_steps_every_adam_steps_in_every_update(name: str) -> None:
    idle, plain = (learned(name, utd=4, policy_delay=2, idle_steps=i) for i in (True, False))
    policies = {"policy", "behaviour", "temperature"}
    updates = {part: 4 if part in policies else 8 for part in plain.optimizers()}
    assert adam_counts(plain) == updates
    assert adam_counts(idle) == dict.fromkeys(updates, 12)
    assert not same_state(idle.state_dict(), plain.state_dict())


def test_one_update_of_everything_leaves_no_adam_to_idle() -> None:
    idle, plain = (learned("sac", utd=2, policy_delay=1, idle_steps=i) for i in (True, False))
    assert same_state(idle.state_dict(), plain.state_dict())


def test_a_policy_that_has_its_turn_each_time_is_updated_with_the_critics() -> None:
    """So that a learner which takes all gradients at the same weights does so online, too."""
    config = small("cql", same_weights=True)
    learner, other = (make_learner(config, 2, 2, SEEDS) for _ in range(2))
    replay, source = logged_replay(), generator()
    learn(learner, Online(config, utd=2), replay, 1, source)
    for minibatch in replay.sample(4, generator(), batches=2).split(2):
        other.update(minibatch)
    assert same_state(learner.state_dict(), other.state_dict())


# --- warm_up -----------------------------------------------------------------------------------


def moved_by_warm_up(name: str, updates: int) -> tuple[Learner, set[str], Metrics]:
    learner = make_learner(small(name), 2, 2, SEEDS)
    before = copy.deepcopy(learner.state_dict())
    metrics = warm_up(
        learner, Warmup(steps=9, critic_updates=updates), logged_replay(), generator()
    )
    after = learner.state_dict()
    parts = {
        part
        for part in learner.parts()
        if not same_state(
            {k: v for k, v in before.items() if k.startswith(f"{part}/")},
            {k: v for k, v in after.items() if k.startswith(f"{part}/")},
        )
    }
    for part in ("policy", "behaviour", "temperature"):  # Adam's moments stand still too
        assert not any(key.startswith(f"adam/{part}/") for key in after)
    return learner, parts, metrics


@pytest.mark.parametrize("name", LEARNERS)
def test_a_warm_up_moves_everything_that_estimates_values_and_no_policy(name: str) -> None:
    learner, parts, metrics = moved_by_warm_up(name, updates=3)
    still = {"policy", "behaviour", "temperature"}
    assert parts == set(learner.parts()) - still
    assert "critics" in parts
    assert learner.updates == 3
    assert metrics["critic_loss"].shape == (SEEDS,)
    assert metrics["critic_loss"].isfinite().all()
    assert "policy_loss" not in metrics and "behaviour_loss" not in metrics


def test_a_warm_up_without_updates_needs_no_rows() -> None:
    learner = make_learner(small("inac"), 2, 2, SEEDS)
    before = copy.deepcopy(learner.state_dict())
    empty = ReplayBuffer(SEEDS, 8, 2, 2, gamma=0.9)
    assert warm_up(learner, Warmup(steps=9), empty, generator()) == {}
    assert same_state(before, learner.state_dict())


def test_a_warm_up_counts_its_updates_and_each_batch_has_the_share_of_offline_rows() -> None:
    watched = Watched()
    replay = logged_replay(0.5, online=5)
    metrics = warm_up(watched, Warmup(steps=9, critic_updates=4), replay, generator())  # type: ignore[arg-type]
    assert watched.halves == "CCCC"
    for _, batch in watched.calls:
        assert (batch.rewards == 50).sum(1).tolist() == [2] * SEEDS
    assert metrics["critic_loss"].tolist() == [4, 4, 4]


@pytest.mark.parametrize("share", [0.5, 0.0])
def test_no_share_can_be_drawn_from_an_empty_side(share: float) -> None:
    source, warmup = generator(), Warmup(steps=9, critic_updates=1)
    with pytest.raises(InputError, match=r"no online transitions.*add\(\)"):
        warm_up(Watched(), warmup, logged_replay(share), source)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"no online transitions.*add\(\)"):
        learn(Watched(), online(), logged_replay(share), 1, source)  # type: ignore[arg-type]


def test_rows_in_proportion_are_all_logged_while_nothing_is_collected() -> None:
    watched = Watched()
    warm_up(watched, Warmup(9, critic_updates=2), logged_replay(None), generator())  # type: ignore[arg-type]
    assert watched.halves == "CC"


# --- an explorer's own rows ------------------------------------------------------------------


def explore(learner: Learner, horizon: tuple[int, ...], **ratios: Any) -> None:
    learn(
        learner,
        Online(learner.config, policy_rows="explorer", **ratios),
        one_episode(),
        1,
        generator(),
        torch.tensor(horizon),
    )


@pytest.mark.parametrize("delay", [1, 2])
def test_an_explorers_policy_sees_the_time_steps_from_h_on(
    delay: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner, seen = make_learner(small("sac", batch_size=64), 2, 2, SEEDS, 0), []
    monkeypatch.setattr(learner, "update_policy", lambda batch: seen.append(batch) or {})
    explore(learner, (0, 4, 9), utd=2, policy_delay=delay)
    assert len(seen) == 2 // delay
    for batch in seen:
        assert batch.observations[..., 0].equal(batch.timesteps)  # rows stay whole
        assert batch.timesteps.amin(1).tolist() == [0, 4, 9]
        assert batch.timesteps.amax(1).tolist() == [9, 9, 9]


def test_a_seed_whose_explorer_never_acts_keeps_its_policy_but_its_critics_learn() -> None:
    learner = make_learner(small("sac", batch_size=64), 2, 2, SEEDS, 0)
    before = copy.deepcopy(learner)
    explore(learner, (0, 10, 5))
    moved = {
        name: [
            max(
                float((new - old).detach()[seed].abs().max())
                for new, old in zip(
                    part.parameters(), before.parts()[name].parameters(), strict=True
                )
            )
            for seed in range(SEEDS)
        ]
        for name, part in learner.parts().items()
    }
    for name in ("policy", "temperature"):
        assert moved[name][1] == 0 < min(moved[name][0], moved[name][2]), name
    assert min(moved["critics"]) > 0


def test_all_rows_are_the_default_whatever_h_is() -> None:
    ours, theirs = (make_learner(small("sac", batch_size=64), 2, 2, SEEDS, 0) for _ in range(2))
    learn(ours, Online(ours.config), one_episode(), 1, generator(), torch.tensor((10, 10, 10)))
    learn(theirs, Online(theirs.config), one_episode(), 1, generator())
    assert same_state(ours.state_dict(), theirs.state_dict())
