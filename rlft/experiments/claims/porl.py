"""The claims of PORL (Xiao et al. 2025) on trial, with the checks that our own reading asks for.

The arms of a trial start from the same policies. Numbers count from the release of the policy on,
for 300 steps, within which critics that are not ready have ruined it.
"""

from __future__ import annotations

from dataclasses import replace

from rlft.acting import EpsilonGreedy
from rlft.algorithms import BCConfig, InACConfig, SACConfig
from rlft.experiments.claims.claim import Arm, Claim, Contrast, Place, Trial, as_good
from rlft.experiments.claims.measures import Curve, Probed
from rlft.experiments.claims.places import LARGE, NEAR, NOISY, SWINGING
from rlft.experiments.probes import QErrors
from rlft.experiments.told import TellTruth
from rlft.recipes import Online, Pretraining, Recipe, Warmup, find_recipe

PORL = "PORL"
SOURCE = find_recipe("porl").source.paper
AFTER, EVERY, WAIT = 300, 50, 500
CLONED = Pretraining("bc", BCConfig(), 2_000)
WHOLE = replace(find_recipe("porl-bc"), prior=CLONED)
# Pessimistic critics, ten as those that PORL learns, so that they can cross.
OFFLINE = replace(WHOLE, prior=find_recipe("wsrl").prior)
KEPT = replace(OFFLINE, handover=replace(WHOLE.handover, critics=True, target_critics=True))
LOWEST, AVERAGE = Curve("lowest"), Curve("average")


def arm(name: str, recipe: Recipe = WHOLE, **how: object) -> Arm:
    """A recipe that goes on for as many steps after its release as all the others."""
    return Arm(name, recipe, recipe.warmup.steps + AFTER, EVERY, **how)  # type: ignore[arg-type]


def presampled(
    recipe: Recipe = WHOLE, steps: int = WAIT, epsilon: float = 0.2, updates: int = 8
) -> Recipe:
    """A recipe after pre-sampling: steps T, share of random actions, critic updates a step."""
    return replace(recipe, warmup=Warmup(steps, EpsilonGreedy(epsilon), updates))


def from_nothing(recipe: Recipe = WHOLE) -> Recipe:
    """Without pre-sampling: whatever critics there are, the policy moves at once."""
    return replace(recipe, warmup=Warmup())


# A policy that hardly varies, two critics, one update a step: all that is seen is epsilon's.
QUIET = Pretraining("inac", InACConfig(critics=WHOLE.online.learner.critics), 2_000)
PLAIN = replace(WHOLE, prior=QUIET, online=Online(SACConfig()))


def pessimism(place: Place) -> Trial:
    """P1: Q's error off the data beside that on it, at the switch and after fine-tuning."""
    probes, gap = (QErrors(),), {"minus": "error_on_data", "sign": -1.0}
    lower = Probed("error_off_data", **gap)
    kept = "offline critics"
    return Trial(
        place,
        (
            arm(PORL, presampled(OFFLINE), probes=probes),
            arm(kept, from_nothing(KEPT), probes=probes),
            arm(f"{kept}, walked rows", presampled(KEPT, updates=0), probes=probes),
        ),
        (
            Contrast("Off its data an offline Q is lower beside the truth than on it",
                     Probed("error_off_data", 0, **gap), kept),
            Contrast(f"and still is {AFTER} steps after the policy may move", lower, kept),
            Contrast("a pre-sampled Q is less so", lower, kept, PORL),
            Contrast("Even with the walked rows it is", lower, f"{kept}, walked rows", PORL,
                     control=True),
        ),
    )  # fmt: skip


def random_critic(place: Place, why: str = "") -> Trial:
    """P2: trained critics, random ones, rows without updates, and a policy that stands still."""
    still = replace(WHOLE.online.learner, policy_lr=0.0)
    frozen = replace(WHOLE, online=replace(WHOLE.online, learner=still, utd=1, policy_delay=1))
    return Trial(
        place,
        (
            arm(PORL, presampled()),
            arm("random critic", from_nothing()),
            arm("walked rows, no updates", presampled(updates=0)),
            arm("frozen policy", from_nothing(frozen)),
        ),
        (
            Contrast("A random critic costs return", LOWEST, "frozen policy", "random critic"),
            Contrast("pre-sampling spares it", LOWEST, PORL, "random critic"),
            as_good("With it nothing falls", LOWEST, PORL, "frozen policy", margin=0.1),
            Contrast("Walked rows alone do not spare it", LOWEST, PORL, "walked rows, no updates",
                     control=True),
        ),
        why=why,
    )  # fmt: skip


def epsilon(place: Place, name: str, recipe: Recipe, updates: int, why: str) -> Trial:
    """P3: shares of random actions."""
    shares = (0.1, 0.2, 0.5)
    return Trial(
        replace(place, name=f"{place.name}, {name}"),
        (
            arm("epsilon 0", presampled(recipe, epsilon=0.0, updates=updates)),
            *(
                arm(f"epsilon {share:g}", presampled(recipe, epsilon=share, updates=updates))
                for share in shares
            ),
        ),
        (
            Contrast("Random actions while pre-sampling spare return", LOWEST, "epsilon 0.2",
                     "epsilon 0"),
            Contrast("Half as many do as well", LOWEST, "epsilon 0.1", "epsilon 0", control=True),
            Contrast("and more than twice as many", LOWEST, "epsilon 0.5", "epsilon 0",
                     control=True),
        ),
        why=why,
    )  # fmt: skip


def duration(place: Place) -> Trial:
    """P4: numbers of pre-sampling steps."""
    lengths = (100, 250, 1_000)
    return Trial(
        place,
        (arm("T 500", presampled()), *(arm(f"T {n:,}", presampled(steps=n)) for n in lengths)),
        (
            Contrast("500 steps of pre-sampling spare more than 100", LOWEST, "T 500", "T 100"),
            Contrast("500 spare more than 250", LOWEST, "T 500", "T 250", control=True),
            Contrast("1,000 spare more than 500", LOWEST, "T 1,000", "T 500", control=True),
        ),
    )


def directly(place: Place) -> Trial:
    """P5: a cloned policy, for 1,000 steps."""
    longer = presampled()
    made = Arm(PORL, longer, longer.warmup.steps + 1_000, EVERY)
    bare = Arm("random critic", from_nothing(), 1_000, EVERY)
    return Trial(
        place,
        (made, bare),
        (
            Contrast("A cloned policy gains within 1,000 steps", Curve("gain"), PORL,
                     smallest=0.05),
            Contrast("and earns more than with a random critic", AVERAGE, PORL, "random critic",
                     smallest=0.05),
        ),
    )  # fmt: skip


def removal(place: Place) -> Trial:
    """P6: offline critics whose pessimism is taken away."""
    lifted = arm("offline critics, pessimism taken away", from_nothing(KEPT),
                 edit=TellTruth("pessimism", "off the data"))  # fmt: skip
    return Trial(
        place,
        (
            arm(PORL, presampled(OFFLINE)),
            lifted,
            arm("offline critics", from_nothing(KEPT)),
            arm("offline critics, walked rows", presampled(KEPT, updates=0)),
        ),
        (
            Contrast("PORL spares more than offline critics", LOWEST, PORL, "offline critics"),
            Contrast("without pessimism offline critics spare more, too", LOWEST, lifted.name,
                     "offline critics"),
            Contrast("With the walked rows alone they do", LOWEST, "offline critics, walked rows",
                     "offline critics", control=True),
        ),
    )  # fmt: skip


def quality(place: Place) -> Trial:
    """P7: policies after a tenth, half and all of the cloning."""
    shares = (10, 50, 100)

    def cloned(share: int, recipe: Recipe) -> Recipe:
        return replace(recipe, prior=replace(CLONED, steps=CLONED.steps * share // 100))

    arms = []
    for share in shares:
        arms.append(arm(f"{PORL}, {share} %", cloned(share, presampled())))
        arms.append(arm(f"random critic, {share} %", cloned(share, from_nothing())))
    return Trial(
        place,
        tuple(arms),
        tuple(
            Contrast(f"After {share} % of the cloning pre-sampling spares return", LOWEST,
                     f"{PORL}, {share} %", f"random critic, {share} %")
            for share in shares
        ),
    )  # fmt: skip


CLAIMS = (
    Claim(
        "P1",
        "An offline Q stays pessimistic off its data, late in fine-tuning too; a pre-sampled Q is "
        "less so",
        SOURCE,
        (pessimism(NEAR), pessimism(NOISY)),
    ),
    Claim(
        "P2",
        "A random critic wrecks the policy, and pre-sampling prevents it",
        SOURCE,
        (random_critic(NEAR), random_critic(NOISY), random_critic(LARGE),
         random_critic(SWINGING, "500 steps of pre-sampling are two and a half episodes")),
        note="Without pre-sampling the first update waits for 64 transitions: of the 300 steps "
        "those arms learn in 236.",
    ),
    Claim(
        "P3",
        "Epsilon matters while pre-sampling",
        SOURCE,
        (
            epsilon(NEAR, "a policy that hardly varies, two critics", PLAIN, 2,
                    "nothing but epsilon shows the critics another action"),
            epsilon(NEAR, "a cloned policy, ten critics", WHOLE, 8,
                    "the cloned policy's own noise does epsilon's work: it should not show"),
            epsilon(NOISY, "a cloned policy, ten critics", WHOLE, 8,
                    "as on near-optimal data, and more so"),
        ),
    ),
    Claim(
        "P4",
        "The number of pre-sampling steps matters",
        SOURCE,
        (duration(NEAR), duration(NOISY)),
    ),
    Claim(
        "P5",
        "A cloned policy, without critics, can be fine-tuned directly",
        SOURCE,
        (directly(NOISY), directly(LARGE)),
    ),
    Claim(
        "P6",
        "What pre-sampling does is to remove pessimism",
        "a check of ours on PORL",
        (removal(NEAR), removal(NOISY)),
    ),
    Claim(
        "P7",
        "Pre-sampling saves poor policies as well as good ones",
        "a check of ours on PORL",
        (quality(NOISY), quality(NEAR)),
    ),
)  # fmt: skip
