"""Questions with a button for each option: what is pressed is answered at once, with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import ipywidgets
from IPython.core.getipython import get_ipython
from IPython.display import display

from rlft.course.notebook.messages import coded
from rlft.course.question import LETTERS, Option, Question, quiz_text, verdict_on


def show_quiz(questions: Sequence[Question], name: str, answered: Callable[[int], None]) -> None:
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


def quiz_widget(questions: Sequence[Question], answered: Callable[[int], None]) -> ipywidgets.VBox:
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


def quiz_html(questions: Sequence[Question]) -> str:
    """The questions as HTML with the reasons folded away: for pages without a kernel."""
    parts = []
    for number, question in enumerate(questions, start=1):
        parts.append(f"<p><b>{number}. {coded(escape(question.text))}</b></p>")
        for letter, option in zip(LETTERS, question.options, strict=False):
            why = f"{verdict_on(option)} {coded(escape(option.why))}"
            parts.append(
                f"<details><summary>{letter}) {coded(escape(option.text))}</summary>{why}</details>"
            )
    return f'<div class="rlft-quiz">{"".join(parts)}</div>'


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
            f"<b>{letter}</b> {verdict_on(option)} {coded(escape(option.why))}</div>"
        )
        if option.right:
            right()

    button.on_click(press)
    text = f'<span style="line-height:1.4">{coded(escape(option.text))}</span>'
    return ipywidgets.HBox([button, ipywidgets.HTML(text)])
