"""Fitted Q evaluation: its target by hand, worlds with known values, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from maze_fakes import logged
from probes import (
    GAMMA,
    KNOWN_VALUES,
    Says,
    differing,
    generator,
    of_seed,
    random_batch,
    three_states,
    with_seed_from,
)
from torch import Tensor

from rlft.algorithms.fqe.learner import FQE, FQEConfig
from rlft.algorithms.fqe.offline import fit_fqe, initial_states
from rlft.core.errors import InputError, NumericalError
from rlft.data import Batch, Transitions
from rlft.nets.policies import Policy, PolicyConfig, make_policy
from rlft.nets.stacked import CriticConfig
from rlft.nets.timed import JumpStartPolicy, Stationary, guide_walks

SMALL = CriticConfig(hidden=(32,))
FREE = FQEConfig(critics=SMALL, gamma=GAMMA, clip=False)
TIMED = replace(FREE, time_aware=True)
FINITE = replace(TIMED, finite_horizon=True)
PLAIN = replace(FINITE, gamma=1.0)
LIMIT = 4


@dataclass(frozen=True)
class Constant:
    """Acts with `first` before step h and with `then` from there on; A = 1."""

    seeds: int = 1
    first: float = 1.0
    then: float = -1.0
    horizon: int = 0

    def act(self, observations: Tensor, timesteps: Tensor, generator: torch.Generator) -> Tensor:
        walks = guide_walks(timesteps, torch.full((self.seeds,), self.horizon))
        return torch.where(walks, self.first, self.then).unsqueeze(-1)


def noisy(seeds: int, observation_size: int = 2, action_size: int = 2, seed: int = 0) -> Stationary:
    """An untrained policy, which is nearly uniform: its entropy is far from 0."""
    return Stationary(policy_of(seeds, observation_size, action_size, seed))


def policy_of(seeds: int, observation_size: int = 2, action_size: int = 2, seed: int = 0) -> Policy:
    config = PolicyConfig(hidden=(8,))
    return make_policy(config, seeds, observation_size, action_size, generator(seed))


def rows(timesteps: list[int], terminations: list[int] | None = None, reward: float = 1.0) -> Batch:
    """One seed, one state, A = 1, at the given steps."""
    clock = torch.tensor([timesteps], dtype=torch.float32)
    ends = torch.tensor([terminations or [0] * len(timesteps)], dtype=torch.float32)
    state = torch.ones(1, len(timesteps), 1)
    rewards = torch.full_like(clock, reward)
    return Batch(state, torch.zeros_like(state), rewards, state, ends, rewards, clock)


def saying(
    config: FQEConfig, answer: Callable[..., Tensor], **needs: Any
) -> tuple[FQE, list[Tensor]]:
    """An evaluation whose target critics give an answer in units of return, and what they saw."""
    fit = FQE(config, 1, 1, 1, time_limit=LIMIT, **needs)
    seen: list[Tensor] = []
    unit = fit.returns.unit(torch.zeros(())).item()

    def say(observations: Tensor, actions: Tensor, members: object) -> Tensor:
        seen.append(observations)
        return answer(actions) / unit

    fit.target_critics = Says(say)  # type: ignore[assignment]
    return fit, seen


def two_members(first: float, second: float) -> Callable[..., Tensor]:
    return lambda actions: torch.tensor([first, second]).view(1, 2, 1) + 0 * actions[:, None, :, 0]


# --- target --------------------------------------------------------------------------------


def test_target_worked_by_hand_with_each_member_its_own() -> None:
    fit, _ = saying(FREE, two_members(6.0, -2.0))
    found = fit.target(rows([0, 1], [0, 1]), Constant())
    assert found.tolist() == [[[1 + 0.5 * 6, 1], [1 + 0.5 * -2, 1]]]


def test_next_action_is_that_of_the_next_step() -> None:
    """h = 2: the guide acts at steps 0 and 1, so only the row of step 0 is followed by it."""
    fit, _ = saying(TIMED, lambda actions: actions[:, None, :, 0].expand(1, 2, -1))
    found = fit.target(rows([0, 1, 2, 3], reward=0.0), Constant(horizon=2))
    assert found[0, 0].tolist() == [0.5, -0.5, -0.5, -0.5]


def test_a_switching_policy_hands_over_in_the_target() -> None:
    guide, explorer = policy_of(1, 1, 1, seed=1), policy_of(1, 1, 1, seed=2)
    policy = JumpStartPolicy(guide, explorer, torch.tensor([2]), mode=True)
    fit, _ = saying(TIMED, lambda actions: actions[:, None, :, 0].expand(1, 2, -1))
    found = fit.target(rows([0, 1, 2], reward=0.0), policy)[0, 0]
    state = torch.ones(1, 1, 1)
    acts = [p.mode(state).item() for p in (guide, explorer, explorer)]
    torch.testing.assert_close(found, 0.5 * torch.tensor(acts))
    assert abs(acts[0] - acts[1]) > 0.01  # or the test could not fail


def test_a_finite_return_ends_at_the_time_limit_and_an_endless_one_does_not() -> None:
    batch = rows([LIMIT - 2, LIMIT - 1, LIMIT], [0, 0, 0])
    finite, _ = saying(FINITE, two_members(6.0, 6.0))
    assert finite.target(batch, Constant())[0, 0].tolist() == [4, 1, 1]
    endless, seen = saying(TIMED, two_members(6.0, 6.0))
    assert endless.target(batch, Constant())[0, 0].tolist() == [4, 4, 4]
    # The clock beyond the last step at which a transition can start is never learned.
    assert seen[0][0, :, -1].tolist() == [0.75, 0.75, 0.75]


def test_the_clock_is_the_next_step_in_parts_of_the_limit() -> None:
    fit, seen = saying(FINITE, two_members(0.0, 0.0))
    fit.target(rows([0, 1, 2]), Constant())
    assert seen[0][0].tolist() == [[1, 0.25], [1, 0.5], [1, 0.75]]


def test_targets_are_clipped_to_possible_returns_at_their_own_step() -> None:
    needs = {"reward_range": (-1.0, 0.0)}

    def kept(config: FQEConfig, timesteps: list[int]) -> list[list[list[float]]]:
        fit, _ = saying(config, two_members(-50.0, 50.0), **needs)
        batch = rows(timesteps, reward=-1.0)
        return fit.target(batch, Constant()).tolist()

    assert kept(replace(PLAIN, clip=True), [0, 2]) == [[[-4, -2], [0, 0]]]
    assert kept(replace(FREE, clip=True), [0]) == [[[-2], [0]]]
    assert kept(PLAIN, [0]) == [[[-51], [49]]]


def test_a_reward_that_the_log_never_had_widens_what_is_possible() -> None:
    fit, _ = saying(replace(PLAIN, clip=True), two_members(-50.0, 50.0), reward_range=(-1.0, 0.0))
    for reward, expected in ((-3.0, [[-12], [0]]), (-2.0, [[-12], [0]]), (5.0, [[-12], [20]])):
        batch = rows([0], reward=reward)
        assert fit.target(batch, Constant()).tolist() == [expected]


@dataclass(frozen=True)
class Uniform:
    """Random actions."""

    seeds: int = 1

    def act(self, observations: Tensor, timesteps: Tensor, generator: torch.Generator) -> Tensor:
        return torch.rand((*observations.shape[:2], 1), generator=generator) * 2 - 1


def test_a_disaster_that_the_log_never_had_is_seen() -> None:
    """The log has +1 a step; online every action above 0 costs 3, so the truth is -10, not +10."""
    steps, draw = torch.arange(10.0).repeat(1, 60), torch.Generator().manual_seed(0)  # (1, N)
    actions = torch.rand((1, 600, 1), generator=draw) * 2 - 1
    online = Batch(
        observations=steps.unsqueeze(-1) / 10,
        actions=actions,
        rewards=torch.where(actions[..., 0] < 0, 1.0, -3.0),
        next_observations=(steps.unsqueeze(-1) + 1) / 10,
        terminations=torch.zeros(1, 600),
        timesteps=steps,
        returns_to_go=torch.full((1, 600), -torch.inf),
    )
    config = replace(PLAIN, clip=True, batch_size=64)
    fit = FQE(config, 1, 1, 1, time_limit=10, reward_range=(1.0, 1.0))
    shares = []
    for _ in range(600):
        chosen = torch.randint(600, (64,), generator=draw)
        rows_of = {name: value[:, chosen] for name, value in vars(online).items()}
        shares.append(float(fit.update(Batch(**rows_of), Uniform())["fqe_clipped"]))
    truth = 10 * (0.5 * 1.0 + 0.5 * -3.0)
    assert fit.estimate(torch.zeros(64, 1), Uniform()).mean.item() == pytest.approx(truth, abs=2)
    assert 0 <= min(shares) < max(shares) <= 1 and np.mean(shares[-100:]) < 0.2


# --- worlds with known values --------------------------------------------------------------


def test_values_of_three_states_hold_no_entropy() -> None:
    """Reward now, later, and for ever, under a nearly uniform policy: no bonus for it in there."""
    fit = FQE(FREE, 3, 1, 2)
    policy, batch = noisy(2, 3, 1), three_states(2)
    for _ in range(250):
        fit.update(batch, policy)
    found = fit.value(torch.eye(3).expand(2, 3, 3), torch.zeros(2, 3, 1)).mean(1)  # (S, 3)
    torch.testing.assert_close(found, torch.tensor(KNOWN_VALUES).expand(2, 3), atol=0.05, rtol=0)


def pays_its_action(seeds: int = 1) -> Batch:
    """One state, T = 4, the reward is the action: every step and action is in the batch."""
    clock = torch.arange(LIMIT).repeat_interleave(8).float()  # (B,)
    actions = torch.linspace(-1, 1, 8).repeat(LIMIT)
    state = torch.ones(32, 1)
    fields = (state, actions[:, None], actions, state, 0 * clock, actions, clock)
    return Batch(*(field.expand(seeds, *field.shape) for field in fields))


@pytest.mark.parametrize(
    ("config", "values"),
    [
        # The guide earns 1 a step, the explorer loses 1 a step, the hand-off is at step 2.
        (PLAIN, [1 + 1 - 1 - 1, 1 - 1 - 1, -1 - 1, -1]),
        (FINITE, [1 + 0.5 - 0.25 - 0.125, 1 - 0.5 - 0.25, -1 - 0.5, -1]),
        (TIMED, [1 + 0.5 - 0.5, 1 - 1, -2, -2]),
    ],
    ids=["plain", "discounted", "endless"],
)
def test_a_hand_off_is_worth_what_adding_up_says(config: FQEConfig, values: list[float]) -> None:
    policy = Constant(horizon=2)
    config = replace(config, clip=True, lr=5e-3)
    fit = FQE(config, 1, 1, 1, time_limit=LIMIT, reward_range=(-1.0, 1.0))
    for _ in range(400):
        fit.update(pays_its_action(), policy)
    found = [
        fit.estimate(torch.ones(1, 1), policy, torch.tensor([[float(t)]])).mean.item()
        for t in range(LIMIT)
    ]
    assert found == pytest.approx(values, abs=0.15)
    assert fit.estimate(torch.ones(1, 1), policy).mean.item() == found[0]  # the default is t = 0


def test_without_a_clock_the_hand_off_cannot_be_told() -> None:
    fit = FQE(FREE, 1, 1, 1)
    for _ in range(250):
        fit.update(pays_its_action(), Constant(horizon=2))
    state, action = torch.ones(1, 1, 1), torch.ones(1, 1, 1)
    steps = [fit.value(state, action, torch.full((1, 1), float(t))).tolist() for t in range(LIMIT)]
    assert all(found == steps[0] for found in steps)


def test_untrained_values_start_where_the_configuration_says() -> None:
    critics = CriticConfig(hidden=(32,), initial_value=-80.0)
    fit = FQE(replace(PLAIN, critics=critics), 2, 2, 3, time_limit=100, reward_range=(-1.0, 0.0))
    found = fit.estimate(np.zeros((5, 2), np.float32), noisy(3)).mean
    # The untrained network adds a little of its own, in units of the largest return, 100.
    assert found.tolist() == pytest.approx([-80] * 3, abs=60)
    other = FQE(PLAIN, 2, 2, 3, time_limit=100, reward_range=(-1.0, 0.0))
    shift = found - other.estimate(np.zeros((5, 2), np.float32), noisy(3)).mean
    assert shift.tolist() == pytest.approx([-80] * 3, abs=1e-3)


# --- updates -------------------------------------------------------------------------------


def parameters(fit: FQE, name: str) -> list[Tensor]:
    return [p.detach().clone() for p in getattr(fit, name).parameters()]


def test_soft_targets_move_by_their_share() -> None:
    fit = FQE(replace(FREE, polyak=0.25), 2, 2, 3)
    before = parameters(fit, "target_critics")
    fit.update(random_batch(), noisy(3))
    after, critics = parameters(fit, "target_critics"), parameters(fit, "critics")
    for old, new, source in zip(before, after, critics, strict=True):
        torch.testing.assert_close(new, old + 0.25 * (source - old))
        assert not torch.equal(new, old)


def test_hard_targets_are_copied_now_and_then() -> None:
    fit = FQE(replace(FREE, target="hard", hard_every=3), 2, 2, 3)
    before = parameters(fit, "target_critics")
    for update in range(1, 7):
        fit.update(random_batch(), noisy(3))
        now = parameters(fit, "target_critics")
        if update % 3 == 0:
            before = parameters(fit, "critics")
        assert all(map(torch.equal, now, before)), update


def test_no_seed_influences_another() -> None:
    states = []
    batch = random_batch(seed=1)
    for given in (batch, with_seed_from(batch, 1, random_batch(seed=2))):
        fit = FQE(FREE, 2, 2, 3)
        for _ in range(3):
            fit.update(given, noisy(3))
        state = fit.state_dict()
        states.append({k: v for k, v in state.items() if k not in ("generator", "updates")})
    for seed in (0, 2):
        assert differing(*(of_seed(state, seed, 3) for state in states)) == set()
    assert differing(*(of_seed(state, 1, 3) for state in states)) != set()


def test_the_policy_gets_no_gradient() -> None:
    policy = noisy(3)
    FQE(FREE, 2, 2, 3).update(random_batch(), policy)
    FQE(FREE, 2, 2, 3).update(random_batch(), replace(policy, mode=True))
    assert all(p.grad is None for p in policy.policy.parameters())


def test_what_is_recorded_is_one_number_for_each_seed() -> None:
    metrics = FQE(FREE, 2, 2, 3).update(random_batch(), noisy(3))
    assert {name: value.shape for name, value in metrics.items()} == {
        "fqe_loss": (3,),
        "fqe_q": (3,),
        "fqe_clipped": (3,),
    }


def test_a_loss_that_is_not_a_number_changes_nothing() -> None:
    fit = FQE(FREE, 2, 2, 3)
    before, batch = fit.state_dict(), random_batch()
    rewards = batch.rewards.clone()
    rewards[1, 0] = float("nan")
    with pytest.raises(NumericalError, match=r"loss is nan for seed \[1\] at update 0.*clip=True"):
        fit.update(replace(batch, rewards=rewards), noisy(3))
    assert differing(before, fit.state_dict()) == {"generator"}


def test_a_restored_evaluation_goes_on_bit_by_bit() -> None:
    fit, policy = FQE(FREE, 2, 2, 3), noisy(3)
    fit.update(random_batch(seed=1), policy)
    other = FQE(FREE, 2, 2, 3, seed=9)
    other.load_state_dict(fit.state_dict())
    assert differing(fit.state_dict(), other.state_dict()) == set()
    for one in (fit, other):
        one.update(random_batch(seed=2), policy)
    assert differing(fit.state_dict(), other.state_dict()) == set()
    assert other.updates == 2


def test_weights_of_another_shape_are_refused() -> None:
    state = FQE(FREE, 2, 2, 3).state_dict()
    with pytest.raises(InputError, match=r"critics/.* have shape .* expected"):
        FQE(FREE, 2, 2, 4).load_state_dict(state)


# --- reading out ---------------------------------------------------------------------------


def test_estimate_is_the_mean_and_the_spread_of_the_members() -> None:
    fit, _ = saying(FREE, two_members(6.0, -2.0))
    found = fit.estimate(np.ones((5, 1), np.float32), Constant())
    assert found.mean.tolist() == [2] and found.spread.tolist() == [4]


def test_soft_targets_are_read_and_hard_ones_are_not() -> None:
    for target, read in (("soft", "target_critics"), ("hard", "critics")):
        fit = FQE(replace(FREE, target=target, hard_every=100), 2, 2, 3)
        fit.update(random_batch(), noisy(3))
        batch = random_batch()
        net, unit = getattr(fit, read), fit.returns.unit(torch.zeros(()))
        expected = unit * net(batch.observations, batch.actions)
        assert torch.equal(fit.value(batch.observations, batch.actions), expected)


def test_reading_disturbs_nothing_and_repeats_itself() -> None:
    fit, policy = FQE(FREE, 2, 2, 3), noisy(3)
    before, states = fit.state_dict(), torch.rand(3, 7, 2)
    first, second = fit.estimate(states, policy), fit.estimate(states, policy)
    assert torch.equal(first.mean, second.mean)
    assert differing(before, fit.state_dict()) == set()
    shared = torch.rand(7, 2)
    for found in (fit.estimate(shared, policy), fit.estimate(shared.expand(3, 7, 2), policy)):
        assert torch.equal(found.mean, fit.estimate(shared, policy).mean)


# --- offline -------------------------------------------------------------------------------


def test_initial_states_are_the_first_of_each_episode() -> None:
    data = logged(300)
    found = initial_states(data)
    assert np.array_equal(found, data.observations[data.timesteps == 0])
    assert found.shape == (len(data.episode_starts), 2)


def test_offline_evaluation_takes_time_limit_and_rewards_from_the_data() -> None:
    data, policy = logged(300), noisy(3)
    config = replace(PLAIN, clip=True)
    fit = fit_fqe(policy, data, config=config, steps=2, progress=False)
    assert fit.time_limit == fit.returns.time_limit == 100
    assert fit.returns.reward_range == data.reward_range
    assert fit.updates == 2 and fit.seeds == 3
    again = fit_fqe(policy, data, config=config, steps=2, progress=False)
    assert differing(fit.state_dict(), again.state_dict()) == set()
    other = fit_fqe(policy, data, config=config, steps=2, progress=False, seed=1)
    assert differing(fit.state_dict(), other.state_dict()) != set()
    given = fit_fqe(policy, data, config=config, steps=1, progress=False, time_limit=150)
    assert given.time_limit == 150


# --- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": "slow"}, "Unknown target 'slow'.*hard, soft"),
        ({"polyak": 0.0}, r"polyak=0.0: .*\(0, 1\]"),
        ({"polyak": 1.5}, r"polyak=1.5: .*\(0, 1\]"),
        ({"hard_every": 0}, "hard_every=0: expected 1 or more.*Targets must move"),
        ({"finite_horizon": True}, "time_aware=False: expected True with finite_horizon=True"),
        ({"gamma": 1.0}, r"gamma=1.0: .*\[0, 1\).*gamma=1 with finite_horizon=True"),
        ({"gamma": 1.0, "time_aware": True}, "gamma=1 with finite_horizon=True"),
        ({"gamma": -0.5}, r"gamma=-0.5: .*\[0, 1\)"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(changes: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        FQEConfig(**changes)


@pytest.mark.parametrize("limit", [None, 0])
def test_a_clock_without_a_time_limit_is_refused(limit: int | None) -> None:
    message = f"time_limit={limit}: expected 1 or more steps.* with time_aware=False"
    with pytest.raises(InputError, match=message):
        FQE(TIMED, 2, 2, 3, time_limit=limit)


def test_an_environment_without_a_time_limit_is_named_so() -> None:
    if "NoLimit-v0" not in gym.registry:
        gym.register("NoLimit-v0", entry_point="gymnasium.envs.classic_control:PendulumEnv")
    data = replace(logged(300), env_id="NoLimit-v0", env_kwargs=())
    config = replace(TIMED, clip=True)
    with pytest.raises(InputError, match=r"time_limit=None: .*environment declares none"):
        fit_fqe(noisy(3), data, config=config, progress=False)
    with pytest.raises(InputError, match=r"time_limit=None: .*environment declares none"):
        fit_fqe(noisy(3), replace(data, env_id=""), config=config, progress=False)


def test_clipping_without_a_reward_range_is_refused() -> None:
    with pytest.raises(InputError, match=r"reward_range=None: .*data.reward_range.*clip=False"):
        FQE(replace(FREE, clip=True), 2, 2, 3)


def test_a_policy_with_other_seeds_is_refused() -> None:
    fit = FQE(FREE, 2, 2, 3)
    message = r"policy\.seeds=2: expected 3, .*FQE\(..., seeds=2\)"
    with pytest.raises(InputError, match=message):
        fit.update(random_batch(), noisy(2))
    with pytest.raises(InputError, match=message):
        fit.estimate(np.zeros((4, 2), np.float32), noisy(2))


def test_values_without_a_step_are_refused_where_they_depend_on_it() -> None:
    fit = FQE(TIMED, 2, 2, 3, time_limit=LIMIT)
    with pytest.raises(InputError, match=r"timesteps=None: expected \(S, B\).*zeros for initial"):
        fit.value(torch.zeros(3, 4, 2), torch.zeros(3, 4, 2))


def test_data_without_episode_starts_is_refused() -> None:
    data = logged(300)
    later = object.__new__(Transitions)  # as an own reader might make it, past the checks
    for name, value in vars(data).items():
        object.__setattr__(later, name, value)
    later.__dict__.pop("episode_starts", None)
    object.__setattr__(later, "timesteps", data.timesteps + 1)
    with pytest.raises(InputError, match="has no episode starts: no transition has timestep 0"):
        initial_states(later)


def test_counts_below_one_are_refused() -> None:
    with pytest.raises(InputError, match="seeds=0: expected 1 or more"):
        FQE(FREE, 2, 2, 0)
    with pytest.raises(InputError, match=r"steps=0: expected 1 or more.*gradient updates"):
        fit_fqe(noisy(3), logged(300), steps=0, progress=False)


def test_steps_beyond_the_time_limit_are_refused_where_there_is_a_clock() -> None:
    fit = FQE(TIMED, 1, 1, 1, time_limit=LIMIT)
    fit.update(rows([0, LIMIT - 1]), Constant())
    with pytest.raises(
        InputError, match=r"timesteps=5: expected at most time_limit=4.*episode_len"
    ):
        fit.update(rows([0, LIMIT]), Constant())
    state = torch.zeros(1, 1, 1)
    fit.value(state, state, torch.tensor([[LIMIT]]))  # after the last step
    with pytest.raises(InputError, match=r"timesteps=5"):
        fit.estimate(state, Constant(), torch.tensor([[LIMIT + 1]]))
    FQE(FREE, 1, 1, 1, time_limit=LIMIT).update(rows([0, LIMIT]), Constant())
