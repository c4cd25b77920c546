"""The two policy classes of the papers' code bases, each for S seeds at once.

`SquashedGaussian` is SAC's (tanh of a Gaussian, state-dependent width; WSRL, RLPD, CQL, Cal-QL).
`TanhMeanNormal` is InAC's and IQL's (a Gaussian around a tanh mean, one width for all states).
Moving weights between the classes would change the entropy at the switch, so it is never done.
Actions are always in [-1, 1]^A.

Letters: S seeds, B batch, O observation size, A action size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rlft.core.checks import positive
from rlft.core.registry import Registry, stored
from rlft.nets.initial_weights import InitialWeights
from rlft.nets.layers import MLP

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


@stored
@dataclass(frozen=True)
class PolicyConfig:
    """Shape of a policy.

    Attributes:
        kind: a key of `POLICIES`.
        hidden: width of each hidden layer.
        layer_norm: LayerNorm before every ReLU (WSRL has it in the policy, RLPD has not).
        norm_epsilon: what LayerNorm adds to the variance: PyTorch's 1e-5, or flax's 1e-6 (WSRL).
        initial_weights: how weights start.

    Raises:
        InputError: an epsilon that is not positive.
    """

    kind: str = "squashed-gaussian"
    hidden: tuple[int, ...] = (64, 64)
    layer_norm: bool = False
    norm_epsilon: float = 1e-5
    initial_weights: InitialWeights = InitialWeights()

    def __post_init__(self) -> None:
        hint = "It keeps LayerNorm from dividing by zero; PyTorch's is 1e-5."
        positive(norm_epsilon=self.norm_epsilon, hint=hint, of="PolicyConfig")


class Policy(nn.Module):
    """What every policy can do. Subclasses define `distribution`, `rsample`, `log_prob`, `mode`.

    Args:
        seeds: S.
        observation_size: O.
        action_size: A.
        config: kind, widths, LayerNorm.
        generator: source of the initial weights.
    """

    outputs_per_action: ClassVar[int]

    def __init__(
        self,
        seeds: int,
        observation_size: int,
        action_size: int,
        config: PolicyConfig,
        generator: torch.Generator,
    ):
        super().__init__()
        self.seeds, self.observation_size, self.action_size = seeds, observation_size, action_size
        outputs = self.outputs_per_action * action_size
        self.mlp = MLP(seeds, observation_size, outputs, config, generator)

    def rsample(self, observations: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draws actions through which gradients flow, with their log-probabilities.

        Args:
            observations: (S, B, O).
            generator: source of randomness.

        Returns:
            actions (S, B, A) in [-1, 1] and log-densities (S, B).
        """
        raise NotImplementedError

    def log_prob(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Log-density (S, B) of `actions` (S, B, A) at `observations` (S, B, O)."""
        raise NotImplementedError

    def mode(self, observations: Tensor) -> Tensor:
        """The action of evaluation, (S, B, O) to (S, B, A)."""
        raise NotImplementedError

    @torch.no_grad()
    def sample(self, observations: Tensor, generator: torch.Generator) -> Tensor:
        """Draws actions (S, B, A) for acting: no gradient."""
        return self.rsample(observations, generator)[0]


def _noise_like(x: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(x.shape, generator=generator, device=x.device)


def _normal_log_prob(standardised: Tensor, log_std: Tensor) -> Tensor:
    """Log-density of a diagonal Gaussian, summed over the last axis."""
    return (-0.5 * standardised.square() - log_std - HALF_LOG_2PI).sum(-1)


class SquashedGaussian(Policy):
    """a = tanh(u), u ~ N(mu(s), sigma(s)) (Haarnoja et al. 2018, appendix C)."""

    outputs_per_action = 2
    log_std_range = (-5.0, 2.0)  # CleanRL's bounds: e^-5 is narrow enough to be deterministic
    # float32 tanh reaches exactly 1 and atanh(1) is infinite; at 0.999 |u| <= 3.8, so a logged
    # action on the border costs a finite log-density instead of an explosion.
    data_clip = 0.999

    def _mean_and_log_std(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_std = self.mlp(observations).chunk(2, -1)  # (S, B, A) each
        return mean, log_std.clamp(*self.log_std_range)

    @staticmethod
    def _log_slope(u: Tensor) -> Tensor:
        """log(1 - tanh(u)^2), in the form that stays finite for large |u|."""
        return 2 * (math.log(2) - u - F.softplus(-2 * u))

    def rsample(self, observations: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        mean, log_std = self._mean_and_log_std(observations)
        noise = _noise_like(mean, generator)
        u = mean + log_std.exp() * noise  # (S, B, A)
        log_prob = _normal_log_prob(noise, log_std) - self._log_slope(u).sum(-1)  # (S, B)
        return u.tanh(), log_prob

    def log_prob(self, observations: Tensor, actions: Tensor) -> Tensor:
        mean, log_std = self._mean_and_log_std(observations)
        u = actions.clamp(-self.data_clip, self.data_clip).atanh()  # (S, B, A)
        standardised = (u - mean) / log_std.exp()
        return _normal_log_prob(standardised, log_std) - self._log_slope(u).sum(-1)

    def mode(self, observations: Tensor) -> Tensor:
        return self._mean_and_log_std(observations)[0].tanh()


class TanhMeanNormal(Policy):
    """a ~ N(tanh(mu(s)), sigma), clipped to the box (policy of InAC's authors and of IQL's).

    The log-density is the Gaussian's at the sample before clipping, so no point mass at the border
    enters the entropy. log sigma = -6 + 6 sigmoid(p) with p = 0 at first: sigma starts at 0.05.
    """

    outputs_per_action = 1
    log_std_span = 6.0  # log sigma lies in [-6, 0]

    def __init__(
        self,
        seeds: int,
        observation_size: int,
        action_size: int,
        config: PolicyConfig,
        generator: torch.Generator,
    ):
        super().__init__(seeds, observation_size, action_size, config, generator)
        shape = (seeds, 1, action_size)
        self.spread = nn.Parameter(torch.zeros(shape, device=generator.device))  # (S, 1, A)

    def _log_std(self) -> Tensor:
        return self.log_std_span * (self.spread.sigmoid() - 1)  # (S, 1, A)

    def rsample(self, observations: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        mean, log_std = self.mode(observations), self._log_std()
        noise = _noise_like(mean, generator)
        action = mean + log_std.exp() * noise  # (S, B, A)
        return action.clamp(-1, 1), _normal_log_prob(noise, log_std.expand_as(noise))

    def log_prob(self, observations: Tensor, actions: Tensor) -> Tensor:
        mean, log_std = self.mode(observations), self._log_std()
        return _normal_log_prob((actions - mean) / log_std.exp(), log_std.expand_as(mean))

    def mode(self, observations: Tensor) -> Tensor:
        return self.mlp(observations).tanh()


POLICIES: Registry[type[Policy]] = Registry(
    "policy class",
    lambda value: isinstance(value, type) and issubclass(value, Policy),
    lambda value: value.__name__,
)
"""Policy classes by the names that `PolicyConfig.kind` takes."""
POLICIES.add("squashed-gaussian", SquashedGaussian)
POLICIES.add("tanh-mean-normal", TanhMeanNormal)


def make_policy(
    config: PolicyConfig,
    seeds: int,
    observation_size: int,
    action_size: int,
    generator: torch.Generator,
) -> Policy:
    """Builds the policy that `config.kind` names.

    Raises:
        InputError: if there is no such kind.
    """
    policy = POLICIES.find(config.kind)
    return policy(seeds, observation_size, action_size, config, generator)
