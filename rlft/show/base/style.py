"""How the course looks: one colour per method everywhere, colour maps, and matplotlib's settings.

Colours are those of Okabe and Ito ("Color Universal Design", 2008), which stay apart for readers
with any of the three forms of colour blindness; a test simulates all three. Seven colours must
serve all methods, so the line carries the rest: **solid for an online method, dashed for an offline
learner, dotted for one that keeps the offline data**. Two methods that share a colour differ in
line and in marker, never in one only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.typing import LineStyleType

from rlft.core.errors import InputError
from rlft.core.registry import Registry, needs_a_name

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"
# Okabe and Ito's yellow is left out: on white paper its contrast is 1.3, a line of it disappears.
# Lighter greys come too close to green for readers without green cones.
GREY = "#606060"
WALL = "#9A9A9A"  # between the dark and the light end of every colour map, in print as well
FAINT = "#E6E6E6"  # never visited, grid lines: visible on white, in front of nothing

SOLID, DOTTED = "-", (0, (1, 1.4))
DASHED, DASH_DOT = (0, (4.5, 1.6)), (0, (6, 1.5, 1, 1.5))
LINES: tuple[LineStyleType, ...] = (SOLID, DASHED, DASH_DOT, DOTTED)
REFERENCE_LINE = (0, (7, 4))  # for what is no method: "best possible", "no error"


@dataclass(frozen=True)
class MethodStyle:
    """How one method is drawn in every figure of the course.

    Attributes:
        label: the name that the reader sees.
        color: hexadecimal RGB.
        line: matplotlib line style.
        marker: matplotlib marker.
    """

    label: str
    color: str
    line: LineStyleType = SOLID
    marker: str = "o"

    @property
    def text_color(self) -> str:
        """The colour darkened until text in it can be read on white. See `readable`."""
        return readable(self.color)


# Methods that are compared with each other in one lesson never share a colour, except SAC and
# SAC-fast, which differ by their learning rate only. The three methods of the course's papers
# (AJS, PORL, WSRL) have a colour that only an offline learner shares.
_STYLES = {
    "data": MethodStyle("logged data", GREY, DOTTED, "."),
    "bc": MethodStyle("BC", BLUE, DASHED, "s"),
    "cql": MethodStyle("CQL", ORANGE, DASHED, "D"),
    "calql": MethodStyle("Cal-QL", GREEN, DASHED, "^"),
    "iql": MethodStyle("IQL", PURPLE, DASHED, "v"),
    "inac": MethodStyle("InAC", SKY, DASHED, "P"),
    "sac": MethodStyle("SAC", VERMILLION, SOLID, "o"),
    "sac-fast": MethodStyle("SAC-fast", VERMILLION, DASH_DOT, "s"),
    "random-critic": MethodStyle("random critic", BLACK, SOLID, "X"),
    "rlpd": MethodStyle("RLPD", SKY, SOLID, "h"),
    "jsrl": MethodStyle("JSRL", ORANGE, SOLID, "<"),
    "ajs": MethodStyle("AJS", GREEN, SOLID, ">"),
    "porl": MethodStyle("PORL", PURPLE, SOLID, "p"),
    "wsrl": MethodStyle("WSRL", BLUE, SOLID, "*"),
    "cql-retain": MethodStyle("CQL + data", ORANGE, DOTTED, "d"),
    "calql-retain": MethodStyle("Cal-QL + data", GREEN, DOTTED, "8"),
    "iql-retain": MethodStyle("IQL + data", PURPLE, DOTTED, "H"),
    "inac-retain": MethodStyle("InAC + data", SKY, DOTTED, "s"),
    "sac-retain": MethodStyle("SAC + data", VERMILLION, DOTTED, "D"),
    "jsrl-linear": MethodStyle("JSRL, linear", ORANGE, DASH_DOT, "P"),
    "porl-bc": MethodStyle("PORL from BC", PURPLE, DASH_DOT, "X"),
    "wsrl-calql": MethodStyle("WSRL from Cal-QL", BLUE, DOTTED, "d"),
    "wsrl-iql": MethodStyle("WSRL from IQL", BLUE, DASH_DOT, "D"),
}
METHOD_STYLES: Registry[MethodStyle] = Registry(
    "figure style", lambda value: isinstance(value, MethodStyle), needs_a_name
)
"""How each method looks, by the name of its recipe or learner."""
for _name, _style in _STYLES.items():
    METHOD_STYLES.add(_name, _style)

MARKERS = "osD^vP*Xph<>d8H"  # filled, so that a white edge sets them off from the line

# For what the table does not name (a student's own recipe, a sweep): black and grey, which no
# method but the random critic and the data has, told apart by line and marker.
OTHER_STYLES: tuple[MethodStyle, ...] = (
    MethodStyle("", BLACK, DASHED, "d"),
    MethodStyle("", GREY, SOLID, "H"),
    MethodStyle("", BLACK, DASH_DOT, "8"),
    MethodStyle("", GREY, DASHED, "v"),
    MethodStyle("", BLACK, DOTTED, "P"),
    MethodStyle("", GREY, DASH_DOT, "X"),
)


def method_style(name: str) -> MethodStyle:
    """The style of a method; see `styles_for` for names that the course does not know."""
    return styles_for([name])[0]


def styles_for(names: Sequence[str]) -> list[MethodStyle]:
    """One style per name, all different.

    Methods of the course keep their style everywhere. A name that comes again, and a name that
    continues a method's (``"wsrl-no-warmup"``), keeps that method's colour in another shade, with
    another line and marker. All other names take turns through `OTHER_STYLES`.

    Args:
        names: recipe names, repetitions allowed.

    Returns:
        One style for each, in the order given.

    Raises:
        InputError: if there are more unknown names than styles to tell them apart.
    """
    families = [_family(name) for name in names]
    strangers = list(dict.fromkeys(f for f in families if f not in METHOD_STYLES))
    if len(strangers) > len(OTHER_STYLES):
        raise InputError(
            f"{len(strangers)} methods have no colour of their own ({', '.join(strangers)}): "
            f"expected at most {len(OTHER_STYLES)} in one figure. Draw them in several figures, "
            "or as a sequence with sequence_styles()."
        )
    others = {name: replace(OTHER_STYLES[i], label=name) for i, name in enumerate(strangers)}
    styles: list[MethodStyle] = []
    variants = dict.fromkeys(families, 0)
    plain: set[str] = set()
    for name, family in zip(names, families, strict=True):
        base = METHOD_STYLES.get(family) or others[family]
        label = base.label if name == family else name
        # The plain style belongs to the method itself, also when a variant comes before it.
        if name == family and name not in plain:
            plain.add(name)
            repeat = 0
        else:
            variants[family] += 1
            repeat = variants[family]
        styles.append(_variant(replace(base, label=label), repeat))
    return styles


def _family(name: str) -> str:
    """The known method that a name begins with, as in "wsrl-no-warmup"; else the name itself."""
    words = name.split("-")
    heads = ("-".join(words[:count]) for count in range(len(words), 0, -1))
    return next((head for head in heads if head in METHOD_STYLES), name)


def sequence_styles(labels: Sequence[str]) -> list[MethodStyle]:
    """Styles for an ordered quantity (a sweep, fine-tuning time): dark to light, in its order.

    Args:
        labels: one for each value, from the smallest to the largest.
    """
    last = max(len(labels) - 1, 1)
    # The lightest sixth of viridis is yellow, which does not show on white.
    colors = [to_hex(VALUES(0.83 * i / last)) for i in range(len(labels))]
    return [
        MethodStyle(label, color, LINES[i % 4], MARKERS[i % len(MARKERS)])
        for i, (label, color) in enumerate(zip(labels, colors, strict=True))
    ]


def _variant(style: MethodStyle, repeat: int) -> MethodStyle:
    """The style at its `repeat`-th return in one figure: another shade, line and marker."""
    if repeat == 0:
        return style
    line = LINES[(LINES.index(style.line) + repeat) % 4]
    marker = MARKERS[(MARKERS.find(style.marker) + repeat) % len(MARKERS)]
    # Alternately lighter and darker; black can only become lighter.
    shade = "#FFFFFF" if repeat % 2 or style.color == BLACK else BLACK
    return MethodStyle(style.label, mix(style.color, shade, 0.35), line, marker)


def mix(color: str, other: str, share: float) -> str:
    """`color` with a share in [0, 1] of `other`, both hexadecimal, mixed in sRGB."""
    pairs = zip(to_rgb(color), to_rgb(other), strict=True)
    red, green, blue = ((1 - share) * a + share * b for a, b in pairs)
    return to_hex((red, green, blue))


def contrast_with_white(color: str) -> float:
    """WCAG 2.2 contrast ratio of a colour with white: 1 for white to 21 for black."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)


def readable(color: str) -> str:
    """The colour darkened just enough for small text on white: WCAG AA asks a contrast of 4.5."""
    for percent in range(0, 100, 5):
        darker = mix(color, BLACK, percent / 100)
        if contrast_with_white(darker) >= 4.5:
            return darker
    return BLACK


# Values: from dark to light, the same order in grey print and for colour-blind readers.
VALUES: Colormap = mpl.colormaps["viridis"]

# Errors: blue below zero, white at zero, vermillion above. Never a rainbow, never red and green.
ERRORS: Colormap = LinearSegmentedColormap.from_list(
    "errors",
    ["#00304F", BLUE, mix(BLUE, "#FFFFFF", 0.6), "#FFFFFF",
     mix(VERMILLION, "#FFFFFF", 0.6), VERMILLION, "#6B2E00"],
)  # fmt: skip

STYLE: Mapping[Any, Any] = MappingProxyType(
    {
        "figure.dpi": 100,
        "savefig.dpi": 160,  # sharp on a high-resolution screen, 60 kB for a usual figure
        "figure.figsize": (7.0, 4.0),
        "font.size": 10.5,
        "axes.titlesize": 12,
        "axes.titlelocation": "left",
        "axes.titleweight": "bold",
        "axes.labelsize": 10.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": FAINT,
        "grid.linewidth": 0.8,
        "axes.edgecolor": "#333333",
        "lines.linewidth": 2.0,
        "lines.markersize": 6,
        "legend.frameon": False,
        "image.cmap": "viridis",
        "axes.prop_cycle": cycler(
            color=[VERMILLION, BLUE, GREEN, ORANGE, PURPLE, SKY, BLACK],
            linestyle=[SOLID, DASHED, DASH_DOT, DOTTED, SOLID, DASHED, DASH_DOT],
        ),
        "svg.hashsalt": "rlft",  # same figure, same bytes
    }
)


def apply_style() -> None:
    """Sets matplotlib's defaults for the rest of the session. Call once, in a notebook's head."""
    mpl.rcParams.update(dict(STYLE))


@contextmanager
def styled() -> Iterator[None]:
    """The course's look inside a ``with`` block or a decorated function only."""
    with mpl.rc_context(dict(STYLE)):
        yield
