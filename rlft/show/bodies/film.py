"""A film strip: one row for each episode, the body at the same steps in all of them.

Letters: T steps, G limbs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rlft.core.checks import at_least, refused
from rlft.evaluate.poses import Poses
from rlft.show.base.figure import add_alt, figure_of, new_figure
from rlft.show.base.labels import head
from rlft.show.base.style import BLUE, FAINT, GREY, VERMILLION, styled

WIDE = 9.6  # inches
SLIM = 0.6  # of its height: no frame is narrower
GAP = 0.15  # between two frames, as a share of a body's width


@styled()
def plot_film(
    films: Mapping[str, Poses],
    *,
    at: Sequence[int] = (0, 15, 30, 60, 120, 250, 500, 990),
    title: str | None = None,
) -> Figure:
    """Draws episodes as rows of frames. The camera goes along; the grey line is the ground.

    Args:
        films: what a row shows, in words, to the episode. One that ended before a frame says so in
            its place, and one that ended with a fall has another colour.
        at: the steps of the frames, the same in all rows, ascending.
        title: what the figure shows, a sentence.

    Raises:
        InputError: no film, no frame, frames that do not ascend, or that no film reaches.
    """
    at_least(1, films=len(films), frames=len(at), hint="Give an episode, and a step of it.")
    if sorted(set(at)) != list(at) or at[0] < 0:
        raise refused("at", tuple(at), "steps from 0 on, ascending", "Leave it out.")
    shown = {name: [step for step in at if step < len(film)] for name, film in films.items()}
    bodies = [film.limbs[step] for name, film in films.items() for step in shown[name]]
    if not bodies:
        longest = max(map(len, films.values()))
        raise refused("at", tuple(at), f"a step below {longest}", "That is the longest film.")
    width, low, high = _room(bodies, films)
    across = width * (1 + GAP) * len(at)
    tall = 0.35 + WIDE * (high - low) / across  # inches of a row, the words below it included
    fig = new_figure(WIDE, 0.6 + tall * len(films))
    axes = fig.subplots(len(films), 1, squeeze=False)[:, 0]
    told = []
    for row, (ax, (name, film)) in enumerate(zip(axes, films.items(), strict=True)):
        told.append(_draw(ax, name, film, at, shown[name], width, (low, high), first=row == 0))
    head(axes[0], title, "")
    add_alt(axes[0], f"{title or 'Film strip'}. Rows of body poses from the side. {' '.join(told)}")
    return figure_of(axes[0])


def _room(bodies: list[np.ndarray], films: Mapping[str, Poses]) -> tuple[float, float, float]:
    """Width of a frame, and the lowest and highest point of all, in metres."""
    thick = max(float(film.radii.max()) for film in films.values())
    across = [np.abs(limbs[..., 0] - _camera(limbs)).max() for limbs in bodies]
    up = np.concatenate([limbs[..., 1].ravel() for limbs in bodies])
    low, high = min(0.0, float(up.min()) - thick), float(up.max()) + thick
    return max(2 * (max(across) + thick), SLIM * (high - low)), low, high


def _camera(limbs: np.ndarray) -> float:
    """Where it looks: the middle of the limbs (G, 2, 2)."""
    return float(limbs[..., 0].mean())


def _draw(
    ax: Axes,
    name: str,
    film: Poses,
    at: Sequence[int],
    shown: list[int],
    width: float,
    height: tuple[float, float],
    first: bool,
) -> str:
    """One row; what it shows in words."""
    room, (low, high) = width * (1 + GAP), height
    ax.set_xlim(-room / 2, room * (len(at) - 0.5))
    ax.set_ylim(low, high)
    ax.set_aspect("equal")
    ax.axis("off")
    ax.axhline(0, color=GREY, lw=1, zorder=0)
    scale = _points_per_metre(ax, room * len(at))
    ended = "fell at" if film.terminated else "ended at" if film.truncated else "shown to"
    color = BLUE if not film.terminated else VERMILLION
    for place, step in enumerate(at):
        middle = place * room
        if first:
            ax.annotate(f"step {step}", (middle, high), (0, 3), textcoords="offset points",
                        ha="center", va="bottom", color=GREY, fontsize=9)  # fmt: skip
        if step in shown:
            _body(ax, film.limbs[step], film.radii, middle, color, scale)
        elif place == len(shown):
            ax.annotate(f"{ended}\nstep {len(film)}", (middle, (low + high) / 2), ha="center",
                        va="center", color=color, fontsize=10)  # fmt: skip
    whole = film.terminated or film.truncated
    words = f"{name}: {'' if whole else 'first '}{len(film)} steps, return {film.rewards.sum():.0f}"
    ax.annotate(words, (0, 0), (0, -4), xycoords="axes fraction", textcoords="offset points",
                ha="left", va="top", color=color, fontsize=10)  # fmt: skip
    return f"{words}{', fell' * film.terminated}."


def _points_per_metre(ax: Axes, across: float) -> float:
    """Line widths are in points: how many a metre is.

    The axes take 0.94 of the figure's width, as it is laid out here.
    """
    return 0.94 * figure_of(ax).get_figwidth() * 72 / across


def _body(
    ax: Axes, limbs: np.ndarray, radii: np.ndarray, middle: float, color: str, scale: float
) -> None:
    """The limbs of one frame, the thick ones first, each with a light edge where two cross."""
    centre = _camera(limbs)
    for limb in np.argsort(-radii):
        x, z = limbs[limb, :, 0] - centre + middle, limbs[limb, :, 1]
        thick = 2 * float(radii[limb]) * scale
        ax.plot(x, z, color=FAINT, lw=thick + 1.2, ls="-", solid_capstyle="round")
        ax.plot(x, z, color=color, lw=thick, ls="-", solid_capstyle="round")
