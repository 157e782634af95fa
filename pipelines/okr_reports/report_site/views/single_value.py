"""One number of a query or a KPI, with what it is compared with: what big_value, value and delta show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from okr_reports.common.plain_values import shows
from okr_reports.report_site.faults import BadRows, BadValue, choose
from okr_reports.report_site.formats.comparison import target_number
from okr_reports.report_site.formats.formats import UNIT_CODES
from okr_reports.report_site.queries.queries import Statement
from okr_reports.report_site.queries.rows import Row
from okr_reports.report_site.queries.shaping import Measure, Rows
from okr_reports.report_site.source_files import Query

if TYPE_CHECKING:
    from okr_reports.report_site.views.functions import Functions

# how the days of a KPI become one number; ratios are divided after summing
KINDS = {
    "ratio": "sum(numerator)::double / nullif(sum(denominator)::double, 0)",
    "flow": "sum(numerator)::double",
}
LAST = "arg_max(value, date)"


@dataclass(frozen=True)
class Source:
    """Where a tag's number comes from: rows and a measure; `better`, `unit` and `title` are a KPI's."""

    rows: Rows
    value: str
    title: str
    fmt: str
    better: str


shows(Source, "rows", "value", "title", "fmt", "better")


@dataclass(frozen=True)
class Single:
    """A number with its comparison. `base` is what it is compared with, `words` say with what."""

    source: Source
    value: Any
    compared: bool
    base: Any
    words: str
    options: Mapping[str, Any]


shows(Single, "source", "value", "compared", "base", "words", "options")


def source_of(functions: Functions, data: Rows | None, value: str | None, metric: str | None, better: str) -> Source:
    """The query and measure of a tag, or the days of a KPI. Raises BadValue when neither or both are given."""
    if metric:
        return kpi_source(functions, metric)
    if data is None or not value:
        raise BadValue("the tag does not say which number", 'give data and value, or metric="..." with the id of a KPI')
    return Source(data, value, functions.readable(Measure.of(value).name), "auto", better)


def kpi_source(functions: Functions, metric: str) -> Source:
    """A KPI with its own unit and direction."""
    rows = _rows(functions, "dim_kpi", "select kpi_id, title, kind, unit, better from dim_kpi order by kpi_id", {})
    found = next((row for row in rows if row["kpi_id"] == metric), None)
    if found is None:
        raise BadRows(f"there is no KPI {metric!r}", choose(metric, (row["kpi_id"] for row in rows), "KPIs"))
    days = _rows(functions, "fct_kpi_daily", "select * from fct_kpi_daily where kpi_id = $metric", {"metric": metric})
    measure = f"{KINDS.get(found['kind'], LAST)} as value"
    return Source(days, measure, found["title"], UNIT_CODES.get(found["unit"], "num"), found["better"] or "neutral")


@dataclass(frozen=True)
class Charted:
    """What a chart draws: rows, the column across, the measures, their format and titles."""

    rows: Rows
    x: str
    y: list[str]
    y_fmt: str | None
    titles: list[str]


def charted_of(
    functions: Functions, data: Rows | None, x: str | None, y: Any, metric: str | None, y_fmt: str | None
) -> Charted:
    """A query with x and y, or the days of a KPI."""
    if metric:
        source = kpi_source(functions, metric)
        return Charted(source.rows, x or "date", [source.value], y_fmt or source.fmt, [source.title])
    if data is None or not x or not y:
        raise BadValue(
            "the chart does not say what to draw", 'give data, x and y, or metric="..." with the id of a KPI'
        )
    return Charted(data, x, [y] if isinstance(y, str) else list(y), y_fmt, [])


def _rows(functions: Functions, name: str, sql: str, values: dict[str, object]) -> Rows:
    return Rows(Statement(Query(name, sql, Path(f"marts.{name}"), 1), sql, (), 0), values, functions.reader)


def single_value(functions: Functions, source: Source, options: Mapping[str, Any]) -> Single:
    """The number that a tag's attributes ask for."""
    comparison = options.get("comparison") or {}
    if comparison.get("down_is_good") is not None:
        source = replace(source, better="lower" if comparison["down_is_good"] else "higher")
    value = _number(functions, source, options, options.get("date_range"))
    if not comparison:
        return Single(source, value, False, None, "", {})
    against = comparison.get("compare_vs") or "target"
    if against == "target":
        base = _target(source, options, comparison.get("target"), functions)
        words = functions.language.text("vs target")
    else:
        base = _before(functions, source, options, against)
        text = "vs a year before" if against == "prior year" else "vs the period before"
        words = functions.language.text(text)
    return Single(source, value, True, base, comparison.get("text") or words, comparison)


def _number(functions: Functions, source: Source, options: Mapping[str, Any], date_range: Any) -> Any:
    rows = functions.shaped(
        source.rows, (), source.value, options.get("where"), options.get("order"), options.get("limit"),
        date_range=date_range, having=options.get("having"),
    )  # fmt: skip
    first: Row | None = rows.first
    return first[Measure.of(source.value).name] if first else None


def _before(functions: Functions, source: Source, options: Mapping[str, Any], against: str) -> Any:
    rows = functions.rows_between(source.rows, source.value, options.get("date_range"), against, options.get("where"))
    return rows.first[Measure.of(source.value).name] if rows.first else None


def _target(source: Source, options: Mapping[str, Any], target: Any, functions: Functions) -> Any:
    """A target to compare with: a number, a column or an aggregate of the same rows."""
    number = target_number(target)
    if number is not None:
        return number
    return _number(functions, replace(source, value=target), options, options.get("date_range"))
