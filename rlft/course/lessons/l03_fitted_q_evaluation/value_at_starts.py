"""Exercise 03-2: the return of a policy, read from Q at the initial states."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rlft.course.exercise import Case, Exercise, Misconception


def _expect_seed_axis(where: str, timesteps: Tensor, **rows: Tensor) -> None:
    """Rows are observations (S, K, O) and actions (S, K, A)."""
    for name, given in (rows | {"timesteps": timesteps}).items():
        if not isinstance(given, Tensor):
            raise ValueError(f"{where} got {name} that are no tensor: {type(given).__name__}")
    for name, given in rows.items():
        if given.ndim != 3 or given.shape[:2] != timesteps.shape:
            got = f"{tuple(given.shape)} and {tuple(timesteps.shape)}"
            shapes = f"(S, K, {name[0].upper()}) and (S, K)"
            raise ValueError(f"{where} got {name} and timesteps {got}, not {shapes}")


@dataclass(frozen=True)
class LinearFit:
    """Stands for a fitted evaluation; each member adds a number of its own."""

    state: float
    action: float
    clock: float = 0.0
    members: tuple[float, ...] = (0.0,)

    def value(self, observations: Tensor, actions: Tensor, timesteps: Tensor) -> Tensor:
        _expect_seed_axis("value", timesteps, observations=observations, actions=actions)
        q = torch.cat((observations, actions), -1) @ torch.tensor([self.state, self.action])
        return (q + self.clock * timesteps)[:, None] + torch.tensor(self.members)[:, None]

    def __repr__(self) -> str:
        members = f", and {self.members} for its members" if len(self.members) > 1 else ""
        return f"Q = {self.state:g} s + {self.action:g} a + {self.clock:g} t{members}"


@dataclass(frozen=True)
class LinearPolicy:
    """Stands for S policies, the action of each being a share of the state."""

    shares: tuple[float, ...]

    @property
    def seeds(self) -> int:
        return len(self.shares)

    def act(self, observations: Tensor, timesteps: Tensor, generator: torch.Generator) -> Tensor:
        _expect_seed_axis("act", timesteps, observations=observations)
        if len(observations) != self.seeds:
            raise ValueError(
                f"act got {len(observations)} seeds, and there are {self.seeds} policies"
            )
        return observations * torch.tensor(self.shares)[:, None, None]

    def __repr__(self) -> str:
        return f"S = {self.seeds}: " + ", ".join(f"a = {share:g} s" for share in self.shares)


class Dice(torch.Generator):
    """A generator with a name; the policies here are not random."""

    def __repr__(self) -> str:
        return "a random generator"


def reference(
    fit: LinearFit,
    policy: LinearPolicy,
    observations: Tensor,
    actions: Tensor,
    timesteps: Tensor,
    generator: torch.Generator,
) -> Tensor:
    """The return of each of S policies from the initial states on, as `FQE.estimate` reads it.

    Args:
        fit: `fit.value(observations, actions, timesteps)` is Q: (S, K, O), (S, K, A) and (S, K)
            give (S, E, K).
        policy: `policy.act(observations, timesteps, generator)` chooses actions: (S, K, O) and
            (S, K) give (S, K, A). It has `policy.seeds`, S.
        observations: (N, O), the logged states, one episode after the other.
        actions: (N, A), the logged actions.
        timesteps: (N,), the step of each row within its episode, from 0.
        generator: passed on to the policy.

    Returns:
        (S,), the mean over the K initial states and the E members.
    """
    return _read(fit, policy, observations[timesteps == 0], generator).mean((1, 2))


def _read(fit, policy, states, generator):
    """Q of the policy's own actions at t = 0: (K, O) -> (S, E, K)."""
    states = states.expand(policy.seeds, -1, -1)
    start = torch.zeros(states.shape[:2])
    return fit.value(states, policy.act(states, start, generator), start)


def all_logged_states(fit, policy, observations, actions, timesteps, generator):
    states = observations.expand(policy.seeds, -1, -1)
    clock = timesteps.expand(states.shape[:2])
    return fit.value(states, policy.act(states, clock, generator), clock).mean((1, 2))


def first_rows(fit, policy, observations, actions, timesteps, generator):
    count = int((timesteps == 0).sum())
    return _read(fit, policy, observations[:count], generator).mean((1, 2))


def logged_actions(fit, policy, observations, actions, timesteps, generator):
    states, logged = (
        rows[timesteps == 0].expand(policy.seeds, -1, -1) for rows in (observations, actions)
    )
    return fit.value(states, logged, torch.zeros(states.shape[:2])).mean((1, 2))


def lowest_member(fit, policy, observations, actions, timesteps, generator):
    return _read(fit, policy, observations[timesteps == 0], generator).amin(1).mean(1)


def one_number_for_all(fit, policy, observations, actions, timesteps, generator):
    return _read(fit, policy, observations[timesteps == 0], generator).mean()


def case(
    name: str, fit: LinearFit, policy: LinearPolicy, states: list, actions: list, timesteps: list
) -> Case:
    """States and actions are numbers here, O = A = 1."""
    given = {
        "fit": fit,
        "policy": policy,
        "observations": torch.tensor(states)[:, None],
        "actions": torch.tensor(actions)[:, None],
        "timesteps": torch.tensor(timesteps),
        "generator": Dice(),
    }
    return Case(name, given)


PLAIN = LinearFit(1.0, 10.0)
LOG = ([1.0, 2.0, 3.0, 5.0], [0.25, 0.5, -0.5, 0.25], [0, 1, 0, 1])
EXERCISE = Exercise(
    id="03-2",
    name="value_at_starts",
    title="The value at the start",
    reference=reference,
    cases=(
        case("two episodes", PLAIN, LinearPolicy((0.1,)), *LOG),
        case("two members", LinearFit(1.0, 10.0, 0.0, (0.0, -4.0)), LinearPolicy((0.1,)), *LOG),
        case("three policies", PLAIN, LinearPolicy((0.1, 0.0, -0.2)), *LOG),
        case(
            "the log begins inside an episode",
            PLAIN,
            LinearPolicy((0.1, 0.2)),
            states=[8.0, 9.0, 1.0, 2.0, 4.0, 3.0],
            actions=[0.0, 0.5, 0.5, -0.5, 0.0, 0.25],
            timesteps=[6, 7, 0, 1, 2, 0],
        ),
        case("Q depends on the clock", LinearFit(1.0, 10.0, 2.0), LinearPolicy((0.1,)), *LOG),
    ),
    misconceptions=(
        Misconception(
            "averages over all logged states",
            all_logged_states,
            "An episode of your policy begins somewhere. Does it also begin in the middle of the "
            "maze, with half of the way behind it?",
        ),
        Misconception(
            "takes the first rows",
            first_rows,
            "The number of states is right, but these rows follow each other within an episode. "
            "What tells you that a row is the first one of an episode?",
        ),
        Misconception(
            "takes the logged actions",
            logged_actions,
            "Q has room for any first action. You asked about the one that the log took; what "
            "would the evaluated policy do there?",
        ),
        Misconception(
            "trusts the lowest member",
            lowest_member,
            "A minimum over members is a caution for whoever maximises. Here nobody does: what "
            "would it do to an estimate that should be right on average?",
        ),
        Misconception(
            "averages over the policies",
            one_number_for_all,
            "Each policy has a return of its own. Which axis must still be there at the end?",
        ),
    ),
    hints=(
        "Four questions in this order: which rows, at which step, with whose actions, averaged "
        "over which axes?",
        "A row is a start where its time step is 0. `expand(policy.seeds, -1, -1)` turns (K, O) "
        "into (S, K, O) without copying, and the clock is (S, K), all zeros.",
        "states = observations[timesteps == 0].expand(policy.seeds, -1, -1); start = zeros of "
        "shape (S, K); give states, the policy's actions there and start to `fit.value`, and take "
        "the mean over axes 1 and 2.",
    ),
)
