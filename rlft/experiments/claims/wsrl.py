"""The claims of WSRL (Zhou et al. 2024) on trial.

The critics that cross are those of the prior, so arms share a prior where their critics are alike.
Numbers count from the release of the policy on, or from the switch where it says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rlft.algorithms import SACConfig
from rlft.experiments.claims.claim import Arm, Claim, Contrast, Place, Trial, as_good
from rlft.experiments.claims.measures import Curve, Probed
from rlft.experiments.claims.places import BALANCED, LARGE, NEAR, NOISY
from rlft.experiments.probes import LoggedQ
from rlft.nets.stacked import CriticConfig
from rlft.recipes import Handover, Recipe, Warmup, find_recipe

SOURCE = find_recipe("wsrl").source.paper
STEPS, EVERY = 1_500, 125
WSRL, CQL = find_recipe("wsrl"), find_recipe("cql")
LOWEST, AVERAGE = Curve("lowest"), Curve("average")
OVERALL = Curve("average", "whoever acts", whole=True)
COLLAPSES = 20  # seeds


def arm(name: str, recipe: Recipe | str, steps: int = STEPS, **how: object) -> Arm:
    """An arm of a recipe, or of the one of that name."""
    recipe = find_recipe(recipe) if isinstance(recipe, str) else recipe
    return Arm(name, recipe, steps, EVERY, **how)  # type: ignore[arg-type]


LEARNERS = {"CQL": "cql", "Cal-QL": "calql", "IQL": "iql"}


def forgets(place: Place, names: Mapping[str, str] = LEARNERS, why: str = "") -> Trial:
    """With and without the offline data, from one prior each."""
    arms = []
    for name, recipe in names.items():
        arms += [arm(name, recipe), arm(f"{name}, data kept", f"{recipe}-retain")]
    return Trial(
        place,
        tuple(arms),
        tuple(
            Contrast(f"Without its data {name} earns less", AVERAGE, f"{name}, data kept", name,
                     smallest=0.05)
            for name in names
        ),
        why=why,
        seeds=10,
    )  # fmt: skip


def spiral(place: Place) -> Trial:
    """W2: Q on the data's own pairs, with data, without, and without the penalty."""
    probes = (LoggedQ(),)
    fell = Probed("q_logged", change=True)
    same_loss = replace(CQL, online=replace(CQL.online, learner=SACConfig(batch_size=64)))
    return Trial(
        place,
        (
            arm("CQL", "cql", probes=probes),
            arm("CQL, data kept", "cql-retain", probes=probes),
            arm("CQL, then SAC's loss", same_loss, probes=probes),
        ),
        (
            Contrast("Without its data CQL's Q falls on the data's own pairs", fell,
                     "CQL, data kept", "CQL", smallest=0.05),
            Contrast("The penalty drives it: with SAC's loss it falls less", fell,
                     "CQL, then SAC's loss", "CQL", smallest=0.05, control=True),
            Contrast("The return follows: it ends lower", Curve("final"), "CQL, data kept", "CQL",
                     smallest=0.05, control=True),
        ),
        seeds=10,
    )  # fmt: skip


def warm_up(place: Place, name: str, recipe: Recipe, why: str = "") -> Trial:
    """W3: of no, a short and the usual length."""
    lengths = (0, 125, 500)
    arms = [
        arm(f"warm-up {n}", replace(recipe, warmup=Warmup(n)), STEPS - 500 + n) for n in lengths
    ]
    return Trial(
        replace(place, name=f"{place.name}, {name}"),
        tuple(arms),
        (
            Contrast("Warm-up spares return, from the release on", LOWEST, "warm-up 500",
                     "warm-up 0"),
            Contrast("a quarter of it, too", LOWEST, "warm-up 125", "warm-up 0", control=True),
            Contrast("After as many steps of learning it ends higher", Curve("final"),
                     "warm-up 500", "warm-up 0", smallest=0.05, control=True),
        ),
        why=why,
        seeds=COLLAPSES,
    )  # fmt: skip


def without_data(place: Place) -> Trial:
    """W4: WSRL beside what keeps the data, or starts from nothing."""
    rivals = {
        "CQL, data kept": "cql-retain",
        "Cal-QL, data kept": "calql-retain",
        "IQL, data kept": "iql-retain",
        "RLPD": "rlpd",
        "JSRL": "jsrl",
        "fast SAC from scratch": "sac-fast",
    }
    return Trial(
        place,
        (arm("WSRL", WSRL), *(arm(name, recipe) for name, recipe in rivals.items())),
        tuple(as_good(f"WSRL earns as much as {name}", OVERALL, "WSRL", name) for name in rivals),
        seeds=10,
    )


def parts(place: Place) -> Trial:
    """One part taken away at a time; of the critics' from the prior on."""
    prior = WSRL.prior
    assert prior is not None, "WSRL starts from a prior"

    def critics(**fields: object) -> Recipe:
        shape = replace(prior.config.critics, **fields)  # type: ignore[arg-type]
        config = replace(prior.config, critics=shape)
        online = replace(WSRL.online, learner=replace(WSRL.online.learner, critics=shape))
        return replace(WSRL, prior=replace(prior, config=config), online=online)

    taken = {
        "two critics": critics(ensemble=CriticConfig().ensemble),
        "no LayerNorm": critics(layer_norm=False),
        "UTD 1": replace(WSRL, online=replace(WSRL.online, utd=1, policy_delay=1)),
        "no policy delay": replace(WSRL, online=replace(WSRL.online, policy_delay=1)),
    }
    return Trial(
        place,
        (arm("WSRL", WSRL), *(arm(name, recipe) for name, recipe in taken.items())),
        tuple(
            Contrast(f"WSRL earns more than with {name}", AVERAGE, "WSRL", name, smallest=0.05)
            for name in taken
        ),
        seeds=10,
    )


def inherits(place: Place) -> Trial:
    """What crosses, one tick taken away at a time."""
    taken = {
        "fresh critics": Handover(critics=False, target_critics=False),
        "fresh optimizers": Handover(optimizers=()),
        "targets restart": Handover(target_critics=False),
        "temperature restarts": Handover(temperature=False),
    }
    controls = ("targets restart", "temperature restarts")
    return Trial(
        place,
        (
            arm("WSRL", WSRL),
            *(arm(name, replace(WSRL, handover=ticks)) for name, ticks in taken.items()),
        ),
        tuple(
            Contrast(f"WSRL spares more than with {name}", LOWEST, "WSRL", name,
                     control=name in controls)
            for name in taken
        ),
        seeds=10,
    )  # fmt: skip


# Nothing held over from before the switch, and a policy step after each critic update: the fastest
# start that there is, from two critics as CQL has them.
FAST = replace(
    WSRL,
    prior=CQL.prior,
    online=replace(WSRL.online, policy_delay=1),
    handover=Handover(optimizers=()),
)
# Each of its two causes alone.
ADAM = replace(WSRL, prior=CQL.prior, handover=Handover(optimizers=()))
STRIDE = replace(WSRL, prior=CQL.prior, online=replace(WSRL.online, policy_delay=1))

CLAIMS = (
    Claim(
        "W1",
        "Without the offline data the fine-tuning of CQL, Cal-QL and IQL fails",
        SOURCE,
        (forgets(NOISY), forgets(NEAR), forgets(LARGE),
         forgets(BALANCED, {"IQL": "iql"},
                 "IQL balances from these data, CQL mostly does not, so it has nothing to lose")),
    ),
    Claim(
        "W2",
        "It fails in a downward spiral of Q at the switch",
        SOURCE,
        (spiral(NOISY), spiral(NEAR)),
    ),
    Claim(
        "W3",
        "A warm-up prevents it",
        SOURCE,
        (
            warm_up(NEAR, "a fast start", FAST,
                    "the first updates see an almost empty buffer, at full step size"),
            warm_up(NEAR, "fresh Adam alone", ADAM),
            warm_up(NEAR, "a policy step for each of the critics' alone", STRIDE),
            warm_up(NEAR, "as WSRL is", WSRL),
            warm_up(NOISY, "as WSRL is", WSRL,
                    "the noisy policy fills the buffer with other actions: it should not show"),
            warm_up(BALANCED, "WSRL after IQL", find_recipe("wsrl-iql")),
        ),
    ),
    Claim(
        "W4",
        "WSRL, without data, matches or beats methods that keep it",
        SOURCE,
        (without_data(NOISY), without_data(LARGE)),
        note="WSRL, RLPD and fast SAC make four updates of ten critics a step, the others one of "
        "two: each as its own recipe has it.",
    ),
    Claim(
        "W5",
        "Ensemble, LayerNorm, update-to-data ratio and policy delay each contribute",
        SOURCE,
        (parts(NOISY), parts(NEAR)),
    ),
    Claim(
        "W6",
        "Critics and optimizers that are inherited help",
        SOURCE,
        (inherits(NOISY), inherits(NEAR)),
    ),
)  # fmt: skip
