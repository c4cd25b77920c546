"""The measurement of speed: turns, ratios, what is kept, what is written, and the guard."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.speed import figure, floor, guard, lesson, report
from benchmarks.speed.command import Options, chosen, jobs, main
from benchmarks.speed.comparisons import COMPARISONS, PLAIN, SB3
from benchmarks.speed.rounds import Absent, Call, Contender, Effort, measure, ratio
from benchmarks.speed.settings import ROOT, exported
from benchmarks.speed.store import Store, read
from rlft.core.errors import InputError

RESULTS = ROOT / "benchmarks" / "speed.json"


class Clock:
    """A clock that only contenders move."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def contender(self, name: str, seconds: Callable[[int], float], updates: int = 1) -> Contender:
        """Its call number n, from 0, takes that long."""
        calls = iter(range(1_000_000))

        def call() -> int:
            self.now += seconds(next(calls))
            return updates

        return Contender(name, lambda: call, own=True)


def failing(error: Exception) -> Callable[[], Call]:
    def make() -> Call:
        raise error

    return make


# --- turns and ratios ----------------------------------------------------------------------------


def test_a_rate_is_updates_per_second_and_seeds_count_each():
    clock = Clock()
    one = clock.contender("one", lambda _: 0.1)
    eight = clock.contender("eight", lambda _: 0.2, updates=8)
    measured = measure([one, eight], Effort(rounds=3, seconds=1.0), clock)
    assert measured.rates["one"] == pytest.approx([10] * 3)
    assert measured.rates["eight"] == pytest.approx([40] * 3)
    assert str(ratio(measured.rates["eight"], measured.rates["one"])) == "4.00 (4.00 to 4.00)"


def test_a_machine_that_slows_down_leaves_the_ratio_alone():
    clock = Clock()
    pair = [  # both become slower as time goes by
        clock.contender(name, lambda _, cost=cost: cost * (1 + clock.now / 5))
        for name, cost in (("a", 0.01), ("b", 0.02))
    ]
    rates = measure(pair, Effort(rounds=9, seconds=0.5), clock).rates
    assert max(rates["a"]) > 2 * min(rates["a"])
    assert ratio(rates["a"], rates["b"]).median == pytest.approx(2, rel=0.1)


def test_median_and_range_are_taken_within_rounds():
    found = ratio([1.0, 4.0, 30.0], [1.0, 2.0, 10.0])
    assert (found.median, found.low, found.high) == (2.0, 1.0, 3.0)


def test_a_peer_that_lacks_or_fails_stops_nobody():
    clock = Clock()
    contenders = [
        clock.contender("ours", lambda _: 0.1),
        Contender("missing", failing(ModuleNotFoundError("No module named 'peer'"))),
        Contender("broken", failing(TypeError("no such option\nand more"))),
        Contender("later", failing(Absent("not there yet")), own=True),
    ]
    measured = measure(contenders, Effort(rounds=1, seconds=0.1), clock)
    assert list(measured.rates) == ["ours"]
    assert measured.absent == {
        "missing": "not installed: pip install 'rlft[bench]'",
        "broken": "failed: TypeError: no such option",
        "later": "not there yet",
    }


def test_an_error_of_ours_is_seen():
    with pytest.raises(TypeError, match="ours"):
        measure([Contender("ours", failing(TypeError("ours")), own=True)], Effort(1, 0.1))


@pytest.mark.parametrize("values", [{"rounds": 0}, {"seconds": 0.0}, {"seconds": float("nan")}])
def test_an_effort_of_nothing_is_refused(values):
    with pytest.raises(InputError, match=r"Use 7 rounds of 0\.5 s"):
        Effort(**values)


# --- what is measured ----------------------------------------------------------------------------


def test_the_floor_is_made_of_the_products_of_forward_and_backward():
    torch.manual_seed(0)
    weight = torch.randn(3, 4, requires_grad=True)

    def update() -> int:
        (torch.randn(5, 3) @ weight).sum().backward()
        return 1

    with floor.Products() as products:
        update()
    shapes = [[tuple(x.shape) for x in call.args] for call in products.calls]
    assert shapes == [[(5, 3), (3, 4)], [(3, 5), (5, 4)]]
    assert products.calls[1].args[0].stride() == (1, 3)  # a transposed one stays transposed
    assert floor.products_of(update)() == 1


def test_activities_add_up_and_inner_ones_keep_their_time(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(lesson.time, "process_time", clock)
    activities = lesson.Activities()

    def spend(seconds: float) -> None:
        clock.now += seconds

    with activities.going_on("outer"):
        spend(1)
        activities.watched("inner", spend)(2)
        with activities.going_on(lesson.EVALUATION):
            activities.watched("inner", spend)(4)
        spend(8)
    assert activities.seconds == {"outer": 9, "inner": 2, lesson.EVALUATION: 4}


def test_all_that_is_timed_in_a_lesson_exists():
    for _, owner, name in lesson.PLACES:
        assert callable(getattr(owner, name))


def test_jobs_are_chosen_by_pattern():
    assert list(chosen(("sac*", "gpu"))) == ["sac", "sac-ten", "sac-paper", "sac-paper-ten", "gpu"]
    assert list(chosen(())) == list(jobs())
    with pytest.raises(InputError, match="sca: there is no such job"):
        chosen(("sca",))


# --- what is kept and written --------------------------------------------------------------------


def fake_results() -> dict[str, Any]:
    """One comparison, complete save for its last peer."""
    rates = {"rlft S=1": [20.0, 30.0, 25.0], "rlft S=8": [100.0, 110.0, 90.0], SB3: [10.0] * 3}
    absent = {PLAIN: "failed: ValueError: no"}
    return {"sac": {"stamp": "x", "rates": rates, "absent": absent}}


def test_results_are_kept_one_by_one_and_known_again(tmp_path):
    file, effort = tmp_path / "speed.json", Effort(1, 0.1)
    Store(file, effort).keep("a", {"rates": {"x": [1 / 3]}})
    again = Store(file, effort)
    assert again.has("a") and not again.has("b")
    assert again.results["a"]["rates"] == {"x": [0.3333]}
    assert not Store(file, Effort(2, 0.1)).has("a")  # measured otherwise


def test_a_damaged_file_of_results_is_named(tmp_path):
    (tmp_path / "speed.json").write_text("{")
    with pytest.raises(InputError, match=r"speed.json.*`make bench`"):
        read(tmp_path / "speed.json")


def test_the_page_says_what_was_reached_what_failed_and_what_was_not_measured():
    page = report.markdown({"machine": "here", "versions": {}, "results": fake_results()})
    rows = [" ".join(line.split()) for line in page.splitlines() if line.startswith("| SAC 2 x 64")]
    assert (
        f"| SAC 2 x 64, batch 128, E=2 | {SB3} | 10 | 2.50 (2.00 to 3.00) | 2.5, reached "
        "| 10.00 (9.00 to 11.00) | 10, reached |"
    ) in rows
    assert any("failed: ValueError: no" in row for row in rows)
    assert report.NOT_YET in page


def test_the_figure_carries_its_numbers_and_the_sentence_quotes_them(tmp_path):
    figure.write(fake_results(), tmp_path / "speed.svg")
    svg = (tmp_path / "speed.svg").read_text(encoding="utf-8")
    assert 'role="img"' in svg and "2.5 and 10.0" in svg
    assert "make 10.0 times as many" in figure.sentence(fake_results())


def test_every_comparison_has_a_name_in_the_figure():
    assert figure.NAMES.keys() == COMPARISONS.keys()


def test_without_peers_there_is_nothing_to_draw():
    with pytest.raises(InputError, match=r"none of the peers"):
        figure.draw({})
    with pytest.raises(InputError, match="was not measured"):
        figure.sentence({})


def test_the_readme_and_the_page_are_in_sync_with_the_results():
    content = read(RESULTS)
    page = (ROOT / "benchmarks" / "speed.md").read_text(encoding="utf-8")
    assert page == report.markdown(content), "run `make readme`"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert figure.block(content["results"]) in readme, "run `make readme`"


def test_every_comparison_was_recorded():
    assert set(read(RESULTS)["results"]) == set(jobs())


# --- the command, in a process of its own --------------------------------------------------------


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "benchmarks.speed", *arguments]
    return subprocess.run(line, cwd=ROOT, text=True, capture_output=True)


def test_a_quick_run_measures_everything(tmp_path):
    done = command("--quick", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    content = read(tmp_path / "speed.json")
    assert set(content["results"]) == set(jobs())
    for name in COMPARISONS:
        assert {"rlft S=1", "rlft S=8"} <= content["results"][name]["rates"].keys()
    assert (tmp_path / "speed.md").exists()


# --- the guard -----------------------------------------------------------------------------------


def test_a_fall_by_more_than_a_fifth_is_a_complaint():
    before = guard.Record("here", {"S=1": 2.0, "S=8": 5.0})
    assert guard.fallen({"S=1": 1.61, "S=8": 4.01}, before, "here") == []
    (complaint,) = guard.fallen({"S=1": 1.59, "S=8": 9.0}, before, "here")
    assert complaint == "S=1: 1.59 times the plain file, recorded 2.00, at least 1.60 wanted"
    assert guard.fallen({"S=1": 1.3, "S=8": 3.1}, before, "another processor") == []


def test_one_good_try_is_enough_and_none_is_not(tmp_path, monkeypatch):
    file = tmp_path / "guard.json"
    file.write_text(json.dumps({"processor": guard.processor(), "ratios": {"S=1": 2.0}}))
    tries = iter([1.0, 1.0, 1.9])
    monkeypatch.setattr(guard, "ratios", lambda: {"S=1": next(tries)})
    assert guard.check(file) == []
    monkeypatch.setattr(guard, "ratios", lambda: {"S=1": 1.0})
    assert len(guard.check(file)) == guard.TRIES


def test_a_guard_without_a_record_says_how_to_make_one(tmp_path):
    with pytest.raises(InputError, match="--record-guard"):
        guard.recorded(tmp_path / "guard.json")


def test_the_library_is_as_fast_beside_the_plain_file_as_recorded():
    done = command("--guard")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_settings_are_those_of_the_makefile():
    assert exported() == {"OMP_NUM_THREADS": "1"}


def test_options_are_what_the_command_says(tmp_path, capsys):
    (tmp_path / "speed.json").write_text(
        json.dumps({"machine": "here", "versions": {}, "results": fake_results()})
    )
    assert main(Options(write=True, out=tmp_path)) == 0
    assert "# How fast is the library?" in capsys.readouterr().out
    assert {p.name for p in Path(tmp_path).iterdir()} == {"speed.json", "speed.md", "speed.svg"}
