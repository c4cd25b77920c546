"""A multilayer perceptron, Adam and the polyak average in float64 NumPy, gradients by hand.

Nothing here knows of seeds or ensembles: a network is one dictionary of matrices, so that the
library's stacked layers are compared with the plain thing. Written from the equations: Ba et al.
2016 (LayerNorm), Kingma and Ba 2015 (Adam, algorithm 1).

Letters: B batch.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

Array = np.ndarray
# weight0 (in, out), bias0 (out,), scale0, shift0 (out,), weight1, ..., and "epsilon" (), what every
# LayerNorm adds to the variance, where it is not PyTorch's number.
Params = dict[str, Array]
LAYER_NORM_EPS = np.array(1e-5)


@dataclass
class Trace:
    """What the way back needs of the way forward, one entry per linear layer."""

    inputs: list[Array] = field(default_factory=list)  # (B, in), what the layer was given
    normalised: list[Array] = field(default_factory=list)  # (B, out), before scale and shift
    deviations: list[Array] = field(default_factory=list)  # (B, 1), sqrt(variance + eps)
    positive: list[Array] = field(default_factory=list)  # (B, out) bool, what ReLU lets through


def depth(net: Params) -> int:
    """Number of linear layers."""
    return sum(name.startswith("weight") for name in net)


def forward(net: Params, x: Array) -> tuple[Array, Trace]:
    """Maps x (B, in) to (B, out) by linear, (LayerNorm,) ReLU, ..., linear."""
    trace, last = Trace(), depth(net) - 1
    for i in range(last + 1):
        trace.inputs.append(x)
        x = x @ net[f"weight{i}"] + net[f"bias{i}"]
        if i == last:
            break
        if f"scale{i}" in net:
            mean = x.mean(1, keepdims=True)
            epsilon = net.get("epsilon", LAYER_NORM_EPS)
            deviation = np.sqrt(((x - mean) ** 2).mean(1, keepdims=True) + epsilon)
            normalised = (x - mean) / deviation
            trace.normalised.append(normalised)
            trace.deviations.append(deviation)
            x = normalised * net[f"scale{i}"] + net[f"shift{i}"]
        trace.positive.append(x > 0)
        x = np.where(x > 0, x, 0.0)
    return x, trace


def backward(net: Params, trace: Trace, d: Array) -> tuple[Params, Array]:
    """Takes a gradient d (B, out) of the output back to the parameters and the input (B, in)."""
    gradient: Params = {}
    last = depth(net) - 1
    for i in range(last, -1, -1):
        if i < last:
            d = np.where(trace.positive[i], d, 0.0)
            if f"scale{i}" in net:
                y = trace.normalised[i]
                gradient[f"scale{i}"], gradient[f"shift{i}"] = (d * y).sum(0), d.sum(0)
                d = d * net[f"scale{i}"]
                # Mean and deviation depend on every unit, so each gives a term that is taken off.
                along = (d * y).mean(1, keepdims=True)
                d = (d - d.mean(1, keepdims=True) - y * along) / trace.deviations[i]
        gradient[f"weight{i}"], gradient[f"bias{i}"] = trace.inputs[i].T @ d, d.sum(0)
        d = d @ net[f"weight{i}"].T
    return gradient, d


@dataclass
class Adam:
    """Adam with the authors' constants; `lr` is their alpha."""

    lr: float
    steps: int = 0
    first: Params = field(default_factory=dict)  # m, the running mean of the gradient
    second: Params = field(default_factory=dict)  # v, the running mean of its square

    def step(self, net: Params, gradient: Params) -> None:
        """Moves every parameter of `net` in place by one step."""
        self.steps += 1
        for name, g in gradient.items():
            m = 0.9 * self.first.get(name, 0.0) + 0.1 * g
            v = 0.999 * self.second.get(name, 0.0) + 0.001 * g**2
            self.first[name], self.second[name] = m, v
            m_hat, v_hat = m / (1 - 0.9**self.steps), v / (1 - 0.999**self.steps)
            net[name] = net[name] - self.lr * m_hat / (np.sqrt(v_hat) + 1e-8)


def polyak(target: Params, source: Params, rate: float) -> None:
    """target <- (1 - rate) target + rate source, in place."""
    for name in target:
        target[name] = (1 - rate) * target[name] + rate * source[name]


def share_output(gradients: list[Params]) -> list[Params]:
    """Gradients of critics with one output layer: the copies of it all get the sum of theirs."""
    last = depth(gradients[0]) - 1
    for name in (f"weight{last}", f"bias{last}"):
        total = np.sum([gradient[name] for gradient in gradients], 0)
        for gradient in gradients:
            gradient[name] = total
    return gradients


def q_values(critics: list[Params], observations: Array, actions: Array) -> Array:
    """Q of every critic: (B, O), (B, A) to (E, B)."""
    x = np.concatenate((observations, actions), 1)
    return np.stack([forward(critic, x)[0][:, 0] for critic in critics])


def q_backward(
    critics: list[Params], observations: Array, actions: Array, d_q: Array
) -> tuple[list[Params], Array]:
    """Takes d_q (E, B) back to every critic's parameters and to the actions (B, A)."""
    x = np.concatenate((observations, actions), 1)
    gradients, d_actions = [], np.zeros_like(actions)
    for critic, d in zip(critics, d_q, strict=True):
        gradient, d_x = backward(critic, forward(critic, x)[1], d[:, None])
        gradients.append(gradient)
        d_actions = d_actions + d_x[:, observations.shape[1] :]
    return gradients, d_actions
