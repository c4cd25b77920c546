"""Methods from outside: a file of one's own trains, is kept, read, listed, and its code counts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from small import MAZE_DATA, Always, make_prior, make_recipe, small

from rlft.__main__ import main
from rlft.acting import LearnerActs
from rlft.acting.rules import ActContext
from rlft.algorithms import ALGORITHMS, LEARNERS, SAC, SACConfig, make_learner
from rlft.core.errors import InputError
from rlft.core.registry import TYPES, register
from rlft.experiments.experiment import Experiment
from rlft.experiments.own_files import load_file, recipe_of
from rlft.finetune import RunPlan, finetune
from rlft.nets.policies import POLICIES, SquashedGaussian
from rlft.recipes import RECIPES, diff_recipes
from rlft.results.store import load_run, save_run

MINE = '''
"""A learner, a rule, a schedule and a recipe of my own."""
from dataclasses import dataclass, replace

import numpy as np

import rlft
from rlft.acting import JumpStart, LearnerActs
from rlft.acting.horizon import Horizon
from rlft.algorithms import SAC, SACConfig
from rlft.core.registry import register
from rlft.nets.policies import PolicyConfig
from rlft.nets.stacked import CriticConfig
from rlft.recipes import Online, Pretraining, find_recipe


@register
@dataclass(frozen=True)
class Halves:
    share: float = 0.5

    def start(self, context):
        return Horizon(np.full(context.seeds, int(self.share * context.time_limit)))


@register
@dataclass(frozen=True)
class Timid(LearnerActs):
    def act(self, context):
        return FACTOR * super().act(context)


@dataclass(frozen=True)
class TamedConfig(SACConfig):
    policy: PolicyConfig = PolicyConfig(hidden=(8,))
    critics: CriticConfig = CriticConfig(hidden=(8,))
    batch_size: int = 4
    shrink: float = 0.01


class Tamed(SAC):
    config: TamedConfig

    def critic_loss(self, batch):
        loss, metrics = super().critic_loss(batch)
        q = self.critics(batch.observations, batch.actions)
        return loss + self.config.shrink * q.square().mean((1, 2)), metrics


register(Tamed)
MINE = replace(
    find_recipe("sac"),
    name="mine",
    title="Mine",
    online=Online(TamedConfig()),
    acting=JumpStart(explorer=Timid(), schedule=Halves()),
    prior=Pretraining("tamed", TamedConfig(), 2),
)
NOT_A_RECIPE = 3
'''


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Path]:
    """The file; its module is forgotten after the test."""
    before = set(sys.modules)
    path = tmp_path / "my_method.py"
    path.write_text(MINE.replace("FACTOR", "0.5"))
    yield path
    for name in set(sys.modules) - before:
        if name.startswith("my_method"):
            del sys.modules[name]


def experiment(folder: Path) -> Experiment:
    plan = RunPlan(steps=4, eval_every=2, eval_episodes=1, progress=False)
    return Experiment(MAZE_DATA, folder, seeds=2, plan=plan)


def test_a_method_of_ones_own_trains_is_kept_and_comes_back(mine: Path, tmp_path: Path) -> None:
    recipe = recipe_of(f"{mine}:MINE")
    assert RECIPES["mine"] is recipe
    plan = experiment(tmp_path / "out")
    plan.check(recipe)
    run = plan.run(recipe)
    assert type(run.learner).__name__ == "Tamed" and run.learner.updates > 0
    (folder,) = (tmp_path / "out" / "runs").iterdir()
    assert "my_method" not in (folder / "run.json").read_text()  # names, never places
    back = load_run(folder, data=MAZE_DATA)
    assert back.recipe == recipe and type(back.learner) is type(run.learner)
    assert "TamedConfig" in str(diff_recipes("sac", "mine"))


def test_the_source_of_ones_own_code_is_part_of_the_key(mine: Path, tmp_path: Path) -> None:
    plan = experiment(tmp_path)
    first = plan.run_key(recipe_of(f"{mine}:MINE"))
    again = mine.with_name("my_method_again.py")
    again.write_text(mine.read_text())
    assert plan.run_key(recipe_of(f"{again}:MINE")) == first
    edited = mine.with_name("my_method_edited.py")
    edited.write_text(MINE.replace("FACTOR", "0.25"))
    other = recipe_of(f"{edited}:MINE")
    assert plan.run_key(other) != first and plan.prior_key(other.prior) is not None


def test_what_is_registered_is_listed(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--file", str(mine)]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("tamed", "Timid", "Halves"))


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("{mine}", "expected a file and the name of a recipe"),
        ("{mine}:MIN", r"Unknown recipe of .*'MIN'.*Did you mean 'MINE'"),
        ("{mine}:NOT_A_RECIPE", r"Unknown recipe of .*must be an rlft\.Recipe"),
        ("{mine}x:MINE", "is no Python file"),
    ],
)
def test_what_is_no_recipe_of_a_file_is_refused(place: str, message: str, mine: Path) -> None:
    with pytest.raises(InputError, match=message):
        recipe_of(place.format(mine=mine))


def test_a_file_that_fails_or_has_a_taken_name_is_named(mine: Path) -> None:
    broken = mine.with_name("my_method_broken.py")
    broken.write_text("1 / 0")
    with pytest.raises(InputError, match=r"my_method_broken\.py' cannot be run: ZeroDivisionError"):
        load_file(broken)
    assert "my_method_broken" not in sys.modules
    taken = mine.with_name("json.py")
    taken.write_text("")
    with pytest.raises(InputError, match=r"name of the module 'json'.*rename it"):
        load_file(taken)


# --- classes from outside ----------------------------------------------------------------------


@dataclass(frozen=True)
class OwnConfig(SACConfig):
    """A configuration from outside."""


class Own(SAC):
    """A learner from outside."""

    config: OwnConfig


def test_a_registered_learner_is_an_algorithm_with_its_defaults() -> None:
    with pytest.raises(InputError, match=r"No learner is registered for OwnConfig.*rlft\.register"):
        make_learner(OwnConfig(), 2, 2, 1)
    register(Own)
    assert ALGORITHMS["own"] == OwnConfig() and LEARNERS["own"] is Own
    assert TYPES.key_of(OwnConfig) == "OwnConfig"
    register(OwnConfig(gamma=0.5), "own-short")
    assert ALGORITHMS["own-short"].gamma == 0.5
    assert type(make_learner(OwnConfig(), 2, 2, 1)) is Own


def test_a_learner_without_a_configuration_of_its_own_is_refused() -> None:
    class Same(SAC):
        """It has SAC's configuration."""

    with pytest.raises(InputError, match=r"Same has the configuration SACConfig of another"):
        register(Same)


def test_a_configuration_needs_a_name() -> None:
    with pytest.raises(InputError, match=r"SACConfig has no name of its own.*name='mine'"):
        register(SACConfig(gamma=0.5))


def test_a_policy_class_from_outside_is_built_by_its_name() -> None:
    class Narrow(SquashedGaussian):
        """A policy from outside."""

    register(Narrow, "narrow")
    config = small("sac")
    config = replace(config, policy=replace(config.policy, kind="narrow"))
    assert type(make_learner(config, 2, 2, 1).policy) is Narrow and "narrow" in POLICIES


def test_a_rule_that_is_not_registered_is_refused_at_saving(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Quiet(LearnerActs):
        """A rule from outside."""

        def act(self, context: ActContext):
            return super().act(context)

    prior = make_prior(seeds=2)
    run = finetune(prior, make_recipe(acting=Quiet()), steps=2, eval_episodes=1, progress=False)
    with pytest.raises(InputError, match=r"Quiet cannot be stored.*rlft\.register\(Quiet\)"):
        save_run(run, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    register(Quiet)
    save_run(run, tmp_path / "run")
    assert load_run(tmp_path / "run", data=MAZE_DATA).recipe.acting == Quiet()


def test_a_rule_of_the_tests_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Always cannot be stored"):
        experiment(tmp_path).run(make_recipe(acting=Always(0.5)))
    assert list(tmp_path.iterdir()) == []
