"""Random streams: roles draw apart, neighbouring seeds share nothing, the numbers never move."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from rlft.core.streams import Role, evaluation_stream, stream

POINTS = range(1, 401)  # evaluations of a run: a long one has 400 of them
SEEDS = st.integers(0, 999)


def of_roles(seed: int) -> set[int]:
    return {stream(seed, role) for role in Role}


def of_evaluations(seed: int) -> set[int]:
    return {evaluation_stream(seed, point) for point in POINTS}


def test_the_streams_are_these() -> None:
    """Stored results were drawn from them: another number would make other runs."""
    assert {name: stream(7, role) for name, role in Role.__members__.items()} == {
        "PRETRAINED_LEARNER": 7_000,
        "PRETRAINING_BATCHES": 7_001,
        "LEARNER": 7_002,
        "LOOP": 7_003,
        "GUIDE": 7_004,
        "SCHEDULE": 7_005,
        "ENVIRONMENT": 7_006,
    }
    assert stream(0, Role.LOOP) == 3
    assert [evaluation_stream(0, p) for p in (1, 2)] == [1_000_003, 2_000_006]
    assert evaluation_stream(7, 1) == 1_007_003


def test_seeds_share_no_stream() -> None:
    every = [stream(seed, role) for seed in range(200) for role in Role.__members__.values()]
    assert len(set(every)) == len(every)


@given(SEEDS, SEEDS)
def test_no_evaluation_shares_a_stream_with_a_role_or_another_evaluation(a: int, b: int) -> None:
    assert len(of_evaluations(a)) == len(POINTS)
    assert not of_roles(a) & of_evaluations(b)
    if a != b:
        assert not of_evaluations(a) & of_evaluations(b)


@given(st.integers(0, 4_000_000))
def test_every_stream_is_a_seed_that_the_generators_take(seed: int) -> None:
    assert max(of_roles(seed)) < 2**32
    for number in (*of_roles(seed), evaluation_stream(seed, POINTS[-1])):
        assert torch.Generator().manual_seed(number).initial_seed() == number
