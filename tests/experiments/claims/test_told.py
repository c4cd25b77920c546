"""Critics that are told the truth at unseen states, and probes that look without touching."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from small import same_state

import rlft
from rlft.core.errors import InputError
from rlft.evaluate import q_error
from rlft.experiments.probes import LoggedQ, QErrors, Watch
from rlft.experiments.told import TellTruth
from rlft.finetune import RunPlan

NAME = "rlft/maze/detour-near-optimal-v0"


@pytest.fixture(scope="module")
def prior() -> rlft.Prior:
    return rlft.pretrain("cql", rlft.load_dataset(NAME), seeds=2, steps=100, progress=False)


def test_the_truth_is_told_at_unseen_states_and_elsewhere_nothing_changes(prior) -> None:
    told = TellTruth(states=1_000, updates=600).apply(prior, seed=0)
    before, after = (
        q_error(copy.deepcopy(p.learner), prior.data, prior.data.env_id) for p in (prior, told)
    )
    assert (np.abs(after.unseen_states) < np.abs(before.unseen_states) / 3).all()
    assert (np.abs(after.in_support - before.in_support) < np.abs(before.in_support) / 3).all()
    same = told.learner.parts()["target_critics"].state_dict()
    assert same_state(told.learner.parts()["critics"].state_dict(), same)
    assert same_state(told.learner.policy.state_dict(), prior.learner.policy.state_dict())


def test_the_prior_stays_as_it_was(prior) -> None:
    before = copy.deepcopy(prior.learner.state_dict())
    TellTruth(states=50, updates=2).apply(prior, seed=0)
    assert same_state(prior.learner.state_dict(), before)


def test_pessimism_alone_is_taken_away(prior) -> None:
    """Critics that are everywhere too high have none."""
    optimist = copy.deepcopy(prior)
    with torch.no_grad():
        optimist.learner.parts()["critics"].mlp.shift_output(200.0)
    kept = TellTruth("pessimism", states=200, updates=50).apply(optimist, seed=0)
    mended = TellTruth("both", states=200, updates=50).apply(optimist, seed=0)
    weights = [dict(p.learner.parts()["critics"].named_parameters()) for p in (kept, mended)]
    theirs = dict(optimist.learner.parts()["critics"].named_parameters())
    moved = [sum((w[n] - theirs[n]).abs().sum().item() for n in theirs) for w in weights]
    assert moved[0] < moved[1] / 10


def test_off_the_data_rare_actions_are_corrected_too(prior) -> None:
    ends = [
        q_error(TellTruth(where=where, states=1_000, updates=600).apply(prior, 0).learner,
                prior.data, prior.data.env_id)
        for where in ("unseen states", "off the data")
    ]  # fmt: skip
    here, everywhere = (np.abs(end.out_of_support) for end in ends)
    assert (everywhere < here / 2).all()


def test_numbers_that_cannot_be_are_refused(prior) -> None:
    with pytest.raises(InputError, match="states=0"):
        TellTruth(states=0)
    with pytest.raises(InputError, match="Unknown errors 'none'"):
        TellTruth("none")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="Unknown where 'here'"):
        TellTruth(where="here")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="pairs=0"):
        LoggedQ(0)
    with pytest.raises(InputError, match="pairs=0"):
        QErrors(0)


def test_who_is_watched_runs_as_if_nobody_looked(prior) -> None:
    plan = RunPlan(steps=140, eval_every=70, eval_episodes=1, progress=False)
    watch = Watch((LoggedQ(16), QErrors(8)), prior.data)
    seen = rlft.finetune(prior, "sac", plan=plan, callbacks=[watch])
    alone = rlft.finetune(prior, "sac", plan=plan)
    assert same_state(seen.learner.state_dict(), alone.learner.state_dict())
    columns = watch.columns()
    assert columns.keys() == {"q_logged", "error_on_data", "error_off_data", "error_unseen"}
    assert {values.shape for values in columns.values()} == {(2, 3)}
