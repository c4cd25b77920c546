"""From solutions to exercises: nothing of an answer is left, nothing that belongs is missing."""

from __future__ import annotations

import copy
import json

import pytest

from rlft.core.errors import InputError
from rlft.core.files import PACKAGE
from rlft.course.catalogue import all_exercises
from rlft.course.make.exercises import as_text, build, strip

ROOT = PACKAGE.parent
CATALOGUE = all_exercises()
TASK = (
    "## 01-1 · The Bellman target\n\n**You can then:** do it.\n\n"
    "**Time:** 8 minutes · **Difficulty:** 1 of 3\n"
)
ANSWER = """def td_target(rewards, gamma):
    # BEGIN SOLUTION
    # Your turn: one line.
    # It may be two.
    future = gamma * rewards.flip(0)
    return rewards + future  # no comment
    # END SOLUTION
"""
CHECK = 'rlft.check("01-1", td_target)\n# rlft.hint("01-1")\n'
WHY = "<!-- BEGIN SOLUTION -->\n**Why.** Because.\n<!-- END SOLUTION -->\n"


def cell(kind: str, name: str, source: str) -> dict:
    code = {"outputs": [{"output_type": "stream"}], "execution_count": 3} if kind == "code" else {}
    return {
        "cell_type": kind, "id": name, "metadata": {}, "source": source.splitlines(True), **code
    }  # fmt: skip


def notebook(**sources: str) -> dict:
    """A small solution notebook; a name given takes the place of that cell's text."""
    texts = {"task": TASK, "answer": ANSWER, "check": CHECK, "why": WHY} | sources
    kinds = {"task": "markdown", "why": "markdown"}
    cells = [cell(kinds.get(name, "code"), name, text) for name, text in texts.items()]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def made(**sources: str) -> dict:
    return strip(notebook(**sources), "01_x.ipynb", CATALOGUE)


def text_of(book: dict, name: str) -> str:
    return "".join(next(cell["source"] for cell in book["cells"] if cell["id"] == name))


def test_the_answer_becomes_its_prompt_and_a_stub_that_a_check_understands():
    assert text_of(made(), "answer") == (
        "def td_target(rewards, gamma):\n"
        "    # Your turn: one line.\n"
        "    # It may be two.\n"
        '    raise NotImplementedError("yours to write")'
    )


def test_a_cell_that_was_all_solution_goes_and_the_ids_of_others_stay():
    assert [cell["id"] for cell in made()["cells"]] == ["task", "answer", "check"]


def test_outputs_go_and_the_source_is_not_touched():
    source = notebook()
    before = copy.deepcopy(source)
    stripped = strip(source, "01_x.ipynb", CATALOGUE)
    assert source == before
    for cell in stripped["cells"][1:]:
        assert (cell["outputs"], cell["execution_count"]) == ([], None)


def test_two_answers_in_one_cell_are_both_taken_out():
    text = text_of(made(answer=ANSWER + "\n\n" + ANSWER.replace("td_target", "other")), "answer")
    assert text.count("NotImplementedError") == 2
    assert "future" not in text


LINES = ANSWER.splitlines(keepends=True)
WRONG = {
    "never closed": ({"answer": "".join(LINES[:-1])}, "cell 'answer'.*line 2 is never closed"),
    "never opened": ({"answer": LINES[0] + "".join(LINES[2:])}, "END SOLUTION without a BEGIN"),
    "nested": ({"answer": "".join([*LINES[:2], *LINES[1:]])}, "the one of line 2 is still open"),
    "misspelt": ({"answer": ANSWER.replace("BEGIN SOLUTION", "begin_solution")}, "not quite a"),
    "no prompt": ({"answer": ANSWER.replace("    # Your turn: one line.\n", "").replace(
        "    # It may be two.\n", "")}, "no prompt"),
    "outside of a function": ({"answer": "# BEGIN SOLUTION\n# Do.\nx = 1\n# END SOLUTION\n"},
                              "outside of a function"),
    "markdown never closed": ({"why": "<!-- BEGIN SOLUTION -->\nBecause.\n"}, "never closed"),
    "no objective": ({"task": TASK.replace("**You can then:**", "You can")}, "an objective"),
    "no time": ({"task": TASK.replace("8 minutes", "a while")}, "a time"),
    "no difficulty": ({"task": TASK.replace("1 of 3", "easy")}, "a difficulty"),
    "no check": ({"check": '# rlft.hint("01-1")\n'}, r'a check, rlft.check\("01-1"'),
    "no hint": ({"check": 'rlft.check("01-1", td_target)\n'}, "a hint"),
    "no stub": ({"answer": "x = 1\n"}, "a stub, def td_target"),
    "another title": ({"task": TASK.replace("The Bellman", "Some")}, "'Some target' here"),
    "unknown id": ({"task": TASK.replace("01-1", "01-9")}, "exercise 01-9 has no file"),
    "no exercise": ({"task": "nothing"}, "has no exercise"),
    "a leak": ({"check": CHECK + "future = gamma * rewards.flip(0)\n"}, "is a line of an answer"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_with_notebook_and_place(name):
    sources, message = WRONG[name]
    with pytest.raises(InputError, match=message) as error:
        made(**sources)
    assert "01_x.ipynb" in str(error.value)


def test_a_cell_without_id_is_refused():
    book = notebook()
    del book["cells"][1]["id"]
    with pytest.raises(InputError, match="cell 1: it has no id"):
        strip(book, "01_x.ipynb", CATALOGUE)


def test_nothing_is_written_if_one_notebook_is_wrong(tmp_path):
    solutions = tmp_path / "solutions"
    solutions.mkdir()
    (solutions / "01_a.ipynb").write_text(as_text(notebook()))
    (solutions / "01_b.ipynb").write_text(as_text(notebook(check="")))
    with pytest.raises(InputError, match="01_b"):
        build(solutions, tmp_path / "exercises", CATALOGUE)
    assert not (tmp_path / "exercises").exists()


def test_a_folder_without_notebooks_is_an_error(tmp_path):
    with pytest.raises(InputError, match="No notebooks in"):
        build(tmp_path, tmp_path / "exercises", CATALOGUE)


def test_building_the_course_again_changes_nothing(tmp_path):
    build(ROOT / "solutions", tmp_path, CATALOGUE)
    names = sorted(path.name for path in (ROOT / "solutions").glob("*.ipynb"))
    assert sorted(path.name for path in (ROOT / "exercises").glob("*.ipynb")) == names
    for name in names:
        assert (tmp_path / name).read_text() == (ROOT / "exercises" / name).read_text(), (
            f"exercises/{name} is not what its solution gives: run python -m rlft course build"
        )
    assert build(ROOT / "solutions", tmp_path, CATALOGUE) == []


def test_lessons_solutions_and_exercises_share_their_names():
    lessons = {path.name for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}
    assert {path.name for path in (ROOT / "solutions").glob("*.ipynb")} <= lessons


def test_no_answer_stands_in_the_exercises():
    for path in sorted((ROOT / "solutions").glob("*.ipynb")):
        exercise = (ROOT / "exercises" / path.name).read_text()
        shared = {line.strip() for line in _lines(json.loads(exercise))}
        inside = False
        for line in _lines(json.loads(path.read_text())):
            if "BEGIN SOLUTION" in line:
                inside, in_prompt = True, True
            elif "END SOLUTION" in line:
                inside = False
            elif inside:
                in_prompt = in_prompt and line.strip().startswith("#")
                if not in_prompt and len(line.strip()) >= 12:
                    assert line.strip() not in shared, (path.name, line)
        assert "SOLUTION" not in exercise


def _lines(book: dict) -> list[str]:
    return [line for cell in book["cells"] for line in "".join(cell["source"]).splitlines()]


def test_an_exercise_that_no_notebook_has_is_named(tmp_path):
    (tmp_path / "01_a.ipynb").write_text(as_text(notebook()))
    with pytest.raises(InputError, match=r"No notebook has the exercises \['01-2', "):
        build(tmp_path, tmp_path / "exercises", CATALOGUE)
    assert not (tmp_path / "exercises").exists()
