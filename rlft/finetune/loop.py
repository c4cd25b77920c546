"""The one online loop: act, store, update, evaluate. Every recipe runs through it.

S seeds step S sub-environments together, so "step" always means one environment step per seed.

Letters: S seeds, B batch, O observation size, A action size, P points of the curves.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

import numpy as np
import torch
from gymnasium.vector import VectorEnv
from tqdm.auto import tqdm

from rlft.acting.horizon import ScheduleContext, as_tensor
from rlft.acting.rules import NO_GUIDE, ActContext, Acting, LearnerActs, Policies, RulePolicy
from rlft.algorithms import Learner
from rlft.algorithms.base import Metrics
from rlft.algorithms.compiled import compile as compiled
from rlft.core.compute import find_device
from rlft.core.streams import Role, evaluation_stream, stream
from rlft.data import ReplayBuffer
from rlft.envs import make_vec, time_limit_of, true_next_observations
from rlft.evaluate.policy_distance import policy_kl
from rlft.evaluate.rollout import Evaluator
from rlft.finetune.handover import hand_over, hand_over_guide
from rlft.finetune.plan import RunPlan
from rlft.finetune.pretrain import Prior
from rlft.finetune.recorder import Recorder
from rlft.finetune.run import Run
from rlft.finetune.training_episodes import Episodes
from rlft.finetune.updates import learn, warm_up
from rlft.recipes.recipe import Recipe, first_update

# Logged states at which the policy is compared with the prior's: their mean is known to 5 %.
KL_STATES = 256
Callback = Callable[[int, Learner, ReplayBuffer], None]


def make_replay(prior: Prior, recipe: Recipe, steps: int, device: torch.device) -> ReplayBuffer:
    """The replay buffer that the recipe's retention asks for, with room for every online step."""
    learner, handover = prior.learner, recipe.handover
    return ReplayBuffer(
        learner.seeds,
        steps,
        learner.observation_size,
        learner.action_size,
        gamma=recipe.online.learner.gamma,
        offline=None if handover.retention == "drop" else prior.data,
        offline_share=handover.offline_share if handover.retention == "mix" else None,
        smallest_reward=prior.data.reward_range[0],
        device=device,
    )


class OnlineLoop:
    """Everything that changes while one run goes on.

    Args:
        prior: what pre-training left.
        recipe: the method.
        plan: how long the run is and how it is made.
        env_id: the environment.
        env_kwargs: its options.
    """

    def __init__(
        self, prior: Prior, recipe: Recipe, plan: RunPlan, env_id: str, env_kwargs: dict[str, Any]
    ) -> None:
        self.prior, self.recipe, self.plan = prior, recipe, plan
        self.env_id, self.env_kwargs = env_id, env_kwargs
        seed, device = plan.seed, find_device(plan.device)
        self.device = device
        self.learner, self.handover = hand_over(
            prior, recipe, seed=stream(seed, Role.LEARNER), device=device
        )
        self.guide = hand_over_guide(prior, recipe, seed=stream(seed, Role.GUIDE), device=device)
        if plan.compile:
            for learner in filter(None, (self.learner, self.guide)):
                compiled(learner)
        frozen = copy.deepcopy(prior.learner.policy).to(device)
        walker = frozen if self.guide is None else self.guide.policy
        self.policies = Policies(self.learner.policy, walker, frozen)
        recipe.acting.check(self.policies)
        self.replay = make_replay(prior, recipe, plan.steps, device)
        self.first_update = first_update(recipe)
        self.generator = torch.Generator(device).manual_seed(stream(seed, Role.LOOP))
        self.horizon = recipe.acting.schedule.start(self.schedule_context())
        self.episodes, self.recorder = Episodes(prior.seeds), Recorder(plan.eval_every)
        self.points: list[int] = []
        self.curves: dict[str, list[np.ndarray]] = {"mode": [], "sampled": [], "behaviour": []}
        self.switch_returns: dict[str, np.ndarray] = {}
        logged = prior.data.observations
        even = np.linspace(0, len(logged) - 1, KL_STATES).round().astype(np.int64)
        self.logged_states, self.kl = logged[even], []  # (N, O), and an (S,) for each point

    def schedule_context(self) -> ScheduleContext:
        """What the schedule of h may look at."""
        return ScheduleContext(
            seeds=self.prior.seeds,
            steps=self.plan.steps,
            time_limit=time_limit_of(self.env_id, self.env_kwargs),
            data=self.prior.data,
            replay=self.replay,
            guide=self.policies.guide,
            learner=self.learner,
            seed=stream(self.plan.seed, Role.SCHEDULE),
            device=self.device,
            progress=self.plan.progress,
        )

    @property
    def filled(self) -> bool:
        """Whether the replay holds enough for an update."""
        return len(self.replay) >= self.first_update

    def warming(self, step: int) -> bool:
        """Whether no policy may move at this step, 1 for the first."""
        return step <= self.recipe.warmup.steps

    def rule(self, step: int) -> Acting:
        """Who acts at this step, 1 for the first."""
        return self.recipe.warmup.acting if self.warming(step) else self.recipe.acting

    def act(self, observations: np.ndarray, step: int) -> np.ndarray:
        """Chooses the next actions: (S, O) to (S, A)."""
        context = ActContext(
            torch.as_tensor(observations, device=self.device).unsqueeze(1),  # (S, 1, O)
            torch.as_tensor(self.episodes.timesteps, device=self.device).unsqueeze(1),  # (S, 1)
            as_tensor(self.horizon.current, self.device),
            self.policies,
            self.generator,
        )
        return self.rule(step).act(context).squeeze(1).cpu().numpy()  # (S, A)

    def play(
        self, env: VectorEnv, observations: np.ndarray, step: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Takes and stores a step: (S, O) to the next (S, O), and whose episode ended, (S,)."""
        actions = self.act(observations, step)  # (S, A)
        shown, rewards, terminations, truncations, info = env.step(actions)
        self.replay.add(
            observations=observations,
            actions=actions,
            rewards=rewards,
            next_observations=true_next_observations(shown, info),  # `shown` may be after a reset
            terminations=terminations,
            truncations=truncations,
            timesteps=self.episodes.timesteps,
        )
        done = terminations | truncations  # (S,)
        self.episodes.record(step, rewards, done)
        return shown, done

    def update(self, step: int) -> Metrics:
        """The gradient steps that belong to an environment step; nothing while the replay fills."""
        if not self.filled:
            return {}
        if self.warming(step):
            return warm_up(self.learner, self.recipe.warmup, self.replay, self.generator)
        h = torch.from_numpy(self.horizon.proposed).to(self.device)
        metrics = learn(self.learner, self.recipe.online, self.replay, step, self.generator, h)
        if self.guide is not None and self.recipe.guide is not None:
            theirs = learn(self.guide, self.recipe.guide, self.replay, step, self.generator)
            metrics |= {f"guide_{name}": value for name, value in theirs.items()}
        return metrics

    def schedule(self, step: int) -> Metrics:
        """Lets the schedule of h see the step, when whoever acts by the h so far was measured.

        So what a gate says of that rule, and what the rule returned, are about the same h.
        """
        if self.filled:
            if self.warming(step):  # h waits too: no policy has moved that it could judge
                return {}
            self.horizon.after_step(step)
        return self.horizon_metrics()

    def horizon_metrics(self) -> Metrics:
        """h and what its schedule has to tell; nothing without a guide."""
        guided = self.recipe.acting.schedule != NO_GUIDE
        return self.horizon.metrics() if guided else {}

    def measure(self, step: int, evaluator: Evaluator, callbacks: Sequence[Callback]) -> None:
        """One point of the curves: the learner's policy alone, and the rule that acts next."""
        for learner in filter(None, (self.learner, self.guide)):
            learner.settle()
        self.points.append(step)
        seed = evaluation_stream(self.plan.seed, len(self.points))  # the same for all recipes
        played = {
            name: evaluator(self.learner.policy, mode=name == "mode", seed=seed)
            for name in ("mode", "sampled")
        }
        rule = self.rule(step + 1)
        if rule == LearnerActs():
            played["behaviour"] = played["sampled"]
        else:
            horizon = as_tensor(self.horizon.proposed, self.device)
            rule_policy = RulePolicy(rule, self.policies, horizon)
            played["behaviour"] = evaluator(rule_policy, mode=False, seed=seed)
        for name, result in played.items():
            self.curves[name].append(result.mean_returns)  # (S,)
            self.switch_returns.setdefault(name, result.returns)  # (S, K), of the first alone
        mine, priors = self.policies.learner, self.policies.frozen
        self.kl.append(policy_kl(mine, priors, self.logged_states, samples=4, seed=seed))
        behaviour = self.curves["behaviour"][-1]
        if not self.warming(step + 1):  # the return of another rule says nothing of h
            self.horizon.after_evaluation(step, behaviour)
        for callback in callbacks:
            callback(step, self.learner, self.replay)

    def run(self, callbacks: Sequence[Callback]) -> Run:
        """Plays the whole run."""
        plan, start = self.plan, time.perf_counter()
        env = make_vec(self.env_id, self.prior.seeds, env_kwargs=self.env_kwargs)
        evaluator = Evaluator(
            self.env_id,
            seeds=self.prior.seeds,
            episodes=plan.eval_episodes,
            env_kwargs=self.env_kwargs,
        )
        bar = tqdm(
            range(1, plan.steps + 1),
            desc=f"fine-tune {self.recipe.name}",
            disable=not plan.progress,
        )
        metrics: Metrics = {}
        with closing(env), evaluator:  # also when training stops half-way
            observations, _ = env.reset(seed=stream(plan.seed, Role.ENVIRONMENT))  # (S, O)
            self.measure(0, evaluator, callbacks)
            for step in bar:
                observations, done = self.play(env, observations, step)  # (S, O), (S,)
                metrics |= self.update(step)
                if step % plan.eval_every == 0 or step == plan.steps:
                    self.measure(step, evaluator, callbacks)
                metrics |= self.schedule(step)
                if metrics:
                    self.recorder.record(step, metrics)
                self.horizon.begin_episodes(done)  # last: what was just learned counts for them
        return self.result(time.perf_counter() - start)

    def result(self, seconds: float) -> Run:
        """The run as it stands."""
        return Run(
            recipe=self.recipe,
            env_id=self.env_id,
            dataset=self.prior.data.name,
            seeds=self.prior.seeds,
            seed=self.plan.seed,
            steps=np.array(self.points),
            returns_mode=np.stack(self.curves["mode"], 1),
            returns_sampled=np.stack(self.curves["sampled"], 1),
            returns_behaviour=np.stack(self.curves["behaviour"], 1),
            episode_steps=[np.array(s, np.int64) for s in self.episodes.steps],
            episode_returns=[np.array(r) for r in self.episodes.returns],
            metrics=self.recorder.history(),
            handover=self.handover,
            prior=self.prior,
            learner=self.learner,
            guide=self.guide,
            seconds=seconds,
            env_kwargs=self.env_kwargs,
            switch_returns=self.switch_returns,
            kl=np.stack(self.kl, 1),
        )
