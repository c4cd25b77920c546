import numpy as np
import torch


def with_indices(fit, policy, observations, actions, timesteps, generator):
    rows = torch.nonzero(timesteps == 0).flatten()
    states = observations.index_select(0, rows).unsqueeze(0).repeat(policy.seeds, 1, 1)
    clock = states.new_zeros(policy.seeds, len(rows))
    q = fit.value(states, policy.act(states, clock, generator), clock)
    return q.flatten(1).mean(1)


def with_a_loop_over_starts(fit, policy, observations, actions, timesteps, generator):
    total, count = torch.zeros(policy.seeds), 0
    clock = torch.zeros(policy.seeds, 1)
    for row in range(len(timesteps)):
        if timesteps[row] > 0:
            continue
        state = torch.stack([observations[row : row + 1]] * policy.seeds)  # (S, 1, O)
        q = fit.value(state, policy.act(state, clock, generator), clock)
        total, count = total + q.mean(1).squeeze(1), count + 1
    return total / count


def from_all_rows_then_selected(fit, policy, observations, actions, timesteps, generator):
    states = observations.repeat(policy.seeds, 1, 1)
    clock = timesteps.repeat(policy.seeds, 1)
    q = fit.value(states, policy.act(states, clock, generator), clock)
    return q[:, :, timesteps == 0].mean(2).mean(1)


def with_numpy(fit, policy, observations, actions, timesteps, generator):
    rows = np.flatnonzero(timesteps.numpy() == 0)
    states = torch.from_numpy(np.tile(observations.numpy()[rows], (policy.seeds, 1, 1)))
    clock = torch.zeros(policy.seeds, rows.size)
    q = fit.value(states, policy.act(states, clock, generator), clock).numpy()
    return torch.from_numpy(np.average(q, axis=(1, 2)))


def everywhere(fit, policy, observations, actions, timesteps, generator):
    states = observations.repeat(policy.seeds, 1, 1)
    clock = timesteps.repeat(policy.seeds, 1)
    return fit.value(states, policy.act(states, clock, generator), clock).flatten(1).mean(1)


def everywhere_at_time_zero(fit, policy, observations, actions, timesteps, generator):
    states = torch.stack([observations] * policy.seeds)
    clock = torch.zeros(policy.seeds, len(observations))
    return fit.value(states, policy.act(states, clock, generator), clock).mean((1, 2))


def top_of_the_table(fit, policy, observations, actions, timesteps, generator):
    states = observations[: timesteps.eq(0).sum().item()].repeat(policy.seeds, 1, 1)
    clock = torch.zeros(policy.seeds, states.shape[1])
    return fit.value(states, policy.act(states, clock, generator), clock).flatten(1).mean(1)


def as_logged(fit, policy, observations, actions, timesteps, generator):
    start = timesteps == 0
    shape = (policy.seeds, 1, 1)
    clock = torch.zeros(policy.seeds, int(start.sum()))
    q = fit.value(observations[start].repeat(shape), actions[start].repeat(shape), clock)
    return q.mean(2).mean(1)


def pessimistic(fit, policy, observations, actions, timesteps, generator):
    states = observations[timesteps == 0].repeat(policy.seeds, 1, 1)
    clock = torch.zeros(states.shape[0], states.shape[1])
    q = fit.value(states, policy.act(states, clock, generator), clock)
    return q.min(dim=1).values.mean(dim=-1)


def pooled(fit, policy, observations, actions, timesteps, generator):
    states = observations[timesteps == 0].repeat(policy.seeds, 1, 1)
    clock = torch.zeros(states.shape[0], states.shape[1])
    q = fit.value(states, policy.act(states, clock, generator), clock)
    return q.sum() / q.numel()


RIGHT = [with_indices, with_a_loop_over_starts, from_all_rows_then_selected, with_numpy]
WRONG = {
    "averages over all logged states": [everywhere, everywhere_at_time_zero],
    "takes the first rows": [top_of_the_table],
    "takes the logged actions": [as_logged],
    "trusts the lowest member": [pessimistic],
    "averages over the policies": [pooled],
}
