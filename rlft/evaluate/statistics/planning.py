"""How many seeds an effect needs, and the smallest effect that so many seeds see.

To be asked before the runs are made. The test is Student's, two-sided, on the differences of S
pairs of seeds, and its power is exact for normal differences: with delta the effect over the
standard deviation, the statistic is noncentral t with S - 1 degrees of freedom and centre
sqrt(S) delta. The bootstrap interval that the course prints has that test's width.

Letters: S seeds. Source: Cohen, "Statistical Power Analysis for the Behavioral Sciences" (1988),
chapter 2; for reinforcement learning Colas et al. (arXiv 1806.08295).
"""

from __future__ import annotations

from dataclasses import dataclass

from scipy import optimize, stats

from rlft.core.checks import at_least, positive, refused, within

MOST = 1_000_000  # more seeds than anyone makes; an effect that needs them is none


@dataclass(frozen=True)
class Power:
    """What so many paired seeds see; prints as a sentence.

    Attributes:
        effect: the mean difference, in the unit of `sd`, above 0.
        sd: standard deviation of the paired differences.
        seeds: S, of each of the two methods.
        power: in (0, 1): how often S seeds find the effect if it is there.
        confidence: in (0, 1): 1 - how often they find one that is not there.
    """

    effect: float
    sd: float
    seeds: int
    power: float
    confidence: float

    def __str__(self) -> str:
        deviations = f"{self.effect / self.sd:.3g} standard deviations"
        size = deviations if self.sd == 1 else f"{self.effect:.3g} ({deviations})"
        return (
            f"{self.seeds:,} paired seeds see a difference of {size} with {100 * self.power:.0f} % "
            f"power, at {100 * self.confidence:g} % confidence."
        )


def power_of(delta: float, seeds: int, confidence: float = 0.95) -> float:
    """How often S paired seeds find an effect of `delta` standard deviations.

    Args:
        delta: effect over the standard deviation of the differences.
        seeds: S >= 2.
        confidence: of the test, in (0, 1).

    Returns:
        In (0, 1); 1 - confidence for no effect.
    """
    bound = stats.t.ppf(0.5 + confidence / 2, seeds - 1)
    if delta == 0:
        return 1.0 - confidence  # SciPy's noncentral F needs a centre
    # Two-sided at once: the square of a noncentral t is a noncentral F, whose tail SciPy has where
    # that of the noncentral t is NaN.
    return float(stats.ncf.sf(bound**2, 1, seeds - 1, seeds * delta**2))


def power(
    effect: float | None = None,
    *,
    sd: float = 1.0,
    seeds: int | None = None,
    power: float = 0.8,
    confidence: float = 0.95,
) -> Power:
    """How many paired seeds an effect needs, or the smallest effect that so many seeds see.

    Give one of the two, and get the other:

        rlft.power(20, sd=15)       # how many seeds?
        rlft.power(seeds=6, sd=15)  # how small an effect?

    The standard deviation comes from a pilot of a few seeds, ``np.std(a - b, ddof=1)``; of the
    *differences*, which is smaller than that of either method if they share their priors. A pilot's
    is uncertain itself: after one of 6 seeds the true one lies from 38 % below to 145 % above it,
    at 95 % confidence.

    Args:
        effect: mean difference that you would not want to miss, in the unit of `sd`; its sign does
            not matter.
        sd: standard deviation of the paired differences, above 0; 1 measures effects in it.
        seeds: S >= 2 of each method.
        power: how often the effect shall be found, in (0, 1), above 1 - confidence.
        confidence: of the interval or test that shall find it, in (0, 1).

    Returns:
        Both, with the power that they reach: that which was asked for, or a little more where
        seeds were rounded up.

    Raises:
        InputError: none or both of effect and seeds, a number outside of its range, or an effect
            that needs more than a million seeds.
    """
    if (effect is None) == (seeds is None):
        given = {"effect": effect, "seeds": seeds}
        hint = "As in rlft.power(20, sd=15) or rlft.power(seeds=6, sd=15)."
        raise refused("power", given, "one of effect and seeds", hint)
    positive(sd=sd, hint="Take the standard deviation of a pilot's differences.")
    within(0, 1, without=(0, 1), confidence=confidence, hint="0.95 is usual.")
    chance = 1 - confidence  # what no effect at all reaches
    within(chance, 1, without=(chance, 1), power=power, hint="0.8 is usual.")
    if seeds is not None:
        at_least(2, seeds=seeds, hint="One pair of runs has no spread.")
        if seeds != int(seeds):
            raise refused("seeds", seeds, "a whole number", f"Give {int(seeds) + 1}.")

        def missing(delta: float) -> float:
            return power_of(delta, seeds, confidence) - power

        upper = 1.0
        while missing(upper) < 0:
            upper *= 2
        delta = float(optimize.root_scalar(missing, bracket=(0.0, upper)).root)
        return Power(delta * sd, sd, seeds, power_of(delta, seeds, confidence), confidence)
    assert effect is not None
    size = abs(effect)
    positive(effect=size, hint="No number of seeds finds an effect of nothing.")
    delta = size / sd
    below, enough = 1, MOST  # one pair cannot be tested
    if power_of(delta, enough, confidence) < power:
        hint = f"It is {delta:.1g} standard deviations: look for a larger effect."
        raise refused("effect", effect, f"one that {MOST:,} seeds or fewer can see", hint)
    while enough - below > 1:  # halving: more seeds never see less
        middle = (below + enough) // 2
        if power_of(delta, middle, confidence) < power:
            below = middle
        else:
            enough = middle
    return Power(size, sd, enough, power_of(delta, enough, confidence), confidence)
