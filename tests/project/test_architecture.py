"""The library's shape: imports run one way, files stay small, methods differ by their data only."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rlft.algorithms import ALGORITHMS
from rlft.core.files import PACKAGE
from rlft.recipes import RECIPES

LIBRARY = PACKAGE
FILES = sorted(LIBRARY.rglob("*.py"))
# Left to right: a part imports from those before it and from itself, never from those after it.
ORDER = (
    "core",
    "nets",
    "envs",
    "data",
    "algorithms",
    "evaluate",
    "report",
    "acting",
    "recipes",
    "finetune",
    "results",
    "show",
    "experiments",
    "course",
    "grading",
    "__init__",
    "__main__",
)
FOR_PICTURES = {"matplotlib", "mpl_toolkits", "ipywidgets", "IPython"}
# Graded notebooks run in IPython, without a kernel: their process may have no network.
MAY_IMPORT = {
    "grading/process/notebook.py": {"IPython"},
    "course/notebook/messages.py": {"IPython"},
    "course/notebook/quiz.py": {"IPython", "ipywidgets"},
}
LONGEST = 300  # lines; a longer file holds two ideas


def part_of(path: Path) -> str:
    """The part of the library that a file belongs to: a package's or a module's name."""
    return path.relative_to(LIBRARY).with_suffix("").parts[0]


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative imports hide the direction"
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def name(path: Path) -> str:
    return path.relative_to(LIBRARY).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_run_from_left_to_right(path: Path) -> None:
    own = ORDER.index(part_of(path))
    wrong = []
    for line, imported in imports_of(path):
        package, *inner = imported.split(".")
        if package == "rlft":
            part = inner[0] if inner and inner[0] in ORDER else "__init__"
            if ORDER.index(part) > own:
                wrong.append(f"line {line}: {imported}")
    assert wrong == []


@pytest.mark.parametrize("path", [p for p in FILES if part_of(p) != "show"], ids=name)
def test_only_show_imports_what_draws(path: Path) -> None:
    refused = FOR_PICTURES - MAY_IMPORT.get(name(path), set())
    drawing = [(i, n) for i, n in imports_of(path) if n.split(".")[0] in refused]
    assert drawing == []


def test_importing_the_library_draws_nothing_and_takes_one_thread(tmp_path: Path) -> None:
    code = (
        "import sys, torch, rlft, rlft.__main__;"
        f"print(sorted({FOR_PICTURES!r} & sys.modules.keys()), torch.get_num_threads());"
        "rlft.plot_curves; print('matplotlib' in sys.modules)"
    )
    environment = {"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": str(LIBRARY.parent)}
    printed = subprocess.run(
        [sys.executable, "-c", code], env=environment, text=True, capture_output=True, check=True
    ).stdout
    assert printed.splitlines() == ["[] 1", "True"]


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_file_is_longer_than_two_ideas_would_be(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def comparisons_with_methods(tree: ast.AST) -> Iterator[int]:
    """Lines that compare something with a method's name, or a recipe's name with something."""
    methods = {*RECIPES, *ALGORITHMS}

    def tells(node: ast.expr) -> bool:
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            return any(tells(item) for item in node.elts)
        if isinstance(node, ast.Attribute) and node.attr == "name":
            return any(word in ast.unparse(node.value) for word in ("recipe", "prior", "algorithm"))
        return isinstance(node, ast.Constant) and node.value in methods

    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(map(tells, [node.left, *node.comparators])):
            yield node.lineno
        if isinstance(node, ast.MatchValue) and tells(node.value):
            yield node.value.lineno


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_code_asks_which_method_it_runs(path: Path) -> None:
    assert list(comparisons_with_methods(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "code",
    [
        "if method == 'sac': pass",
        "if 'iql' != kind: pass",
        "if kind in ('other', 'cql-retain'): pass",
        "if run.recipe.name == chosen: pass",
        "match kind:\n    case 'bc': pass",
    ],
)
def test_such_code_would_be_found(code: str) -> None:
    assert list(comparisons_with_methods(ast.parse(code)))
