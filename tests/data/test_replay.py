"""Replay: which transitions a batch holds, what each says, and that the seeds never mix.

Every stored number tells where it came from (seed, step or place in the log), so that a batch can
be read back one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rlft.core.errors import InputError, NumericalError
from rlft.data import Batch, OfflineData, ReplayBuffer, Transitions
from rlft.data.episodes import timesteps_of

GAMMA = 0.5  # a power of two: the expected sums below are exact in float32


def logged(count: int = 40, observation_size: int = 2) -> Transitions:
    """Episodes of 4 steps; observation = (n, n), reward = n; every second one truncates."""
    n = np.arange(count)
    ends = (n % 4 == 3) | (n == count - 1)
    terminations = ends & (n % 8 == 3)
    return Transitions(
        observations=np.repeat(n[:, None], observation_size, axis=1),
        actions=np.full((count, 1), -1.0),
        rewards=n,
        next_observations=np.repeat(n[:, None] + 1, observation_size, axis=1),
        terminations=terminations,
        truncations=ends & ~terminations,
        timesteps=timesteps_of(ends),
    )


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def add(
    buffer: ReplayBuffer, step: int, terminated: int | None = None, truncated: int | None = None
) -> None:
    """Adds one transition: observation = (1000 + seed, step), action = +1, reward = step + 1."""
    seeds = np.arange(buffer.seeds)
    buffer.add(
        observations=np.stack([1000 + seeds, np.full(buffer.seeds, step)], axis=1),
        actions=np.ones((buffer.seeds, 1)),
        rewards=np.full(buffer.seeds, step + 1.0),
        next_observations=np.stack([1000 + seeds, np.full(buffer.seeds, step + 1)], axis=1),
        terminations=seeds == (-1 if terminated is None else terminated),
        truncations=seeds == (-1 if truncated is None else truncated),
        timesteps=np.full(buffer.seeds, step),
    )


def online(seeds: int = 3, capacity: int = 16, steps: int = 5, **options: object) -> ReplayBuffer:
    buffer = ReplayBuffer(seeds, capacity, 2, 1, gamma=GAMMA, **options)  # type: ignore[arg-type]
    for step in range(steps):
        add(buffer, step)
    return buffer


def row(**changes: np.ndarray) -> dict[str, np.ndarray]:
    """One row of zeros for each of three seeds, to be added by name."""
    vectors = ("rewards", "terminations", "truncations", "timesteps")
    matrices = {"observations": 2, "actions": 1, "next_observations": 2}
    numbers = {name: np.zeros(3) for name in vectors}
    return {**numbers, **{name: np.zeros((3, size)) for name, size in matrices.items()}, **changes}


def by_step(buffer: ReplayBuffer, seed: int) -> dict[int, dict[str, float]]:
    """All online transitions of one seed that a large sample shows, keyed by their step."""
    batch = buffer.sample(500, generator())
    seen = {}
    for index, step in enumerate(batch.observations[seed, :, 1].tolist()):
        seen[int(step)] = {
            "return_to_go": batch.returns_to_go[seed, index].item(),
            "termination": batch.terminations[seed, index].item(),
            "timestep": batch.timesteps[seed, index].item(),
            "reward": batch.rewards[seed, index].item(),
        }
    return seen


def test_a_transition_comes_back_as_it_was_added() -> None:
    batch = online(steps=7).sample(64, generator())
    seeds = torch.arange(3.0)[:, None].expand(3, 64)
    step = batch.timesteps
    assert set(step.flatten().tolist()) == set(range(7))
    assert torch.equal(batch.observations, torch.stack([1000 + seeds, step], dim=-1))
    assert torch.equal(batch.next_observations, torch.stack([1000 + seeds, step + 1], dim=-1))
    assert torch.equal(batch.actions, torch.ones(3, 64, 1))
    assert torch.equal(batch.rewards, step + 1)


def test_torch_and_numpy_transitions_are_the_same() -> None:
    one, two = online(steps=0), online(steps=0)
    columns = row(
        observations=np.arange(6.0, dtype=np.float32).reshape(3, 2),
        actions=np.ones((3, 1), np.float32),
        rewards=np.arange(3.0, dtype=np.float32),
        terminations=np.array([True, False, False]),
        truncations=np.array([False, True, False]),
        timesteps=np.ones(3, np.int32),
    )
    one.add(**columns)
    two.add(**{name: torch.from_numpy(column) for name, column in columns.items()})
    kept = zip(vars(one.recent(1)).values(), vars(two.recent(1)).values(), strict=True)
    assert all(torch.equal(first, second) for first, second in kept)


def test_seeds_do_not_mix() -> None:
    batch = online(seeds=5, steps=9).sample(200, generator(), batches=2)
    expected = 1000 + torch.arange(5.0)[:, None].expand(5, 400)
    assert torch.equal(batch.observations[..., 0], expected)


def test_what_one_seed_stores_changes_no_other_seed() -> None:
    buffers = online(), online()
    for buffer, value in zip(buffers, (0.0, 9.0), strict=True):
        changed = np.array([0.0, value, 0.0])
        pair = np.stack([changed, changed], axis=1)
        columns = {"observations": pair, "actions": pair[:, :1], "next_observations": pair}
        buffer.add(**row(**columns, rewards=changed, terminations=changed > 0))
    first, second = (buffer.sample(100, generator()) for buffer in buffers)
    for seed in (0, 2):
        assert torch.equal(first.observations[seed], second.observations[seed])
        assert torch.equal(first.returns_to_go[seed], second.returns_to_go[seed])
    assert not torch.equal(first.observations[1], second.observations[1])


def test_seeds_draw_different_transitions() -> None:
    batch = online(seeds=2, capacity=100, steps=100).sample(64, generator())
    assert not torch.equal(batch.timesteps[0], batch.timesteps[1])


def test_a_termination_is_one_and_a_truncation_is_zero() -> None:
    buffer = online(seeds=2, steps=3)
    add(buffer, 3, terminated=0, truncated=1)
    assert by_step(buffer, 0)[3]["termination"] == 1.0
    assert by_step(buffer, 1)[3]["termination"] == 0.0
    assert by_step(buffer, 0)[2]["termination"] == 0.0


def test_returns_to_go_are_unknown_until_the_episode_ends() -> None:
    buffer = online(seeds=2, steps=2)  # rewards 1, 2 of an episode that goes on
    assert by_step(buffer, 0)[0]["return_to_go"] == -np.inf
    add(buffer, 2, terminated=0)  # seed 0 ends with reward 3; seed 1 goes on
    ended, running = by_step(buffer, 0), by_step(buffer, 1)
    assert [ended[t]["return_to_go"] for t in range(3)] == [1 + 1 + 0.75, 2 + 1.5, 3]
    assert [running[t]["return_to_go"] for t in range(3)] == [-np.inf] * 3
    add(buffer, 3, truncated=1)  # a truncation ends the episode of seed 1 after four steps
    ended, running = by_step(buffer, 0), by_step(buffer, 1)
    assert [running[t]["return_to_go"] for t in range(4)] == [3.25, 4.5, 5, 4]
    # Seed 0 has begun its next episode; the ended one keeps its values.
    assert [ended[t]["return_to_go"] for t in range(4)] == [2.75, 3.5, 3, -np.inf]


def two_steps(buffer: ReplayBuffer, *rewards: float) -> list[set[float]]:
    """What follows from two rewards: seed 0 arrives with the second, seed 1 is cut off there."""
    zeros = np.zeros((2, 1))
    for step, reward in enumerate(rewards):
        last = step == len(rewards) - 1
        buffer.add(
            observations=zeros,
            actions=zeros,
            rewards=np.full(2, reward),
            next_observations=zeros,
            terminations=np.array([last, False]),
            truncations=np.array([False, last]),
            timesteps=np.full(2, float(step)),
        )
    floor = buffer.recent(len(rewards)).returns_to_go
    return [set(row.tolist()) for row in floor]


def test_after_a_costly_episode_that_the_clock_cut_off_the_worst_follows() -> None:
    """A sum of costs without the rest would be too high: the last step would count -1."""
    arrived, cut = two_steps(ReplayBuffer(2, 4, 1, 1, gamma=0.5), -1.0, -1.0)
    assert arrived == {-1.0, -1.5}
    assert cut == {-2.0}  # -1 / (1 - 0.5) from both steps
    arrived, cut = two_steps(ReplayBuffer(2, 4, 1, 1, gamma=0.5, smallest_reward=-3.0), -1.0, -1.0)
    assert arrived == {-1.0, -1.5}
    assert cut == {-1.0 - 0.5 * 6, -1.5 - 0.25 * 6}


def test_the_worst_is_what_a_seed_and_the_dataset_have_seen() -> None:
    buffer = ReplayBuffer(2, 8, 1, 1, gamma=0.5)
    two_steps(buffer, -4.0, 0.0)
    _, cut = two_steps(buffer, -1.0, -1.0)
    assert cut == {-1.0 - 0.5 * 8, -1.5 - 0.25 * 8}
    costly = replace(logged(), rewards=-np.arange(40, dtype=np.float32))  # -39 at worst
    buffer = ReplayBuffer(2, 8, 2, 1, gamma=GAMMA, offline=costly)
    add(buffer, 0, truncated=1)
    assert buffer.recent(1).returns_to_go[1].tolist() == [1 - GAMMA * 39 / (1 - GAMMA)]


def test_the_oldest_transitions_are_overwritten() -> None:
    buffer = online(capacity=4, steps=6)
    assert len(buffer) == 4
    assert sorted(by_step(buffer, 0)) == [2, 3, 4, 5]


def test_returns_to_go_across_the_end_of_the_ring() -> None:
    buffer = online(seeds=1, capacity=4, steps=2)
    add(buffer, 2, terminated=0)
    for step in range(3, 5):
        add(buffer, step)
    add(buffer, 5, terminated=0)  # 3, 4, 5 with rewards 4, 5, 6 lie around the ring's end
    seen = by_step(buffer, 0)
    assert {t: seen[t]["return_to_go"] for t in seen} == {2: 3.0, 3: 8.0, 4: 8.0, 5: 6.0}


def test_an_episode_longer_than_the_ring_fills_what_is_left() -> None:
    buffer = online(seeds=1, capacity=3, steps=7)
    add(buffer, 7, truncated=0)
    seen = by_step(buffer, 0)
    assert {t: seen[t]["return_to_go"] for t in seen} == {5: 6 + 3.5 + 2, 6: 7 + 4, 7: 8}


@pytest.mark.parametrize("steps", range(10))  # before, at and after the ring's end
@pytest.mark.parametrize("count", [0, 1, 3, 4, 9])
def test_recent_is_the_last_ones_oldest_first(steps: int, count: int) -> None:
    buffer = online(seeds=2, capacity=4, steps=steps)
    batch = buffer.recent(count)
    last = list(range(max(0, steps - 4), steps))[-count:] if count else []
    assert batch.timesteps.tolist() == [last, last]
    assert batch.rewards.tolist() == [[step + 1 for step in last]] * 2
    assert batch.observations.shape == (2, len(last), 2)
    assert (batch.observations[1, :, 0] == 1001).all()


@pytest.mark.parametrize("steps", [3, 4, 6])
def test_recent_gives_views_where_the_transitions_lie_in_one_piece(steps: int) -> None:
    buffer = online(capacity=4, steps=steps)
    buffer.recent(2).rewards.fill_(50.0)
    newest = {step: entry["reward"] for step, entry in by_step(buffer, 0).items()}
    assert [newest[step] for step in (steps - 2, steps - 1)] == [50.0, 50.0]


def test_recent_knows_the_returns_to_go_of_ended_episodes() -> None:
    buffer = online(seeds=1, capacity=4, steps=5)
    add(buffer, 5, terminated=0)
    assert buffer.recent(2).returns_to_go.tolist() == [[5 + 3.0, 6.0]]


def test_less_than_nothing_recent_is_an_error() -> None:
    with pytest.raises(InputError, match=r"count=-1: expected 0 or more\. Ask for"):
        online().recent(-1)


def test_a_dataset_as_a_batch_is_the_same_for_each_seed_and_not_copied() -> None:
    data = logged()
    source = OfflineData(data, 3, gamma=GAMMA)
    batch = source.as_batch()
    assert batch.rewards.tolist() == [data.rewards.tolist()] * 3
    assert batch.timesteps.tolist() == [data.timesteps.tolist()] * 3
    assert batch.observations.shape == (3, 40, 2)
    batch.rewards[0, 7] = 50.0  # written once, seen by all
    assert source.as_batch().rewards[:, 7].tolist() == [50.0] * 3


def is_logged(batch: Batch) -> torch.Tensor:
    """Which ones came from the dataset: logged actions are -1, online ones +1."""
    return batch.actions[..., 0] < 0


@settings(max_examples=25, deadline=None)
@given(share=st.floats(0, 1), batch_size=st.integers(1, 12), batches=st.integers(1, 5))
def test_the_offline_share_is_exact_in_each_minibatch(
    share: float, batch_size: int, batches: int
) -> None:
    buffer = online(seeds=2, offline=logged(), offline_share=share)
    batch = buffer.sample(batch_size, generator(), batches=batches)
    assert batch.size == batch_size * batches
    for minibatch in batch.split(batches):
        assert minibatch.size == batch_size
        assert (is_logged(minibatch).sum(dim=1) == round(share * batch_size)).all()


def test_one_large_sample_keeps_the_share_when_it_is_split() -> None:
    # RLPD draws one batch of 20 x 256 and takes it apart.
    batch = online(offline=logged(), offline_share=0.5).sample(5120, generator())
    for minibatch in batch.split(20):
        assert (is_logged(minibatch).sum(dim=1) == 128).all()


def test_split_parts_make_up_the_batch_and_are_disjoint() -> None:
    batch = online(seeds=1, capacity=100, steps=100).sample(30, generator())
    parts = batch.split(3)
    steps = torch.cat([part.timesteps for part in parts], dim=1)
    assert torch.equal(steps.sort().values, batch.timesteps.sort().values)


def test_without_a_share_it_draws_in_proportion() -> None:
    buffer = online(seeds=2, capacity=100, steps=20, offline=logged(60))
    batch = buffer.sample(20_000, generator())
    # 60 of 80 are logged; the standard deviation of the share is 0.003.
    assert is_logged(batch).float().mean(dim=1).tolist() == pytest.approx([0.75] * 2, abs=0.02)
    # Both ends of both parts are reached.
    places = batch.observations[..., 0][is_logged(batch)]
    assert (places.min(), places.max()) == (0, 59)
    online_steps = batch.timesteps[~is_logged(batch)]
    assert (online_steps.min(), online_steps.max()) == (0, 19)
    seeds = batch.observations[1, :, 0][~is_logged(batch)[1]]
    assert (seeds == 1001).all()


def test_in_proportion_with_nothing_online_it_is_the_dataset_alone() -> None:
    batch = online(steps=0, offline=logged()).sample(50, generator())
    assert is_logged(batch).all()


def test_a_share_of_one_needs_nothing_online() -> None:
    batch = online(steps=0, offline=logged(), offline_share=1.0).sample(50, generator())
    assert is_logged(batch).all()


def test_logged_transitions_carry_their_returns_to_go_and_ends() -> None:
    data = logged()
    batch = OfflineData(data, 2, gamma=GAMMA).sample(300, generator())
    n = batch.observations[..., 0].long()
    assert torch.equal(batch.returns_to_go, torch.from_numpy(data.returns_to_go(GAMMA))[n])
    assert torch.equal(batch.terminations, torch.from_numpy(data.terminations).float()[n])
    assert torch.equal(batch.timesteps, torch.from_numpy(data.timesteps).float()[n])
    assert torch.equal(batch.next_observations[..., 0].long(), n + 1)
    assert 0 < batch.terminations.sum() < (batch.timesteps == 3).sum()  # truncations are 0


def test_offline_seeds_draw_different_transitions() -> None:
    batch = OfflineData(logged(), 2, gamma=GAMMA).sample(64, generator())
    assert not torch.equal(batch.rewards[0], batch.rewards[1])


def test_what_is_drawn_does_not_depend_on_the_contents() -> None:
    buffer = online(offline=logged(), offline_share=0.5)
    before = buffer.sample(40, generator(7), batches=2)
    buffer.packed.mul_(-3.0)
    after = buffer.sample(40, generator(7), batches=2)
    factor = torch.where(is_logged(before), 1.0, -3.0)
    assert torch.equal(before.rewards * factor, after.rewards)


def test_the_same_generator_seed_draws_the_same_batch() -> None:
    buffer = online(offline=logged())
    first, second = buffer.sample(32, generator(3)), buffer.sample(32, generator(3))
    assert torch.equal(first.observations, second.observations)
    assert not torch.equal(first.observations, buffer.sample(32, generator(4)).observations)


def test_the_dataset_is_not_copied_for_each_seed() -> None:
    buffer = online(seeds=6, offline=logged(40))
    assert buffer.offline is not None
    assert buffer.offline.packed.shape == (40, 2 * 2 + 1 + 4)
    assert (buffer.offline_size, online().offline_size) == (40, 0)


def test_batch_to_moves_every_field() -> None:
    batch = online().sample(4, generator()).to("meta")
    assert {getattr(batch, name).device.type for name in vars(batch)} == {"meta"}


def test_everything_in_a_batch_is_float32() -> None:
    batch = online(offline=logged()).sample(4, generator())
    assert {getattr(batch, name).dtype for name in vars(batch)} == {torch.float32}


OFFLINE = OfflineData(logged(), 1, gamma=GAMMA)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: online(seeds=0), "seeds=0.*1 or more"),
        (lambda: OfflineData(logged(), 0, gamma=GAMMA), "seeds=0.*1 or more"),
        (lambda: online(capacity=-2), "capacity=-2.*1 or more"),
        (lambda: ReplayBuffer(1, 4, 2, 1, gamma=1.5), r"gamma=1\.5.*\[0, 1\]"),
        (lambda: online(offline=logged(), offline_share=-0.1), r"share=-0\.1.*\[0, 1\].*None"),
        (lambda: online(offline=logged(), offline_share=1.1), r"share=1\.1.*\[0, 1\].*None"),
        (lambda: online(offline=logged(), offline_share=np.nan), r"share=nan.*\[0, 1\].*None"),
        (lambda: online(offline_share=0.5), r"share=0\.5.*None.*offline="),
        (lambda: online(offline=logged(observation_size=3)), r"\(3, 1\).*\(2, 1\).*same env"),
        (lambda: online().sample(0, generator()), "batch_size=0.*1 or more"),
        (lambda: online().sample(1, generator(), batches=0), "batches=0.*1 or more"),
        (lambda: OFFLINE.sample(0, generator()), "batch_size=0.*1 or more"),
        (lambda: OFFLINE.sample(1, generator(), batches=0), "batches=0.*1 or more"),
        (lambda: online(steps=0).sample(4, generator()), r"no online transitions.*add\(\)"),
        (
            lambda: online(steps=0, offline=logged(), offline_share=0.5).sample(4, generator()),
            "no online transitions",
        ),
        (lambda: online().sample(10, generator()).split(4), "10.*4 equal parts.*batches"),
        (lambda: online().sample(10, generator()).split(0), "10.*0 equal parts.*batches"),
        (lambda: online().add(**row(actions=np.zeros((3, 2)))), r"actions.*\(3, 2\).*\(3, 1\)"),
        (lambda: online().add(**row(rewards=np.zeros(2))), r"rewards.*\(2,\).*\(3,\).*sizes"),
    ],
)
def test_bad_input_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_transition_that_is_not_finite_is_named_with_its_seed_and_not_kept(bad: float) -> None:
    buffer = online()
    with pytest.raises(NumericalError, match="transition of seed 2 has NaN or infinite"):
        buffer.add(**row(rewards=np.array([0.0, 0.0, bad])))
    assert len(buffer) == 5
    assert buffer.packed[..., : 2 * 2 + 1 + 2].isfinite().all()
