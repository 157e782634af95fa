"""Line, area, bar and combo charts as their tags ask for them: from attributes to a drawing, a sentence and a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from okr_reports.common.plain_values import shows
from okr_reports.report_site.charts import plot
from okr_reports.report_site.charts.data import ChartData, Series
from okr_reports.report_site.faults import BadValue, choose
from okr_reports.report_site.queries.shaping import GRAIN_FORMATS, SEASONS, Rows
from okr_reports.report_site.views.single_value import charted_of

if TYPE_CHECKING:
    from okr_reports.report_site.views.functions import Functions

REFERENCES = ("reference_line", "reference_area", "reference_point")
PLACES = ("x", "y", "x_min", "x_max", "y_min", "y_max")
LINES = ("solid", "dashed", "dotted")
Attributes = Mapping[str, Any]


@dataclass(frozen=True)
class AxisChart:
    """What a chart's component puts into its frame."""

    drawn: ChartData
    summary: str
    svg: Markup
    truncated: bool


shows(AxisChart, "drawn", "summary", "svg", "truncated")


def axis_chart(functions: Functions, kind: str, given: Attributes, children: Sequence[Attributes]) -> AxisChart:
    """The chart of `kind` line, area, bar or combo. Raises BadValue for attributes that do not fit the rows."""
    measures = [child for child in children if child["tag"] in ("bar", "line", "area")]
    y = [child["y"] for child in measures] if kind == "combo" else given.get("y")
    charted = charted_of(functions, given.get("data"), given.get("x"), y, given.get("metric"), given.get("y_fmt"))
    grain = given.get("date_grain") or ("day" if given.get("metric") else None)
    series = given.get("series")
    rows = functions.shaped(
        charted.rows, [charted.x, series], charted.y, given.get("where"), given.get("order"), given.get("limit"),
        grain, given.get("date_range"), x=charted.x, having=given.get("having"),
    )  # fmt: skip
    titles = [child["title"] for child in measures] if kind == "combo" else given.get("y_titles") or charted.titles
    x_fmt = given.get("x_fmt") or (GRAIN_FORMATS.get(grain) if grain else None)
    drawn = functions.charts.series_of(
        rows, charted.x, charted.y, series, x_fmt, charted.y_fmt, titles,
        marks={child["y"]: "bar" if child["tag"] == "bar" else "line" for child in measures},
        series_order=given.get("series_order") or (), plan=given.get("plan") or (),
        x_sort=given.get("x_sort"), evenly=grain in SEASONS,
    )  # fmt: skip
    drawn = replace(drawn, series=_written(functions, drawn.series, measures if kind == "combo" else ()))
    drawn = _filled(drawn, given.get("handle_missing") or "gaps")
    if given.get("stacked") == "100%":
        drawn = _shares(functions, drawn)
    label = functions.charts.summary(drawn)
    return AxisChart(drawn, label, _svg(kind, drawn, label, given, children), rows.truncated)


def _svg(kind: str, drawn: ChartData, label: str, given: Attributes, children: Sequence[Attributes]) -> Markup:
    axis, across = given.get("y_axis_options") or {}, given.get("x_axis_options") or {}
    labels = given.get("data_labels") or {}
    labels = labels if isinstance(labels, Mapping) else {"position": "above"}
    zero = kind == "line" and axis.get("fit_to_data") is False
    options = plot.Options(
        height=given.get("height") or 240,
        stacked=given.get("stacked") in (True, "100%"),
        low=axis.get("min", 0 if zero and min((v for v in drawn.known() if v is not None), default=0) >= 0 else None),
        high=axis.get("max"),
        y_fmt=drawn.series[0].fmt,
        data_labels=bool(labels),
        label_fmt=labels.get("fmt"),
        label_below=labels.get("position") in ("below", "bottom"),
        marks=references(children),
        x_left_out=_left_out(across, ("gridlines", "baseline")),
        y_left_out=_left_out(axis, ()),
        styles=_styles(kind, drawn, given, children),
    )
    return plot.draw(kind, drawn, label, options)


def _left_out(options: Mapping[str, Any], usual: Sequence[str]) -> list[str]:
    """Which parts of an axis are not drawn."""
    parts = ("labels", "gridlines", "baseline")
    return [part for part in parts if not options.get(part, part not in usual)]


def _styles(kind: str, drawn: ChartData, given: Attributes, children: Sequence[Attributes]) -> list[Mapping[str, Any]]:
    """How the line of each series is drawn: as the chart says, or its own tag."""
    own = [child.get("options") or {} for child in children if child["tag"] in ("bar", "line", "area")]
    common = given.get("line_options") or {}
    lines: list[Mapping[str, Any]] = (
        [{**common, **options} for options in own] if kind == "combo" else [common] * len(drawn.series)
    )
    for line in lines:
        if line.get("type", "solid") not in LINES:
            raise BadValue(f"there is no line {line['type']!r}", choose(str(line["type"]), LINES, "lines"))
    return lines


def _written(functions: Functions, series: Sequence[Series], measures: Sequence[Attributes]) -> list[Series]:
    """The series with their values as their own tags want them written."""
    codes = [child.get("fmt") for child in measures]
    return [
        replace(line, fmt=code, texts=[functions.formatter.format(value, code) for value in line.values])
        if code
        else line
        for line, code in zip_longest(series, codes[: len(series)])
    ]


def references(children: Sequence[Attributes]) -> list[dict[str, Any]]:
    """Reference marks; one with `data` becomes a mark for each row, its attributes naming columns."""
    marks: list[dict[str, Any]] = []
    for child in children:
        if child["tag"] not in REFERENCES:
            continue
        data = child.get("data")
        for row in data if isinstance(data, Rows) else [None]:
            mark = dict(child)
            for name in (*PLACES, "label"):
                if row is not None and isinstance(child.get(name), str) and child[name] in data.columns:  # type: ignore[union-attr]
                    mark[name] = row[child[name]]
            marks.append({**mark, **{name: _height(name, mark.get(name)) for name in ("y", "y_min", "y_max")}})
    return marks


def _height(name: str, value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        todo = f'give a number, or data="query" and {name}="column"'
        raise BadValue(f"{name}={value!r} is no place on the axis", todo) from None


def _filled(drawn: ChartData, missing: str) -> ChartData:
    if missing == "gaps":
        return drawn
    if missing == "connect":
        return replace(drawn, connected=True)
    filled = []
    for series in drawn.series:
        zero = drawn.formatter.format(0, series.fmt)
        texts = [zero if value is None else text for value, text in zip(series.values, series.texts, strict=True)]
        filled.append(replace(series, values=[value or 0.0 for value in series.values], texts=texts))
    return replace(drawn, series=filled)


def _shares(functions: Functions, drawn: ChartData) -> ChartData:
    """Every value as its share of the sum at its place."""
    sums = [sum(abs(series.values[n] or 0.0) for series in drawn.series) for n in range(len(drawn.x))]
    shared: list[Series] = []
    for series in drawn.series:
        values = [
            None if value is None or not total else value / total
            for value, total in zip(series.values, sums, strict=True)
        ]
        texts = [functions.formatter.format(value, "pct0") for value in values]
        shared.append(replace(series, values=values, texts=texts, fmt="pct0"))
    return replace(drawn, series=shared)
