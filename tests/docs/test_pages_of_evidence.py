"""The table of what is supported of Evidence is true."""

from __future__ import annotations

import re

from okr_reports.adding.evidence.tags import AS_TABLE, KNOWN
from okr_reports.report_site.dialect.components import load_components
from okr_reports.report_site.dialect.tags import INSTEAD
from tests.support import ROOT

# what Core documents, beside its own ifs and loops
CORE = {
    "accordion", "accordion_item", "area_chart", "bar", "bar_chart", "big_value", "bubble_chart",
    "button_group", "calendar_heatmap", "callout", "candlestick", "chord_chart", "combo_chart",
    "comparison_selector", "custom_echart", "custom_map", "date_grain_selector", "delta", "details",
    "dimension", "download", "dropdown", "filter_bar", "funnel_chart", "heatmap", "horizontal_bar_chart",
    "html", "iframe", "image", "info", "input_tabs", "line", "line_chart", "link_button", "map", "measure",
    "modal", "note", "option", "page_break", "partial", "pie_chart", "pivot", "polar_chart", "print_group",
    "progress_bars", "radar_chart", "range_calendar", "reference_area", "reference_line", "reference_point",
    "repeat", "row", "sankey_chart", "scatter_chart", "slider", "sparkline", "stack", "tab", "table",
    "table_filter", "tabs", "text_input", "toggle", "treemap", "value",
}  # fmt: skip


def rows() -> list[tuple[list[str], list[str], str]]:
    text = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
    inside = text.partition("<!-- supported: begin -->")[2].partition("<!-- supported: end -->")[0]
    cells = [[one.strip() for one in line.strip()[1:-1].split("|")] for line in inside.strip().splitlines()[2:]]
    return [(re.findall(r"`(\w+)`", core), re.findall(r"`(\w+)`", before), here) for core, before, here in cells]


def test_what_is_said_to_be_there_is_and_the_rest_says_what_to_write_instead():
    components, _ = load_components([])
    for core, before, here in rows():
        assert here.startswith(("yes", "no: ")), here
        for name in core:
            assert (name in components) == here.startswith("yes"), name
            assert (name in INSTEAD) == here.startswith("no"), name
        for name in before:
            made = KNOWN[name][0] if name in KNOWN else None
            assert made in core or (here.startswith("yes") and made in components) or name in AS_TABLE, name


def test_every_component_of_either_kind_is_in_it():
    named = {name for core, before, _ in rows() for name in (*core, *before)}
    assert CORE - named == set()
    assert {*KNOWN, *AS_TABLE} - named == set()
