"""The project's files agree with one another, and Binder understands them."""

import os
import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from rlft.__main__ import main
from rlft.core.files import PACKAGE

ROOT = PACKAGE.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# conda-forge's name for PyTorch's build without CUDA.
PYPI_NAME = {"pytorch-cpu": "torch"}
COURSE = ("notebooks", "exercises", "solutions")
SOURCES = ("rlft", "budgets", "tests", *COURSE, "docs", "benchmarks", "studies", "parity", ".ci")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    *sorted(f"docs/{p.name}" for p in ROOT.glob("docs/*.md")),
)
EVERY_TEXT = "\n".join(map(text_of, DOCUMENTS))


def conda_requirements() -> list[str]:
    """The lines of environment.yml, those of its pip section included."""
    lines = yaml.safe_load(text_of("environment.yml"))["dependencies"]
    from_pip = next(line["pip"] for line in lines if isinstance(line, dict))
    return [line for line in lines if isinstance(line, str)] + from_pip


def make(target: str, *variables: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", target, *variables], cwd=cwd, text=True, capture_output=True)


# --- environments ----------------------------------------------------------------------------


def test_environment_yml_names_exactly_the_dependencies_of_pyproject():
    pinned = {}
    for line in conda_requirements():
        if not line.startswith("python=") and line != "pip":
            requirement = Requirement(line)
            name = PYPI_NAME.get(requirement.name, requirement.name)
            pinned[name] = (requirement.extras, requirement.specifier)
    wanted = {r.name: (r.extras, r.specifier) for r in map(Requirement, PYPROJECT["dependencies"])}
    assert pinned == wanted


def test_environment_yml_pins_one_python_that_pyproject_allows():
    # repo2docker takes a range for its own default, silently.
    (line,) = [line for line in conda_requirements() if line.startswith("python=")]
    version = re.fullmatch(r"python=(3\.\d+)", line)
    assert version, f"{line} is not exact"
    assert SpecifierSet(PYPROJECT["requires-python"]).contains(version[1])


def test_torch_is_capped():
    (torch,) = [line for line in PYPROJECT["dependencies"] if line.startswith("torch")]
    assert not Requirement(torch).specifier.contains("2.14")


def test_what_is_installed_fits_together():
    done = subprocess.run([sys.executable, "-m", "pip", "check"], text=True, capture_output=True)
    assert done.returncode == 0, done.stdout


def test_binder_renders_the_environment_and_both_scripts(tmp_path):
    # Renders the Dockerfile without building it. Only these files matter to it.
    for name in ("environment.yml", "postBuild", "start", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    done = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert "conda environment for python=3.11" in done.stderr
    for line in (
        'env update -p ${NB_PYTHON_PREFIX} --file "environment.yml"',
        "RUN ./postBuild",
        'ENV R2D_ENTRYPOINT="${REPO_DIR}/start"',
    ):
        assert line in done.stdout


def test_a_folder_named_binder_would_hide_environment_yml():
    assert not (ROOT / "binder").exists()
    assert not (ROOT / ".binder").exists()


# --- scripts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["postBuild", "start", ".ci/run"])
def test_scripts_are_executable_and_stop_at_the_first_error(name):
    assert os.access(ROOT / name, os.X_OK)
    # `start` has nothing that can fail before it hands over.
    assert "\nset -e\n" in text_of(name) or text_of(name).endswith('exec "$@"\n')


def test_start_hands_over_with_the_makefiles_settings():
    echo = "import os; print('OMP_NUM_THREADS', os.environ['OMP_NUM_THREADS'])"
    command = [ROOT / "start", sys.executable, "-c", echo]
    printed = subprocess.run(command, text=True, capture_output=True, check=True).stdout
    in_makefile = re.findall(r"^export (\w+) \?= (\d+)$", text_of("Makefile"), flags=re.MULTILINE)
    assert [tuple(line.split()) for line in printed.splitlines()] == in_makefile


def test_ci_runs_make_test_after_asking_for_what_the_system_has():
    commands = [line for line in text_of(".ci/run").splitlines() if not line.startswith("#")]
    system = "make system || echo 'Going on without what is missing.' >&2"
    cluster = "make cluster || echo 'Going on without Dask and Ray.' >&2"
    folder = 'cd "$(dirname "$0")/.."'
    assert commands == ["set -e", folder, system, cluster, "exec make test"]


@pytest.fixture
def pythons(tmp_path) -> tuple[Path, Path]:
    """Two stand-ins for Python, 3.10 and 3.11, that record their calls, beside the Makefile."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for name, minor in (("old", 10), ("new", 11)):
        check = f'exec {sys.executable} -c "import sys; sys.version_info = (3, {minor}); $2"'
        script = (
            f'#!/bin/sh\nif [ "$1" = -c ]; then {check}; fi\necho "$@" >> {tmp_path}/{name}.log\n'
        )
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    return tmp_path / "old", tmp_path / "new"


def test_make_says_which_python_it_needs(pythons):
    old, _ = pythons
    done = make("lab", f"CANDIDATES=no-such-python {old}", cwd=old.parent)
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
    assert not old.with_suffix(".log").exists()


def test_make_takes_the_first_python_that_is_new_enough(pythons):
    old, new = pythons
    make(".venv/bin/python", f"CANDIDATES={old} {new}", cwd=old.parent)
    assert not old.with_suffix(".log").exists()
    assert "-m venv .venv" in new.with_suffix(".log").read_text()


def test_a_second_make_installs_nothing(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for name in ("bin/python", ".ok", ".ok-dev", ".data"):
        (tmp_path / ".venv" / name).touch()
        os.utime(tmp_path / ".venv" / name, (2_000, 2_000))
    os.utime(tmp_path / "pyproject.toml", (1_000, 1_000))
    for target in ("lab", "test", "demo"):
        assert "pip" not in make(target, "--dry-run", cwd=tmp_path).stdout
    os.utime(tmp_path / "pyproject.toml", (3_000, 3_000))
    assert "pip install" in make("lab", "--dry-run", cwd=tmp_path).stdout


# --- documents -------------------------------------------------------------------------------


def test_licence_and_citation_name_the_same_authors():
    assert text_of("LICENSE").startswith("MIT License\n\nCopyright (c) 2026 The rlft authors\n")
    citation = yaml.safe_load(text_of("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["authors"] == [{"name": "The rlft authors"}]
    assert (citation["license"], citation["version"]) == ("MIT", PYPROJECT["version"])
    assert PYPROJECT["authors"] == [{"name": "The rlft authors"}]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_to_files_lead_somewhere(document):
    links = re.findall(r"\]\(([^)#]+)\)|src=\"([^\"]+)\"", text_of(document))
    paths = [a or b for a, b in links if "://" not in (a or b)]
    folder = (ROOT / document).parent
    assert [path for path in paths if not (folder / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_named_in_the_documents_exist(document):
    folders = "|".join(map(re.escape, SOURCES))
    named = re.findall(rf"`((?:{folders})/[^`\s]*)`(?! \(new\))", text_of(document))
    # An id of an environment or a dataset ends in a version; NN stands for a lesson's two digits.
    paths = [re.sub("NN_[a-z]+", "[0-9][0-9]_*", p) for p in named if not re.search(r"-v\d$", p)]
    assert [path for path in paths if not any(ROOT.glob(path))] == []


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\brlft(?:\.[A-Za-z]\w*)+", EVERY_TEXT))))
def test_names_of_the_library_in_the_documents_exist(name):
    assert pkgutil.resolve_name(name) is not None


@pytest.mark.parametrize("command", sorted(set(re.findall(r"-m rlft (\w[^`\n]*)", EVERY_TEXT))))
def test_commands_of_the_library_in_the_documents_exist(command, capsys):
    name, *words = command.split()
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code in (0, None)
    shown = capsys.readouterr().out
    assert [word for word in words if word.startswith("--") and word not in shown] == []


def test_the_address_of_the_repository_stands_in_one_line():
    (address,) = re.findall(r"mybinder\.org/v2/gh/([\w-]+/[\w-]+)/", text_of("README.md"))
    lines = [line for path in project_files() for line in lines_of(path) if address in line]
    assert len(lines) == 1, lines


def test_commands_named_in_the_documents_exist():
    targets = re.findall(r"^([a-z]+):", text_of("Makefile"), flags=re.MULTILINE)
    named = re.findall(r"`make ([a-z]+)", EVERY_TEXT)
    assert {"lab", "test", "demo"} <= set(named) <= set(targets)


def project_files() -> list[Path]:
    """Every file that belongs to the project, with or without git."""
    # A work tree of git has a file .git, which holds the path of its repository.
    files = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]
    for folder in SOURCES:
        files += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [f for f in files if not {"__pycache__", ".ipynb_checkpoints"} & set(f.parts)]


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def test_no_file_names_a_folder_of_somebodys_machine():
    # Absolute paths below these, as in a traceback or an output cell that was pasted.
    folders = "home|Users|root|work|opt|mnt|tmp"
    pattern = re.compile(rf"(?<![\w.$}}~/-])/(?:{folders})/\w|[A-Z]:\\\\?Users")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in project_files()
        for number, line in enumerate(lines_of(path), start=1)
        if pattern.search(line)
    ]
    assert found == []
