"""Recorded numbers: found in a checkout wherever the library lies, and else said how to get."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlft.core.errors import InputError
from rlft.core.files import PACKAGE
from rlft.results import find_record, records

NAME = "studies/shootout/results.csv"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The library lies among packages, and the working folder is somewhere else."""
    (tmp_path / "studies" / "shootout").mkdir(parents=True)  # of somebody else
    (tmp_path / NAME).touch()
    monkeypatch.setattr(records, "PACKAGE", tmp_path / "site-packages" / "rlft")
    work = tmp_path / "course" / "notebooks"
    work.mkdir(parents=True)
    monkeypatch.chdir(work)
    return tmp_path / "course"


def test_in_a_checkout_it_lies_beside_the_library(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_record(NAME) == PACKAGE.parent / NAME
    assert find_record("results/claims").is_dir()


def test_beside_an_installed_library_it_is_found_above_the_notebook(installed: Path) -> None:
    (installed / "studies" / "shootout").mkdir(parents=True)
    (installed / NAME).touch()
    assert find_record(NAME) == installed / NAME


def test_without_a_checkout_it_says_where_it_looked_and_what_to_do(installed: Path) -> None:
    with pytest.raises(InputError) as caught:
        find_record(NAME)
    said = str(caught.value)
    for part in (NAME, "site-packages", str(Path.cwd()), "checkout", "studies/shootout/study.py"):
        assert part in said
    with pytest.raises(InputError, match=r"start the notebook there\.$"):
        find_record("results/claims")
