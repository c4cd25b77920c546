from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure
from PIL import Image

from rlft.core.errors import InputError
from rlft.show import CourseFigure, illustrate, panels, plot_errors, save, show
from rlft.show.base import figure

ALT = 'SAC falls from −49 to "−150" & recovers <slowly>.'


def simple(alt: str = ALT) -> CourseFigure:
    fig, (ax,) = panels(1, width=2, height=1.5)
    ax.plot([0, 1], [0, 1])
    fig.alt = alt
    return fig


class Images(HTMLParser):
    """Collects the attributes of all <img> elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.found.append(dict(attrs))


def test_a_shown_figure_is_one_image_with_alt_text():
    (image,) = Images(illustrate(simple()).to_html()).found
    assert image["alt"] == ALT
    png = base64.b64decode((image["src"] or "").removeprefix("data:image/png;base64,"))
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert image["width"] == "192"  # 2 inches of 96 CSS pixels


def test_a_figure_at_the_end_of_a_cell_has_alt_text_in_every_format():
    data, metadata = simple()._repr_mimebundle_()
    assert Images(data["text/html"]).found[0]["alt"] == ALT
    assert data["text/plain"] == f"[figure] {ALT}"
    assert metadata["image/png"]["alt"] == ALT  # where nbconvert looks for it


def test_show_displays_once(monkeypatch: pytest.MonkeyPatch):
    displayed: list[object] = []
    monkeypatch.setattr(figure, "display", displayed.append)
    show(simple(), "another text")
    assert [repr(d) for d in displayed] == ["[figure] another text"]


def test_show_closes_a_figure_of_pyplot(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(figure, "display", lambda _: None)
    plt.switch_backend("agg")
    fig = plt.figure()
    show(fig, ALT)
    assert not plt.fignum_exists(fig.number)


def test_our_own_figures_are_unknown_to_pyplot():
    before = plt.get_fignums()
    plot_errors({"sac": [1.0, 2.0]})
    assert plt.get_fignums() == before


@pytest.mark.parametrize("alt", [None, "", "  \n "])
def test_a_figure_without_alt_text_is_refused(alt: str | None):
    with pytest.raises(InputError, match=r"no alt text.*two sentences.*show\(fig"):
        show(Figure(), alt)


def test_save_writes_both_files_with_alt_text(tmp_path: Path):
    png, svg = save(simple(), tmp_path / "new" / "curves.v2")
    assert (png.name, svg.name) == ("curves.v2.png", "curves.v2.svg")
    assert Image.open(png).text["Description"] == ALT
    root = ElementTree.parse(svg).getroot()
    assert root.get("role") == "img"
    assert root.get("aria-label") == ALT
    assert root.findtext("{http://www.w3.org/2000/svg}title") == ALT
    assert sorted(p.name for p in png.parent.iterdir()) == ["curves.v2.png", "curves.v2.svg"]


def test_the_same_figure_gives_the_same_bytes(tmp_path: Path):
    first, second = (
        [path.read_bytes() for path in save(simple(), tmp_path / name)] for name in "ab"
    )
    assert first == second


def test_a_failed_save_leaves_nothing_and_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    png, _ = save(simple(), tmp_path / "curves")
    old = png.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match=re.escape(str(tmp_path)) + ".*No space left"):
        save(simple("other"), tmp_path / "curves")
    assert png.read_bytes() == old
    assert len(list(tmp_path.iterdir())) == 2


def test_panels_come_row_by_row_and_no_more_than_asked_for():
    fig, axes = panels(5, columns=3, width=2, height=1)
    assert len(axes) == len(fig.axes) == 5
    assert tuple(fig.get_size_inches()) == (6, 2)
    fig.draw_without_rendering()
    assert axes[0].get_position().y0 > axes[3].get_position().y0


def test_panels_needs_a_panel():
    with pytest.raises(InputError, match=r"panels\(count=0\).*1 or more"):
        panels(0)


def test_the_alt_texts_of_panels_add_up():
    fig, axes = panels(2, width=4)
    plot_errors({"sac": [1.0, 2.0]}, ax=axes[0])
    plot_errors({"cql": [3.0, 4.0]}, ax=axes[1])
    assert "SAC 1.50" in fig.alt
    assert "CQL 3.50" in fig.alt


def test_drawing_into_a_plain_figure_returns_it():
    fig = Figure()
    assert plot_errors({"sac": [1.0, 2.0]}, ax=fig.subplots()) is fig


def test_drawing_into_a_subfigure_returns_the_whole_figure():
    fig = CourseFigure()
    assert plot_errors({"sac": [1.0, 2.0]}, ax=fig.subfigures(1, 2)[1].subplots()) is fig
    assert fig.alt


def test_axes_without_a_figure_are_refused():
    _, (ax,) = panels(1)
    ax.remove()
    with pytest.raises(InputError, match=r"axes.*removed.*panels"):
        plot_errors({"sac": [1.0, 2.0]}, ax=ax)
