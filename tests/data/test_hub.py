"""Remote datasets, from a stand-in of the public hub, by the same call as any other.

The hub's client reads its address when it is imported, so each test asks in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import minari
import numpy as np
import pytest
from hub import Hub, local_hub
from minari.data_collector import EpisodeBuffer

HOPPER, MAZE = "mujoco/hopper/medium-v0", "D4RL/pointmaze/umaze-v2"
# What a reader types.
ASK = """
import json, sys, rlft
data = rlft.load_dataset(sys.argv[1])
print(json.dumps([data.env_id, len(data), data.observation_size, data.digest]))
"""


def record(name: str, env_id: str, root: Path, nested: bool = False) -> None:
    """Two episodes of five steps of random actions, stored as the public ones are."""
    env, rng = gym.make(env_id), np.random.default_rng(0)
    box = env.observation_space
    buffers = []
    seen: Any  # Minari annotates lists; its files are made of arrays
    for seed in range(2):
        first, _ = env.reset(seed=seed)
        rows, rewards = [first], []
        actions = rng.uniform(-1, 1, (5, *env.action_space.shape)).astype(np.float32)  # type: ignore[misc]
        for action in actions:
            row, reward, *_ = env.step(action)
            rows.append(row)
            rewards.append(float(reward))
        seen = np.stack(rows)
        buffers.append(
            EpisodeBuffer(
                observations={"observation": seen, "goal": seen} if nested else seen,
                actions=actions,  # type: ignore[arg-type]
                rewards=rewards,
                terminations=[False] * 5,
                truncations=[False] * 4 + [True],
                infos={},
            )
        )
    space = gym.spaces.Dict({"observation": box, "goal": box}) if nested else None
    with pytest.MonkeyPatch.context() as patch, pytest.warns(UserWarning):
        patch.setenv("MINARI_DATASETS_PATH", str(root))
        minari.create_dataset_from_buffers(
            name, buffers, env=env_id, eval_env=env_id, data_format="hdf5",
            action_space=env.action_space, observation_space=space,
        )  # fmt: skip


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    root = tmp_path_factory.mktemp("hub")
    record(HOPPER, "Hopper-v5", root)
    record(MAZE, "Pendulum-v1", root, nested=True)
    for name in (HOPPER, MAZE):
        repository, group, _ = name.split("/")
        notes = {"description": "", "datasets": [name], "namespaces": [f"{repository}/{group}"]}
        for folder in (root / repository, root / repository / group):
            (folder / "namespace_metadata.json").write_text(json.dumps(notes))
    with local_hub(root) as served:
        yield served


def ask(name: str, hub: Hub, folder: Path) -> subprocess.CompletedProcess[str]:
    """`load_dataset` of a new process that knows no other hub."""
    variables = {
        "HF_ENDPOINT": hub.address,
        "HF_HUB_OFFLINE": "0",
        "HF_HOME": str(folder / "client"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "MINARI_DATASETS_PATH": str(folder / "datasets"),
        "NO_PROXY": "*",
    }
    command = [sys.executable, "-c", ASK, name]
    return subprocess.run(
        command, env=os.environ | variables, capture_output=True, text=True, timeout=300
    )


def test_a_remote_dataset_is_downloaded_once_and_read(hub: Hub, tmp_path: Path) -> None:
    found = ask(HOPPER, hub, tmp_path)
    assert found.returncode == 0, found.stderr[-2000:]
    env_id, rows, width, digest = json.loads(found.stdout.splitlines()[-1])
    assert (env_id, rows, width) == ("Hopper-v5", 10, 11)
    asked = len(hub.asked)
    again = ask(HOPPER, hub, tmp_path)
    assert json.loads(again.stdout.splitlines()[-1])[-1] == digest
    assert len(hub.asked) == asked


def test_a_version_that_the_hub_does_not_have_is_named(hub: Hub, tmp_path: Path) -> None:
    found = ask("mujoco/hopper/medium-v7", hub, tmp_path)
    assert found.returncode and "Traceback" in found.stderr
    assert "Dataset 'mujoco/hopper/medium-v7' is not in" in found.stderr
    assert "mujoco/hopper/medium-v0" in found.stderr  # what there is instead
    assert kept(tmp_path) == []


def test_observations_that_no_learner_takes_are_refused(hub: Hub, tmp_path: Path) -> None:
    found = ask(MAZE, hub, tmp_path)
    assert found.returncode and "InputError" in found.stderr
    assert "Dict" in found.stderr


def test_a_connection_that_breaks_off_leaves_nothing(hub: Hub, tmp_path: Path) -> None:
    hub.breaks = "main_data"
    try:
        found = ask(HOPPER, hub, tmp_path)
    finally:
        hub.breaks = ""
    assert found.returncode and "could not be downloaded" in found.stderr
    assert kept(tmp_path) == []
    assert ask(HOPPER, hub, tmp_path).returncode == 0


def kept(folder: Path) -> list[Path]:
    """Files of datasets that are left."""
    return [path for path in (folder / "datasets").rglob("*") if path.is_file()]
