"""Figures that carry their own alt text, in a notebook and in a file.

Matplotlib's figures reach a notebook as pictures without a description, so that a reader who uses a
screen reader hears "image". A `CourseFigure` knows its description: shown, it becomes an HTML
``<img alt="...">``; saved, the description stands in the PNG's and the SVG's metadata. It is made
without pyplot: nothing is displayed by accident or twice, and nothing needs closing.
"""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Transform, blended_transform_factory

from rlft.core.checks import at_least
from rlft.core.errors import InputError
from rlft.core.files import write_atomically
from rlft.show.base.style import styled

# CSS defines an inch as 96 pixels: a figure 7 inches wide is then shown 7 inches wide.
CSS_PIXELS = 96
SCREEN_DPI = 144  # 1.5 times that: sharp enough on a high-resolution screen, 60 kB a figure
PRINT_DPI = 200  # letters of 10 points are then 28 pixels high, enough for paper


@dataclass(frozen=True, repr=False)
class Illustration:
    """A picture with its description, ready to be displayed.

    Attributes:
        png: the picture, a PNG file's bytes.
        alt: what it shows, for those who cannot see it. Also its `repr`, for a terminal.
        width: shown width in CSS pixels.
    """

    png: bytes
    alt: str
    width: int

    def to_html(self) -> str:
        """An ``<img>`` element with alt text; the picture itself is inside it."""
        data = base64.b64encode(self.png).decode("ascii")
        return (
            f'<img alt="{html.escape(self.alt, quote=True)}" width="{self.width}" '
            f'style="max-width:100%;height:auto;background:white" '
            f'src="data:image/png;base64,{data}"/>'
        )

    def __repr__(self) -> str:
        return f"[figure] {self.alt}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> object:
        """HTML for browsers, PNG for PDF (nbconvert reads its alt text from the metadata)."""
        data = {
            "text/html": self.to_html(),
            "image/png": base64.b64encode(self.png).decode("ascii"),
            "text/plain": repr(self),
        }
        return data, {"image/png": {"alt": self.alt, "width": self.width}}


class CourseFigure(Figure):
    """A matplotlib figure with alt text. Every function of `rlft.show` returns one.

    Attributes:
        alt: what the figure shows. The plotting functions write a first version from the numbers
            that they draw; several panels add up.
    """

    alt: str = ""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> object:
        return illustrate(self)._repr_mimebundle_()


Layout = Literal["constrained", "compressed"]


def new_figure(
    width: float = 7.0, height: float = 4.0, *, layout: Layout = "constrained"
) -> CourseFigure:
    """An empty figure in the course's style.

    Args:
        width: inches. A notebook's column is about 10 wide, a printed page 6.5.
        height: inches.
        layout: "compressed" pulls panels of a fixed shape (maps) together.
    """
    with styled():
        fig = CourseFigure(figsize=(width, height), layout=layout)
        FigureCanvasAgg(fig)
    return fig


def new_axes(width: float = 7.0, height: float = 4.0) -> tuple[CourseFigure, Axes]:
    """An empty figure with one pair of axes."""
    fig = new_figure(width, height)
    with styled():
        return fig, fig.add_subplot()


def panels(
    count: int,
    *,
    columns: int | None = None,
    width: float = 3.4,
    height: float = 3.2,
    share: bool = False,
    layout: Layout = "constrained",
) -> tuple[CourseFigure, list[Axes]]:
    """A figure with several panels, to hand to the plotting functions one by one.

    Args:
        count: panels wanted, at least 1.
        columns: panels in a row; all of them by default.
        width: of one panel, inches.
        height: of one panel, inches.
        share: whether all panels have the same axes limits, so that they compare by eye.
        layout: see `new_figure`.

    Returns:
        The figure and its `count` axes, row by row.

    Raises:
        InputError: if count or columns is below 1.
    """
    across = count if columns is None else columns
    at_least(1, of="panels", count=count, columns=columns, hint="Give 1 or more of each.")
    rows = -(-count // across)
    fig = new_figure(width * across, height * rows, layout=layout)
    with styled():
        grid = fig.subplots(rows, across, squeeze=False, sharex=share, sharey=share)
    axes = list(grid.flat)
    for empty in axes[count:]:
        empty.remove()
    return fig, axes[:count]


def add_alt(ax: Axes, text: str) -> None:
    """Appends a sentence to the alt text of the figure that `ax` belongs to, if it can hold one."""
    fig = figure_of(ax)
    if isinstance(fig, CourseFigure):
        fig.alt = f"{fig.alt} {text}".strip()


def figure_of(ax: Axes) -> Figure:
    """The whole figure that `ax` belongs to, also when it sits in a subfigure."""
    owner = ax.figure
    if owner is None:
        raise InputError("These axes were removed from their figure: make new ones with panels().")
    return owner if isinstance(owner, Figure) else owner.figure


def illustrate(fig: Figure, alt: str | None = None, dpi: float = SCREEN_DPI) -> Illustration:
    """Renders a figure to PNG with its alt text inside.

    Args:
        fig: any matplotlib figure.
        alt: what it shows; default: the figure's own alt text.
        dpi: pixels per inch of figure.

    Raises:
        InputError: if there is no alt text.
    """
    text = _alt_of(fig, alt)
    stream = io.BytesIO()
    with styled():
        fig.savefig(stream, format="png", dpi=dpi, metadata={"Description": text})
    return Illustration(stream.getvalue(), text, round(fig.get_figwidth() * CSS_PIXELS))


def show(fig: Figure, alt: str | None = None) -> None:
    """Displays a figure in the notebook as an image with alt text; prints it in a terminal.

    Args:
        fig: any matplotlib figure; one made with pyplot is closed, so that it shows once.
        alt: what the reader should see in it, one or two sentences with the numbers that matter;
            default: the figure's own alt text.

    Raises:
        InputError: if there is no alt text.
    """
    picture = illustrate(fig, alt)
    plt.close(fig)
    display(picture)


def save(fig: Figure, stem: str | Path, alt: str | None = None) -> tuple[Path, Path]:
    """Writes ``stem.png`` and ``stem.svg`` with the alt text inside; each file whole or not at all.

    The SVG starts with a ``<title>`` and says ``role="img"``, so that a screen reader reads it out.

    Args:
        fig: any matplotlib figure.
        stem: path without an ending; missing folders are made.
        alt: what it shows; default: the figure's own alt text.

    Returns:
        The two paths.

    Raises:
        InputError: if there is no alt text or the folder cannot be written.
    """
    text = _alt_of(fig, alt)
    png, svg = Path(f"{stem}.png"), Path(f"{stem}.svg")

    write_atomically(png, lambda path: path.write_bytes(illustrate(fig, text, PRINT_DPI).png))
    write_atomically(svg, lambda path: path.write_text(_svg(fig, text), encoding="utf-8"))
    return png, svg


def _alt_of(fig: Figure, alt: str | None) -> str:
    text = alt if alt is not None else getattr(fig, "alt", "")
    text = " ".join(text.split())
    if not text:
        raise InputError(
            "This figure has no alt text: say in one or two sentences what it shows, for readers "
            "who cannot see it, as in show(fig, 'SAC falls from -30 to -100 within 500 steps.')."
        )
    return text


def _svg(fig: Figure, alt: str) -> str:
    """The figure as SVG whose root says that it is an image and what it shows."""
    buffer = io.BytesIO()
    with styled():
        # Without a date the same figure gives the same bytes, and version control stays quiet.
        metadata = {"Title": alt, "Description": alt, "Date": None}
        fig.savefig(buffer, format="svg", metadata=metadata)
    head = f'<svg role="img" aria-label="{html.escape(alt, quote=True)}" '
    return buffer.getvalue().decode("utf-8").replace("<svg ", head, 1)


def across(ax: Axes) -> Transform:
    """Where x is a share of the whole figure, in [0, 1], and y a value of the axes."""
    return blended_transform_factory(ax.figure.transFigure, ax.transData)
