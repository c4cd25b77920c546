"""Parts of AJS that write down what is done to them, for exercise 05-2."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from rlft.course.exercise import Answer

ACTIONS = {"guide": [-1.0, 0.0, 0.5], "explorer": [1.0, 0.0, 0.5]}  # (A,), whatever they see
NAMES = ("observations", "timesteps", "h", "proposed")
ACT, STORE, JUDGE = "act", "store", "judge learns"

Call = tuple[str, list[Any]]  # what was called, and with what


@dataclass
class Learner:
    """Guide, explorer or judge: the first two always act in one way, all note their updates."""

    name: str
    calls: list[Call]

    def act(self, observations: np.ndarray) -> np.ndarray:
        return np.tile(ACTIONS[self.name], (len(observations), 1))

    def update(self, replay: Any, *proposed: Any) -> None:
        self.calls.append((f"{self.name} learns", [np.ravel(h).tolist() for h in proposed]))


def parts_that_note(calls: list[Call], ends: list[list[bool]]) -> SimpleNamespace:
    """Everything that a step of AJS needs. Episodes end as told, the gate lowers h by 2."""
    outcomes = [
        SimpleNamespace(observations=np.full((2, 1), 10.0 * i), done=np.array(end))
        for i, end in enumerate(ends, start=1)
    ]

    def step(actions: Any) -> SimpleNamespace:
        whose = {str(numbers): name for name, numbers in ACTIONS.items()}
        rows = np.asarray(actions).tolist()
        calls.append((ACT, [[whose.get(str(row), "nobody") for row in rows]]))
        return outcomes.pop(0)

    def add(observations: Any, actions: Any, outcome: Any, timesteps: Any) -> None:
        calls.append((STORE, [np.ravel(part).tolist() for part in (observations, timesteps)]))

    def decide(proposed: np.ndarray) -> np.ndarray:
        calls.append(("gate decides", []))
        return np.maximum(proposed - 2, 0)

    return SimpleNamespace(
        **{name: Learner(name, calls) for name in ("guide", "explorer", "judge")},
        env=SimpleNamespace(step=step),
        replay=SimpleNamespace(add=add),
        gate=SimpleNamespace(decide=decide),
    )


def observe(answer: Answer, arguments: dict[str, Any]) -> Any:
    """Plays a step for each entry of `ends`: what was done in it, and where the last one leads."""
    given = dict(arguments)
    ends, step, check_every = (given.pop(name) for name in ("ends", "step", "check_every"))
    calls: list[Call] = []
    parts = parts_that_note(calls, ends)
    state, rows = {"observations": np.zeros((2, 1)), **given}, []
    for number in range(step, step + len(ends)):
        new_state = answer(step=number, **state, parts=parts, check_every=check_every)
        if new_state is None:
            return None
        if not isinstance(new_state, tuple) or len(new_state) != len(NAMES):
            raise ValueError(f"it should give back four things: {', '.join(NAMES)}")
        state = {name: np.array(value) for name, value in zip(NAMES, new_state, strict=True)}
        rows.append(row_of(calls))
        calls.clear()
    return {"steps": rows, **state}


def row_of(calls: list[Call]) -> dict[str, Any]:
    """One step in words and numbers; a list of lists where something happened more than once."""

    def given(what: str, which: int = 0) -> list[Any]:
        found = [values[which] for called, values in calls if called == what and values]
        return found[0] if len(found) == 1 else found

    return {
        "order": ", ".join(in_one_order([called for called, _ in calls])),
        "who acts": given(ACT),
        "stored observations": given(STORE, 0),
        "stored timesteps": given(STORE, 1),
        "judge's h": given(JUDGE),
    }


def in_one_order(called: list[str]) -> list[str]:
    """Which of the two policies learns first does not matter."""
    for i in range(len(called) - 1):
        if sorted(called[i : i + 2]) == ["explorer learns", "guide learns"]:
            return [*called[:i], "both learn", *called[i + 2 :]]
    return called
