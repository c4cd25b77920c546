"""Does fitted Q evaluation tell the truth? Its estimates against Monte-Carlo returns.

    python studies/fqe/study.py            # about 13 minutes of one core; resumes
    python studies/fqe/study.py --table    # only writes the tables from the recorded rows

Three questions: policies of many qualities on three sets of data, the settings that matter, and
whether the estimate notices that a hand-off at step h is bad. A row of `results.csv` is one
estimate of one policy; the tables go to `results.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from judge import (
    MEDIUM,
    NEAR,
    PENDULUM_UPDATES,
    UPDATES,
    WIDE,
    hand_off_part,
    medium_part,
    pendulum_part,
    settings_part,
    wide_part,
)
from tables import hand_off_table, policies_table, settings_table

from rlft.core.encoding import cache_key
from rlft.data import load_dataset
from rlft.experiments.made_of import made_of
from rlft.experiments.rows import Results, Row
from rlft.experiments.study import Study, run_study


@dataclass(frozen=True)
class Part:
    """A part of the study, made at once: an arm without a recipe.

    Attributes:
        name: of its rows.
        make: makes them.
        datasets: what it learns from, apart from what it logs itself.
    """

    name: str
    make: Callable[[], list[Row]]
    datasets: tuple[str, ...] = ()

    @property
    def labels(self) -> dict[str, str]:
        return {"part": self.name}

    def check(self) -> None:
        """Nothing to check."""

    def key(self) -> str:
        return cache_key([load_dataset(name) for name in self.datasets], made_of(self.make))


def measure(part: Part, folder: Path) -> list[Row]:
    return part.make()


def table(results: Results) -> list[str]:
    """The tables of the three questions."""
    rows = [row for own in results.values() for row in own]
    return [
        "## Policies of many qualities, from logged data alone",
        "",
        *policies_table(rows),
        "",
        "## Settings: plain return, medium data, policies that stay with the data",
        "",
        *settings_table(rows),
        "",
        "## What a hand-off at step h costs: two seeds, near-optimal data, a lost explorer",
        "",
        "Bad: the truth misses the guide's own by more than a tenth. Noticed: the estimate misses "
        "the guide's estimate from logged data by more than a tenth.",
        "",
        *hand_off_table(rows),
    ]


STUDY = Study(
    name="fqe",
    title="Does fitted Q evaluation tell the truth?",
    about=f"Made by `python studies/fqe/study.py`. Estimates after {UPDATES:,} updates (on "
    f"Pendulum {PENDULUM_UPDATES:,}), at the environment's own starts, against Monte-Carlo "
    "returns of the same discount and horizon. Correlations with 95 % bootstrap intervals over "
    "policies, of which two share each training. Spread: the ensemble's own doubt.",
    arms=(
        Part("hand-off", hand_off_part, (NEAR,)),
        Part(WIDE, wide_part, (WIDE,)),
        Part(MEDIUM, medium_part, (MEDIUM,)),
        Part("settings", settings_part, (MEDIUM,)),
        Part("Pendulum-v1", pendulum_part),
    ),
    measure=measure,
    table=table,
    conclusions="""
## What was decided

- An estimate is as good as the data under the policy. Imitators are ranked well; policies that
  leave the data (CQL, and SAC after the switch) are overrated, and the ensemble's spread does not
  show it.
- So a gate must not judge a hand-off from logged data: most bad ones pass there (the plain return
  notices 2 of 6). With half of the rows from the jump-start policy's own steps the plain return
  shows 6 of 6, with 500 steps and with 2,000, without a false alarm; the discounted ones miss up to
  2 of 6. Own steps alone are as near to the truth or nearer. This is one explorer and two seeds.
- On the maze (100 steps) the plain return is the gate's measure: the same lost walk costs 22 to 27
  where the discounted return shows 6 to 10. Its errors are two to three times as large too.
- On Pendulum (200 steps, rewards down to -16) the plain return is far too high even after 6,000
  updates. The discounted values rank better there, and which of the two, these policies cannot say.
- Without the clock a hand-off's value at the start is met about as well: in the maze the state
  tells how late it is. The clock is for where it does not.
- Polyak 0.3 for speed: after 300 updates its error is 5, that of 0.1 is 8, that of 0.03 is 18.
  After 2,000 updates nine policies cannot tell the settings apart.
""",
)

if __name__ == "__main__":
    run_study(STUDY, __file__)
