"""What every learner must do, whatever it learns: each test runs for all algorithms."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import pytest
import torch
from probes import differing, of_seed, random_batch, small, weights, with_seed_from
from torch import Tensor, nn

from rlft.algorithms import (
    ALGORITHMS,
    BCConfig,
    CQLConfig,
    InACConfig,
    IQLConfig,
    Learner,
    SACConfig,
    algorithm_config,
    make_learner,
)
from rlft.core.errors import InputError, NumericalError
from rlft.data import Batch
from rlft.nets.stacked import CriticConfig, ValueNet
from rlft.report.switch.parts import adam_steps

SEEDS = 3
CRITICS = CriticConfig(hidden=(8,))
NAMES = sorted(ALGORITHMS)
CRITIC_SIDE = {"critics", "target_critics", "state_value"}
every_algorithm = pytest.mark.parametrize("name", NAMES)


def learner_of(name: str, seed: int = 0, seeds: int = SEEDS) -> Learner:
    config = algorithm_config(name)
    assert isinstance(config, BCConfig | SACConfig | IQLConfig | InACConfig)
    return make_learner(small(config), 2, 2, seeds, seed)


def updated(learner: Learner, updates: int = 4, first: int = 0) -> Learner:
    """The learner after updates on the batches number `first`, `first` + 1, ..."""
    for number in range(first, first + updates):
        learner.update(random_batch(SEEDS, seed=number))
    return learner


def broken(field: str, seed: int = 1) -> Batch:
    """A batch in which one number of one seed is NaN."""
    batch = random_batch(SEEDS)
    getattr(batch, field)[seed, 3] = math.nan
    return batch


def part_of(tensor_name: str) -> str:
    return tensor_name.removeprefix("adam/").split("/")[0]


@every_algorithm
def test_seeds_do_not_mix(name: str) -> None:
    alone, changed = learner_of(name), learner_of(name)
    for number in range(4):
        batch = random_batch(SEEDS, seed=number)
        metrics = alone.update(batch)
        others = changed.update(with_seed_from(batch, 1, random_batch(SEEDS, seed=100 + number)))
        for key, value in metrics.items():
            assert value.shape == (SEEDS,)
            assert torch.equal(value[[0, 2]], others[key][[0, 2]]), key
    for seed in (0, 2):
        mine = of_seed(weights(alone), seed, SEEDS), of_seed(weights(changed), seed, SEEDS)
        assert not differing(*mine)
    mine = of_seed(weights(alone), 1, SEEDS), of_seed(weights(changed), 1, SEEDS)
    assert {part_of(tensor) for tensor in differing(*mine)} == set(alone.parts())


@every_algorithm
def test_the_same_call_twice_gives_the_same_bits(name: str) -> None:
    first, second, other = (updated(learner_of(name, seed)) for seed in (5, 5, 6))
    assert not differing(first.state_dict(), second.state_dict())
    assert differing(weights(first), weights(other))


@every_algorithm
def test_restored_learner_continues_as_if_nothing_had_happened(name: str) -> None:
    learner = updated(learner_of(name))
    state = learner.state_dict()
    restored = learner_of(name, seed=99)
    restored.load_state_dict(state)
    assert not differing(restored.state_dict(), state)
    # Later updates leave the saved state alone, and both learners take the same ones.
    saved = {key: value.clone() for key, value in state.items()}
    updated(learner, first=4)
    updated(restored, first=4)
    assert not differing(state, saved)
    assert not differing(learner.state_dict(), restored.state_dict())
    assert learner.updates == restored.updates == 8


@every_algorithm
def test_without_adams_state_the_optimizers_start_fresh(name: str) -> None:
    state = updated(learner_of(name)).state_dict()
    complete, fresh = updated(learner_of(name, seed=99)), updated(learner_of(name, seed=99))
    complete.load_state_dict(state)
    fresh.load_state_dict({key: value for key, value in state.items() if "adam/" not in key})
    assert not any("adam/" in key for key in fresh.state_dict())
    moved = differing(weights(updated(complete, 1)), weights(updated(fresh, 1)))
    assert {f"adam/{part}" for part in complete.optimizers()} <= {
        "/".join(tensor.split("/")[:2]) for tensor in moved
    }


@every_algorithm
def test_each_half_of_an_update_moves_its_own_parts_only(name: str) -> None:
    learner = updated(learner_of(name), 1)
    policy_side = set(learner.parts()) - CRITIC_SIDE
    batch = random_batch(SEEDS, seed=7)
    before = weights(learner)
    learner.update_critics(batch)
    between = weights(learner)
    learner.update_policy(batch)
    after = weights(learner)
    moved = {part_of(tensor) for tensor in differing(before, between)}
    assert moved == set(learner.parts()) & CRITIC_SIDE
    assert {part_of(tensor) for tensor in differing(between, after)} == policy_side
    assert learner.updates == 2


@every_algorithm
def test_a_policy_step_leaves_no_gradient_in_the_critics(name: str) -> None:
    learner = learner_of(name)
    learner.update_policy(random_batch(SEEDS))
    for part in CRITIC_SIDE & set(learner.parts()):
        assert all(p.grad is None for p in learner.parts()[part].parameters()), part


def test_calql_is_cql_with_a_floor() -> None:
    cql = algorithm_config("cql")
    assert isinstance(cql, CQLConfig) and not cql.calibrated
    assert algorithm_config("calql") == replace(cql, calibrated=True)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "bc"])
def test_value_is_the_lowest_of_the_critics(name: str) -> None:
    learner, batch = learner_of(name), random_batch(SEEDS)
    pair = (batch.observations, batch.actions)
    value = learner.value(*pair)
    assert torch.equal(value, learner.parts()["critics"](*pair).amin(1))
    assert value.shape == (SEEDS, 8) and not value.requires_grad


def test_learners_say_what_their_policy_is_paid_for_entropy() -> None:
    sac = make_learner(SACConfig(initial_temperature=0.3, backup_entropy=True), 2, 2, SEEDS)
    inac = make_learner(InACConfig(temperature=0.03, backup_entropy=False), 2, 2, SEEDS)
    for learner, temperature in ((sac, 0.3), (inac, 0.03)):
        values = learner.entropy_temperature
        assert values is not None and not values.requires_grad
        assert values.tolist() == pytest.approx([temperature] * SEEDS, rel=1e-5)
    assert sac.has_entropy_bonus and not inac.has_entropy_bonus
    for name in ("bc", "iql"):
        assert learner_of(name).entropy_temperature is None
        assert not learner_of(name).has_entropy_bonus


class Own(Learner):
    """A learner of somebody's own: one more network, and an Adam for it alone."""

    def build(self) -> None:
        self.bonus = self.add_part("bonus", ValueNet(self.seeds, 2, CRITICS, self.generator))
        self.add_optimizer("bonus", 0.01)


def test_what_build_adds_is_trained_stored_and_restored() -> None:
    own, other = (Own(BCConfig(), 2, 2, SEEDS, seed=seed) for seed in (0, 1))
    assert list(own.parts()) == ["policy", "bonus"] and list(own.optimizers()) == ["bonus"]
    states = random_batch(SEEDS).observations
    own.descend("bonus", own.bonus(states).mean(1))
    before = weights(own)
    own.descend("bonus", own.bonus(states).mean(1))
    assert {part_of(tensor) for tensor in differing(before, weights(own))} == {"bonus"}
    other.load_state_dict(own.state_dict())
    assert not differing(own.state_dict(), other.state_dict())
    with pytest.raises(InputError, match=r"Own has no Q function\. Ask a prior of"):
        own.value(torch.zeros(SEEDS, 1, 2), torch.zeros(SEEDS, 1, 2))


class Two(Own):
    """Two networks with an Adam each."""

    def build(self) -> None:
        super().build()
        self.malus = self.add_part("malus", ValueNet(self.seeds, 2, CRITICS, self.generator))
        self.unused = nn.Parameter(torch.ones(self.seeds, 1))
        self.malus.register_parameter("unused", self.unused)
        self.add_part("malus", self.malus)
        self.add_optimizer("malus", 0.1)

    def losses(self, states: Tensor) -> dict[str, Tensor]:
        return {"bonus": self.bonus(states).mean(1), "malus": self.malus(states).square().mean(1)}


def test_parts_that_step_together_step_as_they_would_alone() -> None:
    together, apart = (Two(BCConfig(), 2, 2, SEEDS) for _ in range(2))
    states = random_batch(SEEDS).observations
    for _ in range(2):
        together.descend_all(together.losses(states))
        for name, loss in apart.losses(states).items():
            apart.descend(name, loss)
    assert not differing(together.state_dict(), apart.state_dict())
    assert (together.unused == 1).all()  # no loss depends on it


@pytest.mark.parametrize("rate", [-1.0, math.nan, math.inf])
def test_an_impossible_rate_is_refused(rate: float) -> None:
    own = Own(BCConfig(), 2, 2, SEEDS)
    with pytest.raises(InputError, match=rf"learning rate of the bonus={rate}: expected a number"):
        own.add_optimizer("bonus", rate)


def test_a_rest_inside_of_a_rest_leaves_the_outer_one() -> None:
    own = Own(BCConfig(), 2, 2, SEEDS)
    everybody = torch.ones(SEEDS, dtype=torch.bool)
    before = copy.deepcopy(own.bonus.state_dict())
    with own.resting(everybody):
        with own.resting(~everybody):
            pass
        own.descend("bonus", own.bonus(random_batch(SEEDS).observations).mean(1))
    assert not differing(before, own.bonus.state_dict())


def test_seeds_rest_where_a_gradient_is_one_number_for_all() -> None:
    own = Own(BCConfig(), 2, 2, SEEDS)
    before = copy.deepcopy(own.bonus.state_dict())
    rests = torch.tensor([True] * (SEEDS - 1) + [False])
    with own.resting(rests):  # the gradient of a sum is a one that is seen everywhere
        own.descend(
            "bonus", torch.stack([p.flatten(1).sum(1) for p in own.bonus.parameters()]).sum(0)
        )
    for name, weight in own.bonus.state_dict().items():
        assert torch.equal(weight[rests], before[name][rests])
        torch.testing.assert_close(weight[~rests], before[name][~rests] - 0.01)


def test_a_loss_that_is_no_number_leaves_all_parts_alone() -> None:
    two = Two(BCConfig(), 2, 2, SEEDS)
    losses = two.losses(random_batch(SEEDS).observations)
    losses["malus"] = losses["malus"] * torch.tensor([1.0] * (SEEDS - 1) + [math.inf])
    before = weights(two)
    with pytest.raises(NumericalError, match=rf"The malus loss is inf for seed \[{SEEDS - 1}\]"):
        two.descend_all(losses)
    assert not differing(before, weights(two))
    huge = 3e38 * (two.bonus(random_batch(SEEDS).observations).mean(1) * 0 + 1)
    two.descend("bonus", huge)  # of seeds whose sum is infinite, each is a number


def test_idling_steps_every_adam_that_has_no_gradient() -> None:
    """By hand: after one gradient g, m = 0.1 g and v = 0.001 g^2, and then both fade."""
    own = Own(BCConfig(), 2, 2, SEEDS)
    states = random_batch(SEEDS).observations
    own.descend("bonus", own.bonus(states).mean(1))
    bias = own.bonus.mlp.linears[-1].get_parameter("bias")  # its gradient is 1
    before = bias.detach().clone()
    with own.idling():
        pass
    m, v = 0.9 * 0.1 / (1 - 0.9**2), 0.999 * 0.001 / (1 - 0.999**2)
    expected = torch.full_like(before, 0.01 * m / math.sqrt(v))
    torch.testing.assert_close(before - bias, expected, rtol=1e-4, atol=0)
    assert adam_steps(own.optimizers()["bonus"]) == 2
    with own.idling():
        own.descend("bonus", own.bonus(states).mean(1))
    assert adam_steps(own.optimizers()["bonus"]) == 3  # it stepped by itself


def test_a_fresh_adam_idles_without_a_move_but_counts() -> None:
    own = Own(BCConfig(), 2, 2, SEEDS)
    before = copy.deepcopy(own.bonus.state_dict())
    with own.idling():
        pass
    assert not differing(before, own.bonus.state_dict())
    assert adam_steps(own.optimizers()["bonus"]) == 1


@pytest.mark.parametrize("name", [name for name in NAMES if name != "bc"])
def test_each_half_of_an_update_idles_what_the_other_half_trains(name: str) -> None:
    learner = updated(learner_of(name), 2)
    count = {part: adam_steps(adam) for part, adam in learner.optimizers().items()}
    for half in (learner.update_critics, learner.update_policy):
        before = weights(learner)
        with learner.idling():
            half(random_batch(SEEDS))
        moved = {part_of(tensor) for tensor in differing(before, weights(learner))}
        assert moved >= set(learner.optimizers())
        count = {part: steps + 1 for part, steps in count.items()}
        assert {p: adam_steps(adam) for p, adam in learner.optimizers().items()} == count


# --- errors --------------------------------------------------------------------------------


@every_algorithm
def test_nan_in_one_seeds_batch_stops_before_anything_has_changed(name: str) -> None:
    learner = updated(learner_of(name), 4)
    before = weights(learner)
    expected = r"loss is nan for seed \[1\] at update 5\. Try a smaller learning rate, LayerNorm"
    with pytest.raises(NumericalError, match=expected):
        learner.update(broken("observations"))
    assert not differing(before, weights(learner))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "bc"])
@pytest.mark.parametrize("field", ["rewards", "next_observations"])
def test_nan_in_the_targets_reaches_neither_critics_nor_policy(name: str, field: str) -> None:
    """V and pi_b may have taken their own step by then: their losses were finite."""
    learner = updated(learner_of(name))
    before = weights(learner)
    with pytest.raises(NumericalError, match=r"The critics loss is nan for seed \[2\] at update"):
        learner.update(broken(field, seed=2))
    moved = {part_of(tensor) for tensor in differing(before, weights(learner))}
    assert moved <= {"state_value", "behaviour"}


def test_an_infinite_loss_is_named_too() -> None:
    learner = learner_of("sac")
    learner.parts()["critics"].load_state_dict(
        {key: value * 1e30 for key, value in learner.parts()["critics"].state_dict().items()}
    )
    with pytest.raises(NumericalError, match=r"loss is (inf|nan) for seed \[0, 1, 2\]"):
        learner.update(random_batch(SEEDS))


@every_algorithm
def test_at_least_one_seed(name: str) -> None:
    with pytest.raises(InputError, match=r"seeds=0: expected 1 or more.*independent runs"):
        learner_of(name, seeds=0)


@pytest.mark.parametrize("gamma", [-0.1, 1.0, math.nan])
@pytest.mark.parametrize("config", [BCConfig(), SACConfig(), IQLConfig(), InACConfig()])
def test_discount_outside_its_range_is_refused(
    config: BCConfig | SACConfig | IQLConfig | InACConfig, gamma: float
) -> None:
    with pytest.raises(InputError, match=rf"gamma={gamma}: expected .*\[0, 1\).*use 0\.98"):
        make_learner(replace(config, gamma=gamma), 2, 2, seeds=1)


def test_unknown_algorithm_lists_near_matches() -> None:
    with pytest.raises(InputError, match=r"algorithm 'cal-ql'. Did you mean 'calql'.*Known: bc, "):
        algorithm_config("cal-ql")


def test_weights_of_another_learner_are_refused() -> None:
    sac, more_seeds = learner_of("sac"), learner_of("sac", seeds=4)
    with pytest.raises(
        InputError, match=r"policy/\S+ have shape \(4, .*expected \(3, .*same seeds"
    ):
        sac.load_state_dict(more_seeds.state_dict())
    bigger = make_learner(CQLConfig(), 2, 2, SEEDS)  # two hidden layers
    with pytest.raises(InputError, match=r"'policy' do not fit.*same network kind and depth"):
        sac.load_state_dict(bigger.state_dict())


def test_off_the_cpu_a_broken_loss_is_told_when_somebody_settles() -> None:
    """No GPU is needed to try it: the flag alone decides."""
    learner = learner_of("bc")
    learner.checks_late = True
    learner.update(random_batch(SEEDS))
    learner.settle()
    learner.update(broken("observations"))  # says nothing yet
    learner.update(random_batch(SEEDS))
    expected = r"The policy loss was NaN or infinite for seed \[1\] before update 3"
    with pytest.raises(NumericalError, match=expected):
        learner.settle()
    learner.update(broken("observations"))
    with pytest.raises(NumericalError, match=r"for seed \[1\]"):  # nothing broken is stored
        learner.state_dict()
