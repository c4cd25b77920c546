"""The claims of AJS (Wang, White and White 2025) on trial."""

from __future__ import annotations

from dataclasses import replace

from rlft.experiments.claims.ajs_arms import (
    AJS,
    SHORT,
    ajs,
    explorer,
    frozen,
    in_sample,
    linear,
    oracle,
    rule,
    sac,
)
from rlft.experiments.claims.claim import SMALLEST, Claim, Contrast, Place, Trial, as_good
from rlft.experiments.claims.measures import (
    Curve,
    GuideLeft,
    JudgeError,
    JudgeFollows,
    Probed,
)
from rlft.experiments.claims.places import DENSE, LARGE, NARROW, NEAR, NOISY, SPARSE
from rlft.experiments.probes import QErrors
from rlft.experiments.told import TellTruth


def degrades(place: Place, why: str = "") -> Trial:
    """A1: who falls, beside a policy that stands still."""
    fell = Curve("drop")
    return Trial(
        place,
        (sac(place), in_sample(place), frozen(place)),
        (
            Contrast("SAC falls, beyond what a policy that stands still does", fell, "SAC",
                     "frozen policy"),
            Contrast("and by more than InAC", fell, "SAC", "InAC"),
            as_good("InAC does not fall", Curve("lowest"), "InAC", "frozen policy", margin=0.1),
        ),
        why=why,
    )  # fmt: skip


def slow(place: Place) -> Trial:
    """A2: what InAC gains beside SAC."""
    return Trial(
        place,
        (sac(place), in_sample(place), frozen(place)),
        (
            Contrast("SAC ends above InAC", Curve("final"), "SAC", "InAC"),
            Contrast(
                "InAC gains more than a policy that stands still",
                Curve("gain"),
                "InAC",
                "frozen policy",
                smallest=0.05,
                control=True,
            ),
        ),
    )


def overestimates(place: Place) -> Trial:
    """A3: Q at unseen states, and SAC without its errors there."""
    probes = (QErrors(),)
    told = sac(place, SHORT, probes=probes, edit=TellTruth())
    return Trial(
        place,
        (
            sac(place, SHORT, probes=probes),
            in_sample(place, SHORT, probes=probes),
            replace(told, name="SAC, critics told the truth"),
            replace(sac(place, SHORT, edit=TellTruth("pessimism")),
                    name="SAC, pessimism taken away"),
        ),
        (
            Contrast("At unseen states SAC's Q is too high when it starts",
                     Probed("error_unseen", 0), "SAC", smallest=SMALLEST / 2),  # of Q
            Contrast("with critics told the truth there SAC drops less", Curve("drop"), "SAC",
                     "SAC, critics told the truth"),
            Contrast("and earns more", Curve("average"), "SAC, critics told the truth", "SAC",
                     smallest=0.05, control=True),
            Contrast("After 250 steps it is more so under SAC than under InAC",
                     Probed("error_unseen", 250), "SAC", "InAC", smallest=SMALLEST / 2,
                     control=True),
            Contrast("Correcting only what is too low helps as much", Curve("average"),
                     "SAC, pessimism taken away", "SAC", control=True),
        ),
        why="the truth of an unseen state can be had in a maze only",
    )  # fmt: skip


def tracks(place: Place) -> Trial:
    """A4: the judge beside the truth, with a clock and without."""
    free = replace(rule(place).fqe, time_aware=False, finite_horizon=False, gamma=0.98)
    return Trial(
        place,
        (ajs(place), ajs(place, "judge without a clock", fqe=free)),
        (
            Contrast("The judge follows the return of whoever acts", JudgeFollows(), "AJS",
                     smallest=0.3),
            Contrast("A judge without a clock errs by more", JudgeError(), "judge without a clock",
                     "AJS", control=True),
        ),
    )  # fmt: skip


def promises(place: Place, why: str = "") -> Trial:
    """A5: the whole method beside what it is made of."""
    acts = "whoever acts"
    return Trial(
        place,
        (ajs(place), sac(place), in_sample(place), explorer(place), oracle(place), frozen(place)),
        (
            Contrast("AJS drops less than SAC", Curve("drop", acts), "SAC", "AJS"),
            Contrast("learns faster than InAC", Curve("average", acts), "AJS", "InAC",
                     smallest=0.05),
            as_good("and ends as high as SAC", Curve("final", acts), "AJS", "SAC"),
            Contrast("AJS drops less than its own explorer without guide and gate",
                     Curve("drop", acts), "explorer alone", "AJS", control=True),
            Contrast("SAC drops beyond what a policy that stands still does", Curve("drop", acts),
                     "SAC", "frozen policy", control=True),
            Contrast("An oracle gate drops less than FQE's", Curve("drop", acts), "AJS",
                     "oracle gate", control=True),
        ),
        why=why,
    )  # fmt: skip


def automatic(place: Place) -> Trial:
    """A6: the gate beside three fixed schedules."""
    lengths = (500, 1_500, 5_000)  # too fast, a lucky guess, and too slow to end
    rest = [linear(place, length) for length in lengths]
    return Trial(
        place,
        (ajs(place), *rest),
        tuple(
            Contrast(f"AJS earns more than an h that falls within {length:,} steps",
                     Curve("average", "whoever acts"), "AJS", f"h falls within {length:,}",
                     smallest=0.05)
            for length in lengths
        ),
    )  # fmt: skip


def fails(place: Place) -> Trial:
    """A7: a judge that lies to either side."""
    tenth = 0.1 * place.range
    low, high = ajs(place, "judge too low", bias=-tenth), ajs(place, "judge too high", bias=80.0)
    return Trial(
        place,
        (ajs(place), low, high),
        (
            Contrast("A judge that says too little keeps h up", GuideLeft(), "judge too low", "AJS",
                     smallest=0.2),
            Contrast("one that says too much costs return", Curve("drop", "whoever acts"),
                     "judge too high", "AJS"),
        ),
    )  # fmt: skip


def seldom(place: Place) -> Trial:
    """A8: a judge that learns seldom."""
    rare = (10, 50)
    return Trial(
        place,
        (ajs(place), *(ajs(place, f"FQE every {n} steps", update_every=n) for n in rare)),
        tuple(
            Contrast(f"FQE asked to learn every {n} steps only costs return",
                     Curve("average", "whoever acts"), "AJS", f"FQE every {n} steps",
                     smallest=0.05)
            for n in rare
        ),
    )  # fmt: skip


def protects(place: Place, why: str) -> Trial:
    """A8: the promise alone."""
    return Trial(
        place,
        (ajs(place), sac(place), explorer(place)),
        (
            Contrast("AJS drops less than SAC", Curve("drop", "whoever acts"), "SAC", "AJS"),
            Contrast("AJS drops less than its own explorer without guide and gate",
                     Curve("drop", "whoever acts"), "explorer alone", "AJS", control=True),
        ),
        why=why,
    )  # fmt: skip


DENSE_WHY = "each step earns its own, so a late hand-off loses little"
COSTLY_WHY = "a cost of 1 a step: whoever is handed to late loses all the same"
CLAIMS = (
    Claim(
        "A1",
        "Fine-tuning an offline policy with SAC degrades it early; InAC does not",
        AJS,
        (degrades(NEAR), degrades(NOISY), degrades(DENSE),
         degrades(LARGE, "SAC crosses the large maze nearly unharmed: it should not show")),
    ),
    Claim(
        "A2",
        "Fine-tuning with InAC is slow, and sometimes there is no improvement",
        AJS,
        (slow(NOISY), slow(NEAR), slow(DENSE)),
    ),
    Claim(
        "A3",
        "The cause is overestimation at states that the data does not have",
        AJS,
        (overestimates(NEAR), overestimates(NOISY)),
    ),
    Claim(
        "A4",
        "Fitted Q evaluation tracks the value of the policy that is acting",
        AJS,
        (tracks(NEAR), tracks(DENSE)),
    ),
    Claim(
        "A5",
        "AJS drops less than SAC, learns faster than InAC, and ends competitive",
        AJS,
        (promises(NEAR, COSTLY_WHY), promises(DENSE, DENSE_WHY)),
        note="A reconstruction: what the paper leaves open is a field of the rule.",
    ),
    Claim(
        "A6",
        "The automatic schedule is better than a fixed linear one",
        AJS,
        (automatic(NEAR), automatic(DENSE)),
    ),
    Claim(
        "A7",
        "AJS stagnates where its judge says too little, and collapses where it says too much",
        AJS,
        (fails(NEAR), fails(DENSE)),
    ),
    Claim(
        "A8",
        "AJS depends on how often fitted Q evaluation learns, on dense rewards and on coverage",
        AJS,
        (seldom(DENSE), protects(SPARSE, "only the goal pays"), protects(NARROW, COSTLY_WHY)),
        note="Open questions of the paper, and no claims of it.",
    ),
)  # fmt: skip
