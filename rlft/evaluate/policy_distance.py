"""How far a policy has moved from another one: what returns cannot tell of a run that does nothing.

Letters: S seeds, N states, A action size.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from rlft.core.checks import at_least
from rlft.nets.policies import Policy


@torch.no_grad()
def policy_kl(
    policy: Policy,
    reference: Policy,
    observations: np.ndarray | Tensor,
    *,
    samples: int = 16,
    seed: int = 0,
) -> np.ndarray:
    """The Kullback-Leibler divergence KL(policy || reference), in nats, mean over states.

    Estimated from the policy's own actions: E[log policy(a|s) - log reference(a|s)]. 0 for equal
    policies; a Gaussian whose mean has moved by one standard deviation is 0.5 away.

    Args:
        policy: S policies.
        reference: S policies of the same sizes; seed by seed, the policy it is compared with.
        observations: (N, O), the states.
        samples: actions drawn in each state, 1 or more.
        seed: of the actions.

    Returns:
        (S,).
    """
    at_least(1, samples=samples, hint="16 actions in each of 256 states are accurate to 2 %.")
    device = next(policy.parameters()).device
    states = torch.as_tensor(observations, dtype=torch.float32, device=device)  # (N, O)
    states = states.repeat(samples, 1).expand(policy.seeds, -1, -1)  # (S, samples * N, O)
    actions = policy.sample(states, torch.Generator(device).manual_seed(seed))
    gap = policy.log_prob(states, actions) - reference.log_prob(states, actions)
    return gap.double().mean(1).cpu().numpy()
