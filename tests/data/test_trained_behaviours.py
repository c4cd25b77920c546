"""Policies that come with the library, the datasets that they log, and learning from these."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import torch

import rlft
from rlft.core.errors import InputError
from rlft.core.files import PACKAGE
from rlft.data import DATASETS, DatasetSpec, PolicyBehaviour, load_behaviour, policy_names
from rlft.data.datasets import load_dataset, make_datasets
from rlft.data.shipped import SHIPPED, about_behaviour, behaviour_digest, save_levels
from rlft.nets import PolicyConfig, make_policy

TRAINED = [name for name, spec in DATASETS.items() if isinstance(spec.behaviour, PolicyBehaviour)]
TINY = "rlft/pendulum/tiny-v0"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    two_levels = PolicyBehaviour("pendulum", ("untrained", "best"), random_actions=0.1)
    spec = DatasetSpec("Pendulum-v1", two_levels, "small", transitions=800)
    monkeypatch.setitem(DATASETS._entries, TINY, spec)
    return tmp_path / "datasets"


# --- policies -----------------------------------------------------------------------------------


def test_every_policy_is_small_and_has_its_note() -> None:
    assert policy_names() == sorted(path.stem for path in SHIPPED.glob("*.json"))
    assert max(path.stat().st_size for path in SHIPPED.iterdir()) < 1_000_000
    assert {"pendulum", "inverted-pendulum"} <= set(policy_names())


@pytest.mark.parametrize("name", policy_names())
def test_the_note_says_how_to_train_it_again_and_what_it_is_worth(name: str) -> None:
    about = about_behaviour(name)
    assert about["command"].startswith(f"python -m rlft behaviour {about['environment']} --steps ")
    assert re.fullmatch(r"[\w .-]+", about["command"])  # no path of any machine
    assert {"python", "torch", "gymnasium", "mujoco"} <= set(about["versions"])
    assert {len(values) for values in about["curve"].values()} == {len(about["curve"]["step"])}
    assert about["curve"]["step"][-1] == int(about["command"].split()[6])
    levels = about["levels"]
    assert next(iter(levels)) == "untrained" and list(levels)[-1] == "best"
    steps = [told["step"] for told in levels.values()]
    assert steps == sorted(set(steps)) and set(steps) <= set(about["curve"]["step"])
    assert max(levels, key=lambda level: levels[level]["sampled"]) == "best"
    assert {load_behaviour(name, level).seeds for level in levels} == {1}
    assert len({behaviour_digest(name, level) for level in levels}) == len(levels)


@pytest.mark.parametrize("level", ["untrained", "best"])
def test_the_pendulum_earns_what_its_note_says(level: str) -> None:
    played = rlft.evaluate(load_behaviour("pendulum", level), "Pendulum-v1", episodes=30, mode=True)
    told = about_behaviour("pendulum")["levels"][level]
    # Means of 30 and of 50 episodes: three standard errors of their difference.
    slack = 3 * told["mode_std"] * np.sqrt(1 / 30 + 1 / 50)
    assert played.returns.mean() == pytest.approx(told["mode"], abs=slack)


def test_a_policy_of_ones_own_is_written_and_read(tmp_path: Path) -> None:
    config = PolicyConfig(kind="normal", hidden=(5, 4))
    policy = make_policy(config, 1, 3, 2, torch.Generator().manual_seed(0))
    path = tmp_path / "mine.safetensors"
    save_levels(path, {"first": policy}, config, {"environment": "Mine-v0"})
    again = load_behaviour(path, "first")
    observations = torch.rand(1, 9, 3)
    torch.testing.assert_close(again.mode(observations), policy.mode(observations))
    with pytest.raises(
        InputError, match=r"Unknown level 'last'. Known: first. They are those of m"
    ):
        load_behaviour(path, "last")
    path.write_bytes(b"short")
    with pytest.raises(InputError, match=r"mine.safetensors' cannot be read.*train it again"):
        load_behaviour(path, "first")
    path.with_suffix(".json").unlink()
    with pytest.raises(InputError, match=r"mine.json' is missing"):
        load_behaviour(path, "first")


def test_an_unknown_policy_is_named_with_near_ones() -> None:
    with pytest.raises(InputError, match=r"behaviour policy 'pendulm'. Did you mean 'pendulum'"):
        load_behaviour("pendulm", "medium")


def test_weights_of_another_shape_than_the_note_says_are_damage(tmp_path: Path) -> None:
    for ending in ("json", "safetensors"):
        content = (SHIPPED / f"pendulum.{ending}").read_bytes()
        (tmp_path / f"copy.{ending}").write_bytes(content)
    told = json.loads((tmp_path / "copy.json").read_text())
    (tmp_path / "copy.json").write_text(json.dumps({**told, "observation_size": 4}))
    with pytest.raises(InputError, match=r"copy.safetensors' is damaged"):
        load_behaviour(tmp_path / "copy.safetensors", "medium")


def test_the_wheel_takes_the_policies_along() -> None:
    told = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())
    wheel = told["tool"]["hatch"]["build"]["targets"]["wheel"]
    # hatch takes whatever lies in these folders and git does not ignore
    assert wheel == {"packages": ["rlft"]} and SHIPPED.is_relative_to(PACKAGE)
    ignored = (PACKAGE.parent / ".gitignore").read_text().split("\n")
    for path in SHIPPED.iterdir():
        assert not [line for line in ignored if line and fnmatch(path.name, line)]


# --- datasets -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TRAINED)
def test_every_dataset_of_a_policy_loads_and_fits(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = replace(DATASETS[name], transitions=1000)
    monkeypatch.setitem(DATASETS._entries, name, spec)
    data = load_dataset(name)
    assert data.env_id == spec.env_id == about_behaviour(spec.behaviour.policy)["environment"]  # type: ignore[union-attr]
    assert data.env_kwargs == () and len(data) >= 1000
    assert (data.observation_size, data.action_size) == rlft.envs.env_shape(spec.env_id)
    assert (data.episode_lengths() > 0).all()


def test_levels_lie_one_after_the_other_in_order_of_training() -> None:
    data = load_dataset(TINY)
    returns = data.episode_returns()
    assert len(returns) == 4 and returns[:2].max() < -700 < -500 < returns[2:].min()


def test_two_creations_are_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_dataset(TINY)
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "elsewhere"))
    assert load_dataset(TINY).digest == first.digest
    monkeypatch.setitem(DATASETS._entries, TINY, replace(DATASETS[TINY], seed=1))
    assert load_dataset(TINY).digest != first.digest


def test_actions_are_written_in_the_environments_units() -> None:
    import minari

    data = load_dataset(TINY)
    written = np.concatenate([e.actions for e in minari.load_dataset(TINY).iterate_episodes()])
    np.testing.assert_allclose(written, 2 * data.actions, atol=1e-6)
    assert 1 < np.abs(written).max() <= 2


def test_clipping_what_lies_in_the_box_changes_nothing() -> None:
    assert load_dataset(TINY, clip_actions=True).digest == load_dataset(TINY).digest


def test_data_of_other_weights_is_made_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_dataset(TINY)
    marker = root / TINY / "marker"
    marker.touch()
    load_dataset(TINY)
    assert marker.exists()
    monkeypatch.setattr("rlft.data.policy_behaviour.behaviour_digest", lambda *_: "0" * 64)
    load_dataset(TINY)
    assert not marker.exists()


def test_an_environment_that_is_not_installed_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(*_: object, **__: object) -> None:
        raise gym.error.DependencyNotInstalled("MuJoCo is not installed")

    monkeypatch.setattr(gym, "make", absent)
    message = r"'rlft/pendulum/tiny-v0' is logged on this machine.*MuJoCo is not.*pip install"
    with pytest.raises(InputError, match=message):
        make_datasets([TINY], progress=False)


def test_a_behaviour_without_a_level_is_refused() -> None:
    for levels in ((), "medium"):
        with pytest.raises(InputError, match=r"PolicyBehaviour\(levels=.*tuple of names"):
            PolicyBehaviour("pendulum", levels)  # type: ignore[arg-type]


# --- learning from them -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("algorithm", "recipe"), [("cql", "sac"), ("inac", "inac"), ("bc", "porl-bc"), ("iql", "wsrl")]
)
def test_a_prior_of_such_data_is_fine_tuned(algorithm: str, recipe: str) -> None:
    data = load_dataset(TINY)
    prior = rlft.pretrain(algorithm, data, seeds=2, steps=2, log_every=1, progress=False)
    chosen = rlft.find_recipe(recipe)
    chosen = replace(
        chosen,
        warmup=replace(chosen.warmup, steps=min(chosen.warmup.steps, 3)),
        online=replace(chosen.online, learning_starts=2),
    )
    run = rlft.finetune(prior, chosen, steps=6, eval_every=6, eval_episodes=1, progress=False)
    assert run.env_id == "Pendulum-v1" and run.returns_sampled.shape == (2, 2)
    assert np.isfinite(run.returns_sampled).all()
    assert (run.returns_sampled < 0).all() and (run.returns_sampled > -2000).all()
