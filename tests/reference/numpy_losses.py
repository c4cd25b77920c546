"""Every loss of the papers in float64 NumPy, each with its gradient by hand.

One seed at a time, so there is no S here. What the library keeps constant (targets, weights of
actions, temperatures in a policy's loss) has no gradient here either.

Letters: E ensemble members, B batch, n sampled actions.
"""

from __future__ import annotations

import numpy as np
from numpy_nets import Array


def td_target(rewards: Array, terminations: Array, next_values: Array, gamma: float) -> Array:
    """y = r + gamma (1 - d) V(s'); all (B,)."""
    return rewards + np.where(terminations == 1, 0.0, gamma * next_values)


def squared_error(q: Array, target: Array) -> tuple[float, Array]:
    """Mean over E and B of (Q_i - y)^2, and its gradient for q (E, B)."""
    error = q - target
    return float((error**2).mean()), 2 * error / error.size


def aggregate(q: Array, objective: str) -> tuple[Array, Array]:
    """Minimum or mean over critics (B,), and how much of it each critic is (E, B)."""
    if objective == "mean":
        return q.mean(0), np.full_like(q, 1 / len(q))
    share = np.zeros_like(q)
    share[q.argmin(0), np.arange(q.shape[1])] = 1
    return q.min(0), share


def sac_policy(q: Array, log_prob: Array, alpha: float) -> tuple[float, Array, Array]:
    """E[alpha log pi - Q]: Haarnoja et al. 2018, equation 7. Gradients for q and log_prob (B,)."""
    size = len(q)
    return (
        float((alpha * log_prob - q).mean()),
        np.full(size, -1 / size),
        np.full(size, alpha / size),
    )


def alpha_of(x: float, form: str) -> tuple[float, float]:
    """The temperature of a number and its slope: e^x, or log(1 + e^x) for "softplus"."""
    power = float(np.exp(x))
    return (power, power) if form == "exp" else (float(np.log(1 + power)), power / (1 + power))


def temperature(
    x: float, log_prob: Array, target_entropy: float, form: str = "exp"
) -> tuple[float, float]:
    """alpha (H - H_target) with H = -mean log pi, and its gradient for the x behind alpha."""
    excess = float(-log_prob.mean() - target_entropy)
    alpha, slope = alpha_of(x, form)
    return alpha * excess, slope * excess


def negative_log_likelihood(log_prob: Array) -> tuple[float, Array]:
    """-E_D[log pi(a|s)], and its gradient for log_prob (B,)."""
    return weighted_likelihood(np.ones_like(log_prob), log_prob)


def weighted_likelihood(weight: Array, log_prob: Array) -> tuple[float, Array]:
    """-E_D[w log pi(a|s)], and its gradient for log_prob (B,)."""
    return float(-(weight * log_prob).mean()), -weight / len(weight)


def expectile(q: Array, v: Array, tau: float) -> tuple[float, Array]:
    """E |tau - 1(u < 0)| u^2, u = Q - V: Kostrikov et al. 2022, equation 5. Gradient for v (B,)."""
    u = q - v
    weight = np.abs(tau - (u < 0))
    return float((weight * u**2).mean()), -2 * weight * u / len(u)


def advantage_weight(advantage: Array, beta: float, clip: float) -> Array:
    """min(exp(beta (Q - V)), clip): Kostrikov et al. 2022, equation 7 and section 5."""
    return np.minimum(np.exp(beta * advantage), clip)


def in_sample_weight(
    q: Array, v: Array, behaviour: Array, tau: float, low: float, high: float
) -> Array:
    """exp((Q - V) / tau) / pi_b(a|s), clipped: Xiao et al. 2023, equation 14.

    Clipped after exp, as the equation reads: float64 holds exp(700), and these exponents are less.
    """
    return np.clip(np.exp((q - v) / tau) / np.exp(behaviour), low, high)


def conservative(
    q: Array, log_density: Array, q_data: Array, floor: Array
) -> tuple[float, Array, Array]:
    """CQL's penalty with Cal-QL's floor (Kumar et al. 2020, app. F; Nakamoto et al. 2023, eq. 5.1).

    Args:
        q: (E, B, n), Q at sampled actions.
        log_density: (B, n), log of the density that each was drawn from.
        q_data: (E, B), Q at the logged action.
        floor: (B, n), Q counts as at least this; -inf for none.

    Returns:
        mean over E and B of log sum_a exp(max(Q, floor)) / density - Q_data, and its gradients for
        q (E, B, n) and q_data (E, B).
    """
    terms = np.exp(np.maximum(q, floor)) / np.exp(log_density)  # (E, B, n)
    total = terms.sum(2, keepdims=True)
    loss = float((np.log(total[..., 0]) - q_data).mean())
    d_q = np.where(q > floor, terms / total, 0.0) / q_data.size
    return loss, d_q, np.full_like(q_data, -1 / q_data.size)
