"""What runs on a GPU, where there is one: every recipe, the judge, replay and evaluation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small import MAZE_DATA, SHORT_DATA, cut, narrow, small

import rlft
from rlft.algorithms.fqe import FQE, FQEConfig
from rlft.finetune import finetune, pretrain, untrained
from rlft.nets import Stationary
from rlft.recipes import RECIPES

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="there is no GPU here that PyTorch can use"
)
CUDA, SEEDS = "cuda", 2


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_runs_there(name: str) -> None:
    recipe, data = RECIPES[name], SHORT_DATA
    if recipe.prior is None:
        prior = untrained(data, seeds=SEEDS, device=CUDA)
    else:
        config = narrow(recipe.prior.config)
        prior = pretrain(config, data, seeds=SEEDS, steps=2, device=CUDA, progress=False)
    run = finetune(
        prior,
        cut(recipe),
        steps=3,
        env_kwargs={"time_limit": 10},
        eval_every=3,
        eval_episodes=1,
        device=CUDA,
        progress=False,
    )
    assert np.isfinite(run.returns_sampled).all() and np.isfinite(run.returns_behaviour).all()
    for part in run.learner.parts().values():
        assert all(weight.device.type == CUDA for weight in part.parameters())


def test_its_numbers_are_those_of_the_cpu() -> None:
    """Without noise: the same weights, batch and loss."""
    learners = [rlft.make_learner(small("bc"), 4, 2, SEEDS) for _ in range(2)]
    there = rlft.make_learner(small("bc"), 4, 2, SEEDS, device=CUDA)
    there.policy.load_state_dict(learners[1].policy.state_dict())
    generator = torch.Generator().manual_seed(0)
    states = torch.rand(SEEDS, 8, 4, generator=generator)
    actions = torch.rand(SEEDS, 8, 2, generator=generator) * 2 - 1
    for learner in (learners[0], there):
        device = learner.device
        for _ in range(5):
            log_prob = learner.policy.log_prob(states.to(device), actions.to(device))
            learner.descend("policy", -log_prob.mean(1))
    for ours, theirs in zip(
        learners[0].policy.parameters(), there.policy.parameters(), strict=True
    ):
        torch.testing.assert_close(ours, theirs.cpu(), rtol=1e-4, atol=1e-5)


def test_the_judge_and_evaluation_run_there() -> None:
    prior = pretrain(small("bc"), MAZE_DATA, seeds=SEEDS, steps=2, device=CUDA, progress=False)
    fqe = FQE(FQEConfig(clip=False, time_aware=False), 2, 2, seeds=SEEDS, device=CUDA)
    batches = rlft.data.OfflineData(MAZE_DATA, SEEDS, gamma=0.98, device=torch.device(CUDA))
    policy = Stationary(prior.learner.policy)
    for _ in range(2):
        fqe.update(batches.sample(8, torch.Generator(CUDA).manual_seed(0)), policy)
    assert fqe.estimate(MAZE_DATA.observations[:3], policy).mean.device.type == CUDA
    result = rlft.evaluate(prior.learner.policy, MAZE_DATA.env_id, episodes=2, mode=True)
    assert np.isfinite(result.returns).all()
