"""What pages and components may call. Everything returns plain values, or Markup made by our own drawing code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from okr_reports.common.equal_rows import MOMENTS
from okr_reports.common.folder_names import segment
from okr_reports.common.plain_values import function
from okr_reports.report_site.charts.data import readable
from okr_reports.report_site.dialect.components import Component
from okr_reports.report_site.dialect.date_ranges import FIRST, named_range, range_before
from okr_reports.report_site.faults import BadValue, choose
from okr_reports.report_site.formats.comparison import Comparison, as_shown, compare, usual_range
from okr_reports.report_site.formats.formats import UNIT_CODES, Formatter
from okr_reports.report_site.formats.languages import Language
from okr_reports.report_site.formats.prose import render_note
from okr_reports.report_site.formats.words import status_word
from okr_reports.report_site.queries.database import Reader
from okr_reports.report_site.queries.rows import Row, columns_of
from okr_reports.report_site.queries.shaping import GRAIN_FORMATS, Measure, Rows, Shape
from okr_reports.report_site.views import okr_words
from okr_reports.report_site.views.address_functions import AddressFunctions
from okr_reports.report_site.views.assets import Assets
from okr_reports.report_site.views.axis_charts import AxisChart, axis_chart
from okr_reports.report_site.views.chart_functions import ChartFunctions
from okr_reports.report_site.views.check_in_form import CheckInForm, check_in_form
from okr_reports.report_site.views.definitions_sheet import definitions
from okr_reports.report_site.views.downloads import Downloads
from okr_reports.report_site.views.range_filter import RangeFilter, range_filter
from okr_reports.report_site.views.routes import SiteMap
from okr_reports.report_site.views.share_charts import horizontal_bars, pie, scatter_chart
from okr_reports.report_site.views.single_value import Single, single_value, source_of
from okr_reports.report_site.views.table_view import table_view
from okr_reports.words.numbers import with_sign

SHARES = {"pie": pie, "bars": horizontal_bars}


@dataclass
class Functions:
    """The functions of one page: links are relative to its `route`."""

    route: str
    site: SiteMap
    context: Row
    formatter: Formatter
    language: Language
    downloads: Downloads
    assets: Assets
    components: Mapping[str, Component]
    reader: Reader

    def all(self) -> dict[str, Any]:
        """What templates get, by the names they use: functions and plain values."""
        called = (
            {name: getattr(self, name) for name in EXPOSED}
            | self.addresses.all()
            | self.charts.all()
            | {"t": self.language.text, "tn": self.language.plural, "note": render_note, "readable": readable}
            | {"written": self.formatter.format}
        )
        return {name: function(handler) for name, handler in called.items()} | {
            "context": self.context,
            "route": self.route,
            "text_direction": str(self.formatter.locale.text_direction),
        }

    @cached_property
    def addresses(self) -> AddressFunctions:
        """The functions for addresses."""
        return AddressFunctions(self.route, self.site, self.assets)

    @cached_property
    def charts(self) -> ChartFunctions:
        """The functions that draw."""
        return ChartFunctions(self.formatter, self.language)

    def axis_chart(self, kind: str, given: Mapping[str, Any], children: Sequence[Mapping[str, Any]]) -> AxisChart:
        """A line, area, bar or combo chart as its tag asks."""
        return axis_chart(self, kind, given, children)

    def share_chart(self, kind: str, given: Mapping[str, Any], children: Sequence[Mapping[str, Any]] = ()) -> Any:
        """A pie, horizontal bars or scatter chart as its tag asks."""
        return scatter_chart(self, given, children) if kind == "scatter" else SHARES[kind](self, given)

    def status_word(self, status: str | None) -> str:
        """A status, a source's state or a step as a word."""
        return status_word(self.language, status)

    def unit(self, value: Any, unit: str | None) -> str:
        """A value with the unit of its KPI or key result."""
        return self.formatter.unit(value, unit)

    def check_in_form(self, row: Row) -> CheckInForm:
        """What the form of a check-in needs, for a row of `key_results`."""
        return check_in_form(columns_of(self.context, but=MOMENTS), self.formatter.decimal_sign, columns_of(row))

    def plain_number(self, value: Any, unit: str | None = None) -> str:
        """A number as a person types it: the locale's decimal sign, no groups; of the unit percent in percent."""
        if value is None:
            return ""
        number = float(value) * (100 if unit == "percent" else 1)
        return f"{number:.9f}".rstrip("0").rstrip(".").replace(".", self.formatter.decimal_sign)

    def component_info(self, name: str) -> Component:
        """A component as its file describes it, for the gallery."""
        if name not in self.components:
            raise BadValue(f"there is no component {name!r}", choose(name, self.components, "components"))
        return self.components[name]

    def compare(
        self, value: Any, base: Any, better: str = "neutral", neutral_range: Any = 0.0, noise: float | None = None
    ) -> Comparison:
        """A number against another one: how far it moved, and whether that is good."""
        return compare(value, base, better, neutral_range, noise)

    def usual_range(self, weekly: Any, kind: str | None, days: int) -> float | None:
        """How far a KPI over so many days usually lies from as many before, by its weeks; for `noise` of `change`."""
        return usual_range(weekly or [], kind, int(days))

    def range_filter(self, data: Rows, figures: Rows, last: date | None) -> RangeFilter | None:
        """What a page needs to add up any days of a query up to the last one; for the tag of that name."""
        titled = [{**(row := columns_of(figure)), "title": self._title_of(row)} for figure in figures]
        return range_filter([columns_of(row) for row in data], titled, last, self.formatter, self.assets.ranges)

    def _title_of(self, row: Mapping[str, Any]) -> str:
        return str(row.get("title") or self.language.text(row.get("word") or readable(row["numerator"])))

    def delta_text(self, comparison: Comparison, display: str = "pct", fmt: str = "auto", pct_fmt: str = "pct1") -> str:
        """A comparison with its sign: a share (n/a on a zero base) or an amount."""
        change, code = (comparison.change, fmt) if display == "abs" else (comparison.share, pct_fmt)
        if change is None:
            return self.language.text("n/a")
        return with_sign(change, self.formatter.format(abs(change), code))

    def as_shown(self, comparison: Comparison, words: str) -> Comparison:
        """A comparison as its words show it: a change that reads as 0 is neither up nor better."""
        return as_shown(comparison, words)

    def date_range(self, given: Any) -> tuple[date, date] | None:
        """First and last day of an attribute `date_range`: a text, or an object with `range`."""
        text = given.get("range") if isinstance(given, Mapping) else given
        return None if not text else named_range(str(text), self.context["data_through"])

    def shaped(
        self,
        data: Rows,
        dimensions: Sequence[str | None] = (),
        measures: Any = (),
        where: str | None = None,
        order: str | None = None,
        limit: int | None = None,
        date_grain: str | None = None,
        date_range: Any = None,
        x: str | None = None,
        having: str | None = None,
    ) -> Rows:
        """Rows grouped, filtered and cut as a tag asks."""
        days = self.date_range(date_range)
        column = self.date_column(data, date_range, x) if days else None
        grained = x or next((dimension for dimension in dimensions if dimension), None)
        wanted = [measures] if isinstance(measures, str) else list(measures)
        known = tuple(dimension for dimension in dimensions if dimension)
        shape = Shape(known, tuple(wanted), where, order, limit, date_grain, grained, days, having, column)
        return data.shaped(shape)

    def date_column(self, data: Rows, given: Any, x: str | None = None) -> str:
        """The column that a date range is of: as said, or the only one that holds dates, or the chart's x."""
        if isinstance(given, Mapping) and given.get("date"):
            return str(given["date"])
        dates = data.date_columns
        if x in dates or len(dates) == 1:
            return str(x) if x in dates else dates[0]
        if not dates:
            what = f"the query {data.name!r} has no column of dates for date_range"
            raise BadValue(what, "select its date too, or leave date_range out")
        what = f"the query {data.name!r} has several columns of dates: {', '.join(dates)}"
        raise BadValue(what, f'name one: date_range={{ range="..." date="{dates[0]}" }}')

    def rows_between(self, data: Rows, measures: Any, date_range: Any, compare_vs: str, where: str | None) -> Rows:
        """The same measures over the range that `compare_vs` names; days without data yet are compared with none."""
        return data.shaped(
            Shape(
                (),
                tuple([measures] if isinstance(measures, str) else measures),
                where,
                date_range=self.days_before(date_range, compare_vs),
                range_column=self.date_column(data, date_range),
            )
        )

    def days_before(self, date_range: Any, compare_vs: str) -> tuple[date, date]:
        """The days to compare with: as many as have data."""
        days = self.date_range(date_range)
        if days is None or days[0] == FIRST:
            what = f"compare_vs={compare_vs!r} needs to know which days"
            raise BadValue(what, 'add date_range={ range="last 28 days" date="date" }')
        last = min(days[1], max(days[0], self.context["data_through"]))
        return range_before((days[0], last), compare_vs)

    def single(
        self,
        data: Rows | None,
        value: str | None,
        metric: str | None,
        better: str = "neutral",
        **options: Any,
    ) -> Single:
        """A number of a query or KPI with its comparison; `options` are the tag's other attributes."""
        return single_value(self, source_of(self, data, value, metric, better), options)

    def names_of(self, written: Sequence[str]) -> list[str]:
        """The result columns of columns or aggregates as written in a tag."""
        return [Measure.of(column).name for column in written]

    def share_of(self, part: Any, whole: Any) -> float | None:
        """A part of a whole; none of an unknown or empty one."""
        return None if part is None or not whole else float(part) / float(whole)

    def level_of(self, share: float | None, thresholds: Sequence[float], lower_is_better: bool) -> str:
        """The status whose colour a share takes between two thresholds."""
        if share is None:
            return "no_data"
        rank = sum(share >= limit for limit in thresholds[:2])
        return ("on_track", "at_risk", "off_track")[rank if lower_is_better else 2 - rank]

    def series_values(
        self,
        data: Rows | None,
        y: str | None,
        x: str | None,
        metric: str | None,
        where: str | None = None,
        order: str | None = None,
        limit: int | None = None,
        date_grain: str | None = None,
        date_range: Any = None,
    ) -> tuple[Rows, str, str]:
        """The rows of a series in the order of x, the name of its column, and its format."""
        source = source_of(self, data, y, metric, "neutral")
        across = x or ("date" if metric else None)
        grain = date_grain or ("day" if metric else None)
        rows = self.shaped(source.rows, [across], source.value, where, order, limit, grain, date_range, x=across)
        return rows, Measure.of(source.value).name, source.fmt

    def gridded(
        self,
        data: Rows,
        x: str,
        y: str,
        value: str,
        x_grain: str | None,
        y_grain: str | None,
        where: str | None,
        order: str | None,
        date_range: Any,
    ) -> Rows:
        """Rows of a grid: one for each pair of x and y."""
        days = self.date_range(date_range)
        column = self.date_column(data, date_range, x) if days else None
        grains = tuple((name, grain) for name, grain in ((x, x_grain), (y, y_grain)) if grain)
        return data.shaped(Shape((x, y), (value,), where, order, date_range=days, range_column=column, grains=grains))

    def funnel_order(self, value: str) -> str | None:
        """Widest first, when the steps are summed here; the rows' own order otherwise."""
        measure = Measure.of(value)
        return f"{measure.sql} desc" if measure.aggregates else None

    def grain_fmt(self, fmt: str, grain: str | None) -> str:
        """The format that a grain is read by, unless another is given."""
        return GRAIN_FORMATS.get(grain or "", fmt) if fmt == "auto" else fmt

    def width_step(self, width: int) -> int:
        """A share of the page in steps of five per cent: the content policy allows classes, not styles."""
        return min(max(round(width / 5) * 5, 5), 100)

    def readable(self, name: str) -> str:
        """The name of a column or measure as a title, in the report's language; a formula as it is written."""
        return self.language.text(readable(name)) if name.isidentifier() else readable(name)

    def csv_of(self, data: Rows, filename: str | None) -> str:
        """The path of a CSV file with all rows of a query."""
        name = segment(filename or data.name)
        defined = self.definitions(name, data, [(column, self.readable(column), "auto", {}) for column in data.columns])
        return self.downloads.csv(name, data.columns, [list(row) for row in data], defined)

    def definitions(self, name: str, data: Rows, columns: Sequence[tuple[str, str, str, Mapping[str, Any]]]) -> Any:
        """What the columns of a table mean, for the page's workbook."""
        return definitions(name, data, columns, self.context["currency"], self.context["data_through"])

    def unit_code(self, unit: str | None) -> str:
        """The fmt of a KPI's unit."""
        return UNIT_CODES.get(unit or "number", "num")

    def kr_value(self, row: Row) -> str:
        """The value of a key result with its unit."""
        return okr_words.value(self.formatter, self.language, row)

    def kr_target(self, row: Row) -> str:
        """What the value of a key result is measured against."""
        return okr_words.target(self.formatter, self.language, row)

    def kr_evidence(self, row: Row) -> str:
        """On how many of the required cases a key result rests, such as `3 of 5 users`; empty where none are."""
        return okr_words.evidence(self.formatter, self.language, row)

    def sentence(self, row: Row | str | None, column: str = "status_reason") -> str:
        """The sentence of a row of the marts, its numbers and days as this site writes them; a text as it is."""
        return okr_words.sentence(self.formatter, self.language, row, column)

    def measure_goal(self, row: Row) -> str:
        """What an objective's own measure is held against: a limit is no part of a whole."""
        goal = {"type": row["measure_type"], "target": row["measure_target"], "unit": row["measure_unit"]}
        return okr_words.target(self.formatter, self.language, {**goal, "low": None, "high": None})

    def chance(self, probability: float | None) -> str:
        """A probability in words: 8 in 10."""
        return okr_words.chance(self.formatter, self.language, probability)

    def period_closing(self, row: Row) -> str:
        """How far a period is closed: when, with which results, or what it waits for."""
        return okr_words.period_closing(self.formatter, self.language, row)

    def compared_with(self, row: Row) -> list[Any]:
        """What an objective's score is held against: the expected pace to draw, or none, and in words."""
        return list(okr_words.compared_with(self.formatter, self.language, row))

    def score_message(self, score: float | None, expected: float | None) -> str:
        """What a chart of scores says: the score now, and how far it is from the expected pace."""
        return okr_words.score_message(self.formatter, self.language, score, expected)

    def moved(self, row: Row, drivers: Sequence[Row], comparison: str | None = None) -> str:
        """Who moved a key result's number, by its rows of key_result_drivers (those of `comparison` count), or ''."""
        return okr_words.moved(self.formatter, self.language, row, drivers, comparison)

    def kr_message(self, row: Row) -> str:
        """What the chart of a key result says: its value, the day, how far it is from the expected pace."""
        return okr_words.message(self.formatter, self.language, row)

    def table_list(self, given: str | Sequence[str]) -> list[str]:
        """One name or several, as several."""
        return [given] if isinstance(given, str) else list(given)

    def table_children(self, children: Sequence[Mapping[str, Any]], link: str | None) -> list[Mapping[str, Any]]:
        """The columns as given; the table's own link is the first one's."""
        columns = list(children)
        if link and columns and not columns[0].get("link"):
            columns[0] = {**columns[0], "link": link}
        return columns

    def table(self, data: Rows, children: Sequence[Mapping[str, Any]], options: Mapping[str, Any]) -> Any:
        """The columns, rows and totals of a table, every cell already written."""
        return table_view(self, data, children, options)


EXPOSED = (
    "status_word",
    "unit",
    "check_in_form",
    "plain_number",
    "component_info",
    "compare",
    "usual_range",
    "range_filter",
    "as_shown",
    "delta_text",
    "shaped",
    "single",
    "axis_chart",
    "share_chart",
    "width_step",
    "series_values",
    "gridded",
    "funnel_order",
    "grain_fmt",
    "names_of",
    "share_of",
    "level_of",
    "csv_of",
    "unit_code",
    "kr_value",
    "kr_target",
    "kr_evidence",
    "kr_message",
    "moved",
    "measure_goal",
    "period_closing",
    "compared_with",
    "score_message",
    "sentence",
    "chance",
    "table",
    "table_list",
    "table_children",
)
