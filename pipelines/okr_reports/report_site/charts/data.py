"""What a chart shows, apart from how: x values, series, and every number already written as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import zip_longest
from typing import Any, Literal

from okr_reports.common.plain_values import shows
from okr_reports.report_site.faults import BadRows
from okr_reports.report_site.formats.formats import Formatter
from okr_reports.report_site.formats.languages import Language
from okr_reports.report_site.queries.shaping import Measure, Rows

# More lines than these a reader cannot tell apart.
MAX_SERIES = 8


@dataclass(frozen=True)
class Series:
    """One line or set of bars. `texts` are its values as written; `mark` is line or bar in a combo chart."""

    title: str
    values: list[float | None]
    texts: list[str]
    fmt: str
    mark: str = "line"


shows(Series, "title", "values", "texts", "fmt", "mark")


@dataclass(frozen=True)
class ChartData:
    """`kind` says how x is spaced: by day, by number, or evenly by category. `left_out` counts the series not drawn.
    `connected`: lines go on over places without a value.
    """

    x: list[Any]
    x_texts: list[str]
    x_title: str
    kind: Literal["date", "number", "category"]
    series: list[Series]
    formatter: Formatter = field(repr=False)
    truncated: bool = False
    left_out: int = 0
    x_fmt: str | None = None
    connected: bool = False

    def known(self) -> list[float | None]:
        return [value for series in self.series for value in series.values]


shows(ChartData, "x", "x_texts", "x_title", "kind", "series", "truncated", "left_out", "connected")


@dataclass(frozen=True)
class Wanted:
    """The attributes that say which columns are drawn and how they are written and named."""

    x: str
    y: Sequence[str]
    series: str | None = None
    x_fmt: str | None = None
    y_fmt: str | None = None
    titles: Sequence[str] = ()
    series_order: Sequence[str] = ()
    x_sort: str | Sequence[str] | None = None
    evenly: bool = False


def chart_data(rows: Rows, wanted: Wanted, formatter: Formatter, language: Language) -> ChartData:
    """Bring rows into series. Raises BadValue for a measure that is no number."""
    x_name, names = Measure.of(wanted.x).name, [Measure.of(measure).name for measure in wanted.y]
    for name in (x_name, *names, *([wanted.series] if wanted.series else [])):
        rows.need(name)
    xs = list(dict.fromkeys(row[x_name] for row in rows))
    dated = bool(xs) and all(isinstance(x, date) for x in xs)
    numeric = bool(xs) and all(isinstance(x, int | float) and not isinstance(x, bool) for x in xs)
    xs = sorted(x.date() if isinstance(x, datetime) else x for x in xs) if dated else _sorted(xs, wanted.x_sort)
    places = {x: number for number, x in enumerate(xs)}
    code = wanted.y_fmt or "auto"
    every = _columns(rows, wanted, x_name, _titles(names, wanted.titles, language), places)
    columns = _largest(every)
    series = [
        Series(title, values, [formatter.format(value, code) for value in values], code)
        for title, values in columns.items()
    ]
    x_code = wanted.x_fmt or ("shortdate" if dated else "auto")
    kind: Literal["date", "number", "category"] = "date" if dated else "number" if numeric else "category"
    if wanted.evenly:
        kind = "category"
    x_texts = [formatter.format(x, x_code) for x in xs]
    left_out = len(every) - len(columns)
    x_title = language.text(readable(x_name))
    return ChartData(xs, x_texts, x_title, kind, series, formatter, rows.truncated, left_out, wanted.x_fmt)


def _titles(names: Sequence[str], given: Sequence[str], language: Language) -> dict[str, str]:
    """What each measure is called: as the tag says, else its name in the report's language."""
    titles: dict[str, str] = {}
    for name, title in zip_longest(names, given[: len(names)]):
        translated = title or language.text(readable(name))
        # Two names may share a translation; a chart's series may not share a title.
        titles[name] = readable(name) if translated in titles.values() else translated
    return titles


def _sorted(xs: list[Any], order: str | Sequence[str] | None) -> list[Any]:
    """Places in the order of the rows, or as `x_sort` says: asc, desc, data, or a list of them."""
    if order is None or order == "data":
        return xs
    if isinstance(order, str):
        return sorted(
            xs, key=lambda x: (x is None, x if isinstance(x, int | float) else str(x)), reverse=order == "desc"
        )
    rank = {name: number for number, name in enumerate(order)}
    return sorted(xs, key=lambda x: rank.get(str(x), len(rank)))


def _largest(columns: dict[str, list[float | None]]) -> dict[str, list[float | None]]:
    """At most MAX_SERIES of them, in their order: a ninth account must not stop the whole site from being published."""
    sizes = {title: sum(abs(value) for value in values if value is not None) for title, values in columns.items()}
    kept = set(sorted(sizes, key=lambda title: (-sizes[title], title))[:MAX_SERIES])
    return {title: values for title, values in columns.items() if title in kept}


def _columns(
    rows: Rows, wanted: Wanted, x_name: str, titles: dict[str, str], places: dict[Any, int]
) -> dict[str, list[float | None]]:
    columns: dict[str, list[float | None]] = {}
    taken: set[tuple[str, Any]] = set()
    names = [Measure.of(measure).name for measure in wanted.y]
    for row in rows:
        x = row[x_name].date() if isinstance(row[x_name], datetime) else row[x_name]
        for name in names:
            title = titles[name]
            if wanted.series:
                part = str(row[wanted.series])
                title = part if len(names) == 1 else f"{part}: {title}"
            values = columns.setdefault(title, [None] * len(places))
            if (title, x) in taken:
                what = f"the query {rows.name!r} has several rows for {x_name}={x!s}"
                more = f" and {wanted.series}={row[wanted.series]!s}" if wanted.series else ""
                raise BadRows(
                    what + more, f'sum them: y="sum({name})", or name the column that tells them apart in series='
                )
            taken.add((title, x))
            values[places[x]] = _number(rows, name, row[name])
    if wanted.series_order:
        rank = {name: number for number, name in enumerate(wanted.series_order)}
        columns = dict(sorted(columns.items(), key=lambda item: rank.get(item[0], len(rank))))
    return columns or {titles[name]: [] for name in names}


def _number(rows: Rows, name: str, value: Any) -> float | None:
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        what = f"the column {name!r} of {rows.name!r} holds {value!r}, not a number"
        raise BadRows(what, "draw a column of numbers") from None


AGGREGATE = re.compile(r"(\w+)\((?:(distinct)\s+)?(\w+|\*)\)", re.IGNORECASE)
AGGREGATES = {"sum": "", "avg": "Average of ", "min": "Lowest ", "max": "Highest ", "count": "Count of "}


def readable(name: str) -> str:
    """A column's name as a title: `cost_per_lead` reads Cost per lead, `sum(net_sales)` Net sales."""
    if match := AGGREGATE.fullmatch(name):
        if match[3] == "*":
            name = "count"
        elif match[1].lower() in AGGREGATES:
            name = ("distinct " if match[2] else AGGREGATES[match[1].lower()]) + match[3]
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
