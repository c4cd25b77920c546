"""The two policy classes in float64 NumPy: samples, log-densities, and their gradients by hand.

Squashed Gaussian: Haarnoja et al. 2018, appendix C. Normal around a tanh mean: the policy of InAC's
and IQL's code. The squashed density is written with 1 - tanh^2 = 1 / cosh^2, not in the library's
softplus form; float64 holds cosh(u) up to u = 700.

Letters: B batch, A action size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy_nets import Array, Params, Trace, backward, forward

HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)
# The library's choices, repeated on purpose: a change there must be a decision here too.
LOG_STD_RANGE = (-5.0, 2.0)  # squashed Gaussian
DATA_CLIP = 0.999  # logged actions before atanh
LOG_STD_SPAN = 6.0  # log sigma of the other class lies in [-6, 0]


@dataclass
class Squashed:
    """a = tanh(u), u ~ N(mu(s), sigma(s))."""

    net: Params

    def _head(self, observations: Array) -> tuple[Array, Array, Array, Trace]:
        out, trace = forward(self.net, observations)
        mean, raw = np.split(out, 2, axis=1)
        inside = (raw >= LOG_STD_RANGE[0]) & (raw <= LOG_STD_RANGE[1])
        return mean, np.clip(raw, *LOG_STD_RANGE), inside, trace

    def mode(self, observations: Array) -> Array:
        return np.tanh(self._head(observations)[0])

    def sample(self, observations: Array, noise: Array) -> tuple[Array, Array]:
        """Actions (B, A) and log-densities (B,) for standard normal noise (B, A)."""
        mean, log_std, _, _ = self._head(observations)
        u = mean + np.exp(log_std) * noise
        gaussian = -0.5 * noise**2 - log_std - HALF_LOG_2PI
        return np.tanh(u), (gaussian + 2 * np.log(np.cosh(u))).sum(1)

    def sample_backward(
        self, observations: Array, noise: Array, d_action: Array, d_log_prob: Array
    ) -> Params:
        """Gradient through a sample, for d_action (B, A) and d_log_prob (B,)."""
        mean, log_std, inside, trace = self._head(observations)
        action = np.tanh(mean + np.exp(log_std) * noise)
        # da/du = 1 - a^2, and d/du of -log(1 - tanh^2 u) = 2 tanh u.
        d_u = d_action * (1 - action**2) + d_log_prob[:, None] * 2 * action
        d_log_std = d_u * np.exp(log_std) * noise - d_log_prob[:, None]
        return backward(self.net, trace, np.concatenate((d_u, d_log_std * inside), 1))[0]

    def log_prob(self, observations: Array, actions: Array) -> Array:
        """Log-density (B,) of logged actions (B, A)."""
        mean, log_std, _, _ = self._head(observations)
        a = np.clip(actions, -DATA_CLIP, DATA_CLIP)
        z = (np.arctanh(a) - mean) / np.exp(log_std)
        return (-0.5 * z**2 - log_std - HALF_LOG_2PI - np.log(1 - a**2)).sum(1)

    def log_prob_backward(self, observations: Array, actions: Array, d_log_prob: Array) -> Params:
        mean, log_std, inside, trace = self._head(observations)
        z = (np.arctanh(np.clip(actions, -DATA_CLIP, DATA_CLIP)) - mean) / np.exp(log_std)
        d_mean = d_log_prob[:, None] * z / np.exp(log_std)
        d_log_std = d_log_prob[:, None] * (z**2 - 1) * inside
        return backward(self.net, trace, np.concatenate((d_mean, d_log_std), 1))[0]


@dataclass
class TanhMean:
    """a = clip(x), x ~ N(tanh(mu(s)), sigma), with one log sigma = -6 + 6 sigmoid(spread)."""

    net: Params  # holds "spread" (A,) beside the layers

    def _sigmoid(self) -> Array:
        return 1 / (1 + np.exp(-self.net["spread"]))

    def _head(self, observations: Array) -> tuple[Array, Array, Trace]:
        out, trace = forward(self.net, observations)
        return np.tanh(out), -LOG_STD_SPAN + LOG_STD_SPAN * self._sigmoid(), trace

    def _back(self, trace: Trace, mean: Array, d_mean: Array, d_log_std: Array) -> Params:
        gradient = backward(self.net, trace, d_mean * (1 - mean**2))[0]
        sigmoid = self._sigmoid()
        gradient["spread"] = d_log_std.sum(0) * LOG_STD_SPAN * sigmoid * (1 - sigmoid)
        return gradient

    def mode(self, observations: Array) -> Array:
        return self._head(observations)[0]

    def sample(self, observations: Array, noise: Array) -> tuple[Array, Array]:
        """Clipped actions (B, A) and the log-densities (B,) of the samples before clipping."""
        mean, log_std, _ = self._head(observations)
        x = mean + np.exp(log_std) * noise
        return np.clip(x, -1, 1), (-0.5 * noise**2 - log_std - HALF_LOG_2PI).sum(1)

    def sample_backward(
        self, observations: Array, noise: Array, d_action: Array, d_log_prob: Array
    ) -> Params:
        mean, log_std, trace = self._head(observations)
        d_x = d_action * (np.abs(mean + np.exp(log_std) * noise) <= 1)
        return self._back(trace, mean, d_x, d_x * np.exp(log_std) * noise - d_log_prob[:, None])

    def log_prob(self, observations: Array, actions: Array) -> Array:
        mean, log_std, _ = self._head(observations)
        z = (actions - mean) / np.exp(log_std)
        return (-0.5 * z**2 - log_std - HALF_LOG_2PI).sum(1)

    def log_prob_backward(self, observations: Array, actions: Array, d_log_prob: Array) -> Params:
        mean, log_std, trace = self._head(observations)
        z = (actions - mean) / np.exp(log_std)
        d = d_log_prob[:, None]
        return self._back(trace, mean, d * z / np.exp(log_std), d * (z**2 - 1))


AnyPolicy = Squashed | TanhMean
POLICIES: dict[str, type[Squashed] | type[TanhMean]] = {
    "squashed-gaussian": Squashed,
    "tanh-mean-normal": TanhMean,
}
