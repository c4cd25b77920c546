"""Guide, then explorer: whose turn it is at each step, seed by seed, and pairs that do not fit."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rlft.core.errors import InputError
from rlft.nets.policies import Policy, PolicyConfig, make_policy
from rlft.nets.timed import JumpStartPolicy, Stationary, TimedPolicy, check_pair, guide_walks

SEEDS, ROWS = 3, 5
OBSERVATIONS = torch.linspace(-1, 1, SEEDS * ROWS * 2).view(SEEDS, ROWS, 2)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def policy(
    seed: int = 0,
    *,
    seeds: int = SEEDS,
    observations: int = 2,
    actions: int = 2,
    kind: str = "squashed-gaussian",
) -> Policy:
    config = PolicyConfig(kind=kind, hidden=(4,))
    return make_policy(config, seeds, observations, actions, generator(seed))


GUIDE, EXPLORER = policy(1), policy(2)


def clock(*steps: int) -> torch.Tensor:
    """The same time steps for every seed, (S, B)."""
    return torch.tensor(steps).expand(SEEDS, -1)


# --- whose turn it is --------------------------------------------------------------------------


def test_the_guide_walks_h_steps_exactly_each_seed_its_own() -> None:
    walks = guide_walks(clock(0, 1, 2, 3), torch.tensor([0, 1, 3]))
    assert walks.tolist() == [
        [False, False, False, False],
        [True, False, False, False],
        [True, True, True, False],
    ]


@given(h=st.integers(0, 100), t=st.integers(0, 100))
def test_the_last_step_of_the_guide_is_h_minus_one(h: int, t: int) -> None:
    assert guide_walks(torch.tensor([[t]]), torch.tensor([h])).item() is (t <= h - 1)
    assert guide_walks(torch.arange(101)[None], torch.tensor([h])).sum().item() == h


@pytest.mark.parametrize("mode", [True, False])
def test_switching_acts_with_the_policy_whose_turn_it_is(mode: bool) -> None:
    horizon = torch.tensor([0, 2, 9])
    switching = JumpStartPolicy(GUIDE, EXPLORER, horizon, mode)
    steps = clock(0, 1, 2, 3, 8)
    actions = switching.act(OBSERVATIONS, steps, generator())
    source = generator()
    first, then = (Stationary(p, mode).act(OBSERVATIONS, steps, source) for p in (GUIDE, EXPLORER))
    assert actions.shape == (SEEDS, ROWS, 2)
    assert torch.equal(actions[0], then[0])  # h = 0: the explorer alone
    assert torch.equal(actions[1, :2], first[1, :2])
    assert torch.equal(actions[1, 2:], then[1, 2:])
    assert torch.equal(actions[2], first[2])  # t = 8 is the last step of h = 9
    assert not torch.isclose(first, then).any()


def test_sampled_actions_repeat_with_the_generator_and_modes_need_none() -> None:
    switching = JumpStartPolicy(GUIDE, EXPLORER, torch.tensor([1, 1, 1]))
    sampled = [switching.act(OBSERVATIONS, clock(0, 1, 2, 3, 4), generator(s)) for s in (0, 0, 1)]
    assert torch.equal(sampled[0], sampled[1])
    assert not torch.equal(sampled[0], sampled[2])
    likely = JumpStartPolicy(GUIDE, EXPLORER, torch.tensor([1, 1, 1]), mode=True)
    modes = [likely.act(OBSERVATIONS, clock(0, 1, 2, 3, 4), generator(s)) for s in (0, 1)]
    assert torch.equal(modes[0], modes[1])


def test_a_stationary_policy_ignores_the_clock() -> None:
    for mode in (True, False):
        timed: TimedPolicy = Stationary(GUIDE, mode)
        early, late = (
            timed.act(OBSERVATIONS, steps, generator())
            for steps in (clock(0, 0, 0, 0, 0), clock(99, 98, 97, 96, 95))
        )
        assert torch.equal(early, late)
        assert timed.seeds == SEEDS
    assert torch.equal(
        Stationary(GUIDE).act(OBSERVATIONS, clock(0), generator()),
        GUIDE.sample(OBSERVATIONS, generator()),
    )
    assert torch.equal(
        Stationary(GUIDE, mode=True).act(OBSERVATIONS, clock(0), generator()),
        GUIDE.mode(OBSERVATIONS),
    )


def test_timed_policies_are_values() -> None:
    switching = JumpStartPolicy(GUIDE, EXPLORER, torch.tensor([1, 1, 1]))
    assert switching.seeds == SEEDS
    for value in (switching, Stationary(GUIDE)):
        with pytest.raises(FrozenInstanceError):
            value.mode = True  # type: ignore[misc]


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"seeds": 2}, "guide has seeds=3.*explorer seeds=2.*same environment"),
        ({"observations": 4}, "observation_size=2.*observation_size=4.*same environment"),
        ({"actions": 1}, "action_size=2.*action_size=1.*same environment"),
        ({"kind": "tanh-mean-normal"}, "SquashedGaussian.*TanhMeanNormal.*same PolicyConfig"),
    ],
)
def test_pairs_that_cannot_share_an_episode_are_refused(
    other: dict[str, Any], message: str
) -> None:
    explorer = policy(**other)
    with pytest.raises(InputError, match=message):
        check_pair(GUIDE, explorer)
    with pytest.raises(InputError, match=message):
        JumpStartPolicy(GUIDE, explorer, torch.zeros(SEEDS))


def test_networks_of_another_width_can_share_an_episode() -> None:
    wide = make_policy(PolicyConfig(hidden=(16, 16)), SEEDS, 2, 2, generator())
    check_pair(GUIDE, wide)


@pytest.mark.parametrize("shape", [(2,), (3, 1), ()])
def test_h_is_one_number_for_each_seed(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"horizon.shape=\(.*expected \(3,\).*each seed"):
        JumpStartPolicy(GUIDE, EXPLORER, torch.zeros(shape))
