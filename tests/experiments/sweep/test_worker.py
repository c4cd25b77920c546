"""One job: what it leaves in its folder, when it is left alone, how it goes on after a crash."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import same_state
from sweep_fakes import small_sweep, starts

from rlft.core.errors import InputError, NumericalError
from rlft.experiments import experiment
from rlft.experiments.sweep import locks, worker
from rlft.experiments.sweep.job import FAILED, RUN, job_of
from rlft.experiments.sweep.locks import check_locks, claimed
from rlft.experiments.sweep.make import forget_the_dead
from rlft.experiments.sweep.progress import Running, shares
from rlft.experiments.sweep.worker import Outcome, failure, perform
from rlft.finetune import finetune, pretrain
from rlft.results.store import load_run

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:minari")


def test_a_job_leaves_its_run_what_it_is_and_what_it_took(tmp_path: Path) -> None:
    (ticket, job), _ = small_sweep(tmp_path)
    assert perform(ticket) == Outcome(ticket.key, "made")
    about = json.loads((ticket.path / "job.json").read_text())
    assert (about["recipe"], about["block"], about["first_seed"]) == ("noted", 0, 0)
    assert (about["dataset"], about["env"]) == ("own/maze/sweep-v0", "rlft/Maze-Detour-v0")
    took = json.loads((ticket.path / "took.json").read_text())
    assert took["seconds"] > 0 and took["memory_mb"] > 50
    assert not ticket.running.exists()
    # It is the very run that the two calls make.
    asked, data = job.recipe.prior, job.experiment(tmp_path).data
    assert asked is not None
    prior = pretrain(asked.config, data, seeds=2, steps=asked.steps, progress=False)
    expected = finetune(prior, job.recipe, plan=job.plan)
    made = load_run(ticket.path / RUN, data=data)
    assert np.array_equal(made.returns_sampled, expected.returns_sampled)
    assert same_state(made.learner.state_dict(), expected.learner.state_dict())


def test_a_job_travels_as_text(tmp_path: Path) -> None:
    (ticket, job), _ = small_sweep(tmp_path)
    assert job_of(ticket.job) == job
    assert job_of(ticket.job).key() == ticket.key


def test_blocks_have_no_random_stream_in_common(tmp_path: Path) -> None:
    (one, _), (other, _) = small_sweep(tmp_path)
    perform(one)
    perform(other)
    first, second = load_run(one.path / RUN), load_run(other.path / RUN)
    for ours, theirs in (
        (first.prior.learner, second.prior.learner),
        (first.learner, second.learner),
    ):
        assert not np.isin(_weights(theirs), _weights(ours)).any()


def _weights(learner: Any) -> np.ndarray:
    """All weights of the policy that differ from 0, in one row."""
    row = np.concatenate([p.detach().numpy().ravel() for p in learner.policy.parameters()])
    return row[row != 0]


def test_what_is_made_is_left_alone(tmp_path: Path) -> None:
    (ticket, _), _ = small_sweep(tmp_path)
    perform(ticket)
    assert perform(ticket) == Outcome(ticket.key, "there")
    assert starts(tmp_path) == 1


def test_a_job_that_is_anothers_is_left_to_it(tmp_path: Path) -> None:
    (ticket, _), _ = small_sweep(tmp_path)
    with claimed(ticket.path / "lock", wait=False) as ours:
        assert ours
        assert perform(ticket) == Outcome(ticket.key, "taken")
    assert starts(tmp_path) == 0
    assert perform(ticket).state == "made"


def test_an_error_is_recorded_and_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverges(*arguments: object, **options: object) -> None:
        raise NumericalError("The critics loss is nan for seed [1].")

    (ticket, _), _ = small_sweep(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(worker, "finetune", diverges)
        outcome = perform(ticket)
    error = "NumericalError: The critics loss is nan for seed [1]."
    assert outcome == Outcome(ticket.key, "failed", error)
    assert failure(ticket.path) == error
    assert "in diverges" in json.loads((ticket.path / FAILED).read_text())["traceback"]
    assert perform(ticket) == outcome
    (ticket.path / FAILED).unlink()
    assert perform(ticket).state == "made"


def test_a_worker_with_other_code_refuses(tmp_path: Path) -> None:
    (ticket, _), _ = small_sweep(tmp_path)
    outcome = perform(replace(ticket, key="0" * 20))
    assert outcome.state == "failed"
    assert "would make another run: its key is" in outcome.error
    assert "the same versions of rlft" in outcome.error
    assert starts(tmp_path) == 0


def test_a_file_of_ones_own_that_a_machine_lacks_is_named(tmp_path: Path) -> None:
    (ticket, _), _ = small_sweep(tmp_path)
    outcome = perform(replace(ticket, files=("no_such_file.py",)))
    assert outcome.state == "failed" and "no_such_file.py' is no Python file" in outcome.error


def test_a_killed_job_goes_on_from_the_checkpoint_of_its_prior(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = '[[recipes]]\nname = "OWN:NOTED"\nprior.steps = 1100\n'
    (ticket, _), _ = small_sweep(tmp_path, recipe)
    seen: list[float] = []

    def note(self: Running, phase: str, share: float) -> None:
        seen.append(share)
        if share > 1000 / 1100 and phase == "prior" and len(seen) < 12:
            raise SystemExit  # as a signal would end it: not an error of the job

    monkeypatch.setattr(Running, "at", note)
    with pytest.raises(SystemExit):
        perform(ticket)
    assert not (ticket.path / RUN).exists() and failure(ticket.path) == ""
    first = len(seen)
    monkeypatch.setattr(Running, "at", lambda self, phase, share: seen.append(share))
    assert perform(ticket).state == "made"
    assert seen[first] > 1000 / 1100  # the updates before were not made again


def test_two_jobs_make_a_shared_prior_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = '[[recipes]]\nname = "OWN:TINY"\nonline.utd = [1, 2]\n'
    (one, job), (other, _) = small_sweep(tmp_path, recipe, blocks=1)
    asked = job.recipe.prior
    assert asked is not None
    file = job.experiment(Path(one.folder)).prior_file(asked)
    free: list[tuple[str, bool]] = []

    def looks(name: str, real: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            with claimed(file.with_suffix(".lock"), wait=False) as ours:
                free.append((name, ours))
            return real(*arguments, **options)

        return call

    monkeypatch.setattr(experiment, "pretrain", looks("pretrain", experiment.pretrain))
    monkeypatch.setattr(worker, "finetune", looks("finetune", worker.finetune))
    assert [perform(one).state, perform(other).state] == ["made", "made"]
    # Nobody else trains it meanwhile, and all may read it while the first one goes on.
    assert free == [("pretrain", False), ("finetune", True)] * 2
    assert [path.name for path in file.parent.glob("*.safetensors")] == [file.name]


def test_a_running_job_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rlft.experiments.sweep.progress.NOTE_EVERY", 0.0)
    with Running(tmp_path / "running" / "k.json", prior=1.0, run=3.0) as running:
        assert shares(tmp_path / "running") == {"k": 0.0}
        running.at("prior", 0.5)
        assert shares(tmp_path / "running") == {"k": 0.125}
        running.at("run", 0.5)
        assert shares(tmp_path / "running") == {"k": 0.625}
    assert shares(tmp_path / "running") == {}


def test_notes_are_rare(tmp_path: Path) -> None:
    with Running(tmp_path / "k.json", prior=0.0, run=1.0) as running:
        running.at("run", 0.2)
        running.at("run", 0.4)
        assert shares(tmp_path) == {"k": 0.2}


def test_locks_are_tried_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_locks(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []

    class Refused(locks.FileLock):  # type: ignore[misc, valid-type]
        def acquire(self, *arguments: object, **options: object) -> Any:
            raise OSError(37, "No locks available")

    class Useless(locks.FileLock):  # type: ignore[misc, valid-type]
        def acquire(self, *arguments: object, **options: object) -> Any:
            return None

    for kind, reason in ((Refused, "No locks available"), (Useless, "keeps nobody out")):
        monkeypatch.setattr(locks, "FileLock", kind)
        with pytest.raises(InputError, match=f"has no locks that work .*{reason}.*--out FOLDER"):
            check_locks(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"Cannot write in the folder '.*file.sweep'.*--out"):
        check_locks(tmp_path / "file" / "sweep")


def test_the_note_of_a_worker_that_was_killed_is_forgotten(tmp_path: Path) -> None:
    (ticket, _), (other, _) = small_sweep(tmp_path)
    for one in (ticket, other):
        Running(one.running, 1.0, 1.0).__enter__()
    with claimed(other.path / "lock", wait=False):
        forget_the_dead(ticket)
        forget_the_dead(other)  # somebody is at work
        assert not ticket.running.exists() and other.running.exists()
