from __future__ import annotations

import base64
import io
import re

import ipywidgets
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from rlft.core.errors import InputError
from rlft.envs import LAYOUTS
from rlft.show import (
    Illustration,
    animate_episode,
    frame_slider,
    illustrate,
    panels,
    plot_paths,
    show_frames,
    static_strip,
    with_fallback,
)
from rlft.show.widgets import frames as widgets

LABELS = ["0", "500", "1,000", "1,500", "2,000"]


class Drawing:
    """Draws a figure with one number and counts how often it was asked to."""

    def __init__(self, value: int) -> None:
        self.value, self.calls = value, 0

    def __call__(self) -> Figure:
        self.calls += 1
        fig, (ax,) = panels(1, width=2, height=1.5)
        ax.plot([0, 1], [0, self.value])
        fig.alt = f"a line to {self.value}"
        return fig


def drawings() -> list[Drawing]:
    return [Drawing(i) for i in range(len(LABELS))]


def parts(box: ipywidgets.VBox) -> tuple[ipywidgets.SelectionSlider, ipywidgets.HTML]:
    controls, picture = box.children
    slider = controls.children[-1] if isinstance(controls, ipywidgets.HBox) else controls
    return slider, picture


def alt_of(picture: ipywidgets.HTML) -> str:
    (alt,) = re.findall(r'<img alt="([^"]*)"', picture.value)
    return alt


def pixels_of(picture: ipywidgets.HTML) -> np.ndarray:
    (data,) = re.findall(r"base64,([^\"]*)", picture.value)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is displayed, as in a notebook."""
    seen: list[object] = []
    monkeypatch.setattr(widgets, "display", seen.append)
    monkeypatch.setattr(widgets, "get_ipython", lambda: object())
    return seen


def test_the_slider_shows_the_frame_of_its_label():
    frames = drawings()
    box = frame_slider(frames, LABELS, description="environment steps")
    slider, picture = parts(box)
    assert slider.description == "environment steps"
    assert slider.label == "0"
    assert alt_of(picture) == "environment steps 0: a line to 0"
    slider.index = 3
    assert slider.label == "1,500"
    assert alt_of(picture) == "environment steps 1,500: a line to 3"
    assert np.array_equal(pixels_of(picture), _pixels(illustrate(Drawing(3)()).png))
    slider.index = 0
    assert alt_of(picture) == "environment steps 0: a line to 0"
    assert [frame.calls for frame in frames] == [1] * 5  # sliding draws nothing


def test_frames_may_be_functions_figures_pictures_or_bytes():
    picture = illustrate(Drawing(1)())
    frames = [Drawing(1), Drawing(1)(), picture, picture.png]
    slider, shown = parts(frame_slider(frames, list("abcd"), description="kind"))
    alts = []
    for slider.index in range(4):
        alts.append(alt_of(shown))
    assert alts == ["kind a: a line to 1", "kind b: a line to 1", "kind c: a line to 1", "kind d"]
    assert f'width="{picture.width}"' in shown.value


def test_a_play_button_can_be_had():
    slider, _ = parts(frame_slider(drawings(), LABELS, description="steps", play=80))
    plain = frame_slider(drawings(), LABELS, description="steps")
    box = frame_slider(drawings(), LABELS, description="steps", play=80)
    button = box.children[0].children[0]
    assert isinstance(button, ipywidgets.Play)
    assert (button.min, button.max, button.interval) == (0, 4, 80)
    assert len(slider.options) == 5
    assert not any(isinstance(child, ipywidgets.HBox) for child in plain.children)


def test_the_strip_shows_first_last_and_some_between():
    strip = static_strip(drawings(), LABELS, description="steps", count=3)
    assert strip.alt == ("steps 0: a line to 0 steps 1,000: a line to 2 steps 2,000: a line to 4")
    assert _pixels(strip.png).std() > 10  # not blank
    everything = static_strip(drawings()[:2], LABELS[:2], description="steps", count=9)
    assert everything.alt == "steps 0: a line to 0 steps 500: a line to 1"


def test_widget_and_static_figure_are_both_displayed(displayed: list[object]):
    slider = frame_slider(drawings(), LABELS, description="steps")
    with_fallback(slider, Drawing(7)())
    assert displayed[0] is slider
    assert isinstance(displayed[1], Illustration)
    assert displayed[1].alt == "a line to 7"


def test_without_ipython_only_the_figure_is_displayed(
    displayed: list[object], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(widgets, "get_ipython", lambda: None)
    with_fallback(frame_slider(drawings(), LABELS, description="steps"), Drawing(7)())
    assert [repr(d) for d in displayed] == ["[figure] a line to 7"]


def test_show_frames_draws_each_frame_once(displayed: list[object]):
    frames = drawings()
    show_frames(frames, LABELS, description="steps", count=2)
    assert [frame.calls for frame in frames] == [1] * 5
    assert isinstance(displayed[0], ipywidgets.VBox)
    assert repr(displayed[1]) == "[figure] steps 0: a line to 0 steps 2,000: a line to 4"


def test_a_static_figure_needs_alt_text(displayed: list[object]):
    with pytest.raises(InputError, match="no alt text"):
        with_fallback(ipywidgets.VBox(), Figure())
    assert displayed == []


UMAZE = LAYOUTS["umaze"]


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: frame_slider(drawings(), ["one"], description=""), r"\(1,\).*\(5,\).*each frame"),
        (lambda: static_strip([], [], description=""), "frames=0.*1 or more"),
        (lambda: static_strip(drawings(), LABELS, description="", count=0), "^count=0.*1 or more"),
        (lambda: frame_slider([b"GIF89a."], ["one"], description=""), "7 bytes.*no PNG.*Give"),
        (lambda: animate_episode({}, UMAZE), "paths=0.*1 or more"),
        (
            lambda: animate_episode({"sac": np.zeros((2, 2))}, UMAZE, frames=1),
            "frames=1.*2 or more",
        ),
    ],
)
def test_what_cannot_be_drawn(draw, words):
    with pytest.raises(InputError, match=words):
        draw()


def test_frames_of_different_sizes_would_jump():
    large, _ = panels(1, width=3, height=1.5)
    large.alt = "large"
    with pytest.raises(InputError, match=r"different sizes.*jump.*same figure size"):
        frame_slider([Drawing(1), large], ["a", "b"], description="steps")


def test_an_episode_is_played_to_its_end():
    walk = UMAZE.to_observation([(1, 1), (2, 1), (3, 1), (3, 2), (3, 3), (2, 3), (1, 3)])
    box = animate_episode({"sac": walk, "inac": walk[:2]}, UMAZE, frames=4, title="A race")
    slider, picture = parts(box)
    assert [label for label, _ in slider.options] == ["0", "2", "4", "6"]
    assert alt_of(picture) == "step 0: SAC at x 1.0, y 1.0, InAC at x 1.0, y 1.0 (cells)."
    start = pixels_of(picture)
    slider.index = 3
    # Who has arrived stays there.
    assert alt_of(picture) == "step 6: SAC at x 1.0, y 3.0, InAC at x 2.0, y 1.0 (cells)."
    assert (pixels_of(picture) != start).any()


def test_the_animation_has_a_static_counterpart(displayed: list[object]):
    walk = UMAZE.to_observation([(1, 1), (2, 1)])
    with_fallback(
        animate_episode({"sac": walk}, UMAZE, frames=2), plot_paths({"sac": [walk]}, UMAZE)
    )
    assert len(displayed) == 2


def _pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
