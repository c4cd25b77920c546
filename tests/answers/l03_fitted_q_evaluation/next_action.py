import numpy as np
import torch


def with_a_loop(guide_actions, explorer_actions, timesteps, horizon):
    chosen = explorer_actions.clone()
    for s in range(timesteps.shape[0]):
        for b in range(timesteps.shape[1]):
            if timesteps[s, b] < horizon[s] - 1:
                chosen[s, b] = guide_actions[s, b]
    return chosen


def with_weights(guide_actions, explorer_actions, timesteps, horizon):
    share = ((horizon.unsqueeze(-1) - timesteps) > 1).to(guide_actions.dtype).unsqueeze(-1)
    return share * guide_actions + (1 - share) * explorer_actions


def with_a_mask(guide_actions, explorer_actions, timesteps, horizon):
    late = torch.ge(timesteps + 1, horizon.view(-1, 1))
    chosen = guide_actions.clone()
    chosen[late] = explorer_actions[late]
    return chosen


def with_numpy(guide_actions, explorer_actions, timesteps, horizon):
    late = np.asarray(timesteps)[:, :, None] + 1 >= np.asarray(horizon)[:, None, None]
    both = np.stack([guide_actions.numpy(), explorer_actions.numpy()])
    return torch.from_numpy(np.where(late, both[1], both[0]))


def not_after_h(guide_actions, explorer_actions, timesteps, horizon):
    late = timesteps + 1 > horizon[:, None]
    return torch.where(late[:, :, None], explorer_actions, guide_actions)


def at_the_logged_step(guide_actions, explorer_actions, timesteps, horizon):
    walks = (timesteps < horizon.unsqueeze(1)).float().unsqueeze(2)
    return walks * guide_actions + (1 - walks) * explorer_actions


def up_to_h(guide_actions, explorer_actions, timesteps, horizon):
    late = (timesteps > horizon.unsqueeze(1)).unsqueeze(2)
    return torch.where(late, explorer_actions, guide_actions)


def one_off_twice(guide_actions, explorer_actions, timesteps, horizon):
    walks = timesteps + 1 < (horizon - 1)[:, None]
    return torch.where(walks.unsqueeze(2), guide_actions, explorer_actions)


def explorer_first(guide_actions, explorer_actions, timesteps, horizon):
    walks = timesteps + 1 < horizon[:, None]
    return torch.where(walks.unsqueeze(2), explorer_actions, guide_actions)


def without_a_hand_off(guide_actions, explorer_actions, timesteps, horizon):
    return guide_actions * 1.0


def without_a_guide(guide_actions, explorer_actions, timesteps, horizon):
    return explorer_actions + 0.0


def horizon_as_one_number(guide_actions, explorer_actions, timesteps, horizon):
    walks = timesteps + 1 < int(horizon[0])
    return torch.where(walks.unsqueeze(2), guide_actions, explorer_actions)


def horizon_along_rows(guide_actions, explorer_actions, timesteps, horizon):
    late = timesteps.add(1).ge(horizon.unsqueeze(0))
    return torch.where(late.unsqueeze(-1), explorer_actions, guide_actions)


RIGHT = [with_a_loop, with_weights, with_a_mask, with_numpy]
WRONG = {
    "hands over a step late": [at_the_logged_step, not_after_h],
    "hands over two steps late": [up_to_h],
    "hands over a step early": [one_off_twice],
    "swaps the two": [explorer_first],
    "lets the guide walk for ever": [without_a_hand_off],
    "evaluates the explorer alone": [without_a_guide],
    "uses one horizon for all seeds": [horizon_as_one_number],
    "lines horizons up with the batch": [horizon_along_rows],
}
