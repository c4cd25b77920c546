"""Results that an older version kept are read: `kept/` was written in format 2."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from maze_fakes import logged
from small import same_state, small

from rlft.acting import Automatic, JumpStart
from rlft.core.encoding import from_json, to_json
from rlft.finetune import Prior, pretrain
from rlft.recipes import Recipe
from rlft.results.store import load_prior, load_run, save_run

KEPT = Path(__file__).parent / "kept"
DATA = logged(200)
RECIPES = json.loads((KEPT / "recipes.json").read_text())


def train(checkpoint: Path | None, steps: int) -> Prior:
    return pretrain(
        small("inac"),
        DATA,
        seeds=2,
        steps=steps,
        log_every=2,
        progress=False,
        checkpoint=checkpoint,
    )


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_kept_recipe_is_read_and_written_under_names_of_today(name: str) -> None:
    recipe = from_json(RECIPES[name])
    assert isinstance(recipe, Recipe) and f"{recipe.preset}/{recipe.name}" == name
    written = json.dumps(to_json(recipe))
    assert "rlft." not in written and from_json(json.loads(written)) == recipe


def test_a_kept_run_is_read_and_survives_being_saved_today(tmp_path: Path) -> None:
    run = load_run(KEPT / "run", data=DATA)
    acting = run.recipe.acting
    assert isinstance(acting, JumpStart) and isinstance(acting.schedule, Automatic)
    assert acting.schedule.check_every == 20 and run.recipe.warmup.steps == 3
    assert run.steps.tolist() == [0, 20, 40] and run.returns_sampled.shape == (2, 3)
    assert run.env_kwargs == dict(DATA.env_kwargs) and run.switch_returns == {} and run.kl is None
    assert run.summary().noise_floor is None
    assert run.guide is not None and type(run.guide.config).__name__ == "InACConfig"
    save_run(run, tmp_path / "run")
    again = load_run(tmp_path / "run", data=DATA)
    assert again.recipe == run.recipe
    np.testing.assert_array_equal(again.returns_behaviour, run.returns_behaviour)
    assert same_state(again.learner.state_dict(), run.learner.state_dict())
    assert same_state(again.prior.learner.state_dict(), run.prior.learner.state_dict())


def test_a_kept_prior_has_the_weights_that_training_gives_today() -> None:
    kept = load_prior(KEPT / "run" / "prior", data=DATA)
    trained = train(None, 4).learner.policy.state_dict()
    for name, weights in kept.learner.policy.state_dict().items():
        # Not to the bit: another processor rounds sums in another order.
        np.testing.assert_allclose(weights, trained[name], rtol=1e-3, atol=1e-5)


def test_a_kept_checkpoint_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    shutil.copy(KEPT / "checkpoint.safetensors", path)
    resumed, whole = train(path, 6), train(None, 6)
    assert resumed.steps == 6 and resumed.learner.updates == 6
    for name, weights in resumed.learner.policy.state_dict().items():
        np.testing.assert_allclose(
            weights, whole.learner.policy.state_dict()[name], rtol=1e-3, atol=1e-5
        )
