from __future__ import annotations

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from rlft.core.errors import InputError
from rlft.recipes import RECIPES
from rlft.show.base.style import (
    BLACK,
    ERRORS,
    GREY,
    METHOD_STYLES,
    OTHER_STYLES,
    STYLE,
    VALUES,
    MethodStyle,
    apply_style,
    contrast_with_white,
    method_style,
    readable,
    sequence_styles,
    styled,
    styles_for,
)

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
VISIONS = {
    "usual": np.eye(3),
    "no red cones": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "no green cones": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "no blue cones": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip
# CIE 1976: 2.3 can just be told apart side by side; thin lines some way apart need several times
# that. The two closest colours of Okabe and Ito have 16.
DISTINCT = 15.0


def seen_as(color: object, vision: str) -> np.ndarray:
    """A colour in CIELAB, as a person with that vision sees it."""
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(VISIONS[vision] @ linear, 0.0, 1.0)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ linear / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(first: object, second: object) -> float:
    """Smallest colour difference over all kinds of vision."""
    return min(
        float(np.linalg.norm(seen_as(first, vision) - seen_as(second, vision)))
        for vision in VISIONS
    )


def can_be_told_apart(first: MethodStyle, second: MethodStyle) -> bool:
    shapes = first.line != second.line and first.marker != second.marker
    return shapes or difference(first.color, second.color) >= DISTINCT


def test_the_simulation_knows_red_and_green():
    red, green = "#CC3311", "#66AA00"
    usual = np.linalg.norm(seen_as(red, "usual") - seen_as(green, "usual"))
    assert usual > 90
    assert difference(red, green) < 0.4 * usual


@pytest.mark.parametrize("pair", list(combinations(METHOD_STYLES, 2)), ids="-".join)
def test_methods_can_be_told_apart_with_any_vision(pair):
    assert can_be_told_apart(*(METHOD_STYLES[name] for name in pair))


def test_the_colours_themselves_are_distinct_with_any_vision():
    colors = {style.color for style in METHOD_STYLES.values()}
    assert len(colors) == 8
    assert min(difference(a, b) for a, b in combinations(colors, 2)) >= DISTINCT


def test_other_styles_can_be_told_apart_from_each_other():
    for first, second in combinations(OTHER_STYLES, 2):
        assert can_be_told_apart(first, second)


def test_the_course_names_every_method():
    assert set(METHOD_STYLES) >= {
        "data", "bc", "sac", "cql", "calql", "iql", "inac", "rlpd", "sac-fast", "jsrl", "ajs",
        "porl", "random-critic", "wsrl",
    }  # fmt: skip


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_has_a_colour_of_the_course(name):
    assert method_style(name).color not in {style.color for style in OTHER_STYLES} or (
        name in METHOD_STYLES
    )


def test_the_table_cannot_be_changed():
    with pytest.raises(TypeError):
        METHOD_STYLES["sac"] = METHOD_STYLES["wsrl"]  # type: ignore[index]


def test_a_method_looks_the_same_in_any_company():
    alone = styles_for(["wsrl"])[0]
    assert styles_for(["mine", "wsrl-no-warmup", "wsrl"])[2] == alone == METHOD_STYLES["wsrl"]


def test_repetitions_and_variants_differ_and_stay_in_the_family():
    plain, again, variant = styles_for(["sac", "sac", "sac-slow"])
    assert plain.label == again.label == "SAC"
    assert variant.label == "sac-slow"
    assert len({s.color for s in (plain, again, variant)}) == 3
    assert len({s.marker for s in (plain, again, variant)}) == 3
    assert len({str(s.line) for s in (plain, again, variant)}) == 3


def test_unknown_methods_are_called_by_their_name_and_differ():
    styles = styles_for(["mine", "yours", "mine"])
    assert [style.label for style in styles] == ["mine", "yours", "mine"]
    assert len({(style.color, str(style.line), style.marker) for style in styles}) == 3


def test_too_many_unknown_methods():
    names = [f"method{i}" for i in range(7)]
    with pytest.raises(InputError, match=r"7 methods.*method0.*at most 6.*several"):
        styles_for(names)


def test_a_sequence_goes_from_dark_to_light():
    styles = sequence_styles(["0", "500", "1,000", "2,500", "5,000"])
    lightness = [seen_as(style.color, "usual")[0] for style in styles]
    assert (np.diff(lightness) > 5).all()
    assert [style.label for style in styles] == ["0", "500", "1,000", "2,500", "5,000"]
    assert len(sequence_styles(["alone"])) == 1


@pytest.mark.parametrize("style", [*METHOD_STYLES.values(), *sequence_styles("abcdef")])
def test_text_in_a_methods_colour_can_be_read(style):
    assert contrast_with_white(style.text_color) >= 4.5


def test_contrast_with_white_at_its_ends():
    assert contrast_with_white("#FFFFFF") == pytest.approx(1.0)
    assert contrast_with_white(BLACK) == pytest.approx(21.0)
    assert readable(GREY) == GREY.lower() or readable(GREY) == GREY


def test_the_error_map_is_white_at_zero_and_darker_to_both_sides():
    assert ERRORS(0.5)[:3] == pytest.approx((1.0, 1.0, 1.0), abs=0.02)
    for vision in VISIONS:
        lightness = np.array([seen_as(ERRORS(x)[:3], vision)[0] for x in np.linspace(0, 1, 41)])
        assert (np.diff(lightness[:21]) > 0).all()
        assert (np.diff(lightness[20:]) < 0).all()


def test_too_high_and_too_low_are_never_confused():
    for share in (0.1, 0.2, 0.3):
        assert difference(ERRORS(0.5 - share)[:3], ERRORS(0.5 + share)[:3]) > 1.5 * DISTINCT


def test_values_grow_lighter_with_any_vision():
    for vision in VISIONS:
        lightness = [seen_as(VALUES(x)[:3], vision)[0] for x in np.linspace(0, 1, 21)]
        assert (np.diff(lightness) > 0).all()


def test_the_style_can_be_set_for_a_while_or_for_good():
    with mpl.rc_context():
        mpl.rcdefaults()
        before = mpl.rcParams["axes.spines.top"]
        with styled():
            assert mpl.rcParams["axes.spines.top"] == STYLE["axes.spines.top"] != before
        assert mpl.rcParams["axes.spines.top"] == before
        apply_style()
        assert mpl.rcParams["axes.spines.top"] == STYLE["axes.spines.top"]
