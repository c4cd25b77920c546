import torch


def with_values(q, log_prob, alpha):
    lowest = q.min(dim=1).values
    return (alpha[:, None] * log_prob - lowest).mean(dim=1)


def with_einsum(q, log_prob, alpha):
    entropy = -log_prob.mean(-1)
    return -(q.amin(1).mean(-1) + torch.einsum("s,s->s", alpha, entropy))


def with_a_loop(q, log_prob, alpha):
    losses = []
    for s in range(q.shape[0]):
        terms = []
        for b in range(q.shape[2]):
            lowest = q[s, 0, b]
            for e in range(1, q.shape[1]):
                lowest = torch.minimum(lowest, q[s, e, b])
            terms.append(alpha[s] * log_prob[s, b] - lowest)
        losses.append(torch.stack(terms).mean())
    return torch.stack(losses)


def with_negated_maximum(q, log_prob, alpha):
    return ((-q).max(dim=-2)[0] + log_prob.mul(alpha.reshape(-1, 1))).sum(1) / q.size(2)


def to_be_maximised(q, log_prob, alpha):
    lowest = q.min(dim=1).values
    return lowest.mean(1) + alpha * (-log_prob).mean(1)


def plus_q(q, log_prob, alpha):
    return alpha * log_prob.mean(1) + q.min(dim=1)[0].mean(1)


def entropy_is_log_prob(q, log_prob, alpha):
    entropy = log_prob.mean(-1)
    return -(q.amin(1).mean(-1) + alpha * entropy)


def mean_of_critics(q, log_prob, alpha):
    return alpha * log_prob.mean(1) - q.sum(1).div(q.shape[1]).mean(1)


def most_careful_critic(q, log_prob, alpha):
    losses = [alpha * log_prob.mean(1) - critic.mean(1) for critic in q.unbind(1)]
    return torch.stack(losses).amax(0)


def min_over_last(q, log_prob, alpha):
    lowest = torch.min(q, dim=-1).values
    return torch.mean(alpha.unsqueeze(-1) * log_prob - lowest, dim=-1)


def alpha_is_one(q, log_prob, alpha):
    return log_prob.mean(1) - q.min(dim=1).values.mean(1)


def alpha_as_a_row(q, log_prob, alpha):
    return torch.stack([(alpha * row).mean() for row in log_prob]) - q.amin(1).mean(1)


def critics_without_gradient(q, log_prob, alpha):
    with torch.no_grad():
        lowest = q.min(dim=1).values
    return (alpha.unsqueeze(1) * log_prob).mean(1) - lowest.mean(1)


def log_prob_as_data(q, log_prob, alpha):
    return alpha * log_prob.data.mean(1) - q.min(dim=1)[0].mean(1)


RIGHT = [with_values, with_einsum, with_a_loop, with_negated_maximum]
WRONG = {
    "gives the objective and not the loss": [to_be_maximised],
    "descends Q": [plus_q],
    "rewards certainty": [entropy_is_log_prob],
    "averages the critics": [mean_of_critics],
    "takes the minimum after the mean": [most_careful_critic],
    "takes the minimum over the wrong axis": [min_over_last],
    "leaves the temperature out": [alpha_is_one],
    "spreads the temperature along the batch": [alpha_as_a_row],
    "cuts the way from Q to the policy": [critics_without_gradient],
    "cuts the way from log pi to the policy": [log_prob_as_data],
}
