"""Resuming pre-training: the same bits as without the interruption, and no checkpoint misused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small import MAZE_DATA, same_state, small

from rlft.algorithms import ALGORITHMS, Config, Learner
from rlft.core import files
from rlft.core.errors import InputError
from rlft.core.files import load_note, load_tensors, save_tensors
from rlft.finetune import Prior, pretrain

STEPS = 7
EVERY = 2


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "prior.safetensors"


def train(config: Config, path: Path | None = None, **changes: Any) -> Prior:
    arguments: dict[str, Any] = {"seeds": 2, "steps": STEPS, "log_every": 1, "progress": False}
    arguments |= {"data": MAZE_DATA, "checkpoint_every": EVERY, **changes}
    return pretrain(config, checkpoint=path, **arguments)


class Interruption(Exception):
    pass


def interrupt_at(step: int) -> Callable[[int, Learner], None]:
    def callback(now: int, learner: Learner) -> None:
        if now == step:
            raise Interruption

    return callback


def assert_same(a: Prior, b: Prior) -> None:
    assert same_state(a.learner.state_dict(), b.learner.state_dict())
    assert a.learner.updates == b.learner.updates
    assert a.history.keys() == b.history.keys()
    for name in a.history:
        np.testing.assert_array_equal(a.history[name], b.history[name])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_interrupted_training_ends_with_the_bits_of_an_uninterrupted_one(
    algorithm: str, path: Path
) -> None:
    config = small(algorithm)
    with pytest.raises(Interruption):
        train(config, path, callback=interrupt_at(5))
    assert json.loads(load_note(path))["updates"] == 4
    seen: list[int] = []
    resumed = train(config, path, callback=lambda step, learner: seen.append(step))
    assert seen == [5, 6, 7]  # what was done is not done again
    assert_same(resumed, train(config))


def test_interrupted_twice(path: Path) -> None:
    for step in (3, 6):
        with pytest.raises(Interruption):
            train(small("sac"), path, callback=interrupt_at(step))
    assert_same(train(small("sac"), path), train(small("sac")))


def test_a_finished_training_returns_at_once_and_can_be_prolonged(path: Path) -> None:
    first = train(small("iql"), path)
    seen: list[int] = []
    again = train(small("iql"), path, callback=lambda step, learner: seen.append(step))
    assert seen == []
    assert_same(first, again)
    longer = train(small("iql"), path, steps=STEPS + 3)
    assert_same(longer, train(small("iql"), steps=STEPS + 3))


def test_the_time_of_the_first_part_counts(path: Path) -> None:
    train(small("bc"), path)
    note = json.loads(load_note(path))
    save_tensors(path, load_tensors(path), json.dumps({**note, "seconds": 1e9}))
    assert 1e9 <= train(small("bc"), path, steps=STEPS + 1).seconds < 1.5e9  # once, not twice


def test_progress_starts_where_the_checkpoint_ends(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(small("bc"), path, steps=4)
    train(small("bc"), path, progress=True)
    assert "4/7" in capsys.readouterr().err


def test_without_a_checkpoint_nothing_is_written(path: Path) -> None:
    train(small("bc"))
    assert not path.parent.exists()


def test_a_checkpoint_that_could_not_be_finished_leaves_the_one_before(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(small("sac"), path, steps=4)
    before = path.read_bytes()

    def half(tensors: object, filename: Path, metadata: object) -> None:
        filename.write_bytes(before[:100])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files, "save_file", half)
        with pytest.raises(InputError, match=r"Cannot write in the folder .*No space left"):
            train(small("sac"), path)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert_same(train(small("sac"), path), train(small("sac")))


OTHER_DATA = replace(MAZE_DATA, rewards=MAZE_DATA.rewards - 1)


@pytest.mark.parametrize(
    ("config", "changes", "message"),
    [
        (small("sac", gamma=0.9), {}, "gamma is 0.98 there and 0.9 here.*another path"),
        (small("sac"), {"seeds": 3}, "seeds is 2 there and 3 here"),
        (small("sac"), {"seed": 9}, ": seed is 0 there and 9 here"),
        (small("sac"), {"log_every": 2}, "log_every is 1 there and 2 here"),
        (small("sac"), {"data": OTHER_DATA}, rf"digest is '{MAZE_DATA.digest}' there"),
        (small("bc"), {}, r"config.__type__ is 'SACConfig' there .*; and \d+"),
        (small("sac"), {"steps": 3}, r"steps=3.*7 or more.*another path"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(
    config: Config, changes: dict[str, Any], message: str, path: Path
) -> None:
    train(small("sac"), path)
    before = path.read_bytes()
    with pytest.raises(InputError, match=message):
        train(config, path, **changes)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", ["truncated", "garbled", "empty", "weights", "folder"])
def test_a_file_that_is_no_checkpoint_is_named(damage: str, path: Path) -> None:
    train(small("sac"), path)
    if damage == "folder":
        path.unlink()
        path.mkdir()
    elif damage == "weights":  # somebody's safetensors, whole, but not ours
        save_tensors(path, {"weight": torch.zeros(2)})
    else:
        content = path.read_bytes()
        kept = {"truncated": content[: len(content) // 2], "garbled": content[::-1], "empty": b""}
        path.write_bytes(kept[damage])
    message = rf"'{path}' is no checkpoint.*damaged.*Delete it"
    with pytest.raises(InputError, match=message) as error:
        train(small("sac"), path)
    assert "Delete the folder" not in str(error.value)
