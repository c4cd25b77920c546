"""The policy classes of the papers' code bases, each for S seeds at once.

`SquashedGaussian` is SAC's, the tanh of a Gaussian (WSRL, RLPD, CQL, Cal-QL). `ClippedNormal` is a
plain Gaussian (IQL and behaviour cloning in WSRL's code), `TanhMeanNormal` one around a tanh mean
(InAC, and IQL's own code). Each is as wide as its network says of a state, or the same everywhere.
Moving weights between the classes would change the entropy at the switch, so it is never done.
Actions are always in [-1, 1]^A.

Letters: S seeds, B batch, O observation size, A action size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rlft.core.checks import one_of, positive, refused
from rlft.core.noise import normal
from rlft.core.registry import Registry, stored
from rlft.nets.initial_weights import InitialWeights
from rlft.nets.layers import MLP, repeat_rows

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
        log_std: where log sigma comes from: ``"state"``, an output of the network; ``"free"``, a
            parameter from 0 on, the same in all states (IQL); ``"sigmoid"``, such a parameter that
            a sigmoid keeps in [-6, 0], from -3 on (InAC). None: the usual one of the kind.
        log_std_range: what ``"state"`` and ``"free"`` are clipped to. RLPD and CQL have (-20, 2),
            IQL (-5, 2), WSRL (log 1e-5, log 10).
        log_std_offset: of ``"state"``: log sigma is m x + c of the network's x, with one m and one
            c, which are learned from 1 and from this number on (Cal-QL: -1). None: it is x itself.

    Raises:
        InputError: an epsilon that is not positive, an unknown `log_std`, a range that is none, or
            an offset without a log sigma of the state.
    """

    kind: str = "squashed-gaussian"
    hidden: tuple[int, ...] = (64, 64)
    layer_norm: bool = False
    norm_epsilon: float = 1e-5
    initial_weights: InitialWeights = InitialWeights()
    log_std: Literal["state", "free", "sigmoid"] | None = None
    # CleanRL's bounds: e^-5 is narrow enough to be deterministic.
    log_std_range: tuple[float, float] = (-5.0, 2.0)
    log_std_offset: float | None = None

    def __post_init__(self) -> None:
        hint = "It keeps LayerNorm from dividing by zero; PyTorch's is 1e-5."
        positive(norm_epsilon=self.norm_epsilon, hint=hint, of="PolicyConfig")
        one_of(("state", "free", "sigmoid"), log_std=self.log_std)
        low, high = self.log_std_range
        if not low < high:
            hint = "Give the lower bound first, as in (-5, 2)."
            raise refused("log_std_range", self.log_std_range, "two numbers in order", hint)


class Policy(nn.Module):
    """A Gaussian whose values become actions. Subclasses define `squash` and `unsquash`.

    Args:
        seeds: S.
        observation_size: O.
        action_size: A.
        config: kind, widths, LayerNorm, log sigma.
        generator: source of the initial weights.

    Raises:
        InputError: an offset of log sigma where the network has no output for it.
    """

    usual_log_std: ClassVar[str]
    log_std_span = 6.0  # through the sigmoid, log sigma lies in [-6, 0]

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
        self.log_std = config.log_std or self.usual_log_std
        self.log_std_range, offset = config.log_std_range, config.log_std_offset
        of_state = self.log_std == "state"
        outputs = 2 * action_size if of_state else action_size
        self.mlp = MLP(seeds, observation_size, outputs, config, generator)
        device = generator.device
        if not of_state:
            shape = (seeds, 1, action_size)
            self.spread = nn.Parameter(torch.zeros(shape, device=device))  # (S, 1, A)
        self.line: nn.ParameterList | None = None
        if offset is not None:
            if not of_state:
                hint = 'Leave it out, or give log_std="state".'
                raise refused("log_std_offset", offset, f"None for log_std={self.log_std!r}", hint)
            slope = torch.ones((seeds, 1, 1), device=device)
            self.line = nn.ParameterList([slope, offset * slope])  # (S, 1, 1) each

    def mean_and_log_std(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        """What the network says of observations (S, B, O): (S, B, A) each.

        The mean as it leaves the network: what becomes of it is the subclass's affair.
        """
        out = self.mlp(observations)  # (S, B, 2 A), or (S, B, A)
        if self.log_std == "sigmoid":
            return out, (self.log_std_span * (self.spread.sigmoid() - 1)).expand_as(out)
        if self.log_std == "free":
            return out, self.spread.clamp(*self.log_std_range).expand_as(out)
        mean, log_std = out.chunk(2, -1)
        if self.line is not None:
            slope, offset = self.line
            log_std = slope * log_std + offset
        return mean, log_std.clamp(*self.log_std_range)

    def rsample(self, observations: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draws actions through which gradients flow, with their log-probabilities.

        Args:
            observations: (S, B, O).
            generator: source of randomness.

        Returns:
            actions (S, B, A) in [-1, 1] and log-densities (S, B).
        """
        u, noise, log_std = self._draw(observations, generator)
        log_prob = self.density(u, noise, log_std)  # (S, B)
        return self.squash(u), log_prob

    def rsample_each(
        self, observations: Tensor, count: int, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Draws so many actions for each observation, which the network sees once.

        Args:
            observations: (S, B, O).
            count: n, draws for each of them.
            generator: source of randomness.

        Returns:
            What `rsample` gives of rows that come n times in a row: actions (S, B * n, A) and
            log-densities (S, B * n).
        """
        if type(self).rsample is not Policy.rsample:  # somebody's own
            return self.rsample(repeat_rows(observations, count), generator)
        u, noise, log_std = self._draw(observations, generator, count)
        return self.squash(u), self.density(u, noise, log_std)

    def log_prob(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Log-density (S, B) of `actions` (S, B, A) at `observations` (S, B, O)."""
        mean, log_std = self.mean_and_log_std(observations)
        u = self.unsquash(actions)  # (S, B, A)
        return self.density(u, (u - self.centre(mean)) / log_std.exp(), log_std)

    def mode(self, observations: Tensor) -> Tensor:
        """The action of evaluation, (S, B, O) to (S, B, A)."""
        return self.squash(self.centre(self.mean_and_log_std(observations)[0]))

    @torch.no_grad()
    def sample(self, observations: Tensor, generator: torch.Generator, count: int = 1) -> Tensor:
        """Draws actions (S, B * count, A) for acting: no gradient, no density."""
        if type(self).rsample is not Policy.rsample:  # somebody's own
            return self.rsample(repeat_rows(observations, count), generator)[0]
        return self.squash(self._draw(observations, generator, count)[0])

    def _draw(
        self, observations: Tensor, generator: torch.Generator, count: int = 1
    ) -> tuple[Tensor, Tensor, Tensor]:
        """A Gaussian's value u, the standard noise in it, and log sigma: (S, B * count, A) each."""
        mean, log_std = self.mean_and_log_std(observations)
        if count > 1:
            mean, log_std = repeat_rows(mean, count), repeat_rows(log_std, count)
        noise = normal(mean.shape, generator)
        return self.centre(mean) + log_std.exp() * noise, noise, log_std

    def centre(self, mean: Tensor) -> Tensor:
        """The Gaussian's mean, of what the network says: anywhere, unless a subclass says more."""
        return mean

    def squash(self, u: Tensor) -> Tensor:
        """The action (S, B, A) that a value of the Gaussian becomes."""
        raise NotImplementedError(f"{type(self).__name__} has to say what `squash` does")

    def unsquash(self, actions: Tensor) -> Tensor:
        """A value of the Gaussian that becomes these actions (S, B, A)."""
        raise NotImplementedError(f"{type(self).__name__} has to say what `unsquash` does")

    def density(self, u: Tensor, noise: Tensor, log_std: Tensor) -> Tensor:
        """Log-density (S, B) of the action that u becomes, where it is `noise` sigmas off."""
        return _normal_log_prob(noise, log_std)


def _normal_log_prob(standardised: Tensor, log_std: Tensor) -> Tensor:
    """Log-density of a diagonal Gaussian, summed over the last axis."""
    return (-0.5 * standardised.square() - log_std - HALF_LOG_2PI).sum(-1)


class SquashedGaussian(Policy):
    """a = tanh(u), u ~ N(mu(s), sigma(s)) (Haarnoja et al. 2018, appendix C)."""

    usual_log_std = "state"
    # float32 tanh reaches exactly 1 and atanh(1) is infinite; at 0.999 |u| <= 3.8, so a logged
    # action on the border costs a finite log-density instead of an explosion.
    data_clip = 0.999

    @staticmethod
    def _log_slope(u: Tensor) -> Tensor:
        """log(1 - tanh(u)^2), in the form that stays finite for large |u|."""
        return 2 * (math.log(2) - u - F.softplus(-2 * u))

    def squash(self, u: Tensor) -> Tensor:
        return u.tanh()

    def unsquash(self, actions: Tensor) -> Tensor:
        return actions.clamp(-self.data_clip, self.data_clip).atanh()

    def density(self, u: Tensor, noise: Tensor, log_std: Tensor) -> Tensor:
        return _normal_log_prob(noise, log_std) - self._log_slope(u).sum(-1)


class ClippedNormal(Policy):
    """a ~ N(mu(s), sigma), clipped to the box (IQL and behaviour cloning in WSRL's code).

    The log-density is the Gaussian's at the sample before clipping, so no point mass at the border
    enters the entropy.
    """

    usual_log_std = "state"

    def squash(self, u: Tensor) -> Tensor:
        return u.clamp(-1, 1)

    def unsquash(self, actions: Tensor) -> Tensor:
        return actions


class TanhMeanNormal(ClippedNormal):
    """a ~ N(tanh(mu(s)), sigma), clipped to the box (policy of InAC's authors and of IQL's).

    InAC's log sigma is -6 + 6 sigmoid(p) with p = 0 at first: sigma starts at 0.05.
    """

    usual_log_std = "sigmoid"

    def centre(self, mean: Tensor) -> Tensor:
        """The Gaussian's mean, of what the network says: inside the box."""
        return mean.tanh()


POLICIES: Registry[type[Policy]] = Registry(
    "policy class",
    lambda value: isinstance(value, type) and issubclass(value, Policy),
    lambda value: value.__name__,
)
"""Policy classes by the names that `PolicyConfig.kind` takes."""
POLICIES.add("squashed-gaussian", SquashedGaussian)
POLICIES.add("normal", ClippedNormal)
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
