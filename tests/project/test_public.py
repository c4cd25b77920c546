"""The public names: all there, documented, and drawing only when asked."""

from __future__ import annotations

import inspect
from types import ModuleType

import pytest
import torch

import rlft
from rlft import show
from rlft.core import compute
from rlft.core.errors import InputError


def test_the_three_calls_of_the_readme() -> None:
    assert inspect.isfunction(rlft.load_dataset)
    assert inspect.isfunction(rlft.pretrain)
    assert inspect.isfunction(rlft.finetune)


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
    assert stray - set(rlft.__all__) <= {"annotations", "TYPE_CHECKING", "set_threads"}


def test_what_show_draws_is_public() -> None:
    plots = {name for name in show.__all__ if name.startswith("plot_")}
    assert plots <= set(rlft.__all__)
    assert rlft.plot_curves is show.plot_curves
    assert {"plot_curves", "show", "finetune"} <= set(dir(rlft))


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


def test_a_device_is_found_or_refused() -> None:
    assert compute.find_device("cpu") == compute.find_device(torch.device("cpu"))
    with pytest.raises(InputError, match=r"'gpu' cannot be used here \(Expected one of cpu.*Use"):
        compute.find_device("gpu")
    with pytest.raises(InputError, match="'cuda:99' cannot be used here"):
        compute.find_device("cuda:99")
