"""Pictures: learning curves, charts, maps of the maze, and sliders over them, all with alt text.

The only part of the library that imports matplotlib and ipywidgets.
"""

from rlft.show.base.figure import CourseFigure, Illustration, illustrate, panels, save, show
from rlft.show.base.style import (
    METHOD_STYLES,
    MethodStyle,
    apply_style,
    method_style,
    sequence_styles,
    styled,
    styles_for,
)
from rlft.show.bodies.film import plot_film
from rlft.show.curves.charts import plot_errors, plot_scatter
from rlft.show.curves.inspection import plot_inspection
from rlft.show.curves.profiles import plot_profiles
from rlft.show.curves.ranking import plot_ranking
from rlft.show.curves.runs import plot_curves, plot_each, plot_metric
from rlft.show.curves.series import Curve, plot_series
from rlft.show.mazes.maps import plot_map, plot_maps, shared_scale
from rlft.show.mazes.maze import plot_maze
from rlft.show.mazes.walks import plot_dataset, plot_paths, plot_policy_arrows, plot_visits
from rlft.show.widgets.frames import (
    animate_episode,
    frame_slider,
    show_frames,
    static_strip,
    with_fallback,
)
from rlft.show.widgets.switchboard import Switchboard, switchboard

__all__ = [
    "METHOD_STYLES",
    "CourseFigure",
    "Curve",
    "Illustration",
    "MethodStyle",
    "Switchboard",
    "animate_episode",
    "apply_style",
    "frame_slider",
    "illustrate",
    "method_style",
    "panels",
    "plot_curves",
    "plot_dataset",
    "plot_each",
    "plot_errors",
    "plot_film",
    "plot_inspection",
    "plot_map",
    "plot_maps",
    "plot_maze",
    "plot_metric",
    "plot_paths",
    "plot_policy_arrows",
    "plot_profiles",
    "plot_ranking",
    "plot_scatter",
    "plot_series",
    "plot_visits",
    "save",
    "sequence_styles",
    "shared_scale",
    "show",
    "show_frames",
    "static_strip",
    "styled",
    "styles_for",
    "switchboard",
    "with_fallback",
]
