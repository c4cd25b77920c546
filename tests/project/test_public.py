"""The public names: there, documented, used, known to type checkers; drawing only when asked."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import public_stub
import pytest
import torch

import rlft
from rlft import show
from rlft.core import compute
from rlft.core.errors import InputError
from rlft.core.files import PACKAGE

ROOT = PACKAGE.parent
NOTEBOOKS = sorted(p for name in ("notebooks", "solutions") for p in (ROOT / name).glob("*.ipynb"))
PROSE = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "docs" / "instructor_guide.md",
    ROOT / "docs" / "statistics.md",
    ROOT / "docs" / "own_data.md",
    ROOT / "docs" / "switchboard.md",
]


def cells(notebook: Path, kind: str) -> list[str]:
    found = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == kind]


def code_of(path: Path) -> list[str]:
    """The cells of a notebook, or the Python blocks of a Markdown file."""
    if path.suffix == ".ipynb":
        return cells(path, "code")
    return re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)


TEXT = "\n".join(
    [path.read_text(encoding="utf-8") for path in PROSE]
    + [cell for path in NOTEBOOKS for kind in ("code", "markdown") for cell in cells(path, kind)]
)


@pytest.mark.parametrize("name", rlft.__all__)
def test_every_public_name_exists_and_is_documented(name: str) -> None:
    value = getattr(rlft, name)
    assert not isinstance(value, ModuleType)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert value.__module__.startswith("rlft.")
        assert inspect.getdoc(value)


def test_names_are_given_once_and_nothing_else_is_public() -> None:
    assert len(set(rlft.__all__)) == len(rlft.__all__)
    stray = {
        name
        for name, value in vars(rlft).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert stray - set(rlft.__all__) <= {"annotations", "keep_memory", "set_threads"}


def test_what_draws_is_found_when_it_is_used() -> None:
    assert rlft.plot_curves is show.plot_curves
    assert rlft.show is show
    assert {"plot_curves", "show", "finetune"} <= set(dir(rlft))


@pytest.mark.parametrize("name", rlft.__all__)
def test_every_public_name_is_used_where_people_read(name: str) -> None:
    home = rlft._HOMES[name]
    assert re.search(rf"\brlft\.{name}\b", TEXT), (
        f"No lesson, solution or page says rlft.{name}: take it out of rlft/__init__.py, it is in "
        f"{home} already."
    )


def reached(code: str) -> Iterator[tuple[str, str]]:
    """Module and name of whatever a piece of code takes from the library."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "rlft":
            yield from ((str(node.module), alias.name) for alias in node.names)
        if isinstance(node, ast.Import):
            yield from ((a.name, "") for a in node.names if a.name.startswith("rlft."))
        if isinstance(node, ast.Attribute):
            module, _, name = ast.unparse(node).rpartition(".")
            ours = {"rlft", *(f"rlft.{package}" for package in rlft._PACKAGES)}
            if module in ours and not name.startswith("__"):  # __file__ is Python's
                yield module, name


def is_public(module: str, name: str) -> bool:
    """Whether a package hands the name on, as `rlft` does its packages."""
    found = importlib.import_module(module)
    return name in getattr(found, "__all__", ()) or (module == "rlft" and name in rlft._PACKAGES)


@pytest.mark.parametrize("path", [*NOTEBOOKS, *PROSE], ids=lambda path: str(path.relative_to(ROOT)))
def test_lessons_take_nothing_from_inside(path: Path) -> None:
    taken = {pair for code in code_of(path) for pair in reached(code)}
    inside = [f"{m}.{n}" for m, n in sorted(taken) if not is_public(m, n)]
    assert inside == [], "give these to the package's __init__, or use what is there"
    assert re.findall(r"\.(?:_[a-z]\w*|packed)\b", "\n".join(code_of(path))) == []


@pytest.mark.parametrize(
    "code",
    [
        "from rlft.acting.rules import Policies",
        "import rlft.acting.rules",
        "rlft.acting.rules",
        "from rlft.data import pack_transitions",
        "rlft.show.plot_nothing()",
        "rlft.plot_map",
    ],
)
def test_such_code_would_be_found(code: str) -> None:
    assert not all(is_public(*pair) for pair in reached(code)) and list(reached(code))


def test_type_checkers_read_the_same_names() -> None:
    assert public_stub.STUB.read_text(encoding="utf-8") == public_stub.stub(), "run make format"


def test_pyright_knows_what_the_calls_give(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import rlft\n"
        'data = rlft.load_dataset("rlft/maze/detour-medium-v0")\n'
        'run = rlft.finetune(rlft.pretrain("cql", data), "wsrl")\n'
        "reveal_type(run)\n"
        "reveal_type(rlft.plot_curves([run]))\n"
        "reveal_type(rlft.show.plot_dataset(data))\n"
        'reveal_type(rlft.hint("07-1"))\n'
        "rlft.plot_curve\n"
    )
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson"]
    done = subprocess.run([*command, str(program)], cwd=ROOT, text=True, capture_output=True)
    told = json.loads(done.stdout)["generalDiagnostics"]
    types = [m["message"].split(" is ")[1] for m in told if m["severity"] == "information"]
    assert types == ['"Run"', '"Figure"', '"CourseFigure"', '"None"']
    (error,) = [m["message"] for m in told if m["severity"] == "error"]
    assert error == '"plot_curve" is not a known attribute of module "rlft"'


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'rlft' has no attribute 'plot_curve'"):
        rlft.plot_curve  # type: ignore[attr-defined]  # noqa: B018


def test_the_packages_behind_two_functions_can_still_be_imported_from() -> None:
    from rlft.evaluate import evaluate
    from rlft.finetune import finetune

    assert (evaluate, finetune) == (rlft.evaluate, rlft.finetune)


# --- threads and devices -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, [1]),
        ({"OMP_NUM_THREADS": "3"}, []),  # PyTorch's own default reads it
        ({"RLFT_THREADS": "2"}, [2]),
        ({"RLFT_THREADS": "2", "OMP_NUM_THREADS": "3"}, [2]),
        ({"RLFT_THREADS": "", "OMP_NUM_THREADS": ""}, [1]),
    ],
)
def test_threads_are_one_unless_the_environment_says_otherwise(
    environment: dict[str, str], expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RLFT_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    told: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", told.append)
    compute.set_threads()
    assert told == expected


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_an_impossible_number_of_threads_is_refused(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RLFT_THREADS", value)
    with pytest.raises(InputError, match=f"RLFT_THREADS='{value}'.*1 or more.*Unset"):
        compute.set_threads()


# Takes and gives back 32 MiB a hundred times, and prints the page faults of each time.
FAULTS = """
import resource, rlft, torch
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
torch.ones(2**23)
before = faults()
for _ in range(100):
    torch.ones(2**23)
print((faults() - before) / 100)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told so")
@pytest.mark.parametrize(
    ("environment", "kept"), [({}, True), ({"MALLOC_TRIM_THRESHOLD_": "131072"}, False)]
)
def test_memory_is_kept_unless_the_environment_says_otherwise(
    environment: dict[str, str], kept: bool
) -> None:
    others = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    command = [sys.executable, "-c", FAULTS]
    ended = subprocess.run(
        command, env={**others, **environment}, capture_output=True, text=True, check=True
    )
    assert (float(ended.stdout) < 100) == kept, ended.stdout  # 8,192 pages, each time anew or not


def test_a_device_is_found_or_refused() -> None:
    assert compute.find_device("cpu") == compute.find_device(torch.device("cpu"))
    with pytest.raises(InputError, match=r"'gpu' cannot be used here \(Expected one of cpu.*Use"):
        compute.find_device("gpu")
    with pytest.raises(InputError, match="'cuda:99' cannot be used here"):
        compute.find_device("cuda:99")
