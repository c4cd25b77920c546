"""From `solutions/`, the one source, to `exercises/`: the same notebooks without the answers.

In a code cell, inside a function, the answer stands between two markers:

    def td_target(rewards, terminations, next_values, gamma):
        # BEGIN SOLUTION
        # Your turn: bootstrap unless the task ended.
        return rewards + gamma * (1 - terminations) * next_values
        # END SOLUTION

The comment right below the first marker is the prompt. It stays, followed by a
`raise NotImplementedError`, which a check takes for "not started". In a Markdown cell the markers
are `<!-- BEGIN SOLUTION -->` and `<!-- END SOLUTION -->`; what they enclose goes, and so does a
cell of which nothing is left.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlft.core.errors import InputError
from rlft.core.files import write_atomically
from rlft.course.exercise import Exercise

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
MARKER = re.compile(r"^(?P<indent>\s*)(?:#|<!--) *(?P<word>BEGIN|END) SOLUTION *(?:-->)?\s*$")
NEARLY = re.compile(r"(BEGIN|END)[ _-]*SOLUTION", re.IGNORECASE)
HEADING = re.compile(r"^## (?P<id>\d\d-\d) · (?P<title>.+)$", re.MULTILINE)
OBJECTIVE = re.compile(r"\*\*You can then:?\*\*:? *\S")
TIME = re.compile(r"\*\*Time:?\*\*:? *(?P<minutes>\d+) minutes")
DIFFICULTY = re.compile(r"\*\*Difficulty:?\*\*:? *[123] of 3")
TRIVIAL = 12  # characters; a shorter line, such as `return q`, may stand anywhere

Notebook = dict[str, Any]


def build(solutions: Path, exercises: Path, catalogue: Mapping[str, Exercise]) -> list[Path]:
    """Writes the exercise notebook of every solution notebook; none if one of them is wrong.

    Args:
        solutions: folder of the sources.
        exercises: folder of what is made.
        catalogue: exercise id to exercise.

    Returns:
        The files whose content changed.

    Raises:
        InputError: see `strip`; or an exercise of the catalogue that stands in no notebook.
    """
    sources = sorted(solutions.glob("*.ipynb"))
    if not sources:
        raise InputError(f"No notebooks in {str(solutions)!r}: run this in the course's folder.")
    made, found = {}, set()
    for source in sources:
        notebook = json.loads(source.read_text(encoding="utf-8"))
        stripped = strip(notebook, source.name, catalogue)
        headings = (HEADING.search("".join(cell["source"])) for cell in stripped["cells"])
        found |= {match["id"] for match in headings if match}
        made[exercises / source.name] = as_text(stripped)
    if missing := set(catalogue) - found:
        raise InputError(f"No notebook has the exercises {sorted(missing)}: add their cells.")
    changed = [
        path for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text
    ]
    for path in changed:
        write_atomically(
            path, lambda temporary, text=made[path]: temporary.write_text(text, "utf-8")
        )
    return changed


def strip(notebook: Notebook, name: str, catalogue: Mapping[str, Exercise]) -> Notebook:
    """The exercise notebook of one solution notebook.

    Args:
        notebook: its content.
        name: its file's name, for errors.
        catalogue: exercise id to exercise.

    Returns:
        A new notebook: no answers, no outputs, the same cell ids.

    Raises:
        InputError: markers that do not pair, stand outside of a function or have no prompt; an
            exercise without objective, time, difficulty, check, hint or stub; an unknown id; a
            line of an answer that also stands outside of the markers. Names notebook and cell.
    """
    made = copy.deepcopy(notebook)
    answers: list[str] = []
    cells = []
    for index, cell in enumerate(made["cells"]):
        if "id" not in cell:
            raise InputError(f"{name}, cell {index}: it has no id; save it with a newer Jupyter.")
        where = f"{name}, cell {cell['id']!r}"
        text, removed = _without_answers("".join(cell["source"]), cell["cell_type"], where)
        answers += removed if cell["cell_type"] == "code" else []
        cell["source"] = text.splitlines(keepends=True)
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
        if text.strip():
            cells.append(cell)
    made["cells"] = cells
    _check_exercises(made, name, catalogue)
    _check_leaks(made, name, answers)
    return made


def as_text(notebook: Notebook) -> str:
    """A notebook as its file's text."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _without_answers(text: str, kind: str, where: str) -> tuple[str, list[str]]:
    """The text without what the markers enclose, and the lines that they enclosed."""
    kept: list[str] = []
    removed: list[str] = []
    opened: int | None = None
    in_prompt = False
    for number, line in enumerate(text.splitlines(), start=1):
        found = MARKER.match(line)
        at = f"{where}, line {number}"
        if found is None and NEARLY.search(line):
            raise InputError(f"{at}: {line.strip()!r} is not quite a marker; write # {BEGIN}.")
        if found and found["word"] == "BEGIN":
            if opened is not None:
                raise InputError(f"{at}: {BEGIN} again, the one of line {opened} is still open.")
            if kind == "code" and not found["indent"]:
                raise InputError(
                    f"{at}: {BEGIN} stands outside of a function, where a stub would stop the "
                    "notebook. Move the answer into a function."
                )
            opened, in_prompt, indent, prompts = number, True, found["indent"], len(kept)
        elif found:
            if opened is None:
                raise InputError(f"{at}: {END} without a {BEGIN} above it.")
            if kind == "code":
                if len(kept) == prompts:
                    raise InputError(
                        f"{at}: the answer has no prompt. Put a comment right below {BEGIN}."
                    )
                kept.append(f'{indent}raise NotImplementedError("yours to write")')
            opened = None
        elif opened is None or (in_prompt and kind == "code" and line.strip().startswith("#")):
            kept.append(line)
        else:
            in_prompt = False
            removed.append(line.strip())
    if opened is not None:
        raise InputError(f"{where}: the {BEGIN} of line {opened} is never closed by {END}.")
    return "\n".join(kept), removed


def _check_exercises(made: Notebook, name: str, catalogue: Mapping[str, Exercise]) -> None:
    """Each heading has what belongs to an exercise, before the next heading."""
    texts = ["".join(cell["source"]) for cell in made["cells"]]
    starts = [(i, found) for i, text in enumerate(texts) if (found := HEADING.search(text))]
    if not starts:
        raise InputError(f"{name} has no exercise: no cell with a heading like '## 03-2 · Title'.")
    for (start, found), (end, _) in zip(starts, starts[1:] + [(len(texts), None)], strict=True):
        exercise_id, title = found["id"], found["title"].strip()
        if exercise_id not in catalogue:
            raise InputError(f"{name}: exercise {exercise_id} has no file in rlft/course/lessons.")
        if title != catalogue[exercise_id].title:
            raise InputError(
                f"{name}: exercise {exercise_id} is called {title!r} here and "
                f"{catalogue[exercise_id].title!r} in its file: make them equal."
            )
        code = "\n".join(
            texts[i] for i in range(start, end) if made["cells"][i]["cell_type"] == "code"
        )
        needed = {
            "an objective, '**You can then:** ...'": OBJECTIVE.search(texts[start]),
            "a time, '**Time:** 10 minutes'": TIME.search(texts[start]),
            "a difficulty, '**Difficulty:** 2 of 3'": DIFFICULTY.search(texts[start]),
            f"a stub, def {catalogue[exercise_id].name}": f"def {catalogue[exercise_id].name}("
            in code
            and "NotImplementedError" in code,
            f'a check, rlft.check("{exercise_id}", ...)': f'rlft.check("{exercise_id}"' in code,
            f'a hint, # rlft.hint("{exercise_id}")': f'rlft.hint("{exercise_id}")' in code,
        }
        missing = [what for what, there in needed.items() if not there]
        if missing:
            raise InputError(f"{name}: exercise {exercise_id} lacks {' and '.join(missing)}.")


def _check_leaks(made: Notebook, name: str, answers: list[str]) -> None:
    """No line of an answer stands in what learners get."""
    left = {
        line.strip(): cell for cell in made["cells"] for line in "".join(cell["source"]).split("\n")
    }
    for line in answers:
        if len(line) >= TRIVIAL and line in left:
            raise InputError(
                f"{name}, cell {left[line]['id']!r}: {line!r} is a line of an answer and stands "
                "outside of the markers, so learners would see it. Reword one of them."
            )
