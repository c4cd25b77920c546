"""Quizzes: three questions a lesson, answered at once and with reasons, widgets or not."""

from __future__ import annotations

import json

import ipywidgets
import pytest

import rlft
from rlft.core.errors import InputError
from rlft.core.files import PACKAGE
from rlft.course.catalogue import all_quizzes
from rlft.course.notebook.progress import own_progress
from rlft.course.notebook.quiz import quiz_html, quiz_widget
from rlft.course.question import Option, Question, quiz_text, reply_to

ROOT = PACKAGE.parent
QUIZ = (
    Question("Is `a < b`?", (Option("yes", "It is.", right=True), Option("no", "Look again."))),
    Question("And <b>?", (Option("x", "Too small."), Option("y", "Just so.", right=True))),
)
LESSONS = sorted(path.name[:2] for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
# The questions that the course's source documents ask, by words that cannot be missed.
ASKED = {
    "01": ["out-of-distribution error more dangerous in offline RL than in supervised learning"],
    "02": ["InAC", "underestimates"],
    "03": ["interaction with the environment"],
    "06": ["bad for online fine-tuning", "risky"],
}


@pytest.fixture(autouse=True)
def own_file(monkeypatch, tmp_path):
    monkeypatch.setenv("RLFT_PROGRESS", str(tmp_path / "progress.json"))


def test_every_lesson_has_three_questions():
    assert sorted(all_quizzes()) == LESSONS
    for lesson, questions in all_quizzes().items():
        assert len(questions) == 3, lesson


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_option_has_its_own_reason_and_the_right_one_is_not_always_first(lesson):
    questions = all_quizzes()[lesson]
    for question in questions:
        assert len(question.options) >= 3
        assert len({option.why for option in question.options}) == len(question.options)
    assert len({[o.right for o in q.options].index(True) for q in questions}) > 1


def test_the_longest_option_is_no_better_a_guess_than_any_other():
    questions = [question for quiz in all_quizzes().values() for question in quiz]
    longest = [max(question.options, key=lambda option: len(option.text)) for question in questions]
    assert sum(option.right for option in longest) <= len(questions) / 3


@pytest.mark.parametrize("lesson", ASKED)
def test_the_questions_of_the_sources_are_asked(lesson):
    text = " ".join(question.text for question in all_quizzes()[lesson])
    for words in ASKED[lesson]:
        assert words in text


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_lesson_shows_its_quiz(lesson):
    (path,) = (ROOT / "notebooks").glob(f"{lesson}_*.ipynb")
    cells = json.loads(path.read_text())["cells"]
    assert any(f'rlft.quiz("{lesson}")' in "".join(cell["source"]) for cell in cells)


def buttons_of(box: ipywidgets.VBox, question: int) -> list[ipywidgets.Button]:
    return [row.children[0] for row in box.children[question].children[1:-1]]


def test_a_button_answers_at_once_and_a_right_answer_is_told():
    answered = []
    box = quiz_widget(QUIZ, answered.append)
    reply = box.children[0].children[-1]
    wrong = buttons_of(box, 0)[1]
    wrong.click()
    assert "✗" in reply.value
    assert "Look again." in reply.value
    assert answered == []
    buttons_of(box, 0)[0].click()
    assert "✓" in reply.value
    buttons_of(box, 1)[1].click()
    assert answered == [1, 2]


def test_text_is_escaped_and_backticks_are_code():
    html = quiz_html(QUIZ)
    assert "<code>a &lt; b</code>" in html
    assert "And &lt;b&gt;?" in html
    assert html.count("<details>") == 4


def test_without_widgets_the_questions_are_text_and_letters_answer_them(capsys, monkeypatch):
    lesson = LESSONS[0]
    rlft.quiz(lesson)
    shown = capsys.readouterr().out
    for question in all_quizzes()[lesson]:
        assert question.text in shown
        assert all(option.text in shown for option in question.options)
        assert all(option.why not in shown for option in question.options)
    letters = "".join(
        "abcdef"[[option.right for option in question.options].index(True)]
        for question in all_quizzes()[lesson]
    )
    rlft.quiz(lesson, answers=letters[:2] + "-")
    assert capsys.readouterr().out.count("✓") == 2
    assert own_progress().quizzes == {lesson: [1, 2]}


def test_wrong_letters_are_said(capsys):
    assert reply_to(QUIZ, "b, b") == ("1b ✗ Not this one. Look again.\n2b ✓ Right. Just so.", [2])
    for answers, said in (("a", "'a'.*2 letters.*'bca'"), ("az", "'az'.*a, b or -.*'z'")):
        with pytest.raises(InputError, match=said):
            reply_to(QUIZ, answers)
    rlft.quiz("77")
    assert "Unknown quiz '77'" in capsys.readouterr().out


def test_the_text_says_how_to_answer():
    assert quiz_text(QUIZ, "05").endswith('rlft.quiz("05", answers="b-"), a letter for each.')


@pytest.mark.parametrize(
    "options",
    [
        (Option("a", "b", right=True),),
        (Option("a", "b"), Option("c", "d")),
        (Option("a", "b", right=True), Option("c", "d", right=True)),
        (Option("a", "", right=True), Option("c", "d")),
    ],
)
def test_a_question_without_one_right_answer_or_a_reason_is_refused(options):
    with pytest.raises(InputError, match="Why"):
        Question("Why", options)
