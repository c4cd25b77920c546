import numpy as np
import torch


def with_where(rewards, terminations, timesteps, next_values, entropy_bonus, limit, reward_range):
    ends = terminations.bool() | (timesteps >= limit - 1)
    values = torch.where(ends.unsqueeze(1), 0.0, next_values["policy"])
    target = rewards.unsqueeze(1) + values
    left = (limit - timesteps).unsqueeze(1)
    return torch.minimum(torch.maximum(target, left * reward_range[0]), left * reward_range[1])


def with_loops(rewards, terminations, timesteps, next_values, entropy_bonus, limit, reward_range):
    values = next_values["policy"]
    target = torch.zeros(values.shape)
    for s, e, b in np.ndindex(*values.shape):
        t = int(timesteps[s, b])
        future = float(values[s, e, b])
        if terminations[s, b] == 1 or t + 1 == limit:
            future = 0.0
        low, high = (reward * (limit - t) for reward in reward_range)
        target[s, e, b] = min(max(float(rewards[s, b]) + future, low), high)
    return target


def with_numpy(rewards, terminations, timesteps, next_values, entropy_bonus, limit, reward_range):
    r, ended, t = (np.asarray(v)[:, None, :] for v in (rewards, terminations, timesteps))
    target = r + np.where(ended + (t == limit - 1) > 0, 0, np.asarray(next_values["policy"]))
    return torch.from_numpy(
        np.clip(target, reward_range[0] * (limit - t), reward_range[1] * (limit - t))
    )


def with_seeds_last(
    rewards, terminations, timesteps, next_values, entropy_bonus, limit, reward_range
):
    values = next_values["policy"].transpose(0, 1)  # (E, S, B), so that (S, B) fits from the right
    alive = terminations.logical_not() & (timesteps < limit - 1)
    left = limit - timesteps
    bounds = [left * reward for reward in reward_range]
    return torch.addcmul(rewards, alive.float(), values).clamp(*bounds).transpose(0, 1)


def _written_out(rewards, terminations, timesteps, values, limit, reward_range, **_):
    ends = terminations.bool() | (timesteps >= limit - 1)
    target = torch.where(ends[:, None], rewards[:, None], rewards[:, None] + values)
    left = (limit - timesteps)[:, None]
    return target.clamp(left * reward_range[0], left * reward_range[1])


def soft_return(next_values, entropy_bonus, **given):
    return _written_out(values=next_values["policy"] + entropy_bonus.unsqueeze(1), **given)


def as_in_q_learning(next_values, **given):
    return _written_out(values=torch.stack(list(next_values.values())).amax(0), **given)


def as_in_sarsa(next_values, **given):
    return _written_out(values=next_values["logged"], **given)


def only_the_clock_ends(terminations, next_values, **given):
    nobody = torch.zeros_like(terminations)
    return _written_out(terminations=nobody, values=next_values["policy"], **given)


def ends_a_step_late(
    rewards, terminations, timesteps, next_values, entropy_bonus, limit, reward_range
):
    goes_on = terminations.eq(0) & (timesteps + 1 <= limit)
    left = (limit - timesteps)[:, None]
    target = rewards[:, None] + goes_on[:, None].float() * next_values["policy"]
    return target.clamp(reward_range[0] * left, reward_range[1] * left)


def as_the_network_says(
    rewards, terminations, timesteps, next_values, entropy_bonus, limit, reward_range
):
    ends = (terminations + (timesteps + 1 == limit))[:, None] > 0
    return rewards[:, None] + next_values["policy"].masked_fill(ends, 0.0)


def inside_the_reward_range(reward_range, **given):
    target = as_the_network_says(reward_range=reward_range, **given)
    return target.clip(min=reward_range[0], max=reward_range[1])


def clamps_before_it_adds(
    rewards, terminations, timesteps, next_values, entropy_bonus, limit, reward_range
):
    left = (limit - timesteps)[:, None]
    values = next_values["policy"].clamp(reward_range[0] * left, reward_range[1] * left)
    ends = (terminations + (timesteps + 1 == limit))[:, None] > 0
    return rewards[:, None] + values.masked_fill(ends, 0.0)


def counts_from_the_next_step(timesteps, limit, reward_range, **given):
    target = as_the_network_says(
        timesteps=timesteps, limit=limit, reward_range=reward_range, **given
    )
    after = (limit - (timesteps + 1)).unsqueeze(1)
    return torch.minimum(torch.maximum(target, after * reward_range[0]), after * reward_range[1])


RIGHT = [with_where, with_loops, with_numpy, with_seeds_last]
WRONG = {
    "pays for entropy": [soft_return],
    "lets the best action follow": [as_in_q_learning],
    "lets the log's action follow": [as_in_sarsa],
    "forgets that episodes terminate": [only_the_clock_ends],
    "goes on after the last step": [ends_a_step_late],
    "does not clip": [as_the_network_says],
    "clips to the range of one reward": [inside_the_reward_range],
    "clips the next value": [clamps_before_it_adds],
    "counts one reward too few": [counts_from_the_next_step],
}
