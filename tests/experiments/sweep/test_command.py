"""`python -m rlft sweep`: what it prints, in which order it asks, and its measured estimate."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small import MAZE_DATA, make_recipe, small
from sweep_fakes import small_grid, small_sweep, starts, write_sweep

from rlft.__main__ import main
from rlft.acting import Automatic, JumpStart
from rlft.core.errors import InputError
from rlft.experiments.experiment import Experiment
from rlft.experiments.sweep import command, estimate
from rlft.experiments.sweep.command import Sweep, estimated
from rlft.experiments.sweep.estimate import Cost, measure
from rlft.experiments.sweep.make import in_turns
from rlft.experiments.sweep.worker import Outcome, Ticket, perform
from rlft.finetune import RunPlan
from rlft.recipes import Handover, Pretraining, Warmup

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


class Here:
    """A backend in this process."""

    def perform(self, tickets: Sequence[Ticket]) -> Iterator[Outcome]:
        yield from map(perform, tickets)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(command.BACKENDS, "local", lambda address, workers: Here())


@pytest.fixture
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "report", lambda folder: [])


def test_a_sweep_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["sweep", str(write_sweep(tmp_path)), "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert f"2 jobs in {tmp_path / 'out'}: 0 done, 0 failed, 2 to make." in printed
    assert f"saved {tmp_path / 'out' / 'summary.md'}" in printed
    before = starts(tmp_path)
    assert main(arguments) == 0
    assert "2 done, 0 failed, 0 to make." in capsys.readouterr().out
    assert starts(tmp_path) == before + 1  # it looks whether the recipe fits


def test_failed_jobs_do_not_stop_the_others_and_are_tried_again_when_asked(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    no_report: None,
) -> None:
    from rlft.experiments.sweep import worker

    calls: list[int] = []
    real = worker.finetune

    def fails_first(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise MemoryError("no room")
        return real(*arguments, **options)

    monkeypatch.setattr(worker, "finetune", fails_first)
    sweep = Sweep(write_sweep(tmp_path), out=tmp_path / "out")
    with pytest.raises(SystemExit, match="1"):
        sweep.run()
    printed = capsys.readouterr()
    assert "1 job failed; --retry-failed tries again:" in printed.err
    assert "noted on own/maze/sweep-v0, block 0: MemoryError: no room" in printed.err
    with pytest.raises(SystemExit, match="1"):
        sweep.run()
    printed = capsys.readouterr()
    assert "1 done, 1 failed, 0 to make." in printed.out and "no room" in printed.err
    assert len(calls) == 2
    replace(sweep, retry_failed=True).run()
    assert "1 done, 0 failed, 1 to make." in capsys.readouterr().out
    sweep.run()
    assert "2 done, 0 failed, 0 to make." in capsys.readouterr().out


def test_jobs_that_share_a_prior_wait_for_one_another_as_little_as_can_be(tmp_path: Path) -> None:
    recipes = '[[recipes]]\nname = "OWN:TINY"\nonline.utd = [1, 2]\n'
    recipes += '[[recipes]]\nname = "OWN:NOTED"\nprior.steps = 4\n'
    tickets = small_sweep(tmp_path, recipes)
    names = {ticket.key: (job.recipe.name, job.block) for ticket, job in tickets}
    noted = "noted-prior.steps=4"
    assert [names[ticket.key] for ticket in in_turns(tickets)] == [
        ("tiny-online.utd=1", 0), (noted, 0), ("tiny-online.utd=1", 1), (noted, 1),
        ("tiny-online.utd=2", 0), ("tiny-online.utd=2", 1),
    ]  # fmt: skip


def test_a_dry_run_makes_nothing_and_says_what_it_would_cost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    costs = {"tiny-online.utd=1": Cost(3600, 1800), "tiny-online.utd=2": Cost(3600, 7200)}
    monkeypatch.setattr(command, "measure", lambda experiment, recipe: costs[recipe.name])
    file = write_sweep(tmp_path, '[[recipes]]\nname = "OWN:TINY"\nonline.utd = [1, 2]\n')
    out = tmp_path / "out"
    Sweep(file, out=out, dry_run=True, workers=2).run()
    printed = capsys.readouterr().out
    assert not out.exists()
    # Each of two blocks: a prior of an hour, which both share, and runs of half an hour and two.
    assert "4 jobs of 2 seeds, 8 runs; 2 priors, each made once and" in printed
    assert "About 7.00 core hours" in printed and "3.50 hours with 2 workers" in printed
    assert printed.splitlines()[2].split()[2:] == ["2", "3,600", "1,800", "3.00"]
    assert printed.splitlines()[3].split()[2:] == ["2", "3,600", "7,200", "4.00"]


PLAN = RunPlan(steps=60, eval_every=30, eval_episodes=1, progress=False)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the processor's clock finds it a second later."""
    ticks = itertools.count()
    monkeypatch.setattr(estimate.time, "process_time", lambda: float(next(ticks)))


def experiment_of(folder: Path, plan: RunPlan = PLAN) -> Experiment:
    return Experiment(MAZE_DATA, folder / "out", seeds=2, plan=plan)


def test_the_estimate_multiplies_what_was_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: None
) -> None:
    timed: list[float] = []

    def seconds(call: Callable[[], object], most: float = 99) -> float:
        call()  # an update of the prior, then a step that learns, then one of the warm-up
        timed.append([5.0, 3.0, 2.0][len(timed)])
        return timed[-1]

    monkeypatch.setattr(estimate, "_seconds", seconds)
    asked = Pretraining("cql", small("cql"), 30)
    recipe = replace(make_recipe(warmup=Warmup(20)), prior=asked)
    cost = measure(experiment_of(tmp_path), recipe)
    assert cost.prior == 30 * 5
    start, evaluations = 1, 3  # a second each, by this clock
    assert cost.run == start + 40 * 3 + 20 * 2 + evaluations
    assert not (tmp_path / "out").exists()


def test_a_recipe_without_a_prior_pays_for_none(tmp_path: Path) -> None:
    policy_alone = Handover(critics=False, target_critics=False, temperature=False, optimizers=())
    recipe = make_recipe(handover=replace(policy_alone, policy=False))
    assert measure(experiment_of(tmp_path), recipe).prior == 0


def test_a_call_is_timed_until_its_mean_is_known(clock: None) -> None:
    calls: list[int] = []
    # The clock is looked at before, for each call beyond the least, and after.
    assert estimate._seconds(lambda: calls.append(1)) == 2 / estimate.LEAST
    assert len(calls) == estimate.WARM_UP + estimate.LEAST
    calls.clear()
    estimate._seconds(lambda: calls.append(1), most=5)
    assert len(calls) == 5
    calls.clear()
    estimate._seconds(lambda: calls.append(1), most=1)
    assert len(calls) == 1


def test_an_automatic_schedules_reference_is_timed_in_part(tmp_path: Path, clock: None) -> None:
    def run_of(updates: int) -> float:
        acting = JumpStart(schedule=Automatic(reference_updates=updates))
        recipe = replace(make_recipe(acting=acting), prior=Pretraining("sac", small("sac"), 1))
        return measure(experiment_of(tmp_path), recipe).run

    more = 100 * estimate.REFERENCE_UPDATES  # would take minutes
    assert run_of(more) - run_of(estimate.REFERENCE_UPDATES) == 99


def test_seeds_of_a_grid_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "measure", lambda experiment, recipe: Cost(0.0, 36.0))
    grid = small_grid(tmp_path, blocks=100)
    assert "100 jobs of 2 seeds, 200 runs; 100 priors" in estimated(grid, 4)
    assert "About 1.00 core hours" in estimated(grid, 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, r"workers=0: expected 1 or more"),
        ({"address": "tcp://x:1"}, r"address='tcp://x:1': expected none with --backend local"),
        ({"file": Path("no.toml")}, r"'no\.toml' cannot be read"),
    ],
)
def test_what_cannot_work_is_refused(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    sweep = Sweep(write_sweep(tmp_path), out=tmp_path / "out")
    with pytest.raises(InputError, match=message):
        replace(sweep, **options).run()
    assert not (tmp_path / "out").exists()


def test_recipes_that_do_not_fit_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    file = write_sweep(tmp_path, '[[recipes]]\nname = "OWN:TINY"\nwarmup.steps = 6\n')
    with pytest.raises(InputError, match=r"'tiny-warmup\.steps=6' from the prior 'cql'"):
        Sweep(file, out=tmp_path / "out").run()
    assert not (tmp_path / "out").exists()
