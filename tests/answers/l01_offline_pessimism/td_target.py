import torch


def with_where(rewards, terminations, truncations, next_values, gamma):
    future = torch.where(terminations.bool(), torch.zeros_like(next_values), next_values)
    return rewards + gamma * future


def with_a_loop(rewards, terminations, truncations, next_values, gamma):
    target = rewards.clone()
    for s in range(rewards.shape[0]):
        for b in range(rewards.shape[1]):
            if terminations[s, b] == 0:
                target[s, b] += gamma * next_values[s, b]
    return target


def with_addcmul(rewards, terminations, truncations, next_values, gamma):
    goes_on = terminations.logical_not().double()
    return torch.addcmul(rewards.double(), goes_on, next_values.double(), value=gamma)


def all_go_on(rewards, terminations, truncations, next_values, gamma):
    return torch.add(rewards, next_values, alpha=gamma)


def any_end_ends(rewards, terminations, truncations, next_values, gamma):
    ended = (terminations + truncations) > 0
    return torch.where(ended, rewards, rewards + gamma * next_values)


def the_other_end(rewards, terminations, truncations, next_values, gamma):
    return torch.where(truncations.bool(), rewards, rewards + gamma * next_values)


def future_after_the_end(rewards, terminations, truncations, next_values, gamma):
    return torch.where(terminations > 0, rewards + gamma * next_values, rewards)


def masks_everything(rewards, terminations, truncations, next_values, gamma):
    return torch.where(terminations.bool(), 0.0, rewards + gamma * next_values)


def undiscounted(rewards, terminations, truncations, next_values, gamma):
    return rewards + torch.where(terminations.bool(), 0.0, next_values)


RIGHT = [with_where, with_a_loop, with_addcmul]
WRONG = {
    "forgets that episodes terminate": [all_go_on],
    "treats truncation as termination": [any_end_ends],
    "mixes up the two ends": [the_other_end],
    "reads the flag upside down": [future_after_the_end],
    "loses the last reward": [masks_everything],
    "forgets the discount": [undiscounted],
}
