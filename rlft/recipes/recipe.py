"""A method is data: what is handed over, who acts, what is learned, and where it comes from.

There is one online loop (`loop.py`). What differs between two methods is what differs between two
recipes, and nothing else. The methods themselves are in `course.py`.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Literal

from rlft.acting.rules import NO_GUIDE, Acting, FrozenActs, LearnerActs
from rlft.algorithms import Config, SACConfig
from rlft.core.checks import at_least, one_of, refused, within
from rlft.core.errors import InputError
from rlft.core.registry import stored

PRESETS = ("course", "paper")
# Ticks of a `Handover` whose networks have an Adam of their own; targets follow the critics.
Tick = Literal["policy", "critics", "temperature"]
TRAINED: tuple[Tick, ...] = ("policy", "critics", "temperature")


@stored
@dataclass(frozen=True)
class Handover:
    """What crosses the switch from offline to online.

    Attributes:
        policy: the policy's weights (and InAC's behaviour policy).
        critics: the critics' weights (and V, where the method has one).
        target_critics: the target critics; if not, they restart as copies of the critics. They
            never cross without them.
        temperature: SAC's temperature. A prior whose temperature is a fixed number (InAC's tau)
            gives that as the start; else, or if not ticked, it starts at the online learner's own
            `initial_temperature`.
        optimizers: the ticks, of those above, whose Adam state (moments and step counts) crosses
            too, where the part does. Second moments of another loss decide the size of the first
            some thousand steps: those of a weighted likelihood (InAC, IQL) all but stop a policy
            that goes on with SAC's loss.
        retention: the offline data is dropped, mixed into every batch at a fixed share, or appended
            (one buffer that starts full).
        offline_share: the share of each batch under ``"mix"``, in [0, 1].

    Raises:
        InputError: an unknown retention or optimizer, or a share outside [0, 1].
    """

    policy: bool = True
    critics: bool = True
    target_critics: bool = True
    temperature: bool = True
    optimizers: tuple[Tick, ...] = TRAINED
    retention: Literal["drop", "mix", "append"] = "drop"
    offline_share: float = 0.5

    def __post_init__(self) -> None:
        one_of(("drop", "mix", "append"), retention=self.retention)
        within(0, 1, offline_share=self.offline_share, hint="Use 0.5 for the usual symmetric mix.")
        if not isinstance(self.optimizers, tuple) or not set(self.optimizers) <= set(TRAINED):
            hint = "Give () for fresh ones, or leave it out for all that crosses."
            raise refused("optimizers", self.optimizers, f"a tuple of names from {TRAINED}", hint)

    @property
    def online_share(self) -> float:
        """Share of each batch, in [0, 1], that only online transitions can fill."""
        if self.retention == "mix":
            return 1 - self.offline_share
        return 1.0 if self.retention == "drop" else 0.0


@stored
@dataclass(frozen=True)
class Warmup:
    """A phase after the switch in which no policy moves.

    Attributes:
        steps: environment steps per seed; 0 for no warm-up.
        acting: who acts meanwhile.
        critic_updates: critic updates per environment step meanwhile (WSRL 0, PORL 16).

    Raises:
        InputError: a negative number, or a jump start, whose h would have no schedule here.
    """

    steps: int = 0
    acting: Acting = FrozenActs()
    critic_updates: int = 0

    def __post_init__(self) -> None:
        at_least(
            0,
            steps=self.steps,
            critic_updates=self.critic_updates,
            hint="Use 0 for none.",
            of="Warmup",
        )
        if self.acting.schedule != NO_GUIDE:
            raise InputError(
                f"Warmup(acting={self.acting}): a warm-up has no schedule that would choose h. Let "
                "one policy act meanwhile, for example FrozenActs() or EpsilonGreedy(0.2)."
            )


@stored
@dataclass(frozen=True)
class Online:
    """The online learner and its ratios.

    Attributes:
        learner: its configuration. The networks that cross the switch keep the prior's shape.
        utd: update-to-data ratio, critic updates per environment step and seed; 1 or more.
        policy_delay: critic updates for each policy update, 1 or more; divides `utd` or is a
            multiple of it.
        policy_batch: the policy sees only the last minibatch (RLPD) or all that the critics saw
            since its last update in this step (WSRL).
        policy_rows: the states that the policy learns at: "all", or of a jump start's explorer only
            those at which it acts, at time steps from today's h on. It rests while there are none.
            No paper's: what an explorer learns from its guide's rows it has never tried.
        learning_starts: online transitions per seed that must be there before anything is updated,
            0 or more; None for as many as a minibatch takes of them. With fewer the first updates
            see a handful of transitions, each many times.
        idle_steps: whether Adam steps on gradients of zero where an update has none for a part: of
            policy and temperature in the updates of critics alone, of the critics in the policy's.
            WSRL's code does so, as it passes all networks to each update; no other known code does.

    Raises:
        InputError: a ratio below 1, ratios of which neither divides the other, an unknown batch,
            or a negative number of transitions.
    """

    learner: Config
    _: KW_ONLY  # a field of tomorrow shifts nobody's arguments
    utd: int = 1
    policy_delay: int = 1
    policy_batch: Literal["last", "all"] = "last"
    policy_rows: Literal["all", "explorer"] = "all"
    learning_starts: int | None = None
    idle_steps: bool = False

    def __post_init__(self) -> None:
        at_least(
            1, utd=self.utd, policy_delay=self.policy_delay, hint="Use 1 for one at each step."
        )
        if self.utd % self.policy_delay and self.policy_delay % self.utd:
            raise InputError(
                f"policy_delay={self.policy_delay} neither divides utd={self.utd} nor is a "
                "multiple of it. Choose, for example, policy_delay = utd."
            )
        one_of(("last", "all"), policy_batch=self.policy_batch)
        one_of(("all", "explorer"), policy_rows=self.policy_rows)
        hint = "Use 0 to update from the first step on, None for a minibatch of transitions."
        at_least(0, learning_starts=self.learning_starts, hint=hint, of="Online")


@stored
@dataclass(frozen=True)
class Source:
    """Where a method comes from.

    Attributes:
        paper: authors, year, title or arXiv number.
        kind: a reproduction of public code down to its constants; the course scale of one, which
            keeps the method and none of the sizes; a reconstruction from a description that leaves
            something open; or a baseline, with which those are compared.
    """

    paper: str
    kind: Literal["reproduction", "course scale of a reproduction", "reconstruction", "baseline"]


@stored
@dataclass(frozen=True)
class Pretraining:
    """How the prior of a method is made, where its authors say so.

    `finetune` takes any prior that fits; this is what `python -m rlft compare` makes.

    Attributes:
        name: of the algorithm, for tables.
        config: its configuration.
        steps: gradient updates.

    Raises:
        InputError: if `steps` < 1.
    """

    name: str
    config: Config
    steps: int

    def __post_init__(self) -> None:
        at_least(1, steps=self.steps, hint="Give the number of gradient updates.", of="Pretraining")


@stored
@dataclass(frozen=True)
class Recipe:
    """A fine-tuning method.

    Attributes:
        name: its key in the registry.
        title: one line for tables and figures.
        online: the learner after the switch.
        handover: what crosses.
        warmup: the phase in which no policy moves.
        acting: who acts afterwards.
        guide: a second learner that starts from the whole prior and learns from the same replay
            (AJS); None: where the acting rule asks for a guide, the pre-trained policy walks.
        prior: what its authors start from; None for methods that start from nothing.
        source: paper and kind.
        preset: the course's scale (small networks, short phases) or the paper's.
    """

    name: str
    title: str
    online: Online
    handover: Handover = field(default_factory=Handover)
    warmup: Warmup = field(default_factory=Warmup)
    acting: Acting = field(default_factory=LearnerActs)
    guide: Online | None = None
    prior: Pretraining | None = None
    source: Source = Source("common practice", "baseline")
    preset: Literal["course", "paper"] = "course"

    def __post_init__(self) -> None:
        one_of(PRESETS, preset=self.preset)


def first_update(recipe: Recipe) -> int:
    """Online transitions per seed that must be there before anything is updated, 0 or more."""
    online = recipe.online
    if online.learning_starts is not None:
        return online.learning_starts
    return round(recipe.handover.online_share * online.learner.batch_size)


def online_config(given: Config, recipe: Recipe) -> Config:
    """The recipe's configuration with the prior's shapes where parts cross."""
    config = recipe.online.learner
    if (
        recipe.handover.temperature
        and isinstance(config, SACConfig)
        and isinstance(given, SACConfig)
    ):
        config = replace(config, temperature_form=given.temperature_form)
    if recipe.handover.policy:
        config = replace(config, policy=given.policy)
    if recipe.handover.critics:
        config = replace(config, critics=given.critics)
    return config
