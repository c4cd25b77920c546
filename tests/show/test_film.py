"""Film strips: what is drawn where, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

from rlft.core.errors import InputError
from rlft.evaluate.poses import Poses
from rlft.show import plot_film


def film(steps: int, terminated: bool = False, truncated: bool = False) -> Poses:
    """One limb that lies at height 1 and moves on by a metre a step."""
    limbs = np.zeros((steps, 1, 2, 2))
    limbs[:, 0, 1] = 0.5, 1.0
    limbs[..., 0] += np.arange(steps)[:, None, None]
    return Poses(limbs, np.array([0.1]), np.ones(steps), terminated, truncated)


def test_each_row_shows_the_steps_that_it_has_and_says_how_it_ended() -> None:
    figure = plot_film(
        {"before": film(40, truncated=True), "dip": film(7, terminated=True), "start": film(12)},
        at=(0, 5, 10, 20),
        title="It falls",
    )
    bodies = [
        sum(len(line.get_xdata()) == 2 and line.get_zorder() > 1 for line in ax.lines)
        for ax in figure.axes
    ]
    assert bodies == [2 * 4, 2 * 2, 2 * 3]  # each limb with its edge
    said = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert "fell at\nstep 7" in said and said.count("step 5") == 1
    assert "shown to\nstep 12" in said and "ended at" not in " ".join(said)
    assert "before: 40 steps, return 40" in said and "start: first 12 steps, return 12" in said
    alt = figure.alt  # type: ignore[attr-defined]
    assert alt.startswith("It falls. Rows of") and "dip: 7 steps, return 7, fell." in alt


def test_the_camera_goes_along() -> None:
    (ax,) = plot_film({"one": film(30)}, at=(0, 20)).axes
    drawn = [line for line in ax.lines if line.get_zorder() > 1]
    first, last = drawn[1].get_xdata(), drawn[3].get_xdata()
    across = ax.get_xlim()[1] - ax.get_xlim()[0]
    assert np.ptp(first) == pytest.approx(np.ptp(last))
    assert np.mean(last) - np.mean(first) == pytest.approx(across / 2, rel=1e-6)


@pytest.mark.parametrize("at", [(), (5, 5), (3, 1), (-1, 2)])
def test_frames_ascend(at: tuple[int, ...]) -> None:
    with pytest.raises(InputError):
        plot_film({"one": film(9)}, at=at)
    with pytest.raises(InputError, match=r"at=\(50, 60\): expected a step below 9"):
        plot_film({"one": film(9)}, at=(50, 60))
    with pytest.raises(InputError, match="films=0"):
        plot_film({})
