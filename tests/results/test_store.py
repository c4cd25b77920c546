"""Storing: everything comes back, nothing half-written is seen, every failure names its folder."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from maze_fakes import DETOUR, logged
from small import same_state, small

from rlft.algorithms import SAC, InAC
from rlft.core import files
from rlft.core.errors import InputError
from rlft.core.files import load_tensors, save_tensors, write_atomically
from rlft.data import OfflineData
from rlft.finetune import Prior, Run, hand_over, pretrain
from rlft.finetune.handover import hand_over_guide
from rlft.recipes import Online, find_recipe
from rlft.results import store
from rlft.results.provenance import git_commit, provenance
from rlft.results.store import (
    load_prior,
    load_run,
    results_root,
    save_prior,
    save_run,
    saved_runs,
)

DATA = logged(200)


def make_prior() -> Prior:
    return pretrain(small("sac"), DATA, seeds=2, steps=4, log_every=2, progress=False)


@pytest.fixture(scope="module")
def prior() -> Prior:
    return make_prior()


@pytest.fixture(scope="module")
def run(prior: Prior) -> Run:
    recipe = find_recipe("sac")
    learner, record = hand_over(prior, recipe)
    return Run(
        recipe=recipe,
        env_id=DETOUR,
        dataset=DATA.name,
        seeds=2,
        seed=5,
        steps=np.array([0, 100]),
        returns_mode=np.array([[-50.0, -40.0], [-51.0, np.float32(-41.5)]]),
        returns_sampled=np.array([[-60.0, -44.0], [-61.0, -45.0]]),
        returns_behaviour=np.array([[-55.0, -43.0], [-56.0, np.float32(-44.5)]]),
        episode_steps=[np.array([70, 90]), np.array([], np.int64)],
        episode_returns=[np.array([-70.0, -20.0]), np.array([])],
        metrics={"step": np.array([50]), "critic_loss": np.ones((2, 1), np.float32)},
        handover=record,
        prior=prior,
        learner=learner,
        guide=None,
        seconds=1.5,
        env_kwargs={"reward": "sparse"},
        switch_returns={"sampled": np.array([[-58.0, -62.0], [-61.0, -61.0]])},
        kl=np.array([[0.0, 0.5], [0.0, 0.25]]),
    )


@pytest.fixture(scope="module")
def guided(run: Run, prior: Prior) -> Run:
    """A run with a second learner, which is another kind of learner and has other weights."""
    recipe = replace(run.recipe, guide=Online(small("inac")))
    return replace(run, recipe=recipe, guide=hand_over_guide(prior, recipe, seed=4))


def assert_same_arrays(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], strict=True)


# --- priors and runs ---------------------------------------------------------------------------


def test_a_run_comes_back_whole(run: Run, tmp_path: Path) -> None:
    save_run(run, tmp_path / "sac")
    back = load_run(tmp_path / "sac", data=DATA)
    assert back.recipe == run.recipe and back.handover == run.handover
    assert (back.env_id, back.dataset, back.seeds, back.seed, back.seconds) == (
        DETOUR,
        "small",
        2,
        5,
        1.5,
    )
    for name in ("steps", "returns_mode", "returns_sampled", "returns_behaviour"):
        np.testing.assert_array_equal(getattr(back, name), getattr(run, name), strict=True)
    for name in ("episode_steps", "episode_returns"):
        for mine, theirs in zip(getattr(back, name), getattr(run, name), strict=True):
            np.testing.assert_array_equal(mine, theirs, strict=True)
    assert_same_arrays(back.metrics, run.metrics)
    assert back.env_kwargs == {"reward": "sparse"}
    assert_same_arrays(back.switch_returns, run.switch_returns)
    assert run.kl is not None and back.kl is not None
    np.testing.assert_array_equal(back.kl, run.kl, strict=True)
    assert same_state(back.learner.state_dict(), run.learner.state_dict())
    assert back.learner.config == run.learner.config
    assert same_state(back.prior.learner.state_dict(), run.prior.learner.state_dict())
    assert_same_arrays(back.prior.history, run.prior.history)
    assert back.guide is None and not (tmp_path / "sac" / "guide.safetensors").exists()


def test_a_run_with_two_learners_comes_back_with_both(guided: Run, tmp_path: Path) -> None:
    save_run(guided, tmp_path / "ajs")
    back = load_run(tmp_path / "ajs", data=DATA)
    assert guided.guide is not None and back.guide is not None
    assert back.recipe == guided.recipe
    assert isinstance(back.guide, InAC) and isinstance(back.learner, SAC)
    assert back.guide.config == guided.guide.config
    assert same_state(back.guide.state_dict(), guided.guide.state_dict())
    assert same_state(back.learner.state_dict(), guided.learner.state_dict())


def test_a_loaded_prior_goes_on_exactly_where_it_stopped(tmp_path: Path) -> None:
    """Optimizer and random state are part of it, not weights alone."""
    prior = make_prior()
    save_prior(prior, tmp_path / "p")
    back = load_prior(tmp_path / "p", data=DATA)
    assert (back.name, back.steps, back.learner.updates) == (prior.name, 4, 4)
    batch = OfflineData(DATA, 2, gamma=0.98).sample(8, torch.Generator().manual_seed(1))
    for _ in range(2):
        prior.learner.update(batch)
        back.learner.update(batch)
    assert same_state(back.learner.state_dict(), prior.learner.state_dict())


def test_the_dataset_is_loaded_by_name_and_checked_by_digest(
    prior: Prior, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_prior(prior, tmp_path / "p")
    monkeypatch.setattr(store, "load_dataset", {"small": DATA}.__getitem__)
    assert load_prior(tmp_path / "p").data is DATA
    other = replace(DATA, rewards=DATA.rewards - 1)
    with pytest.raises(InputError, match=f"digest {DATA.digest[:12]}.*{other.digest[:12]}"):
        load_prior(tmp_path / "p", data=other)


def test_saving_again_replaces_the_folder(run: Run, tmp_path: Path) -> None:
    save_run(run, tmp_path / "sac")
    (tmp_path / "sac" / "stray.txt").write_text("old")
    save_run(replace(run, seconds=9.0), tmp_path / "sac")
    assert load_run(tmp_path / "sac", data=DATA).seconds == 9.0
    assert not (tmp_path / "sac" / "stray.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["sac"]


def test_a_run_that_fails_half_way_leaves_nothing_and_spoils_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_run(run, tmp_path / "sac")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "save_tensors", full_disk)
    for name in ("sac", "new"):
        with pytest.raises(InputError, match=r"Cannot write in the folder .*No space left"):
            save_run(run, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["sac"]
    assert load_run(tmp_path / "sac", data=DATA).seconds == 1.5


def test_a_killed_program_leaves_nothing_that_is_read(run: Run, tmp_path: Path) -> None:
    """The leftovers of a kill are imitated: a hidden folder with a complete run in it."""
    save_run(run, tmp_path / "sac")
    save_run(run, tmp_path / ".sac.tmp-abc" / "new")
    assert saved_runs(tmp_path) == [tmp_path / "sac"]
    save_run(run, tmp_path / "sac")


def test_saved_runs_lists_runs_below_a_hidden_root_too(run: Run, tmp_path: Path) -> None:
    root = tmp_path / ".cache"
    save_run(run, root / "b" / "wsrl")
    save_run(run, root / "a")
    assert saved_runs(root) == [root / "a", root / "b" / "wsrl"]
    assert saved_runs(tmp_path / "nothing") == []


def test_results_root_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLFT_RESULTS", "some/where")
    assert results_root() == Path("some/where")
    monkeypatch.delenv("RLFT_RESULTS")
    assert results_root().parts[-2:] == ("rlft", "results")


def test_provenance_is_stored_beside_the_curves(run: Run, tmp_path: Path) -> None:
    save_run(run, tmp_path / "sac")
    stored = json.loads((tmp_path / "sac" / "run.json").read_text())["provenance"]
    versions = dict(stored["versions"])
    assert versions["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert versions["python"].startswith("3.")
    assert stored["commit"] and stored["command"] and stored["created"].endswith("+00:00")


# --- damage ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("run.json", b'{"format": 3, "about": '),
        ("run.json", b"[]"),
        ("run.json", b'{"format": 3}'),
        ("curves.npz", b"PK\x03\x04 cut off"),
        ("learner.safetensors", b"\x08\x00\x00\x00\x00\x00\x00\x00{garble"),
        ("prior/prior.json", b"\xff\xfe"),
        ("prior/curves.npz", b""),
        ("guide.safetensors", b"cut off"),
    ],
)
def test_damaged_files_are_named(guided: Run, tmp_path: Path, name: str, content: bytes) -> None:
    save_run(guided, tmp_path / "sac")
    (tmp_path / "sac" / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"{Path(name).name}' is damaged.*Delete the folder"):
        load_run(tmp_path / "sac", data=DATA)


@pytest.mark.parametrize("name", ["curves.npz", "learner.safetensors", "guide.safetensors"])
def test_missing_files_are_named(guided: Run, tmp_path: Path, name: str) -> None:
    save_run(guided, tmp_path / "sac")
    (tmp_path / "sac" / name).unlink()
    with pytest.raises(InputError, match=rf"{name}' is missing.*make it again"):
        load_run(tmp_path / "sac", data=DATA)


@pytest.mark.parametrize("found", [1, 99])  # 1 has neither a guide nor `returns_behaviour`
def test_a_folder_without_a_run_and_a_foreign_format(found: int, run: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no run in .*run\.json.*saved_runs"):
        load_run(tmp_path)
    save_run(run, tmp_path / "sac")
    path = tmp_path / "sac" / "run.json"
    path.write_text(path.read_text().replace('"format": 3', f'"format": {found}'))
    with pytest.raises(InputError, match=rf"format {found}.*reads formats 2 to 3"):
        load_run(tmp_path / "sac")


# --- files -------------------------------------------------------------------------------------


def test_write_atomically_keeps_the_old_file_when_writing_fails(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "value.txt"
    write_atomically(target, lambda path: path.write_text("old"))

    def fail(path: Path) -> None:
        path.write_text("half")
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        write_atomically(target, fail)
    assert target.read_text() == "old"
    assert [path.name for path in target.parent.iterdir()] == ["value.txt"]


def test_write_atomically_gives_the_suffix_and_moves_at_the_end(tmp_path: Path) -> None:
    def write(path: Path) -> None:
        assert path.suffix == ".npz" and path.parent == tmp_path
        assert not (tmp_path / "a.npz").exists()
        path.write_text("x")

    write_atomically(tmp_path / "a.npz", write)
    assert (tmp_path / "a.npz").read_text() == "x"


def test_an_unwritable_folder_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.tempfile, "mkstemp", refuse)
    monkeypatch.setattr(files.tempfile, "mkdtemp", refuse)
    message = rf"{tmp_path.name}.*: Permission denied.*RLFT_RESULTS"
    with pytest.raises(InputError, match=message):
        write_atomically(tmp_path / "a.txt", lambda path: path.write_text("x"))
    with pytest.raises(InputError, match=message):
        save_run(run, tmp_path / "sac")


def test_a_file_in_the_way_of_a_folder_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match=r"Cannot write in the folder '.*file'"):
        save_run(run, tmp_path / "file" / "sac")


def test_tensors_come_back_with_type_and_shape(tmp_path: Path) -> None:
    base = torch.arange(6.0).reshape(2, 3)
    tensors = {
        "view": base.T,  # not contiguous, and shares memory with the next
        "base": base,
        "count": torch.tensor(3),
        "state": torch.Generator().get_state(),
        "empty": torch.zeros(0, 2),
    }
    save_tensors(tmp_path / "t.safetensors", tensors)
    assert same_state(load_tensors(tmp_path / "t.safetensors"), tensors)


# --- git ---------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_commit_of_a_checkout_and_of_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert git_commit(tmp_path) == "unknown"
    git(tmp_path, "init", "-q")
    assert git_commit(tmp_path) == "unknown"  # nothing committed yet
    (tmp_path / "a.txt").write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert git_commit(tmp_path) == commit
    (tmp_path / "a.txt").write_text("2")
    assert git_commit(tmp_path) == f"{commit}+changes"
    (tmp_path / "inner").mkdir()
    assert git_commit(tmp_path / "inner") == "unknown"  # the checkout of something else
    monkeypatch.setenv("PATH", "")
    assert git_commit(tmp_path) == "unknown"  # no git at all
    assert provenance().commit == "unknown"


def test_a_written_file_has_the_usual_permissions(tmp_path: Path) -> None:
    usual, written = tmp_path / "usual", tmp_path / "written"
    usual.write_text("")
    write_atomically(written, lambda path: None)
    assert written.stat().st_mode == usual.stat().st_mode
