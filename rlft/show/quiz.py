"""Questions with a button for each option: what is pressed is answered at once, with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import ipywidgets
from IPython.core.getipython import get_ipython
from IPython.display import display

from rlft.core.errors import InputError
from rlft.show.messages import coded

LETTERS = "abcdef"


@dataclass(frozen=True)
class Option:
    """One answer to choose.

    Attributes:
        text: of the button; what `backticks` enclose is code.
        why: shown when it is chosen: why it is right, or why it is not.
        right: whether it is the answer.
    """

    text: str
    why: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """A question with one right option.

    Attributes:
        text: what is asked; what `backticks` enclose is code.
        options: two to six, one of them right.

    Raises:
        InputError: another number of options or of right ones, or one without a reason.
    """

    text: str
    options: tuple[Option, ...]

    def __post_init__(self) -> None:
        right = sum(option.right for option in self.options)
        if not 2 <= len(self.options) <= len(LETTERS) or right != 1:
            raise InputError(
                f"The question {self.text!r} has {len(self.options)} options, {right} of them "
                f"right: expected two to {len(LETTERS)}, one of them right."
            )
        if not all(option.why for option in self.options):
            raise InputError(f"The question {self.text!r} has an option without its `why`.")


def show_quiz(
    questions: Sequence[Question], name: str, answered: Callable[[int], None] = lambda number: None
) -> None:
    """Shows questions: buttons where there are widgets, else folded reasons, else plain text.

    The three forms are one output, of which each reader takes the best that it can show.

    Args:
        questions: in their order.
        name: what `rlft.quiz` is called with, as in ``"03"``.
        answered: called with a question's number, from 1, when it is answered right.
    """
    text = quiz_text(questions, name)
    if get_ipython() is None:
        print(text)
        return
    widget = quiz_widget(questions, answered)
    forms = {"text/plain": text, "text/html": quiz_html(questions)}
    display({**(widget._repr_mimebundle_() or {}), **forms}, raw=True)


def quiz_widget(
    questions: Sequence[Question], answered: Callable[[int], None] = lambda number: None
) -> ipywidgets.VBox:
    """The questions with their buttons.

    Args:
        questions: in their order.
        answered: called with a question's number, from 1, when it is answered right.

    Returns:
        A box with one box for each question: its text, its buttons, and the place of the reason.
    """
    boxes = []
    for number, question in enumerate(questions, start=1):
        reply = ipywidgets.HTML()
        choices = [
            _choice(letter, option, lambda n=number: answered(n), reply)
            for letter, option in zip(LETTERS, question.options, strict=False)
        ]
        asked = coded(escape(question.text))
        text = ipywidgets.HTML(f'<b style="line-height:1.4">{number}. {asked}</b>')
        boxes.append(ipywidgets.VBox([text, *choices, reply]))
    return ipywidgets.VBox(boxes)


def reply_to(questions: Sequence[Question], answers: str) -> tuple[str, list[int]]:
    """Answers in letters, one for each question.

    Args:
        questions: in their order.
        answers: as in ``"bca"``; blanks and commas are overlooked, ``-`` leaves a question out.

    Returns:
        What to say, and the numbers of the questions that were answered right.

    Raises:
        InputError: another number of letters, or a letter that is no option.
    """
    letters = [letter for letter in answers.lower() if letter not in " ,"]
    if len(letters) != len(questions):
        raise InputError(
            f"answers={answers!r} holds {len(letters)} letters, expected {len(questions)}: one for "
            "each question, as in 'bca', and - for one that you leave out."
        )
    lines, right = [], []
    for number, (letter, question) in enumerate(zip(letters, questions, strict=True), start=1):
        if letter == "-":
            continue
        choices = LETTERS[: len(question.options)]
        if letter not in choices:
            raise InputError(
                f"answers={answers!r}: question {number} has the options {', '.join(choices)}, "
                f"not {letter!r}."
            )
        option = question.options[choices.index(letter)]
        lines.append(f"{number}{letter} {_sign(option)} {option.why}")
        right += [number] if option.right else []
    return "\n".join(lines), right


def quiz_text(questions: Sequence[Question], name: str) -> str:
    """The questions as text."""
    lines = []
    for number, question in enumerate(questions, start=1):
        lines.append(f"{number}. {question.text}")
        options = zip(LETTERS, question.options, strict=False)
        lines += [f"   {letter}) {option.text}" for letter, option in options]
    example = "-" * (len(questions) - 1)
    lines.append(f'Answer with rlft.quiz("{name}", answers="b{example}"), a letter for each.')
    return "\n".join(lines)


def quiz_html(questions: Sequence[Question]) -> str:
    """The questions as HTML with the reasons folded away: for pages without a kernel."""
    parts = []
    for number, question in enumerate(questions, start=1):
        parts.append(f"<p><b>{number}. {coded(escape(question.text))}</b></p>")
        for letter, option in zip(LETTERS, question.options, strict=False):
            why = f"{_sign(option)} {coded(escape(option.why))}"
            parts.append(
                f"<details><summary>{letter}) {coded(escape(option.text))}</summary>{why}</details>"
            )
    return f'<div class="rlft-quiz">{"".join(parts)}</div>'


def _sign(option: Option) -> str:
    return "✓ Right." if option.right else "✗ Not this one."


def _choice(
    letter: str, option: Option, right: Callable[[], None], reply: ipywidgets.HTML
) -> ipywidgets.HBox:
    """A button beside its option's text; beside and not inside, as a button's text cannot wrap."""
    button = ipywidgets.Button(
        description=letter, tooltip=f"Answer {letter}", layout=ipywidgets.Layout(width="40px")
    )

    def press(_: ipywidgets.Button) -> None:
        colour = "#009E73" if option.right else "#D55E00"
        reply.value = (
            f'<div style="border-left:5px solid {colour};padding:2px 10px;line-height:1.4">'
            f"<b>{letter}</b> {_sign(option)} {coded(escape(option.why))}</div>"
        )
        if option.right:
            right()

    button.on_click(press)
    text = f'<span style="line-height:1.4">{coded(escape(option.text))}</span>'
    return ipywidgets.HBox([button, ipywidgets.HTML(text)])
