"""Rewards in other units: worked by hand, and what IQL makes of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from maze_fakes import logged

from rlft.algorithms import IQL, IQLConfig, make_learner
from rlft.core.errors import InputError
from rlft.data import OfflineData, return_range_scale, transform_rewards

DATA = logged(200)


def test_rewards_are_scaled_and_then_shifted() -> None:
    other = transform_rewards(DATA, 10.0, -5.0)
    np.testing.assert_allclose(other.rewards, 10 * DATA.rewards.astype(float) - 5, rtol=1e-6)
    np.testing.assert_array_equal(other.actions, DATA.actions)
    assert other.name == f"{DATA.name} (rewards times 10 -5)" and other.digest != DATA.digest
    assert transform_rewards(DATA, 2.0).name.endswith("(rewards times 2)")


def test_iqls_scale_makes_the_range_of_returns_a_thousand() -> None:
    scaled = transform_rewards(DATA, return_range_scale(DATA))
    returns = scaled.episode_returns()
    assert returns.max() - returns.min() == pytest.approx(1_000, rel=1e-5)


def test_the_scale_is_a_larger_inverse_temperature() -> None:
    """One V and Q, in units of either reward: the advantages have the same weights."""
    scale = 7.0
    weights = []
    for beta, factor in ((3.0, 1.0), (3.0 / scale, scale)):
        config = IQLConfig(inverse_temperature=beta, weight_clip=1e6)
        learner = make_learner(config, 2, 2, seeds=1)
        assert isinstance(learner, IQL)
        for part in (learner.target_critics, learner.state_value):
            for parameter in part.mlp.linears[-1].parameters():
                parameter.data.mul_(factor)  # what they learn from rewards that are so much larger
        data = transform_rewards(DATA, factor)
        batch = OfflineData(data, 1, gamma=config.gamma).as_batch()
        weights.append(learner.update_policy(batch)["advantage_weight"].item())
    assert weights[0] == pytest.approx(weights[1], rel=1e-4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scale": 0.0}, r"scale=0.0.*above 0.*turn the task round"),
        ({"shift": float("nan")}, r"shift=nan.*finite"),
    ],
)
def test_what_is_no_transform_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        transform_rewards(DATA, **changes)


def test_equal_returns_have_no_range() -> None:
    same = replace(DATA, rewards=np.zeros(len(DATA), np.float32))
    with pytest.raises(InputError, match=r"episodes of dataset.*return 0.*no range"):
        return_range_scale(same)
