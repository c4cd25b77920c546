from types import SimpleNamespace

import numpy as np


def with_a_loop(step, observations, timesteps, h, proposed, parts, check_every):
    actions = parts.explorer.act(observations)
    guided = parts.guide.act(observations)
    for seed in range(len(h)):
        if timesteps[seed] < h[seed]:
            actions[seed] = guided[seed]
    outcome = parts.env.step(actions)
    parts.replay.add(observations, actions, outcome, timesteps)
    for learner in (parts.guide, parts.explorer):
        learner.update(parts.replay)
    parts.judge.update(parts.replay, proposed)
    after = parts.gate.decide(proposed) if step % check_every == 0 else proposed
    clock, horizon = timesteps + 1, h.copy()
    for seed, ended in enumerate(outcome.done):
        if ended:
            clock[seed], horizon[seed] = 0, after[seed]
    return outcome.observations, clock, horizon, after


def with_masks(step, observations, timesteps, h, proposed, parts, check_every):
    turn = timesteps >= h
    actions = parts.guide.act(observations).copy()
    actions[turn] = parts.explorer.act(observations)[turn]
    outcome = parts.env.step(actions)
    parts.replay.add(observations, actions, outcome, timesteps)
    parts.explorer.update(parts.replay)
    parts.guide.update(parts.replay)
    parts.judge.update(parts.replay, proposed)
    if not step % check_every:
        proposed = parts.gate.decide(proposed)
    timesteps, h = (timesteps + 1) * ~outcome.done, h.copy()
    h[outcome.done] = proposed[outcome.done]
    return outcome.observations, timesteps, h, proposed


def with_arithmetic(step, observations, timesteps, h, proposed, parts, check_every):
    walks = np.sign(np.maximum(h - timesteps, 0)).reshape(-1, 1)
    actions = walks * parts.guide.act(observations) + (1 - walks) * parts.explorer.act(observations)
    outcome = parts.env.step(actions)
    parts.replay.add(observations, actions, outcome, timesteps)
    parts.guide.update(parts.replay)
    parts.explorer.update(parts.replay)
    parts.judge.update(parts.replay, proposed)
    if step // check_every > (step - 1) // check_every:
        proposed = parts.gate.decide(proposed)
    goes_on = 1 - outcome.done.astype(int)
    new_h = goes_on * h + (1 - goes_on) * proposed
    return outcome.observations, goes_on * (timesteps + 1), new_h, proposed


def whoever_leads_learns(step, observations, timesteps, h, proposed, parts, check_every):
    walks = timesteps < h
    actions = np.where(
        walks[:, None], parts.guide.act(observations), parts.explorer.act(observations)
    )
    outcome = parts.env.step(actions)
    parts.replay.add(observations, actions, outcome, timesteps)
    (parts.guide if walks.any() else parts.explorer).update(parts.replay)
    parts.judge.update(parts.replay, proposed)
    if step % check_every == 0:
        proposed = parts.gate.decide(proposed)
    done = outcome.done
    return (
        outcome.observations,
        np.where(done, 0, timesteps + 1),
        np.where(done, proposed, h),
        proposed,
    )


def explorer_waits_for_its_turn(step, observations, timesteps, h, proposed, parts, check_every):
    explores = timesteps >= h
    explorer = parts.explorer
    if not explores.any():
        explorer = SimpleNamespace(act=explorer.act, update=lambda replay: None)
    parts = SimpleNamespace(**{**vars(parts), "explorer": explorer})
    return with_masks(step, observations, timesteps, h, proposed, parts, check_every)


def as_in_jump_start(step, observations, timesteps, h, proposed, parts, check_every):
    actions = np.where(
        timesteps[:, None] >= h[:, None],
        parts.explorer.act(observations),
        parts.guide.act(observations),
    )
    outcome = parts.env.step(actions)
    parts.replay.add(observations, actions, outcome, timesteps)
    parts.explorer.update(parts.replay)
    parts.judge.update(parts.replay, proposed)
    if step % check_every == 0:
        proposed = parts.gate.decide(proposed)
    h = np.where(outcome.done, proposed, h)
    return outcome.observations, (timesteps + 1) * ~outcome.done, h, proposed


def act_and_learn(observations, timesteps, h, parts):
    """The first half of a right step."""
    walks = (timesteps < h)[:, None]
    actions = np.where(walks, parts.guide.act(observations), parts.explorer.act(observations))
    outcome = parts.env.step(actions)
    parts.replay.add(observations, actions, outcome, timesteps)
    parts.guide.update(parts.replay)
    parts.explorer.update(parts.replay)
    return outcome


def new_state(outcome, timesteps, h, proposed):
    """What a right step gives."""
    h = np.where(outcome.done, proposed, h)
    return outcome.observations, (timesteps + 1) * ~outcome.done, h, proposed


def never_waits(step, observations, timesteps, h, proposed, parts, check_every):
    outcome = act_and_learn(observations, timesteps, h, parts)
    parts.judge.update(parts.replay, proposed)
    proposed = parts.gate.decide(proposed)
    return new_state(outcome, timesteps, h, proposed)


def judge_within_the_if(step, observations, timesteps, h, proposed, parts, check_every):
    outcome = act_and_learn(observations, timesteps, h, parts)
    if step % check_every == 0:
        parts.judge.update(parts.replay, proposed)
        proposed = parts.gate.decide(proposed)
    return new_state(outcome, timesteps, h, proposed)


def at_most_h(step, observations, timesteps, h, proposed, parts, check_every):
    outcome = act_and_learn(observations, timesteps, h + 1, parts)
    parts.judge.update(parts.replay, proposed)
    if step % check_every == 0:
        proposed = parts.gate.decide(proposed)
    return new_state(outcome, timesteps, h, proposed)


def acts_by_the_proposed_h(step, observations, timesteps, h, proposed, parts, check_every):
    outcome = act_and_learn(observations, timesteps, proposed, parts)
    parts.judge.update(parts.replay, proposed)
    if step % check_every == 0:
        proposed = parts.gate.decide(proposed)
    return new_state(outcome, timesteps, h, proposed)


def gives_the_new_h_to_all(step, observations, timesteps, h, proposed, parts, check_every):
    seen, clock, h, after = with_masks(
        step, observations, timesteps, h, proposed, parts, check_every
    )
    return seen, clock, after if step % check_every == 0 else h, after


def knows_one_h(step, observations, timesteps, h, proposed, parts, check_every):
    seen, clock, _, after = with_a_loop(
        step, observations, timesteps, proposed, proposed, parts, check_every
    )
    return seen, clock, after, after


def judges_the_episodes_under_way(step, observations, timesteps, h, proposed, parts, check_every):
    outcome = act_and_learn(observations, timesteps, h, parts)
    parts.judge.update(parts.replay, h)
    if step % check_every == 0:
        proposed = parts.gate.decide(proposed)
    return new_state(outcome, timesteps, h, proposed)


def judges_what_was_decided(step, observations, timesteps, h, proposed, parts, check_every):
    outcome = act_and_learn(observations, timesteps, h, parts)
    if step % check_every == 0:
        proposed = parts.gate.decide(proposed)
    parts.judge.update(parts.replay, proposed)
    return new_state(outcome, timesteps, h, proposed)


def resets_first(step, observations, timesteps, h, proposed, parts, check_every):
    outcome = act_and_learn(observations, timesteps, h, parts)
    h, clock = h.copy(), timesteps + 1
    h[outcome.done], clock[outcome.done] = proposed[outcome.done], 0
    parts.judge.update(parts.replay, proposed)
    if step % check_every == 0:
        proposed = parts.gate.decide(proposed)
    return outcome.observations, clock, h, proposed


RIGHT = [with_a_loop, with_masks, with_arithmetic]
WRONG = {
    "only the policy that acts learns": [whoever_leads_learns],
    "the explorer does not learn from the guide's steps": [explorer_waits_for_its_turn],
    "freezes the guide": [as_in_jump_start],
    "asks the gate at every step": [never_waits],
    "the judge learns only when the gate asks": [judge_within_the_if],
    "the guide takes one step too many": [at_most_h],
    "the judge learns about the h in force": [judges_the_episodes_under_way],
    "asks the gate before the judge has learned": [judges_what_was_decided],
    "begins the new episode before the gate has decided": [resets_first],
    "lets the proposed h decide who acts": [acts_by_the_proposed_h],
    "moves h in the middle of an episode": [gives_the_new_h_to_all, knows_one_h],
}
