"""`Study`: what is kept and made again, what is written, what is paired, and those there are."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import MAZE_DATA, make_recipe, small

from rlft.core import files
from rlft.core.errors import InputError, NumericalError
from rlft.core.files import PACKAGE
from rlft.experiments import arm as arm_module
from rlft.experiments import study as study_module
from rlft.experiments.arm import Arm
from rlft.experiments.differences import (
    AVERAGE,
    DROP,
    FINAL,
    LOWEST,
    SIDES,
    START,
    Quantity,
    differences,
    paired,
    sides,
)
from rlft.experiments.made_of import made_of
from rlft.experiments.rows import (
    Results,
    Row,
    curves,
    markdown_table,
    read_rows,
    write_rows,
)
from rlft.experiments.study import Study, run_study
from rlft.finetune import RunPlan
from rlft.recipes import Pretraining, Recipe, Warmup

CQL = Pretraining("cql", small("cql"), 3)
PLAN = RunPlan(4, eval_every=2, eval_episodes=1, progress=False)
DIGITS = 3


def recipe(**changes: Any) -> Recipe:
    return replace(make_recipe(), **{"prior": CQL, **changes})


def make_arm(name: str, **changes: Any) -> Arm:
    return Arm(name, "small", recipe(**changes), seeds=2, plan=PLAN)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the arms that ran, on data of a few episodes."""
    names: list[str] = []
    monkeypatch.setattr(arm_module, "load_dataset", lambda name: replace(MAZE_DATA, name=name))
    real = Arm.run

    def run(self: Arm, *arguments: Any) -> Any:
        names.append(self.name)
        return real(self, *arguments)

    monkeypatch.setattr(Arm, "run", run)
    return names


def measure(arm: Arm, folder: Path) -> list[Row]:
    prior = arm.prior(folder)
    size = sum(float(v.abs().sum()) for v in prior.learner.policy.state_dict().values())
    run = arm.run(prior)
    return [
        {"seed": str(seed), "step": str(step), "return": f"{value:.{DIGITS}f}", "size": str(size)}
        for seed in range(arm.seeds)
        for step, value in zip(run.steps, run.returns_sampled[seed], strict=True)
    ]


def table(results: Results) -> list[str]:
    body = [[name, f"{curves(rows, 'return').mean():.3f}"] for name, rows in results.items()]
    return markdown_table(["arm", "mean"], body)


PLAIN, WAITS = make_arm("plain"), make_arm("it waits", warmup=Warmup(2))


def make_study(*arms: Arm, **changes: Any) -> Study[Arm]:
    settings = {"name": "tiny", "title": "A study", "about": "What was done."}
    settings |= {"arms": arms or (PLAIN, WAITS), "measure": measure, "table": table}
    return Study(**(settings | changes))


def written(folder: Path) -> tuple[bytes, bytes]:
    return (folder / "results.csv").read_bytes(), (folder / "results.md").read_bytes()


def test_interrupted_and_resumed_is_as_good_as_uninterrupted(
    tmp_path: Path, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stops(arm: Arm, folder: Path) -> list[Row]:
        if arm is WAITS:
            raise KeyboardInterrupt
        return measure(arm, folder)

    # The same measurement to the key, as an interruption is no edit.
    monkeypatch.setattr(study_module, "made_of", lambda function: [])
    with pytest.raises(KeyboardInterrupt):
        make_study(measure=stops).make(tmp_path / "one")
    assert read_rows(tmp_path / "one" / "tiny" / "results.csv")[0]["arm"] == "plain"
    resumed = make_study().make(tmp_path / "one")
    assert made == ["plain", "it waits"]
    assert make_study().make(tmp_path / "other") == resumed
    assert written(tmp_path / "one" / "tiny") == written(tmp_path / "other" / "tiny")
    make_study().make(tmp_path / "one")
    assert made == ["plain", "it waits"] * 2


@pytest.mark.parametrize(
    "changed",
    [
        make_arm("it waits", warmup=Warmup(1)),
        make_arm("it waits", warmup=Warmup(2), prior=replace(CQL, steps=4)),
        replace(WAITS, plan=replace(PLAN, eval_every=1)),
        replace(WAITS, plan=replace(PLAN, seed=1)),
        replace(WAITS, seeds=3),
        replace(WAITS, dataset="other"),
    ],
)
def test_an_arm_that_changes_is_made_again_and_the_others_are_not(
    changed: Arm, tmp_path: Path, made: list[str]
) -> None:
    make_study().make(tmp_path)
    made.clear()
    results = make_study(PLAIN, changed).make(tmp_path)
    assert made == ["it waits"]
    assert len(results["it waits"]) == changed.seeds * (1 + 4 // changed.plan.eval_every)


def test_what_only_says_something_makes_no_arm_again(tmp_path: Path, made: list[str]) -> None:
    make_study().make(tmp_path)
    said = replace(make_study(), title="Another", about="More.", table=lambda results: ["-"])
    said.make(tmp_path)
    assert made == ["plain", "it waits"]
    assert (tmp_path / "tiny" / "results.md").read_text() == "# Another\n\nMore.\n\n-\n"


def test_arms_share_a_prior_and_a_changed_prior_is_never_reused(
    tmp_path: Path, made: list[str]
) -> None:
    make_study().make(tmp_path)
    [shared] = (tmp_path / "priors").iterdir()
    before = shared.read_bytes()
    longer = make_arm("plain", prior=replace(CQL, steps=5))
    results = make_study(longer).make(tmp_path)
    assert len(list((tmp_path / "priors").iterdir())) == 2 and shared.read_bytes() == before
    assert results != make_study(PLAIN).make(tmp_path)
    assert len(list((tmp_path / "tiny" / "arms").glob("plain-*.csv"))) == 2


def test_a_measurement_is_made_of_all_that_it_uses_here(monkeypatch: pytest.MonkeyPatch) -> None:
    before = made_of(measure)
    assert made_of(measure) == before
    assert any(part.startswith("measure def measure(arm") for part in before)
    monkeypatch.setattr(sys.modules[__name__], "DIGITS", 2)
    assert made_of(measure) != before
    monkeypatch.undo()
    monkeypatch.setattr(sys.modules[__name__], "PLAIN", WAITS)
    assert made_of(measure) == before

    def deeper(arm: Arm, folder: Path) -> list[Row]:
        return measure(arm, folder)[:1]

    assert set(before) < set(made_of(deeper))


def test_a_value_that_cannot_be_part_of_a_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "DIGITS", object())
    with pytest.raises(InputError, match="A value of type object cannot be stored as JSON"):
        made_of(measure)


def test_results_are_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"arm": "plain", "seed": "0", "return": "1"}]
    study = make_study()
    study.write({"plain": rows}, tmp_path)
    before = written(tmp_path)
    more = {"plain": rows, "it waits": [{**rows[0], "arm": "it waits"}]}

    def fails(*arguments: object) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        replace(study, table=fails).write(more, tmp_path)
    assert written(tmp_path) == before
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", fails)
        with pytest.raises(InputError, match="no space left"):
            study.write(more, tmp_path)
    assert written(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results.csv", "results.md"]
    study.write(more, tmp_path)
    assert study.read(tmp_path) == more


def test_an_arm_that_fails_while_it_is_written_leaves_nothing(tmp_path: Path) -> None:
    rows = [{"seed": "0"}, {"seed": "1", "surprise": "2"}]
    with pytest.raises(ValueError, match="surprise"):
        write_rows(tmp_path / "arm.csv", rows)
    assert list(tmp_path.iterdir()) == []


def hand_made(**values: list[float]) -> list[Row]:
    return [
        {"seed": seed[1:], "return": str(value)} for seed, own in values.items() for value in own
    ]


def test_pairs_are_made_by_seed_and_not_by_place() -> None:
    arm = hand_made(s0=[0, 10], s1=[0, 25], s2=[0, 31])
    control = hand_made(s2=[0, 30], s0=[0, 8], s1=[0, 22])
    last = Quantity("last", lambda returns: returns[:, -1])
    difference = paired(arm, control, last)
    assert difference.mean == pytest.approx(2.0)  # 2, 3 and 1
    assert 1.0 <= difference.low < difference.high <= 3.0
    assert paired(arm, arm, last).high == 0


def test_arms_of_different_seeds_are_no_pairs() -> None:
    one, other = hand_made(s0=[1], s1=[2]), hand_made(s0=[1], s2=[2])
    with pytest.raises(InputError, match=r"seeds=\['0', '1'\]: expected those of the other arm, "):
        paired(one, other, FINAL)


def test_arms_that_were_evaluated_at_other_steps_are_no_pairs() -> None:
    one, other = hand_made(s0=[1, 2], s1=[2, 3]), hand_made(s0=[1, 2, 0], s1=[2, 3, 0])
    with pytest.raises(InputError, match=r"curves.shape=\(2, 2\): expected \(2, 3\).*one RunPlan"):
        paired(one, other, DROP)


def test_a_table_of_differences_has_a_line_for_each_pair_that_is_there() -> None:
    results = {
        "one": hand_made(**{f"s{seed}": [1, -3, 5, 5, 5] for seed in range(5)}),
        "other": hand_made(**{f"s{seed}": [0, -1, 2, 2, 2] for seed in range(5)}),
    }
    pairs = [("one", "other"), ("one", "never made")]
    quantities = (START, LOWEST, AVERAGE, DROP, FINAL)
    head, _, *lines, empty, legend = differences(results, pairs, quantities)
    assert (empty, legend) == ("", SIDES)
    assert head == "| arm | minus | start | lowest | average | drop | final |"
    gaps = [1, -3 + 1, (0.5 - 3 + 5 + 5 + 2.5) / 4 - (-1 + 2 + 2 + 1) / 4, 4 - 1, 5 - 2]
    counts = [f"{5 * (gap > 0)}:{5 * (gap < 0)}" for gap in gaps]
    cells = " | ".join(
        f"{gap:.1f} [{gap:.1f}, {gap:.1f}] {count}" for gap, count in zip(gaps, counts, strict=True)
    )
    assert lines == [f"| one | other | {cells} |"]
    (_, _, cut, *_) = differences(results, pairs, [START], lambda a, b: (results[a], results[a]))
    assert cut == "| one | other | 0.0 [0.0, 0.0] 0:0 |"


def test_seeds_on_either_side_are_counted_without_ties() -> None:
    assert sides(np.array([1.0, -0.1, 0.0, 3.0])) == "2:1"


def test_curves_are_in_the_order_of_the_rows_and_empty_cells_are_nan() -> None:
    rows = [{"seed": s, "h": h} for s, h in (("0", ""), ("0", "2"), ("1", "3"), ("1", "4"))]
    np.testing.assert_array_equal(curves(rows, "h"), [[np.nan, 2], [3, 4]])


def test_missing_arms_are_named_and_a_record_is_replaced_by_a_whole_one_only(
    tmp_path: Path, made: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.setenv("RLFT_RESULTS", str(tmp_path / "kept"))
    (tmp_path / "results.md").write_text("the record")
    script, trial = tmp_path / "study.py", tmp_path / "kept" / "studies" / "tiny"
    run_study(make_study(), script, ["--arms", "it waits"])
    assert "1 of 2 arms are missing: plain." in capsys.readouterr().out
    assert (
        "**Without the arms that are not made yet: plain.**" in (trial / "results.md").read_text()
    )
    assert (tmp_path / "results.md").read_text() == "the record"
    run_study(make_study(), script, [])
    printed = capsys.readouterr().out
    assert (
        "[1/2] plain\n[2/2] it waits, already made\n" in printed
        and "arms are missing" not in printed
    )
    assert written(tmp_path) == written(trial)
    assert made == ["it waits", "plain"]
    assert "Without" not in (tmp_path / "results.md").read_text()


def test_the_table_alone_is_made_of_the_recorded_rows(
    tmp_path: Path, made: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"arm": name, "seed": "0", "return": "1"} for name in ("it waits", "plain")]
    write_rows(tmp_path / "results.csv", rows)
    run_study(make_study(), tmp_path / "study.py", ["--table"])
    lines = (tmp_path / "results.md").read_text().splitlines()
    assert lines[-2:] == ["| it waits | 1.000 |", "| plain | 1.000 |"]
    assert made == []
    write_rows(tmp_path / "results.csv", rows[:1])
    run_study(make_study(), tmp_path / "study.py", ["--table"])
    assert "1 of 2 arms are missing: plain." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--arms", "plane"], r"Unknown arm 'plane'\. Did you mean 'plain'"),
        (["--table"], r"results\.csv' is missing"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str], message: str, tmp_path: Path, made: list[str]
) -> None:
    with pytest.raises(SystemExit, match=message):
        run_study(make_study(), tmp_path / "study.py", arguments)


def test_every_chosen_arm_is_checked_before_any_is_made(tmp_path: Path, made: list[str]) -> None:
    endless = make_arm("endless", warmup=Warmup(9))
    with pytest.raises(SystemExit, match="'test' from the prior 'cql': The warm-up of recipe"):
        run_study(make_study(PLAIN, endless), tmp_path / "study.py", ["--out", str(tmp_path)])
    assert made == [] and list(tmp_path.iterdir()) == []


def test_rows_of_an_unknown_arm_are_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "results.csv", [{"arm": "gone", "seed": "0", "return": "1"}])
    with pytest.raises(InputError, match="'gone'}: expected rows of the study's arms only"):
        make_study().read(tmp_path)


def test_arms_differ_by_name_and_labels() -> None:
    with pytest.raises(InputError, match="expected arms that differ by name and labels"):
        make_study(PLAIN, PLAIN)
    with pytest.raises(InputError, match="expected arms that differ by name and labels"):
        make_study(PLAIN, replace(WAITS, labels={"arm": "plain"}))


def test_training_that_diverges_names_the_arm(tmp_path: Path, made: list[str]) -> None:
    def diverges(arm: Arm, folder: Path) -> list[Row]:
        raise NumericalError("The critics loss is nan.")

    with pytest.raises(SystemExit, match="Arm 'plain': The critics loss is nan"):
        run_study(make_study(measure=diverges), tmp_path / "study.py", ["--out", str(tmp_path)])


STUDIES = sorted(path.parent for path in (PACKAGE.parent / "studies").glob("*/study.py"))


@contextmanager
def imported(folder: Path) -> Iterator[Study[Any]]:
    """The study of a folder; its modules are forgotten again, as other studies have the names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        try:
            yield importlib.import_module("study").STUDY
        finally:
            for name, module in list(sys.modules.items()):
                if Path(getattr(module, "__file__", None) or "/").parent == folder:
                    del sys.modules[name]


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_every_study_has_a_record_of_its_arms_and_the_table_is_made_of_it(folder: Path) -> None:
    with imported(folder) as study:
        assert study.name == folder.name
        results = study.read(folder)
        assert list(results) == [arm.name for arm in study.arms]
        assert study.markdown(results) == (folder / "results.md").read_text(encoding="utf-8")
        assert f"`python studies/{study.name}/study.py`" in study.about
        assert made_of(study.measure)


def test_there_are_seven_studies() -> None:
    names = ["ajs", "defaults", "fqe", "porl", "shootout", "switchboard", "wsrl"]
    assert [folder.name for folder in STUDIES] == names
