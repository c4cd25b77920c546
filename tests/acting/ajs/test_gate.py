"""The gate with known numbers in place of the estimators: which way h goes, and what is asked."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from schedule_fakes import LIMIT, fill, make_context
from torch import Tensor

from rlft.acting.ajs.automatic import Automatic
from rlft.acting.ajs.gate import PATIENCE, Gate
from rlft.acting.horizon import ScheduleContext
from rlft.algorithms.base import Metrics
from rlft.algorithms.fqe.config import FQEConfig
from rlft.algorithms.fqe.learner import Estimate
from rlft.data import Batch
from rlft.nets.timed import JumpStartPolicy, Stationary, TimedPolicy

SEEDS = 3
REFERENCE = -50.0


class Told:
    """An estimator that says what it is told to, and remembers what it was asked."""

    def __init__(self, *means: float, spread: float = 0.0) -> None:
        self.means, self.spread = torch.tensor(means), torch.full((SEEDS,), spread)
        self.updates: list[tuple[Batch, TimedPolicy]] = []
        self.reads: list[tuple[Tensor, TimedPolicy, Tensor]] = []

    def answer(self, policy: TimedPolicy) -> Tensor:
        """(S,)."""
        return self.means.expand(SEEDS).clone()

    def update(self, batch: Batch, policy: TimedPolicy) -> Metrics:
        self.updates.append((batch, policy))
        return {}

    def estimate(
        self, observations: Tensor, policy: TimedPolicy, timesteps: Tensor | None = None
    ) -> Estimate:
        assert timesteps is not None
        self.reads.append((observations, policy, timesteps))
        return Estimate(self.answer(policy), self.spread)


class PerStep(Told):
    """Each step that the guide does not walk costs something."""

    def answer(self, policy: TimedPolicy) -> Tensor:
        assert isinstance(policy, JumpStartPolicy)
        return REFERENCE - self.means * (LIMIT - policy.horizon)


def make_gate(
    estimator: Told,
    context: ScheduleContext | None = None,
    offline: Told | None = None,
    rows: int = 2 * LIMIT,
    **rule: Any,
) -> Gate:
    """A gate that decides at every step and moves h by 1, without tolerance, unless told so."""
    context = context or make_context(seeds=SEEDS)
    fill(context.replay, rows)
    plain = {"step": 1, "check_every": 1, "tolerance": 0.0, "may_grow": False}
    numbers = Automatic(**{**plain, "updates": 1, "data_share": 0.5, **rule})
    return Gate(
        rule=numbers,
        context=context,
        start=LIMIT,
        estimator=estimator,
        reference=offline or Told(REFERENCE),
        offline_guide=Stationary(context.guide),
    )


def h_after(gate: Gate, steps: int) -> list[list[int]]:
    """The proposed h of all seeds after each step."""
    values = []
    for step in range(1, steps + 1):
        gate.after_step(step)
        values.append(gate.proposed.tolist())
    return values


# --- which way h goes ----------------------------------------------------------------------


def test_h_starts_at_the_longest_and_falls_to_zero_while_the_gate_is_open() -> None:
    gate = make_gate(Told(REFERENCE), step=4)
    assert gate.proposed.tolist() == gate.current.tolist() == [LIMIT] * SEEDS
    assert h_after(gate, 4) == [[h] * SEEDS for h in (6, 2, 0, 0)]


def test_whole_numbers_are_compared_as_they_are() -> None:
    estimator, reference = Told(-49.0, -50.0, -51.0), Told(REFERENCE)
    estimator.means, reference.means = estimator.means.long(), reference.means.long()
    assert h_after(make_gate(estimator, offline=reference), 1) == [[9, 9, 10]]


def test_h_holds_while_the_estimate_is_too_low() -> None:
    assert h_after(make_gate(Told(REFERENCE - 0.1)), 3) == [[LIMIT] * SEEDS] * 3


def test_a_gate_that_stays_closed_at_full_h_is_told_of_once() -> None:
    gate = make_gate(Told(REFERENCE, REFERENCE - 5.0, REFERENCE))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        h_after(gate, PATIENCE - 1)
    told = r"seed \[1\] stayed closed for 5 decisions .* h=10: .*says -55\.0, .* is -50\.0"
    with pytest.warns(UserWarning, match=told):
        gate.after_step(PATIENCE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        h_after(gate, 2 * PATIENCE)


def test_a_gate_that_opened_in_between_or_judges_a_candidate_is_not_told_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        swinging = make_gate(PerStep(1.0), may_grow=True)  # one step down, and back
        h_after(swinging, 4 * PATIENCE)
        h_after(make_gate(Told(REFERENCE - 5.0), judge="candidate"), 2 * PATIENCE)


def test_the_gate_decides_for_each_seed() -> None:
    gate = make_gate(Told(-49.0, -50.5, -51.5), tolerance=1.0)
    assert h_after(gate, 2) == [[9, 9, 10], [8, 8, 10]]


def test_the_tolerance_is_in_units_of_return_and_includes_its_border() -> None:
    assert h_after(make_gate(Told(-53.0, -53.5, -47.0), tolerance=3.0), 1) == [[9, 10, 9]]


def test_the_spread_widens_the_tolerance() -> None:
    told = Told(-53.0, -55.0, -56.0, spread=2.0)
    assert h_after(make_gate(told, tolerance=1.0, spreads=2.0), 1) == [[9, 9, 10]]
    assert h_after(make_gate(told, tolerance=1.0), 1) == [[10, 10, 10]]


def test_h_grows_only_if_it_may_and_not_beyond_its_start() -> None:
    estimator = Told(REFERENCE)
    gate = make_gate(estimator, step=3, may_grow=True)
    assert h_after(gate, 2)[-1] == [4] * SEEDS
    estimator.means = torch.tensor([REFERENCE - 1])
    assert h_after(gate, 3) == [[h] * SEEDS for h in (7, 10, 10)]


def test_h_settles_where_the_explorer_costs_more_than_the_tolerance() -> None:
    # 0.5 a step: four steps cost 2, which passes once more and makes five.
    assert h_after(make_gate(PerStep(0.5), tolerance=2.0), 9)[-1] == [5] * SEEDS


def test_a_gate_that_may_grow_swings_about_that_place() -> None:
    values = h_after(make_gate(PerStep(0.5), tolerance=2.0, may_grow=True), 9)
    assert [v[0] for v in values] == [9, 8, 7, 6, 5, 6, 5, 6, 5]


def test_the_candidate_is_judged_before_it_acts() -> None:
    gate = make_gate(PerStep(0.5), tolerance=2.0, judge="candidate")
    assert h_after(gate, 9)[-1] == [6] * SEEDS


@pytest.mark.parametrize(("bias", "end"), [(5.0, 0), (0.0, 5), (-2.1, LIMIT)])
def test_a_bias_up_brings_collapse_and_a_bias_down_stagnation(bias: float, end: int) -> None:
    gate = make_gate(PerStep(0.5), tolerance=2.0, bias=bias)
    assert h_after(gate, 15)[-1] == [end] * SEEDS


def test_decisions_come_every_so_many_steps() -> None:
    gate = make_gate(Told(REFERENCE), check_every=3)
    assert [v[0] for v in h_after(gate, 7)] == [10, 10, 9, 9, 9, 8, 8]


def test_a_new_h_waits_for_the_next_episode() -> None:
    gate = make_gate(Told(REFERENCE))
    gate.after_step(1)
    assert gate.current.tolist() == [LIMIT] * SEEDS
    gate.begin_episodes(np.array([True, False, True]))
    assert gate.current.tolist() == [9, 10, 9]


def test_the_metrics_are_those_of_the_last_decision() -> None:
    gate = make_gate(Told(-49.0, -50.5, -51.5, spread=0.25), bias=0.5)
    metrics = {name: value.tolist() for name, value in gate.metrics().items()}
    assert metrics == {
        "guide_steps": [LIMIT] * SEEDS,
        "estimate": [-48.5, -50.0, -51.0],  # as the gate sees it, with the bias
        "reference": [REFERENCE] * SEEDS,
        "spread": [0.25] * SEEDS,
        "clipped": [0.0] * SEEDS,
        "decided_at": [0.0] * SEEDS,
    }
    gate.after_step(1)
    assert gate.metrics()["decided_at"].tolist() == [1.0] * SEEDS


# --- what the estimators are asked ---------------------------------------------------------


def horizons(asked: list[tuple[Any, ...]], position: int) -> list[int]:
    """h of seed 0 in the policies that an estimator was asked about."""
    return [int(question[position].horizon[0]) for question in asked]


def test_updates_come_at_their_own_pace() -> None:
    estimator = Told(REFERENCE - 1)
    gate = make_gate(estimator, update_every=2, updates=3)
    h_after(gate, 5)
    assert len(estimator.updates) == 6


@pytest.mark.parametrize(("judge", "expected"), [("current", [10, 9, 8]), ("candidate", [9, 8, 7])])
def test_the_estimator_is_about_the_guide_the_explorer_and_the_proposed_h(
    judge: str, expected: list[int]
) -> None:
    estimator, context = Told(REFERENCE), make_context(seeds=SEEDS)
    h_after(make_gate(estimator, context, judge=judge), 3)
    assert horizons(estimator.updates, 1) == expected
    assert horizons(estimator.reads, 1) == [expected[0], *expected]  # the first is at the start
    for policy in (estimator.updates[-1][1], estimator.reads[-1][1]):
        assert isinstance(policy, JumpStartPolicy)
        # The networks themselves, not copies: they go on learning.
        assert policy.guide is context.guide and policy.explorer is context.learner.policy
        assert not policy.mode


def test_no_candidate_is_below_zero() -> None:
    estimator = Told(REFERENCE)
    h_after(make_gate(estimator, judge="candidate", step=7), 4)
    assert horizons(estimator.updates, 1) == [3, 0, 0, 0]


def test_the_mode_is_estimated_if_asked_for() -> None:
    estimator = Told(REFERENCE)
    make_gate(estimator, mode=True)
    assert isinstance(policy := estimator.reads[0][1], JumpStartPolicy) and policy.mode


@pytest.mark.parametrize(("kind", "updates"), [("frozen", 0), ("tracked", 4)])
def test_a_tracked_reference_learns_beside_the_estimator(kind: str, updates: int) -> None:
    estimator, reference = Told(REFERENCE), Told(REFERENCE)
    gate = make_gate(estimator, offline=reference, reference=kind)
    h_after(gate, 4)
    assert len(reference.updates) == updates
    for (ours, _), (theirs, policy) in zip(estimator.updates, reference.updates, strict=False):
        assert ours is theirs and policy is gate.offline_guide


def test_a_calibrated_reference_is_what_the_first_episodes_returned() -> None:
    gate = make_gate(Told(69.0, 70.0, 71.0), rows=2 * LIMIT + 1, reference="calibrated")
    assert gate.reference.tolist() == [REFERENCE] * SEEDS  # nothing has been decided yet
    assert h_after(gate, 1) == [[10, 9, 9]]
    assert gate.reference.tolist() == [7.0 * LIMIT] * SEEDS
    fill(gate.context.replay, 2 * LIMIT, reward=8.0)
    gate.after_step(2)
    assert gate.reference.tolist() == [7.0 * LIMIT] * SEEDS  # the first, and no later ones


def test_a_calibrated_reference_has_the_judges_discount() -> None:
    discounted = FQEConfig(gamma=0.5)
    gate = make_gate(Told(0.0), rows=LIMIT + 1, reference="calibrated", fqe=discounted)
    h_after(gate, 1)
    np.testing.assert_allclose(gate.reference, 7 * 2 * (1 - 0.5**LIMIT))


def test_a_calibrated_reference_is_the_estimate_until_an_episode_has_ended() -> None:
    gate = make_gate(Told(REFERENCE), rows=LIMIT, reference="calibrated")
    assert h_after(gate, 1) == [[9, 9, 9]]
    assert gate.reference.tolist() == [REFERENCE] * SEEDS
    fill(gate.context.replay, 1)
    h_after(gate, 1)
    assert gate.reference.tolist() == [7.0 * LIMIT] * SEEDS


@pytest.mark.parametrize(("share", "logged"), [(0.0, 0), (0.5, 64), (0.25, 32), (1.0, 128)])
def test_batches_mix_logged_rows_and_the_replays(share: float, logged: int) -> None:
    estimator = Told(REFERENCE)
    h_after(make_gate(estimator, data_share=share), 1)
    rewards = estimator.updates[0][0].rewards  # (S, B); the replay's are 7
    assert rewards.shape == (SEEDS, 128)
    assert (rewards != 7).sum(1).tolist() == [logged] * SEEDS


def test_values_are_read_at_the_first_observations_of_the_data() -> None:
    estimator, reference = Told(REFERENCE), Told(REFERENCE)
    gate = make_gate(estimator, offline=reference, states=5)
    h_after(gate, 2)
    starts = gate.context.data.observations[gate.context.data.episode_starts]
    assert len(starts) == 40
    for states, _, timesteps in estimator.reads + reference.reads:
        assert states.shape == (SEEDS, 5, 1) and timesteps.shape == (SEEDS, 5)
        assert not timesteps.any()
        assert np.isin(states.numpy(), starts).all()


def test_the_start_states_are_spread_over_the_data_and_never_doubled() -> None:
    gate = make_gate(Told(REFERENCE), states=64)
    assert gate.starts.shape == (SEEDS, 40, 1)


def test_values_are_read_where_the_guide_hands_over() -> None:
    estimator, reference = Told(-49.0, -51.0, -49.0), Told(REFERENCE)
    gate = make_gate(estimator, offline=reference, read_at="hand-off", states=2, data_share=0.0)
    h_after(gate, 4)
    states, _, timesteps = estimator.reads[-1]  # read before the fourth decision: h is 7, 10, 7
    # Two episodes of ten steps: two states at each step; none at step 10, so 9 is the nearest.
    assert timesteps.tolist() == [[7, 7], [9, 9], [7, 7]]
    assert torch.equal(states.squeeze(-1), 100 + timesteps)  # the state of that row
    assert torch.equal(reference.reads[-1][0], states)
    assert torch.equal(reference.reads[-1][2], timesteps)


def test_hand_off_states_also_come_from_the_data_if_the_batches_do() -> None:
    estimator = Told(REFERENCE)
    h_after(make_gate(estimator, read_at="hand-off", states=42, data_share=0.5), 3)
    states, _, timesteps = estimator.reads[-1]  # h is 8: 40 logged ones and two of the replay
    assert (timesteps == 8).all()
    assert ((states > 50).sum((1, 2)) == 2).all()


def test_before_the_first_step_hand_off_states_come_from_the_data() -> None:
    estimator = Told(REFERENCE)
    make_gate(estimator, rows=0, read_at="hand-off", data_share=0.0, states=3)
    assert estimator.reads[0][2].tolist() == [[LIMIT - 1] * 3] * SEEDS


def test_the_gate_repeats_with_the_seed() -> None:
    def first_batch(seed: int) -> Tensor:
        estimator = Told(REFERENCE)
        h_after(make_gate(estimator, make_context(seeds=SEEDS, seed=seed)), 1)
        return estimator.updates[0][0].observations

    assert torch.equal(first_batch(0), first_batch(0))
    assert not torch.equal(first_batch(0), first_batch(1))
