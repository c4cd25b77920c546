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
    observed,
    oracle,
    own_rows,
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
from rlft.experiments.claims.places import (
    BALANCED,
    DENSE,
    LARGE,
    NARROW,
    NEAR,
    NOISY,
    SPARSE,
    WOBBLY,
)
from rlft.experiments.probes import QErrors
from rlft.experiments.told import TellTruth


def degrades(place: Place, why: str = "") -> Trial:
    """A1: who falls, beside a policy that stands still."""
    fell = Curve("drop")
    return Trial(
        place,
        (sac(place), in_sample(place), frozen(place), explorer(place)),
        (
            Contrast("SAC falls, beyond what a policy that stands still does", fell, "SAC",
                     "frozen policy"),
            Contrast("and by more than InAC", fell, "SAC", "InAC"),
            as_good("InAC does not fall", Curve("lowest"), "InAC", "frozen policy", margin=0.1),
            Contrast("SAC falls if its temperature crosses, too", fell, "explorer alone",
                     "frozen policy", control=True),
        ),
        why=why,
    )  # fmt: skip


def slow(place: Place) -> Trial:
    """A2: what InAC gains, beside a policy that stands still and beside SAC."""
    return Trial(
        place,
        (sac(place), in_sample(place), frozen(place)),
        (
            as_good("InAC gains less than a tenth of the range within 2,500 steps", Curve("gain"),
                    "frozen policy", "InAC", margin=0.1),
            Contrast("InAC gains something", Curve("gain"), "InAC", "frozen policy",
                     smallest=0.05, control=True),
            Contrast("SAC ends above InAC", Curve("final"), "SAC", "InAC", control=True),
        ),
    )  # fmt: skip


def overestimates(place: Place) -> Trial:
    """A3: Q at unseen states, and SAC without its errors there."""
    probes = (QErrors(),)
    told, lifted = "SAC, critics told the truth", "SAC, pessimism taken away"
    pessimism = TellTruth("pessimism", "off the data")
    return Trial(
        place,
        (
            sac(place, SHORT, probes=probes),
            replace(sac(place, SHORT, probes=probes, edit=TellTruth()), name=told),
            replace(sac(place, SHORT, edit=pessimism), name=lifted),
        ),
        (
            Contrast("At unseen states SAC's Q is too high when it starts",
                     Probed("error_unseen", 0), "SAC"),
            Contrast("with critics told the truth there SAC drops less", Curve("drop"), "SAC",
                     told),
            Contrast("and earns more", Curve("average"), told, "SAC", smallest=0.05,
                     control=True),
            Contrast("Correcting only what is too low helps", Curve("average"), lifted, "SAC",
                     smallest=0.05, control=True),
        ),
        why="the truth of an unseen state can be had in a maze only",
    )  # fmt: skip


def tracks(place: Place) -> Trial:
    """A4: the judge beside the truth, with a clock and without."""
    free = replace(rule(place).fqe, time_aware=False, finite_horizon=False, gamma=0.98)
    blind = "judge without a clock"
    return Trial(
        place,
        (ajs(place), ajs(place, blind, fqe=free)),
        (
            Contrast("The judge errs by less than a tenth of the range", JudgeError(), "AJS",
                     above=-SMALLEST, smallest=-SMALLEST),
            Contrast("It follows the return of whoever acts", JudgeFollows(), "AJS",
                     smallest=0.3, control=True),
            Contrast("and better than a judge without a clock", JudgeFollows(), "AJS", blind,
                     smallest=0.1, control=True),
        ),
    )  # fmt: skip


def promises(place: Place, why: str = "") -> Trial:
    """A5: the whole method beside what it is made of, other gates, and an extension."""
    acts = "whoever acts"
    rivals = (sac(place), in_sample(place), explorer(place), frozen(place))
    return Trial(
        place,
        (ajs(place), *rivals, oracle(place), observed(place), own_rows(place)),
        (
            Contrast("AJS drops less than SAC", Curve("drop", acts), "SAC", "AJS"),
            Contrast("learns faster than InAC", Curve("average", acts), "AJS", "InAC",
                     smallest=0.05),
            as_good("and ends as high as SAC", Curve("final", acts), "AJS", "SAC"),
            Contrast("AJS drops less than its own explorer without guide and gate",
                     Curve("drop", acts), "explorer alone", "AJS", control=True),
            Contrast("An oracle gate, asked as often, drops less than FQE's", Curve("drop", acts),
                     "AJS", "oracle gate", control=True),
            Contrast("A gate of observed returns, as JSRL's, earns more than FQE's",
                     Curve("average", acts), "observed returns decide", "AJS", smallest=0.05,
                     control=True),
            Contrast("An explorer that learns at its own rows only earns more (an extension)",
                     Curve("average", acts), "AJS, its own rows", "AJS", smallest=0.05,
                     control=True),
            Contrast("SAC drops beyond what a policy that stands still does", Curve("drop", acts),
                     "SAC", "frozen policy", control=True),
        ),
        why=why,
    )  # fmt: skip


def automatic(place: Place) -> Trial:
    """A6: the gate beside three fixed schedules."""
    lengths = (500, 1_500, 5_000)  # too fast, a lucky guess, and too slow to end
    return Trial(
        place,
        (ajs(place), *(linear(place, length) for length in lengths)),
        tuple(
            Contrast(f"AJS earns more than an h that falls within {length:,} steps",
                     Curve("average", "whoever acts"), "AJS", f"h falls within {length:,}",
                     smallest=0.05)
            for length in lengths
        ),
    )  # fmt: skip


def fails(place: Place) -> Trial:
    """A7: a judge that lies to either side, by a tenth of the range, and by all of it."""
    low = ajs(place, "judge too low", bias=-0.1 * place.range)
    high = ajs(place, "judge too high", bias=place.range)
    start = rule(place).start_at or 0
    return Trial(
        place,
        (ajs(place), low, high),
        (
            Contrast("A judge that says too little keeps h up", GuideLeft(start), low.name, "AJS",
                     smallest=0.2),
            Contrast("one that says too much costs return", Curve("drop", "whoever acts"),
                     high.name, "AJS"),
        ),
    )  # fmt: skip


def seldom(place: Place) -> Trial:
    """A8: a judge that learns seldom."""
    rare = (10, 50)
    return Trial(
        place,
        (ajs(place), *(ajs(place, f"FQE every {n} steps", update_every=n) for n in rare)),
        tuple(
            as_good(f"With FQE learning every {n} steps AJS earns as much",
                    Curve("average", "whoever acts"), f"FQE every {n} steps", "AJS")
            for n in rare
        ),
    )  # fmt: skip


def protects(place: Place, why: str) -> Trial:
    """A8: the promise alone, beside the explorer that starts as AJS's does."""
    fell = Curve("drop", "whoever acts")
    return Trial(
        place,
        (ajs(place), explorer(place), frozen(place)),
        (
            Contrast("AJS drops less than its own explorer without guide and gate", fell,
                     "explorer alone", "AJS"),
            Contrast("The explorer alone drops beyond what a policy that stands still does", fell,
                     "explorer alone", "frozen policy", control=True),
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
         degrades(LARGE, "SAC crosses the large maze nearly unharmed: it should not show"),
         degrades(BALANCED, "one wrong push and the pole falls: it should show")),
    ),
    Claim(
        "A2",
        "Fine-tuning with InAC is slow, and sometimes there is no improvement",
        AJS,
        (slow(NOISY), slow(NEAR), slow(DENSE), slow(WOBBLY)),
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
        "AJS also protects if its judge learns seldom, only the goal pays, or data is narrow",
        AJS,
        (seldom(DENSE), protects(SPARSE, "only the goal pays"), protects(NARROW, COSTLY_WHY)),
        note="Open questions of the paper, and no claims of it.",
    ),
)  # fmt: skip
