import torch


def with_logsumexp(q_sampled, log_density, q_data):
    per_state = torch.logsumexp(q_sampled - log_density, dim=-1) - q_data
    return per_state.flatten(1).mean(1)


def with_the_largest_taken_out(q_sampled, log_density, q_data):
    weighted = q_sampled - log_density
    largest = weighted.amax(-1, keepdim=True)
    soft_maximum = largest[..., 0] + (weighted - largest).exp().sum(-1).log()
    return soft_maximum.mean((1, 2)) - q_data.mean((1, 2))


def with_the_data_inside(q_sampled, log_density, q_data):
    # exp(Q) relative to exp(Q of the logged action), divided by the density.
    ratio = (q_sampled - q_data.unsqueeze(-1)).exp() / log_density.exp()
    return ratio.sum(-1).log().mean(dim=(1, 2))


def with_loops(q_sampled, log_density, q_data):
    seeds, ensemble, batch, n = q_sampled.shape
    penalty = []
    for s in range(seeds):
        total = torch.zeros(())
        for e in range(ensemble):
            for b in range(batch):
                soft = torch.tensor(-torch.inf)
                for i in range(n):
                    soft = torch.logaddexp(soft, q_sampled[s, e, b, i] - log_density[s, 0, b, i])
                total = total + soft - q_data[s, e, b]
        penalty.append(total / (ensemble * batch))
    return torch.stack(penalty)


def samples_are_enough(q_sampled, log_density, q_data):
    return q_sampled.logsumexp(3).mean(dim=[1, 2]) - q_data.mean(dim=[1, 2])


def density_as_a_factor(q_sampled, log_density, q_data):
    largest = q_sampled.amax(-1, keepdim=True)
    soft = ((q_sampled - largest).exp() * log_density.exp()).sum(-1).log() + largest[..., 0]
    return (soft - q_data).mean((1, 2))


def log_of_the_mean(q_sampled, log_density, q_data):
    weighted = q_sampled - log_density
    largest = weighted.amax(-1, keepdim=True)
    soft = (weighted - largest).exp().mean(-1).log() + largest[..., 0]
    return (soft - q_data).mean((1, 2))


def negative(q_sampled, log_density, q_data):
    return -(torch.logsumexp(q_sampled - log_density, -1) - q_data).mean((1, 2))


def sum_of_weights(q_sampled, log_density, q_data):
    weights = q_sampled.exp() / log_density.exp()
    return torch.log(weights.sum(3)).mean((1, 2)) - q_data.mean((1, 2))


def one_critic_after_the_other(q_sampled, log_density, q_data):
    soft = torch.logsumexp(q_sampled - log_density, -1)
    return sum((soft[:, e] - q_data[:, e]).sum(1) for e in range(q_data.shape[1]))


def one_number(q_sampled, log_density, q_data):
    return torch.logsumexp(q_sampled - log_density, -1).mean() - q_data.mean()


RIGHT = [with_logsumexp, with_the_largest_taken_out, with_the_data_inside, with_loops]
WRONG = {
    "leaves out the density": [samples_are_enough],
    "multiplies by the density": [density_as_a_factor],
    "takes the mean over the sampled actions": [log_of_the_mean],
    "turns the penalty round": [negative],
    "takes exp of numbers far below zero": [sum_of_weights],
    "adds up instead of averaging": [one_critic_after_the_other],
    "averages over the seeds": [one_number],
}
