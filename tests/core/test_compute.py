"""What a notebook may have set before: another default type, gradients switched off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from maze_fakes import DETOUR, RIGHT, Constant
from small import MAZE_DATA, make_prior, make_recipe, same_state, small

from rlft.algorithms import make_learner
from rlft.algorithms.fqe import FQEConfig, fit_fqe
from rlft.core.errors import InputError
from rlft.data import OfflineData
from rlft.evaluate import evaluate
from rlft.finetune import finetune, pretrain
from rlft.nets import Stationary


@pytest.fixture
def float64() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


PRIOR = make_prior(seeds=2)
CALLS: dict[str, Callable[[], Any]] = {
    "pretrain": lambda: pretrain(small("cql"), MAZE_DATA, seeds=2, steps=3, progress=False),
    "finetune": lambda: finetune(
        PRIOR, make_recipe(), steps=6, eval_every=6, eval_episodes=1, progress=False
    ),
    "fit_fqe": lambda: fit_fqe(
        Stationary(PRIOR.learner.policy), MAZE_DATA, config=FQEConfig(), steps=2, progress=False
    ),
}


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", CALLS)
def test_another_default_type_is_named_before_training(name: str) -> None:
    with pytest.raises(InputError, match=r"get_default_dtype\(\)=torch.float64.*set_default_dty"):
        CALLS[name]()


@pytest.mark.usefixtures("float64")
def test_another_default_type_is_named_before_evaluation() -> None:
    with pytest.raises(InputError, match="float64"):
        evaluate(Constant(RIGHT), DETOUR, episodes=1, mode=True)


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("name", CALLS)
def test_without_gradients_around_the_call_it_trains_the_same(name: str, off: Any) -> None:
    def state(result: Any) -> dict[str, torch.Tensor]:
        return getattr(result, "learner", result).state_dict()

    expected = state(CALLS[name]())
    with off():
        found = state(CALLS[name]())
        assert not torch.is_grad_enabled()  # and they are off as before
    assert same_state(expected, found)


def test_without_gradients_around_an_update_the_reason_is_named() -> None:
    learner = make_learner(small("cql"), 2, 2, 2)
    batches = OfflineData(MAZE_DATA, 2, gamma=0.98)
    with torch.no_grad(), pytest.raises(InputError, match=r"no gradient.*outside of torch.no_grad"):
        learner.update(batches.sample(4, torch.Generator().manual_seed(0)))
