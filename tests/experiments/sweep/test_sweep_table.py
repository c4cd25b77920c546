"""What a sweep says: a tidy table, means, paired differences, a figure for each environment."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small import make_prior, make_recipe
from sweep_fakes import small_sweep

from rlft.core.errors import InputError
from rlft.evaluate.intervals import interval
from rlft.experiments.sweep import load_sweep, summary
from rlft.experiments.sweep.command import write_list
from rlft.experiments.sweep.job import FAILED, RUN
from rlft.experiments.sweep.kept import done_jobs
from rlft.experiments.sweep.summary import Cell, cells, differences, means, report
from rlft.experiments.sweep.worker import perform, record_failure
from rlft.finetune import finetune
from rlft.results.store import load_curves, load_run

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
WITHOUT = "needs the extra `cluster`: make cluster"
TWO = '[[recipes]]\nname = "OWN:TINY"\n[[recipes]]\nname = "OWN:TINY"\nonline.utd = [2, 3]\n'
NAMES = ["tiny", "tiny-online.utd=2", "tiny-online.utd=3"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sweep of three recipes and two blocks of two seeds; the last job has failed."""
    tickets = [ticket for ticket, _ in small_sweep(tmp_path, TWO)]
    write_list(tmp_path / "out", [ticket.place for ticket in tickets])
    for ticket in tickets[:-1]:
        assert perform(ticket).state == "made"
    record_failure(tickets[-1].path, "NumericalError: The critics loss is nan.")
    return tmp_path / "out"


def test_a_run_is_a_tidy_table() -> None:
    pytest.importorskip("pandas", reason=WITHOUT)
    recipe = make_recipe()
    options = {"steps": 4, "eval_every": 2, "eval_episodes": 1, "progress": False}
    run = finetune(make_prior(), recipe, **options)  # type: ignore[arg-type]
    frame = run.to_frame()
    assert list(frame.columns) == [
        "recipe", "dataset", "env", "seed", "step",
        "return_sampled", "return_mode", "return_behaviour", "kl",
    ]  # fmt: skip
    assert frame["seed"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert frame["step"].tolist() == [0, 2, 4] * 3
    assert set(frame["recipe"]) == {"test"} and set(frame["env"]) == {run.env_id}
    for column, values in (("return_mode", run.returns_mode), ("kl", run.kl)):
        back = frame.pivot(index="seed", columns="step", values=column).to_numpy()
        assert np.array_equal(back, values)
    assert replace(run, kl=None).to_frame()["kl"].isna().all()


def test_a_table_without_pandas_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    run = finetune(make_prior(), make_recipe(), steps=2, eval_every=1, progress=False)
    with pytest.raises(InputError, match=r"needs the package 'pandas'.*\"rlft\[cluster\]\""):
        run.to_frame()


def test_a_sweep_is_one_tidy_table(folder: Path) -> None:
    pytest.importorskip("pandas", reason=WITHOUT)
    frame = load_sweep(folder)
    assert len(frame) == 5 * 2 * 3  # jobs that are done, seeds, evaluations
    assert frame["recipe"].unique().tolist() == NAMES
    ours = frame[frame["recipe"] == NAMES[0]]
    assert sorted(ours["seed"].unique()) == [0, 1, 2, 3]
    assert ours.groupby("block")["seed"].unique().map(list).tolist() == [[0, 1], [2, 3]]
    assert sorted(frame[frame["recipe"] == NAMES[2]]["seed"].unique()) == [0, 1]
    assert ours["online.utd"].isna().all()
    assert set(frame[frame["recipe"] == NAMES[1]]["online.utd"]) == {2}
    (place,) = [p for p in (folder / "jobs").glob("tiny-online.utd=3-*") if (p / RUN).exists()]
    run = load_run(place / RUN)
    values = frame[frame["recipe"] == NAMES[2]].pivot(
        index="seed", columns="step", values="return_sampled"
    )
    assert np.array_equal(values.to_numpy(), run.returns_sampled)


def test_runs_of_older_code_beside_it_are_not_mixed_in(folder: Path) -> None:
    places = json.loads((folder / "sweep.json").read_text())["jobs"]
    write_list(folder, places[:1])
    (job,) = done_jobs(folder)
    assert job.about["recipe"] == NAMES[0]


def test_a_folder_without_a_sweep_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a sweep's folder, with 'sweep\.json' in it"):
        done_jobs(tmp_path)


def test_blocks_of_a_recipe_are_put_together(folder: Path) -> None:
    (recipes,) = cells(done_jobs(folder)).values()
    assert [cell.recipe for cell in recipes] == NAMES
    assert [cell.seeds.tolist() for cell in recipes] == [[0, 1, 2, 3]] * 2 + [[0, 1]]
    jobs = [job for job in done_jobs(folder) if job.about["recipe"] == NAMES[0]]
    (backwards,) = cells(jobs[::-1]).values()
    assert np.array_equal(backwards[0].returns, recipes[0].returns)


def test_means_and_paired_differences() -> None:
    rng, steps = np.random.default_rng(0), np.array([0, 10, 20])
    luck = 100 * rng.normal(size=(6, 1))  # of a seed, in each recipe's curves
    ours, theirs = luck + rng.normal(size=(6, 3)), luck + rng.normal(size=(6, 3)) - 5
    first = Cell("first", steps, np.arange(6), ours)
    second = Cell("second", steps, np.arange(6), theirs)
    start = interval(ours[:, 0])
    assert means([first, second]).rows[0][:3] == ("first", "6", start.numbers(".1f"))
    assert start.high - start.low > 50
    (row,) = differences([first, second]).rows
    gap = interval(theirs[:, 0] - ours[:, 0])
    assert row[:4] == ("second", "first", "6", f"{gap.numbers('.1f')} 0:6")
    assert gap.high - gap.low < 5  # luck is in both
    # Only seeds that both have, whatever is missing and in whatever place.
    (row,) = differences(
        [first, Cell("second", steps, np.array([2, 4, 5]), theirs[[2, 4, 5]])]
    ).rows
    gap = interval((theirs - ours)[[2, 4, 5], 0])
    assert row[2:4] == ("3 seeds: covers about 75 %", f"{gap.numbers('.1f')} 0:3")
    (row,) = differences([first, Cell("second", steps, np.array([7]), theirs[:1])]).rows
    assert row[2:4] == ("0", "-")


def test_the_seeds_of_two_recipes_start_from_the_same_priors(folder: Path) -> None:
    (recipes,) = cells(done_jobs(folder)).values()
    assert np.array_equal(recipes[0].returns[:, 0], recipes[1].returns[:, 0])


def test_the_report_says_what_is_missing(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    names = [path.name for path in report(folder)]
    stem = "rlft-Maze-Detour-v0-own-maze-sweep-v0"
    assert names == ["summary.md", f"{stem}.png", f"{stem}.svg"]
    assert "Without table.parquet: A table in a file needs" in capsys.readouterr().out
    text = (folder / "summary.md").read_text()
    assert "5 of 6 jobs are done." in text and "1 failed, and their seeds are missing" in text
    assert "- NumericalError: The critics loss is nan." in text
    assert "## rlft/Maze-Detour-v0, data own/maze/sweep-v0" in text
    assert "tiny-online.utd=2" in (folder / f"{stem}.svg").read_text()


def test_the_table_is_kept_as_parquet(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = pytest.importorskip("pandas", reason=WITHOUT)
    pytest.importorskip("pyarrow", reason=WITHOUT)
    monkeypatch.setattr(summary, "draw", lambda recipes, title, stem: ())
    assert report(folder)[-1].name == "table.parquet"
    kept = pandas.read_parquet(folder / "table.parquet")
    pandas.testing.assert_frame_equal(kept, load_sweep(folder), check_dtype=False)


def test_curves_are_read_without_the_learners(folder: Path) -> None:
    place = next(p for p in sorted((folder / "jobs").iterdir()) if not (p / FAILED).exists())
    run = load_run(place / RUN)
    for file in (place / RUN).glob("*.safetensors"):
        file.unlink()
    curves = load_curves(place / RUN)
    names = {"steps", "returns_mode", "returns_sampled", "returns_behaviour", "kl"}
    assert set(curves) == names | {f"metrics.{name}" for name in run.metrics}
    assert np.array_equal(curves["metrics.q"], run.metrics["q"])
    assert np.array_equal(curves["returns_mode"], run.returns_mode)


def test_more_recipes_than_styles_cost_the_figure_alone(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*arguments: object) -> None:
        raise InputError("30 methods have no colour of their own.")

    monkeypatch.setattr(summary, "draw", refuses)
    assert report(folder)[0].name == "summary.md"
    assert "Without a figure of rlft/Maze-Detour-v0: 30 methods" in capsys.readouterr().out


def test_a_field_that_is_a_number_here_and_none_there_is_a_column_of_words(folder: Path) -> None:
    pytest.importorskip("pyarrow", reason=WITHOUT)
    for number, about in enumerate(sorted(folder.glob("jobs/*/job.json"))):
        content = json.loads(about.read_text())
        content["changes"]["online.learner.target_subset"] = (1, "none")[number % 2]
        about.write_text(json.dumps(content))
    column = load_sweep(folder)["online.learner.target_subset"]
    assert set(column.dropna()) == {"1", "none"}
    assert folder / "table.parquet" in report(folder)
