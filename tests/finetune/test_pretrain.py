"""Pre-training: any data, any number of seeds, the same bits twice, and seeds that never mix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from small import MAZE_DATA, make_prior, of_seed, pendulum_data, same_state, small

from rlft.algorithms import ALGORITHMS, Learner
from rlft.algorithms.base import Metrics
from rlft.core.errors import InputError, NumericalError
from rlft.data import Batch, OfflineData
from rlft.finetune import pretrain
from rlft.finetune.recorder import Recorder

PENDULUM = pendulum_data()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("data", [MAZE_DATA, PENDULUM], ids=["maze", "pendulum"])
def test_every_algorithm_trains_on_any_data(algorithm: str, data: Any) -> None:
    before = pretrain(small(algorithm), data, seeds=2, steps=1, device="cpu", progress=False)
    after = pretrain(small(algorithm), data, seeds=2, steps=3, device="cpu", progress=False)
    learner = after.learner
    assert (after.seeds, learner.updates, after.steps) == (2, 3, 3)
    assert learner.observation_size == data.observation_size
    assert after.data is data
    assert learner.device.type == "cpu"
    moved = [
        not torch.equal(a, b)
        for a, b in zip(
            before.learner.policy.parameters(), learner.policy.parameters(), strict=True
        )
    ]
    assert any(moved)


def test_a_name_and_a_configuration_are_both_understood() -> None:
    prior = pretrain("bc", MAZE_DATA, seeds=1, steps=1, progress=False)
    assert (prior.name, prior.learner.config) == ("bc", ALGORITHMS["bc"])
    assert make_prior("iql").name == "IQLConfig"


def test_same_call_same_bits_other_seed_other_bits() -> None:
    first, again, other = (
        pretrain(small("cql"), MAZE_DATA, seeds=2, steps=4, seed=seed, log_every=1, progress=False)
        for seed in (0, 0, 1)
    )
    assert same_state(first.learner.state_dict(), again.learner.state_dict())
    for name in first.history:
        np.testing.assert_array_equal(first.history[name], again.history[name])
    assert not same_state(first.learner.state_dict(), other.learner.state_dict())


def test_seeds_differ_from_each_other() -> None:
    state = make_prior("sac").learner.state_dict()
    weights = [of_seed(state, seed, 3)["policy/mlp.linears.0.weight"] for seed in range(3)]
    assert not torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[1], weights[2])


def tampered(change: Callable[[Batch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes each batch, in place, before a learner sees it."""
    original = OfflineData.sample

    def sample(self: OfflineData, *args: Any, **kwargs: Any) -> Batch:
        batch = original(self, *args, **kwargs)
        change(batch)
        return batch

    monkeypatch.setattr(OfflineData, "sample", sample)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_data_of_one_seed_leaves_the_other_seeds_alone(
    algorithm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = make_prior(algorithm).learner.state_dict()

    def change(batch: Batch) -> None:
        batch.rewards[1] += 5.0
        batch.observations[1] += 0.1

    tampered(change, monkeypatch)
    changed = make_prior(algorithm).learner.state_dict()
    for seed in (0, 2):
        assert same_state(of_seed(plain, seed, 3), of_seed(changed, seed, 3))
    assert not same_state(of_seed(plain, 1, 3), of_seed(changed, 1, 3))


def test_history_has_a_column_for_each_recorded_update() -> None:
    prior = pretrain(small("sac"), MAZE_DATA, seeds=2, steps=7, log_every=3, progress=False)
    assert prior.history["step"].tolist() == [3, 6]
    assert {"critic_loss", "policy_loss", "temperature"} <= prior.history.keys()
    assert all(v.shape == (2, 2) for k, v in prior.history.items() if k != "step")
    assert prior.seconds > 0
    text = repr(prior)
    assert "seeds=2, steps=7, data='small'" in text
    assert f"'critic_loss': '{prior.history['critic_loss'][:, -1].mean():.3g}'" in text


def test_history_holds_the_metrics_of_just_those_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[torch.Tensor] = []
    original = Learner.update

    def update(self: Learner, batch: Batch) -> Metrics:
        metrics = original(self, batch)
        made.append(metrics["critic_loss"])
        return metrics

    monkeypatch.setattr(Learner, "update", update)
    prior = pretrain(small("sac"), MAZE_DATA, seeds=2, steps=7, log_every=3, progress=False)
    np.testing.assert_array_equal(prior.history["critic_loss"], np.stack([made[2], made[5]], 1))


def test_batches_depend_on_the_seed_and_differ_by_update(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[torch.Tensor] = []
    tampered(lambda batch: drawn.append(batch.observations.clone()), monkeypatch)
    for seed in (0, 0, 1):
        pretrain(small("bc"), MAZE_DATA, seeds=2, steps=2, seed=seed, progress=False)
    first, second, again, _, other, _ = drawn
    assert torch.equal(first, again)
    assert not torch.equal(first, second) and not torch.equal(first, other)
    assert not torch.equal(first[0], first[1])  # and by seed within one call


def test_callback_sees_the_learner_every_log_every_updates() -> None:
    seen: list[tuple[int, int]] = []

    def callback(step: int, learner: Learner) -> None:
        seen.append((step, learner.updates))

    arguments: dict[str, Any] = {"seeds": 1, "steps": 7, "log_every": 3, "progress": False}
    pretrain(small("bc"), MAZE_DATA, callback=callback, **arguments)
    assert seen == [(3, 3), (6, 6)]


def test_progress_is_shown_unless_switched_off(capsys: pytest.CaptureFixture[str]) -> None:
    pretrain(small("bc"), MAZE_DATA, seeds=1, steps=2, progress=False)
    assert capsys.readouterr().err == ""
    pretrain("bc", MAZE_DATA, seeds=1, steps=2)
    assert "pre-train bc: 100%" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("algorithm", "changes", "message"),
    [
        ("cqk", {}, "algorithm 'cqk'.*'cql'"),
        ("bc", {"steps": 0}, "steps=0.*1 or more"),
        ("bc", {"seeds": 0}, "seeds=0.*1 or more"),
        ("bc", {"log_every": 0}, "log_every=0.*1 or more.*updates"),
        ("bc", {"checkpoint_every": 0}, "checkpoint_every=0.*1 or more"),
        (
            "bc",
            {"device": "cdua"},
            "'cdua'.*'cpu'",
        ),
        (small("sac", gamma=1.0), {}, r"gamma=1.0.*\[0, 1\)"),
    ],
)
def test_bad_arguments_are_refused(algorithm: Any, changes: dict[str, Any], message: str) -> None:
    arguments = {"seeds": 1, "steps": 1, "progress": False, **changes}
    with pytest.raises(InputError, match=message):
        pretrain(algorithm, MAZE_DATA, **arguments)


def test_a_loss_that_is_nan_names_seed_and_update(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def change(batch: Batch) -> None:
        calls.append(1)
        if len(calls) == 3:
            batch.rewards[1] = np.nan

    tampered(change, monkeypatch)
    with pytest.raises(NumericalError, match=r"critics loss is nan for seed \[1\] at update 3"):
        make_prior("sac")


# --- the recorder ------------------------------------------------------------------------------


def filled() -> Recorder:
    recorder = Recorder(2)
    for step in range(1, 7):
        metrics = {"always": torch.full((2,), float(step))}
        if step >= 4:
            metrics["late"] = torch.tensor([0.5, step])
        recorder.record(step, metrics)
    return recorder


def test_the_recorder_keeps_every_kth_row_and_marks_what_is_missing() -> None:
    history = filled().history()
    assert history["step"].tolist() == [2, 4, 6]
    assert history["always"].tolist() == [[2, 4, 6], [2, 4, 6]]
    np.testing.assert_array_equal(history["late"], [[np.nan, 0.5, 0.5], [np.nan, 4, 6]])
    assert Recorder(1).history()["step"].shape == (0,)


def test_a_restored_recorder_goes_on() -> None:
    whole, restored = filled(), Recorder(2)
    restored.restore(filled().history())
    for recorder in (whole, restored):
        recorder.record(8, {"always": torch.zeros(2), "late": torch.zeros(2)})
    for name, values in whole.history().items():
        np.testing.assert_array_equal(restored.history()[name], values)
        assert restored.history()[name].dtype == values.dtype


def test_recorded_metrics_are_copies() -> None:
    recorder, value = Recorder(1), torch.zeros(2)
    recorder.record(1, {"x": value})
    value += 1
    assert recorder.history()["x"].tolist() == [[0], [0]]


def test_one_episode_is_too_little() -> None:
    with pytest.raises(InputError, match=r"episodes=1.*2 or more.*'small'"):
        pretrain("bc", MAZE_DATA.select_episodes([0]), seeds=1, steps=1, progress=False)
