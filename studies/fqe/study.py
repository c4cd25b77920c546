"""Does fitted Q evaluation tell the truth? Its estimates against Monte-Carlo returns.

    python studies/fqe/study.py            # about 13 minutes of one core; resumes
    python studies/fqe/study.py --table    # only writes the tables from what is there

Three questions: policies of many qualities on three sets of data (`policies`), the settings that
matter (`settings`), and whether the estimate notices that a hand-off at step h is bad (`hand-off`).
Rows go to `results.csv` as each part finishes, tables to `results.md`.
"""

from __future__ import annotations

import argparse
import csv
import functools
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from policies import (
    SEEDS,
    Entry,
    collect,
    fine_tuned,
    log_pendulum,
    offline_entries,
    pendulum_entries,
    rollout,
    snapshots,
    stack,
)
from tables import STAY, Row, hand_off_table, policies_table, settings_table

from rlft import InACConfig, OfflineData, ReplayBuffer, Transitions, load_dataset
from rlft.algorithms.fqe.learner import FQE, FQEConfig
from rlft.envs import time_limit_of
from rlft.nets import CriticConfig, JumpStartPolicy, Stationary, TimedPolicy

HERE = Path(__file__).parent
CSV, TABLE = HERE / "results.csv", HERE / "results.md"
MEDIUM, WIDE = "rlft/maze/detour-medium-v0", "rlft/maze/detour-wide-v0"
NEAR = "rlft/maze/detour-near-optimal-v0"
UPDATES, PENDULUM_UPDATES, GAMMA = 1_000, 6_000, 0.98
HORIZONS = (0, 8, 14, 20, 30, 60, 100)
FREE = FQEConfig()
FINITE = FQEConfig(time_aware=True, finite_horizon=True)
PLAIN = replace(FINITE, gamma=1.0)
# Estimator: its configuration, and the kind of Monte-Carlo return that it estimates.
ESTIMATORS = {
    "Q(s, a), discounted": (FREE, "endless"),
    "Q(s, a, t/T), discounted": (FINITE, "finite"),
    "Q(s, a, t/T), plain": (PLAIN, "plain"),
}
SETTINGS = {
    "default": PLAIN,
    "polyak 0.1": replace(PLAIN, polyak=0.1),
    "polyak 0.03": replace(PLAIN, polyak=0.03),
    "hard copy every 20": replace(PLAIN, target="hard"),
    "no clipping": replace(PLAIN, clip=False),
    "learning rate 3e-4": replace(PLAIN, lr=3e-4),
    "no LayerNorm": replace(PLAIN, critics=CriticConfig(layer_norm=False)),
    "5 critics": replace(PLAIN, critics=CriticConfig(ensemble=5)),
}

Reading = tuple[int, np.ndarray, np.ndarray]  # updates, estimates (S,), spreads (S,)

DECISIONS = """
## What was decided

- An estimate is as good as the data under the policy. Imitators are ranked well; policies that
  leave the data (CQL, and SAC after the switch) are overrated, and the ensemble's spread does not
  show it.
- So a gate must not judge a hand-off from logged data: most bad ones pass there. With half of the
  rows from the switching policy's own steps the plain return shows 6 of 8 (500 steps) and 8 of 8
  (2,000 steps), without a false alarm. Own steps alone come nearest to the truth. This is one
  explorer and two seeds.
- On the maze (100 steps) the plain return is the gate's measure: the same lost walk costs 20 where
  the discounted return shows 6 to 8. Its errors are about three times as large too.
- On Pendulum (200 steps, rewards down to -16) the plain return is far too high even after 6,000
  updates. The discounted Q(s, a) ranks best there.
- Without the clock a hand-off's value at the start is met about as well: in the maze the state
  tells how late it is. The clock is for where it does not.
- Polyak 0.3 for speed: after 300 updates its error is 5, that of 0.1 is 8, that of 0.03 is 18.
  After 2,000 updates nine policies cannot tell the settings apart.
"""


def fitted(
    config: FQEConfig,
    source: OfflineData | ReplayBuffer,
    data: Transitions,
    policy: TimedPolicy,
    starts: np.ndarray,
    marks: tuple[int, ...],
) -> list[Reading]:
    """Fits, and reads after each mark's number of updates."""
    limit = time_limit_of(data.env_id)
    sizes = (data.observation_size, data.action_size, policy.seeds)
    fit = FQE(config, *sizes, time_limit=limit, reward_range=data.reward_range)
    generator = torch.Generator().manual_seed(1)
    readings = []
    for step in range(1, max(marks) + 1):
        fit.update(source.sample(config.batch_size, generator), policy)
        if step in marks:
            estimate = fit.estimate(torch.from_numpy(starts), policy)
            readings.append((step, estimate.mean.numpy(), estimate.spread.numpy()))
    return readings


def judge(
    part: str,
    data: Transitions,
    entries: list[Entry],
    tried: dict[str, tuple[FQEConfig, str]],
    marks: tuple[int, ...],
    seeds: int = SEEDS,
) -> list[Row]:
    """Policies judged from logged data alone, at the environment's own starts.

    Args:
        part: name of the rows.
        data: what the estimators see.
        entries: the policies.
        tried: estimators with the kind of return that they estimate.
        marks: numbers of updates after which estimates are read.
        seeds: how many of each entry's policies.
    """
    weights = [{k: w[:seeds] for k, w in entry.weights.items()} for entry in entries]
    policy = Stationary(stack(weights, data.observation_size, data.action_size))
    names = [(e.family, f"{e.name} #{s}") for e in entries for s in range(seeds)]
    limit = time_limit_of(data.env_id)
    assert limit is not None
    truth, starts = rollout(
        policy, data.env_id, episodes=30, time_limit=limit, gamma=GAMMA, steps=350
    )
    source = OfflineData(data, policy.seeds, gamma=GAMMA)
    rows: list[Row] = []
    for name, (config, kind) in tried.items():
        for reading in fitted(config, source, data, policy, starts, marks):
            for i, (family, label) in enumerate(names):
                row = {"part": part, "policy": label, "family": family, "h": "", "estimator": name}
                rows.append({**row, "source": "logged", **cells(reading, truth[kind], i)})
    return rows


def cells(reading: Reading, truth: np.ndarray, i: int) -> Row:
    """The numbers of policy i: after how many updates, estimate, spread and truth."""
    step, means, spreads = reading
    return {
        "updates": step,
        "estimate": round(float(means[i]), 2),
        "spread": round(float(spreads[i]), 2),
        "truth": round(float(truth[i].mean()), 2),
    }


@functools.cache
def medium_entries() -> list[Entry]:
    """The policies of the medium data: offline ones, and SAC fine-tuned naively from InAC."""
    entries, prior = offline_entries(load_dataset(MEDIUM))
    return [*entries, *fine_tuned(prior, (200, 400, 600))]


def medium_part() -> list[Row]:
    return judge(MEDIUM, load_dataset(MEDIUM), medium_entries(), ESTIMATORS, (UPDATES,))


def wide_part() -> list[Row]:
    data = load_dataset(WIDE)
    return judge(WIDE, data, offline_entries(data)[0], ESTIMATORS, (UPDATES,))


def pendulum_part() -> list[Row]:
    data = log_pendulum()
    return judge("Pendulum-v1", data, pendulum_entries(data), ESTIMATORS, (PENDULUM_UPDATES,))


def settings_part() -> list[Row]:
    """Plain returns on the medium data, of one policy of each training that stays with the data."""
    entries = [entry for entry in medium_entries() if entry.family in STAY]
    tried = {name: (config, "plain") for name, config in SETTINGS.items()}
    return judge("settings", load_dataset(MEDIUM), entries, tried, (300, 1_000, 2_000), seeds=1)


def hand_off_part() -> list[Row]:
    """Guide InAC, explorer a SAC that lost its way: what does a hand-off at step h cost?"""
    data = load_dataset(NEAR)
    sizes, limit = (data.observation_size, data.action_size), time_limit_of(data.env_id)
    assert limit is not None
    guides, prior = snapshots("InAC", InACConfig(), data, (3_000,))
    explorers = fine_tuned(prior, (200,))
    guide, explorer = (
        stack([entry.weights] * len(HORIZONS), *sizes) for entry in (guides[0], explorers[0])
    )
    h = torch.tensor(HORIZONS).repeat_interleave(SEEDS)  # (S,)
    policy = JumpStartPolicy(guide, explorer, h)
    truth, starts = rollout(
        policy, data.env_id, episodes=50, time_limit=limit, gamma=GAMMA, steps=350
    )
    rows: list[Row] = []
    for label, online, share in (
        ("logged", 0, 1.0),
        ("half logged, half of 500 own steps", 500, 0.5),
        ("half logged, half of 2,000 own steps", 2_000, 0.5),
        ("2,000 own steps alone", 2_000, 0.0),
    ):
        source = ReplayBuffer(
            policy.seeds, 2_000, *sizes, gamma=GAMMA, offline=data, offline_share=share
        )
        collect(policy, data.env_id, source, online)
        for name, (config, kind) in ESTIMATORS.items():
            [reading] = fitted(config, source, data, policy, starts, (UPDATES,))
            for i, horizon in enumerate(h.tolist()):
                row = {
                    "part": "hand-off",
                    "policy": f"hand-off at {horizon} #{i % SEEDS}",
                    "family": "switching",
                    "h": horizon,
                    "estimator": name,
                    "source": label,
                }
                rows.append({**row, **cells(reading, truth[kind], i)})
    return rows


def write_tables(rows: list[Row]) -> None:
    """Writes the Markdown tables."""
    lines = [
        "# Does fitted Q evaluation tell the truth?",
        "",
        f"Made by `python studies/fqe/study.py`. Estimates after {UPDATES:,} updates (on "
        f"Pendulum {PENDULUM_UPDATES:,}), at the environment's own starts, against Monte-Carlo "
        "returns of the same discount and horizon. Correlations with 95 % bootstrap intervals over "
        "policies, of which two share each training. Spread: the ensemble's own doubt.",
        "",
        "## Policies of many qualities, from logged data alone",
        "",
        *policies_table(rows),
        "## Settings: plain return, medium data, policies that stay with the data",
        "",
        *settings_table(rows),
        "## What a hand-off at step h costs: two seeds, near-optimal data, a lost explorer",
        "",
        "Bad: the truth misses the guide's own by more than a tenth. Noticed: the estimate misses "
        "the guide's estimate from logged data by more than a tenth.",
        "",
        *hand_off_table(rows),
    ]
    TABLE.write_text("\n".join(lines) + DECISIONS)


def main() -> None:
    """Runs the missing parts, in order, and writes the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--table", action="store_true", help="only write the tables")
    only_table = parser.parse_args().table
    rows: list[Row] = list(csv.DictReader(CSV.open())) if CSV.exists() else []
    parts = {
        MEDIUM: medium_part,
        WIDE: wide_part,
        "settings": settings_part,
        "hand-off": hand_off_part,
        "Pendulum-v1": pendulum_part,
    }
    for name, make in parts.items():
        if only_table or name in {row["part"] for row in rows}:
            continue
        print(name)
        rows += make()
        with CSV.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    if rows:
        write_tables(rows)


if __name__ == "__main__":
    main()
