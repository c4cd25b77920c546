"""The command that trains behaviour policies: which levels it keeps, and what it writes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

import rlft
from rlft.__main__ import main
from rlft.algorithms import SACConfig
from rlft.data import load_behaviour
from rlft.data.shipped import about_behaviour
from rlft.experiments import behaviour
from rlft.experiments.behaviour import Behaviour, Training, choose_levels, file_name

QUICK = Training(SACConfig(batch_size=8), steps=30, eval_every=10, random_steps=4)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(behaviour.TRAININGS, "Pendulum-v1", QUICK)
    monkeypatch.setattr(behaviour, "FINAL_EPISODES", 2)
    monkeypatch.setattr(behaviour, "CLOSE", 10.0)  # so that every level is found in a short run


@pytest.mark.parametrize(
    ("returns", "expected"),
    [
        # 0 to 100: each level is the closest to its share of the way, in order of training
        ([0, 16, 29, 52, 74, 100, 90], [0, 1, 2, 3, 4, 5]),
        ([0, 2, 14, 16, 33, 29, 47, 70, 100], [0, 2, 5, 6, 7, 8]),
        ([0, 50, 15, 30, 52, 100], [0, 2, 3, 4, None, 5]),  # what was reached too early counts not
        ([0, 0, 100, 50], [0, None, None, None, None, 2]),  # jumped over; the best is the last
        ([5, 1, 0], [None, None, None, None, None, 0]),  # nothing was learned
    ],
)
def test_levels_are_taken_on_the_way_up(
    returns: list[float], expected: list[int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(behaviour, "CLOSE", 0.12)
    names = ("untrained", "weak", "fair", "medium", "good", "best")
    steps = 100 * np.arange(len(returns))
    wanted = {n: 100 * e for n, e in zip(names, expected, strict=True) if e is not None}
    chosen = choose_levels(steps, np.array(returns, float))
    assert chosen == {"untrained": 0, **wanted}


def test_no_level_is_taken_before_learning_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behaviour, "CLOSE", 0.12)
    steps, returns = np.arange(5) * 10, np.array([0.0, 15.0, 14.0, 30.0, 100.0])
    assert choose_levels(steps, returns)["weak"] == 10
    assert choose_levels(steps, returns, random_steps=10)["weak"] == 20


@pytest.mark.parametrize(
    ("env_id", "name"),
    [
        ("Pendulum-v1", "pendulum"),
        ("HalfCheetah-v5", "half-cheetah"),
        ("gymnasium.envs:InvertedPendulum-v5", "inverted-pendulum"),
        ("rlft/Maze-Detour-v0", "maze-detour"),
    ],
)
def test_files_are_named_after_the_environment(env_id: str, name: str) -> None:
    assert file_name(env_id) == name


def test_the_command_writes_policies_that_load_and_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    options = ["--eval-episodes", "1", "--seed", "3", "--no-progress"]
    assert main(["behaviour", "Pendulum-v1", *options, "--out", str(tmp_path)]) == 0
    path = tmp_path / "pendulum.safetensors"
    printed = capsys.readouterr()
    assert f"saved {path}" in printed.out and printed.err == ""
    about = about_behaviour(path)
    assert about["command"] == (
        "python -m rlft behaviour Pendulum-v1 --steps 30 --seed 3 --eval-episodes 1"
    )
    assert about["curve"]["step"] == [0, 10, 20, 30]
    assert str(tmp_path) not in path.with_suffix(".json").read_text()
    for level, told in about["levels"].items():
        assert re_line(level, told["step"]) in " ".join(printed.out.split())
    data = rlft.record(
        load_behaviour(path, "best"), "Pendulum-v1", name="mine/p-v0", transitions=200
    )
    assert len(data) == 200


def re_line(level: str, step: int) -> str:
    return f"{level} step {step:,} return of sampled actions"


def trained(out: Path, **options: object) -> tuple[dict, dict[str, torch.Tensor]]:
    path = Behaviour("Pendulum-v1", eval_episodes=1, progress=False, out=out, **options).run()  # type: ignore[arg-type]
    return about_behaviour(path), load_behaviour(path, "best").state_dict()


def test_the_same_command_trains_the_same_policy(tmp_path: Path) -> None:
    (first, weights), (again, same), (other, _) = (
        trained(tmp_path / name, seed=seed) for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert first["curve"] == again["curve"] != other["curve"]
    torch.testing.assert_close(weights, same, rtol=0, atol=0)


def test_of_several_seeds_the_best_is_kept(
    tmp_path: Path,
) -> None:
    about, weights = trained(tmp_path, seeds=3)
    assert about["command"].endswith("--eval-episodes 1 --seeds 3")
    reached = about["best_of_each_seed"]
    assert len(reached) == 3 and max(about["curve"]["sampled"]) == max(reached)
    assert {len(values) for values in weights.values()} == {1}  # of one seed
    (alone,) = trained(tmp_path / "one")[0]["best_of_each_seed"]
    assert alone != max(reached)


def test_the_return_so_far_is_told_at_each_evaluation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Behaviour("Pendulum-v1", eval_episodes=1, seeds=2, out=tmp_path).run()
    told = re.findall(r"step (\d+): return (\S+) (\S+)\n", capsys.readouterr().err)
    assert [step for step, _, _ in told] == ["0", "10", "20", "30"]
    assert all(one.startswith("-") and one != other for _, one, other in told)


def test_an_interrupted_training_is_a_shorter_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter, weights = trained(tmp_path / "short", steps=20)
    whole = behaviour.OnlineLoop.play

    def interrupted(self: object, env: object, observations: object, step: int) -> object:
        if step == 25:
            raise KeyboardInterrupt
        return whole(self, env, observations, step)  # type: ignore[arg-type]

    monkeypatch.setattr(behaviour.OnlineLoop, "play", interrupted)
    stopped, same = trained(tmp_path / "stopped")
    assert stopped["curve"] == shorter["curve"] and stopped["command"] == shorter["command"]
    torch.testing.assert_close(weights, same, rtol=0, atol=0)
    monkeypatch.setattr(behaviour.OnlineLoop, "measure", interrupted_at_once)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def interrupted_at_once(*_: object) -> None:
    raise KeyboardInterrupt


def test_numbers_that_cannot_be_are_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    for options, said in (
        (["--steps", "4"], "The warm-up of recipe 'behaviour' takes 4 steps, the whole run only 4"),
        (["--steps", "0"], "steps=0: expected 1 or more"),
        (["--eval-episodes", "0"], "eval_episodes=0: expected 1 or more"),
    ):
        assert main(["behaviour", "Pendulum-v1", *options]) == 2
        assert said in capsys.readouterr().err
    assert main(["behaviour", "CartPole-v1"]) == 2
    assert "action space Discrete" in capsys.readouterr().err
