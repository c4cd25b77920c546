"""Checks: what a learner sees for right, wrong, strange and endless answers."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

import rlft
from rlft.core.errors import InputError
from rlft.course.check.judge import CONSTANT, NOTHING, judge
from rlft.course.check.observe import observe
from rlft.course.check.time_limit import run_limited
from rlft.course.exercise import Case, Exercise, Misconception
from rlft.course.notebook import session
from rlft.course.notebook.verdict import to_html, to_text


def double(q, factor):
    """The reference."""
    return factor * q


def adds(q, factor):
    return q + factor


def squares(q, factor):
    return q * q


def case(name, *values, factor=2.0):
    return Case(name, {"q": torch.tensor(values), "factor": factor})


EXERCISE = Exercise(
    id="99-1",
    name="double",
    title="Twice",
    reference=double,
    cases=(case("one value", 3.0), case("two values", 1.0, -2.0), case("thrice", 5.0, factor=3.0)),
    misconceptions=(
        Misconception("adds", adds, "What does doubling do to 0?"),
        Misconception("squares", squares, "Try it with 3."),
        Misconception("nothing", lambda q, factor: q, "Did anything change?"),
    ),
    hints=("Look at the name.", "Multiply.", "factor * q"),
)


@pytest.fixture
def registered(monkeypatch, tmp_path):
    """The exercise among the course's, and a progress file of its own."""
    monkeypatch.setattr(session, "find_exercise", lambda name: {"99-1": EXERCISE}[name])
    monkeypatch.setattr(session, "SESSION", session.Session())
    monkeypatch.setenv("RLFT_PROGRESS", str(tmp_path / "progress.json"))
    return tmp_path / "progress.json"


def test_a_failure_shows_shape_inputs_expected_got_and_the_hint():
    verdict = judge(EXERCISE, lambda q, factor: factor + q)
    assert (verdict.status, verdict.misconception) == ("failed", "adds")
    assert verdict.passed == ()
    failure = verdict.failure
    assert failure.case == "one value"
    assert failure.inputs == (("q", "(1,) [3]"), ("factor", "2"))
    assert (failure.expected, failure.got) == ("(1,) [6]", "(1,) [5]")
    text = to_text(verdict)
    parts = ("0 of 3 cases", "one value", "(1,) [3]", "(1,) [6]", "(1,) [5]", "What does doubling")
    for part in parts:
        assert part in text
        assert part in to_html(verdict)


def test_what_the_learner_wrote_is_escaped_in_html():
    html = to_html(judge(EXERCISE, lambda q, factor: "<script>alert(1)</script>"))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_a_mixture_of_two_mistakes_is_recognised_by_the_first_that_shows():
    verdict = judge(EXERCISE, lambda q, factor: q + factor if len(q) == 1 else q * q)
    assert (verdict.passed, verdict.misconception) == ((), "adds")


def test_an_accidental_agreement_in_one_case_is_no_recognition():
    # "adds" agrees in the first case, but would fail the second, which this answer passes.
    verdict = judge(EXERCISE, lambda q, factor: factor * q if len(q) == 2 else q + factor)
    assert verdict.passed == ("two values",)
    assert (verdict.misconception, verdict.hint) == ("", "")


def test_an_unknown_mistake_gets_no_invented_hint():
    verdict = judge(EXERCISE, lambda q, factor: 7.25 * q - 1)
    assert (verdict.status, verdict.misconception, verdict.hint) == ("failed", "", "")
    assert 'rlft.hint("99-1")' in to_text(verdict)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda q, factor: (factor * q)[None], "the shape is (1, 1), expected (1,)"),
        (lambda q, factor: (factor * q).tolist(), "it is a list of 1, expected a tensor"),
        (lambda q, factor: (factor * q).numpy(), "it is an array of shape (1,), expected a tensor"),
        (lambda q, factor: q * float("nan"), "NaN stands in 1 of 1 places"),
        (lambda q, factor: 1 / 0, "it raised ZeroDivisionError: division by zero, in line"),
        (lambda q: q, "its parameters are (q), expected (q, factor)"),
        (lambda: 0, "its parameters are (), expected (q, factor)"),
        (torch.tensor(3.0), "not a function"),
        (double(torch.ones(1), 2.0), "Give the function itself, without brackets"),
    ],
)
def test_the_problem_is_said_in_words(answer, said):
    assert said in judge(EXERCISE, answer).failure.problem


def test_other_spellings_of_the_right_numbers_pass():
    for answer in (
        lambda q, factor=2.0: q.double() * factor,
        lambda q, factor: torch.from_numpy(np.asarray(q) * factor),
        lambda **given: given["q"] * given["factor"],
    ):
        assert judge(EXERCISE, answer).status == "passed"


def test_a_forgotten_return_and_a_constant_are_named():
    assert judge(EXERCISE, lambda q, factor: None).hint == NOTHING
    same_shape = replace(EXERCISE, cases=(case("one", 3.0), case("another", 4.0)))
    assert judge(same_shape, lambda q, factor: torch.tensor([1.5])).hint == CONSTANT


def test_an_answer_that_changes_its_input_is_told_so_even_if_its_value_is_right():
    verdict = judge(EXERCISE, lambda q, factor: q.mul_(factor))
    assert verdict.status == "failed"
    assert "changed its argument `q`" in verdict.failure.problem
    assert judge(EXERCISE, double).status == "passed"  # the cases themselves are as they were


def bodies():
    """The threads of answers that are still running."""
    return [thread for thread in threading.enumerate() if thread.name.endswith("(body)")]


@pytest.mark.parametrize("seconds", [0, 0.001])  # it computes, or it waits
def test_an_endless_loop_is_stopped_and_the_other_cases_are_not_run(seconds):
    def endless(q, factor):
        while True:
            try:
                time.sleep(seconds)
            except Exception:
                continue

    # Short, as no answer that may pass runs under this limit.
    seen = observe(replace(EXERCISE, seconds=0.2), endless)
    assert [one.kind for one in seen] == ["too slow", "not run", "not run"]
    deadline = time.monotonic() + 300  # other threads, such as a progress bar's, may stay
    while (left := bodies()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def test_a_limit_leaves_values_and_errors_as_they_are():
    assert run_limited(lambda: 7, 5) == 7
    with pytest.raises(SystemExit):
        run_limited(lambda: exit(3), 5)
    with pytest.raises(TimeoutError, match=r"0\.1 seconds"):
        run_limited(lambda: time.sleep(3), 0.1)


def test_a_busy_machine_makes_no_answer_endless():
    # Waiting for longer than one may compute, as a process does that is given no core.
    assert run_limited(lambda: time.sleep(1.5) or 7, 1) == 7


def test_the_notebooks_random_numbers_go_on_as_before():
    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    judge(EXERCISE, lambda q, factor: q + torch.rand(()))
    assert torch.equal(torch.rand(2), expected)


def test_check_shows_counts_and_never_raises(registered, capsys):
    for answer in (double, adds, None, 1 / 3):
        rlft.check("99-1", answer)
    shown = capsys.readouterr().out
    assert "✓ Exercise 99-1 · Twice: passed, all 3 cases" in shown
    assert "✗ Exercise 99-1 · Twice: not yet right" in shown
    assert '"attempts": 4' in registered.read_text()


def test_a_stub_is_not_a_mistake(registered, capsys):
    def stub(q, factor):
        raise NotImplementedError("yours to write")

    rlft.check("99-1", stub)
    assert "○ Exercise 99-1 · Twice: not started" in capsys.readouterr().out
    assert not registered.exists()


def test_an_unknown_exercise_is_said_not_raised(capsys):
    for call in (
        lambda: rlft.check("1-1", double),
        lambda: rlft.check(double, "01-1"),
        lambda: rlft.check(["01-1"], double),
        lambda: rlft.hint("98-7"),
    ):
        call()
        assert "Unknown exercise" in capsys.readouterr().out


def test_strict_mode_raises_what_does_not_pass(registered, monkeypatch):
    monkeypatch.setenv("RLFT_STRICT", "1")
    rlft.check("99-1", double)
    with pytest.raises(AssertionError, match="99-1 · Twice: not yet right, 0 of 3"):
        rlft.check("99-1", adds)


def test_working_is_the_learners_version_only_while_it_passes(registered, capsys):
    def mine(q, factor):
        return q * factor

    assert rlft.working("99-1") is double
    assert "your `double` has not passed here yet, so this uses the reference" in said(capsys)
    rlft.check("99-1", mine)
    said(capsys)
    assert rlft.working("99-1") is mine
    assert "this uses your own `double`" in said(capsys)
    rlft.check("99-1", adds)
    assert rlft.working("99-1") is double


def said(capsys) -> str:
    return capsys.readouterr().out


def test_hints_come_one_after_the_other_and_all_of_them_stay(registered, capsys):
    for number, text in ((1, "Look at the name."), (2, "Multiply."), (3, "factor * q"), (3, "q")):
        rlft.hint("99-1")
        shown = said(capsys)
        assert f"Hint {number} of 3 for 99-1: {text}" in shown or number == 3
        assert [f"Hint {i} of 3" in shown for i in (1, 2, 3)] == [i <= number for i in (1, 2, 3)]
        assert ("solutions" in shown) == (number == 3)


def test_a_progress_file_that_cannot_be_written_stops_nothing(registered, monkeypatch, capsys):
    blocked = registered.parent / "file"
    blocked.write_text("")
    monkeypatch.setenv("RLFT_PROGRESS", str(blocked / "progress.json"))
    rlft.check("99-1", double)
    shown = said(capsys)
    assert "passed, all 3 cases" in shown
    assert "Your progress is not kept" in shown


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "3-2"}, "id='3-2'.*lesson and number.*'03-2'"),
        ({"cases": EXERCISE.cases[:1]}, "cases=1.*2 or more.*99-1"),
        ({"misconceptions": EXERCISE.misconceptions[:2]}, "misconceptions=2.*3 or more.*99-1"),
        ({"hints": EXERCISE.hints[:2]}, "hints=2.*3 or more.*99-1"),
        ({"cases": EXERCISE.cases[:1] * 2}, "a name twice"),
    ],
)
def test_an_exercise_that_lacks_something_is_refused(changes, said):
    with pytest.raises(InputError, match=said):
        replace(EXERCISE, **changes)
