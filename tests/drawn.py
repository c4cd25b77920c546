"""What a reader would see of a figure: the texts that are drawn, and whether they collide."""

from __future__ import annotations

from itertools import combinations

import matplotlib.text
import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox


def drawn_texts(fig: Figure) -> list[tuple[str, Bbox]]:
    """Every non-empty text that drawing the figure draws, with its place in pixels."""
    seen: dict[int, matplotlib.text.Text] = {}
    original = matplotlib.text.Text.draw

    def record(text: matplotlib.text.Text, renderer: object, *rest: object) -> None:
        original(text, renderer, *rest)
        if text.get_visible() and text.get_text().strip():
            seen[id(text)] = text

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matplotlib.text.Text, "draw", record)
        fig.canvas.draw()
    # Of an annotation only the letters count, not the leader that ties them to a line.
    return [
        (text.get_text(), matplotlib.text.Text.get_window_extent(text)) for text in seen.values()
    ]


def assert_readable(fig: Figure) -> str:
    """Fails if a text covers another or leaves the figure; returns all texts, joined."""
    texts = drawn_texts(fig)
    assert texts
    for text, box in texts:
        inside = fig.bbox.padded(1.0)
        assert inside.contains(box.x0, box.y0), f"{text!r} leaves the figure"
        assert inside.contains(box.x1, box.y1), f"{text!r} leaves the figure"
    for (first, a), (second, b) in combinations(texts, 2):
        # Half a pixel of the boxes' own margin may touch.
        assert not a.padded(-0.5).overlaps(b.padded(-0.5)), f"{first!r} covers {second!r}"
    return " | ".join(text for text, _ in texts)
