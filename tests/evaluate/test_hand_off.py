"""What a late hand-off costs, where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rlft.core.errors import InputError
from rlft.envs import time_limit_of
from rlft.evaluate import evaluate, hand_off_cost
from rlft.evaluate.hand_off import HandsOver, Useless

DETOUR, DENSE = "rlft/Maze-Detour-v0", "rlft/Maze-Dense-v0"
SEEDS = 2


class Constant:
    """Always the same action, (S, B, 2)."""

    seeds = SEEDS

    def __init__(self, x: float, y: float) -> None:
        self.action = torch.tensor([x, y])

    def mode(self, obs: torch.Tensor, /) -> torch.Tensor:
        return self.action.expand(*obs.shape[:2], 2)

    def sample(self, obs: torch.Tensor, generator: torch.Generator, /) -> torch.Tensor:
        return self.mode(obs)


ALONG = Constant(1.0, 0.0)  # the detour's short way is a straight corridor
AWAY = Constant(-1.0, 0.0)


def test_a_cost_of_one_a_step_loses_all_the_same_and_a_dense_reward_does_not():
    costly = hand_off_cost(ALONG, DETOUR, explorer=AWAY, episodes=4)
    assert costly.returns.shape == costly.cost.shape == (SEEDS, 5)
    assert (costly.cost == 1).all()  # whoever walks back never arrives
    dense = hand_off_cost(ALONG, DENSE, explorer=AWAY, episodes=4)
    assert (np.diff(dense.cost.mean(0)) < 0).all()
    assert dense.cost[:, 0] == pytest.approx(1)
    assert (dense.cost[:, -1] < costly.cost[:, -1]).all()


def test_the_guide_walks_its_share_of_its_own_episode():
    found = hand_off_cost(ALONG, DETOUR, explorer=AWAY, shares=(0.0, 0.5, 1.0), episodes=4)
    length = evaluate(ALONG, DETOUR, episodes=4, mode=False).lengths.mean()
    assert found.horizons == (0, round(length / 2), round(length))
    np.testing.assert_allclose(found.returns[:, 0], -time_limit_of(DETOUR))


def test_exactly_h_steps_are_the_guides():
    generator, states = torch.Generator(), torch.zeros(SEEDS, 3, 2)
    pair = HandsOver(ALONG, AWAY, 2)
    who = [pair.sample(states, generator)[0, 0, 0].item() for _ in range(4)]
    assert who == [1, 1, -1, -1]
    assert HandsOver(ALONG, AWAY, 0).mode(states)[0, 0, 0] == -1


def test_an_explorer_that_knows_nothing_acts_uniformly():
    actions = Useless(ALONG).sample(torch.zeros(SEEDS, 2_000, 2), torch.Generator().manual_seed(0))
    assert actions.shape == (SEEDS, 2_000, 2)
    assert actions.abs().max() <= 1
    assert actions.mean() == pytest.approx(0, abs=0.03)
    assert actions.std() == pytest.approx(3**-0.5, abs=0.03)


def test_it_reads_as_a_table():
    found = hand_off_cost(ALONG, DETOUR, explorer=AWAY, shares=(0.0, 0.5), episodes=2)
    assert "walked by the guide" in str(found) and "50%" in str(found)
    assert "<caption>What a late hand-off costs" in found._repr_html_()


def test_what_cannot_be_is_named():
    with pytest.raises(InputError, match=r"share=1\.5"):
        hand_off_cost(ALONG, DETOUR, shares=(0.0, 1.5))
    with pytest.raises(InputError, match="increase from 0"):
        hand_off_cost(ALONG, DETOUR, shares=(0.5, 0.9))
    with pytest.raises(InputError, match="episodes=0"):
        hand_off_cost(ALONG, DETOUR, episodes=0)
    with pytest.raises(InputError, match="protects nothing"):
        hand_off_cost(AWAY, DETOUR, explorer=ALONG, episodes=2)
