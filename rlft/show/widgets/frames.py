"""Sliders over pictures that were drawn beforehand, each beside a static figure.

A slider that redraws makes its user wait and fails without a kernel. Here every frame is rendered
once, so sliding is instant; and a strip of chosen frames is always displayed with it, for GitHub,
paper and automatic checks. Every frame has its alt text.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import ipywidgets
import matplotlib.image as mpl_image
import numpy as np
from IPython.core.getipython import get_ipython
from IPython.display import display
from matplotlib.figure import Figure
from tqdm.auto import tqdm

from rlft.core.checks import at_least, shaped
from rlft.core.errors import InputError
from rlft.envs import MazeLayout
from rlft.show.base.figure import CSS_PIXELS, SCREEN_DPI, Illustration, illustrate, panels
from rlft.show.base.style import styled, styles_for
from rlft.show.mazes.maze import draw_maze, maze_panels

STRIP = 10.5  # inches across, a notebook's column

Frame = Illustration | bytes | Figure | Callable[[], Figure]
"""A picture, a PNG file's bytes, a figure, or a function that draws one."""


@dataclass(frozen=True)
class Frames:
    """Pictures of one size, each with what it stands for.

    Attributes:
        pictures: at least one; each alt text begins with the description and the label.
        labels: what each picture stands for, as in ``("0", "500", "1,000")``.
        description: what the labels count, as in ``"environment steps"``.
    """

    pictures: tuple[Illustration, ...]
    labels: tuple[str, ...]
    description: str


def draw_frames(
    frames: Sequence[Frame], labels: Sequence[str], *, description: str, progress: bool = True
) -> Frames:
    """Turns all frames into pictures.

    Args:
        frames: at least one, all of one size.
        labels: one for each frame.
        description: what the labels count.
        progress: whether to show a progress bar.

    Raises:
        InputError: no frames, labels that do not fit, frames of different sizes, or bytes that
            are no PNG file.
    """
    at_least(1, number_of_frames=len(frames), hint="Give a frame to draw.")
    shaped((len(frames),), labels=np.asarray(labels), hint="Give one for each frame.")
    bar = tqdm(frames, desc="drawing", leave=False, disable=not progress)
    pictures = [
        _render(frame, f"{description} {label}") for frame, label in zip(bar, labels, strict=True)
    ]
    sizes = sorted({_pixels(picture.png) for picture in pictures})
    if len(sizes) > 1:
        raise InputError(
            f"The frames have different sizes ({sizes} pixels): the picture would jump. Draw all "
            "of them with the same figure size."
        )
    return Frames(tuple(pictures), tuple(labels), description)


def frame_slider(
    frames: Sequence[Frame], labels: Sequence[str], *, description: str, play: int | None = None
) -> ipywidgets.VBox:
    """A slider over frames that are drawn now, once.

    Args:
        frames: see `draw_frames`.
        labels: what each frame stands for.
        description: what the labels count; stands before the slider.
        play: milliseconds per frame of a play button; None for no button.

    Returns:
        A box with the slider (arrow keys move it) and the picture. Display it with `with_fallback`.

    Raises:
        InputError: see `draw_frames`.
    """
    return _slider(draw_frames(frames, labels, description=description), play)


def static_strip(
    frames: Sequence[Frame], labels: Sequence[str], *, description: str, count: int = 4
) -> Illustration:
    """Some of the frames side by side: the first, the last, and others evenly between.

    Args:
        frames: see `draw_frames`.
        labels: what each frame stands for.
        description: what the labels count.
        count: frames shown, at least 1; all of them if there are fewer.

    Returns:
        One picture; its alt text tells every frame shown.

    Raises:
        InputError: count below 1, or see `draw_frames`.
    """
    return _strip(draw_frames(frames, labels, description=description), count)


def show_frames(
    frames: Sequence[Frame],
    labels: Sequence[str],
    *,
    description: str,
    count: int = 4,
    play: int | None = None,
) -> None:
    """Displays frames as a slider with its strip; every frame is drawn once.

    Args:
        frames: see `draw_frames`.
        labels: what each frame stands for.
        description: what the labels count.
        count: frames in the strip.
        play: milliseconds per frame of a play button; None for no button.

    Raises:
        InputError: see `static_strip`.
    """
    drawn = draw_frames(frames, labels, description=description)
    with_fallback(_slider(drawn, play), _strip(drawn, count))


def with_fallback(widget: ipywidgets.Widget, static: Illustration | Figure) -> None:
    """Displays a widget, and below it a static figure that stays where no widget can be shown.

    Outside of IPython, where a widget is nothing but its source, only the figure is displayed.

    Args:
        widget: for example from `frame_slider`.
        static: for example from `static_strip`, or a figure with alt text.

    Raises:
        InputError: if the figure has no alt text.
    """
    picture = illustrate(static) if isinstance(static, Figure) else static
    if get_ipython() is not None:
        display(widget)
    display(picture)


@styled()
def animate_episode(
    paths: Mapping[str, np.ndarray],
    layout: MazeLayout,
    *,
    frames: int = 40,
    pace: int = 100,
    title: str | None = None,
) -> ipywidgets.VBox:
    """Plays episodes in the maze, several at once to see who arrives first.

    Args:
        paths: name to the observations (T + 1, 2) of one episode. Names of methods are drawn in
            their style.
        layout: the maze.
        frames: pictures drawn, at least 2; 40 take about 2 s and are smooth enough.
        pace: milliseconds per frame.
        title: what the animation shows.

    Returns:
        A box with a play button, a slider and the picture. Display it with `with_fallback` beside
        `plot_paths`.

    Raises:
        InputError: no paths, or fewer than 2 frames.
    """
    at_least(1, number_of_paths=len(paths), hint="Give a name with its path.")
    at_least(2, frames=frames, hint="40 are smooth enough.")
    fig, (ax,) = maze_panels([layout], extra_height=0.3)
    draw_maze(ax, layout)
    styles = styles_for(list(paths))
    cells = [layout.to_cells(path) for path in paths.values()]  # (T + 1, 2) each
    trails = [ax.plot([], [], color=s.color, ls=s.line, lw=1.8, zorder=3)[0] for s in styles]
    points = [
        ax.plot([], [], ls="", marker=s.marker, ms=10, color=s.color, mec="white", zorder=6,
                label=s.label)[0]
        for s in styles
    ]  # fmt: skip
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=4, fontsize=9.5)
    if title:
        ax.set_title(title)
    last = max(len(path) for path in cells) - 1
    steps = np.unique(np.linspace(0, last, frames).round().astype(int))
    pictures = []
    for step in steps:
        told = []
        for path, trail, point, style in zip(cells, trails, points, styles, strict=True):
            now = min(int(step), len(path) - 1)
            trail.set_data(*path[: now + 1].T)
            point.set_data(*path[now : now + 1].T)
            told.append(f"{style.label} at x {path[now, 0]:.1f}, y {path[now, 1]:.1f}")
        # 96 dots an inch, not 144: the pictures are small and many.
        pictures.append(illustrate(fig, f"{', '.join(told)} (cells).", CSS_PIXELS))
    labels = [f"{step}" for step in steps]
    return _slider(draw_frames(pictures, labels, description="step", progress=False), pace)


def _slider(frames: Frames, play: int | None) -> ipywidgets.VBox:
    """See `frame_slider`."""
    pictures = frames.pictures
    slider = ipywidgets.SelectionSlider(
        options=[(label, i) for i, label in enumerate(frames.labels)],
        description=frames.description,
        # A name longer than the default 90 pixels would be cut off.
        style={"description_width": "initial"},
        layout=ipywidgets.Layout(width="90%", max_width=f"{max(pictures[0].width, 400)}px"),
    )
    # HTML and not Image: an Image widget cannot hold alt text.
    picture = ipywidgets.HTML(pictures[0].to_html())

    def change(_: object) -> None:
        picture.value = pictures[slider.index].to_html()

    slider.observe(change, names="index")
    if play is None:
        return ipywidgets.VBox([slider, picture])
    button = ipywidgets.Play(min=0, max=len(pictures) - 1, interval=play)
    # Linked in the browser: the button keeps its pace when the kernel is busy.
    ipywidgets.jslink((button, "value"), (slider, "index"))
    return ipywidgets.VBox([ipywidgets.HBox([button, slider]), picture])


@styled()
def _strip(frames: Frames, count: int) -> Illustration:
    """See `static_strip`."""
    at_least(1, count=count, hint="4 fill a page's width.")
    chosen = np.unique(np.linspace(0, len(frames.pictures) - 1, count).round().astype(int))
    across, down = _pixels(frames.pictures[0].png)
    width = STRIP / max(len(chosen), 2)
    fig, axes = panels(len(chosen), width=width, height=width * down / across + 0.3)
    for ax, i in zip(axes, chosen, strict=True):
        picture = mpl_image.imread(io.BytesIO(frames.pictures[i].png))
        ax.imshow(picture, interpolation="antialiased")
        title = f"{frames.description} {frames.labels[i]}"
        ax.set_title(title, fontsize=10, fontweight="normal")
        ax.set_axis_off()
    # Twice the screen's resolution, as the pictures inside are shrunk.
    return illustrate(fig, " ".join(frames.pictures[i].alt for i in chosen), 2 * CSS_PIXELS)


def _render(frame: Frame, told: str) -> Illustration:
    """One frame as a picture whose alt text begins with what was told about it."""
    if isinstance(frame, bytes):
        return Illustration(frame, told, round(_pixels(frame)[0] * CSS_PIXELS / SCREEN_DPI))
    if isinstance(frame, Illustration):
        return Illustration(frame.png, f"{told}: {frame.alt}", frame.width)
    picture = illustrate(frame if isinstance(frame, Figure) else frame())
    return Illustration(picture.png, f"{told}: {picture.alt}", picture.width)


def _pixels(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG file, from its header.

    Raises:
        InputError: if the bytes are no PNG file.
    """
    if png[:8] != b"\x89PNG\r\n\x1a\n" or len(png) < 24:
        raise InputError(
            f"A frame of {len(png)} bytes is no PNG file. Give figures, functions that draw one, "
            "or the bytes of PNG files."
        )
    width, height = struct.unpack(">II", png[16:24])
    return width, height
