"""`compare`: what it makes, what it keeps and never makes again, and what it refuses at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import MAZE_DATA, make_recipe, small

from rlft.acting import JumpStart
from rlft.core.errors import InputError, NumericalError
from rlft.data import DATASETS, Transitions
from rlft.evaluate.references import floor_return
from rlft.experiments import compare, experiment
from rlft.experiments.compare import Compare, choose_data, prior_advice, with_prior
from rlft.experiments.experiment import Experiment
from rlft.finetune import RunPlan
from rlft.recipes import RECIPES, Handover, Pretraining, Recipe, Warmup
from rlft.recipes.registry import find_recipe

CQL = Pretraining("cql", small("cql"), 3)
BC = Pretraining("bc", small("bc"), 3)
POLICY_ONLY = Handover(critics=False, target_critics=False, temperature=False, optimizers=())
NAMES = ("tiny", "tiny-wait", "tiny-nothing")


def tiny(name: str = "tiny", prior: Pretraining | None = CQL, **parts: Any) -> Recipe:
    return replace(make_recipe(**parts), name=name, title=name, prior=prior)


@pytest.fixture(autouse=True)
def a_small_course(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three recipes of a few milliseconds, on data of a few episodes."""
    recipes = (
        tiny(),
        tiny("tiny-wait", warmup=Warmup(2)),
        tiny("tiny-nothing", prior=None, handover=replace(POLICY_ONLY, policy=False)),
    )
    for recipe in recipes:
        RECIPES._entries[recipe.name] = recipe

    def load(name: str, *, env_id: str | None) -> Transitions:
        return replace(MAZE_DATA, name=name, env_id=env_id or MAZE_DATA.env_id)

    monkeypatch.setattr(compare, "load_dataset", load)


PLAN = RunPlan(steps=4, eval_every=2, eval_episodes=1, progress=False)


def command(folder: Path, *names: str, **options: Any) -> Compare:
    return Compare(names or NAMES, out=folder, **{"seeds": 2, "plan": PLAN, **options})


def small_experiment(folder: Path) -> Experiment:
    return Experiment(MAZE_DATA, folder, seeds=2, plan=PLAN)


@pytest.fixture
def no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes a second, of no use where only runs are looked at."""
    monkeypatch.setattr(compare, "draw", lambda runs, stem: ())


def never(*arguments: object, **options: object) -> None:
    raise AssertionError("made again")


def test_tables_figure_and_differences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = command(tmp_path).run()
    assert [run.recipe.name for run in runs] == list(NAMES)
    assert [run.prior.name for run in runs] == ["cql", "cql", "untrained"]
    printed = capsys.readouterr()
    assert "[2/3] tiny-wait (from cql)" in printed.out
    assert "[3/3] tiny-nothing (from nothing)" in printed.out
    assert "| tiny-nothing | none " in printed.out
    assert "cql, 2 critics, 3 updates" in printed.out
    assert "Undiscounted returns at 3 evaluations from 0, the switch, to 4" in printed.out
    assert "warmup.steps" in printed.out and "handover.policy" in printed.out
    assert printed.err == ""
    names = ["comparison.csv", "comparison.md", "comparison.png", "comparison.svg"]
    assert sorted(path.name for path in tmp_path.glob("comparison.*")) == names
    assert all(f"saved {tmp_path / name}" in printed.out for name in names)
    written = (tmp_path / "comparison.md").read_text()
    assert f"{MAZE_DATA.env_id}, data rlft/maze/detour-medium-v0, 2 seeds." in written
    assert "## What differs" in written and "warmup.steps" in written
    assert (tmp_path / "comparison.csv").read_text().count("\n") == 4
    assert "The warm-up of tiny-wait ends at 2." in (tmp_path / "comparison.svg").read_text()


def test_the_seeds_and_the_noise_floor_stand_in_the_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], no_figure: None
) -> None:
    command(tmp_path, "tiny", plan=PLAN.but(eval_episodes=2)).run()
    printed = capsys.readouterr().out
    assert "| recipe | seeds                " in printed and "| noise floor" in printed
    assert "| tiny   | 2: covers about 50 % |" in printed
    assert "drop that a policy which never changes would have" in printed


def test_differences_to_a_baseline_come_first_and_collapsed_seeds_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], no_figure: None
) -> None:
    command(tmp_path, baseline="tiny-wait").run()
    printed = capsys.readouterr().out
    assert "Return minus that of tiny-wait, seed by seed" in printed
    first = printed.index("| minus tiny-wait |")
    assert first < printed.index("| recipe ")
    assert (
        "| tiny            |" in printed[first:]
        and "tiny-nothing" not in printed[first : printed.index("What each run started from")]
    )
    # In the maze never to arrive costs a step each, 100 in all.
    assert "what lies between start and -100" in printed and "of 2 [" in printed
    command(tmp_path, floor=-70.0).run()
    assert "what lies between start and -70" in capsys.readouterr().out


def test_the_floor_is_known_in_mazes_whose_return_says_so(tmp_path: Path) -> None:
    assert floor_return("rlft/Maze-Detour-v0") == -100.0
    assert floor_return("rlft/Maze-Sparse-v0") == 0.0
    assert floor_return("rlft/Maze-Dense-v0") is floor_return("Pendulum-v1") is None
    with pytest.raises(InputError, match=r"baseline 'tiny-wat'.*'tiny-wait'"):
        command(tmp_path, baseline="tiny-wat").run()


def test_different_priors_are_pointed_out_before_anything_is_made(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    no_figure: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    more = tiny("tiny-more", prior=replace(CQL, steps=5))
    monkeypatch.setitem(RECIPES._entries, "tiny-more", more)
    command(tmp_path, "tiny", "tiny-more", "tiny-nothing").run()
    printed = capsys.readouterr().out
    note = (
        "Note: different priors are compared as well, tiny from cql, 2 critics, 3 updates; "
        "tiny-more from cql, 2 critics, 5 updates. To start from one: --prior cql, or tiny-more in "
        "place of tiny, or tiny in place of tiny-more.\n[1/3]"
    )
    assert note in printed
    assert "- They do not start from one prior" in printed
    assert "They do not start from one prior" in (tmp_path / "comparison.md").read_text()
    command(tmp_path, "tiny", "tiny-wait", "tiny-nothing").run()
    printed = capsys.readouterr().out
    assert "Note:" not in printed and "one prior," not in printed


def test_the_clean_pair_of_porl_and_a_random_critic_is_named() -> None:
    recipes = [find_recipe("porl"), find_recipe("random-critic")]
    told = prior_advice(recipes, lambda recipe: recipe.prior != find_recipe("porl").prior)
    assert "porl from cql, 2 critics, 4,000 updates; random-critic from bc, 2,000" in told
    assert told.endswith("To start from one: --prior bc, or porl-bc in place of porl.")
    assert prior_advice(recipes[:1] * 2, lambda recipe: True) == ""
    clean = [find_recipe("porl-bc"), find_recipe("random-critic"), find_recipe("rlpd")]
    assert prior_advice(clean, lambda recipe: True) == ""


def test_recipes_with_one_prior_share_it(tmp_path: Path, no_figure: None) -> None:
    first, second = command(tmp_path, "tiny", "tiny-wait").run()
    assert len(list((tmp_path / "priors").iterdir())) == 1
    ours, theirs = first.prior.learner.state_dict(), second.prior.learner.state_dict()
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_what_is_made_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = command(tmp_path).run()
    for path in tmp_path.glob("comparison.*"):
        path.unlink()
    monkeypatch.setattr(experiment, "finetune", never)
    monkeypatch.setattr(experiment, "pretrain", never)
    again = command(tmp_path).run()
    assert "tiny-wait: already made, read from" in capsys.readouterr().out
    assert len(list(tmp_path.glob("comparison.*"))) == 4
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.returns_behaviour, other.returns_behaviour)
        assert (one.recipe, one.prior.name) == (other.recipe, other.prior.name)


def test_an_interrupted_call_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_figure: None
) -> None:
    made: list[str] = []
    real = experiment.finetune

    def stops_at_the_second(prior: Any, recipe: Recipe, **options: Any) -> Any:
        if len(made) == 1:
            made.append("")
            raise KeyboardInterrupt
        made.append(recipe.name)
        return real(prior, recipe, **options)

    monkeypatch.setattr(experiment, "finetune", stops_at_the_second)
    names = ("tiny", "tiny-wait")
    with pytest.raises(KeyboardInterrupt):
        command(tmp_path, *names).run()
    resumed = command(tmp_path, *names).run()
    assert made == ["tiny", "", "tiny-wait"]
    fresh = command(tmp_path / "other", *names).run()
    for one, other in zip(resumed, fresh, strict=True):
        assert np.array_equal(one.returns_sampled, other.returns_sampled)


OTHER_ENV = replace(MAZE_DATA, env_id="rlft/Maze-UMaze-v0")
OTHER_ROWS = replace(MAZE_DATA, rewards=MAZE_DATA.rewards - 1)


@pytest.mark.parametrize(
    ("changes", "prior_changes"),
    [
        ({"seeds": 3}, True),
        ({"plan": PLAN.but(seed=1)}, True),
        ({"plan": PLAN.but(device="cuda")}, True),
        ({"data": OTHER_ROWS}, True),
        ({"data": OTHER_ENV}, False),
        ({"plan": PLAN.but(steps=5)}, False),
        ({"plan": PLAN.but(eval_every=3)}, False),
        ({"plan": PLAN.but(eval_episodes=2)}, False),
    ],
)
def test_keys_change_with_what_changes_the_numbers(
    changes: dict[str, Any], prior_changes: bool, tmp_path: Path
) -> None:
    one = small_experiment(tmp_path)
    other = replace(one, **changes)
    assert one.run_key(tiny()) != other.run_key(tiny())
    assert (one.prior_key(CQL) != other.prior_key(CQL)) == prior_changes


def test_keys_change_with_recipe_prior_and_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = small_experiment(tmp_path)
    recipes = (tiny(), tiny(warmup=Warmup(1)), tiny(prior=BC), tiny(prior=replace(CQL, steps=4)))
    assert len({one.run_key(recipe) for recipe in recipes}) == 4
    assert len({one.prior_key(prior) for prior in (None, CQL, BC, replace(CQL, steps=4))}) == 4
    before = one.run_key(tiny())
    shown = replace(one, folder=tmp_path / "x", plan=PLAN.but(progress=True))
    assert before == shown.run_key(tiny())
    assert one.prior_key(CQL) == shown.prior_key(CQL)
    monkeypatch.setattr(experiment, "code_digest", lambda: "edited")
    assert one.run_key(tiny()) != before


def test_a_prior_may_be_chosen_for_all() -> None:
    sac = find_recipe("sac")
    assert with_prior(sac, "own") is not None and with_prior(sac, "own").prior == sac.prior
    assert with_prior(sac, "inac").prior == find_recipe("inac").prior
    # WSRL's own has ten critics; one for all is the plain form, the same for everyone.
    assert with_prior(find_recipe("wsrl"), "cql").prior == find_recipe("cql").prior
    paper = find_recipe("wsrl", "paper")
    assert with_prior(paper, "calql").prior == find_recipe("calql", "paper").prior
    shorter = with_prior(sac, "inac", 7).prior
    assert shorter is not None and (shorter.name, shorter.steps) == ("inac", 7)
    assert with_prior(find_recipe("rlpd"), "inac", 7) == find_recipe("rlpd")


def test_data_is_the_courses_for_an_environment_or_what_was_named() -> None:
    assert choose_data(None, None).name == "rlft/maze/detour-medium-v0"
    large = choose_data("rlft/Maze-Large-v0", None)
    assert (large.name, large.env_id) == ("rlft/maze/large-medium-v0", "rlft/Maze-Large-v0")
    named = choose_data("rlft/Maze-UMaze-v0", "rlft/maze/detour-wide-v0")
    assert (named.name, named.env_id) == ("rlft/maze/detour-wide-v0", "rlft/Maze-UMaze-v0")
    assert all(choose_data(spec.env_id, None).env_id == spec.env_id for spec in DATASETS.values())


def test_a_loss_that_diverges_names_the_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverges(*arguments: object, **options: object) -> None:
        raise NumericalError("The critics loss is nan for seed [1].")

    monkeypatch.setattr(experiment, "finetune", diverges)
    expected = r"Recipe 'tiny': The critics loss is nan .* What was made before is kept in '"
    with pytest.raises(NumericalError, match=expected):
        command(tmp_path, "tiny").run()


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        ((), {"recipes": ()}, r"nothing to compare: name one recipe or more, as in `compare sac"),
        (("sca",), {}, r"Unknown recipe 'sca'\. Did you mean 'sac'"),
        (("tiny",), {"prior": "cqll"}, r"Unknown prior 'cqll'\. Did you mean 'cql' or 'calql'"),
        (("tiny",), {"prior": "bc"}, r"'tiny' from the prior 'bc': .*hands the critics over"),
        (
            ("jsrl",),
            {"prior": "inac", "plan": PLAN.but(steps=128)},
            r"'jsrl' from the prior 'inac': The guide is a TanhMean",
        ),
        (("jsrl",), {}, r"'jsrl' from the prior 'bc': .*updates nothing before"),
        (
            ("tiny-wait",),
            {"plan": PLAN.but(steps=2)},
            r"'tiny-wait' from the prior 'cql': The warm-up of recipe",
        ),
        (("tiny",), {"seeds": 0}, r"seeds=0: expected 1 or more"),
        (("tiny",), {"plan": PLAN.but(device="gpu")}, r"'gpu' cannot be used here"),
        (("tiny",), {"pretrain_steps": 0}, r"steps=0.*1 or more.*gradient"),
        (
            ("tiny",),
            {"env": "MountainCarContinuous-v0"},
            r"The course has no dataset of 'MountainCarContinuous-v0'\. Name",
        ),
        (
            ("tiny",),
            {"env": "Pendulum-v1", "dataset": "small"},
            r"'tiny' from the prior 'cql': Environment 'Pendulum-v1' has observations of size 3",
        ),
        (
            ("tiny-nothing",),
            {"env": "Pendulum-v1", "dataset": "small"},
            r"'tiny-nothing' from nothing: Environment 'Pendulum-v1' has observations of size 3",
        ),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_made(
    names: tuple[str, ...],
    options: dict[str, Any],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(experiment, "finetune", never)
    chosen = replace(command(tmp_path, *(names or ("tiny",))), **options)
    with pytest.raises(InputError, match=message):
        chosen.run()
    assert list(tmp_path.iterdir()) == []


def test_a_recipe_named_twice_runs_once_and_needs_no_comparison(
    tmp_path: Path, no_figure: None
) -> None:
    (run,) = command(tmp_path, "tiny", "tiny").run()
    assert run.recipe.name == "tiny"
    assert "What differs" not in (tmp_path / "comparison.md").read_text()


def test_another_environment_of_the_same_sizes_will_do(tmp_path: Path, no_figure: None) -> None:
    (run,) = command(tmp_path, "tiny", env="rlft/Maze-UMaze-v0", dataset="small").run()
    assert (run.env_id, run.dataset) == ("rlft/Maze-UMaze-v0", "small")


def test_the_explorer_of_a_jump_start_takes_the_class_of_the_policy_that_crosses(
    tmp_path: Path,
) -> None:
    inac = Pretraining("inac", small("inac"), 3)
    jumps = tiny(prior=inac, handover=POLICY_ONLY, acting=JumpStart())
    small_experiment(tmp_path).check(jumps)
    with pytest.raises(InputError, match="'tiny' from the prior 'inac': The guide is a TanhMean"):
        small_experiment(tmp_path).check(
            replace(jumps, handover=replace(POLICY_ONLY, policy=False))
        )
