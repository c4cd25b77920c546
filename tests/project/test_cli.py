"""The command line: what it prints, what it leaves behind, and errors without a traceback."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rlft.__main__ import main
from rlft.core.errors import NumericalError
from rlft.core.files import PACKAGE
from rlft.data import DATASETS
from rlft.experiments import demo
from rlft.experiments.compare import describe_asked
from rlft.experiments.cost import cost_class
from rlft.finetune import Run, RunPlan
from rlft.recipes.registry import PAPER_RECIPES, RECIPES

ROOT = PACKAGE.parent
SMALL = ["--seeds", "2", "--pretrain-steps", "20", "--steps", "130", "--eval-every", "65"]


@pytest.fixture(autouse=True)
def small_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two own datasets of a few episodes, in a folder of their own."""
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    monkeypatch.setenv("RLFT_RESULTS", str(tmp_path / "results"))
    for name in list(DATASETS)[2:]:
        monkeypatch.delitem(DATASETS._entries, name)
    for name, spec in list(DATASETS.items()):
        monkeypatch.setitem(DATASETS._entries, name, replace(spec, transitions=60))
    return tmp_path


pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:minari")


def test_list_shows_datasets_and_recipes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    printed = capsys.readouterr().out
    for name, spec in DATASETS.items():
        assert re.search(rf"^  {name}  +{spec.description} \(made on first use\)$", printed, re.M)
    for name, recipe in RECIPES.items():
        line = next(line for line in printed.splitlines() if line.startswith(f"  {name} "))
        cells = re.split(r"  +", line.strip())
        scales = [cost_class(scale[name]) for scale in (RECIPES, PAPER_RECIPES)]
        assert cells == [name, recipe.title, describe_asked(recipe.prior), *scales]
        source = f"{recipe.source.kind}: {recipe.source.paper}"
        assert re.search(rf"^  {source}  .*\b{name}\b", printed, re.M)
    assert main(["data"]) == 0
    assert main(["list"]) == 0
    assert "made on first use" not in capsys.readouterr().out.split("Datasets")[-1]


def test_data_makes_everything_and_verifies_it_the_next_time(
    capsys: pytest.CaptureFixture[str], small_datasets: Path
) -> None:
    assert main(["data"]) == 0
    first = capsys.readouterr()
    assert [line.split()[0] for line in first.out.splitlines()] == list(DATASETS)
    assert "datasets: 100%" in first.err
    marker = small_datasets / "datasets" / next(iter(DATASETS)) / "marker"
    marker.touch()
    assert main(["data"]) == 0
    assert capsys.readouterr().out == first.out
    assert marker.exists()


def test_data_remake_writes_only_the_named_ones_anew(
    capsys: pytest.CaptureFixture[str], small_datasets: Path
) -> None:
    main(["data"])
    kept, remade = DATASETS
    for name in (kept, remade):
        (small_datasets / "datasets" / name / "marker").touch()
    capsys.readouterr()
    assert main(["data", "--remake", remade]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [remade]
    assert (small_datasets / "datasets" / kept / "marker").exists()
    assert not (small_datasets / "datasets" / remade / "marker").exists()


def test_a_damaged_dataset_is_reported_and_mended_with_the_command_in_the_message(
    capsys: pytest.CaptureFixture[str], small_datasets: Path
) -> None:
    main(["data"])
    name = next(iter(DATASETS))
    (small_datasets / "datasets" / name / "data" / "main_data.hdf5").write_bytes(b"")
    assert main(["data"]) == 2
    message = capsys.readouterr().err.splitlines()[-1]
    command = message.split("python -m rlft ")[1]
    assert main(command.split()) == 0
    assert main(["data"]) == 0


def test_demo_prints_the_table_and_saves_the_figure(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["demo", *SMALL, "--out", str(tmp_path / "figures")]) == 0
    printed = capsys.readouterr()
    for quantity in ("start", "lowest", "final", "drop"):
        assert f"\n  {quantity} " in printed.out
    assert "mean over 2 seeds [95% bootstrap interval]" in printed.out
    assert "J(t) is the undiscounted return of sampled actions" in printed.out
    assert "drop = max(0, start - lowest); rlft.evaluate.metrics" in printed.out
    assert "evaluated at 3 points from 0, the switch, to 130" in printed.out
    for ending, signature in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        figure = tmp_path / "figures" / f"naive-fine-tuning.{ending}"
        assert figure.read_bytes().startswith(signature)
        assert f"saved {figure}" in printed.out
    for bar in (f"pre-train {demo.ALGORITHM}: 100%", f"fine-tune {demo.RECIPE}: 100%"):
        assert bar in printed.err


def test_demo_saves_below_the_results_folder_and_can_be_quiet(
    capsys: pytest.CaptureFixture[str], small_datasets: Path
) -> None:
    assert main(["demo", *SMALL, "--no-progress"]) == 0
    assert (small_datasets / "results" / "demo" / "naive-fine-tuning.png").exists()
    assert capsys.readouterr().err == ""


def test_compare_prints_tables_and_saves_them_below_the_results_folder(
    capsys: pytest.CaptureFixture[str], small_datasets: Path
) -> None:
    which = ["sac", "inac", "--env", "rlft/Maze-Detour-v0", "--eval-episodes", "1"]
    assert main(["compare", *which, *SMALL]) == 0
    printed = capsys.readouterr()
    assert "\n| sac    | cql, 2 critics, 20 updates  | 0 steps " in printed.out
    assert "\n| inac   | inac, 2 critics, 20 updates | 0 steps " in printed.out
    assert "mean over seeds [95% bootstrap interval]" in printed.out
    assert "\nonline.learner  " in printed.out  # what differs
    for bar in ("pre-train CQLConfig: 100%", "fine-tune sac: 100%", "fine-tune inac: 100%"):
        assert bar in printed.err
    for ending in ("csv", "md", "png", "svg"):
        assert (small_datasets / "results" / "compare" / f"comparison.{ending}").exists()
    assert main(["compare", *which, *SMALL, "--no-progress"]) == 0
    again = capsys.readouterr()
    assert again.out.count("already made, read from") == 2 and again.err == ""


def test_demo_repeats_its_numbers() -> None:
    plan = RunPlan(steps=130, eval_every=130, progress=False, seed=3)
    first, again, other = (
        demo.Demo(seeds=2, pretrain_steps=20, plan=p).run() for p in (plan, plan, plan.but(seed=4))
    )
    assert first.returns_sampled.tolist() == again.returns_sampled.tolist()
    assert isinstance(first, Run) and first.seed == 3
    assert first.learner.state_dict()["generator"].tolist() != (
        other.learner.state_dict()["generator"].tolist()
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["demo", "--seeds", "0"], "Error: seeds=0: expected 1 or more"),
        (["demo", "--steps", "0"], "Error: steps=0: expected 1 or more. A run takes a step"),
        (["compare", "sac", "--eval-every", "0"], "Error: eval_every=0: expected 1 or more"),
        (["compare", "sac", "--eval-episodes", "-1"], "Error: eval_episodes=-1: expected 1 or"),
        (["demo", "--seed", "-1"], "Error: seed=-1: expected 0 or more"),
        (["compare"], "Error: There is nothing to compare: name one recipe or more"),
        (["compare", "sac", "wrsl"], "Error: Unknown recipe 'wrsl'. Did you mean 'wsrl'"),
        (["compare", "sac", "--prior", "bc"], "Error: Recipe 'sac' from the prior 'bc': "),
        (
            ["compare", "wsrl", "--preset", "paper", "--steps", "300"],
            "The warm-up of recipe 'wsrl' takes 5,000 steps, the whole run only 300",
        ),
        (["data", "--remake", "rlft/maze/detour-medum-v0"], "Did you mean 'rlft/maze/detour-medi"),
    ],
)
def test_bad_values_are_one_message_and_exit_code_two(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr().err.splitlines()[-1]
    assert shown.startswith("Error: ") and message in shown


@pytest.mark.parametrize(
    ("raised", "code", "shown"),
    [
        (
            NumericalError("The loss is nan for seed [1]."),
            2,
            "Error: The loss is nan for seed [1].",
        ),
        (KeyboardInterrupt(), 130, "Interrupted."),
    ],
)
def test_other_ends(
    raised: BaseException,
    code: int,
    shown: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(self: object) -> None:
        raise raised

    monkeypatch.setattr(demo.Demo, "run", fail)
    assert main(["demo"]) == code
    assert capsys.readouterr().err == f"{shown}\n"


def test_errors_of_programming_keep_their_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(demo.Demo, "run", fail)
    with pytest.raises(ZeroDivisionError):
        main(["demo"])


@pytest.mark.parametrize("arguments", [["dmo"], ["demo", "--sede", "1"], []])
def test_arguments_that_do_not_exist_end_with_code_two(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2


def test_as_a_program_without_a_traceback() -> None:
    def rlft(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "rlft", *arguments]
        return subprocess.run(command, cwd=ROOT, text=True, capture_output=True)

    done = rlft("data", "--remake", "nothing")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: Unknown own dataset 'nothing'.")
    assert "Traceback" not in done.stderr and done.stderr.count("\n") == 1


def test_somebody_who_stops_reading_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "rlft", "list"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()  # before the first line: what is written later breaks the pipe
        assert process.stderr.read() == ""
    assert process.returncode == 141
