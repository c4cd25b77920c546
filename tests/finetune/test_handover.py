"""The switch: every tick of a `Handover` on and off, and nothing that crosses silently."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
import torch
from small import CRITICS, MAZE_DATA, make_prior, make_recipe, same_state, small
from torch import nn

from rlft.algorithms import InAC, Learner
from rlft.algorithms.trainable import load_part
from rlft.core.errors import InputError
from rlft.finetune import HandoverRecord, Prior, hand_over, untrained
from rlft.finetune.handover import hand_over_guide
from rlft.nets.stacked import CriticConfig
from rlft.recipes import Handover, Online, Recipe
from rlft.recipes.recipe import Tick
from rlft.report import compare_parts

TICKS = ("policy", "critics", "target_critics", "temperature")
OPTIMIZERS: tuple[tuple[Tick, ...], ...] = (
    (),
    ("policy",),
    ("critics", "temperature"),
    ("policy", "critics", "temperature"),
)
UPDATES = 3


@pytest.fixture(scope="module")
def prior() -> Prior:
    """SAC after three updates; its temperature and targets have left their initial values."""
    return make_prior("sac", steps=UPDATES)


def same(a: nn.Module, b: nn.Module) -> bool:
    return same_state(a.state_dict(), b.state_dict())


def crossed(prior: Prior, handover: Handover) -> tuple[Learner, HandoverRecord]:
    return hand_over(prior, make_recipe(handover=handover), seed=5)


@pytest.mark.parametrize("optimizers", OPTIMIZERS)
@pytest.mark.parametrize("ticks", list(product([True, False], repeat=4)))
def test_exactly_what_is_ticked_crosses(
    ticks: tuple[bool, ...], optimizers: tuple[Tick, ...], prior: Prior
) -> None:
    handover = Handover(**dict(zip(TICKS, ticks, strict=True)), optimizers=optimizers)
    learner, record = crossed(prior, handover)
    given, own = prior.learner.parts(), learner.parts()
    expected = {
        "policy": handover.policy,
        "critics": handover.critics,
        # Targets of other critics would be of no use: they never cross alone.
        "target_critics": handover.target_critics and handover.critics,
        "temperature": handover.temperature,
    }
    assert {name: same(given[name], own[name]) for name in own} == expected
    assert set(record.parts) == {name for name, crosses in expected.items() if crosses}
    assert set(record.fresh) == {name for name, crosses in expected.items() if not crosses}
    for name, optimizer in learner.optimizers().items():
        moments = optimizer.state_dict()["state"]
        if name in optimizers and expected[name]:
            theirs = prior.learner.optimizers()[name].state_dict()["state"]
            assert moments.keys() == theirs.keys() != set()
            for i, slots in theirs.items():
                assert same_state(moments[i], slots)
                assert int(slots["step"]) == UPDATES
        else:
            assert moments == {}
    assert set(record.optimizers) == {
        name for name in learner.optimizers() if expected[name] and name in optimizers
    }
    assert learner.updates == 0


def test_targets_that_do_not_cross_restart_as_copies_of_the_critics(prior: Prior) -> None:
    assert not same(prior.learner.parts()["critics"], prior.learner.parts()["target_critics"])
    for handover in (Handover(target_critics=False), Handover(critics=False)):
        learner, _ = crossed(prior, handover)
        assert same(learner.parts()["critics"], learner.parts()["target_critics"])


def test_a_fresh_temperature_is_the_online_configurations(prior: Prior) -> None:
    online = small("sac", initial_temperature=0.7)
    recipe = make_recipe(online, handover=Handover(temperature=False))
    fresh = hand_over(prior, recipe)[0].entropy_temperature
    assert fresh is not None
    assert fresh.tolist() == pytest.approx([0.7] * len(fresh))
    carried = hand_over(prior, make_recipe(online))[0].entropy_temperature
    before = prior.learner.entropy_temperature
    assert carried is not None and before is not None
    assert carried.tolist() == before.tolist()
    assert abs(before - 0.7).min() > 0.01


def test_the_report_by_weights_agrees_with_the_record(prior: Prior) -> None:
    learner, record = crossed(prior, Handover(target_critics=False, optimizers=()))
    states = {part.name: part for part in compare_parts(prior.learner, learner)}
    assert {name for name, part in states.items() if part.carried} == set(record.parts)
    assert states["target_critics"].origin == "copy of the critics"
    assert states["policy"].optimizer == "fresh"


def test_the_prior_is_not_shared(prior: Prior) -> None:
    before = prior.learner.state_dict()
    learner, _ = crossed(prior, Handover())
    with torch.no_grad():
        for part in learner.parts().values():
            for parameter in part.parameters():
                parameter += 1.0
    for optimizer in learner.optimizers().values():
        for slots in optimizer.state_dict()["state"].values():
            slots["exp_avg"] += 1.0
    assert same_state(prior.learner.state_dict(), before)


def test_parts_that_start_new_depend_on_the_seed(prior: Prior) -> None:
    recipe = make_recipe(handover=Handover(policy=False))
    first, again, other = (hand_over(prior, recipe, seed=seed)[0] for seed in (1, 1, 2))
    assert same(first.policy, again.policy)
    assert not same(first.policy, other.policy)


def start_of(prior: Prior, recipe: Recipe) -> tuple[list[float], str]:
    """Where the temperature starts, by seed, and what the record says of it."""
    learner, record = hand_over(prior, recipe)
    assert learner.entropy_temperature is not None
    return learner.entropy_temperature.tolist(), record.temperature


@pytest.mark.parametrize("algorithm", ["iql", "inac"])
def test_a_prior_without_a_learned_temperature_gives_sac_a_new_one(algorithm: str) -> None:
    prior = make_prior(algorithm)
    learner, record = hand_over(prior, make_recipe())
    assert record.fresh == ("temperature",)
    assert record.parts == ("policy", "critics", "target_critics")
    assert record.optimizers == ("policy", "critics")
    assert learner.policy.__class__ is prior.learner.policy.__class__  # the prior's kind


def test_the_temperature_starts_where_the_record_says(prior: Prior) -> None:
    """At the prior's, learned or fixed; else, or if not ticked, at the online learner's own."""
    recipe = make_recipe(small("sac", initial_temperature=0.7))
    alone = replace(recipe, handover=Handover(temperature=False))
    inac = make_prior("inac")  # tau is 0.1
    assert start_of(inac, recipe) == (
        pytest.approx([0.1] * 3),
        "nothing to cross but the prior's fixed one; starts at 0.1",
    )
    own = pytest.approx([0.7] * 3)
    assert start_of(inac, alone) == (own, "not handed over; starts at 0.7")
    assert start_of(make_prior("iql"), recipe) == (own, "nothing to cross; starts at 0.7")
    assert start_of(prior, alone) == (own, "not handed over; starts at 0.7")
    values, said = start_of(prior, recipe)
    assert prior.learner.entropy_temperature is not None
    assert values == prior.learner.entropy_temperature.tolist()
    assert said == f"handed over; starts at {sum(values) / 3:.3g}"
    assert hand_over(inac, make_recipe(small("inac")))[1].temperature == ""


@pytest.mark.parametrize("optimizers", [True, ("policy", "targets"), ["policy"], "policy"])
def test_optimizers_are_named(optimizers: object) -> None:
    with pytest.raises(InputError, match=r"optimizers=.*'temperature'"):
        Handover(optimizers=optimizers)  # type: ignore[arg-type]


def test_the_behaviour_policy_and_v_cross_with_the_policy_and_the_critics() -> None:
    prior = make_prior("inac")
    everything = hand_over(prior, make_recipe(small("inac")))[1]
    assert set(everything.parts) == set(prior.learner.parts())
    assert everything.fresh == ()
    policy = hand_over(prior, make_recipe(small("inac"), handover=Handover(critics=False)))[1]
    assert set(policy.parts) == {"policy", "behaviour"}
    critics = hand_over(prior, make_recipe(small("inac"), handover=Handover(policy=False)))[1]
    assert set(critics.parts) == {"critics", "target_critics", "state_value"}


def test_a_learner_with_more_parts_than_the_prior_starts_them_new() -> None:
    record = hand_over(make_prior("iql"), make_recipe(small("inac")))[1]
    assert record.fresh == ("behaviour",)


def test_networks_that_cross_keep_the_priors_shape_and_new_ones_take_the_recipes(
    prior: Prior,
) -> None:
    wide = CriticConfig(hidden=(16,), ensemble=3)
    online = replace(small("sac"), critics=wide)
    kept = hand_over(prior, make_recipe(online))[0]
    assert (kept.config.critics, kept.config.policy) == (CRITICS, prior.learner.config.policy)
    new = hand_over(prior, make_recipe(online, handover=Handover(critics=False)))[0]
    assert new.config.critics == wide
    observations, actions = torch.zeros(3, 1, 2), torch.zeros(3, 1, 2)
    assert new.parts()["critics"](observations, actions).shape == (3, 3, 1)


def test_behaviour_cloning_has_no_critics_to_hand_over() -> None:
    prior = make_prior("bc")
    with pytest.raises(InputError, match=r"'test'.*'BCConfig' has none.*Handover\(critics=False\)"):
        hand_over(prior, make_recipe())
    learner, record = hand_over(prior, make_recipe(handover=Handover(critics=False)))
    assert record.parts == record.optimizers == ("policy",)
    assert same(learner.policy, prior.learner.policy)


# --- the second learner, and priors that have little -------------------------------------------


def test_a_guide_gets_the_whole_prior_whatever_the_recipe_hands_over() -> None:
    prior = make_prior("inac")
    nothing = Handover(policy=False, critics=False, temperature=False, optimizers=())
    recipe = make_recipe(handover=nothing, guide=Online(small("inac")))
    guide = hand_over_guide(prior, recipe)
    assert isinstance(guide, InAC)
    for name, part in prior.learner.parts().items():
        assert same(guide.parts()[name], part), name
    for name, optimizer in prior.learner.optimizers().items():
        theirs, own = (
            optimizer.state_dict()["state"],
            guide.optimizers()[name].state_dict()["state"],
        )
        assert own.keys() == theirs.keys() != set()
        assert all(same_state(own[i], slots) for i, slots in theirs.items())
    assert guide.updates == 0
    explorer, _ = hand_over(prior, recipe)
    assert not same(explorer.policy, guide.policy)


def test_a_guide_that_fits_the_prior_in_part_starts_the_rest_new(prior: Prior) -> None:
    recipe = make_recipe(guide=Online(small("inac")))
    first, again, other = (hand_over_guide(prior, recipe, seed=seed) for seed in (1, 1, 2))
    assert first is not None and again is not None and other is not None
    assert same(first.policy, prior.learner.policy)
    assert same(first.parts()["behaviour"], again.parts()["behaviour"])
    assert not same(first.parts()["behaviour"], other.parts()["behaviour"])


def test_no_guide_without_one_in_the_recipe(prior: Prior) -> None:
    assert hand_over_guide(prior, make_recipe()) is None


def test_a_guide_needs_critics_too() -> None:
    recipe = make_recipe(handover=Handover(critics=False), guide=Online(small("inac")))
    with pytest.raises(InputError, match=r"'BCConfig' has no critics.*'inac'"):
        hand_over_guide(make_prior("bc"), recipe)


def test_guide_and_explorer_share_nothing_with_each_other_or_the_prior(prior: Prior) -> None:
    recipe = make_recipe(guide=Online(small("sac")))
    before = prior.learner.state_dict()
    explorer, guide = hand_over(prior, recipe)[0], hand_over_guide(prior, recipe)
    assert guide is not None
    with torch.no_grad():
        for parameter in guide.policy.parameters():
            parameter += 1.0
    assert same(explorer.policy, prior.learner.policy)
    assert same_state(prior.learner.state_dict(), before)


def test_an_untrained_prior_hands_over_its_initial_policy_or_nothing() -> None:
    prior = untrained(MAZE_DATA, seeds=2)
    assert (prior.name, prior.steps, prior.seeds, prior.learner.updates) == ("untrained", 0, 2, 0)
    assert prior.data is MAZE_DATA and prior.history["step"].shape == (0,)
    assert "Prior('untrained', seeds=2, steps=0, data='small'" in repr(prior)
    assert same(prior.learner.policy, untrained(MAZE_DATA, seeds=2).learner.policy)
    assert not same(prior.learner.policy, untrained(MAZE_DATA, seeds=2, seed=1).learner.policy)
    nothing = Handover(policy=False, critics=False)
    learner, record = hand_over(prior, make_recipe(handover=nothing))
    new = ("policy", "critics", "target_critics", "temperature")
    assert record == HandoverRecord((), (), new, "nothing to cross; starts at 1")
    assert learner.config == small("sac")  # the recipe's widths, none of the prior's
    assert same(learner.parts()["critics"], learner.parts()["target_critics"])
    policy, record = hand_over(prior, make_recipe(handover=Handover(critics=False)))
    assert record.parts == ("policy",) and same(policy.policy, prior.learner.policy)


@pytest.mark.parametrize(
    ("seeds", "device", "message"),
    [
        (0, "cpu", "seeds=0.*1 or more"),
        (1, "cdua", "'cdua'.*'cpu'"),
    ],
)
def test_an_untrained_prior_checks_its_arguments(seeds: int, device: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        untrained(MAZE_DATA, seeds=seeds, device=device)


def test_a_subset_that_the_priors_ensemble_cannot_fill_is_refused(prior: Prior) -> None:
    """Two critics cross; the recipe's own ensemble of ten would have been large enough."""
    ten = replace(small("sac"), critics=CriticConfig(hidden=(8,), ensemble=10), target_subset=3)
    with pytest.raises(InputError, match=r"target_subset=3"):
        hand_over(prior, make_recipe(ten))
    fresh, _ = hand_over(prior, make_recipe(ten, handover=Handover(critics=False)))
    assert fresh.config.critics.ensemble == 10


def test_weights_of_another_shape_are_named(prior: Prior) -> None:
    other, state = make_prior("sac", seeds=2).learner, prior.learner.state_dict()
    policy = {k: v for k, v in state.items() if k.startswith("policy/")}
    with pytest.raises(InputError, match=r"policy/mlp.*\(3, .*\(2, "):
        load_part(other.policy, policy, "policy")
    with pytest.raises(InputError, match=r"'policy'.*expected .*\[\]"):
        load_part(other.policy, {}, "policy")
