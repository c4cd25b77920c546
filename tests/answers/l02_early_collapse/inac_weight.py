import math

import numpy as np
import torch


def in_log_space(q, value, behaviour_log_prob, temperature, weight_range):
    low, high = (math.log(bound) for bound in weight_range)
    return torch.exp(torch.clip((q - value) / temperature - behaviour_log_prob, low, high))


def with_numpy_inside(q, value, behaviour_log_prob, temperature, weight_range):
    exponent = ((q - value) / temperature - behaviour_log_prob).detach().numpy()
    return torch.from_numpy(np.exp(np.clip(exponent, *np.log(weight_range))))


def with_where(q, value, behaviour_log_prob, temperature, weight_range):
    low, high = torch.tensor(weight_range).log()
    exponent = q / temperature - value / temperature - behaviour_log_prob
    exponent = torch.where(exponent > high, high, exponent)
    return torch.where(exponent < low, low, exponent).exp()


def with_a_loop(q, value, behaviour_log_prob, temperature, weight_range):
    weight = torch.empty(q.shape)
    for at in np.ndindex(*q.shape):
        exponent = (q[at] - value[at]).item() / temperature - behaviour_log_prob[at].item()
        bounded = min(max(exponent, math.log(weight_range[0])), math.log(weight_range[1]))
        weight[at] = math.exp(bounded)
    return weight


def clips_the_weight(q, value, behaviour_log_prob, temperature, weight_range):
    weight = torch.exp((q - value) / temperature - behaviour_log_prob)
    ceiling = torch.full_like(weight, weight_range[1])
    return torch.maximum(torch.minimum(weight, ceiling), torch.full_like(weight, weight_range[0]))


def multiplies_exponentials(q, value, behaviour_log_prob, temperature, weight_range):
    weight = ((q - value) / temperature).exp() * (-behaviour_log_prob).exp()
    return weight.clip(weight_range[0], weight_range[1])


def as_it_stands(q, value, behaviour_log_prob, temperature, weight_range):
    return torch.e ** (-(value - q) / temperature - behaviour_log_prob)


def bounds_on_the_exponent(q, value, behaviour_log_prob, temperature, weight_range):
    exponent = (q - value) / temperature - behaviour_log_prob
    return torch.exp(exponent.clip(min=weight_range[0], max=weight_range[1]))


def value_minus_q(q, value, behaviour_log_prob, temperature, weight_range):
    exponent = -(q - value) / temperature - behaviour_log_prob
    return exponent.clamp(math.log(weight_range[0]), math.log(weight_range[1])).exp()


def times_the_density(q, value, behaviour_log_prob, temperature, weight_range):
    exponent = (q - value) / temperature + behaviour_log_prob
    return exponent.clamp(math.log(weight_range[0]), math.log(weight_range[1])).exp()


def only_the_advantage(q, value, behaviour_log_prob, temperature, weight_range):
    exponent = (q - value).div(temperature)
    return exponent.clamp(math.log(weight_range[0]), math.log(weight_range[1])).exp()


def bracket_too_wide(q, value, behaviour_log_prob, temperature, weight_range):
    exponent = (q - value - behaviour_log_prob) / temperature
    return exponent.clamp(math.log(weight_range[0]), math.log(weight_range[1])).exp()


RIGHT = [in_log_space, with_numpy_inside, with_where, with_a_loop]
WRONG = {
    "clips after exp": [clips_the_weight],
    "divides two exponentials": [multiplies_exponentials],
    "never clips": [as_it_stands],
    "clips the exponent at the weights' bounds": [bounds_on_the_exponent],
    "prefers the worse actions": [value_minus_q],
    "prefers what is common anyway": [times_the_density],
    "forgets the behaviour policy": [only_the_advantage],
    "divides everything by the temperature": [bracket_too_wide],
}
