"""Pie, horizontal bars and scatter as their tags ask for them: from rows to a drawing, a sentence and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from okr_reports.common.plain_values import shows
from okr_reports.report_site.charts import shares
from okr_reports.report_site.charts.data import MAX_SERIES, ChartData, Series, readable
from okr_reports.report_site.faults import BadRows
from okr_reports.report_site.queries.rows import Row
from okr_reports.report_site.queries.shaping import Measure, Rows
from okr_reports.report_site.views.axis_charts import AxisChart, references

if TYPE_CHECKING:
    from okr_reports.report_site.views.functions import Functions

Attributes = Mapping[str, Any]


@dataclass(frozen=True)
class Pie:
    """A ring, and of each part its name, its number and its share of the whole."""

    svg: Markup
    parts: Sequence[tuple[str, str, str]]
    truncated: bool


@dataclass(frozen=True)
class Bars:
    """Horizontal bars: of each category its name, then of each bar its series, its number and its drawing."""

    rows: Sequence[tuple[str, Sequence[tuple[str, str, Markup]]]]
    drawn: ChartData
    summary: str
    truncated: bool


shows(Pie, "svg", "parts", "truncated")
shows(Bars, "rows", "drawn", "summary", "truncated")


def _shaped(functions: Functions, given: Attributes, dimensions: Sequence[str | None], measures: Any) -> Rows:
    return functions.shaped(
        given["data"], dimensions, measures, given.get("where"), given.get("order"), given.get("limit"),
        given.get("date_grain"), given.get("date_range"), x=dimensions[0], having=given.get("having"),
    )  # fmt: skip


def pie(functions: Functions, given: Attributes) -> Pie:
    """The parts of a whole, the largest first; those beyond MAX_SERIES together. Raises BadValue for a part below 0."""
    rows = _shaped(functions, given, [given["category"]], given["value"])
    category, value = functions.names_of([given["category"], given["value"]])
    write, text = functions.formatter.format, functions.language.text
    found = [(write(row[category]), float(row[value] or 0)) for row in rows]
    for name, amount in found:
        if amount < 0:
            what = f"{name!r} is {amount:g}: an amount below 0 is no part of a whole"
            raise BadRows(what, "draw it with {% horizontal_bar_chart %}")
    found.sort(key=lambda part: -part[1])
    if len(found) > MAX_SERIES:
        kept, rest = found[: MAX_SERIES - 1], found[MAX_SERIES - 1 :]
        found = [*kept, (text("%(n)s others", n=len(rest)), sum(amount for _, amount in rest))]
    whole = sum(amount for _, amount in found)
    fractions = [amount / whole if whole else 0.0 for _, amount in found]
    code, share = given.get("value_fmt") or "auto", given.get("pct_fmt") or "pct1"
    parts = [
        (name, write(amount, code), write(part, share)) for (name, amount), part in zip(found, fractions, strict=True)
    ]
    label = given.get("title") or ", ".join(f"{name} {part}" for name, _, part in parts)
    return Pie(shares.pie(fractions, label), parts, rows.truncated)


def horizontal_bars(functions: Functions, given: Attributes) -> Bars:
    """Bars from left to right, of one series or of several, stacked or one below the other."""
    y, series = given["y"], given.get("series")
    limit = given.get("limit") or (None if series else MOST)
    rows = _shaped(functions, {**given, "limit": limit}, [y, series], given["x"])
    code = given.get("x_fmt") or "auto"
    if series or not isinstance(given["x"], str):
        drawn = functions.charts.series_of(
            rows, y, given["x"], series, given.get("y_fmt"), code,
            series_order=given.get("series_order") or (), x_sort=given.get("y_sort"),
        )  # fmt: skip
    else:
        drawn = _one_series(functions, rows, y, given["x"], code)
    stacked = given.get("stacked", True) and len(drawn.series) > 1
    sums = [_sum(drawn, n) for n in range(len(drawn.x))]
    widest = max(sums if stacked else [abs(v or 0.0) for v in drawn.known()], default=0.0)
    write = functions.formatter.format
    found: list[tuple[str, Sequence[tuple[str, str, Markup]]]] = []
    for n, name in enumerate(drawn.x_texts):
        values = [series.values[n] for series in drawn.series]
        if stacked:
            bar = shares.stacked_bar(values, sums[n] if given.get("stacked") == "100%" else widest)
            bars = [("", write(sum(v or 0.0 for v in values), drawn.series[0].fmt), bar)]
        else:
            bars = [
                (series.title, series.texts[n], shares.single_bar(series.values[n], widest, rank))
                for rank, series in enumerate(drawn.series, start=1)
                if series.values[n] is not None or len(drawn.series) == 1
            ]
        found.append((name, bars))
    return Bars(found, drawn, functions.charts.summary(drawn), rows.truncated)


# categories drawn where the tag sets no limit
MOST = 20


def _sum(drawn: ChartData, place: int) -> float:
    return sum(abs(series.values[place] or 0.0) for series in drawn.series)


def _one_series(functions: Functions, rows: Rows, y: str, x: str, code: str) -> ChartData:
    """A bar for each row, in their order; two may have one name."""
    write, (name, amount) = functions.formatter.format, functions.names_of([y, x])
    rows.need(name)
    rows.need(amount)
    values = [None if row[amount] is None else float(row[amount]) for row in rows]
    series = Series(functions.readable(amount), values, [write(row[amount], code) for row in rows], code)
    names = [row[name] for row in rows]
    return ChartData(
        names, [write(name, "auto") for name in names], functions.readable(name), "category", [series],
        functions.formatter, rows.truncated,
    )  # fmt: skip


def scatter_chart(functions: Functions, given: Attributes, children: Sequence[Attributes]) -> AxisChart:
    """A mark for each row, or each group of rows where y or x is an aggregate."""
    x, y, series, title = given["x"], given["y"], given.get("series"), given.get("point_title")
    measures = [column for column in (x, y) if Measure.of(column).aggregates]
    dimensions = [column for column in (title, series, x, y) if column and column not in measures]
    rows = _shaped(functions, given, list(dict.fromkeys(dimensions)), measures)
    across, up = functions.names_of([x, y])
    kind, points = _points(rows, across, up)
    write = functions.formatter.format
    x_texts = [write(place, given.get("x_fmt") or "auto") for place, _ in points]
    said = [write(row[title]) for _, row in points] if title else []
    if said:
        x_texts = [f"{title_of}: {place}" for title_of, place in zip(said, x_texts, strict=True)]
    code = given.get("y_fmt") or "auto"
    amounts = [float(row[up]) for _, row in points]
    names = [str(row[series]) if series else functions.readable(up) for _, row in points]
    every_name = list(dict.fromkeys(names)) if series else [functions.readable(up)]
    drawn = []
    for name in every_name[:MAX_SERIES]:
        values = [amount if of == name else None for of, amount in zip(names, amounts, strict=True)]
        drawn.append(Series(name, values, ["" if value is None else write(value, code) for value in values], code))
    data = ChartData(
        [float(place) if kind == "number" else place for place, _ in points], x_texts, functions.readable(across), kind,
        drawn, functions.formatter, rows.truncated, len(every_name) - len(drawn),
    )  # fmt: skip
    words = {"n": len(points), "y": readable(up), "x": readable(across)}
    label = functions.language.text("%(n)s points of %(y)s by %(x)s.", **words)
    height, fmt = float(given.get("height") or 240), drawn[0].fmt if drawn else code
    svg = shares.scatter(data, label, height, fmt, references(children), said)
    return AxisChart(data, label, svg, rows.truncated)


def _points(rows: Rows, across: str, up: str) -> tuple[Any, list[tuple[Any, Row]]]:
    """What lies across, `date` or `number`, and the rows that have both places, from left to right.

    Raises BadRows where it is neither.
    """
    rows.need(across)
    rows.need(up)
    found = [(row[across], row) for row in rows if row[across] is not None and row[up] is not None]
    points = [(place.date() if isinstance(place, datetime) else place, row) for place, row in found]
    kind = "date" if points and all(isinstance(place, date) for place, _ in points) else "number"
    if kind == "number" and not all(isinstance(place, int | float | Decimal) for place, _ in points):
        raise BadRows(f"the column {across!r} of {rows.name!r} holds no numbers", "draw a column of numbers across")
    return kind, sorted(points, key=lambda point: point[0])
