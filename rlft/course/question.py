"""Questions with one right option, each option with its reason; answers in letters, and as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rlft.core.checks import refused
from rlft.core.errors import InputError

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
            raise InputError(f"The question {self.text!r} has an option without `why`: write one.")


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
        hint = "Give one for each question, as in 'bca', and - for one that you leave out."
        raise refused("answers", answers, f"{len(questions)} letters", hint)
    lines, right = [], []
    for number, (letter, question) in enumerate(zip(letters, questions, strict=True), start=1):
        if letter == "-":
            continue
        choices = LETTERS[: len(question.options)]
        if letter not in choices:
            expected = f"{', '.join(choices)} or - for question {number}"
            raise refused("answers", answers, expected, f"It has no option {letter!r}.")
        option = question.options[choices.index(letter)]
        lines.append(f"{number}{letter} {verdict_on(option)} {option.why}")
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


def verdict_on(option: Option) -> str:
    """What is said before an option's reason."""
    return "✓ Right." if option.right else "✗ Not this one."
