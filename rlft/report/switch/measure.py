"""Measuring everything about the switch from offline to online, before the first online update.

`switch_report` gathers the return of sampled and of mode actions, what crossed, the temperature,
the replay's composition, random actions, and Q against the truth, in one `SwitchReport`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import torch

from rlft.algorithms import Learner
from rlft.data import Batch, OfflineData, ReplayBuffer, Transitions
from rlft.data.transitions import options_of
from rlft.envs.starts import starts_of
from rlft.evaluate.intervals import Interval, interval
from rlft.evaluate.rollout import Evaluator
from rlft.evaluate.support import q_error
from rlft.nets.stacked import CriticConfig
from rlft.report.switch.findings import SwitchReport
from rlft.report.switch.first_steps import effective_steps
from rlft.report.switch.parts import compare_parts, random_action_share


class HasLearner(Protocol):
    """A prior (see `rlft.finetune`)."""

    @property
    def learner(self) -> Learner:
        """The learner at the end of pre-training."""
        ...


def switch_report(
    prior: HasLearner,
    learner: Learner,
    env_id: str,
    data: Transitions,
    *,
    replay: ReplayBuffer | None = None,
    random_share: float = 0.0,
    idle_steps: bool | None = None,
    warmup: Batch | None = None,
    episodes: int = 20,
    pairs: int = 256,
    seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
) -> SwitchReport:
    """Measures everything about the switch. About 1 s in a maze with six seeds.

    Args:
        prior: what pre-training left.
        learner: the online learner right after the handover, before its first update.
        env_id: the environment of fine-tuning.
        data: the logged transitions.
        replay: the online replay buffer, for its composition.
        random_share: share of uniform actions that the acting rule announces, in [0, 1].
        idle_steps: whether Adam steps on zeros where an update has no gradient for a part: give the
            recipe's `online.idle_steps`; None leaves the line out, as no weights show it.
        warmup: online transitions that the policy is supposed to have taken, with which random
            actions are looked for; the first gradients are taken of them, else of logged ones.
        episodes: evaluation episodes per seed, for sampled and for mode actions each.
        pairs: state-action pairs of each kind for the error of Q.
        seed: of the episodes and pairs.
        env_kwargs: options of the environment; the data's own, if None and it was logged there.

    Returns:
        The report; print it, or show it in a notebook.

    Raises:
        InputError: if the learner was updated already, or the environment cannot be used.
    """
    parts = compare_parts(prior.learner, learner)
    steps = effective_steps(
        learner, _first_batch(learner, data, seed) if warmup is None else warmup
    )
    parts = tuple(replace(part, effective_step=steps.get(part.name)) for part in parts)
    options = options_of(data, env_id, env_kwargs)
    with Evaluator(env_id, seeds=learner.seeds, episodes=episodes, env_kwargs=options) as evaluator:
        mode, sampled = (
            evaluator(learner.policy, mode=m, seed=seed).mean_returns for m in (True, False)
        )  # (S,) each
    config = learner.config
    has_critics = "critics" in learner.parts()
    errors: list[Interval | None] = [None, None, None]
    if not has_critics:
        note = "This learner has no critics."
    elif starts_of(env_id) is None:
        note = "The truth can only be measured in an environment that starts in any state."
    else:
        measured = q_error(learner, data, env_id, n=pairs, seed=seed, env_kwargs=options)
        errors = [
            None if np.isnan(e).any() else interval(e)
            for e in (measured.in_support, measured.out_of_support, measured.unseen_states)
        ]
        counts = "/".join(str(count) for count in measured.pairs)
        note = f"Q of the policy's discounted task return, gamma {config.gamma}; {counts} pairs."
        if learner.has_entropy_bonus:
            note += " This Q also contains an entropy bonus, which the truth does not."
    return SwitchReport(
        env_id=env_id,
        sampled=interval(sampled),
        mode=interval(mode),
        gap=interval(mode - sampled),
        behaviour_return=float(data.episode_returns().mean()),
        parts=parts,
        temperature_before=_temperature(prior.learner),
        temperature_after=_temperature(learner),
        critics=describe_critics(config.critics) if has_critics else None,
        layer_norm=config.critics.layer_norm if has_critics else None,
        replay=describe_replay(replay),
        idle_steps=idle_steps,
        random_share=random_share,
        random_measured=None
        if warmup is None
        else interval(random_action_share(learner.policy, warmup)),
        q_in_support=errors[0],
        q_out_of_support=errors[1],
        q_unseen_states=errors[2],
        q_note=note,
    )


def _first_batch(learner: Learner, data: Transitions, seed: int) -> Batch:
    """Logged transitions, as many as an update takes."""
    config, device = learner.config, learner.device
    logged = OfflineData(data, learner.seeds, gamma=config.gamma, device=device)
    return logged.sample(config.batch_size, torch.Generator(device).manual_seed(seed))


def describe_critics(critics: CriticConfig) -> str:
    """Number, widths and LayerNorm of the critics in words."""
    widths = " x ".join(str(width) for width in critics.hidden)
    norm = "with" if critics.layer_norm else "without"
    return f"{critics.ensemble} of {widths}, {norm} LayerNorm"


def describe_replay(replay: ReplayBuffer | None) -> str:
    """Composition of a replay buffer in words."""
    if replay is None:
        return "not given"
    online = f"{len(replay):,} online transitions per seed"
    if replay.offline_size == 0:
        return f"{online}, no offline data"
    share = replay.offline_share
    how = "drawn in proportion" if share is None else f"{share:.0%} of each batch"
    return f"{online}, {replay.offline_size:,} offline ({how})"


def _temperature(learner: Learner) -> Interval | None:
    values = learner.entropy_temperature
    return None if values is None else interval(values.cpu().numpy())
