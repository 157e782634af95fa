"""Attributes that several components share, and Core's that change nothing on a static page of this theme."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[1] / "builtin" / "attributes.yaml"
_COLOURS = "colours are the theme's: reports/theme.yaml"
_LAYOUT = "the theme lays it out"
_LIVE = "the page is static"
_ECHARTS = "charts are drawn without ECharts"
# Attributes, and fields of attributes, that Core knows and that show no other number here: accepted, with a warning.
NO_EFFECT: Mapping[str, str] = {
    **dict.fromkeys(("refresh_interval", "connect_group"), _LIVE),
    **dict.fromkeys(("echarts_options", "echarts_series_options", "tooltip_fields"), _ECHARTS),
    **dict.fromkeys(("chart_options", "color", "color_options", "area_options"), _COLOURS),
    **dict.fromkeys(
        ("icon", "variant", "full_width", "class", "print_break", "align", "card", "orientation", "max_height",
         "placeholder", "search", "clear", "inner_radius", "gap", "min_size", "max_size", "label_position",
         "image_options", "logo_options", "link_new_tab", "collapsible", "collapsed", "show_link_column",
         "viz_include_subtotals", "wrap", "height", "width", "legend", "legend_location", "dither", "border",
         "x_axis_options", "y_axis_options", "data_labels", "bar_options", "line_options", "options",
         "max_width", "text_size", "label_options", "symbol_options", "row_shading", "row_lines"), _LAYOUT,
    ),
    **{
        f"{axis}_axis_options.{field}": _LAYOUT
        for axis in "xy"
        for field in ("title_position", "ticks", "interval", "min_interval", "max_interval", "label_wrap",
                      "label_rotate", "title_arrow", "max_label_length", "show_title", "fit_to_data")
    },
    **{f"data_labels.{field}": _LAYOUT for field in ("size", "distance", "rotate", "color", "border_color")},
    **{f"{kind}_options.{field}": _COLOURS for kind in ("line", "bar") for field in ("color", "opacity")},
    **{f"bar_options.{field}": _LAYOUT for field in ("width", "radius", "border_radius", "max_width")},
}  # fmt: skip


@cache
def shared_attributes() -> Mapping[str, Mapping[str, Any]]:
    """The sets by name, each as a front matter writes attributes."""
    return dict(yaml.safe_load(FILE.read_text(encoding="utf-8")))
