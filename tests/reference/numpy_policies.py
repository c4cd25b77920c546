"""The policy classes in float64 NumPy: samples, log-densities, and their gradients by hand.

Squashed Gaussian: Haarnoja et al. 2018, appendix C. Normal around a tanh mean: the policy of InAC's
and IQL's code. The squashed density is written with 1 - tanh^2 = 1 / cosh^2, not in the library's
softplus form; float64 holds cosh(u) up to u = 700.

Letters: B batch, A action size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy_nets import Array, Params, Trace, backward, forward

from rlft.nets.policies import PolicyConfig

HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)
# The library's choices, repeated on purpose: a change there must be a decision here too.
LOG_STD_RANGE = (-5.0, 2.0)  # of what a network says, and of a free parameter
DATA_CLIP = 0.999  # logged actions before atanh
LOG_STD_SPAN = 6.0  # through the sigmoid, log sigma lies in [-6, 0]


@dataclass
class Head:
    """Mean and log sigma, the latter in one of three ways.

    The network gives both ("state", where log sigma may be "slope" times it plus "offset"); or the
    mean alone, and "spread" (A,) decides, clipped ("free") or as -6 + 6 sigmoid(spread).
    """

    net: Params  # holds "spread" (A,), or "slope" and "offset" (1,), beside the layers
    log_std: str | None = None
    bounds: tuple[float, float] = LOG_STD_RANGE
    usual: ClassVar[str] = "state"

    @property
    def way(self) -> str:
        return self.log_std or self.usual

    def head(self, observations: Array) -> tuple[Array, Array, Trace]:
        """Mean (B, A) as the network says it, log sigma (B, A)."""
        out, trace = forward(self.net, observations)
        if self.way == "state":
            mean, x = np.split(out, 2, axis=1)
            return mean, np.clip(self._line(x), *self.bounds), trace
        spread = np.broadcast_to(self.net["spread"], out.shape)
        if self.way == "free":
            return out, np.clip(spread, *self.bounds), trace
        return out, -LOG_STD_SPAN + LOG_STD_SPAN / (1 + np.exp(-spread)), trace

    def back(self, observations: Array, d_mean: Array, d_log_std: Array) -> Params:
        """Gradients of the parameters, for those of mean and log sigma (B, A)."""
        out, trace = forward(self.net, observations)
        if self.way != "state":
            gradient = backward(self.net, trace, d_mean)[0]
            spread = self.net["spread"]
            inside = (spread >= self.bounds[0]) & (spread <= self.bounds[1])
            sigmoid = 1 / (1 + np.exp(-spread))
            slope = inside if self.way == "free" else LOG_STD_SPAN * sigmoid * (1 - sigmoid)
            gradient["spread"] = d_log_std.sum(0) * slope
            return gradient
        x = np.split(out, 2, axis=1)[1]
        raw = self._line(x)
        d_raw = d_log_std * ((raw >= self.bounds[0]) & (raw <= self.bounds[1]))
        d_x = d_raw * self.net.get("slope", 1.0)
        gradient = backward(self.net, trace, np.concatenate((d_mean, d_x), 1))[0]
        if "slope" in self.net:
            gradient["slope"] = np.array([(d_raw * x).sum()])
            gradient["offset"] = np.array([d_raw.sum()])
        return gradient

    def _line(self, x: Array) -> Array:
        return self.net.get("slope", 1.0) * x + self.net.get("offset", 0.0)


@dataclass
class Squashed(Head):
    """a = tanh(u), u ~ N(mu(s), sigma)."""

    def mode(self, observations: Array) -> Array:
        return np.tanh(self.head(observations)[0])

    def sample(self, observations: Array, noise: Array) -> tuple[Array, Array]:
        """Actions (B, A) and log-densities (B,) for standard normal noise (B, A)."""
        mean, log_std, _ = self.head(observations)
        u = mean + np.exp(log_std) * noise
        gaussian = -0.5 * noise**2 - log_std - HALF_LOG_2PI
        return np.tanh(u), (gaussian + 2 * np.log(np.cosh(u))).sum(1)

    def sample_backward(
        self, observations: Array, noise: Array, d_action: Array, d_log_prob: Array
    ) -> Params:
        """Gradient through a sample, for d_action (B, A) and d_log_prob (B,)."""
        mean, log_std, _ = self.head(observations)
        action = np.tanh(mean + np.exp(log_std) * noise)
        # da/du = 1 - a^2, and d/du of -log(1 - tanh^2 u) = 2 tanh u.
        d_u = d_action * (1 - action**2) + d_log_prob[:, None] * 2 * action
        d_log_std = d_u * np.exp(log_std) * noise - d_log_prob[:, None]
        return self.back(observations, d_u, d_log_std)

    def log_prob(self, observations: Array, actions: Array) -> Array:
        """Log-density (B,) of logged actions (B, A)."""
        mean, log_std, _ = self.head(observations)
        a = np.clip(actions, -DATA_CLIP, DATA_CLIP)
        z = (np.arctanh(a) - mean) / np.exp(log_std)
        return (-0.5 * z**2 - log_std - HALF_LOG_2PI - np.log(1 - a**2)).sum(1)

    def log_prob_backward(self, observations: Array, actions: Array, d_log_prob: Array) -> Params:
        mean, log_std, _ = self.head(observations)
        z = (np.arctanh(np.clip(actions, -DATA_CLIP, DATA_CLIP)) - mean) / np.exp(log_std)
        d = d_log_prob[:, None]
        return self.back(observations, d * z / np.exp(log_std), d * (z**2 - 1))


@dataclass
class Normal(Head):
    """a = clip(x), x ~ N(mu(s), sigma)."""

    def centre(self, mean: Array) -> tuple[Array, Array | float]:
        """The Gaussian's mean, of what the network says, and its derivative."""
        return mean, 1.0

    def mode(self, observations: Array) -> Array:
        return np.clip(self.centre(self.head(observations)[0])[0], -1, 1)

    def sample(self, observations: Array, noise: Array) -> tuple[Array, Array]:
        """Clipped actions (B, A) and the log-densities (B,) of the samples before clipping."""
        mean, log_std, _ = self.head(observations)
        x = self.centre(mean)[0] + np.exp(log_std) * noise
        return np.clip(x, -1, 1), (-0.5 * noise**2 - log_std - HALF_LOG_2PI).sum(1)

    def sample_backward(
        self, observations: Array, noise: Array, d_action: Array, d_log_prob: Array
    ) -> Params:
        mean, log_std, _ = self.head(observations)
        centre, slope = self.centre(mean)
        d_x = d_action * (np.abs(centre + np.exp(log_std) * noise) <= 1)
        d_log_std = d_x * np.exp(log_std) * noise - d_log_prob[:, None]
        return self.back(observations, d_x * slope, d_log_std)

    def log_prob(self, observations: Array, actions: Array) -> Array:
        mean, log_std, _ = self.head(observations)
        z = (actions - self.centre(mean)[0]) / np.exp(log_std)
        return (-0.5 * z**2 - log_std - HALF_LOG_2PI).sum(1)

    def log_prob_backward(self, observations: Array, actions: Array, d_log_prob: Array) -> Params:
        mean, log_std, _ = self.head(observations)
        centre, slope = self.centre(mean)
        z = (actions - centre) / np.exp(log_std)
        d = d_log_prob[:, None]
        return self.back(observations, d * z / np.exp(log_std) * slope, d * (z**2 - 1))


@dataclass
class TanhMean(Normal):
    """a = clip(x), x ~ N(tanh(mu(s)), sigma)."""

    usual: ClassVar[str] = "sigmoid"

    def centre(self, mean: Array) -> tuple[Array, Array | float]:
        return np.tanh(mean), 1 - np.tanh(mean) ** 2


AnyPolicy = Squashed | Normal
POLICIES: dict[str, type[Squashed] | type[Normal]] = {
    "squashed-gaussian": Squashed,
    "normal": Normal,
    "tanh-mean-normal": TanhMean,
}


def policy_of(config: PolicyConfig, net: Params) -> AnyPolicy:
    """The policy of a configuration."""
    return POLICIES[config.kind](net, config.log_std, config.log_std_range)
