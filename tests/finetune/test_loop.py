"""The online loop: what is stored, when who learns from what, what is measured, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import VectorEnv, VectorWrapper
from maze_fakes import DETOUR
from small import (
    MAZE_DATA,
    make_prior,
    make_recipe,
    of_seed,
    pendulum_data,
    same_state,
    small,
)

from rlft.acting import EpsilonGreedy, FrozenActs, LearnerActs
from rlft.acting.rules import ActContext
from rlft.algorithms import ALGORITHMS, Learner, make_learner
from rlft.core.errors import NumericalError
from rlft.core.streams import Role, evaluation_stream, stream
from rlft.data import Batch, ReplayBuffer
from rlft.envs import make_vec
from rlft.evaluate import evaluate, noise_floor, policy_kl
from rlft.finetune import Prior, Run, finetune, hand_over, loop
from rlft.recipes import Handover, Recipe, Warmup

SEEDS = 3


@pytest.fixture(scope="module")
def prior() -> Prior:
    return make_prior("sac", seeds=SEEDS)


def run(prior: Prior, recipe: Recipe | str | None = None, steps: int = 6, **changes: Any) -> Run:
    arguments = {"eval_every": 100, "eval_episodes": 1, "progress": False, **changes}
    return finetune(prior, recipe or make_recipe(), steps=steps, **arguments)


# --- any environment, the same bits, seeds apart -----------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_any_continuous_environment_will_do(algorithm: str) -> None:
    prior = make_prior(algorithm, data=pendulum_data(), seeds=2)
    handover = Handover(critics=algorithm != "bc", retention="append")
    online = small("sac") if algorithm == "bc" else prior.learner.config
    result = run(prior, make_recipe(online, handover=handover), device="cpu", seeds=2)
    assert (result.env_id, result.dataset, result.seeds) == ("Pendulum-v1", "pendulum", 2)
    assert np.isfinite(result.returns_sampled).all() and (result.returns_sampled < 0).all()
    assert result.learner.updates == 6


def test_the_floor_online_knows_the_smallest_reward_of_the_priors_data(prior: Prior) -> None:
    """Of an episode without costs that the clock cut off: the data's -1 may follow, for ever."""
    assert MAZE_DATA.reward_range[0] == -1
    for retention in ("drop", "mix"):
        recipe = make_recipe(handover=Handover(retention=retention))
        replay = loop.make_replay(prior, recipe, 4, torch.device("cpu"))
        zeros, pairs = np.zeros(SEEDS), np.zeros((SEEDS, 2))
        cut = np.ones(SEEDS, bool)
        replay.add(pairs, pairs, zeros, pairs, ~cut, cut, zeros)
        gamma = recipe.online.learner.gamma
        assert replay.recent(1).returns_to_go.flatten().tolist() == pytest.approx(
            [-gamma / (1 - gamma)] * SEEDS
        )


def test_same_call_same_bits_other_seed_other_bits(prior: Prior) -> None:
    first, again, other = (run(prior, seed=seed, steps=12, eval_every=4) for seed in (0, 0, 1))
    assert same_state(first.learner.state_dict(), again.learner.state_dict())
    np.testing.assert_array_equal(first.returns_sampled, again.returns_sampled)
    np.testing.assert_array_equal(first.returns_mode, again.returns_mode)
    np.testing.assert_array_equal(first.returns_behaviour, again.returns_behaviour)
    assert first.guide is None
    assert not same_state(first.learner.state_dict(), other.learner.state_dict())


class Tampered(VectorWrapper):
    """Changes what one seed sees and is paid, from its third step on."""

    def __init__(self, env: VectorEnv, seed: int, reward: float) -> None:
        super().__init__(env)
        self.seed_, self.reward, self.count = seed, reward, 0

    def step(self, actions: Any) -> Any:
        observations, rewards, terminations, truncations, info = self.env.step(actions)
        self.count += 1
        if self.count >= 3:
            observations[self.seed_] *= 0.9
            rewards[self.seed_] += self.reward
            terminations[self.seed_] |= self.count == 5
        return observations, rewards, terminations, truncations, info


def tamper(monkeypatch: pytest.MonkeyPatch, seed: int, reward: float) -> None:
    def make(*args: Any, **kwargs: Any) -> VectorEnv:
        return Tampered(make_vec(*args, **kwargs), seed, reward)

    monkeypatch.setattr(loop, "make_vec", make)


MIX = Handover(retention="mix")
APPEND = Handover(retention="append")


@pytest.mark.parametrize(
    ("algorithm", "recipe"),
    [
        ("sac", make_recipe()),
        ("sac", make_recipe(utd=4, policy_delay=2, policy_batch="all")),
        ("sac", make_recipe(warmup=Warmup(steps=4, critic_updates=2))),
        ("calql", make_recipe(small("calql"), handover=MIX)),
        ("inac", make_recipe(small("inac", batch_size=64), handover=APPEND)),
        ("iql", make_recipe(small("iql", batch_size=64), handover=APPEND)),
    ],
)
def test_the_environment_of_one_seed_leaves_the_other_seeds_alone(
    algorithm: str, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    prior = make_prior(algorithm)
    plain = run(prior, recipe, steps=10)
    tamper(monkeypatch, seed=1, reward=5.0)
    changed = run(prior, recipe, steps=10)
    before, after = (r.learner.state_dict() for r in (plain, changed))
    for seed in (0, 2):
        assert same_state(of_seed(before, seed, SEEDS), of_seed(after, seed, SEEDS))
        assert plain.returns_mode[seed].tolist() == changed.returns_mode[seed].tolist()
    assert not same_state(of_seed(before, 1, SEEDS), of_seed(after, 1, SEEDS))


def test_the_prior_stays_as_it_was(prior: Prior) -> None:
    before = prior.learner.state_dict()
    recipe = make_recipe(warmup=Warmup(steps=3, critic_updates=1))
    result = run(prior, recipe, steps=8)
    assert same_state(prior.learner.state_dict(), before)
    assert result.prior is prior and result.learner is not prior.learner


# --- what is measured --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "every", "points"),
    [(10, 4, [0, 4, 8, 10]), (8, 4, [0, 4, 8]), (3, 250, [0, 3]), (1, 1, [0, 1])],
)
def test_evaluations_are_at_zero_at_every_kth_step_and_at_the_end(
    steps: int, every: int, points: list[int], prior: Prior
) -> None:
    seen: list[tuple[int, int]] = []

    def callback(step: int, learner: Learner, replay: ReplayBuffer) -> None:
        seen.append((step, len(replay)))
        assert learner.updates == step

    result = run(prior, steps=steps, eval_every=every, callbacks=(callback,))
    assert result.steps.tolist() == points
    for curve in (result.returns_sampled, result.returns_mode, result.returns_behaviour):
        assert curve.shape == (SEEDS, len(points))
    assert seen == [(point, point) for point in points]
    recorded = [point for point in points if point % every == 0 and point > 0]
    assert result.metrics["step"].tolist() == recorded
    assert result.metrics.get("critic_loss", np.empty((SEEDS, 0))).shape == (SEEDS, len(recorded))


def test_the_first_point_is_the_prior_itself() -> None:
    prior = make_prior("bc", steps=150)  # good enough that some episodes end at the goal
    recipe = make_recipe(handover=Handover(critics=False))
    result = run(prior, recipe, seed=7, steps=1, eval_episodes=4)
    for mode, curve in (
        (True, result.returns_mode),
        (False, result.returns_sampled),
        (False, result.returns_behaviour),  # the learner acts alone
    ):
        seed = evaluation_stream(7, 1)
        expected = evaluate(prior.learner.policy, DETOUR, episodes=4, mode=mode, seed=seed)
        np.testing.assert_array_equal(curve[:, 0], expected.mean_returns)
    assert not np.array_equal(result.returns_mode[:, 0], result.returns_sampled[:, 0])


def test_the_episodes_at_the_switch_are_kept_for_the_noise_floor() -> None:
    prior = make_prior("bc", steps=150)
    acting = EpsilonGreedy(0.5, of=LearnerActs())
    recipe = make_recipe(handover=Handover(critics=False), acting=acting)
    result = run(prior, recipe, steps=2, eval_every=1, eval_episodes=4)
    assert list(result.switch_returns) == ["mode", "sampled", "behaviour"]
    for name, episodes in result.switch_returns.items():
        assert episodes.shape == (SEEDS, 4)
        first = getattr(result, f"returns_{name}")[:, 0]
        np.testing.assert_allclose(episodes.mean(axis=1), first)
        floor = result.summary(curve=name).noise_floor
        assert floor == noise_floor(episodes, points=3)
    assert result.env_kwargs == dict(prior.data.env_kwargs)


def test_summary_is_of_this_run(prior: Prior) -> None:
    result = run(prior, steps=4, eval_every=1)
    summary = result.summary(best=-14.5, window=2)
    assert (summary.name, summary.seeds, summary.best, summary.window) == ("test", 3, -14.5, 2)
    assert summary.start.mean == pytest.approx(result.returns_sampled[:, 0].mean())
    assert result.summary(curve="mode").curve == "mode"
    assert result.summary(curve="mode").start.mean == pytest.approx(
        result.returns_mode[:, 0].mean()
    )
    assert "Run('test', prior='SACConfig', env='rlft/Maze-Detour-v0', seeds=3" in repr(result)


def test_progress_is_shown_unless_switched_off(
    prior: Prior, capsys: pytest.CaptureFixture[str]
) -> None:
    run(prior, steps=2)
    assert capsys.readouterr().err == ""
    run(prior, steps=2, progress=True)
    assert "fine-tune test: 100%" in capsys.readouterr().err


# --- episodes and the replay buffer, against a count by hand -----------------------------------


class Scripted(VectorEnv):
    """Two seeds. Rewards count steps (times 10 for seed 1); episodes end as written here."""

    TERMINATED = ((2, 0), (3, 1))  # (step, seed)
    TRUNCATED = ((5, 0),)

    def __init__(self) -> None:
        self.num_envs = 2
        self.single_observation_space = gym.spaces.Box(-1, 1, (2,), np.float32)
        self.single_action_space = gym.spaces.Box(-1, 1, (2,), np.float32)
        self.count = 0

    def reset(self, **arguments: Any) -> Any:
        return np.zeros((2, 2), np.float32), {}

    def step(self, actions: Any) -> Any:
        self.count += 1
        ended, cut = (
            np.array([(self.count, seed) in ends for seed in (0, 1)])
            for ends in (self.TERMINATED, self.TRUNCATED)
        )
        reached = np.full((2, 2), self.count / 10, np.float32)
        done = ended | cut
        observations = np.where(done[:, None], np.float32(-self.count / 10), reached)
        info = {"final_obs": reached, "_final_obs": done} if done.any() else {}
        rewards = self.count * np.array([1.0, 10.0], np.float32)
        return observations, rewards, ended, cut, info


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Run, ReplayBuffer]]:
    """Six steps in the scripted environment, and the replay buffer afterwards."""
    monkeypatch.setattr(loop, "make_vec", lambda *args, **kwargs: Scripted())
    kept: list[ReplayBuffer] = []
    result = run(
        make_prior("sac", seeds=2), callbacks=(lambda step, learner, replay: kept.append(replay),)
    )
    yield result, kept[-1]


def test_training_episodes_are_those_counted_by_hand(scripted: tuple[Run, ReplayBuffer]) -> None:
    result, _ = scripted
    # Seed 0: steps 1 2 | 3 4 5 | 6, the last one unfinished. Seed 1: steps 1 2 3 | 4 5 6.
    assert [steps.tolist() for steps in result.episode_steps] == [[2, 5], [3]]
    assert [returns.tolist() for returns in result.episode_returns] == [[3.0, 12.0], [60.0]]


def test_the_replay_buffer_holds_the_true_transitions(scripted: tuple[Run, ReplayBuffer]) -> None:
    _, replay = scripted
    held = replay.recent(6)
    assert held.timesteps.tolist() == [[0, 1, 0, 1, 2, 0], [0, 1, 2, 0, 1, 2]]
    assert held.rewards.tolist() == [[1, 2, 3, 4, 5, 6], [10, 20, 30, 40, 50, 60]]
    # Only a termination stops the bootstrap; seed 0's truncation at step 5 does not.
    assert held.terminations.tolist() == [[0, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]]
    reached = np.float32([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    for seed in (0, 1):  # the observation reached, not the one after the reset
        np.testing.assert_array_equal(held.next_observations[seed, :, 0], reached)
    seen = np.float32([[0, 0.1, -0.2, 0.3, 0.4, -0.5], [0, 0.1, 0.2, -0.3, 0.4, 0.5]])
    np.testing.assert_array_equal(held.observations[..., 0], seen)
    assert held.actions.abs().max() <= 1


# --- what is kept of the offline data ----------------------------------------------------------


MARKED = replace(MAZE_DATA, rewards=np.full_like(MAZE_DATA.rewards, 100))


@pytest.mark.parametrize(
    ("handover", "offline_rows"),
    [
        (Handover(retention="drop"), [0, 0, 0]),
        (Handover(retention="mix", offline_share=0.25), [1, 1, 1]),
        (Handover(retention="mix", offline_share=1.0), [4, 4, 4]),
        (Handover(retention="mix", offline_share=0.0), [0, 0, 0]),
    ],
)
def test_every_batch_has_exactly_the_offline_rows_that_retention_asks_for(
    handover: Handover, offline_rows: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = make_prior("sac", data=MARKED)
    batches = spy(monkeypatch, small("sac"), "update_critics")
    run(marked, make_recipe(handover=handover, utd=2), steps=5)
    assert len(batches) == 10
    for batch in batches:
        assert (batch.rewards == 100).sum(1).tolist() == offline_rows


def test_appended_data_is_drawn_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = small("sac", batch_size=500)
    prior, recipe = make_prior("sac", data=MARKED), make_recipe(wide, handover=APPEND)
    kept: list[ReplayBuffer] = []
    batches = spy(monkeypatch, wide, "update_critics")
    run(prior, recipe, steps=100, callbacks=(lambda *given: kept.append(given[2]),))
    assert (kept[-1].offline_size, len(kept[-1])) == (len(MARKED), 100)
    shares = [float((batch.rewards == 100).float().mean()) for batch in batches]
    assert shares[0] > 0.98  # one online row beside the data
    assert shares[-1] == pytest.approx(len(MARKED) / (len(MARKED) + 100), abs=0.04)


# --- the first update --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handover", "learning_starts", "first"),
    [
        (Handover(), 0, 1),
        (Handover(), 3, 3),
        (Handover(), None, 4),  # a batch of 4
        (Handover(retention="mix", offline_share=0.25), None, 3),
        (APPEND, None, 1),  # the buffer is full from the start
    ],
)
def test_nothing_is_updated_before_the_replay_has_its_least(
    handover: Handover, learning_starts: int | None, first: int, prior: Prior
) -> None:
    recipe = make_recipe(handover=handover, learning_starts=learning_starts)
    seen: list[int] = []
    run(
        prior,
        recipe,
        eval_every=1,
        callbacks=(lambda _, learner, __: seen.append(learner.updates),),
    )
    assert seen == [max(step - first + 1, 0) for step in range(7)]


def test_a_warm_up_waits_for_the_least_too(prior: Prior) -> None:
    recipe = make_recipe(warmup=Warmup(steps=4, critic_updates=2), learning_starts=3)
    assert run(prior, recipe).learner.updates == 2 * 2 + 2  # steps 3 and 4, then 5 and 6


# --- ratios ------------------------------------------------------------------------------------


def spy(monkeypatch: pytest.MonkeyPatch, config: Any, method: str) -> list[Batch]:
    """Collects the batches that one half of the update of a configuration's learner gets."""
    kind = type(make_learner(config, 1, 1, 1))
    original, seen = getattr(kind, method), []

    def watched(self: Learner, batch: Batch) -> Any:
        seen.append(batch)
        return original(self, batch)

    monkeypatch.setattr(kind, method, watched)
    return seen


@pytest.mark.parametrize("policy_batch", ["last", "all"])
@pytest.mark.parametrize(
    ("utd", "policy_delay", "policy_updates"),
    [(1, 1, 6), (4, 4, 6), (4, 2, 12), (1, 3, 2), (2, 4, 3)],
)
def test_updates_are_counted_by_utd_and_policy_delay(
    utd: int,
    policy_delay: int,
    policy_updates: int,
    policy_batch: Any,
    prior: Prior,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    critics = spy(monkeypatch, small("sac"), "update_critics")
    policy = spy(monkeypatch, small("sac"), "update_policy")
    recipe = make_recipe(utd=utd, policy_delay=policy_delay, policy_batch=policy_batch)
    assert run(prior, recipe).learner.updates == 6 * utd
    assert (len(critics), len(policy)) == (6 * utd, policy_updates)
    assert {batch.size for batch in critics} == {4}
    since_last = min(utd, policy_delay) if policy_batch == "all" else 1
    assert {batch.size for batch in policy} == {4 * since_last}


@pytest.mark.parametrize("policy_batch", ["last", "all"])
def test_the_policy_sees_the_critics_last_batch_or_all_since_its_own_last(
    policy_batch: Any, prior: Prior, monkeypatch: pytest.MonkeyPatch
) -> None:
    critics = spy(monkeypatch, small("sac"), "update_critics")
    policy = spy(monkeypatch, small("sac"), "update_policy")
    run(prior, make_recipe(utd=4, policy_delay=2, policy_batch=policy_batch), steps=3)
    for i, seen in enumerate(policy):
        pair = critics[2 * i : 2 * i + 2]
        expected = Batch.concatenate(pair) if policy_batch == "all" else pair[1]
        assert torch.equal(seen.actions, expected.actions)
        assert torch.equal(seen.observations, expected.observations)


def test_metrics_of_a_delayed_policy_belong_to_its_last_update(prior: Prior) -> None:
    recipe = make_recipe(policy_delay=3)
    metrics = run(prior, recipe, steps=7, eval_every=1).metrics
    losses = metrics["policy_loss"]
    assert losses.shape == metrics["critic_loss"].shape == (SEEDS, 7)
    assert np.isnan(losses[:, :2]).all()  # before the first update there is nothing to tell
    assert (losses[:, 2] == losses[:, 4]).all() and (losses[:, 2] != losses[:, 5]).all()


# --- warm-up -----------------------------------------------------------------------------------


def snapshots(prior: Prior, recipe: Recipe, **arguments: Any) -> list[dict[str, torch.Tensor]]:
    """The learner's state after 0, 1, 2, ... steps."""
    states: list[dict[str, torch.Tensor]] = []

    def keep(step: int, learner: Learner, replay: ReplayBuffer) -> None:
        states.append(learner.state_dict())

    run(prior, recipe, eval_every=1, callbacks=(keep,), **arguments)
    return states


def test_nothing_moves_during_a_warm_up(prior: Prior) -> None:
    recipe = make_recipe(warmup=Warmup(steps=5))
    states = snapshots(prior, recipe, steps=6, seed=3)
    fresh, _ = hand_over(prior, recipe, seed=stream(3, Role.LEARNER))
    for step in range(6):  # also after the fifth step, the last one of the warm-up
        assert same_state(states[step], fresh.state_dict()), step
    assert states[6]["updates"] == 1
    assert not same_state(states[6], fresh.state_dict())


@pytest.mark.parametrize("algorithm", ["sac", "iql", "inac"])
def test_critics_may_learn_during_a_warm_up_while_the_policy_stands_still(
    algorithm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prior, config = make_prior(algorithm), small(algorithm)
    critics = spy(monkeypatch, config, "update_critics")
    policy = spy(monkeypatch, config, "update_policy")
    recipe = make_recipe(config, warmup=Warmup(steps=4, critic_updates=3))
    states = snapshots(prior, recipe, steps=6)
    assert [int(state["updates"]) for state in states] == [0, 3, 6, 9, 12, 13, 14]
    assert (len(critics), len(policy)) == (12 + 2, 2)
    for name, part in prior.learner.parts().items():
        own = {k: v for k, v in states[4].items() if k.startswith(f"{name}/")}
        stood = same_state(own, {f"{name}/{k}": v for k, v in part.state_dict().items()})
        assert stood == (name in ("policy", "behaviour", "temperature")), name


def test_the_frozen_policy_acts_first_and_the_learner_afterwards(
    prior: Prior, monkeypatch: pytest.MonkeyPatch
) -> None:
    acted: list[str] = []

    def watch(rule: type) -> None:
        original = rule.act

        def act(self: Any, context: ActContext) -> torch.Tensor:
            if torch.is_inference_mode_enabled():  # an evaluation, not the loop
                return original(self, context)
            acted.append(rule.__name__)
            given = prior.learner.policy.state_dict()
            assert same_state(context.policies.frozen.state_dict(), given)
            assert context.policies.frozen is not prior.learner.policy
            assert context.policies.guide is context.policies.frozen  # no second learner
            assert context.timesteps.tolist() == [[len(acted) - 1]] * SEEDS
            assert context.horizon.tolist() == [0] * SEEDS
            return original(self, context)

        monkeypatch.setattr(rule, "act", act)

    watch(FrozenActs)
    watch(LearnerActs)
    run(prior, make_recipe(warmup=Warmup(steps=2)), steps=5)
    assert acted == ["FrozenActs"] * 2 + ["LearnerActs"] * 3


# --- environments, and what comes out of them --------------------------------------------------


def test_the_datas_options_count_in_its_own_environment_only(prior: Prior) -> None:
    short = replace(prior, data=replace(MAZE_DATA, env_kwargs=(("time_limit", 7),)))
    result = run(short, steps=15)
    assert [steps.tolist() for steps in result.episode_steps] == [[7, 14]] * SEEDS
    assert (result.returns_sampled == -7).all()
    other = run(short, steps=15, env_id="rlft/Maze-Large-v0")
    assert [steps.tolist() for steps in other.episode_steps] == [[]] * SEEDS
    assert (other.env_id, other.dataset) == ("rlft/Maze-Large-v0", "small")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_reward_that_is_not_finite_names_the_seed(
    value: float, prior: Prior, monkeypatch: pytest.MonkeyPatch
) -> None:
    tamper(monkeypatch, seed=1, reward=value)
    with pytest.raises(NumericalError, match=r"transition of seed 1 has NaN or infinite values"):
        run(prior)


def test_a_loss_that_explodes_names_the_seed(prior: Prior, monkeypatch: pytest.MonkeyPatch) -> None:
    tamper(monkeypatch, seed=2, reward=1e30)  # finite, but its square is not
    with pytest.raises(NumericalError, match=r"critics loss is inf for seed \[2\] at update \d"):
        run(prior, steps=30)


def test_how_far_the_policy_moved_is_measured_from_the_priors(prior: Prior) -> None:
    fast = small("sac", policy_lr=0.2)  # or the distance drowns in the noise of drawn actions
    result = run(prior, make_recipe(fast, warmup=Warmup(steps=4)), eval_every=2)
    assert result.kl is not None and result.kl.shape == result.returns_sampled.shape
    assert (result.kl[:, :3] == 0).all()  # the policy waits until step 5
    assert (result.kl[:, 3] > 0).all()
    states = prior.data.observations
    far = policy_kl(result.learner.policy, prior.learner.policy, states, samples=64)
    assert result.kl[:, 3] == pytest.approx(far, rel=0.25)
