"""When a new h counts, and which h fits an episode."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from schedule_fakes import make_context

from rlft.acting.horizon import Horizon, as_tensor, longest
from rlft.core.errors import InputError


def test_a_new_h_comes_into_force_with_the_seeds_next_episode_only() -> None:
    horizon = Horizon(np.array([4, 4, 4]))
    horizon.proposed[:] = [1, 2, 3]
    assert horizon.current.tolist() == [4, 4, 4]
    horizon.begin_episodes(np.array([False, True, False]))
    assert horizon.current.tolist() == [4, 2, 4]
    horizon.proposed[:] = 0
    horizon.begin_episodes(np.array([True, False, False]))
    assert horizon.current.tolist() == [0, 2, 4]


def test_the_metrics_tell_the_h_in_force() -> None:
    horizon = Horizon(np.array([4, 2]))
    horizon.proposed[:] = 0
    assert horizon.metrics()["guide_steps"].tolist() == [4, 2]


def test_proposed_and_current_share_no_memory_with_what_was_given() -> None:
    initial = np.array([4, 2])
    horizon = Horizon(initial)
    initial[:] = 9
    horizon.proposed[0] = 7
    assert horizon.current.tolist() == [4, 2]


def test_none_is_the_whole_episode() -> None:
    assert longest(None, make_context(time_limit=37)) == 37
    assert longest(37, make_context(time_limit=37)) == 37
    assert longest(500, make_context(time_limit=None)) == 500


def test_h_beyond_the_episode_is_refused() -> None:
    with pytest.raises(InputError, match=r"h=38.*beyond.*37 or less"):
        longest(38, make_context(time_limit=37))


def test_the_whole_episode_needs_a_declared_time_limit() -> None:
    with pytest.raises(InputError, match=r"no time limit.*max_episode_steps"):
        longest(None, make_context(time_limit=None))


def test_a_policy_keeps_the_h_that_it_was_made_with() -> None:
    horizon = Horizon(np.array([4, 2]))
    tensor = as_tensor(horizon.proposed, torch.device("cpu"))
    horizon.proposed[:] = 0
    assert tensor.tolist() == [4, 2] and tensor.dtype == torch.int64
