"""AJS's schedule with true fitted Q evaluation, where every value is known by hand; bad input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from schedule_fakes import LIMIT, always, fill, line_data, make_context

from rlft.acting.ajs.automatic import Automatic
from rlft.acting.ajs.gate import Gate
from rlft.acting.horizon import ScheduleContext
from rlft.algorithms import make_learner
from rlft.algorithms.fqe.learner import FQEConfig
from rlft.core.errors import InputError
from rlft.nets.stacked import CriticConfig

SMALL = FQEConfig(
    critics=CriticConfig(hidden=(16,)),
    gamma=1.0,
    batch_size=64,
    lr=5e-3,
    time_aware=True,
    finite_horizon=True,
)


def quick(**changes: Any) -> Automatic:
    """A rule with small networks that are hardly trained."""
    return Automatic(**{"fqe": SMALL, "reference_updates": 5, **changes})


def weights(gate: Gate) -> dict[str, torch.Tensor]:
    return gate.estimator.state_dict()  # type: ignore[attr-defined]


def test_h_falls_as_far_as_the_explorer_is_good() -> None:
    limit = 5
    context = make_context(time_limit=limit, data=line_data(400, limit))
    always(context.guide, 0.5, 0.5, 0.5)
    always(context.learner.policy, 0.8, -0.8, 0.5)
    # Each step pays its action: the guide earns 2.5. Whatever h is, explorer 0 earns more and
    # explorer 2 the same; with explorer 1 each step costs 1.3, so that one step is too much.
    rule = quick(
        step=1,
        check_every=100,
        tolerance=0.6,
        may_grow=False,
        updates=1,
        mode=True,
        data_share=1.0,
        reference_updates=600,
    )
    gate = rule.start(context)
    assert gate.reference.tolist() == pytest.approx([2.5] * 3, abs=0.2)
    assert torch.equal(gate.estimate, gate.reference)
    for step in range(1, 6 * rule.check_every + 1):
        gate.after_step(step)
    assert gate.proposed.tolist() == [0, limit - 1, 0]
    assert gate.estimate.tolist() == pytest.approx([4.0, 1.2, 2.5], abs=0.4)
    assert gate.reference.tolist() == pytest.approx([2.5] * 3, abs=0.2)


def test_the_default_rule_begins_with_the_guide_alone_and_no_gap() -> None:
    gate = quick().start(make_context())
    assert gate.proposed.tolist() == [LIMIT] * 3
    assert torch.equal(gate.estimate, gate.reference)


def test_h_may_start_lower() -> None:
    assert quick(start_at=4).start(make_context()).proposed.tolist() == [4, 4, 4]


def test_a_cold_start_begins_with_new_networks() -> None:
    gate = quick(warm_start=False).start(make_context())
    assert (gate.estimate != gate.reference).all()


def test_the_reference_stays_what_it_was_when_the_guide_learns_on() -> None:
    context = make_context()
    gate = quick(check_every=1).start(context)
    fill(context.replay, LIMIT)
    before = gate.reference
    always(context.guide, 0.9, 0.9, 0.9)
    gate.after_step(1)
    assert torch.equal(gate.reference, before)
    assert (gate.estimate != before).all()


def test_a_tracked_reference_moves() -> None:
    context = make_context()
    gate = quick(check_every=1, reference="tracked").start(context)
    fill(context.replay, LIMIT)
    before = gate.reference
    gate.after_step(1)
    assert (gate.reference != before).all()


def test_reading_does_not_disturb_the_updates() -> None:
    def trained(check_every: int) -> dict[str, torch.Tensor]:
        context = make_context()
        gate = quick(check_every=check_every, tolerance=0.0, bias=-99.0).start(context)
        fill(context.replay, LIMIT)
        for step in range(1, 5):
            gate.after_step(step)
        return weights(gate)

    often, never = trained(1), trained(100)
    assert all(torch.equal(often[name], never[name]) for name in often)


def test_guide_and_explorer_must_be_able_to_share_an_episode() -> None:
    other = make_learner(make_context().learner.config, 1, 1, 4).policy  # a fourth seed
    with pytest.raises(InputError, match="seeds"):
        quick().start(make_context(guide=other))


def no_limit() -> ScheduleContext:
    return make_context(time_limit=None)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: quick().start(no_limit()), r"declares no time limit.*max_episode_steps.*Linear"),
        (lambda: quick(start_at=11).start(make_context()), r"h=11 is beyond the episode"),
        (lambda: Automatic(start_at=-1), r"start_at=-1.*0 or more"),
        (lambda: Automatic(step=0), r"step=0.*1 or more"),
        (lambda: Automatic(check_every=0), r"check_every=0.*1 or more"),
        (lambda: Automatic(update_every=0), r"update_every=0.*1 or more"),
        (lambda: Automatic(updates=0), r"updates=0.*1 or more"),
        (lambda: Automatic(states=0), r"states=0.*1 or more"),
        (lambda: Automatic(reference_updates=0), r"reference_updates=0.*1 or more"),
        (lambda: Automatic(tolerance=-1.0), r"tolerance=-1.0.*0 or more.*negative bias"),
        (lambda: Automatic(tolerance=float("nan")), r"tolerance=nan.*0 or more"),
        (lambda: Automatic(spreads=-0.5), r"spreads=-0.5.*0 or more"),
        (lambda: Automatic(data_share=1.5), r"data_share=1.5.*\[0, 1\]"),
        (lambda: Automatic(judge="next"), r"judge 'next'.*candidate, current"),  # type: ignore[arg-type]
        (lambda: Automatic(read_at="end"), r"read_at 'end'.*hand-off, start"),  # type: ignore[arg-type]
        (lambda: Automatic(reference="none"), r"reference 'none'.*frozen, tracked"),  # type: ignore[arg-type]
        (
            lambda: Automatic(reference="calibrated", read_at="hand-off"),
            r"read_at='hand-off'.*'start'.*another reference",
        ),
    ],
)
def test_bad_input_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_the_rule_is_a_value() -> None:
    assert Automatic() == Automatic() != replace(Automatic(), step=1)
