"""The report about the switch from offline to online: numbers, findings, and how they are shown.

`SwitchReport` is what users of every public code base ask for; `diagnose.switch_report` measures
it. `SwitchReport.findings` names in plain words what is likely to cause a drop.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from textwrap import indent

from rlft.core.table import Table
from rlft.evaluate.intervals import Interval
from rlft.report.switch.parts import PartState

# A change of the temperature by less than a factor of 1.5 moves the entropy bonus of a policy by
# less than its own fluctuation during training.
TEMPERATURE_FACTOR = 1.5
# Steps ten times smaller than the learning rate says are another learning rate.
SMALL_STEP = 0.1
# Below 2 % the estimate of random actions cannot be told from 0 with a few hundred transitions.
LEAK = 0.02


@dataclass(frozen=True)
class SwitchReport:
    """What is true at the switch, before the first online update. Intervals are over seeds.

    Attributes:
        env_id: the environment.
        sampled: undiscounted return of sampled actions, as online training will act.
        mode: undiscounted return of the most likely action, as papers evaluate.
        gap: mode minus sampled, paired by seed.
        behaviour_return: mean return of the logged episodes.
        parts: where each network and its optimizer state come from.
        temperature_before: the prior's entropy temperature; None if it has none.
        temperature_after: the online learner's.
        critics: shape of the online critics in words; None without critics.
        layer_norm: whether they have LayerNorm; None without critics.
        replay: composition of the replay in words.
        idle_steps: whether Adam steps on zeros where an update has no gradient for a part; None if
            it was not said.
        random_share: share of uniformly random actions that the acting rule announces.
        random_measured: the share measured on online transitions; None if there are none.
        q_in_support: Q minus truth at logged pairs; None where it cannot be measured, which
            `q_note` explains.
        q_out_of_support: the same at logged states with rare actions.
        q_unseen_states: the same at unseen states with the mode action.
        q_note: how to read the three, or why they are missing.
    """

    env_id: str
    sampled: Interval
    mode: Interval
    gap: Interval
    behaviour_return: float
    parts: tuple[PartState, ...]
    temperature_before: Interval | None
    temperature_after: Interval | None
    critics: str | None
    layer_norm: bool | None
    replay: str
    idle_steps: bool | None
    random_share: float
    random_measured: Interval | None
    q_in_support: Interval | None
    q_out_of_support: Interval | None
    q_unseen_states: Interval | None
    q_note: str

    def rows(self) -> list[tuple[str, str]]:
        """(quantity, value) pairs for a table."""
        lines = [
            ("return, sampled actions", f"{self.sampled:.1f}"),
            ("return, mode actions", f"{self.mode:.1f}"),
            ("return of the data", f"{self.behaviour_return:.1f}"),
        ]
        for part in self.parts:
            adam = f"; Adam {part.optimizer}" if part.optimizer else ""
            if part.effective_step is not None and part.optimizer != "fresh":
                adam += f", first steps {part.effective_step:.2g} of a learning rate"
            lines.append((part.name.replace("_", " "), part.origin + adam))
        before, after = self.temperature_before, self.temperature_after
        if after is None:
            temperature = "none"
        elif before is None:
            temperature = f"nothing to cross; starts at {after:.3g}"
        else:
            temperature = f"{before:.3g} before, {after:.3g} after"
        measured = self.random_measured
        leak = "" if measured is None else f"; measured {measured:.1%}"
        lines += [
            ("temperature's value", temperature),
            *self._idle_row(),
            ("critics' shape", self.critics or "none"),
            ("replay", self.replay),
            ("uniform random actions", f"{self.random_share:.0%} announced{leak}"),
        ]
        for name, error in (
            ("Q - truth, logged pairs", self.q_in_support),
            ("Q - truth, rare actions", self.q_out_of_support),
            ("Q - truth, unseen states", self.q_unseen_states),
        ):
            lines.append((name, "not measured" if error is None else f"{error:+.1f}"))
        return [*lines, ("", self.q_note)]

    def _idle_row(self) -> list[tuple[str, str]]:
        """What Adam does where an update has no gradient for a part, if it was said."""
        if self.idle_steps is None:
            return []
        return [("Adam without a gradient", "steps on zeros" if self.idle_steps else "waits")]

    def findings(self) -> list[str]:
        """Sentences on what is likely to hurt, by the rules stated in each; empty if nothing is."""
        found = []
        if self.gap.low > 0:
            found.append(
                f"Sampled actions return {self.gap.mean:.1f} less than mode actions: online data "
                "starts worse than an evaluation of the mode suggests."
            )
        state = {part.name: part for part in self.parts}
        if "policy" in state and not state["policy"].carried:
            found.append("The policy is new: nothing of the prior's behaviour is left.")
        if "critics" in state and not state["critics"].carried:
            found.append(
                "The critics are new: until they are trained, every policy update follows noise. "
                "Keep the policy frozen meanwhile."
            )
        fresh = [part.name for part in self.parts if part.carried and part.optimizer == "fresh"]
        if fresh:
            found.append(
                f"Adam starts fresh for carried weights ({', '.join(fresh)}): its first steps move "
                "every weight by about the learning rate, whatever the gradient's size."
            )
        for part in self.parts:
            if part.effective_step is not None and part.effective_step < SMALL_STEP:
                found.append(
                    f"The {part.name}'s first steps are {1 / part.effective_step:.0f} times "
                    "smaller than its learning rate says: the second moments of Adam that crossed "
                    "belong to larger gradients, and fade over thousands of updates. What does not "
                    "move neither falls nor learns. Start its Adam fresh: Handover(optimizers=...)."
                )
        before, after = self.temperature_before, self.temperature_after
        if before is not None and after is not None:
            ratio = max(after.mean / before.mean, before.mean / after.mean)
            if ratio > TEMPERATURE_FACTOR:
                found.append(
                    f"The temperature jumps from {before.mean:.3g} to {after.mean:.3g}: the "
                    "entropy bonus changes by that factor at once."
                )
        elif after is not None:
            found.append(
                f"The prior has no temperature to hand over: it starts at {after.mean:.3g}, "
                "whatever Q was trained with."
            )
        if self.layer_norm is False:
            found.append(
                "The critics have no LayerNorm: nothing bounds Q at actions that nobody logged."
            )
        if self.random_share > 0:
            found.append(f"The acting rule takes {self.random_share:.0%} uniformly random actions.")
        if self.random_measured is not None:
            leak = self.random_measured.mean - self.random_share
            if leak > LEAK:
                found.append(
                    f"{leak:.0%} more of the online actions look uniformly random than announced."
                )
        for place, error in (
            ("logged pairs", self.q_in_support),
            ("rare actions", self.q_out_of_support),
            ("unseen states", self.q_unseen_states),
        ):
            if error is not None and error.excludes(0.0):
                word = "optimistic" if error.mean > 0 else "pessimistic"
                found.append(f"Q is {word} at {place}, by {abs(error.mean):.1f} on average.")
        return found

    def title(self) -> str:
        """One line that says what the numbers are."""
        return (
            f"At the switch: {self.env_id}, mean over {self.sampled.seeds} seeds "
            f"[{self.sampled.confidence:.0%} bootstrap interval]"
        )

    def __str__(self) -> str:
        table = indent(Table((), self.rows()).text(), "  ")
        return "\n".join([self.title(), table, *(f"! {text}" for text in self.findings())])

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(text)}</li>" for text in self.findings())
        return f"{Table((), self.rows(), caption=self.title()).html()}<ul>{items}</ul>"
