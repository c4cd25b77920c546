"""Distances, errors of Q, maps and the switch report, on learners whose error is known."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from maze_fakes import DETOUR, LAYOUT, RIGHT, Constant, Oracle, logged, step_costs

from rlft.algorithms import Learner, SACConfig, algorithm_config, make_learner
from rlft.algorithms.actor_critic import ActorCritic
from rlft.core.errors import InputError
from rlft.data import Batch, ReplayBuffer, Transitions
from rlft.evaluate import Support, q_error, support_distance, value_map
from rlft.evaluate.intervals import interval
from rlft.evaluate.value_map import grid
from rlft.nets.policies import PolicyConfig, TanhMeanNormal, make_policy
from rlft.nets.stacked import CriticConfig
from rlft.report import SwitchReport, compare_parts, random_action_share, switch_report

DATA = logged()
SUPPORT = Support(DATA)
ROW = LAYOUT.start[1]
SMALL = SACConfig(
    policy=PolicyConfig(hidden=(8,)),
    critics=CriticConfig(hidden=(8,)),
    batch_size=4,
    initial_temperature=0.1,
)


# --- distances ---------------------------------------------------------------------------------


def test_a_logged_pair_has_distance_zero_and_others_the_nearest() -> None:
    states, actions = DATA.observations[:5], DATA.actions[:5]
    np.testing.assert_allclose(support_distance(DATA, states, actions), 0.0, atol=1e-6)
    scale = DATA.observations.std(axis=0)
    point, action = np.array([[0.1, -0.2]], np.float32), np.array([[0.3, 0.9]], np.float32)
    gaps = np.concatenate(
        [(DATA.observations - point) / scale, DATA.actions - action], axis=1
    )  # (N, 4)
    assert support_distance(DATA, point, action)[0] == pytest.approx(
        np.linalg.norm(gaps, axis=1).min(), rel=1e-5
    )
    assert support_distance(DATA, point)[0] == pytest.approx(
        np.linalg.norm(gaps[:, :2], axis=1).min(), rel=1e-5
    )


def test_one_logged_pair_in_twenty_is_rare() -> None:
    """A pair's distance to the others, not to itself, which would always be 0."""
    nearest = []
    for i in range(0, len(DATA), 7):
        others = np.arange(len(DATA)) != i
        gaps = np.concatenate(
            [
                (DATA.observations - DATA.observations[i]) / DATA.observations.std(axis=0),
                DATA.actions - DATA.actions[i],
            ],
            axis=1,
        )
        nearest.append(np.linalg.norm(gaps[others], axis=1).min())
    assert np.mean(np.array(nearest) > SUPPORT.rare_pair) == pytest.approx(0.05, abs=0.04)


def test_a_coordinate_that_never_changes_is_not_scaled() -> None:
    flat = replace(
        DATA,
        observations=DATA.observations * np.float32([1, 0]),
        next_observations=DATA.next_observations * np.float32([1, 0]),
    )
    point = flat.observations[:1] + np.float32([0, 0.25])
    assert support_distance(flat, point)[0] == pytest.approx(0.25, rel=1e-5)


# --- the error of Q ----------------------------------------------------------------------------


def offset(states: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """1 at rare pairs, 10 more at unseen states, 0 at logged pairs."""
    rare = SUPPORT.distance(states, actions) > SUPPORT.rare_pair
    unseen = SUPPORT.distance(states) > SUPPORT.typical_step
    return 1.0 * rare + 10.0 * unseen


def test_q_error_finds_the_error_where_it_was_put() -> None:
    error = q_error(Oracle(Constant(RIGHT, RIGHT), offset), DATA, DETOUR, n=40)
    assert error.pairs == (40, 40, 40)
    np.testing.assert_allclose(error.in_support, 0.0, atol=1e-3)
    np.testing.assert_allclose(error.out_of_support, 1.0, atol=1e-3)
    assert (error.unseen_states >= 10.0 - 1e-3).all()


def test_data_that_covers_everything_leaves_no_unseen_state() -> None:
    rng = np.random.default_rng(0)
    count = 4_000
    spots = LAYOUT.free_cells[rng.integers(len(LAYOUT.free_cells), size=count)]
    observations = LAYOUT.to_observation(spots + rng.uniform(-0.49, 0.49, spots.shape))
    everywhere = Transitions(
        observations=observations,
        actions=rng.uniform(-1, 1, (count, 2)),
        rewards=np.zeros(count),
        next_observations=np.clip(observations + 0.2, -1, 1),  # a long step: all is near
        terminations=np.ones(count, bool),
        truncations=np.zeros(count, bool),
        timesteps=np.zeros(count),
    )
    error = q_error(Oracle(Constant(RIGHT), offset), everywhere, DETOUR, n=10)
    assert np.isnan(error.unseen_states).all()
    assert error.pairs[2] == 0
    assert not np.isnan(error.in_support).any()


# --- maps --------------------------------------------------------------------------------------


def test_value_map_shows_truth_error_coverage_and_walls() -> None:
    learner = Oracle(Constant(RIGHT, RIGHT), lambda s, a: np.where(s[:, 0] > 0, 3.0, 0.0))
    found = value_map(SimpleNamespace(learner=learner), DETOUR, data=DATA, resolution=2)
    assert found.q.shape == found.truth.shape == (2, 18, 22)
    assert found.gamma == 0.98
    # The grid tiles each cell: two points a quarter of a cell beside its centre.
    np.testing.assert_allclose(found.x[2:4], [0.75, 1.25])
    column, row = 2, 2 * ROW  # the point (0.75, ROW - 0.25)
    assert found.y[row] == pytest.approx(ROW - 0.25)
    # 8.567 is the goal's rim a quarter of a cell off the middle: 16 steps of 0.5 from 0.75.
    assert found.truth[0, row, column] == pytest.approx(step_costs(16), rel=1e-4)
    # Coverage counts every logged transition once; walls hold none and have no values.
    assert found.support.sum() == len(DATA)
    assert found.support[np.kron(LAYOUT.walls, np.ones((2, 2), bool))].sum() == 0
    np.testing.assert_array_equal(np.isnan(found.q[0]), ~found.inside)
    # The goal's four points lie within its radius and the rest of the free cells is mapped.
    assert found.inside.sum() == 4 * (len(LAYOUT.free_cells) - 1)
    right = found.inside & (found.x > 5)[None]
    np.testing.assert_allclose(found.error[:, right], 3.0, atol=1e-3)
    np.testing.assert_allclose(found.error[:, found.inside & ~right], 0.0, atol=1e-3)


def test_value_map_orientation_follows_x_and_y() -> None:
    found = value_map(
        Oracle(Constant(RIGHT), lambda s, a: s[:, 1]), DETOUR, data=DATA, resolution=1
    )
    error = found.error[0]
    inside = np.argwhere(found.inside)
    for y, x in inside:
        expected = LAYOUT.to_observation(np.array([found.x[x], found.y[y]]))[1]
        assert error[y, x] == pytest.approx(expected, abs=1e-3)
    top = LAYOUT.rows[1]  # the uppermost row with free cells is the last but one of the map
    np.testing.assert_array_equal(~LAYOUT.walls[-2], [mark != "#" for mark in top])
    assert found.inside[-2].sum() == sum(mark not in "#G" for mark in top)


def test_mean_error_separates_seen_from_unseen_places() -> None:
    found = value_map(Oracle(Constant(RIGHT), lambda s, a: np.ones(len(s))), DETOUR, data=DATA)
    marked = replace(found, q=found.q + np.where(found.support > 0, 0.0, 5.0))
    np.testing.assert_allclose(marked.mean_error(seen=True), 1.0, atol=1e-3)
    np.testing.assert_allclose(marked.mean_error(seen=False), 6.0, atol=1e-3)
    everywhere = replace(found, support=np.ones_like(found.support))
    assert np.isnan(everywhere.mean_error(seen=False)).all()
    assert "seen +1.00, unseen +6.00" in repr(marked)


def test_grid_points_never_lie_on_a_wall_of_their_own_cell() -> None:
    x, y = grid(LAYOUT, 3)
    assert x[0] == pytest.approx(-1 / 3) and x[-1] == pytest.approx(LAYOUT.width - 1 + 1 / 3)
    assert len(y) == 3 * LAYOUT.height


# --- what crossed ------------------------------------------------------------------------------


def learner_of(config: object, seed: int) -> Learner:
    return make_learner(config, 2, 2, seeds=2, seed=seed)  # type: ignore[arg-type]


def batch_of(learner: Learner, rows: int = 4) -> Batch:
    data = ReplayBuffer(2, 8, 2, 2, gamma=0.98, offline=DATA, offline_share=1.0)
    return data.sample(rows, torch.Generator().manual_seed(0))


def trained_prior() -> Learner:
    prior = learner_of(SMALL, seed=0)
    for _ in range(3):
        prior.update(batch_of(prior))
    return prior


def test_compare_parts_tells_carried_from_new_by_the_weights() -> None:
    prior, online = trained_prior(), learner_of(SMALL, seed=1)
    online.policy.load_state_dict(prior.policy.state_dict())
    states = {part.name: part for part in compare_parts(prior, online)}
    assert states["policy"].origin == "carried over"
    assert states["policy"].optimizer == "fresh"
    assert states["critics"].origin == "new" and states["temperature"].origin == "new"
    assert states["target_critics"].origin == "copy of the critics"
    assert states["target_critics"].optimizer == ""


def test_compare_parts_sees_optimizer_states_and_missing_parts() -> None:
    prior, online = trained_prior(), learner_of(SMALL, seed=1)
    online.load_state_dict(prior.state_dict())
    online.updates = 0
    assert all(part.carried for part in compare_parts(prior, online))
    assert compare_parts(prior, online)[0].optimizer == "carried over (3 steps)"
    bc = learner_of(replace(algorithm_config("bc"), policy=SMALL.policy), seed=0)
    states = {part.name: part.origin for part in compare_parts(bc, learner_of(SMALL, seed=1))}
    assert states["critics"] == "new (none in the prior)"


def test_compare_parts_refuses_a_learner_that_has_moved_on() -> None:
    prior = trained_prior()
    with pytest.raises(InputError, match=r"updates=3.*expected 0.*right after hand_over"):
        compare_parts(prior, prior)


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_random_actions_are_found_in_what_was_done(share: float) -> None:
    config = PolicyConfig(kind="tanh-mean-normal", hidden=(8,))
    generator = torch.Generator().manual_seed(0)
    policy = make_policy(config, 2, 2, 2, generator)
    assert isinstance(policy, TanhMeanNormal)  # 0.05 wide at first: narrow
    observations = torch.rand(2, 1_000, 2, generator=generator)
    uniform = torch.rand(2, 1_000, 2, generator=generator) * 2 - 1
    leaked = torch.rand(2, 1_000, 1, generator=generator) < share
    actions = torch.where(leaked, uniform, policy.sample(observations, generator))
    nothing = torch.zeros(2, 1_000)
    batch = Batch(observations, actions, nothing, observations, nothing, nothing, nothing)
    np.testing.assert_allclose(random_action_share(policy, batch), [share, share], atol=0.03)


# --- the report --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report() -> SwitchReport:
    prior, online = trained_prior(), learner_of(replace(SMALL, initial_temperature=1.0), seed=1)
    online.policy.load_state_dict(prior.policy.state_dict())
    replay = ReplayBuffer(2, 8, 2, 2, gamma=0.98, offline=DATA, offline_share=0.25)
    return switch_report(
        SimpleNamespace(learner=prior),
        online,
        DETOUR,
        DATA,
        replay=replay,
        random_share=0.2,
        episodes=2,
        pairs=20,
    )


def test_switch_report_gathers_what_users_ask_for(report: SwitchReport) -> None:
    assert report.sampled.mean == report.mode.mean == -100.0  # an untrained policy
    assert report.behaviour_return == pytest.approx(DATA.episode_returns().mean())
    assert report.temperature_before is not None and report.temperature_after is not None
    assert report.temperature_before.mean == pytest.approx(0.1, rel=0.05)
    assert report.temperature_after.mean == pytest.approx(1.0)
    assert report.layer_norm is True
    assert report.replay == (
        f"0 online transitions per seed, {len(DATA):,} offline (25% of each batch)"
    )
    # Q of fresh critics is near 0 where the truth is near -50.
    assert report.q_in_support is not None and report.q_in_support.mean > 30


def test_switch_report_names_what_will_hurt(report: SwitchReport) -> None:
    text = str(report)
    assert "critics                   new; Adam fresh" in text
    assert "policy                    carried over; Adam fresh" in text
    assert "critics' shape            2 of 8, with LayerNorm" in text
    assert "20% announced" in text
    assert "Adam without a gradient" not in text  # nobody said
    for said, shown in ((False, "waits"), (True, "steps on zeros")):
        assert f"Adam without a gradient   {shown}" in str(replace(report, idle_steps=said))
    findings = "\n".join(report.findings())
    assert "The critics are new" in findings
    assert "Adam starts fresh for carried weights (policy)" in findings
    assert re.search(r"The temperature jumps from 0\.\d+ to 1:", findings)
    assert "takes 20% uniformly random actions" in findings
    assert "Q is optimistic at unseen states" in findings
    assert "less than mode actions" not in findings and "LayerNorm" not in findings
    html = report._repr_html_()
    assert html.count("<li>") == len(report.findings())
    assert "<caption>At the switch: rlft/Maze-Detour-v0, mean over 2 seeds" in html


def test_findings_follow_the_numbers(report: SwitchReport) -> None:
    worse = replace(
        report,
        gap=interval(np.array([30.0, 31.0])),
        layer_norm=False,
        random_share=0.0,
        random_measured=interval(np.array([0.1, 0.12])),
        q_in_support=interval(np.array([-4.0, -5.0])),
        temperature_after=report.temperature_before,
        parts=tuple(replace(part, origin="new") for part in report.parts),
    )
    findings = "\n".join(worse.findings())
    assert "Sampled actions return 30.5 less than mode actions" in findings
    assert "no LayerNorm" in findings
    assert "11% more of the online actions look uniformly random" in findings
    assert "Q is pessimistic at logged pairs, by 4.5" in findings
    assert "The policy is new" in findings
    assert "temperature" not in findings and "Adam" not in findings
    calm = replace(
        worse,
        gap=interval(np.array([-1.0, 1.0])),
        layer_norm=True,
        random_measured=interval(np.array([0.01, 0.012])),
        q_in_support=interval(np.array([-1.0, 1.0])),
        q_out_of_support=None,
        q_unseen_states=None,
        parts=tuple(replace(part, origin="carried over", optimizer="") for part in report.parts),
    )
    assert calm.findings() == []


def test_the_gap_is_what_sampling_costs() -> None:
    learner = learner_of(SMALL, seed=0)
    last = learner.policy.mlp.linears[-1]
    with torch.no_grad():  # the mode goes right, the samples scatter widely around it
        last.weight.zero_()
        last.bias.copy_(torch.tensor([2.0, 0.0, 2.0, 2.0]))
    report = switch_report(SimpleNamespace(learner=learner), learner, DETOUR, DATA, pairs=2)
    assert report.mode.mean > -35
    assert report.gap.mean == pytest.approx(report.mode.mean - report.sampled.mean)
    assert report.gap.low > 5
    assert "less than mode actions" in report.findings()[0]


def test_without_critics_or_truth_the_report_says_why() -> None:
    bc = learner_of(replace(algorithm_config("bc"), policy=SMALL.policy), seed=0)
    prior = SimpleNamespace(learner=bc)
    report = switch_report(prior, bc, DETOUR, DATA, warmup=batch_of(bc, 200), episodes=1)
    assert report.critics is None and report.q_in_support is None
    assert report.q_note == "This learner has no critics."
    assert report.replay == "not given"
    assert report.random_measured is not None
    assert "Q - truth, logged pairs   not measured" in str(report)

    pendulum = make_learner(SMALL, 3, 1, seeds=1)
    rows = 4
    foreign = Transitions(
        observations=np.zeros((rows, 3)),
        actions=np.zeros((rows, 1)),
        rewards=np.ones(rows),
        next_observations=np.zeros((rows, 3)),
        terminations=np.arange(rows) == rows - 1,
        truncations=np.zeros(rows, bool),
        timesteps=np.arange(rows),
    )
    elsewhere = switch_report(
        SimpleNamespace(learner=pendulum), pendulum, "Pendulum-v1", foreign, episodes=1
    )
    assert "starts in any state" in elsewhere.q_note
    assert "(1 seed)" in str(elsewhere)


class Paid(ActorCritic):
    """A learner of somebody's own that is paid for entropy and has no field that says so."""

    entropy_temperature = torch.tensor([0.5, 0.25])  # (S,)
    has_entropy_bonus = True


def test_a_learner_of_your_own_answers_for_its_entropy() -> None:
    own = Paid(replace(algorithm_config("iql"), policy=SMALL.policy), 2, 2, 2)
    report = switch_report(SimpleNamespace(learner=own), own, DETOUR, DATA, episodes=1, pairs=2)
    assert "entropy bonus" in report.q_note
    for temperature in (report.temperature_before, report.temperature_after):
        assert temperature is not None and temperature.mean == 0.375


def test_a_soft_q_is_said_to_be_soft() -> None:
    soft = learner_of(replace(SMALL, backup_entropy=True), seed=0)
    report = switch_report(SimpleNamespace(learner=soft), soft, DETOUR, DATA, episodes=1, pairs=2)
    assert "entropy bonus" in report.q_note


ORACLE = Oracle(Constant(RIGHT), offset)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Support(one_row()), r"transitions=1.*2 or more.*'one'"),
        (lambda: q_error(ORACLE, DATA, "Pendulum-v1"), r"'Pendulum-v1'.*any state.*mazes"),
        (lambda: q_error(ORACLE, DATA, DETOUR, n=0), r"n=0.*1 or more"),
        (lambda: value_map(ORACLE, "Pendulum-v1", data=DATA), r"'Pendulum-v1'.*any state.*mazes"),
        (lambda: value_map(ORACLE, DETOUR, data=DATA, resolution=0), r"resolution=0.*1 or more"),
        (
            lambda: value_map(
                make_learner(algorithm_config("bc"), 2, 2, seeds=1), DETOUR, data=DATA
            ),
            r"BC has no Q function",
        ),
    ],
)
def test_errors_name_the_value_and_the_next_step(call, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


def one_row() -> Transitions:
    return Transitions(
        observations=np.zeros((1, 2)),
        actions=np.zeros((1, 2)),
        rewards=np.zeros(1),
        next_observations=np.zeros((1, 2)),
        terminations=np.ones(1, bool),
        truncations=np.zeros(1, bool),
        timesteps=np.zeros(1),
        name="one",
    )
